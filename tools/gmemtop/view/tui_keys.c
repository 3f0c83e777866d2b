// SPDX-License-Identifier: GPL-2.0-only
/* What each key of the live table does to the screen's settings. Called by tui.c. */
#include <curses.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "view/cells.h"
#include "view/tui.h"

#define KEY_ESCAPE 27

static enum gmt_tui_action sort_by(struct gmt_screen *screen, enum gmt_column column)
{
	if (screen->sort == column)
		screen->descending = !screen->descending;
	else
		screen->descending = gmt_column_descends(column);
	screen->sort = column;
	return GMT_TUI_RESELECT;
}

static enum gmt_tui_action sort_neighbour(struct gmt_screen *screen, int step)
{
	size_t at = 0;

	while (gmt_columns_live[at] != screen->sort)
		at++;
	at = (at + gmt_columns_live_count + step) % gmt_columns_live_count;
	return sort_by(screen, gmt_columns_live[at]);
}

static enum gmt_tui_action sort_by_letter(struct gmt_screen *screen, unsigned int key)
{
	for (size_t i = 0; i < gmt_columns_live_count; i++)
		if (gmt_cell_style(gmt_columns_live[i])->key == (char)key)
			return sort_by(screen, gmt_columns_live[i]);
	return GMT_TUI_REDRAW;
}

/* Scrolling past the end is put right when drawing, which knows how many rows there are. */
static enum gmt_tui_action scroll_by(struct gmt_screen *screen, long rows)
{
	if (rows < 0 && screen->top < (size_t)-rows)
		screen->top = 0;
	else
		screen->top += rows;
	return GMT_TUI_REDRAW;
}

static enum gmt_tui_action change_interval(struct gmt_screen *screen, double factor)
{
	screen->interval *= factor;
	if (screen->interval < GMT_INTERVAL_MIN)
		screen->interval = GMT_INTERVAL_MIN;
	if (screen->interval > GMT_INTERVAL_MAX)
		screen->interval = GMT_INTERVAL_MAX;
	return GMT_TUI_REDRAW;
}

static enum gmt_tui_action begin_typing(struct gmt_screen *screen)
{
	strcpy(screen->before_typing, screen->filter);
	screen->typing = true;
	return GMT_TUI_REDRAW;
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

static enum gmt_tui_action key_while_typing(struct gmt_screen *screen, bool is_function,
					    unsigned int key)
{
	if ((is_function && key == KEY_BACKSPACE) || (!is_function && (key == 127 || key == 8)))
		erase_last(screen->filter);
	else if ((is_function && key == KEY_ENTER) ||
		 (!is_function && (key == '\n' || key == '\r')))
		screen->typing = false;
	else if (!is_function && key == KEY_ESCAPE) {
		strcpy(screen->filter, screen->before_typing);
		screen->typing = false;
	} else if (!is_function && key == ('U' & 0x1f))
		screen->filter[0] = '\0';
	else if (!is_function)
		append(screen->filter, sizeof(screen->filter), (wchar_t)key);
	screen->top = 0;
	return GMT_TUI_RESELECT;
}

static enum gmt_tui_action function_key(struct gmt_screen *screen, unsigned int key)
{
	int page = LINES > 5 ? LINES - 5 : 1;

	switch (key) {
	case KEY_UP:
		return scroll_by(screen, -1);
	case KEY_DOWN:
		return scroll_by(screen, 1);
	case KEY_PPAGE:
		return scroll_by(screen, -page);
	case KEY_NPAGE:
		return scroll_by(screen, page);
	case KEY_HOME:
		return scroll_by(screen, -LONG_MAX);
	case KEY_END:
		screen->top = LONG_MAX;
		return GMT_TUI_REDRAW;
	case KEY_LEFT:
		return sort_neighbour(screen, -1);
	case KEY_RIGHT:
		return sort_neighbour(screen, 1);
	case KEY_F(1):
		screen->help = true;
		return GMT_TUI_REDRAW;
	case KEY_F(10):
		return GMT_TUI_QUIT;
	default: /* KEY_RESIZE among them */
		return GMT_TUI_REDRAW;
	}
}

static enum gmt_tui_action plain_key(struct gmt_screen *screen, unsigned int key)
{
	switch (key) {
	case 'q':
	case 'Q':
		return GMT_TUI_QUIT;
	case '?':
	case 'h':
		screen->help = true;
		return GMT_TUI_REDRAW;
	case '/':
		return begin_typing(screen);
	case KEY_ESCAPE:
		screen->filter[0] = '\0';
		return GMT_TUI_RESELECT;
	case '<':
		return sort_neighbour(screen, -1);
	case '>':
		return sort_neighbour(screen, 1);
	case 'r':
		screen->descending = !screen->descending;
		return GMT_TUI_RESELECT;
	case ' ':
		screen->paused = !screen->paused;
		return screen->paused ? GMT_TUI_REDRAW : GMT_TUI_REFRESH;
	case '+':
		return change_interval(screen, 2);
	case '-':
		return change_interval(screen, 0.5);
	case 'L' & 0x1f:
		clearok(curscr, TRUE);
		return GMT_TUI_REFRESH;
	case 'j':
		return scroll_by(screen, 1);
	case 'k':
		return scroll_by(screen, -1);
	default:
		return key < 128 ? sort_by_letter(screen, key) : GMT_TUI_REDRAW;
	}
}

enum gmt_tui_action gmt_tui_key(struct gmt_screen *screen, bool is_function, unsigned int key)
{
	if (is_function && key == KEY_RESIZE)
		return GMT_TUI_REDRAW;
	if (screen->help) {
		screen->help = false;
		return !is_function && key == 'q' ? GMT_TUI_QUIT : GMT_TUI_REDRAW;
	}
	if (screen->typing)
		return key_while_typing(screen, is_function, key);
	return is_function ? function_key(screen, key) : plain_key(screen, key);
}
