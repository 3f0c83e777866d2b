// SPDX-License-Identifier: GPL-2.0-only
/* The view of gmems, one a row: the model's columns, selected and sorted by the model. */
#include <stdio.h>
#include <string.h>

#include "view/cells.h"
#include "view/views/views.h"

/* A column of the model has its own number here; the sparkline comes behind them. */
#define SPARK GMT_COLUMN_MAX

static const struct gmt_grid_column columns[] = {
	{ "id", "ID", 2, 20, GMT_ALIGN_RIGHT, 0, .text = true },
	{ "name", "NAME", 12, 40, GMT_ALIGN_LEFT, 1, .text = true },
	{ "command", "COMMAND", 7, 24, GMT_ALIGN_LEFT, 7, .text = true },
	{ "pid", "PID", 3, 10, GMT_ALIGN_RIGHT, 8, .text = true },
	{ "size", "SIZE", 5, 0, GMT_ALIGN_RIGHT, 9, .bytes = true, .descends = true },
	{ "private", "PRIV", 5, 0, GMT_ALIGN_RIGHT, 2, .bytes = true, .descends = true },
	{ "shared", "SHARE", 5, 0, GMT_ALIGN_RIGHT, 3, .bytes = true, .descends = true },
	{ "faults", "FLT/S", 5, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
	{ "conversions", "CNV/S", 5, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	{ "denied", "DEN/S", 5, 0, GMT_ALIGN_RIGHT, 5, .descends = true },
	{ "history", "FLT/S OVER TIME", 15, 40, GMT_ALIGN_LEFT, 13, .fill = true,
	  .descends = true },
	{ "all-faults", "FAULT", 5, 0, GMT_ALIGN_RIGHT, 14, .descends = true, .hidden = true },
	{ "all-conversions", "CONV", 5, 0, GMT_ALIGN_RIGHT, 15, .descends = true, .hidden = true },
	{ "all-denied", "DENY", 5, 0, GMT_ALIGN_RIGHT, 12, .descends = true },
	{ "bindings", "BIND", 5, 0, GMT_ALIGN_RIGHT, 16, .descends = true, .hidden = true },
	{ "vm", "VM", 8, 40, GMT_ALIGN_LEFT, 11, .text = true },
	{ "cgroup", "CGROUP", 8, 400, GMT_ALIGN_TAIL, 10, .text = true },
};

#define COLUMNS (int)(sizeof(columns) / sizeof(columns[0]))

/* What of the model each of them shows. */
static const int shows[COLUMNS] = {
	GMT_COLUMN_ID,
	GMT_COLUMN_NAME,
	GMT_COLUMN_COMMAND,
	GMT_COLUMN_PID,
	GMT_COLUMN_SIZE,
	GMT_COLUMN_PRIVATE,
	GMT_COLUMN_SHARED,
	GMT_COLUMN_FAULT_RATE,
	GMT_COLUMN_CONVERSION_RATE,
	GMT_COLUMN_DENIED_RATE,
	SPARK,
	GMT_COLUMN_FAULTS,
	GMT_COLUMN_CONVERSIONS,
	GMT_COLUMN_DENIED,
	GMT_COLUMN_BINDINGS,
	GMT_COLUMN_VM,
	GMT_COLUMN_CGROUP,
};

static void format_bytes(char *text, size_t size, const struct gmt_row *row, int of,
			 const struct gmt_ui *ui)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	uint64_t bytes = rec->size_bytes;

	if (of == GMT_COLUMN_PRIVATE)
		bytes = rec->resident_private_bytes;
	else if (of == GMT_COLUMN_SHARED)
		bytes = rec->resident_shared_bytes;
	gmt_look_bytes(text, size, bytes, &ui->look);
}

static void format(char *text, size_t size, const void *data, int column, const struct gmt_ui *ui)
{
	const struct gmt_row *row = data;
	const struct gmt_history *recent = &ui->live->recent;
	int of = shows[column];

	if (of == SPARK && !gmt_column_known(row, GMT_COLUMN_FAULTS))
		snprintf(text, size, "?");
	else if (of == SPARK)
		gmt_look_spark(text, size, &ui->look, recent, gmt_history_find(recent, row->rec.id),
			       GMT_HISTORY_FAULTS, ui->grids[GMT_VIEW_GMEMS].widths[column]);
	else if (columns[column].bytes && gmt_column_known(row, of))
		format_bytes(text, size, row, of, ui);
	else
		gmt_cell_format(text, size, row, of);
}

static enum gmt_role role(const void *data, int column, const struct gmt_ui *ui)
{
	const struct gmt_row *row = data;

	switch (shows[column]) {
	case GMT_COLUMN_DENIED_RATE:
		return row->rates.denied > 0 ? GMT_ROLE_ALARM : GMT_ROLE_TEXT;
	case GMT_COLUMN_DENIED:
		return gmt_rec_denied(&row->rec) ? GMT_ROLE_WARN : GMT_ROLE_TEXT;
	case GMT_COLUMN_PRIVATE:
		return GMT_ROLE_PRIVATE;
	case GMT_COLUMN_SHARED:
		return GMT_ROLE_SHARED;
	case SPARK:
		return GMT_ROLE_SPARK;
	default:
		return GMT_ROLE_TEXT;
	}
}

const struct gmt_grid_type gmt_gmems_type = {
	.name = "gmems",
	.columns = columns,
	.count = COLUMNS,
	.tree = -1,
	.format = format,
	.role = role,
};

enum gmt_column gmt_gmems_column(const struct gmt_grid *grid)
{
	int of = shows[grid->sort];

	return of == SPARK ? GMT_COLUMN_FAULT_RATE : (enum gmt_column)of;
}

void gmt_gmems_sort_by(struct gmt_grid *grid, enum gmt_column column)
{
	for (int i = 0; i < COLUMNS; i++)
		if (shows[i] == (int)column)
			grid->sort = i;
	grid->descending = columns[grid->sort].descends;
}

void gmt_gmems_build(struct gmt_ui *ui)
{
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_GMEMS];
	const struct gmt_table *table = &ui->live->table;

	gmt_grid_begin(grid);
	for (size_t i = 0; i < table->shown_count; i++) {
		const struct gmt_row *row = table->shown[i];

		if (ui->scope.on && !gmt_scope_has(&ui->scope, ui->live, row))
			continue;
		if (!gmt_grid_add(grid, row, row->rec.id))
			break;
	}
	gmt_grid_end(grid, ui, false, false);
}
