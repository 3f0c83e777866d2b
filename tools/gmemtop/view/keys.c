// SPDX-License-Identifier: GPL-2.0-only
/* What each key does, as a table that the help is drawn from. Typed text and menus are in typing.c. */
#include <curses.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "view/ui.h"

#define KEY_ESCAPE 27
#define CTRL(c)	   ((c) & 0x1f)
/* Set in a key of the table that curses tells as a function key. */
#define FN(key) ((key) | 0x40000000)

enum scroll {
	UP,
	DOWN,
	PAGE_UP,
	PAGE_DOWN,
	FIRST,
	LAST,
};

static enum gmt_act quit(struct gmt_ui *ui, int arg)
{
	return GMT_ACT_QUIT;
}

static enum gmt_act help(struct gmt_ui *ui, int arg)
{
	ui->mode = GMT_MODE_HELP;
	ui->scroll = 0;
	return GMT_ACT_DRAW;
}

static enum gmt_act open_view(struct gmt_ui *ui, int view)
{
	return gmt_ui_open(ui, view);
}

static enum gmt_act next_view(struct gmt_ui *ui, int step)
{
	int view = ui->view == GMT_VIEW_DETAIL ? ui->back : ui->view;

	return gmt_ui_open(ui, (view + GMT_VIEW_TABS + step) % GMT_VIEW_TABS);
}

static enum gmt_act enter(struct gmt_ui *ui, int arg)
{
	return gmt_ui_enter(ui);
}

static enum gmt_act leave(struct gmt_ui *ui, int arg)
{
	return gmt_ui_leave(ui);
}

static enum gmt_act scroll_rows(struct gmt_ui *ui, int how)
{
	long page = ui->rows > 2 ? ui->rows - 1 : 1;
	static const long ends[] = { [FIRST] = -LONG_MAX, [LAST] = LONG_MAX };

	switch (how) {
	case UP:
		return gmt_ui_move(ui, -1);
	case DOWN:
		return gmt_ui_move(ui, 1);
	case PAGE_UP:
		return gmt_ui_move(ui, -page);
	case PAGE_DOWN:
		return gmt_ui_move(ui, page);
	default:
		return gmt_ui_move(ui, ends[how]);
	}
}

static enum gmt_act sort_neighbour(struct gmt_ui *ui, int step)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);
	int at = grid->sort;

	if (!grid->type)
		return GMT_ACT_NONE;
	do {
		at = (at + grid->type->count + step) % grid->type->count;
	} while (!gmt_grid_shows(grid, at) && at != grid->sort);
	gmt_grid_sort_by(grid, at);
	return GMT_ACT_BUILD;
}

static enum gmt_act reverse(struct gmt_ui *ui, int arg)
{
	gmt_ui_grid(ui)->descending = !gmt_ui_grid(ui)->descending;
	return GMT_ACT_BUILD;
}

static enum gmt_act menu(struct gmt_ui *ui, int mode)
{
	if (!gmt_ui_grid(ui)->type)
		return GMT_ACT_NONE;
	ui->mode = mode;
	ui->menu = mode == GMT_MODE_SORT ? gmt_ui_grid(ui)->sort : 0;
	return GMT_ACT_DRAW;
}

static enum gmt_act type_text(struct gmt_ui *ui, int mode)
{
	return gmt_ui_type(ui, mode);
}

static enum gmt_act search_next(struct gmt_ui *ui, int step)
{
	if (gmt_ui_grid(ui)->type && !gmt_grid_search(gmt_ui_grid(ui), ui, step, false))
		snprintf(ui->note, sizeof(ui->note), "nothing found");
	return GMT_ACT_DRAW;
}

static enum gmt_act follow(struct gmt_ui *ui, int arg)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (!grid->type)
		return GMT_ACT_NONE;
	grid->follow = !grid->follow;
	if (gmt_grid_chosen(grid))
		grid->cursor_key = gmt_grid_chosen(grid)->key;
	return GMT_ACT_DRAW;
}

static enum gmt_act mark(struct gmt_ui *ui, int arg)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (!gmt_grid_chosen(grid))
		return GMT_ACT_NONE;
	gmt_keys_toggle(&grid->marks, gmt_grid_chosen(grid)->key);
	gmt_grid_move(grid, 1);
	return GMT_ACT_DRAW;
}

static enum gmt_act unmark(struct gmt_ui *ui, int arg)
{
	gmt_ui_grid(ui)->marks.count = 0;
	return GMT_ACT_DRAW;
}

