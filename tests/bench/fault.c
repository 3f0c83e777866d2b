// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of the host's user space: the first touch of a page, which allocates and
 * zeroes it, and the touch of a page that is resident but no longer in the page tables.
 */
#include "bench.h"

#define FLAGS (GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED)

static void measure(enum bench_peer peer, bool write)
{
	const char *first = write ? "first_touch_write" : "first_touch_read";
	const char *again = write ? "refault_write" : "refault_read";
	struct bench_samples touch = {}, refault = {};
	struct bench_area area;
	int round;

	/* The first round, unmeasured, warms what the kernel caches. */
	for (round = -1; round < BENCH_ROUNDS; round++) {
		uint64_t start;

		if (!bench_open(&area, peer, FLAGS)) {
			bench_lacks(first, peer, "not in this kernel");
			bench_lacks(again, peer, "not in this kernel");
			return;
		}
		bench_map(&area);
		start = bench_clock();
		bench_touch(&area, write);
		if (round >= 0)
			bench_add(&touch, start, BENCH_PAGES);
		if (peer != PEER_ANONYMOUS) {
			bench_unmap_pages(&area);
			start = bench_clock();
			bench_touch(&area, write);
			if (round >= 0)
				bench_add(&refault, start, BENCH_PAGES);
		}
		bench_close(&area);
	}
	bench_report(first, bench_peer_names[peer], &touch);
	if (peer == PEER_ANONYMOUS)
		bench_lacks(again, peer, "MADV_DONTNEED frees anonymous memory");
	else
		bench_report(again, bench_peer_names[peer], &refault);
}

int main(void)
{
	int peer;

	for (peer = 0; peer < PEER_COUNT; peer++) {
		measure(peer, true);
		measure(peer, false);
	}
	return 0;
}
