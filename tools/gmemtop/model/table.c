// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows over time: stale, refreshed, reaped. A gmem's id is never used again and its
 * counters never fall, so a rate is a plain difference; it is still kept from going
 * below zero, should a source break that promise.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/table.h"

void gmt_table_init(struct gmt_table *table)
{
	memset(table, 0, sizeof(*table));
}

static void free_row(struct gmt_row *row)
{
	gmt_vms_exit(&row->vms);
	free(row);
}

void gmt_table_exit(struct gmt_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free_row(table->rows[i]);
	free(table->rows);
	free(table->shown);
	memset(table, 0, sizeof(*table));
}

void gmt_table_begin(struct gmt_table *table, uint64_t now_ns)
{
	for (size_t i = 0; i < table->count; i++)
		table->rows[i]->fresh = false;
	table->cursor = 0;
	table->now_ns = now_ns;
}

/* The first row whose id is not below @id; one step where ids come in ascending order. */
static size_t lower_bound(struct gmt_table *table, uint64_t id)
{
	size_t low = 0, high = table->count, cursor = table->cursor;

	if (cursor < table->count && table->rows[cursor]->rec.id == id)
		return cursor;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->rows[middle]->rec.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct gmt_row *insert(struct gmt_table *table, size_t at)
{
	struct gmt_row *row;

	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 64;
		void *rows = reallocarray(table->rows, capacity, sizeof(*table->rows));

		if (!rows)
			return NULL;
		table->rows = rows;
		table->capacity = capacity;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->cgroup = "";
	memmove(&table->rows[at + 1], &table->rows[at], (table->count - at) * sizeof(*table->rows));
	table->rows[at] = row;
	table->count++;
	return row;
}

static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before ? (double)(now - before) / seconds : 0;
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void update_since(struct gmt_row *row, const struct gmt_rec_gmem *rec)
{
	const struct gmt_rec_gmem *old = &row->rec;

	row->since.faults = grown(gmt_rec_faults(rec), gmt_rec_faults(old));
	row->since.conversions = grown(rec->conversions, old->conversions);
	row->since.denied = grown(gmt_rec_denied(rec), gmt_rec_denied(old));
}

static void update_rates(struct gmt_row *row, const struct gmt_rec_gmem *rec, double seconds)
{
	const struct gmt_rec_gmem *old = &row->rec;

	row->rates.faults = rate(gmt_rec_faults(rec), gmt_rec_faults(old), seconds);
	row->rates.conversions = rate(rec->conversions, old->conversions, seconds);
	row->rates.denied = rate(gmt_rec_denied(rec), gmt_rec_denied(old), seconds);
	row->has_rates = true;
}

struct gmt_row *gmt_table_put(struct gmt_table *table, const struct gmt_rec_gmem *rec,
			      uint64_t taken_ns)
{
	size_t at = lower_bound(table, rec->id);
	uint64_t since_ns = 0;
	struct gmt_row *row;

	if (at < table->count && table->rows[at]->rec.id == rec->id) {
		row = table->rows[at];
		since_ns = row->taken_ns;
	} else {
		row = insert(table, at);
		if (!row)
			return NULL;
		/* It came since the last refresh: all it ever did, it did since then. */
		if (table->refreshes)
			since_ns = table->last_ns;
	}
	if (since_ns && taken_ns > since_ns)
		update_rates(row, rec, (double)(taken_ns - since_ns) / 1e9);
	update_since(row, rec);
	row->rec = *rec;
	gmt_vms_reset(&row->vms);
	/* Where none is counted, there is nothing that could not be told. */
	row->vms.known = rec->known & GMT_KNOWN_BINDINGS && !rec->bindings;
	row->taken_ns = taken_ns;
	row->fresh = true;
	table->cursor = at + 1;
	return row;
}

int gmt_table_put_binding(struct gmt_table *table, const struct gmt_rec_binding *rec)
{
	size_t at = lower_bound(table, rec->id);

	if (at == table->count || table->rows[at]->rec.id != rec->id || !table->rows[at]->fresh)
		return 0;
	/* The next one is of the same gmem, or of a later one. */
	table->cursor = at;
	return gmt_vms_add(&table->rows[at]->vms, rec);
}

bool gmt_table_bound(const struct gmt_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i]->fresh && table->rows[i]->rec.bindings)
			return true;
	return false;
}

void gmt_table_bindings_end(struct gmt_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		table->rows[i]->vms.known = table->rows[i]->rec.known & GMT_KNOWN_BINDINGS;
}

void gmt_table_end(struct gmt_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		if (table->rows[i]->fresh)
			table->rows[kept++] = table->rows[i];
		else
			free_row(table->rows[i]);
	}
	table->count = kept;
	table->shown_count = 0;
	table->last_ns = table->now_ns;
	table->refreshes++;
}

static void add_to_totals(struct gmt_totals *totals, const struct gmt_row *row)
{
	totals->gmems++;
	totals->known &= row->rec.known;
	totals->size_bytes += row->rec.size_bytes;
	totals->resident_private_bytes += row->rec.resident_private_bytes;
	totals->resident_shared_bytes += row->rec.resident_shared_bytes;
	totals->faults += gmt_rec_faults(&row->rec);
	totals->conversions += row->rec.conversions;
	totals->denied += gmt_rec_denied(&row->rec);
	if (!row->has_rates)
		return;
	totals->rates.faults += row->rates.faults;
	totals->rates.conversions += row->rates.conversions;
	totals->rates.denied += row->rates.denied;
	totals->has_rates = true;
}

int gmt_table_select(struct gmt_table *table, const struct gmt_filter *filter, enum gmt_column sort,
		     bool descending)
{
	if (table->shown_capacity < table->count) {
		void *shown = reallocarray(table->shown, table->capacity, sizeof(*table->shown));

		if (!shown)
			return -ENOMEM;
		table->shown = shown;
		table->shown_capacity = table->capacity;
	}
	table->shown_count = 0;
	memset(&table->totals, 0, sizeof(table->totals));
	table->totals.known = GMT_KNOWN_ALL;
	for (size_t i = 0; i < table->count; i++) {
		struct gmt_row *row = table->rows[i];

		if (filter && !gmt_filter_match(filter, row))
			continue;
		table->shown[table->shown_count++] = row;
		add_to_totals(&table->totals, row);
	}
	/* With no gmem at all, the rates are known: there is none. */
	if (!table->totals.gmems)
		table->totals.has_rates = table->refreshes > 1;
	gmt_rows_sort(table->shown, table->shown_count, sort, descending);
	return 0;
}
