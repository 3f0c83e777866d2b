// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing the live table: three lines of head, the rows, one line of foot. It takes any
 * size; the columns that do not fit are left out, least important first.
 */
#include <curses.h>
#include <inttypes.h>
#include <string.h>

#include "view/cells.h"
#include "view/tui.h"

#define HEAD_LINES 3
#define FOOT_LINES 1
/* 40 columns have room for this, with all of the name's minimum. */
#define LINE_MAX_BYTES 4096

/* The columns that are drawn, and how wide. */
struct layout {
	enum gmt_column columns[GMT_COLUMN_MAX];
	int widths[GMT_COLUMN_MAX];
	size_t count;
};

static int digits(uint64_t number)
{
	int count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* Numbers are measured over all rows, so that a column does not jump while scrolling. */
static int needed_width(const struct gmt_table *table, enum gmt_column column)
{
	const struct gmt_cell_style *style = gmt_cell_style(column);
	uint64_t largest = 0;

	for (size_t i = 0; i < table->shown_count; i++) {
		const struct gmt_rec_gmem *rec = &table->shown[i]->rec;
		uint64_t value = column == GMT_COLUMN_ID ? rec->id : rec->creator_pid;

		if (value > largest)
			largest = value;
	}
	return digits(largest) > style->min_width ? digits(largest) : style->min_width;
}

static int total_width(const struct layout *layout)
{
	int total = 0;

	for (size_t i = 0; i < layout->count; i++)
		total += layout->widths[i] + (i ? 1 : 0);
	return total;
}

/* Leaves out the least important column that is not the one sorted by. */
static void drop_one(struct layout *layout, enum gmt_column sort)
{
	size_t victim = 0;
	int worst = -1;

	for (size_t i = 0; i < layout->count; i++) {
		int priority = gmt_cell_style(layout->columns[i])->priority;

		if (layout->columns[i] != sort && priority > worst) {
			worst = priority;
			victim = i;
		}
	}
	layout->count--;
	for (size_t i = victim; i < layout->count; i++) {
		layout->columns[i] = layout->columns[i + 1];
		layout->widths[i] = layout->widths[i + 1];
	}
}

/* The widest cell among the rows on the screen. */
static int widest_visible(const struct gmt_table *table, enum gmt_column column, size_t top,
			  int rows)
{
	int widest = gmt_cell_style(column)->min_width;
	char text[GMT_CELL_MAX];

	for (size_t i = top; i < table->shown_count && i < top + rows; i++) {
		int width;

		gmt_cell_format(text, sizeof(text), table->shown[i], column);
		width = gmt_width(text);
		if (width > widest)
			widest = width;
	}
	return widest;
}

static bool is_text(enum gmt_column column)
{
	return column == GMT_COLUMN_NAME || column == GMT_COLUMN_COMMAND ||
	       column == GMT_COLUMN_VM || column == GMT_COLUMN_CGROUP;
}

/* Hands what is left over to the texts that want it, one by one, so that none starves. */
static void widen(struct layout *layout, const struct gmt_table *table, size_t top, int rows,
		  int spare)
{
	int wanted[GMT_COLUMN_MAX] = { 0 };
	bool any = true;

	for (size_t i = 0; i < layout->count; i++)
		if (is_text(layout->columns[i]))
			wanted[i] = widest_visible(table, layout->columns[i], top, rows);
	while (spare > 0 && any) {
		any = false;
		for (size_t i = 0; i < layout->count && spare > 0; i++) {
			if (layout->widths[i] >= wanted[i])
				continue;
			layout->widths[i]++;
			spare--;
			any = true;
		}
	}
}

static void lay_out(struct layout *layout, const struct gmt_table *table,
		    const struct gmt_screen *screen, int rows)
{
	layout->count = gmt_columns_live_count;
	for (size_t i = 0; i < layout->count; i++) {
		enum gmt_column column = gmt_columns_live[i];

		layout->columns[i] = column;
		layout->widths[i] = gmt_cell_style(column)->min_width;
		if (column == GMT_COLUMN_ID || column == GMT_COLUMN_PID)
			layout->widths[i] = needed_width(table, column);
	}
	while (layout->count > 1 && total_width(layout) > COLS)
		drop_one(layout, screen->sort);
	widen(layout, table, screen->top, rows, COLS - total_width(layout));
}

/* One whole line, cut to the screen. */
static void put_line(int y, const char *text, attr_t attributes)
{
	char line[LINE_MAX_BYTES];

	if (y < 0 || y >= LINES)
		return;
	gmt_fit(line, sizeof(line), text, COLS, GMT_ALIGN_LEFT);
	attrset(attributes);
	mvaddstr(y, 0, line);
	attrset(A_NORMAL);
}

static void draw_title(const struct gmt_table *table, const struct gmt_screen *screen)
{
	char clock[16], count[48], text[256];

	gmt_format_clock(clock, sizeof(clock), table->last_ns, table->offset_ns);
	if (table->shown_count == table->count)
		snprintf(count, sizeof(count), "%zu gmem%s", table->count,
			 table->count == 1 ? "" : "s");
	else
		snprintf(count, sizeof(count), "%zu of %zu gmems", table->shown_count,
			 table->count);
	if (screen->paused)
		snprintf(text, sizeof(text), "gmemtop  %s  %s  paused", clock, count);
	else
		snprintf(text, sizeof(text), "gmemtop  %s  %s  every %.3gs", clock, count,
			 screen->interval);
	put_line(0, text, A_BOLD);
}

static void draw_header(const struct layout *layout, const struct gmt_screen *screen)
{
	char cell[256];
	int x = 0;

	move(2, 0);
	attrset(A_REVERSE);
	for (int i = 0; i < COLS; i++)
		addch(' ');
	for (size_t i = 0; i < layout->count; i++) {
		const struct gmt_cell_style *style = gmt_cell_style(layout->columns[i]);
		bool sorted = layout->columns[i] == screen->sort;

		gmt_fit(cell, sizeof(cell), style->header, layout->widths[i],
			style->align == GMT_ALIGN_RIGHT ? GMT_ALIGN_RIGHT : GMT_ALIGN_LEFT);
		attrset(A_REVERSE | (sorted ? A_BOLD | A_UNDERLINE : 0));
		mvaddstr(2, x, cell);
		x += layout->widths[i];
		/* The arrow stands in the gap, or behind the last column where there is room. */
		attrset(A_REVERSE);
		if (sorted && x < COLS)
			mvaddch(2, x, screen->descending ? 'v' : '^');
		x++;
	}
	attrset(A_NORMAL);
}

static void draw_row(int y, const struct layout *layout, const struct gmt_row *row)
{
	char text[GMT_CELL_MAX], cell[LINE_MAX_BYTES];
	int x = 0;

	for (size_t i = 0; i < layout->count; i++) {
		enum gmt_column column = layout->columns[i];
		bool alarm = column == GMT_COLUMN_DENIED_RATE && row->rates.denied > 0;

		gmt_cell_format(text, sizeof(text), row, column);
		gmt_fit(cell, sizeof(cell), text, layout->widths[i], gmt_cell_style(column)->align);
		attrset(alarm ? A_BOLD | A_STANDOUT : A_NORMAL);
		mvaddstr(y, x, cell);
		attrset(A_NORMAL);
		x += layout->widths[i] + 1;
	}
}

static void draw_foot(const struct gmt_screen *screen)
{
	static const char *const keys[] = {
		"q quit  ? help  / filter  < > sort column  r reverse  space pause  + - interval",
		"q quit ? help / filter < > sort",
	};
	char text[LINE_MAX_BYTES];
	int y = LINES - 1;

	if (y < HEAD_LINES && !screen->typing)
		return;
	if (screen->typing) {
		if (screen->filter_error[0])
			snprintf(text, sizeof(text), "filter: %s  (%s)", screen->filter,
				 screen->filter_error);
		else
			snprintf(text, sizeof(text), "filter: %s", screen->filter);
		put_line(y, text, A_BOLD);
		move(y, 8 + gmt_width(screen->filter) < COLS ? 8 + gmt_width(screen->filter) :
							       COLS - 1);
	} else if (screen->filter[0]) {
		snprintf(text, sizeof(text), "filter: %s  (%s)", screen->filter,
			 screen->filter_error[0] ? screen->filter_error : "Esc shows all");
		put_line(y, text, A_DIM);
	} else {
		put_line(y, (int)strlen(keys[0]) <= COLS ? keys[0] : keys[1], A_DIM);
	}
}

static void draw_help(void)
{
	static const char *const head[] = {
		"q  quit             ?  this help",
		"/  filter: words, or COLUMN=TEXT",
		"   of id name command pid vm cgroup",
		"<  >  sort by the next column",
		"r  reverse the order",
		"space  pause     + -  interval",
		"up down PgUp PgDn Home End scroll",
		"sort by a column directly:",
	};
	size_t count = sizeof(head) / sizeof(head[0]);
	char line[64];
	int y = 0, x = 2;

	for (; y < (int)count; y++)
		put_line(y, head[y], y == (int)count - 1 ? A_BOLD : A_NORMAL);
	for (size_t i = 0; i < gmt_columns_live_count && y < LINES; i++) {
		const struct gmt_cell_style *style = gmt_cell_style(gmt_columns_live[i]);

		snprintf(line, sizeof(line), "%c %s", style->key,
			 gmt_column_name(gmt_columns_live[i]));
		if (x + (int)strlen(line) > COLS) {
			x = 2;
			y++;
		}
		if (y < LINES)
			mvaddstr(y, x, line);
		x += (int)strlen(line) + 2;
	}
}

static void draw_nothing(const struct gmt_table *table)
{
	if (table->count)
		put_line(HEAD_LINES, "no gmem passes the filter", A_NORMAL);
	else
		put_line(HEAD_LINES, "there is no gmem", A_NORMAL);
}

void gmt_tui_draw(const struct gmt_table *table, struct gmt_screen *screen)
{
	int rows = LINES - HEAD_LINES - FOOT_LINES;
	struct layout layout;
	char totals[256];
	size_t last;

	if (rows < 1)
		rows = 1;
	last = table->shown_count > (size_t)rows ? table->shown_count - rows : 0;
	if (screen->top > last)
		screen->top = last;
	erase();
	if (screen->help) {
		draw_help();
		refresh();
		return;
	}
	curs_set(screen->typing ? 1 : 0);
	lay_out(&layout, table, screen, rows);
	draw_title(table, screen);
	gmt_totals_format(totals, sizeof(totals), &table->totals, COLS);
	put_line(1, totals, A_NORMAL);
	draw_header(&layout, screen);
	for (int i = 0; i < rows && screen->top + i < table->shown_count; i++)
		draw_row(HEAD_LINES + i, &layout, table->shown[screen->top + i]);
	if (!table->shown_count)
		draw_nothing(table);
	draw_foot(screen);
	refresh();
}
