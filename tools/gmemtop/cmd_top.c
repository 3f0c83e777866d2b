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

#include "source/probe.h"
#include "top.h"
#include "view/format.h"
#include "view/json.h"
#include "view/settings.h"
#include "view/text.h"
#include "view/tui.h"
#include "view/views/views.h"

enum {
	KEY_VIEW = GMT_KEY_DURATION + 0x100,
	KEY_THEME,
	KEY_ASCII,
	KEY_READONLY,
	KEY_HISTORY,
	KEY_NO_MOUSE,
};

#define HISTORY_DEFAULT_S 600
#define HISTORY_BYTES_MAX ((size_t)16 << 20)

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
	{ "view", KEY_VIEW, "NAME", 0,
	  "Begin with this view: gmems (default), processes, vms, cgroups, nodes, latency, events or "
	  "policies",
	  0 },
	{ "theme", KEY_THEME, "NAME", 0, "Colours: default, light, dark or mono", 0 },
	{ "ascii", KEY_ASCII, 0, 0, "Draw with ASCII characters only", 0 },
	{ "no-mouse", KEY_NO_MOUSE, 0, 0, "Leave the mouse to the terminal", 0 },
	{ "readonly", KEY_READONLY, 0, 0, "Attach no program, write no settings", 0 },
	{ "history", KEY_HISTORY, "S", OPTION_ARG_OPTIONAL,
	  "Keep the last S seconds (default 600, bounded in memory) to scroll back to", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static const char *parse_view(struct argp_state *state, const char *name)
{
	for (int i = 0; i < GMT_VIEW_TABS; i++)
		if (!strcmp(gmt_views[i].name, name))
			return name;
	argp_error(state, "there is no view '%s'", name);
	return NULL;
}

static const char *parse_theme(struct argp_state *state, const char *name)
{
	if (strcasecmp(gmt_theme_name(gmt_theme_find(name)), name))
		argp_error(state, "there is no theme '%s'", name);
	return name;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct gmt_top *top = state->input;
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
		top->interval_given = true;
		top->interval = gmt_parse_seconds(state, arg, GMT_INTERVAL_MIN, GMT_INTERVAL_MAX);
		return 0;
	case 's':
		top->sort = gmt_column_find(gmt_columns_live, gmt_columns_live_count, arg);
		if (top->sort == GMT_COLUMN_MAX)
			argp_error(state, "there is no column '%s'", arg);
		top->sort_given = true;
		return 0;
	case 'r':
		top->reverse_given = !top->reverse_given;
		return 0;
	case 'f':
		if (gmt_filter_parse(&filter, arg))
			argp_error(state, "'%s' is no filter", arg);
		snprintf(top->filter, sizeof(top->filter), "%s", arg);
		return 0;
	case KEY_VIEW:
		top->view = parse_view(state, arg);
		return 0;
	case KEY_THEME:
		top->theme = parse_theme(state, arg);
		return 0;
	case KEY_ASCII:
		top->ascii = true;
		return 0;
	case KEY_NO_MOUSE:
		top->no_mouse = true;
		return 0;
	case KEY_READONLY:
		top->readonly = true;
		return 0;
	case KEY_HISTORY:
		top->history_s = HISTORY_DEFAULT_S;
		if (arg)
			top->history_s = gmt_parse_seconds(state, arg, 1, 86400);
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

static int select_rows(struct gmt_table *table, const char *text, enum gmt_column sort,
		       bool descending, char *why, size_t size, struct gmt_error *error)
{
	struct gmt_filter filter;
	int err;

	err = gmt_filter_parse(&filter, text);
	snprintf(why, size, "%s", !err ? "" : err == -EINVAL ? "no such column" : "too long");
	/* While it is being typed a filter may be none yet: all rows are shown then. */
	if (gmt_table_select(table, err ? NULL : &filter, sort, descending))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return 0;
}

int gmt_top_select(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_grid *grid = &top->ui.grids[GMT_VIEW_GMEMS];
	bool gmems = top->ui.view == GMT_VIEW_GMEMS;
	char why[64];
	int err;

	err = select_rows(&top->live.table, gmems ? grid->filter : "", gmt_gmems_column(grid),
			  grid->descending, why, sizeof(why), error);
	if (gmems && top->ui.mode != GMT_MODE_SEARCH)
		strcpy(top->ui.typed_error, why);
	return err;
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

static int run_batch(struct gmt_top *top, struct gmt_error *error)
{
	bool descending = top->reverse_given ^ gmt_column_descends(top->sort);
	struct gmt_source *source = top->source;
	struct gmt_table *table = &top->live.table;
	struct timespec next;
	char why[64];
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
		add_seconds(&next, top->interval);
		err = gmt_pass_time(source, &next, error);
		if (!err)
			err = gmt_refresh(source, table, error);
		if (!err)
			err = select_rows(table, top->filter, top->sort, descending, why,
					  sizeof(why), error);
		if (!err)
			err = print_refresh(table, top->json, error);
		if (err)
			return err;
	}
	return 0;
}

/* Settings first, then what the command line says. */
static void set_up(struct gmt_top *top)
{
	struct gmt_ui *ui = &top->ui;
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_GMEMS];

	ui->look.unicode = gmt_tui_unicode();
	gmt_settings_load(ui);
	ui->readonly = top->readonly;
	if (top->interval_given)
		ui->interval = top->interval;
	if (top->sort_given)
		gmt_gmems_sort_by(grid, top->sort);
	grid->descending ^= top->reverse_given;
	strcpy(grid->filter, top->filter);
	if (top->theme)
		ui->look.theme = gmt_theme_find(top->theme);
	if (top->ascii)
		ui->look.unicode = false;
	if (top->no_mouse)
		ui->mouse = false;
	for (int i = 0; top->view && i < GMT_VIEW_TABS; i++)
		if (!strcmp(gmt_views[i].name, top->view))
			ui->view = i;
}

static int run(struct gmt_top *top, struct gmt_error *error)
{
	int err;

	if (top->batch || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return run_batch(top, error);
	gmt_ui_init(&top->ui, &top->live);
	top->past.seconds = top->history_s;
	top->past.bytes_max = HISTORY_BYTES_MAX;
	set_up(top);
	err = gmt_top_live(top, error);
	gmt_ui_exit(&top->ui);
	return err;
}

int cmd_top(int argc, char **argv, struct gmt_error *error)
{
	/* Large, and there is one. */
	static struct gmt_top top = { .interval = 1 };
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &top);
	err = gmt_source_open(&top.source, error);
	if (err)
		return err;
	if (gmt_live_init(&top.live))
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	else
		err = run(&top, error);
	gmt_past_exit(&top.past);
	gmt_table_exit(&top.present);
	gmt_live_exit(&top.live);
	top.source->ops->close(top.source);
	/* Whoever ended us by a signal shall see so; ^C is a way to quit. */
	if (!err && gmt_tui_signal() && gmt_tui_signal() != SIGINT) {
		signal(gmt_tui_signal(), SIG_DFL);
		raise(gmt_tui_signal());
	}
	return err;
}
