// SPDX-License-Identifier: GPL-2.0-only
/* Rows of a list view: filtered, sorted, searched, and the cursor among them. Drawn in grid_draw.c. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "view/grid.h"

bool gmt_keys_have(const struct gmt_keys *keys, uint64_t key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->list[i] == key)
			return true;
	return false;
}

void gmt_keys_toggle(struct gmt_keys *keys, uint64_t key)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->list[i] == key) {
			keys->list[i] = keys->list[--keys->count];
			return;
		}
	}
	if (keys->count == keys->capacity) {
		size_t capacity = keys->capacity ? keys->capacity * 2 : 16;
		void *list = reallocarray(keys->list, capacity, sizeof(*keys->list));

		if (!list)
			return;
		keys->list = list;
		keys->capacity = capacity;
	}
	keys->list[keys->count++] = key;
}

void gmt_grid_init(struct gmt_grid *grid, const struct gmt_grid_type *type)
{
	memset(grid, 0, sizeof(*grid));
	grid->type = type;
	grid->sort = type->sort;
	grid->descending = type->columns[type->sort].descends;
	for (int i = 0; i < type->count; i++)
		if (type->columns[i].hidden)
			grid->hidden |= 1U << i;
}

void gmt_grid_exit(struct gmt_grid *grid)
{
	free(grid->rows);
	free(grid->marks.list);
	free(grid->collapsed.list);
	memset(grid, 0, sizeof(*grid));
}

void gmt_grid_begin(struct gmt_grid *grid)
{
	grid->count = 0;
}

struct gmt_grid_row *gmt_grid_add(struct gmt_grid *grid, const void *data, uint64_t key)
{
	struct gmt_grid_row *row;

	if (grid->count == grid->capacity) {
		size_t capacity = grid->capacity ? grid->capacity * 2 : 64;
		void *rows = reallocarray(grid->rows, capacity, sizeof(*grid->rows));

		if (!rows)
			return NULL;
		grid->rows = rows;
		grid->capacity = capacity;
	}
	row = &grid->rows[grid->count++];
	*row = (struct gmt_grid_row){ .data = data, .key = key };
	return row;
}

int gmt_grid_find_column(const struct gmt_grid_type *type, const char *name)
{
	for (int i = 0; i < type->count; i++)
		if (!strcasecmp(type->columns[i].name, name))
			return i;
	return -1;
}

void gmt_grid_sort_by(struct gmt_grid *grid, int column)
{
	if (grid->sort == column)
		grid->descending = !grid->descending;
	else
		grid->descending = grid->type->columns[column].descends;
	grid->sort = column;
}

/* Whether a cell of @column, or (-1) of any text column that is shown, holds the text. */
static bool holds(const struct gmt_grid *grid, const struct gmt_ui *ui, const void *row, int column,
		  const char *find)
{
	const struct gmt_grid_type *type = grid->type;
	char cell[GMT_CELL_BYTES];

	for (int i = 0; i < type->count; i++) {
		if (column < 0 ? !type->columns[i].text : i != column)
			continue;
		type->format(cell, sizeof(cell), row, i, ui);
		if (strcasestr(cell, find))
			return true;
	}
	return false;
}

/* Every word must be found; COLUMN=TEXT in that column, where there is one of that name. */
static bool passes(const struct gmt_grid *grid, const struct gmt_ui *ui, const void *row)
{
	char words[GMT_GRID_TEXT_MAX], *save = NULL, *word, *equals;
	int column;

	strcpy(words, grid->filter);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		column = -1;
		equals = strchr(word, '=');
		if (equals) {
			*equals = '\0';
			column = gmt_grid_find_column(grid->type, word);
			if (column < 0)
				*equals = '=';
			else
				word = equals + 1;
		}
		if (!holds(grid, ui, row, column, word))
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct gmt_grid_row *x = a, *y = b;
	const struct gmt_grid *grid = ctx;
	int result = grid->type->compare(x->data, y->data, grid->sort);

	if (result)
		return grid->descending ? -result : result;
	return (x->key > y->key) - (x->key < y->key);
}

/* Keeps the cursor with its row where that is asked for and the row is still there. */
static void place_cursor(struct gmt_grid *grid)
{
	bool at_end = grid->stick;

	if (!grid->count) {
		grid->cursor = 0;
		return;
	}
	if (at_end) {
		grid->cursor = grid->count - 1;
	} else if (grid->follow && grid->cursor_key) {
		for (size_t i = 0; i < grid->count; i++) {
			if (grid->rows[i].key == grid->cursor_key) {
				grid->cursor = i;
				break;
			}
		}
	}
	if (grid->cursor >= grid->count)
		grid->cursor = grid->count - 1;
	/* What went may come back: the key is kept for it while following. */
	if (!grid->follow || !grid->cursor_key)
		grid->cursor_key = grid->rows[grid->cursor].key;
}

void gmt_grid_end(struct gmt_grid *grid, const struct gmt_ui *ui, bool filter, bool sort)
{
	size_t kept = 0;

	grid->total = grid->count;
	if (filter && grid->filter[0]) {
		for (size_t i = 0; i < grid->count; i++)
			if (passes(grid, ui, grid->rows[i].data))
				grid->rows[kept++] = grid->rows[i];
		grid->count = kept;
	}
	if (sort && grid->count > 1)
		qsort_r(grid->rows, grid->count, sizeof(*grid->rows), compare, grid);
	place_cursor(grid);
}

void gmt_grid_move(struct gmt_grid *grid, long rows)
{
	if (!grid->count)
		return;
	if (rows < 0 && grid->cursor < (size_t)-rows)
		grid->cursor = 0;
	else if (rows > 0 && (size_t)rows >= grid->count - grid->cursor)
		grid->cursor = grid->count - 1;
	else
		grid->cursor += rows;
	grid->cursor_key = grid->rows[grid->cursor].key;
}

bool gmt_grid_search(struct gmt_grid *grid, const struct gmt_ui *ui, int step, bool here)
{
	size_t at = grid->cursor;

	if (!grid->count || !grid->search[0])
		return false;
	for (size_t i = 0; i < grid->count; i++) {
		if (i || !here)
			at = (at + grid->count + step) % grid->count;
		if (holds(grid, ui, grid->rows[at].data, -1, grid->search)) {
			grid->cursor = at;
			grid->cursor_key = grid->rows[at].key;
			return true;
		}
	}
	return false;
}

const struct gmt_grid_row *gmt_grid_chosen(const struct gmt_grid *grid)
{
	return grid->cursor < grid->count ? &grid->rows[grid->cursor] : NULL;
}
