// SPDX-License-Identifier: GPL-2.0-only
/*
 * The position in a recording: the last snapshot up to there and the lines that hold with it.
 * Forward it goes line by line, else from the beginning of a frame; only what holds is kept.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/replay.h"

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void held_drop(struct gmt_held *held)
{
	free(held->text);
	free(held->list.list);
	*held = (struct gmt_held){ .text = NULL };
}

static int held_take(struct gmt_held *held, const char *line, size_t length)
{
	char *text = malloc(length + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, line, length);
	held_drop(held);
	held->text = text;
	held->length = length;
	held->there = true;
	return 0;
}

int gmt_replay_held(struct gmt_replay *replay, enum gmt_line_kind kind,
		    const struct gmt_line_list **list)
{
	struct gmt_held *held = &replay->held[kind];

	if (!held->there)
		return -EOPNOTSUPP;
	if (!held->parsed) {
		held->err = gmt_line_held(held->text, held->length, kind, &held->list,
					  gmt_replay_cgroup, replay);
		held->parsed = held->err != -ENOMEM;
		if (held->parsed) {
			free(held->text);
			held->text = NULL;
		}
	}
	*list = &held->list;
	return held->err;
}

static int open_frame(struct gmt_replay *replay, size_t frame)
{
	int err;

	gmt_lines_close(&replay->lines);
	replay->frame = frame;
	replay->fresh = true;
	replay->next_ns = 0;
	err = gmt_lines_open(&replay->lines, replay->recording, frame);
	if (err)
		gmt_lines_close(&replay->lines);
	return err;
}

/* A snapshot becomes what is there. One that is damaged changes nothing. */
static int take_snapshot(struct gmt_replay *replay, const char *line, size_t length,
			 uint64_t time_ns)
{
	struct gmt_line_list gmems;
	int err = gmt_line_snapshot(line, length, &gmems, gmt_replay_cgroup, replay);

	if (err)
		return err;
	free(replay->gmems.list);
	replay->gmems = gmems;
	replay->at_ns = time_ns;
	replay->there = true;
	return 0;
}

/* What the frame before told holds no more. */
static void first_snapshot(struct gmt_replay *replay)
{
	for (int kind = 0; kind < GMT_LINE_HELD; kind++)
		held_drop(&replay->held[kind]);
	replay->fresh = false;
}

/*
 * The lines of this frame up to the first snapshot after @until_ns.
 * Return: 0; 1 at the frame's end, broken or not; -ENOMEM, -EIO ...
 */
static int advance_in_frame(struct gmt_replay *replay, uint64_t until_ns)
{
	struct gmt_held *snapshot = NULL, last = { .text = NULL };
	uint64_t time_ns, last_ns = 0;
	enum gmt_line_kind kind;
	const char *line;
	size_t length;
	int err, ended = 0;

	for (;;) {
		err = gmt_lines_next(&replay->lines, &line, &length);
		if (err <= 0 || gmt_line_peek(line, length, &kind, &time_ns)) {
			ended = 1;
			break;
		}
		err = 0;
		if (kind == GMT_LINE_SNAPSHOT && time_ns > until_ns) {
			gmt_lines_unread(&replay->lines);
			replay->next_ns = time_ns;
			break;
		}
		if (kind == GMT_LINE_SNAPSHOT) {
			if (replay->fresh)
				first_snapshot(replay);
			err = held_take(&last, line, length);
			last_ns = time_ns;
			snapshot = &last;
		} else if (kind < GMT_LINE_HELD && !replay->fresh) {
			err = held_take(&replay->held[kind], line, length);
		} else if (kind == GMT_LINE_RECORDING) {
			struct gmt_line_head head;

			if (!gmt_line_head(line, length, &head)) {
				/* Of an index nobody has looked into its frames before. */
				if (head.version > GMT_RECORDING_VERSION) {
					ended = 1;
					break;
				}
				replay->head = head;
			}
		}
		if (err)
			break;
	}
	if (err == -EBADMSG || err > 0)
		err = 0;
	/* Only the last one is looked into. */
	if (!err && snapshot)
		err = take_snapshot(replay, last.text, last.length, last_ns);
	if (err == -EBADMSG) {
		err = 0;
		ended = 1;
	}
	held_drop(&last);
	return err ? err : ended;
}

