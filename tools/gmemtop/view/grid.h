/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table that every list view is made of: columns to choose and sort by, a cursor, marks,
 * search, filter, and a tree where the view has one. The view fills in rows; this knows not of what.
 */
#ifndef GMT_VIEW_GRID_H
#define GMT_VIEW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/format.h"
#include "view/look.h"

#define GMT_GRID_COLUMNS  20
#define GMT_GRID_TEXT_MAX 128
#define GMT_CELL_BYTES	  1024

/**
 * struct gmt_grid_column - One column
 * @name: on the command line, in settings and filters
 * @min_width: the least it is any use with; @max_width the most it may ask for, 0: no more
 * @bytes: a size: as wide as the user's units want
 * @fill: wants all that it may ask for, as a drawing does
 * @text: looked at by search and by words of a filter
 * @priority: a narrow screen leaves out those with the highest first
 * @hidden: only shown when chosen
 */
struct gmt_grid_column {
	const char *name;
	const char *header;
	int min_width;
	int max_width;
	enum gmt_align align;
	int priority;
	bool bytes;
	bool fill;
	bool text;
	bool descends;
	bool hidden;
};

struct gmt_ui;

/**
 * struct gmt_grid_type - What a list view's table shows
 * @format: the text of a cell, clean
 * @role: how it is drawn; NULL: as text
 * @compare: by a column, ascending; NULL where the view hands in sorted rows
 * @tree: the column that a tree is drawn in
 */
struct gmt_grid_type {
	const char *name;
	const struct gmt_grid_column *columns;
	int count;
	int sort;
	int tree;
	void (*format)(char *text, size_t size, const void *row, int column,
		       const struct gmt_ui *ui);
	enum gmt_role (*role)(const void *row, int column, const struct gmt_ui *ui);
	int (*compare)(const void *a, const void *b, int column);
};

/**
 * struct gmt_grid_row - One row
 * @data: the view's
 * @key: stays the same from refresh to refresh; never 0
 * @depth: in a tree; @parent: it has rows below it, which @collapsed hides
 */
struct gmt_grid_row {
	const void *data;
	uint64_t key;
	unsigned int depth;
	bool parent;
	bool collapsed;
};

/* A set of keys: few, looked through. */
struct gmt_keys {
	uint64_t *list;
	size_t count;
	size_t capacity;
};

/**
 * struct gmt_grid - A table and what the user has set of it
 * @rows: owned; those shown, in order. @total: how many there were before the filter
 * @sort: column; @hidden: bits of columns that are left out
 * @cursor: index of the row chosen, @cursor_key its key; @top: rows scrolled past
 * @follow: the cursor goes with its row, else it stays where it is
 * @stick: the cursor stays at the last row while it is there
 * @widths: as drawn last, kept so that columns do not jump; 0: lay out anew
 * @x: where each of the shown columns began, for the mouse
 */
struct gmt_grid {
	const struct gmt_grid_type *type;
	struct gmt_grid_row *rows;
	size_t count;
	size_t capacity;
	size_t total;
	int sort;
	bool descending;
	uint32_t hidden;
	size_t cursor;
	uint64_t cursor_key;
	size_t top;
	bool follow;
	bool stick;
	struct gmt_keys marks;
	struct gmt_keys collapsed;
	char filter[GMT_GRID_TEXT_MAX];
	char search[GMT_GRID_TEXT_MAX];
	int widths[GMT_GRID_COLUMNS];
	int x[GMT_GRID_COLUMNS];
	bool drawn[GMT_GRID_COLUMNS];
	uint64_t laid_out;
};

void gmt_grid_init(struct gmt_grid *grid, const struct gmt_grid_type *type);
void gmt_grid_exit(struct gmt_grid *grid);

/* gmt_grid_begin() - The rows are to be added anew */
void gmt_grid_begin(struct gmt_grid *grid);

/* gmt_grid_add() - Return: the row, to be changed; NULL without memory */
struct gmt_grid_row *gmt_grid_add(struct gmt_grid *grid, const void *data, uint64_t key);

/* gmt_grid_end() - Filter (where it is this table's business), sort, and find the cursor */
void gmt_grid_end(struct gmt_grid *grid, const struct gmt_ui *ui, bool filter, bool sort);

/* gmt_grid_find_column() - Return: its index by name, or -1 */
int gmt_grid_find_column(const struct gmt_grid_type *type, const char *name);

/* gmt_grid_sort_by() - Sort by a column, or the other way round where that is it already */
void gmt_grid_sort_by(struct gmt_grid *grid, int column);

/* gmt_grid_shows() - Return: whether a column is chosen */
static inline bool gmt_grid_shows(const struct gmt_grid *grid, int column)
{
	return !(grid->hidden & 1U << column);
}

/* gmt_grid_move() - Move the cursor by rows, to either end at most */
void gmt_grid_move(struct gmt_grid *grid, long rows);

/* gmt_grid_search() - Go to the next row that holds the text, from the cursor on; -1: backwards */
bool gmt_grid_search(struct gmt_grid *grid, const struct gmt_ui *ui, int step, bool here);

/* gmt_grid_chosen() - Return: the row at the cursor, NULL where there is none */
const struct gmt_grid_row *gmt_grid_chosen(const struct gmt_grid *grid);

/* gmt_grid_draw() - Draw the header in line @y and @lines rows below it */
void gmt_grid_draw(struct gmt_grid *grid, const struct gmt_ui *ui, int y, int lines);

bool gmt_keys_have(const struct gmt_keys *keys, uint64_t key);
void gmt_keys_toggle(struct gmt_keys *keys, uint64_t key);

#endif /* GMT_VIEW_GRID_H */
