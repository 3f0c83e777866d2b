// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is around every view: title, totals, tabs, the line of denials that stands until it is
 * acknowledged, keys or what is typed. All sizes are taken; small ones go without what is least needed.
 */
#include <curses.h>
#include <inttypes.h>
#include <string.h>

#include "view/cells.h"
#include "view/ui.h"

#define LINE_BYTES 4096

void gmt_ui_line(int y, const char *text, enum gmt_role role)
{
	char line[LINE_BYTES];

	if (y < 0 || y >= LINES)
		return;
	gmt_fit(line, sizeof(line), text, COLS, GMT_ALIGN_LEFT);
	gmt_role_use(role);
	mvaddstr(y, 0, line);
	gmt_role_use(GMT_ROLE_TEXT);
}

/* What stands at the right end of the title: states that a reader must not overlook. */
static void state_words(char *text, size_t size, const struct gmt_ui *ui)
{
	const struct gmt_live *live = ui->live;
	char clock[16];
	size_t out = 0;

	text[0] = '\0';
	if (live->replaying) {
		double at = (double)(live->now_ns - live->first_ns) / 1e9;
		double all = (double)(live->last_ns - live->first_ns) / 1e9;

		out += snprintf(text + out, size - out, " REPLAY %.0f/%.0fs", at, all);
		if (live->speed > 0)
			out += snprintf(text + out, size - out, " x%.3g", live->speed);
		else
			out += snprintf(text + out, size - out, " STOPPED");
	}
	if (live->back) {
		gmt_format_clock(clock, sizeof(clock), live->table.last_ns, live->offset_ns);
		out += snprintf(text + out, size - out, " BACK %zu/%zu", live->back,
				live->back_max);
	}
	if (ui->paused && !live->back)
		out += snprintf(text + out, size - out, " PAUSED");
	if (ui->view < GMT_VIEW_TABS && ui->grids[ui->view].follow && ui->view != GMT_VIEW_EVENTS)
		out += snprintf(text + out, size - out, " FOLLOW");
	if (ui->readonly)
		out += snprintf(text + out, size - out, " READONLY");
	if (live->lost)
		snprintf(text + out, size - out, " LOST %" PRIu64, live->lost);
}

static void draw_title(const struct gmt_ui *ui)
{
	const struct gmt_table *table = &ui->live->table;
	char clock[16], count[64], text[512], state[192];
	int width;

	gmt_format_clock(clock, sizeof(clock), table->last_ns, ui->live->offset_ns);
	if (ui->view != GMT_VIEW_GMEMS || ui->grids[GMT_VIEW_GMEMS].count == table->count)
		snprintf(count, sizeof(count), "%zu gmem%s", table->count,
			 table->count == 1 ? "" : "s");
	else
		snprintf(count, sizeof(count), "%zu of %zu gmems", ui->grids[GMT_VIEW_GMEMS].count,
			 table->count);
	snprintf(text, sizeof(text), "gmemtop %s  %s", clock, count);
	if (ui->view == GMT_VIEW_GMEMS && ui->scope.on)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", ui->scope.title);
	else if (ui->view == GMT_VIEW_PROCESSES && ui->live->by_creator)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " by creator, holders are not known");
	else if (ui->tabs_y < 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  %s",
			 gmt_ui_view(ui)->title);
	if (!ui->paused && !ui->live->replaying && COLS >= 60)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "  every %.3gs",
			 ui->interval);
	state_words(state, sizeof(state), ui);
	gmt_ui_line(0, text, GMT_ROLE_TITLE);
	width = (int)strlen(state);
	if (!width)
		return;
	/* On a narrow screen the states are worth more than the rest. */
	gmt_fit(text, sizeof(text), state, width > COLS ? COLS : width, GMT_ALIGN_TAIL);
	gmt_role_use(ui->live->lost ? GMT_ROLE_ALARM : GMT_ROLE_WARN);
	mvaddstr(0, width > COLS ? 0 : COLS - width, text);
	gmt_role_use(GMT_ROLE_TEXT);
}

static void draw_totals(const struct gmt_ui *ui, int y)
{
	struct gmt_totals totals = ui->live->table.totals;
	char text[256];

	totals.lost += ui->live->lost;
	gmt_totals_format(text, sizeof(text), &totals, COLS);
	gmt_ui_line(y, text, GMT_ROLE_TEXT);
}

