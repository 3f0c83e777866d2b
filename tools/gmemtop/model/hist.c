// SPDX-License-Identifier: GPL-2.0-only
/* Histograms of times: the same buckets as the programs in bpf/ count in. */
#include "model/hist.h"

#define SUB_BITS 3

_Static_assert(GMT_HIST_SUB == 1 << SUB_BITS, "buckets a power of two");

uint64_t gmt_hist_low(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < GMT_HIST_SUB)
		return bucket;
	shift = bucket / GMT_HIST_SUB - 1;
	return (uint64_t)(GMT_HIST_SUB + bucket % GMT_HIST_SUB) << shift;
}

unsigned int gmt_hist_bucket(uint64_t ns)
{
	unsigned int shift;

	if (ns < GMT_HIST_SUB)
		return (unsigned int)ns;
	shift = 63 - __builtin_clzll(ns) - SUB_BITS;
	return (shift + 1) * GMT_HIST_SUB + (unsigned int)((ns >> shift) - GMT_HIST_SUB);
}

uint64_t gmt_hist_percentile(const struct gmt_hist *hist, double percent)
{
	/* The counts of a histogram that is being written to need not sum up to its own. */
	uint64_t total = 0, wanted, seen = 0;

	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++)
		total += hist->buckets[i];
	wanted = (uint64_t)((double)total * percent / 100);
	if ((double)wanted < (double)total * percent / 100)
		wanted++;
	for (unsigned int i = 0; i < GMT_HIST_BUCKETS && total; i++) {
		uint64_t high;

		seen += hist->buckets[i];
		if (seen < wanted)
			continue;
		high = i + 1 < GMT_HIST_BUCKETS ? gmt_hist_low(i + 1) - 1 : hist->max_ns;
		return high < hist->max_ns ? high : hist->max_ns;
	}
	return 0;
}

void gmt_hist_since(struct gmt_hist *since, const struct gmt_hist *now,
		    const struct gmt_hist *before)
{
	since->count = now->count - before->count;
	since->sum_ns = now->sum_ns - before->sum_ns;
	since->max_ns = now->max_ns;
	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++)
		since->buckets[i] = now->buckets[i] - before->buckets[i];
}
