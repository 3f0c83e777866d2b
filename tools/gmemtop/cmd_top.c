// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop without a verb: the live table on a terminal, or a table (or JSON) a refresh on
 * a stream. Snapshots only: no tracepoint is listened to, nothing is paid per event.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "source/probe.h"
#include "view/format.h"
#include "view/json.h"
#include "view/text.h"
#include "view/tui.h"

struct top_options {
	bool batch;
	bool json;
	uint64_t refreshes; /* 0: without end */
	struct gmt_screen screen;
};

static const struct argp_option options[] = {
	{ "batch", 'b', 0, 0, "Print a table a refresh; the default where there is no terminal",
	  0 },
	{ "json", 'j', 0, 0, "As --batch, one JSON object a refresh, each on a line", 0 },
	{ "refreshes", 'n', "N", 0, "End after N refreshes", 0 },
	{ "delay", 'd', "S", 0, "Refresh every S seconds (default 1)", 0 },
	{ "sort", 's', "COLUMN", 0,
	  "Sort by id (default), name, command, pid, size, private, shared, faults, "
	  "conversions, denied, vm or cgroup; numbers largest first",
	  0 },
	{ "reverse", 'r', 0, 0, "Sort the other way round", 0 },
	{ "filter", 'f', "WORDS", 0,
	  "Only gmems in whose id, name, command, pid, vm or cgroup each word is found, or "
	  "COLUMN=TEXT for one of these",
	  0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct top_options *top = state->input;
	struct gmt_screen *screen = &top->screen;
	struct gmt_filter filter;

	switch (key) {
	case 'b':
		top->batch = true;
		return 0;
	case 'j':
		top->batch = top->json = true;
		return 0;
	case 'n':
		top->refreshes = gmt_parse_number(state, arg, "-n", UINT32_MAX);
		if (!top->refreshes)
			argp_error(state, "-n: at least one refresh is wanted");
		return 0;
	case 'd':
		screen->interval =
			gmt_parse_seconds(state, arg, GMT_INTERVAL_MIN, GMT_INTERVAL_MAX);
		return 0;
	case 's':
		screen->sort = gmt_column_find(gmt_columns_live, gmt_columns_live_count, arg);
		if (screen->sort == GMT_COLUMN_MAX)
			argp_error(state, "there is no column '%s'", arg);
		screen->descending ^= gmt_column_descends(screen->sort);
		return 0;
	case 'r':
		screen->descending = !screen->descending;
		return 0;
	case 'f':
		if (gmt_filter_parse(&filter, arg))
			argp_error(state, "'%s' is no filter", arg);
		snprintf(screen->filter, sizeof(screen->filter), "%s", arg);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	if (key == ARGP_KEY_HELP_POST_DOC)
		return gmt_verbs_help();
	return (char *)text;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "gmemtop -- who holds guarded memory, faults, converts and is denied\v ",
	.help_filter = help_filter,
};

static int select_rows(struct gmt_table *table, struct gmt_screen *screen, struct gmt_error *error)
{
	struct gmt_filter filter;
	int err;

	err = gmt_filter_parse(&filter, screen->filter);
	screen->filter_error[0] = '\0';
	if (err)
		snprintf(screen->filter_error, sizeof(screen->filter_error), "%s",
			 err == -EINVAL ? "no such column" : "too long");
	/* While it is being typed a filter may be none yet: all rows are shown then. */
	if (gmt_table_select(table, err ? NULL : &filter, screen->sort, screen->descending))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return 0;
}

static int print_refresh(const struct gmt_table *table, bool json, struct gmt_error *error)
{
	if (json) {
		if (gmt_json_table(stdout, table))
			return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	} else {
		gmt_text_refresh_head(stdout, table);
		gmt_text_table(stdout, table, gmt_columns_live, gmt_columns_live_count, true);
		putchar('\n');
	}
	return gmt_flush(error);
}

static void add_seconds(struct timespec *time, double seconds)
{
	int64_t ns = time->tv_nsec + (int64_t)(seconds * 1e9);

	time->tv_sec += ns / 1000000000;
	time->tv_nsec = ns % 1000000000;
}

static int run_batch(struct gmt_source *source, struct gmt_table *table, struct top_options *top,
		     struct gmt_error *error)
{
	struct timespec next;
	int err;

	/* A first reading that is not shown, so that every refresh shown has its rates. */
	err = gmt_refresh(source, table, error);
	if (err)
		return err;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t i = 0; !top->refreshes || i < top->refreshes; i++) {
		/* Of a recording that is over, one refresh is shown nevertheless. */
		if (i && gmt_source_ended(source))
			return 0;
		add_seconds(&next, top->screen.interval);
		err = gmt_pass_time(source, &next, error);
		if (!err)
			err = gmt_refresh(source, table, error);
		if (!err)
			err = select_rows(table, &top->screen, error);
		if (!err)
			err = print_refresh(table, top->json, error);
		if (err)
			return err;
	}
	return 0;
}

static double monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Milliseconds until @due, rounded up; a poll that long has passed it. */
static int ms_until(double due)
{
	double left = due - monotonic_s();

	return left > 0 ? (int)(left * 1000) + 1 : 0;
}

static int run_live(struct gmt_source *source, struct gmt_table *table, struct top_options *top,
		    struct gmt_error *error)
{
	enum gmt_tui_action action = GMT_TUI_REFRESH;
	struct gmt_screen *screen = &top->screen;
	uint64_t refreshes = 0;
	double due = 0;
	int err = 0;

	while (action != GMT_TUI_QUIT) {
		if (action == GMT_TUI_REFRESH || action == GMT_TUI_TIMEOUT) {
			err = gmt_refresh(source, table, error);
			if (err)
				return err;
			/* The second one soon, so that there are rates to see. */
			due = monotonic_s() + (table->refreshes == 1 && screen->interval > 0.5 ?
						       0.5 :
						       screen->interval);
			if (top->refreshes && refreshes++ == top->refreshes)
				return 0;
		}
		/* A refresh voids the selection, typing and sorting change it. */
		err = select_rows(table, screen, error);
		if (err)
			return err;
		gmt_tui_draw(table, screen);
		action = gmt_tui_wait(screen, screen->paused ? -1 : ms_until(due));
	}
	return 0;
}

static int run(struct gmt_source *source, struct gmt_table *table, struct top_options *top,
	       struct gmt_error *error)
{
	int err;

	if (top->batch || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return run_batch(source, table, top, error);
	err = gmt_tui_open(error);
	if (err)
		return err;
	err = run_live(source, table, top, error);
	gmt_tui_close();
	return err;
}

int cmd_top(int argc, char **argv, struct gmt_error *error)
{
	struct top_options top = { .screen = { .interval = 1 } };
	struct gmt_source *source;
	struct gmt_table table;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &top);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	gmt_table_init(&table);
	err = run(source, &table, &top, error);
	gmt_table_exit(&table);
	source->ops->close(source);
	/* Whoever ended us by a signal shall see so; ^C is a way to quit. */
	if (!err && gmt_tui_signal() && gmt_tui_signal() != SIGINT) {
		signal(gmt_tui_signal(), SIG_DFL);
		raise(gmt_tui_signal());
	}
	return err;
}
