// SPDX-License-Identifier: GPL-2.0-only
/*
 * What whoever is asked adds to a fault and to a conversion: refaults of shared pages, and
 * pages converted to private and back. Told under the name of who is asked, which is the
 * argument: tests/bench/run attaches the policies, and starts the audit.
 */
#include "bench.h"

static void measure_faults(const char *asked)
{
	struct bench_samples s = {};
	struct bench_area area;
	int round;

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
	bench_report("fault", asked, &s);
	bench_close(&area);
}

static void convert_all(const struct bench_area *area, unsigned int to)
{
	unsigned long at;

	for (at = 0; at < BENCH_BYTES; at += PAGE) {
		if (try_convert(area->fd, at, PAGE, to, GMEM_CONTENT_KEEP))
			tap_bail("convert: %s", strerror(errno));
	}
}

static void measure_conversions(const char *asked)
{
	struct bench_samples s = {};
	struct bench_area area;
	int round;

	bench_open(&area, PEER_GMEM, GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED);
	bench_map(&area);
	bench_touch(&area, true);
	for (round = -1; round < BENCH_ROUNDS; round++) {
		uint64_t start = bench_clock();

		convert_all(&area, GMEM_STATE_PRIVATE);
		convert_all(&area, GMEM_STATE_SHARED);
		if (round >= 0)
			bench_add(&s, start, 2 * BENCH_PAGES);
	}
	bench_report("convert", asked, &s);
	bench_close(&area);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "Usage: policy WHO-IS-ASKED\n");
		return 2;
	}
	measure_faults(argv[1]);
	measure_conversions(argv[1]);
	return 0;
}