/* On to the last snapshot not after @until_ns. */
static int advance(struct gmt_replay *replay, uint64_t until_ns)
{
	const struct gmt_recording *recording = replay->recording;
	int err;

	/* Nothing lies between: the common case of a refresh that comes too soon. */
	if (replay->next_ns > until_ns || replay->next_ns == UINT64_MAX)
		return 0;
	for (;;) {
		err = advance_in_frame(replay, until_ns);
		if (err <= 0)
			return err;
		if (replay->frame + 1 == recording->count) {
			replay->next_ns = UINT64_MAX;
			return 0;
		}
		replay->next_ns = recording->frames[replay->frame + 1].first_ns;
		if (replay->next_ns > until_ns)
			return 0;
		err = open_frame(replay, replay->frame + 1);
		if (err)
			return err;
	}
}

/* After the last frame was read to its end there is none open. */
static bool can_go_on(const struct gmt_replay *replay, uint64_t at_ns)
{
	return replay->there && at_ns >= replay->at_ns &&
	       gmt_recording_frame_at(replay->recording, at_ns) == replay->frame;
}

static int go_to(struct gmt_replay *replay, uint64_t at_ns)
{
	const struct gmt_recording *recording = replay->recording;
	size_t frame = gmt_recording_frame_at(recording, at_ns);
	int err = 0;

	/* The first moment is that of the first snapshot, which is a little later. */
	if (!frame && at_ns < recording->frames[0].first_ns)
		at_ns = recording->frames[0].first_ns;
	if (can_go_on(replay, at_ns))
		return advance(replay, at_ns);
	/* A frame that cannot be read, or begins after it: the one before has the last snapshot. */
	for (;;) {
		replay->there = false;
		err = open_frame(replay, frame);
		if (!err)
			err = advance_in_frame(replay, at_ns);
		if (err < 0 || replay->there || !frame)
			break;
		frame--;
	}
	if (err < 0)
		return err;
	/* Before all snapshots: the first there is. */
	while (!replay->there) {
		if (err == 1) {
			if (replay->frame + 1 == recording->count)
				return -EBADMSG;
			err = open_frame(replay, replay->frame + 1);
			if (err)
				return err;
			replay->next_ns = 0;
		}
		err = advance_in_frame(replay, replay->next_ns);
		if (err < 0)
			return err;
	}
	if (err == 1)
		replay->next_ns = replay->frame + 1 < recording->count ?
					  recording->frames[replay->frame + 1].first_ns :
					  UINT64_MAX;
	return 0;
}

static int failed(struct gmt_replay *replay, int err)
{
	if (err == -ENOMEM)
		gmt_fail(&replay->error, GMT_EXIT_FAILURE, err, "out of memory");
	else if (err == -EBADMSG)
		gmt_fail(&replay->error, GMT_EXIT_FAILURE, err,
			 "the recording is damaged: no snapshot of it can be read");
	else if (err)
		gmt_fail(&replay->error, GMT_EXIT_FAILURE, err, "the recording cannot be read: %s",
			 strerror(-err));
	replay->err = err;
	return err;
}

static void anchor(struct gmt_replay *replay, uint64_t at_ns)
{
	replay->anchor_ns = at_ns;
	replay->anchor_clock_ns = clock_ns();
}

int gmt_replay_seek(struct gmt_replay *replay, uint64_t at_ns)
{
	int err = go_to(replay, at_ns);

	replay->moves++;
	anchor(replay, replay->at_ns);
	return failed(replay, err);
}

uint64_t gmt_replay_position(const struct gmt_replay *replay)
{
	const uint64_t left = replay->recording->last_ns > replay->anchor_ns ?
				      replay->recording->last_ns - replay->anchor_ns :
				      0;
	double passed;

	if (!(replay->speed > 0) || isinf(replay->speed))
		return replay->anchor_ns;
	passed = (double)(clock_ns() - replay->anchor_clock_ns) * replay->speed;
	return replay->anchor_ns + (passed < (double)left ? (uint64_t)passed : left);
}

