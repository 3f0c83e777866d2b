// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing a table of any width: columns that do not fit are left out, least important first; what is
 * left over goes to the texts. Widths only grow while nothing is chosen anew, so that nothing jumps.
 */
#include <curses.h>
#include <string.h>
#include <strings.h>

#include "view/grid.h"
#include "view/ui.h"

#define LINE_BYTES 4096
/* The gutter tells the cursor and marks without colours. */
#define GUTTER 1

static int least(const struct gmt_grid_column *column, const struct gmt_ui *ui)
{
	int width = gmt_look_bytes_width(&ui->look);

	return column->bytes && width > column->min_width ? width : column->min_width;
}

static int total_width(const struct gmt_grid *grid)
{
	int total = GUTTER - 1;

	for (int i = 0; i < grid->type->count; i++)
		if (grid->drawn[i])
			total += grid->widths[i] + 1;
	return total;
}

/* Leaves out the least important column that is neither the one sorted by nor the only one. */
static bool drop_one(struct gmt_grid *grid)
{
	int victim = -1, left = 0;

	for (int i = 0; i < grid->type->count; i++) {
		if (!grid->drawn[i])
			continue;
		left++;
		if (i != grid->sort && (victim < 0 || grid->type->columns[i].priority >
							      grid->type->columns[victim].priority))
			victim = i;
	}
	if (victim < 0 || left < 2)
		return false;
	grid->drawn[victim] = false;
	return true;
}

/* What the rows on the screen would like to have, at most what the column may ask for. */
static int wanted(const struct gmt_grid *grid, const struct gmt_ui *ui, int column, int lines)
{
	const struct gmt_grid_column *c = &grid->type->columns[column];
	int widest = grid->widths[column], width;
	char text[GMT_CELL_BYTES];

	if (c->fill)
		return c->max_width;
	for (size_t i = grid->top; i < grid->count && i < grid->top + lines; i++) {
		grid->type->format(text, sizeof(text), grid->rows[i].data, column, ui);
		width = gmt_width(text);
		if (column == grid->type->tree)
			width += 2 * (int)grid->rows[i].depth + 2;
		if (width > widest)
			widest = width;
	}
	return widest > c->max_width ? c->max_width : widest;
}

/* Numbers that do not fit get what they need first; then the texts, one by one, so that none starves. */
static void widen(struct gmt_grid *grid, const struct gmt_ui *ui, int lines)
{
	int want[GMT_GRID_COLUMNS] = { 0 }, spare = COLS - total_width(grid);
	bool any = true;

	for (int i = 0; i < grid->type->count; i++) {
		const struct gmt_grid_column *column = &grid->type->columns[i];

		if (!grid->drawn[i] || column->max_width <= grid->widths[i])
			continue;
		want[i] = wanted(grid, ui, i, lines);
		if (column->align == GMT_ALIGN_RIGHT && want[i] > grid->widths[i] &&
		    want[i] - grid->widths[i] <= spare) {
			spare -= want[i] - grid->widths[i];
			grid->widths[i] = want[i];
		}
	}
	while (spare > 0 && any) {
		any = false;
		for (int i = 0; i < grid->type->count && spare > 0; i++) {
			if (!grid->drawn[i] || grid->widths[i] >= want[i])
				continue;
			grid->widths[i]++;
			spare--;
			any = true;
		}
	}
}

/* A number that stands for all that the layout depends on but the rows. */
static uint64_t signature(const struct gmt_grid *grid, const struct gmt_ui *ui)
{
	return 1 + (uint64_t)grid->sort + ((uint64_t)ui->look.units << 8) +
	       ((uint64_t)(COLS & 0xfff) << 12) + ((uint64_t)grid->hidden << 24);
}

static void lay_out(struct gmt_grid *grid, const struct gmt_ui *ui, int lines)
{
	uint64_t sum = signature(grid, ui);

	if (grid->laid_out != sum) {
		grid->laid_out = sum;
		for (int i = 0; i < grid->type->count; i++) {
			grid->drawn[i] = gmt_grid_shows(grid, i);
			grid->widths[i] = least(&grid->type->columns[i], ui);
		}
		while (total_width(grid) > COLS && drop_one(grid))
			;
	}
	widen(grid, ui, lines);
}

