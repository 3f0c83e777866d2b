// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conversions of resident memory that was mapped, one page a call and 2 MiB a call. Told
 * per page. Of the peers only KVM's memory attributes come near, which Debian's kernels lack.
 */
#include "bench.h"

static const struct conversion {
	const char *name;
	unsigned int to;
	unsigned int content;
	unsigned long step;   /* bytes a call */
	unsigned long stride; /* from one call to the next: over step, ranges stay apart */
} conversions[] = {
	{ "convert_4k_to_private_keep", GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, PAGE, PAGE },
	{ "convert_4k_to_private_zero", GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO, PAGE, PAGE },
	{ "convert_4k_to_shared_keep", GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, PAGE, PAGE },
	{ "convert_4k_to_shared_zero", GMEM_STATE_SHARED, GMEM_CONTENT_ZERO, PAGE, PAGE },
	{ "convert_4k_apart_to_private_keep", GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, PAGE,
	  2 * PAGE },
	{ "convert_4k_apart_to_shared_keep", GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, PAGE, 2 * PAGE },
	{ "convert_2m_to_private_keep", GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, BENCH_2M, BENCH_2M },
	{ "convert_2m_to_private_zero", GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO, BENCH_2M, BENCH_2M },
	{ "convert_2m_to_shared_keep", GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, BENCH_2M, BENCH_2M },
	{ "convert_2m_to_shared_zero", GMEM_STATE_SHARED, GMEM_CONTENT_ZERO, BENCH_2M, BENCH_2M },
};

/* Resident and mapped, in the state that the conversion starts from. */
static void prepare(struct bench_area *area, unsigned int to)
{
	bench_open(area, PEER_GMEM, GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED);
	bench_map(area);
	bench_touch(area, true);
	if (to == GMEM_STATE_SHARED)
		gmem_hide(area->fd, 0, BENCH_BYTES, GMEM_CONTENT_KEEP);
}

static void measure(const struct conversion *c)
{
	struct bench_samples s = {};
	int round, peer;

	for (round = -1; round < BENCH_ROUNDS; round++) {
		struct bench_area area;
		unsigned long at;
		uint64_t start;

		prepare(&area, c->to);
		start = bench_clock();
		for (at = 0; at < BENCH_BYTES; at += c->stride) {
			if (try_convert(area.fd, at, c->step, c->to, c->content))
				tap_bail("%s: %s", c->name, strerror(errno));
		}
		if (round >= 0)
			bench_add(&s, start, BENCH_BYTES / c->stride * (c->step / PAGE));
		bench_close(&area);
	}
	bench_report(c->name, bench_peer_names[PEER_GMEM], &s);
	for (peer = PEER_GMEM + 1; peer < PEER_COUNT; peer++)
		bench_lacks(c->name, peer, "no conversion");
}

int main(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(conversions); i++)
		measure(&conversions[i]);
	return 0;
}
