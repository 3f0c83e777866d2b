/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a row can be sorted by and show. Each column has one name, used on the command
 * line; how it looks is the view's business.
 */
#ifndef GMT_MODEL_COLUMN_H
#define GMT_MODEL_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

struct gmt_row;

enum gmt_column {
	GMT_COLUMN_ID,
	GMT_COLUMN_NAME,
	GMT_COLUMN_COMMAND,
	GMT_COLUMN_PID,
	GMT_COLUMN_SIZE,
	GMT_COLUMN_PRIVATE,
	GMT_COLUMN_SHARED,
	/* a second */
	GMT_COLUMN_FAULT_RATE,
	GMT_COLUMN_CONVERSION_RATE,
	GMT_COLUMN_DENIED_RATE,
	/* since creation */
	GMT_COLUMN_FAULTS,
	GMT_COLUMN_CONVERSIONS,
	GMT_COLUMN_DENIED,
	GMT_COLUMN_BINDINGS, /* now */
	GMT_COLUMN_VM,
	GMT_COLUMN_CGROUP,
	GMT_COLUMN_MAX,
};

/* The columns of the live table and of list, in the order shown. */
extern const enum gmt_column gmt_columns_live[];
extern const size_t gmt_columns_live_count;
extern const enum gmt_column gmt_columns_list[];
extern const size_t gmt_columns_list_count;

/* gmt_column_name() - Return: the column's name on the command line */
const char *gmt_column_name(enum gmt_column column);

/**
 * gmt_column_find() - Look up a column by name among those of a set
 *
 * Return: the column, or GMT_COLUMN_MAX when no column of the set has that name
 */
enum gmt_column gmt_column_find(const enum gmt_column *set, size_t count, const char *name);

/* gmt_column_descends() - Return: whether the interesting end of a column is the large one */
bool gmt_column_descends(enum gmt_column column);

/* gmt_column_known() - Return: whether the row's source could tell what the column shows */
bool gmt_column_known(const struct gmt_row *row, enum gmt_column column);

/*
 * gmt_rows_sort() - Order rows by a column; rows that are equal there, by ascending id. Those where
 * it is not known come last, whichever way.
 */
void gmt_rows_sort(struct gmt_row **rows, size_t count, enum gmt_column column, bool descending);

#endif /* GMT_MODEL_COLUMN_H */
