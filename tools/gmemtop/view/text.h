/* SPDX-License-Identifier: GPL-2.0-only */
/* Plain text on a stream: tables, one gmem, findings, events. Called by the commands. */
#ifndef GMT_VIEW_TEXT_H
#define GMT_VIEW_TEXT_H

#include <stdio.h>

#include "model/check.h"
#include "model/detail.h"
#include "model/table.h"
#include "model/trace.h"

/**
 * gmt_text_table() - The selection as a table, columns as wide as their contents
 * @set: columns, in order; @count of them
 * @rates: the totals tell rates, else counts since creation
 */
void gmt_text_table(FILE *out, const struct gmt_table *table, const enum gmt_column *set,
		    size_t count, bool rates);

/* gmt_text_refresh_head() - The line above a table in batch mode */
void gmt_text_refresh_head(FILE *out, const struct gmt_table *table);

/* gmt_text_gmem() - One gmem in full; @alive tells whether its maker still runs */
void gmt_text_gmem(FILE *out, const struct gmt_row *row, bool alive, int64_t offset_ns);

/* Its memory by NUMA node, and who holds descriptors of it */
void gmt_text_nodes(FILE *out, const struct gmt_detail *detail);
void gmt_text_holders(FILE *out, const struct gmt_detail *detail);

/* gmt_text_binding() - One binding of it; the head is for when there are any */
void gmt_text_binding_head(FILE *out);
void gmt_text_binding(FILE *out, const struct gmt_rec_binding *binding);
void gmt_text_bindings_unknown(FILE *out);

/* gmt_text_range() - One range of it */
void gmt_text_range_head(FILE *out);
void gmt_text_ranges_unknown(FILE *out);
void gmt_text_range(FILE *out, const struct gmt_rec_range *range);

/* gmt_text_check() - One finding of doctor */
void gmt_text_check(FILE *out, const struct gmt_check *check);

/* gmt_text_event() - One event in one line; @cgroup is its task's, @offset_ns the clock's */
void gmt_text_event(FILE *out, const struct gmt_rec_event *event, const char *cgroup,
		    int64_t offset_ns);

/* gmt_text_totals() - The account of a trace, some lines */
void gmt_text_totals(FILE *out, const struct gmt_trace_totals *totals);

#endif /* GMT_VIEW_TEXT_H */
