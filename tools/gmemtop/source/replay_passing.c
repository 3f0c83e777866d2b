// SPDX-License-Identifier: GPL-2.0-only
/* The lines of a recording as its position passes them, frame by frame. For replay_*.c. */
#include <errno.h>
#include <math.h>

#include "source/replay.h"

void gmt_replay_passing_start(struct gmt_replay *replay, struct gmt_passing *passing)
{
	gmt_lines_close(&passing->lines);
	*passing = (struct gmt_passing){
		.on = true,
		.moves = replay->moves,
		.from_ns = replay->at_ns,
		.frame = gmt_recording_frame_at(replay->recording, replay->at_ns),
		.losses = passing->losses,
		.before = passing->before,
	};
	/* From its beginning on there is nothing that was before. */
	if (!passing->frame && replay->at_ns <= replay->recording->frames[0].first_ns)
		passing->from_ns = 0;
	if (gmt_lines_open(&passing->lines, replay->recording, passing->frame))
		gmt_lines_close(&passing->lines);
}

int gmt_replay_passing_next(struct gmt_replay *replay, struct gmt_passing *passing,
			    uint64_t until_ns, struct gmt_passed *passed)
{
	const struct gmt_recording *recording = replay->recording;
	int err;

	while (!passing->over) {
		err = gmt_lines_next(&passing->lines, &passed->line, &passed->length);
		if (err == -ENOMEM)
			return err;
		if (err == 1 &&
		    gmt_line_peek(passed->line, passed->length, &passed->kind, &passed->time_ns))
			err = -EBADMSG;
		if (err <= 0) {
			passing->damaged |= err < 0;
			/* Broken or not, the next frame can be read by itself. */
			if (passing->frame + 1 == recording->count) {
				passing->over = true;
				break;
			}
			if (recording->frames[passing->frame + 1].first_ns > until_ns)
				return 0;
			gmt_lines_close(&passing->lines);
			if (gmt_lines_open(&passing->lines, recording, ++passing->frame))
				return -ENOMEM;
			continue;
		}
		if (passed->kind == GMT_LINE_OTHER)
			continue;
		if (passed->time_ns <= until_ns)
			return 1;
		gmt_lines_unread(&passing->lines);
		return 0;
	}
	return 0;
}

/* At infinite speed, all of them, unless that goes by steps. */
uint64_t gmt_replay_passed_ns(const struct gmt_replay *replay)
{
	if (!isinf(replay->speed))
		return gmt_replay_position(replay);
	return replay->stepped && replay->next_ns < UINT64_MAX ? replay->at_ns : UINT64_MAX;
}