static enum gmt_act collapse(struct gmt_ui *ui, int arg)
{
	return gmt_ui_collapse(ui);
}

static enum gmt_act collapse_all(struct gmt_ui *ui, int arg)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (ui->view != GMT_VIEW_CGROUPS)
		return GMT_ACT_NONE;
	if (grid->collapsed.count) {
		grid->collapsed.count = 0;
		return GMT_ACT_BUILD;
	}
	for (size_t i = 0; i < grid->count; i++)
		if (grid->rows[i].parent && grid->rows[i].depth)
			gmt_keys_toggle(&grid->collapsed, grid->rows[i].key);
	return GMT_ACT_BUILD;
}

static enum gmt_act pause_it(struct gmt_ui *ui, int arg)
{
	if (ui->live->replaying) {
		ui->ask = GMT_ASK_STOP;
		return GMT_ACT_REFRESH;
	}
	ui->paused = !ui->paused;
	ui->live->events.held = ui->paused ? ui->live->events.next - 1 : 0;
	return ui->paused ? GMT_ACT_DRAW : GMT_ACT_REFRESH;
}

static enum gmt_act change_interval(struct gmt_ui *ui, int faster)
{
	ui->interval *= faster ? 0.5 : 2;
	if (ui->interval < GMT_INTERVAL_MIN)
		ui->interval = GMT_INTERVAL_MIN;
	if (ui->interval > GMT_INTERVAL_MAX)
		ui->interval = GMT_INTERVAL_MAX;
	return GMT_ACT_DRAW;
}

static enum gmt_act next_units(struct gmt_ui *ui, int arg)
{
	ui->look.units = (ui->look.units + 1) % GMT_UNITS_MAX;
	snprintf(ui->note, sizeof(ui->note), "units: %s", gmt_units_name(ui->look.units));
	return GMT_ACT_BUILD;
}

static enum gmt_act next_theme(struct gmt_ui *ui, int arg)
{
	ui->look.theme++;
	if (!gmt_theme_name(ui->look.theme))
		ui->look.theme = 0;
	gmt_theme_use(ui->look.theme);
	snprintf(ui->note, sizeof(ui->note), "theme: %s", gmt_theme_name(ui->look.theme));
	clearok(curscr, TRUE);
	return GMT_ACT_DRAW;
}

static enum gmt_act toggle_unicode(struct gmt_ui *ui, int arg)
{
	ui->look.unicode = !ui->look.unicode;
	return GMT_ACT_DRAW;
}

static enum gmt_act acknowledge(struct gmt_ui *ui, int arg)
{
	return gmt_ui_acknowledge(ui);
}

static enum gmt_act toggle_since(struct gmt_ui *ui, int arg)
{
	ui->since_last = !ui->since_last;
	snprintf(ui->note, sizeof(ui->note), "times: %s",
		 ui->since_last ? "of the last refresh" : "since the view was opened");
	return GMT_ACT_BUILD;
}

static enum gmt_act ask(struct gmt_ui *ui, enum gmt_ask what, double value)
{
	if (!ui->live->replaying && !ui->live->has_past) {
		snprintf(ui->note, sizeof(ui->note), "no past is kept: start with --history");
		return GMT_ACT_DRAW;
	}
	ui->ask = what;
	ui->ask_value = value;
	return GMT_ACT_REFRESH;
}

static enum gmt_act step(struct gmt_ui *ui, int count)
{
	return ask(ui, GMT_ASK_STEP, count);
}

static enum gmt_act seek(struct gmt_ui *ui, int seconds)
{
	return ask(ui, GMT_ASK_SEEK, seconds);
}

static enum gmt_act seek_end(struct gmt_ui *ui, int end)
{
	return ask(ui, end ? GMT_ASK_END : GMT_ASK_BEGIN, 0);
}

static enum gmt_act speed(struct gmt_ui *ui, int faster)
{
	if (!ui->live->replaying)
		return GMT_ACT_NONE;
	return ask(ui, GMT_ASK_FASTER, faster ? 2 : 0.5);
}

static enum gmt_act save(struct gmt_ui *ui, int arg)
{
	ui->ask = GMT_ASK_SAVE;
	return GMT_ACT_DRAW;
}

static enum gmt_act redraw(struct gmt_ui *ui, int arg)
{
	clearok(curscr, TRUE);
	return GMT_ACT_REFRESH;
}

/**
 * struct key - One line of the help
 * @keys: 0 ends them
 * @shown, @text: in the help; NULL: told by the line before
 */
