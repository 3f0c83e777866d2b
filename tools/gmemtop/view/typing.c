// SPDX-License-Identifier: GPL-2.0-only
/* Typing a search or a filter, the menus of columns, and the mouse. Called by keys.c. */
#include <curses.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "model/filter.h"
#include "view/ui.h"

#define KEY_ESCAPE 27
#define CTRL(c)	   ((c) & 0x1f)

enum gmt_act gmt_ui_type(struct gmt_ui *ui, enum gmt_mode mode)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (!grid->type)
		return GMT_ACT_NONE;
	ui->mode = mode;
	strcpy(ui->typed_before, mode == GMT_MODE_SEARCH ? grid->search : grid->filter);
	/* A search begins anew, a filter is changed. */
	strcpy(ui->typed, mode == GMT_MODE_SEARCH ? "" : grid->filter);
	ui->cursor_before = grid->cursor;
	ui->typed_error[0] = '\0';
	return GMT_ACT_DRAW;
}

static void erase_last(char *text)
{
	size_t length = strlen(text);

	/* A whole character: back over its continuation bytes too. */
	while (length && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
		length--;
	if (length)
		length--;
	text[length] = '\0';
}

static void append(char *text, size_t size, wchar_t key)
{
	size_t length = strlen(text), bytes;
	char utf8[MB_LEN_MAX];
	mbstate_t state = { 0 };

	bytes = wcrtomb(utf8, key, &state);
	if (key < ' ' || bytes == (size_t)-1 || length + bytes >= size)
		return;
	memcpy(text + length, utf8, bytes);
	text[length + bytes] = '\0';
}

/* What is typed works at once: the search from where it began, the filter on all. */
static enum gmt_act apply(struct gmt_ui *ui)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (ui->mode == GMT_MODE_FILTER) {
		strcpy(grid->filter, ui->typed);
		grid->cursor = grid->top = 0;
		return GMT_ACT_BUILD;
	}
	strcpy(grid->search, ui->typed);
	grid->cursor = ui->cursor_before < grid->count ? ui->cursor_before : 0;
	ui->typed_error[0] = '\0';
	if (grid->search[0] && !gmt_grid_search(grid, ui, 1, true))
		strcpy(ui->typed_error, "nothing found");
	return GMT_ACT_DRAW;
}

enum gmt_act gmt_ui_typed_key(struct gmt_ui *ui, bool is_function, unsigned int key)
{
	enum gmt_act act;

	if (is_function ? key == KEY_ENTER : key == '\n' || key == '\r') {
		ui->mode = GMT_MODE_NORMAL;
		return GMT_ACT_DRAW;
	}
	if (!is_function && key == KEY_ESCAPE) {
		strcpy(ui->typed, ui->typed_before);
		act = apply(ui);
		ui->typed_error[0] = '\0';
		ui->mode = GMT_MODE_NORMAL;
		return act;
	}
	if (is_function && (key == KEY_UP || key == KEY_DOWN) && ui->mode == GMT_MODE_SEARCH) {
		gmt_grid_search(gmt_ui_grid(ui), ui, key == KEY_UP ? -1 : 1, false);
		return GMT_ACT_DRAW;
	}
	if (is_function ? key == KEY_BACKSPACE : key == 127 || key == 8)
		erase_last(ui->typed);
	else if (!is_function && key == CTRL('U'))
		ui->typed[0] = '\0';
	else if (!is_function)
		append(ui->typed, sizeof(ui->typed), (wchar_t)key);
	return apply(ui);
}

enum gmt_act gmt_ui_menu_key(struct gmt_ui *ui, bool is_function, unsigned int key)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);
	int count = grid->type->count;

	if (is_function ? key == KEY_UP : key == 'k') {
		ui->menu = (ui->menu + count - 1) % count;
		return GMT_ACT_DRAW;
	}
	if (is_function ? key == KEY_DOWN : key == 'j') {
		ui->menu = (ui->menu + 1) % count;
		return GMT_ACT_DRAW;
	}
	if (is_function ? key == KEY_ENTER : key == '\n' || key == '\r' || key == ' ') {
		if (ui->mode == GMT_MODE_SORT) {
			gmt_grid_sort_by(grid, ui->menu);
			grid->hidden &= ~(1U << ui->menu);
			ui->mode = GMT_MODE_NORMAL;
		} else {
			grid->hidden ^= 1U << ui->menu;
		}
		return GMT_ACT_BUILD;
	}
	ui->mode = GMT_MODE_NORMAL;
	return GMT_ACT_DRAW;
}

