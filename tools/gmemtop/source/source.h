/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where gmems and events come from: one struct of operations per source. bpf is gmem.ko
 * on this host; others fill the same records. Commands call these, views never do.
 */
#ifndef GMT_SOURCE_SOURCE_H
#define GMT_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "gmem_records.h"
#include "model/request.h"
#include "model/trace.h"

/* A callback returns 0 to go on, anything else to stop; the operation then returns that. */
typedef int (*gmt_gmem_fn)(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns);
typedef int (*gmt_range_fn)(void *ctx, const struct gmt_rec_range *range);
typedef int (*gmt_binding_fn)(void *ctx, const struct gmt_rec_binding *binding);
typedef int (*gmt_holder_fn)(void *ctx, const struct gmt_rec_holder *holder);
typedef int (*gmt_node_fn)(void *ctx, const struct gmt_rec_node *node);
typedef int (*gmt_policy_fn)(void *ctx, const struct gmt_rec_policy *policy);
typedef int (*gmt_event_fn)(void *ctx, const struct gmt_rec_event *event);
typedef int (*gmt_request_fn)(void *ctx, const struct gmt_rec_request *request);

struct gmt_source;

#define GMT_FUNCTIONS_MAX 24

/**
 * struct gmt_functions - What became of the functions that a trace is attached to
 * @attached: how many there are; @run of them run what is attached
 * @lacking: the names of the others, @lacking_count of them
 * @events: what is not told, or not all of it, for want of those; bit N is enum gmt_event N
 */
struct gmt_functions {
	size_t attached;
	size_t run;
	const char *lacking[GMT_FUNCTIONS_MAX];
	size_t lacking_count;
	uint32_t events;
};

/**
 * struct gmt_source_ops - What a source can do
 * @name: for messages
 * @snapshot: tell @fn of every gmem, by ascending id; nothing is paid per event
 * @find: read one gmem; -ENOENT without it
 * @ranges: tell @fn of the ranges of one gmem, in order and without gaps, neighbours
 *	joined; -ENOENT without it
 * @bindings: tell @fn of the bindings of the gmems with ids from @first to @last, in order
 *	of id and offset; -EOPNOTSUPP when nobody can tell, and all else works
 * @policies: tell @fn of the attached policies, in the order they were attached; -EOPNOTSUPP where
 *	there can be none
 * @holders: tell @fn of the processes that hold descriptors of the gmems with ids from @first to
 *	@last, in order of id and pid; -EOPNOTSUPP as @bindings
 * @nodes: tell @fn of the bytes of the gmems from @first to @last on each NUMA node, in order of
 *	id and node, empty nodes left out; -EOPNOTSUPP as @bindings
 * @latency_start: begin to aggregate times in the kernel, of one gmem or (0) of all
 * @latency_read: fill @hists, GMT_LATENCY_MAX of them, with what was aggregated since the start,
 *	and @missed with the events that were not
 * @latency_stop: end it
 * @now_ns: CLOCK_BOOTTIME of the host that is told of, which a recording's is not now
 * @offset_ns: from that clock to the wall's
 * @cgroup_find: as gmt_cgroup_find(), for a filter of events
 * @cgroup_path: the path of a cgroup, valid as long as the source; never NULL
 * @creator_alive: whether the process that made a gmem still runs
 * @trace_start: begin to listen; one trace at a time
 * @trace_functions: after the start, by which functions it listens; left out where by none
 * @trace_poll: wait up to @timeout_ms and tell @fn of what came; 0 or @fn's answer, -EINTR
 * @trace_detach: stop listening; what was recorded before is still there to be polled
 * @trace_losses: fill the losses of @totals, exact once detached
 * @requests_start, @requests_poll, @requests_detach: as the trace's, for the requests that policies
 *	are asked about
 * @requests_account: what was told and what was lost so far, exact once detached
 * @close: end everything and free the source
 *
 * All but @now_ns, @offset_ns, @cgroup_path, @creator_alive and @close return 0 or -errno and then
 * fill @error. Call them by the functions below, where there are any: a source leaves out
 * operations that it does not have.
 */
