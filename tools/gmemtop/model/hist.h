/* SPDX-License-Identifier: GPL-2.0-only */
/* The bounds of a histogram's buckets, and percentiles. Filled in by sources, shown by views. */
#ifndef GMT_MODEL_HIST_H
#define GMT_MODEL_HIST_H

#include <stdint.h>

#include "gmem_records.h"

/* gmt_hist_low() - Return: the least time, in ns, that goes into a bucket */
uint64_t gmt_hist_low(unsigned int bucket);

/* gmt_hist_last() - Return: the largest time, in ns, that goes into a bucket */
uint64_t gmt_hist_last(unsigned int bucket);

/* gmt_hist_bucket() - Return: the bucket of a time */
unsigned int gmt_hist_bucket(uint64_t ns);

/**
 * gmt_hist_percentile() - A time that so many did not exceed
 * @percent: above 0, up to 100
 *
 * Return: the upper bound of the bucket it is in, at most the largest time; 0 of an empty one
 */
uint64_t gmt_hist_percentile(const struct gmt_hist *hist, double percent);

/* gmt_hist_add() - Add what another CPU counted */
void gmt_hist_add(struct gmt_hist *sum, const struct gmt_hist *hist);

/* gmt_hist_since() - @now less @before, both of one aggregation; max_ns is @now's */
void gmt_hist_since(struct gmt_hist *since, const struct gmt_hist *now,
		    const struct gmt_hist *before);

#endif /* GMT_MODEL_HIST_H */
