// SPDX-License-Identifier: GPL-2.0-only
/* Columns and the order of rows by each of them. Used by the table and the commands. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model/column.h"
#include "model/table.h"

const enum gmt_column gmt_columns_live[] = {
	GMT_COLUMN_ID,		GMT_COLUMN_NAME,       GMT_COLUMN_COMMAND,
	GMT_COLUMN_PID,		GMT_COLUMN_SIZE,       GMT_COLUMN_PRIVATE,
	GMT_COLUMN_SHARED,	GMT_COLUMN_FAULT_RATE, GMT_COLUMN_CONVERSION_RATE,
	GMT_COLUMN_DENIED_RATE, GMT_COLUMN_VM,	       GMT_COLUMN_CGROUP,
};
const size_t gmt_columns_live_count = sizeof(gmt_columns_live) / sizeof(gmt_columns_live[0]);

const enum gmt_column gmt_columns_list[] = {
	GMT_COLUMN_ID,		GMT_COLUMN_NAME,    GMT_COLUMN_COMMAND,	 GMT_COLUMN_PID,
	GMT_COLUMN_SIZE,	GMT_COLUMN_PRIVATE, GMT_COLUMN_SHARED,	 GMT_COLUMN_FAULTS,
	GMT_COLUMN_CONVERSIONS, GMT_COLUMN_DENIED,  GMT_COLUMN_BINDINGS, GMT_COLUMN_VM,
	GMT_COLUMN_CGROUP,
};
const size_t gmt_columns_list_count = sizeof(gmt_columns_list) / sizeof(gmt_columns_list[0]);

/* A rate and its count share a name: a table has the one or the other. */
static const char *const names[GMT_COLUMN_MAX] = {
	[GMT_COLUMN_ID] = "id",
	[GMT_COLUMN_NAME] = "name",
	[GMT_COLUMN_COMMAND] = "command",
	[GMT_COLUMN_PID] = "pid",
	[GMT_COLUMN_SIZE] = "size",
	[GMT_COLUMN_PRIVATE] = "private",
	[GMT_COLUMN_SHARED] = "shared",
	[GMT_COLUMN_FAULT_RATE] = "faults",
	[GMT_COLUMN_CONVERSION_RATE] = "conversions",
	[GMT_COLUMN_DENIED_RATE] = "denied",
	[GMT_COLUMN_FAULTS] = "faults",
	[GMT_COLUMN_CONVERSIONS] = "conversions",
	[GMT_COLUMN_DENIED] = "denied",
	[GMT_COLUMN_BINDINGS] = "bindings",
	[GMT_COLUMN_VM] = "vm",
	[GMT_COLUMN_CGROUP] = "cgroup",
};

const char *gmt_column_name(enum gmt_column column)
{
	return names[column];
}

enum gmt_column gmt_column_find(const enum gmt_column *set, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(names[set[i]], name))
			return set[i];
	return GMT_COLUMN_MAX;
}

bool gmt_column_descends(enum gmt_column column)
{
	switch (column) {
	case GMT_COLUMN_ID:
	case GMT_COLUMN_NAME:
	case GMT_COLUMN_COMMAND:
	case GMT_COLUMN_PID:
	case GMT_COLUMN_VM:
	case GMT_COLUMN_CGROUP:
		return false;
	default:
		return true;
	}
}

