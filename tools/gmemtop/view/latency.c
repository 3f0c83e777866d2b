// SPDX-License-Identifier: GPL-2.0-only
/* Histograms of times: a table of percentiles, bars by powers of two, and JSON. Called by the verb latency. */
#include <errno.h>
#include <inttypes.h>

#include "model/hist.h"
#include "view/format.h"
#include "view/json_common.h"
#include "view/latency.h"

#define BAR_COLUMNS 40

static const struct {
	const char *name;
	const char *key;
} names[] = {
	[GMT_LATENCY_FAULT_HOST] = { "fault, host", "fault_host" },
	[GMT_LATENCY_FAULT_REMOTE] = { "fault, remote", "fault_remote" },
	[GMT_LATENCY_FAULT_GUEST] = { "fault, guest", "fault_guest" },
	[GMT_LATENCY_LOOKUP] = { "  look-up", "fault_lookup" },
	[GMT_LATENCY_POLICY] = { "  policies", "fault_policy" },
	[GMT_LATENCY_ALLOC] = { "  allocation", "fault_alloc" },
	[GMT_LATENCY_ZERO] = { "  zeroing", "fault_zero" },
	[GMT_LATENCY_CONVERT] = { "conversion", "convert" },
};

_Static_assert(sizeof(names) / sizeof(names[0]) == GMT_LATENCY_MAX, "each has its name");

static const struct {
	double percent;
	const char *key;
} percentiles[] = {
	{ 50, "p50_ns" },
	{ 90, "p90_ns" },
	{ 99, "p99_ns" },
	{ 99.9, "p999_ns" },
};

#define PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

const char *gmt_latency_name(enum gmt_latency what)
{
	return names[what].name;
}

const char *gmt_latency_key(enum gmt_latency what)
{
	return names[what].key;
}

static void put_row(FILE *out, const char *name, const struct gmt_hist *hist)
{
	char text[8];

	fprintf(out, "%-14s %12" PRIu64, name, (uint64_t)hist->count);
	gmt_format_ns(text, sizeof(text), hist->sum_ns / hist->count);
	fprintf(out, " %7s", text);
	for (size_t i = 0; i < PERCENTILES; i++) {
		gmt_format_ns(text, sizeof(text),
			      gmt_hist_percentile(hist, percentiles[i].percent));
		fprintf(out, " %7s", text);
	}
	gmt_format_ns(text, sizeof(text), hist->max_ns);
	fprintf(out, " %7s\n", text);
}

/* The buckets of one power of two; the first two rows are those below GMT_HIST_SUB, and it. */
static uint64_t row_count(const struct gmt_hist *hist, unsigned int row)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < GMT_HIST_SUB; i++)
		count += hist->buckets[row * GMT_HIST_SUB + i];
	return count;
}

static void put_bars(FILE *out, enum gmt_latency what, const struct gmt_hist *hist)
{
	unsigned int rows = GMT_HIST_BUCKETS / GMT_HIST_SUB, first = rows, last = 0;
	uint64_t most = 1;

	for (unsigned int row = 0; row < rows; row++) {
		uint64_t count = row_count(hist, row);

		if (!count)
			continue;
		first = row < first ? row : first;
		last = row;
		most = count > most ? count : most;
	}
	if (first == rows)
		return;
	fprintf(out, "\n%s\n", names[what].name);
	for (unsigned int row = first; row <= last; row++) {
		uint64_t count = row_count(hist, row);
		/* Whatever is there is seen. */
		int bar = (int)((double)count * BAR_COLUMNS / (double)most + (count ? 0.999 : 0));
		char low[8], high[8];

		gmt_format_ns(low, sizeof(low), gmt_hist_low(row * GMT_HIST_SUB));
		gmt_format_ns(high, sizeof(high),
			      gmt_hist_last(row * GMT_HIST_SUB + GMT_HIST_SUB - 1));
		fprintf(out, "%7s .. %-7s %12" PRIu64 " |%.*s\n", low, high, count,
			bar > BAR_COLUMNS ? BAR_COLUMNS : bar,
			"########################################");
	}
}

void gmt_text_latencies(FILE *out, const struct gmt_latencies *latencies)
{
	bool any = false;

	fprintf(out, "%-14s %12s %7s %7s %7s %7s %7s %7s\n", "TIME OF", "COUNT", "MEAN", "P50",
		"P90", "P99", "P99.9", "MAX");
	for (int i = 0; i < GMT_LATENCY_MAX; i++) {
		if (!latencies->hists[i].count)
			continue;
		put_row(out, names[i].name, &latencies->hists[i]);
		any = true;
	}
	if (!any)
		fprintf(out, "(no faults, no conversions)\n");
	for (int i = 0; i < GMT_LATENCY_MAX; i++)
		put_bars(out, (enum gmt_latency)i, &latencies->hists[i]);
	fprintf(out, "\n%.1f s, lost %" PRIu64 "\n", latencies->seconds, latencies->missed);
}

/* Times of what did not happen are not known. */
static void add_ns(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
		   const struct gmt_hist *hist, uint64_t ns)
{
	if (hist->count)
		yyjson_mut_obj_add_uint(doc, object, key, ns);
	else
		yyjson_mut_obj_add_null(doc, object, key);
}

static void add_hist(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_hist *hist)
{
	yyjson_mut_val *list;

	yyjson_mut_obj_add_uint(doc, object, "count", hist->count);
	yyjson_mut_obj_add_uint(doc, object, "sum_ns", hist->sum_ns);
	add_ns(doc, object, "mean_ns", hist, hist->count ? hist->sum_ns / hist->count : 0);
	for (size_t i = 0; i < PERCENTILES; i++)
		add_ns(doc, object, percentiles[i].key, hist,
		       gmt_hist_percentile(hist, percentiles[i].percent));
	add_ns(doc, object, "max_ns", hist, hist->max_ns);
	list = yyjson_mut_obj_add_arr(doc, object, "buckets");
	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++) {
		yyjson_mut_val *bucket;

		if (!hist->buckets[i])
			continue;
		bucket = yyjson_mut_arr_add_obj(doc, list);
		yyjson_mut_obj_add_uint(doc, bucket, "from_ns", gmt_hist_low(i));
		yyjson_mut_obj_add_uint(doc, bucket, "to_ns", gmt_hist_last(i));
		yyjson_mut_obj_add_uint(doc, bucket, "count", hist->buckets[i]);
	}
}

int gmt_json_latencies(FILE *out, const struct gmt_latencies *latencies)
{
	yyjson_mut_doc *doc = gmt_json_new("latency");
	yyjson_mut_val *root, *times;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	if (latencies->id)
		yyjson_mut_obj_add_uint(doc, root, "id", latencies->id);
	else
		yyjson_mut_obj_add_null(doc, root, "id");
	yyjson_mut_obj_add_real(doc, root, "seconds", latencies->seconds);
	yyjson_mut_obj_add_uint(doc, root, "lost", latencies->missed);
	times = yyjson_mut_obj_add_obj(doc, root, "times");
	for (int i = 0; i < GMT_LATENCY_MAX; i++)
		add_hist(doc, yyjson_mut_obj_add_obj(doc, times, names[i].key),
			 &latencies->hists[i]);
	return gmt_json_put(out, doc);
}
