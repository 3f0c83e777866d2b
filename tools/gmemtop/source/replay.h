/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The source replay: a recording in the place of a host. Its parts: replay.c (operations),
 * replay_state.c (what holds at the position, and moving it), replay_passing.c, replay_events.c and
 * replay_requests.c (what passes).
 */
#ifndef GMT_SOURCE_REPLAY_H
#define GMT_SOURCE_REPLAY_H

#include "source/recording.h"
#include "source/recording_line.h"
#include "source/source.h"

/* A line that holds: as text until somebody asks for it, then as records. */
struct gmt_held {
	char *text;
	size_t length;
	bool there;
	bool parsed;
	int err;
	struct gmt_line_list list;
};

/**
 * struct gmt_passing - Reads lines as the position passes them
 * @lines: of @frame
 * @from_ns: events up to there are past already
 * @moves: what the replay's was; another one: the position has been moved since
 * @damaged: a frame could not be read to its end
 * @losses: the recording's account so far; @before: as it was at the start
 */
struct gmt_passing {
	struct gmt_lines lines;
	size_t frame;
	uint64_t from_ns;
	unsigned int moves;
	bool on;
	bool over;
	bool damaged;
	struct gmt_trace_totals losses;
	struct gmt_trace_totals before;
};

/* A line that has passed; valid until the next one. */
struct gmt_passed {
	enum gmt_line_kind kind;
	uint64_t time_ns;
	const char *line;
	size_t length;
};

/**
 * struct gmt_asking - Reads requests as the position passes them
 * @first_seq, @last_seq: of those that one recorder has numbered, as far as was told; 0 for none
 * @told: of them
 * @lost: of recorders that came before in the file
 */
struct gmt_asking {
	struct gmt_passing passing;
	uint64_t first_seq;
	uint64_t last_seq;
	uint64_t told;
	uint64_t lost;
	uint64_t silent_frames;
};

/**
 * struct gmt_replay - An open replay
 * @lines, @frame: behind the last snapshot not after the position
 * @head: of that frame
 * @fresh: no snapshot of that frame was reached yet
 * @at_ns: time of that snapshot: the position, as it is told
 * @next_ns: of the one after it; UINT64_MAX without one, 0 when not known yet
 * @anchor_ns, @anchor_clock_ns: the position at a moment of this host's CLOCK_MONOTONIC
 * @moves: how often the position was moved other than by time or a step forward
 * @stepped: it goes by steps, at infinite speed, too
 * @err, @error: what went wrong as it moved, for the next operation that can tell
 */
struct gmt_replay {
	struct gmt_source source;
	struct gmt_recording *recording;
	struct gmt_lines lines;
	size_t frame;
	struct gmt_line_head head;
	bool fresh;
	bool there;
	uint64_t at_ns;
	uint64_t next_ns;
	struct gmt_line_list gmems;
	struct gmt_held held[GMT_LINE_HELD];
	double speed;
	uint64_t anchor_ns;
	uint64_t anchor_clock_ns;
	unsigned int moves;
	bool stepped;
	int err;
	struct gmt_error error;
	struct gmt_cgroups *cgroups;
	char *filter_cgroup;
	struct gmt_trace_options trace;
	struct gmt_passing tracing;
	struct gmt_passing timing;
	struct gmt_asking asking;
	uint64_t timing_id;
	struct gmt_hist *hists;
};

static inline struct gmt_replay *gmt_replay_of(struct gmt_source *source)
{
	return (struct gmt_replay *)source; /* embedded first */
}

/* gmt_replay_cgroup() - A gmt_line_cgroup_fn: remembers a path for as long as the source */
void gmt_replay_cgroup(void *replay, uint64_t id, const char *path);

/* gmt_replay_seek() - Go to the last snapshot not after @at_ns. Return: 0 or -errno */
int gmt_replay_seek(struct gmt_replay *replay, uint64_t at_ns);

/* gmt_replay_tick() - Move the position to where time has brought it. Return: 0 or -errno */
int gmt_replay_tick(struct gmt_replay *replay);

/* gmt_replay_position() - Return: where time has brought it, between snapshots, too */
uint64_t gmt_replay_position(const struct gmt_replay *replay);

/* gmt_replay_held() - Parse what holds. Return: 0, -EOPNOTSUPP where nobody could tell, -errno */
int gmt_replay_held(struct gmt_replay *replay, enum gmt_line_kind kind,
		    const struct gmt_line_list **list);

/* gmt_replay_ranges() - The ranges of a gmem that hold; as gmt_replay_held(). To be freed */
int gmt_replay_ranges(struct gmt_replay *replay, uint64_t id, struct gmt_line_list *ranges);

void gmt_replay_state_exit(struct gmt_replay *replay);

extern const struct gmt_player_ops gmt_replay_player;

/* gmt_replay_passing_start() - From the position on */
void gmt_replay_passing_start(struct gmt_replay *replay, struct gmt_passing *passing);

/**
 * gmt_replay_passing_next() - The next line up to @until_ns
 *
 * Return: 1; 0 without one, at the end with @over set; -ENOMEM
 */
int gmt_replay_passing_next(struct gmt_replay *replay, struct gmt_passing *passing,
			    uint64_t until_ns, struct gmt_passed *passed);

/* gmt_replay_passed_ns() - Return: up to where lines have passed */
uint64_t gmt_replay_passed_ns(const struct gmt_replay *replay);

/* The operations of this name; and the end of what they began. */
int gmt_replay_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			   struct gmt_error *error);
int gmt_replay_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
			  struct gmt_error *error);
int gmt_replay_trace_detach(struct gmt_source *source, struct gmt_error *error);
int gmt_replay_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			    struct gmt_error *error);
int gmt_replay_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error);
int gmt_replay_latency_read(struct gmt_source *source, struct gmt_hist *hists, uint64_t *missed,
			    struct gmt_error *error);
int gmt_replay_latency_stop(struct gmt_source *source, struct gmt_error *error);
int gmt_replay_requests_start(struct gmt_source *source, size_t buffer_bytes,
			      struct gmt_error *error);
int gmt_replay_requests_poll(struct gmt_source *source, int timeout_ms, gmt_request_fn fn,
			     void *ctx, struct gmt_error *error);
int gmt_replay_requests_detach(struct gmt_source *source, struct gmt_error *error);
int gmt_replay_requests_account(struct gmt_source *source, struct gmt_request_account *account,
				struct gmt_error *error);
void gmt_replay_events_exit(struct gmt_replay *replay);

#endif /* GMT_SOURCE_REPLAY_H */
