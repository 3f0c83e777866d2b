// SPDX-License-Identifier: GPL-2.0-only
/* The dashboard on a terminal: refresh, draw what changed, wait for a key, an event or the time. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "top.h"
#include "view/settings.h"
#include "view/tui.h"
#include "view/views/views.h"

/* How long an event may wait in the buffer while few others come. */
#define EVENTS_MS 100
#define SOON_S	  0.25

static double monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Milliseconds until @due, rounded up; a poll that long has passed it. */
static int ms_until(double due)
{
	double left = due - monotonic_s();

	return left > 0 ? (int)(left * 1000) + 1 : 0;
}

static int timeout_ms(const struct gmt_top *top)
{
	bool listening = top->attached & (GMT_NEED_BIT(EVENTS) | GMT_NEED_BIT(DENIALS));
	bool resting =
		top->ui.paused || top->live.back || (top->live.replaying && top->live.speed == 0);
	int left = resting ? -1 : ms_until(top->due);

	if (listening && !resting && (left < 0 || left > EVENTS_MS))
		return EVENTS_MS;
	/* While paused events still have to be taken from their buffer. */
	return listening && left < 0 && !top->live.replaying ? EVENTS_MS : left;
}

static int refresh(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_table *table = &top->live.table;
	double interval = top->ui.interval;
	int err = 0;

	if (top->live.back) {
		gmt_top_attach(top);
		if (!ms_until(top->due)) {
			top->due = monotonic_s() + interval;
			err = gmt_top_refresh_behind(top, error);
		}
		return err ? err : gmt_top_read(top, error);
	}
	/* A view that is opened soon after a refresh shows that: rates of moments are noise. */
	if (table->refreshes > 1 && monotonic_s() - top->refreshed < SOON_S && ms_until(top->due)) {
		gmt_top_attach(top);
		return gmt_top_read(top, error);
	}
	/* A recording that runs fast has more to show a second. */
	if (top->live.replaying && top->live.speed > 1)
		interval /= top->live.speed < 10 ? top->live.speed : 10;
	gmt_top_attach(top);
	if (top->source->player && !table->refreshes)
		err = gmt_top_arrive(top, error);
	else
		err = gmt_top_refresh(top, false, error);
	if (err)
		return err;
	top->refreshed = monotonic_s();
	/* The second one soon, so that there are rates to see. */
	top->due = monotonic_s() + (table->refreshes == 1 && interval > 0.5 ? 0.5 : interval);
	return 0;
}

static int build(struct gmt_top *top, struct gmt_error *error)
{
	int err = gmt_top_select(top, error);

	if (err)
		return err;
	gmt_ui_build(&top->ui);
	return 0;
}

static void save(struct gmt_top *top)
{
	char where[128];

	if (top->readonly)
		snprintf(where, sizeof(where), "--readonly: settings are not written");
	else
		gmt_settings_save(&top->ui, where, sizeof(where));
	snprintf(top->ui.note, sizeof(top->ui.note), "%s", where);
}

/* One round: what has to be read anew is told by what the last wait brought. */
static int round_of(struct gmt_top *top, enum gmt_act *act, uint64_t *refreshes,
		    struct gmt_error *error)
{
	bool timed = *act == GMT_ACT_NONE && !ms_until(top->due);
	bool resting = top->ui.paused;
	size_t events;
	int err = 0;

	if (top->ui.ask == GMT_ASK_SAVE) {
		save(top);
		top->ui.ask = GMT_ASK_NOTHING;
	} else if (top->ui.ask) {
		err = gmt_top_ask(top, error);
		top->ui.ask = GMT_ASK_NOTHING;
	} else if (*act == GMT_ACT_REFRESH || (timed && !resting)) {
		err = refresh(top, error);
		if (top->refreshes && (*refreshes)++ == top->refreshes)
			*act = GMT_ACT_QUIT;
	}
	if (err || *act == GMT_ACT_QUIT)
		return err;
	events = gmt_top_poll(top);
	if (*act == GMT_ACT_NONE && !timed && !events)
		return 0;
	/* A refresh voids the rows, typing and sorting change them. */
	err = build(top, error);
	if (!err)
		gmt_ui_draw(&top->ui);
	return err;
}

int gmt_top_live(struct gmt_top *top, struct gmt_error *error)
{
	enum gmt_act act = GMT_ACT_REFRESH;
	uint64_t refreshes = 0;
	int err;

	/* Without waiting there is nothing to be seen: here a recording runs at some speed, or stands. */
	if (top->source->player && isinf(top->source->player->speed(top->source)))
		top->source->player->set_speed(top->source, 1);
	err = gmt_tui_open(&top->ui, error);
	if (err)
		return err;
	for (;;) {
		err = round_of(top, &act, &refreshes, error);
		if (err || act == GMT_ACT_QUIT)
			break;
		act = gmt_tui_wait(&top->ui, timeout_ms(top));
		if (act == GMT_ACT_QUIT)
			break;
	}
	gmt_top_detach(top);
	gmt_tui_close();
	if (!err && (!gmt_tui_signal() || gmt_tui_signal() == SIGINT) && !top->readonly)
		save(top);
	return err;
}