struct gmt_source_ops {
	const char *name;
	int (*snapshot)(struct gmt_source *source, gmt_gmem_fn fn, void *ctx,
			struct gmt_error *error);
	int (*find)(struct gmt_source *source, uint64_t id, struct gmt_rec_gmem *rec,
		    struct gmt_error *error);
	int (*ranges)(struct gmt_source *source, uint64_t id, gmt_range_fn fn, void *ctx,
		      struct gmt_error *error);
	int (*bindings)(struct gmt_source *source, uint64_t first, uint64_t last, gmt_binding_fn fn,
			void *ctx, struct gmt_error *error);
	int (*policies)(struct gmt_source *source, gmt_policy_fn fn, void *ctx,
			struct gmt_error *error);
	int (*holders)(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		       void *ctx, struct gmt_error *error);
	int (*nodes)(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		     void *ctx, struct gmt_error *error);
	int (*latency_start)(struct gmt_source *source, uint64_t id, struct gmt_error *error);
	int (*latency_read)(struct gmt_source *source, struct gmt_hist *hists, uint64_t *missed,
			    struct gmt_error *error);
	int (*latency_stop)(struct gmt_source *source, struct gmt_error *error);
	uint64_t (*now_ns)(struct gmt_source *source);
	int64_t (*offset_ns)(struct gmt_source *source);
	int (*cgroup_find)(struct gmt_source *source, const char *path, uint64_t *id,
			   uint32_t *level, struct gmt_error *error);
	const char *(*cgroup_path)(struct gmt_source *source, uint64_t cgroup_id);
	bool (*creator_alive)(struct gmt_source *source, const struct gmt_rec_gmem *rec);
	int (*trace_start)(struct gmt_source *source, const struct gmt_trace_options *options,
			   struct gmt_error *error);
	int (*trace_functions)(struct gmt_source *source, struct gmt_functions *functions);
	int (*trace_poll)(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
			  struct gmt_error *error);
	int (*trace_detach)(struct gmt_source *source, struct gmt_error *error);
	int (*trace_losses)(struct gmt_source *source, struct gmt_trace_totals *totals,
			    struct gmt_error *error);
	int (*requests_start)(struct gmt_source *source, size_t buffer_bytes,
			      struct gmt_error *error);
	int (*requests_poll)(struct gmt_source *source, int timeout_ms, gmt_request_fn fn,
			     void *ctx, struct gmt_error *error);
	int (*requests_detach)(struct gmt_source *source, struct gmt_error *error);
	int (*requests_account)(struct gmt_source *source, struct gmt_request_account *account,
				struct gmt_error *error);
	void (*close)(struct gmt_source *source);
};

/**
 * struct gmt_player_ops - Moving about in a recording; all times are CLOCK_BOOTTIME of its host
 * @span: its first and last moment
 * @seek: go to the last snapshot not after @at_ns, or to the first one
 * @step: stop, and go @count snapshots on, or back where it is negative; stays at either end
 * @set_speed: recorded seconds that pass in one; 0 stops
 * @speed: as set
 * @ended: its last moment was reached
 *
 * The position is the source's now_ns, always the time of a snapshot: that of the last one that has
 * been passed, of which snapshot and its kin tell. Only now_ns, trace_poll and latency_read have time
 * pass. Times of a stopped recording do not pass, nor do they at infinite speed, where only step
 * moves it, and events are all told at once.
 */
struct gmt_player_ops {
	void (*span)(struct gmt_source *source, uint64_t *first_ns, uint64_t *last_ns);
	int (*seek)(struct gmt_source *source, uint64_t at_ns, struct gmt_error *error);
	int (*step)(struct gmt_source *source, int count, struct gmt_error *error);
	void (*set_speed)(struct gmt_source *source, double speed);
	double (*speed)(struct gmt_source *source);
	bool (*ended)(struct gmt_source *source);
};

