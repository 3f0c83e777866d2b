/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a line of a recording says, as records. Every number, string and array is checked; what
 * is missing or of another kind is unknown. Called by the replay source.
 */
#ifndef GMT_SOURCE_RECORDING_LINE_H
#define GMT_SOURCE_RECORDING_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"
#include "model/request.h"
#include "model/trace.h"

/* enum gmt_line_kind - The types of lines; those up to GMT_LINE_HELD hold until the next one. */
enum gmt_line_kind {
	GMT_LINE_BINDINGS,
	GMT_LINE_HOLDERS,
	GMT_LINE_NODES,
	GMT_LINE_POLICIES,
	GMT_LINE_CREATORS,
	GMT_LINE_HELD,
	GMT_LINE_SNAPSHOT = GMT_LINE_HELD,
	GMT_LINE_RECORDING,
	GMT_LINE_RANGES,
	GMT_LINE_EVENT,
	GMT_LINE_LOSSES,
	GMT_LINE_REQUEST,
	GMT_LINE_REQUESTS,
	GMT_LINE_END,
	GMT_LINE_OTHER,
};

/* No time that a host has counted, 73 years of it; the wall's offset is no larger than twice it. */
#define GMT_LINE_TIME_MAX (1ULL << 61)

/**
 * gmt_line_peek() - What a line is, and when
 * @time_ns: set
 *
 * Return: 0, or -EBADMSG for no object that has type and time_ns
 */
int gmt_line_peek(const char *line, size_t length, enum gmt_line_kind *kind, uint64_t *time_ns);

/**
 * struct gmt_line_head - The line `recording`
 * @version: 0 where there is no such line
 * @events: bit N is enum gmt_event N
 * @frame: 0 where it does not say
 * @requests: they were recorded
 */
struct gmt_line_head {
	uint64_t version;
	uint64_t time_ns;
	int64_t offset_ns;
	uint32_t events;
	uint64_t frame;
	bool requests;
	char boot_id[40];
};

/* gmt_line_head() - Read it; of a snapshot, what that tells of it. Return: 0, -EBADMSG, -ENOMEM */
int gmt_line_head(const char *line, size_t length, struct gmt_line_head *head);

/* Told the path of each cgroup that a line has. */
typedef void (*gmt_line_cgroup_fn)(void *ctx, uint64_t id, const char *path);

/**
 * struct gmt_line_list - The records of a line
 * @list: owned; its type is the function's
 * @lost: of a snapshot
 */
struct gmt_line_list {
	void *list;
	size_t count;
	uint64_t lost;
};

/*
 * Read a line of that kind: struct gmt_rec_gmem, gmt_rec_binding, ... by their order, each key
 * once. Creators are uint64_t. Return: 0, -EOPNOTSUPP (it says: unknown), -EBADMSG, -ENOMEM
 */
int gmt_line_snapshot(const char *line, size_t length, struct gmt_line_list *gmems,
		      gmt_line_cgroup_fn fn, void *ctx);
int gmt_line_held(const char *line, size_t length, enum gmt_line_kind kind,
		  struct gmt_line_list *list, gmt_line_cgroup_fn fn, void *ctx);

/* gmt_line_ranges() - -ENOENT when they are another gmem's */
int gmt_line_ranges(const char *line, size_t length, uint64_t id, struct gmt_line_list *ranges);

/* gmt_line_event() - -ENOENT for an event that this tool does not know */
int gmt_line_event(const char *line, size_t length, struct gmt_rec_event *event,
		   gmt_line_cgroup_fn fn, void *ctx);

/* gmt_line_losses() - Sets the losses of @totals */
int gmt_line_losses(const char *line, size_t length, struct gmt_trace_totals *totals);

/* gmt_line_request() - -EBADMSG where it lacks what every policy has to know */
int gmt_line_request(const char *line, size_t length, struct gmt_rec_request *request,
		     gmt_line_cgroup_fn fn, void *ctx);

/* gmt_line_requests() - Sets the number given last */
int gmt_line_requests(const char *line, size_t length, uint64_t *last_seq);

#endif /* GMT_SOURCE_RECORDING_LINE_H */
