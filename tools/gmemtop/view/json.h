/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON on a stream: one object a line, its kind told by its first member "type". Member
 * names are those of the ABI and the tracepoints; what is not known is null.
 */
#ifndef GMT_VIEW_JSON_H
#define GMT_VIEW_JSON_H

#include <stdio.h>

#include "model/capability.h"
#include "model/check.h"
#include "model/detail.h"
#include "model/table.h"
#include "model/trace.h"

/* All return 0 or -ENOMEM. */

/* {"type":"snapshot",...,"gmems":[...],"totals":{...}} of the selection */
int gmt_json_table(FILE *out, const struct gmt_table *table);

/* {"type":"gmem",...,"binding_list":[...],"ranges":[...]} */
int gmt_json_gmem(FILE *out, const struct gmt_detail *detail);

/* {"type":"doctor","ok":...,"checks":[...],"sources":[...]} */
int gmt_json_checks(FILE *out, const struct gmt_check *checks, size_t count,
		    const struct gmt_source_summary *sources, int exit_code);

/* {"type":"event","event":"gmem_fault",...} */
int gmt_json_event(FILE *out, const struct gmt_rec_event *event, const char *cgroup,
		   int64_t offset_ns);

/* {"type":"totals",...} */
int gmt_json_totals(FILE *out, const struct gmt_trace_totals *totals);

#endif /* GMT_VIEW_JSON_H */
