/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines that only recordings have (docs/recordings.md). Called by record. */
#ifndef GMT_VIEW_JSON_RECORDING_H
#define GMT_VIEW_JSON_RECORDING_H

#include <stdbool.h>
#include <stdio.h>

#include "gmem_records.h"
#include "model/request.h"
#include "model/trace.h"

/**
 * struct gmt_json_head - What the first line of a frame says
 * @elsewhere: not of this host
 * @events: bit N is enum gmt_event N; 0: none are recorded
 * @requests: they are recorded
 */
struct gmt_json_head {
	uint32_t version;
	uint32_t minor;
	const char *source;
	bool elsewhere;
	uint64_t frame;
	uint64_t time_ns;
	int64_t offset_ns;
	uint64_t interval_ns;
	uint32_t events;
	bool requests;
};

/**
 * struct gmt_json_list - The records of a line
 * @list: by the function; NULL where nobody could tell, else @count of them
 * @cgroups: of holders and policies, the path of each; "" where there is none
 */
struct gmt_json_list {
	uint64_t time_ns;
	const void *list;
	size_t count;
	const char *const *cgroups;
};

/* All return 0 or -ENOMEM. */
int gmt_json_recording(FILE *out, const struct gmt_json_head *head);
int gmt_json_bindings(FILE *out, const struct gmt_json_list *bindings);
int gmt_json_holders(FILE *out, const struct gmt_json_list *holders);
int gmt_json_nodes(FILE *out, const struct gmt_json_list *nodes);
int gmt_json_attached(FILE *out, const struct gmt_json_list *policies);
int gmt_json_creators(FILE *out, const struct gmt_json_list *ids);
int gmt_json_ranges(FILE *out, uint64_t id, const struct gmt_json_list *ranges);
int gmt_json_losses(FILE *out, uint64_t time_ns, const struct gmt_trace_totals *totals);
int gmt_json_request(FILE *out, const struct gmt_rec_request *request, const char *cgroup,
		     const char *creator_cgroup, int64_t offset_ns);
int gmt_json_requests(FILE *out, uint64_t time_ns, const struct gmt_request_account *account);
int gmt_json_end(FILE *out, uint64_t time_ns, int64_t offset_ns, const char *reason);

#endif /* GMT_VIEW_JSON_RECORDING_H */
