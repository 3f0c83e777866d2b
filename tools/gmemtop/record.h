/* SPDX-License-Identifier: GPL-2.0-only */
/* What a source tells at one moment, as the lines of a recording. Called by record only. */
#ifndef GMT_RECORD_H
#define GMT_RECORD_H

#include <stdio.h>

#include "source/source.h"

/* How a frame began to be told of: what did not change since is not said again. */
struct gmt_changed {
	bool told;
	uint64_t hash;
};

/* Of a gmem: what its memory was like when its ranges were told, which these were, and whether just now. */
struct gmt_ranged {
	uint64_t id;
	uint64_t hash;
	uint64_t list;
	bool looked;
};

enum gmt_recorded {
	GMT_RECORDED_BINDINGS,
	GMT_RECORDED_HOLDERS,
	GMT_RECORDED_NODES,
	GMT_RECORDED_POLICIES,
	GMT_RECORDED_CREATORS,
	GMT_RECORDED_LOSSES,
	GMT_RECORDED_REQUESTS,
	GMT_RECORDED_MAX,
};

/**
 * struct gmt_record - What was told in the frame that is written
 * @max_ranges: of how many gmems ranges are told, a snapshot
 * @events: bit N is enum gmt_event N; @totals is the account of them so far
 * @requests: they are told, too
 * @offset_ns: from CLOCK_BOOTTIME to the wall's: one for a frame, so that its times agree
 * @now_ns: of the last snapshot
 * @snapshots: in this frame
 * @gmems: in the last snapshot
 * @next_uncounted: where to go on, in the snapshot, to look for ranges that changed uncounted
 */
struct gmt_record {
	struct gmt_source *source;
	size_t max_ranges;
	uint32_t events;
	struct gmt_trace_totals totals;
	bool requests;
	int64_t offset_ns;
	uint64_t now_ns;
	uint64_t snapshots;
	size_t gmems;
	struct gmt_changed changed[GMT_RECORDED_MAX];
	struct gmt_ranged *ranged;
	size_t ranged_count;
	size_t next_uncounted;
};

/* Called with the time of a snapshot before its lines: it may begin a frame. */
typedef int (*gmt_record_fn)(void *ctx, uint64_t now_ns, struct gmt_error *error);

/**
 * gmt_record_snapshot() - A snapshot, and what changed with it
 * @out: for the lines
 * @fn: called when there is something to print
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_record_snapshot(struct gmt_record *record, FILE *out, gmt_record_fn fn, void *ctx,
			struct gmt_error *error);

/* gmt_record_begin() - A frame begins: nothing was told in it */
void gmt_record_begin(struct gmt_record *record);

void gmt_record_exit(struct gmt_record *record);

#endif /* GMT_RECORD_H */
