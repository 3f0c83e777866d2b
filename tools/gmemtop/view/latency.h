/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of times, as text and JSON. Filled by a source, called by the verb latency. */
#ifndef GMT_VIEW_LATENCY_H
#define GMT_VIEW_LATENCY_H

#include <stdbool.h>
#include <stdio.h>

#include "gmem_records.h"

/**
 * struct gmt_latencies - What was aggregated
 * @hists: by enum gmt_latency
 * @missed: events that are in none of them
 * @id: of the gmem, or 0 for all
 * @seconds: how long
 */
struct gmt_latencies {
	struct gmt_hist hists[GMT_LATENCY_MAX];
	uint64_t missed;
	uint64_t id;
	double seconds;
};

/* gmt_latency_name() - Return: what it is the time of, for people; for JSON: one word */
const char *gmt_latency_name(enum gmt_latency what);
const char *gmt_latency_key(enum gmt_latency what);

void gmt_text_latencies(FILE *out, const struct gmt_latencies *latencies);

/* gmt_json_latencies() - One object. Return: 0 or -ENOMEM */
int gmt_json_latencies(FILE *out, const struct gmt_latencies *latencies);

#endif /* GMT_VIEW_LATENCY_H */