struct key {
	int keys[4];
	const char *shown;
	const char *text;
	enum gmt_act (*act)(struct gmt_ui *ui, int arg);
	int arg;
};

static const struct key table[] = {
	{ { 'q', 'Q', FN(KEY_F(10)) }, "q F10", "quit", quit, 0 },
	{ { '?', 'h', FN(KEY_F(1)) }, "? h F1", "this help", help, 0 },
	{ { '1' },
	  "1 - 8",
	  "gmems, processes, VMs, cgroups, nodes, latency, events, policies",
	  open_view,
	  GMT_VIEW_GMEMS },
	{ { '2' }, NULL, NULL, open_view, GMT_VIEW_PROCESSES },
	{ { '3' }, NULL, NULL, open_view, GMT_VIEW_VMS },
	{ { '4' }, NULL, NULL, open_view, GMT_VIEW_CGROUPS },
	{ { '5' }, NULL, NULL, open_view, GMT_VIEW_NODES },
	{ { '6' }, NULL, NULL, open_view, GMT_VIEW_LATENCY },
	{ { '7' }, NULL, NULL, open_view, GMT_VIEW_EVENTS },
	{ { '8' }, NULL, NULL, open_view, GMT_VIEW_POLICIES },
	{ { '\t' }, "Tab S-Tab", "next and previous view", next_view, 1 },
	{ { FN(KEY_BTAB) }, NULL, NULL, next_view, -1 },
	{ { '\r', '\n', FN(KEY_ENTER) },
	  "Enter",
	  "open: the gmem in full; the gmems of a group",
	  enter,
	  0 },
	{ { KEY_ESCAPE }, "Esc", "back; end search, filter, choice of a group", leave, 0 },
	{ { 'k', FN(KEY_UP) }, "up down k j", "move; PgUp PgDn Home End g G too", scroll_rows, UP },
	{ { 'j', FN(KEY_DOWN) }, NULL, NULL, scroll_rows, DOWN },
	{ { CTRL('B'), FN(KEY_PPAGE) }, NULL, NULL, scroll_rows, PAGE_UP },
	{ { CTRL('F'), FN(KEY_NPAGE) }, NULL, NULL, scroll_rows, PAGE_DOWN },
	{ { 'g', FN(KEY_HOME) }, NULL, NULL, scroll_rows, FIRST },
	{ { 'G', FN(KEY_END) }, NULL, NULL, scroll_rows, LAST },
	{ { '/', FN(KEY_F(3)) },
	  "/ F3",
	  "search as you type; n N next, previous",
	  type_text,
	  GMT_MODE_SEARCH },
	{ { 'n' }, NULL, NULL, search_next, 1 },
	{ { 'N' }, NULL, NULL, search_next, -1 },
	{ { '\\', 'f', FN(KEY_F(4)) },
	  "\\ f F4",
	  "filter: words, or COLUMN=TEXT",
	  type_text,
	  GMT_MODE_FILTER },
	{ { '<', FN(KEY_LEFT) },
	  "< > left right",
	  "sort by the column before, after",
	  sort_neighbour,
	  -1 },
	{ { '>', FN(KEY_RIGHT) }, NULL, NULL, sort_neighbour, 1 },
	{ { 's', FN(KEY_F(6)) }, "s F6", "choose the column to sort by", menu, GMT_MODE_SORT },
	{ { 'r', 'I' }, "r I", "reverse the order", reverse, 0 },
	{ { 'c', FN(KEY_F(2)) }, "c F2", "choose the columns shown", menu, GMT_MODE_COLUMNS },
	{ { 'F' }, "F", "follow: the cursor goes with its row", follow, 0 },
	{ { 'm', FN(KEY_IC) }, "m", "mark a row; M unmarks all", mark, 0 },
	{ { 'M' }, NULL, NULL, unmark, 0 },
	{ { 'e' }, "e", "collapse or expand in the tree; E all", collapse, 0 },
	{ { 'E' }, NULL, NULL, collapse_all, 0 },
	{ { ' ', 'p' }, "space p", "pause, or go on; events keep coming", pause_it, 0 },
	{ { '+' }, "+ -", "longer, shorter time between refreshes", change_interval, 0 },
	{ { '-' }, NULL, NULL, change_interval, 1 },
	{ { 'a' }, "a", "denials were seen: the alarm goes", acknowledge, 0 },
	{ { 'l' }, "l", "latency: of the last refresh, or all", toggle_since, 0 },
	{ { '[' }, "[ ]", "replay, --history: a snapshot back, on", step, -1 },
	{ { ']' }, NULL, NULL, step, 1 },
	{ { '{' }, "{ }", "10 seconds back, on", seek, -10 },
	{ { '}' }, NULL, NULL, seek, 10 },
	{ { '(' }, "( )", "to the beginning; to the end, or now", seek_end, 0 },
	{ { ')' }, NULL, NULL, seek_end, 1 },
	{ { ',' }, ", .", "replay: half, double speed", speed, 0 },
	{ { '.' }, NULL, NULL, speed, 1 },
	{ { 'u' }, "u", "units: iec, si, bytes", next_units, 0 },
	{ { 't' }, "t", "theme: default, light, dark, mono", next_theme, 0 },
	{ { 'U' }, "U", "Unicode or ASCII", toggle_unicode, 0 },
	{ { 'w' }, "w", "write the settings now; quitting does too", save, 0 },
	{ { CTRL('L') }, "^L", "draw all anew", redraw, 0 },
};