/* The last minutes of all gmems together. */
static void draw_sparks(const struct gmt_ui *ui, int y)
{
	static const char *const names[] = { "faults/s", "conversions/s", "denied/s" };
	static const uint32_t needed[] = { GMT_KNOWN_FAULTS, GMT_KNOWN_CONVERSIONS,
					   GMT_KNOWN_DENIED };
	int width = COLS / 3 - 25, x = 0;
	char text[1024], largest[8];

	if (width > GMT_HISTORY_SLOTS)
		width = GMT_HISTORY_SLOTS;
	move(y, 0);
	clrtoeol();
	for (int i = 0; i < GMT_HISTORY_RATES; i++) {
		double max = gmt_look_spark(text, sizeof(text), &ui->look, &ui->live->recent_all,
					    gmt_history_find(&ui->live->recent_all, 0), i, width);

		gmt_role_use(GMT_ROLE_DIM);
		mvprintw(y, x, "%s", names[i]);
		x += (int)strlen(names[i]) + 1;
		if (needed[i] & ~ui->live->table.totals.known) {
			mvaddstr(y, x, "?");
			x += width + 12;
			continue;
		}
		gmt_role_use(i == GMT_HISTORY_DENIED && max > 0 ? GMT_ROLE_ALARM : GMT_ROLE_SPARK);
		mvaddstr(y, x, text);
		x += width + 1;
		gmt_format_rate(largest, sizeof(largest), max);
		gmt_role_use(GMT_ROLE_DIM);
		mvprintw(y, x, "max %s", max < 0 ? "-" : largest);
		x += 11;
	}
	gmt_role_use(GMT_ROLE_TEXT);
}

static void draw_tabs(struct gmt_ui *ui, int y)
{
	int x = 0;

	move(y, 0);
	clrtoeol();
	for (int i = 0; i < GMT_VIEW_TABS; i++) {
		bool on = ui->view == (enum gmt_view_id)i ||
			  (ui->view == GMT_VIEW_DETAIL && ui->back == (enum gmt_view_id)i);

		ui->tab_x[i] = x;
		gmt_role_use(on ? GMT_ROLE_TAB_ON : GMT_ROLE_TAB);
		mvprintw(y, x, " %d %s ", i + 1, gmt_views[i].title);
		x += (int)strlen(gmt_views[i].title) + 4;
	}
	ui->tab_x[GMT_VIEW_TABS] = x;
	gmt_role_use(GMT_ROLE_TEXT);
}

/* Denials blink for nobody: they stand here until somebody says that they were seen. */
static void draw_alarm(const struct gmt_ui *ui, int y)
{
	const struct gmt_live *live = ui->live;
	char clock[16], name[GMT_NAME_MAX * 4 + 1], text[512];

	gmt_format_clock(clock, sizeof(clock), live->denied_first_ns, live->offset_ns);
	gmt_clean(name, sizeof(name), live->denied_name, sizeof(live->denied_name));
	if (COLS >= 76)
		snprintf(text, sizeof(text),
			 " DENIED %" PRIu64 " since %s, last by gmem %" PRIu64 " %s  (a: seen)",
			 live->denied, clock, live->denied_id, name);
	else
		snprintf(text, sizeof(text), "DENIED %" PRIu64 " since %s gmem %" PRIu64 " a: seen",
			 live->denied, clock, live->denied_id);
	gmt_ui_line(y, text, GMT_ROLE_ALARM);
}

static void draw_typed(const struct gmt_ui *ui, int y)
{
	const char *word = ui->mode == GMT_MODE_SEARCH ? "search" : "filter";
	char clean[GMT_GRID_TEXT_MAX * 4 + 1], text[LINE_BYTES];
	int at;

	gmt_clean(clean, sizeof(clean), ui->typed, sizeof(ui->typed));
	snprintf(text, sizeof(text), "%s: %s%s%s%s", word, clean, ui->typed_error[0] ? "  (" : "",
		 ui->typed_error, ui->typed_error[0] ? ")" : "");
	gmt_ui_line(y, text, GMT_ROLE_TITLE);
	at = (int)strlen(word) + 2 + gmt_width(clean);
	move(y, at < COLS ? at : COLS - 1);
}

/* The reminder of the keys that matters most where there is little room. */
static const char *keys_line(const struct gmt_ui *ui)
{
	if (ui->live->replaying)
		return COLS >= 78 ? "q quit  ? help  space stop/go  [ ] step  { } 10 s  , . speed  "
				    "( ) begin/end" :
				    "q quit ? help space stop [ ] step";
	if (ui->view == GMT_VIEW_DETAIL)
		return COLS >= 78 ? "q quit  ? help  Esc back  up down scroll  a denials seen" :
				    "q quit ? help Esc back";
	if (COLS >= 78)
		return "q quit  ? help  Enter open  / search  \\ filter  < > sort  r reverse  "
		       "space pause";
	return "q quit ? help / search \\ filter < >";
}

