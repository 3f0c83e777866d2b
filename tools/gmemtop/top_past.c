// SPDX-License-Identifier: GPL-2.0-only
/* Moving about in time: in a recording by its player. */
#include "top.h"

/*
 * After a leap the rates are those between the snapshot before and the one arrived at, so that both
 * are read.
 */
static int leap(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_player_ops *player = top->source->player;
	uint64_t at = gmt_source_now_ns(top->source);
	int err;

	gmt_live_leap(&top->live);
	err = player->step(top->source, -1, error);
	if (!err && gmt_source_now_ns(top->source) < at) {
		err = gmt_top_refresh(top, true, error);
		if (!err)
			err = player->step(top->source, 1, error);
	}
	return err ? err : gmt_top_refresh(top, true, error);
}

int gmt_top_arrive(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_player_ops *player = top->source->player;
	double speed = player->speed(top->source);
	int err = leap(top, error);

	/* leap() steps, which stops: what ran, runs on. */
	if (!err && speed > 0) {
		player->set_speed(top->source, speed);
		top->live.speed = speed;
	}
	return err;
}

static int ask_player(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_player_ops *player = top->source->player;
	struct gmt_source *source = top->source;
	double speed = player->speed(source), value = top->ui.ask_value;
	uint64_t first, last, now = gmt_source_now_ns(source), to;
	int err;

	player->span(source, &first, &last);
	switch (top->ui.ask) {
	case GMT_ASK_STEP:
		err = player->step(source, (int)value, error);
		if (err || value < 0)
			return err ? err : leap(top, error);
		return gmt_top_refresh(top, false, error);
	case GMT_ASK_SEEK:
		to = now + (uint64_t)(int64_t)(value * 1e9);
		if (value < 0 && now - first < (uint64_t)(-value * 1e9))
			to = first;
		err = player->seek(source, to > last ? last : to, error);
		break;
	case GMT_ASK_BEGIN:
	case GMT_ASK_END:
		err = player->seek(source, top->ui.ask == GMT_ASK_END ? last : first, error);
		break;
	case GMT_ASK_FASTER:
		speed = speed > 0 ? speed * value : 1;
		player->set_speed(source, speed > 1024	   ? 1024 :
					  speed < 1.0 / 64 ? 1.0 / 64 :
							     speed);
		return gmt_top_refresh(top, false, error);
	case GMT_ASK_STOP:
		player->set_speed(source, speed > 0 ? 0 : 1);
		return gmt_top_refresh(top, false, error);
	default:
		return 0;
	}
	return err ? err : gmt_top_arrive(top, error);
}

int gmt_top_ask(struct gmt_top *top, struct gmt_error *error)
{
	return top->source->player ? ask_player(top, error) : 0;
}
