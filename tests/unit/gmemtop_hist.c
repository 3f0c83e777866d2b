// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histograms of times: the buckets and their bounds, percentiles, sums, and how they are shown.
 * sources: tools/gmemtop/model/hist.c tools/gmemtop/view/latency.c tools/gmemtop/view/format.c
 * sources: tools/gmemtop/view/clean.c tools/gmemtop/view/json_event.c tools/gmemtop/model/event_fields.c
 * sources: tools/gmemtop/model/flags.c tools/gmemtop/model/policy.c
 * cflags: -Ibpf -Itools/gmemtop
 * libs: -lyyjson
 */
#include "gmem_hist.h"
#include "model/hist.h"
#include "tap.h"
#include "view/format.h"
#include "view/latency.h"

static void test_bounds(void)
{
	bool inverse = true, adjoin = true, narrow = true;

	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++) {
		uint64_t low = gmt_hist_low(i), last = gmt_hist_last(i);

		inverse &= gmt_hist_index(low) == i && gmt_hist_index(last) == i &&
			   gmt_hist_bucket(low + (last - low) / 2) == i;
		if (i + 1 < GMT_HIST_BUCKETS)
			adjoin &= gmt_hist_low(i + 1) == last + 1 && last + 1 > low;
		narrow &= last - low <= low / GMT_HIST_SUB;
	}
	ok(inverse, "a bucket's bounds, and what is between, go into it");
	ok(adjoin, "each begins where the one before ends, above it");
	ok(narrow, "none is wider than an eighth of its times");
	is_int(gmt_hist_index(0), 0, "the first");
	is_int(gmt_hist_index(UINT64_MAX), GMT_HIST_BUCKETS - 1,
	       "the last, for the longest time there is");
}

static void test_monotonic(void)
{
	bool monotonic = true;
	uint64_t ns = 0;

	for (unsigned int i = 0; i < 5000000; i++) {
		uint64_t next = i < 100000 ? ns + 1 : ns + ns / 300000 + 1;

		if (next < ns)
			break;
		monotonic &= gmt_hist_index(next) == gmt_hist_index(ns) ||
			     gmt_hist_index(next) == gmt_hist_index(ns) + 1;
		ns = next;
	}
	ok(monotonic && ns > 1000000000000ULL, "longer times never go into a lower bucket");
}

static void add(struct gmt_hist *hist, uint64_t ns, unsigned int times)
{
	hist->count += times;
	hist->sum_ns += ns * times;
	hist->max_ns = ns > hist->max_ns ? ns : hist->max_ns;
	hist->buckets[gmt_hist_index(ns)] += times;
}

static void test_percentiles(void)
{
	static struct gmt_hist hist, more, since;

	is_int(gmt_hist_percentile(&hist, 50), 0, "an empty histogram has no times");
	add(&hist, 5, 90);
	add(&hist, 1000, 9);
	add(&hist, 70000, 1);
	is_int(gmt_hist_percentile(&hist, 50), 5, "the median");
	is_int(gmt_hist_percentile(&hist, 90), 5, "at the very border");
	is_int(gmt_hist_percentile(&hist, 90.1), 1023, "beyond it: the end of the bucket");
	is_int(gmt_hist_percentile(&hist, 99), 1023, "all but one");
	is_int(gmt_hist_percentile(&hist, 99.9), 70000, "never more than the longest");
	is_int(gmt_hist_percentile(&hist, 100), 70000, "all");

	more = hist;
	add(&more, 2, 7);
	add(&more, 1 << 20, 1);
	gmt_hist_since(&since, &more, &hist);
	ok(since.count == 8 && since.sum_ns == 14 + (1 << 20) && since.buckets[2] == 7 &&
		   since.buckets[5] == 0 && since.max_ns == 1 << 20,
	   "what came since");
	gmt_hist_add(&hist, &since);
	ok(!memcmp(&hist, &more, sizeof(hist)), "and the sum is the whole again");
}

static void test_format(void)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 7, "7ns" },
		{ 999, "999ns" },
		{ 1000, "1.0us" },
		{ 99949, "99.9us" },
		{ 99960, "100us" },
		{ 999499, "999us" },
		{ 999500, "1.0ms" },
		{ 1500000000, "1.5s" },
		{ 9999000000000, "9999s" },
		{ 12300000000000, "12.3k" },
	};
	bool right = true;
	char text[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		gmt_format_ns(text, sizeof(text), rows[i].ns);
		right &= !strcmp(text, rows[i].text);
		if (strcmp(text, rows[i].text))
			diag("'%s' is not '%s'", text, rows[i].text);
	}
	ok(right, "times as text");
	gmt_format_ns(text, sizeof(text), UINT64_MAX);
	ok(strlen(text) < 7, "the longest: %s", text);
}

static void test_text(void)
{
	static struct gmt_latencies latencies;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	gmt_text_latencies(out, &latencies);
	fclose(out);
	ok(strstr(text, "(no faults, no conversions)"), "nothing happened");
	free(text);

	add(&latencies.hists[GMT_LATENCY_CONVERT], 3, 1);
	add(&latencies.hists[GMT_LATENCY_CONVERT], 40, 1000);
	latencies.missed = 4;
	latencies.seconds = 1.25;
	out = open_memstream(&text, &size);
	gmt_text_latencies(out, &latencies);
	fclose(out);
	ok(strstr(text,
		  "\nconversion             1001    39ns    40ns    40ns    40ns    40ns    40ns\n"),
	   "a line of the table");
	ok(strstr(text,
		  "      0 .. 7ns                1 |#\n"
		  "    8ns .. 15ns               0 |\n"
		  "   16ns .. 31ns               0 |\n"
		  "   32ns .. 63ns            1000 |########################################\n"),
	   "bars: from the first to the last, and no count without one");
	ok(strstr(text, "\n1.2 s, lost 4\n"), "what was lost");
	free(text);
}

int main(void)
{
	tap_plan(5 + 1 + 9 + 2 + 4);
	test_bounds();
	test_monotonic();
	test_percentiles();
	test_format();
	test_text();
	return tap_done();
}