static void draw_header(struct gmt_grid *grid, const struct gmt_ui *ui, int y)
{
	char cell[256];
	int x = GUTTER;

	gmt_role_use(GMT_ROLE_HEAD);
	mvhline(y, 0, ' ', COLS);
	for (int i = 0; i < grid->type->count; i++) {
		const struct gmt_grid_column *column = &grid->type->columns[i];
		bool sorted = i == grid->sort;

		grid->x[i] = grid->drawn[i] ? x : -1;
		if (!grid->drawn[i])
			continue;
		gmt_fit(cell, sizeof(cell), column->header, grid->widths[i],
			column->align == GMT_ALIGN_RIGHT ? GMT_ALIGN_RIGHT : GMT_ALIGN_LEFT);
		gmt_role_use(sorted ? GMT_ROLE_SORTED : GMT_ROLE_HEAD);
		if (x < COLS)
			mvaddstr(y, x, cell);
		x += grid->widths[i];
		/* The arrow stands in the gap, or behind the last column where there is room. */
		gmt_role_use(GMT_ROLE_HEAD);
		if (sorted && x < COLS)
			mvaddstr(y, x,
				 ui->look.unicode ? (grid->descending ? "▼" : "▲") :
						    (grid->descending ? "v" : "^"));
		x++;
	}
}

/* Branches of a tree: two columns a level, and whether more is hidden below. */
static void add_branch(char *text, size_t size, const struct gmt_grid_row *row,
		       const struct gmt_ui *ui)
{
	const char *sign = ui->look.unicode ? "▾ " : "- ";
	size_t length = strlen(text), room;
	int depth = (int)row->depth > 30 ? 30 : (int)row->depth;

	if (!row->parent)
		sign = "  ";
	else if (row->collapsed)
		sign = ui->look.unicode ? "▸ " : "+ ";
	room = (size_t)depth * 2 + strlen(sign);
	if (length + room >= size)
		return;
	memmove(text + room, text, length + 1);
	memset(text, ' ', (size_t)depth * 2);
	memcpy(text + depth * 2, sign, strlen(sign));
}

static void draw_row(const struct gmt_grid *grid, const struct gmt_ui *ui, int y, size_t index)
{
	const struct gmt_grid_row *row = &grid->rows[index];
	bool chosen = index == grid->cursor, marked = gmt_keys_have(&grid->marks, row->key);
	char text[GMT_CELL_BYTES], cell[LINE_BYTES];
	enum gmt_role role, line = GMT_ROLE_TEXT;

	if (marked)
		line = GMT_ROLE_MARK;
	if (chosen)
		line = GMT_ROLE_CURSOR;
	gmt_role_use(line);
	if (chosen)
		mvhline(y, 0, ' ', COLS);
	mvaddstr(y, 0, marked ? "*" : chosen ? ">" : " ");
	for (int i = 0; i < grid->type->count; i++) {
		if (!grid->drawn[i] || grid->x[i] >= COLS)
			continue;
		grid->type->format(text, sizeof(text), row->data, i, ui);
		role = line;
		if (line == GMT_ROLE_TEXT && grid->type->role)
			role = grid->type->role(row->data, i, ui);
		/* An alarm shows whatever row is chosen. */
		if (line != GMT_ROLE_TEXT && grid->type->role &&
		    grid->type->role(row->data, i, ui) == GMT_ROLE_ALARM)
			role = GMT_ROLE_ALARM;
		if (grid->search[0] && grid->type->columns[i].text &&
		    strcasestr(text, grid->search))
			role = GMT_ROLE_MATCH;
		if (i == grid->type->tree)
			add_branch(text, sizeof(text), row, ui);
		gmt_fit(cell, sizeof(cell), text, grid->widths[i], grid->type->columns[i].align);
		gmt_role_use(role);
		mvaddstr(y, grid->x[i], cell);
	}
}

void gmt_grid_draw(struct gmt_grid *grid, const struct gmt_ui *ui, int y, int lines)
{
	if (lines < 1)
		lines = 1;
	if (grid->cursor < grid->top)
		grid->top = grid->cursor;
	if (grid->cursor >= grid->top + lines)
		grid->top = grid->cursor - lines + 1;
	if (grid->count > (size_t)lines && grid->top > grid->count - lines)
		grid->top = grid->count - lines;
	if (grid->count <= (size_t)lines)
		grid->top = 0;
	lay_out(grid, ui, lines);
	draw_header(grid, ui, y);
	for (int i = 0; i < lines && grid->top + i < grid->count; i++)
		draw_row(grid, ui, y + 1 + i, grid->top + i);
	gmt_role_use(GMT_ROLE_TEXT);
}