/* What has to be known for a column; none: it always is. */
static const uint32_t needed[GMT_COLUMN_MAX] = {
	[GMT_COLUMN_NAME] = GMT_KNOWN_NAME,
	[GMT_COLUMN_COMMAND] = GMT_KNOWN_CREATOR,
	[GMT_COLUMN_PID] = GMT_KNOWN_CREATOR,
	[GMT_COLUMN_PRIVATE] = GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES,
	[GMT_COLUMN_SHARED] = GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES,
	[GMT_COLUMN_FAULT_RATE] = GMT_KNOWN_FAULTS,
	[GMT_COLUMN_CONVERSION_RATE] = GMT_KNOWN_CONVERSIONS,
	[GMT_COLUMN_DENIED_RATE] = GMT_KNOWN_DENIED,
	[GMT_COLUMN_FAULTS] = GMT_KNOWN_FAULTS,
	[GMT_COLUMN_CONVERSIONS] = GMT_KNOWN_CONVERSIONS,
	[GMT_COLUMN_DENIED] = GMT_KNOWN_DENIED,
	[GMT_COLUMN_BINDINGS] = GMT_KNOWN_BINDINGS,
	[GMT_COLUMN_CGROUP] = GMT_KNOWN_CGROUP,
};

bool gmt_column_known(const struct gmt_row *row, enum gmt_column column)
{
	if (column == GMT_COLUMN_VM)
		return row->vms.known;
	return !(needed[column] & ~row->rec.known);
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_double(double a, double b)
{
	return (a > b) - (a < b);
}

static int compare_rows(const struct gmt_row *a, const struct gmt_row *b, enum gmt_column column)
{
	const struct gmt_rec_gmem *x = &a->rec, *y = &b->rec;

	switch (column) {
	case GMT_COLUMN_NAME:
		return strncmp(x->name, y->name, sizeof(x->name));
	case GMT_COLUMN_COMMAND:
		return strncmp(x->creator_comm, y->creator_comm, sizeof(x->creator_comm));
	case GMT_COLUMN_PID:
		return compare_u64(x->creator_pid, y->creator_pid);
	case GMT_COLUMN_SIZE:
		return compare_u64(x->size_bytes, y->size_bytes);
	case GMT_COLUMN_PRIVATE:
		return compare_u64(x->resident_private_bytes, y->resident_private_bytes);
	case GMT_COLUMN_SHARED:
		return compare_u64(x->resident_shared_bytes, y->resident_shared_bytes);
	case GMT_COLUMN_FAULT_RATE:
		return compare_double(a->rates.faults, b->rates.faults);
	case GMT_COLUMN_CONVERSION_RATE:
		return compare_double(a->rates.conversions, b->rates.conversions);
	case GMT_COLUMN_DENIED_RATE:
		return compare_double(a->rates.denied, b->rates.denied);
	case GMT_COLUMN_FAULTS:
		return compare_u64(gmt_rec_faults(x), gmt_rec_faults(y));
	case GMT_COLUMN_CONVERSIONS:
		return compare_u64(x->conversions, y->conversions);
	case GMT_COLUMN_DENIED:
		return compare_u64(gmt_rec_denied(x), gmt_rec_denied(y));
	case GMT_COLUMN_BINDINGS:
		return compare_u64(x->bindings, y->bindings);
	case GMT_COLUMN_VM:
		return gmt_vms_compare(&a->vms, &b->vms);
	case GMT_COLUMN_CGROUP:
		return strcmp(a->cgroup, b->cgroup);
	default:
		return compare_u64(x->id, y->id);
	}
}

struct order {
	enum gmt_column column;
	bool descending;
};

static int compare(const void *a, const void *b, void *ctx)
{
	const struct gmt_row *x = *(struct gmt_row *const *)a;
	const struct gmt_row *y = *(struct gmt_row *const *)b;
	const struct order *order = ctx;
	int result = gmt_column_known(y, order->column) - gmt_column_known(x, order->column);

	if (result)
		return result;
	result = compare_rows(x, y, order->column);
	if (result)
		return order->descending ? -result : result;
	return compare_u64(x->rec.id, y->rec.id);
}

void gmt_rows_sort(struct gmt_row **rows, size_t count, enum gmt_column column, bool descending)
{
	struct order order = { column, descending };

	/* The table already has them so. */
	if (column == GMT_COLUMN_ID && !descending)
		return;
	if (count)
		qsort_r(rows, count, sizeof(*rows), compare, &order);
}