/**
 * struct gmt_source - Embedded first in each source's own struct
 * @player: NULL where things happen now
 */
struct gmt_source {
	const struct gmt_source_ops *ops;
	const struct gmt_player_ops *player;
};

/**
 * struct gmt_source_choice - Which source the verbs open; set by main before they run
 * @name: "gmem", "guest_memfd", or NULL for the first of them that this host has
 * @recording: replay this file instead
 * @at: where to begin in it; NULL: at its beginning (docs/recordings.md)
 * @speed: of the replay; infinite: as fast as can be
 */
struct gmt_source_choice {
	const char *name;
	const char *recording;
	const char *at;
	double speed;
};

extern struct gmt_source_choice gmt_source_choice;

/**
 * gmt_source_open() - Open the source that was chosen
 * @source: set on success; free it with its close operation
 * @error: filled in on failure: what is missing and how to mend it
 *
 * Return: 0 or -errno
 */
int gmt_source_open(struct gmt_source **source, struct gmt_error *error);

/* The operations that a source may not have: -EOPNOTSUPP then, and this host's clocks. */
int gmt_source_bindings(struct gmt_source *source, uint64_t first, uint64_t last, gmt_binding_fn fn,
			void *ctx, struct gmt_error *error);
int gmt_source_policies(struct gmt_source *source, gmt_policy_fn fn, void *ctx,
			struct gmt_error *error);
int gmt_source_holders(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		       void *ctx, struct gmt_error *error);
int gmt_source_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		     void *ctx, struct gmt_error *error);
int gmt_source_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error);
int gmt_source_requests_start(struct gmt_source *source, size_t buffer_bytes,
			      struct gmt_error *error);
uint64_t gmt_source_now_ns(struct gmt_source *source);
int64_t gmt_source_offset_ns(struct gmt_source *source);

/* gmt_source_cgroup_find() - As gmt_cgroup_find(), where the source is another host's, of that */
int gmt_source_cgroup_find(struct gmt_source *source, const char *path, uint64_t *id,
			   uint32_t *level, struct gmt_error *error);

/**
 * gmt_source_deaf() - What a trace that was begun does not hear, though it is attached
 * @text: one line: functions that the kernel does not run the programs of, and their events
 *
 * Return: whether there are any; those of a host that does not tell are not known
 */
bool gmt_source_deaf(struct gmt_source *source, char *text, size_t size);

/* gmt_source_ended() - Return: whether nothing can happen any more: a recording is over */
bool gmt_source_ended(struct gmt_source *source);

/* gmt_source_no_such() - Fills @error for an id that no gmem has. Return: -ENOENT */
int gmt_source_no_such(uint64_t id, struct gmt_error *error);

/**
 * gmt_bpf_open() - Open this host's gmem.ko
 * @source: set on success; free it with its close operation
 * @error: filled in on failure: what is missing and how to mend it
 *
 * Return: 0 or -errno
 */
int gmt_bpf_open(struct gmt_source **source, struct gmt_error *error);

/**
 * gmt_replay_open() - Open the recording that was chosen, at the place that was
 * @source: set on success; free it with its close operation
 * @error: filled in on failure
 *
 * Return: 0 or -errno
 */
int gmt_replay_open(struct gmt_source **source, struct gmt_error *error);

/**
 * gmt_kvm_open() - Open this host's KVM, for its own guest_memfds
 * @source: set on success; free it with its close operation
 * @error: filled in on failure: what is missing and how to mend it
 *
 * Return: 0 or -errno
 */
int gmt_kvm_open(struct gmt_source **source, struct gmt_error *error);

/**
 * gmt_cgroup_find() - Look up a cgroup by its path
 * @path: under the mount of the unified hierarchy, with or without that mount's own path
 * @id: set to its id
 * @level: set to its depth; the root's is 0
 *
 * Return: 0 or -errno
 */
int gmt_cgroup_find(const char *path, uint64_t *id, uint32_t *level, struct gmt_error *error);

#endif /* GMT_SOURCE_SOURCE_H */