static void draw_foot(const struct gmt_ui *ui, int y)
{
	const struct gmt_grid *grid = &ui->grids[ui->view];
	char text[LINE_BYTES], clean[GMT_GRID_TEXT_MAX * 4 + 1];

	if (ui->mode == GMT_MODE_SEARCH || ui->mode == GMT_MODE_FILTER) {
		draw_typed(ui, y);
	} else if (ui->note[0]) {
		gmt_ui_line(y, ui->note, GMT_ROLE_WARN);
	} else if (grid->filter[0]) {
		gmt_clean(clean, sizeof(clean), grid->filter, sizeof(grid->filter));
		snprintf(text, sizeof(text), "filter: %s  (%s)", clean,
			 ui->typed_error[0] ? ui->typed_error : "Esc shows all");
		gmt_ui_line(y, text, GMT_ROLE_WARN);
	} else if (grid->search[0]) {
		gmt_clean(clean, sizeof(clean), grid->search, sizeof(grid->search));
		snprintf(text, sizeof(text), "search: %s  (n next, N previous, Esc ends)", clean);
		gmt_ui_line(y, text, GMT_ROLE_DIM);
	} else {
		gmt_ui_line(y, keys_line(ui), GMT_ROLE_DIM);
	}
}

/* Why a view lacks something, in its place. */
static const char *why_not(const struct gmt_ui *ui)
{
	for (int need = 0; need < GMT_NEEDS; need++)
		if ((gmt_ui_view(ui)->needs & 1U << need) && ui->live->why[need][0])
			return ui->live->why[need];
	return NULL;
}

static void draw_view(struct gmt_ui *ui, int y, int lines)
{
	const struct gmt_view *view = gmt_ui_view(ui);
	struct gmt_grid *grid = gmt_ui_grid(ui);
	const char *why = why_not(ui);

	ui->head_y = y;
	ui->rows_y = y + 1;
	ui->rows = lines - 1;
	if (view->draw) {
		view->draw(ui, y, lines);
	} else {
		gmt_grid_draw(grid, ui, y, lines - 1);
	}
	/* What is resident somewhere is a row of its own: why nobody knows where stands below. */
	if (grid->count && view->group == GMT_GROUP_NODE && why && grid->count + 1 < (size_t)lines)
		gmt_ui_line(y + 1 + (int)grid->count, why, GMT_ROLE_DIM);
	if (!view->type || grid->count)
		return;
	if (grid->total || (ui->view == GMT_VIEW_GMEMS && ui->live->table.count))
		gmt_ui_line(y + 1, "nothing passes the filter", GMT_ROLE_TEXT);
	else
		gmt_ui_line(y + 1, why ? why : view->empty, GMT_ROLE_TEXT);
}

void gmt_ui_draw(struct gmt_ui *ui)
{
	bool alarm = ui->live->denied && LINES > 4, roomy = LINES >= 14;
	int y = 0, foot = LINES - 1, end;

	erase();
	curs_set(ui->mode == GMT_MODE_SEARCH || ui->mode == GMT_MODE_FILTER);
	ui->tabs_y = ui->alarm_y = -1;
	if (roomy)
		ui->tabs_y = LINES >= 20 && COLS >= 100 ? 3 : 2;
	draw_title(ui);
	if (ui->mode == GMT_MODE_HELP) {
		gmt_ui_help_draw(ui);
	} else {
		y = 1;
		if (LINES > 3)
			draw_totals(ui, y++);
		if (roomy && LINES >= 20 && COLS >= 100)
			draw_sparks(ui, y++);
		if (roomy)
			draw_tabs(ui, y++);
		end = foot - alarm;
		if (y < end)
			draw_view(ui, y, end - y);
		if (ui->mode == GMT_MODE_COLUMNS || ui->mode == GMT_MODE_SORT)
			gmt_ui_menu_draw(ui);
	}
	if (alarm) {
		ui->alarm_y = foot - 1;
		draw_alarm(ui, ui->alarm_y);
	}
	if (foot >= 3 || ui->mode == GMT_MODE_SEARCH || ui->mode == GMT_MODE_FILTER)
		draw_foot(ui, foot);
	refresh();
}