int gmt_replay_tick(struct gmt_replay *replay)
{
	uint64_t at_ns = gmt_replay_position(replay);

	return at_ns > replay->at_ns ? failed(replay, advance(replay, at_ns)) : 0;
}

int gmt_replay_ranges(struct gmt_replay *replay, uint64_t id, struct gmt_line_list *ranges)
{
	uint64_t time_ns;
	enum gmt_line_kind kind;
	struct gmt_lines lines;
	const char *line;
	size_t length;
	int err, found = -EOPNOTSUPP;

	*ranges = (struct gmt_line_list){ .count = 0 };
	err = gmt_lines_open(&lines, replay->recording, replay->frame);
	if (err)
		return err;
	while (gmt_lines_next(&lines, &line, &length) == 1 &&
	       !gmt_line_peek(line, length, &kind, &time_ns)) {
		struct gmt_line_list newer;

		if (kind == GMT_LINE_SNAPSHOT && time_ns > replay->at_ns)
			break;
		if (kind != GMT_LINE_RANGES)
			continue;
		err = gmt_line_ranges(line, length, id, &newer);
		if (err == -ENOENT)
			continue;
		free(ranges->list);
		*ranges = newer;
		found = err == -EBADMSG ? -EOPNOTSUPP : err;
	}
	gmt_lines_close(&lines);
	return found;
}

void gmt_replay_state_exit(struct gmt_replay *replay)
{
	gmt_lines_close(&replay->lines);
	free(replay->gmems.list);
	for (int kind = 0; kind < GMT_LINE_HELD; kind++)
		held_drop(&replay->held[kind]);
}

static void player_span(struct gmt_source *source, uint64_t *first_ns, uint64_t *last_ns)
{
	const struct gmt_recording *recording = gmt_replay_of(source)->recording;

	*first_ns = recording->frames[0].first_ns;
	*last_ns = recording->last_ns;
}

static int told(struct gmt_replay *replay, int err, struct gmt_error *error)
{
	if (err)
		*error = replay->error;
	return err;
}

static int player_seek(struct gmt_source *source, uint64_t at_ns, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	return told(replay, gmt_replay_seek(replay, at_ns), error);
}

static int player_step(struct gmt_source *source, int count, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	int err = 0;

	/* One that goes as fast as can be stays what it is. */
	if (!isinf(replay->speed))
		replay->speed = 0;
	replay->stepped = true;
	if (count < 0)
		replay->moves++;
	for (; !err && count < 0 && replay->at_ns; count++)
		err = go_to(replay, replay->at_ns - 1);
	for (; !err && count > 0; count--) {
		const uint64_t from_ns = replay->at_ns;

		if (!replay->next_ns)
			err = advance(replay, from_ns);
		/* A frame may begin before its first snapshot, and have none that can be read. */
		while (!err && replay->at_ns == from_ns && replay->next_ns < UINT64_MAX)
			err = advance(replay, replay->next_ns);
	}
	anchor(replay, replay->at_ns);
	return told(replay, failed(replay, err), error);
}

static void player_set_speed(struct gmt_source *source, double speed)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	anchor(replay, gmt_replay_position(replay));
	replay->speed = speed > 0 ? speed : 0;
}

static double player_speed(struct gmt_source *source)
{
	return gmt_replay_of(source)->speed;
}

static bool player_ended(struct gmt_source *source)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	if (replay->tracing.on && !replay->stepped)
		return replay->tracing.over;
	if (!replay->next_ns)
		failed(replay, advance(replay, replay->at_ns));
	return replay->next_ns == UINT64_MAX &&
	       (!(replay->speed > 0) || isinf(replay->speed) ||
		gmt_replay_position(replay) >= replay->recording->last_ns);
}

const struct gmt_player_ops gmt_replay_player = {
	.span = player_span,
	.seek = player_seek,
	.step = player_step,
	.set_speed = player_set_speed,
	.speed = player_speed,
	.ended = player_ended,
};
