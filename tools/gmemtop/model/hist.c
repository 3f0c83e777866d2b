// SPDX-License-Identifier: GPL-2.0-only
/* Histograms of times: the same buckets as the programs in bpf/ count in. */
#include "gmem_hist.h"
#include "model/hist.h"

uint64_t gmt_hist_low(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < GMT_HIST_SUB)
		return bucket;
	shift = bucket / GMT_HIST_SUB - 1;
	return (uint64_t)(GMT_HIST_SUB + bucket % GMT_HIST_SUB) << shift;
}

uint64_t gmt_hist_last(unsigned int bucket)
{
	return bucket + 1 < GMT_HIST_BUCKETS ? gmt_hist_low(bucket + 1) - 1 : UINT64_MAX;
}

unsigned int gmt_hist_bucket(uint64_t ns)
{
	return gmt_hist_index(ns);
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
		seen += hist->buckets[i];
		if (seen < wanted)
			continue;
		return gmt_hist_last(i) < hist->max_ns ? gmt_hist_last(i) : hist->max_ns;
	}
	return 0;
}

void gmt_hist_add(struct gmt_hist *sum, const struct gmt_hist *hist)
{
	sum->count += hist->count;
	sum->sum_ns += hist->sum_ns;
	if (hist->max_ns > sum->max_ns)
		sum->max_ns = hist->max_ns;
	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++)
		sum->buckets[i] += hist->buckets[i];
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
