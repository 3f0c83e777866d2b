/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metric families in either of two formats: OpenMetrics 1.0, and Prometheus's text format. Used
 * by the files view/openmetrics*.c.
 */
#ifndef GMT_VIEW_METRIC_H
#define GMT_VIEW_METRIC_H

#include "view/page.h"

enum gmt_metric_type {
	GMT_METRIC_COUNTER,
	GMT_METRIC_GAUGE,
	GMT_METRIC_HISTOGRAM,
	GMT_METRIC_SUMMARY,
	GMT_METRIC_INFO,
};

/**
 * struct gmt_metric_writer - A page under way
 * @openmetrics: else Prometheus's text format
 * @created: counters tell when they began, too; of @openmetrics only
 * @offset_ns: from CLOCK_BOOTTIME to the wall's clock
 * @samples: written so far
 */
struct gmt_metric_writer {
	struct gmt_page *page;
	bool openmetrics;
	bool created;
	int64_t offset_ns;
	size_t samples;
};

/**
 * struct gmt_metric - A family
 * @name: without _total, and without _info
 * @unit: what the name ends with; NULL without one
 * @help: one sentence; no quotes, backslashes or newlines in it
 */
struct gmt_metric {
	const char *name;
	enum gmt_metric_type type;
	const char *unit;
	const char *help;
};

/* gmt_metric_begin() - The lines before a family's samples */
void gmt_metric_begin(struct gmt_metric_writer *writer, const struct gmt_metric *metric);

/**
 * gmt_metric_name() - Begin a sample's line
 * @suffix: behind the family's name: "_total" and so on
 * @labels: of which the last has no comma behind it; "" without any
 * @more: further ones, that begin with a comma where @labels is not empty; ""
 */
void gmt_metric_name(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		     const char *suffix, const char *labels, const char *more);

/* gmt_metric_u64(), gmt_metric_ns() - A whole line; nanoseconds are told as seconds */
void gmt_metric_u64(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		    const char *labels, const char *more, uint64_t value);
void gmt_metric_ns(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		   const char *labels, const char *more, uint64_t ns);

/**
 * struct gmt_metric_stem - What the lines of one sample of a family have in common
 *
 * They are made by the ten thousand: three copies and a number are all that is done for one.
 */
struct gmt_metric_stem {
	size_t head_length, tail_length;
	char head[64];
	char tail[64];
};

/* gmt_metric_stem() - Begin with the family's name, end with @more behind the labels */
void gmt_metric_stem(struct gmt_metric_stem *stem, const struct gmt_metric *metric,
		     const char *more);

/* gmt_metric_line() - A whole line; @labels are not empty */
void gmt_metric_line(struct gmt_metric_writer *writer, const struct gmt_metric_stem *stem,
		     const char *labels, size_t label_length, uint64_t value);

/* gmt_metric_moment() - A moment of CLOCK_BOOTTIME as seconds since 1970 */
void gmt_metric_moment(struct gmt_metric_writer *writer, uint64_t boot_ns);

/* gmt_metric_created() - The _created line of a counter or histogram, where it is asked for */
void gmt_metric_created(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
			const char *labels, const char *more, uint64_t created_ns);

#endif /* GMT_VIEW_METRIC_H */
