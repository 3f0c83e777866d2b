// SPDX-License-Identifier: GPL-2.0-only
/* The lines of metric families: names, types, units, samples. */
#include <stdio.h>

#include "view/metric.h"

static const char *const types[] = {
	[GMT_METRIC_COUNTER] = "counter",     [GMT_METRIC_GAUGE] = "gauge",
	[GMT_METRIC_HISTOGRAM] = "histogram", [GMT_METRIC_SUMMARY] = "summary",
	[GMT_METRIC_INFO] = "info",
};

static const char *suffix_of(const struct gmt_metric *metric)
{
	switch (metric->type) {
	case GMT_METRIC_COUNTER:
		return "_total";
	case GMT_METRIC_INFO:
		return "_info";
	default:
		return "";
	}
}

static void comment(struct gmt_metric_writer *writer, const char *keyword,
		    const struct gmt_metric *metric, const char *value)
{
	gmt_page_text(writer->page, "# ");
	gmt_page_text(writer->page, keyword);
	gmt_page_text(writer->page, " ");
	gmt_page_text(writer->page, metric->name);
	/* The text format knows no families: it speaks of the samples' name. */
	if (!writer->openmetrics)
		gmt_page_text(writer->page, suffix_of(metric));
	gmt_page_text(writer->page, " ");
	gmt_page_text(writer->page, value);
	gmt_page_text(writer->page, "\n");
}

void gmt_metric_begin(struct gmt_metric_writer *writer, const struct gmt_metric *metric)
{
	bool gauge = metric->type == GMT_METRIC_INFO && !writer->openmetrics;

	comment(writer, "HELP", metric, metric->help);
	comment(writer, "TYPE", metric, types[gauge ? GMT_METRIC_GAUGE : metric->type]);
	if (metric->unit && writer->openmetrics)
		comment(writer, "UNIT", metric, metric->unit);
}

void gmt_metric_name(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		     const char *suffix, const char *labels, const char *more)
{
	struct gmt_page *page = writer->page;

	writer->samples++;
	gmt_page_text(page, metric->name);
	gmt_page_text(page, suffix);
	if (!labels[0] && !more[0]) {
		gmt_page_put(page, " ", 1);
		return;
	}
	gmt_page_put(page, "{", 1);
	gmt_page_text(page, labels);
	gmt_page_text(page, more);
	gmt_page_put(page, "} ", 2);
}

void gmt_metric_u64(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		    const char *labels, const char *more, uint64_t value)
{
	gmt_metric_name(writer, metric, suffix_of(metric), labels, more);
	gmt_page_u64(writer->page, value);
	gmt_page_put(writer->page, "\n", 1);
}

void gmt_metric_ns(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		   const char *labels, const char *more, uint64_t ns)
{
	gmt_metric_name(writer, metric, suffix_of(metric), labels, more);
	gmt_page_seconds(writer->page, ns);
	gmt_page_put(writer->page, "\n", 1);
}

void gmt_metric_stem(struct gmt_metric_stem *stem, const struct gmt_metric *metric,
		     const char *more)
{
	stem->head_length = (size_t)snprintf(stem->head, sizeof(stem->head), "%s%s{", metric->name,
					     suffix_of(metric));
	stem->tail_length = (size_t)snprintf(stem->tail, sizeof(stem->tail), "%s} ", more);
}

void gmt_metric_line(struct gmt_metric_writer *writer, const struct gmt_metric_stem *stem,
		     const char *labels, size_t label_length, uint64_t value)
{
	size_t most = stem->head_length + label_length + stem->tail_length + GMT_PAGE_DIGITS + 1;
	struct gmt_page *page = writer->page;
	char number[GMT_PAGE_DIGITS], *at;
	size_t length;

	if (page->capacity - page->length < most && !gmt_page_grow(page, most))
		return;
	writer->samples++;
	at = page->data + page->length;
	memcpy(at, stem->head, stem->head_length);
	at += stem->head_length;
	memcpy(at, labels, label_length);
	at += label_length;
	memcpy(at, stem->tail, stem->tail_length);
	at += stem->tail_length;
	length = gmt_page_digits(number + sizeof(number), value);
	memcpy(at, number + sizeof(number) - length, length);
	at += length;
	*at++ = '\n';
	page->length = (size_t)(at - page->data);
}

void gmt_metric_moment(struct gmt_metric_writer *writer, uint64_t boot_ns)
{
	gmt_page_seconds(writer->page, boot_ns + (uint64_t)writer->offset_ns);
	gmt_page_put(writer->page, "\n", 1);
}

void gmt_metric_created(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
			const char *labels, const char *more, uint64_t created_ns)
{
	if (!writer->openmetrics || !writer->created)
		return;
	gmt_metric_name(writer, metric, "_created", labels, more);
	gmt_metric_moment(writer, created_ns);
}