#define KEYS (sizeof(table) / sizeof(table[0]))

static enum gmt_act key_in_help(struct gmt_ui *ui, int key)
{
	switch (key) {
	case FN(KEY_DOWN):
	case 'j':
		ui->scroll++;
		return GMT_ACT_DRAW;
	case FN(KEY_UP):
	case 'k':
		ui->scroll -= ui->scroll > 0;
		return GMT_ACT_DRAW;
	case FN(KEY_NPAGE):
		ui->scroll += LINES > 4 ? LINES - 4 : 1;
		return GMT_ACT_DRAW;
	case FN(KEY_PPAGE):
		ui->scroll = 0;
		return GMT_ACT_DRAW;
	case 'q':
		return GMT_ACT_QUIT;
	default:
		ui->mode = GMT_MODE_NORMAL;
		ui->scroll = 0;
		return GMT_ACT_DRAW;
	}
}

enum gmt_act gmt_ui_key(struct gmt_ui *ui, bool is_function, unsigned int key)
{
	int wanted = is_function ? FN((int)key) : (int)key;

	if (is_function && key == KEY_RESIZE)
		return GMT_ACT_DRAW;
	if (is_function && key == KEY_MOUSE)
		return gmt_ui_mouse(ui);
	ui->note[0] = '\0';
	switch (ui->mode) {
	case GMT_MODE_HELP:
		return key_in_help(ui, wanted);
	case GMT_MODE_SEARCH:
	case GMT_MODE_FILTER:
		return gmt_ui_typed_key(ui, is_function, key);
	case GMT_MODE_COLUMNS:
	case GMT_MODE_SORT:
		return gmt_ui_menu_key(ui, is_function, key);
	default:
		break;
	}
	for (size_t i = 0; i < KEYS; i++)
		for (int j = 0; j < 4 && table[i].keys[j]; j++)
			if (table[i].keys[j] == wanted)
				return table[i].act(ui, table[i].arg);
	return GMT_ACT_NONE;
}

void gmt_ui_help_draw(struct gmt_ui *ui)
{
	size_t lines = 0, column_lines, shown = LINES > 3 ? (size_t)LINES - 2 : 1;
	int width = COLS >= 120 ? COLS / 2 : COLS;
	char text[256];
	size_t at = 0;

	for (size_t i = 0; i < KEYS; i++)
		lines += table[i].shown != NULL;
	column_lines = COLS >= 120 ? (lines + 1) / 2 : lines;
	if (ui->scroll + shown > column_lines)
		ui->scroll = column_lines > shown ? column_lines - shown : 0;
	for (size_t i = 0; i < KEYS; i++) {
		int x = at >= column_lines ? width : 0;
		size_t y = at % column_lines;

		if (!table[i].shown)
			continue;
		at++;
		if (y < ui->scroll || y - ui->scroll >= shown)
			continue;
		y = y - ui->scroll + 1;
		gmt_role_use(GMT_ROLE_TITLE);
		mvprintw((int)y, x, " %-14s ", table[i].shown);
		gmt_fit(text, sizeof(text), table[i].text, width - 17 > 0 ? width - 17 : 1,
			GMT_ALIGN_LEFT);
		gmt_role_use(GMT_ROLE_TEXT);
		if (COLS > 17)
			addstr(text);
	}
	snprintf(ui->note, sizeof(ui->note), "%s",
		 column_lines > shown ? "up down scroll, any other key goes back" :
					"any key goes back");
}
