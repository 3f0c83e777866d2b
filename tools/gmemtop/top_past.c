// SPDX-License-Identifier: GPL-2.0-only
/* Moving about in time: in a recording by its player, else in what --history has kept. */
#include <errno.h>
#include <string.h>

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

static void set_back(struct gmt_top *top, size_t back)
{
	struct gmt_live *live = &top->live;

	live->back = back;
	live->recent.back = live->recent_all.back = back;
	for (int by = 0; by < GMT_GROUP_KINDS; by++)
		live->recent_groups[by].back = back;
}

/* Shows the moment so many back; 0: the present again. Return: 0 or -ENOMEM */
static int go_back(struct gmt_top *top, size_t back)
{
	struct gmt_live *live = &top->live;
	struct gmt_table shown = live->table;

	if (back && !live->back) {
		top->present = shown;
		gmt_table_init(&live->table);
	} else if (!back && live->back) {
		live->table = top->present;
		gmt_table_exit(&shown);
		gmt_table_init(&top->present);
	}
	set_back(top, back);
	return back ? gmt_past_fill(&top->past, back, &live->table) : 0;
}

/* How many moments back @seconds before or after the one shown is. */
static size_t seek_back(const struct gmt_top *top, double seconds)
{
	size_t back = top->live.back;
	double from = (double)gmt_past_time(&top->past, back);

	while (seconds < 0 && back < top->live.back_max &&
	       from - (double)gmt_past_time(&top->past, back) < -seconds * 1e9)
		back++;
	while (seconds > 0 && back &&
	       (double)gmt_past_time(&top->past, back) - from < seconds * 1e9)
		back--;
	return back;
}

static int ask_past(struct gmt_top *top, struct gmt_error *error)
{
	size_t max = top->live.back_max;
	double back = (double)top->live.back;

	switch (top->ui.ask) {
	case GMT_ASK_STEP:
		back -= top->ui.ask_value;
		break;
	case GMT_ASK_SEEK:
		back = (double)seek_back(top, top->ui.ask_value);
		break;
	case GMT_ASK_BEGIN:
		back = (double)max;
		break;
	default:
		back = 0;
	}
	if (go_back(top, back<0 ? 0 : back>(double) max ? max : (size_t)back))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return gmt_top_read(top, error);
}

int gmt_top_keep(struct gmt_top *top)
{
	struct gmt_live *live = &top->live;
	int err;

	if (!top->history_s || top->source->player)
		return 0;
	err = gmt_past_add(&top->past, &live->table);
	live->has_past = true;
	live->back_max = gmt_past_moments(&top->past);
	return err;
}

int gmt_top_refresh_behind(struct gmt_top *top, struct gmt_error *error)
{
	struct gmt_live *live = &top->live;
	struct gmt_table shown = live->table;
	size_t back = live->back;
	int err;

	/* The present goes on while the past is looked at, and the moment shown stays. */
	live->table = top->present;
	set_back(top, 0);
	err = gmt_refresh(top->source, &live->table, error);
	if (!err) {
		gmt_live_account(live, false);
		err = gmt_top_keep(top);
		if (err)
			gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	}
	top->present = live->table;
	live->table = shown;
	if (err) {
		set_back(top, back);
		return err;
	}
	if (back + 1 <= live->back_max) {
		set_back(top, back + 1);
		return 0;
	}
	/* What was shown is not kept any longer: the oldest that is takes its place. */
	set_back(top, live->back_max);
	if (gmt_past_fill(&top->past, live->back, &live->table))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return 0;
}

int gmt_top_ask(struct gmt_top *top, struct gmt_error *error)
{
	return top->source->player ? ask_player(top, error) : ask_past(top, error);
}