void gmt_ui_menu_draw(struct gmt_ui *ui)
{
	const struct gmt_grid *grid = gmt_ui_grid(ui);
	bool sort = ui->mode == GMT_MODE_SORT;
	int width = COLS < 26 ? COLS : 26, lines = LINES - ui->head_y - 1, top = 0;
	char text[128], line[512];

	if (ui->menu >= lines - 1)
		top = ui->menu - lines + 2;
	gmt_fit(line, sizeof(line), sort ? " sort by (Enter)" : " columns (space, Esc)", width,
		GMT_ALIGN_LEFT);
	gmt_role_use(GMT_ROLE_SORTED);
	mvaddstr(ui->head_y, 0, line);
	for (int i = top; i < grid->type->count && i - top < lines - 1; i++) {
		const char *box = "   ";

		if (!sort)
			box = gmt_grid_shows(grid, i) ? "[x]" : "[ ]";
		else if (i == grid->sort)
			box = grid->descending ? " v " : " ^ ";
		snprintf(text, sizeof(text), "%s%s %s", i == ui->menu ? ">" : " ", box,
			 grid->type->columns[i].name);
		gmt_fit(line, sizeof(line), text, width, GMT_ALIGN_LEFT);
		gmt_role_use(i == ui->menu ? GMT_ROLE_CURSOR : GMT_ROLE_TEXT);
		mvaddstr(ui->head_y + 1 + i - top, 0, line);
	}
	gmt_role_use(GMT_ROLE_TEXT);
}

static enum gmt_act click_header(struct gmt_ui *ui, int x)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	for (int i = 0; i < grid->type->count; i++) {
		if (!grid->drawn[i] || x < grid->x[i] || x > grid->x[i] + grid->widths[i])
			continue;
		gmt_grid_sort_by(grid, i);
		return GMT_ACT_BUILD;
	}
	return GMT_ACT_NONE;
}

static enum gmt_act click(struct gmt_ui *ui, int x, int y, bool twice)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);
	size_t row;

	if (y == ui->alarm_y)
		return gmt_ui_acknowledge(ui);
	for (int i = 0; y == ui->tabs_y && i < GMT_VIEW_TABS; i++)
		if (x >= ui->tab_x[i] && x < ui->tab_x[i + 1])
			return gmt_ui_open(ui, i);
	if (!grid->type)
		return GMT_ACT_NONE;
	if (y == ui->head_y)
		return click_header(ui, x);
	if (y < ui->rows_y || y >= ui->rows_y + ui->rows)
		return GMT_ACT_NONE;
	row = grid->top + (size_t)(y - ui->rows_y);
	if (row >= grid->count)
		return GMT_ACT_NONE;
	/* A click on the row that is chosen already opens it, as a second click does. */
	if (twice)
		return gmt_ui_enter(ui);
	gmt_ui_move(ui, (long)row - (long)grid->cursor);
	return GMT_ACT_DRAW;
}

enum gmt_act gmt_ui_mouse(struct gmt_ui *ui)
{
	static int last_y = -1;
	MEVENT event;
	bool twice;

	if (getmouse(&event) != OK)
		return GMT_ACT_NONE;
	if (ui->mode != GMT_MODE_NORMAL) {
		ui->mode = GMT_MODE_NORMAL;
		return GMT_ACT_DRAW;
	}
	if (event.bstate & BUTTON4_PRESSED)
		return gmt_ui_move(ui, -3);
	if (event.bstate & BUTTON5_PRESSED)
		return gmt_ui_move(ui, 3);
	if (!(event.bstate & BUTTON1_PRESSED))
		return GMT_ACT_NONE;
	twice = event.y == last_y && gmt_grid_chosen(gmt_ui_grid(ui)) &&
		gmt_ui_grid(ui)->cursor == gmt_ui_grid(ui)->top + (size_t)(event.y - ui->rows_y);
	last_y = event.y;
	return click(ui, event.x, event.y, twice);
}
