// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a listener adds to an event: refaults, each of which raises gmem_fault. Told under the
 * listener's name, which is the argument: tests/bench/run starts the listeners.
 */
#include "bench.h"

int main(int argc, char **argv)
{
	struct bench_samples s = {};
	struct bench_area area;
	int round;

	if (argc != 2) {
		fprintf(stderr, "Usage: trace LISTENER\n");
		return 2;
	}
	bench_open(&area, PEER_GMEM, GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED);
	bench_map(&area);
	bench_touch(&area, true);
	for (round = -1; round < BENCH_ROUNDS; round++) {
		uint64_t start;

		bench_unmap_pages(&area);
		start = bench_clock();
		bench_touch(&area, true);
		if (round >= 0)
			bench_add(&s, start, BENCH_PAGES);
	}
	bench_report("fault_event", argv[1], &s);
	return 0;
}
