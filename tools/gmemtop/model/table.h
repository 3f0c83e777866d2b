/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of gmems: rows kept from one refresh to the next, their rates, totals, and
 * the selection (filtered, sorted) that a view shows. Knows no source and no view.
 */
#ifndef GMT_MODEL_TABLE_H
#define GMT_MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"
#include "model/column.h"
#include "model/filter.h"
#include "model/vms.h"

/* Events a second; never negative. */
struct gmt_rates {
	double faults;
	double conversions;
	double denied;
};

/* What was counted since the refresh before; of a gmem that came since then, all it ever counted. */
struct gmt_since {
	uint64_t faults;
	uint64_t conversions;
	uint64_t denied;
};

/**
 * struct gmt_row - One gmem
 * @rec: as last read
 * @taken_ns: when, CLOCK_BOOTTIME
 * @cgroup: the creator's cgroup path, "" when not looked up; owned by the source
 * @vms: those that have bound it
 * @since: summed up over refreshes it is what the gmem has counted, each act once
 * @rates: over the time between the last two refreshes
 * @has_rates: @rates are known
 * @fresh: seen in the refresh under way; rows that are not are reaped at its end
 */
struct gmt_row {
	struct gmt_rec_gmem rec;
	uint64_t taken_ns;
	const char *cgroup;
	struct gmt_vms vms;
	struct gmt_since since;
	struct gmt_rates rates;
	bool has_rates;
	bool fresh;
};

/**
 * struct gmt_totals - Sums over the selected rows
 * @lost: what the source could not tell of; a source that reads counters loses nothing
 * @known: enum gmt_known: the sums over what is known of every selected row
 * @has_rates: at least one row's rates are known
 */
struct gmt_totals {
	size_t gmems;
	uint64_t size_bytes;
	uint64_t resident_private_bytes;
	uint64_t resident_shared_bytes;
	uint64_t faults;
	uint64_t conversions;
	uint64_t denied;
	uint64_t lost;
	uint32_t known;
	struct gmt_rates rates;
	bool has_rates;
};

/**
 * struct gmt_table - All gmems
 * @rows: owned, by ascending id
 * @shown: the selection, pointers into @rows valid until the next refresh
 * @refreshes: how many ended
 * @last_ns: when the last refresh began, CLOCK_BOOTTIME
 * @now_ns: when the refresh under way began
 * @offset_ns: from that clock to the wall's; set by whoever refreshes
 */
struct gmt_table {
	struct gmt_row **rows;
	size_t count;
	size_t capacity;
	size_t cursor;
	struct gmt_row **shown;
	size_t shown_count;
	size_t shown_capacity;
	struct gmt_totals totals;
	uint64_t refreshes;
	uint64_t last_ns;
	uint64_t now_ns;
	int64_t offset_ns;
};

/* faults of every kind, and denied attempts of every cause */
static inline uint64_t gmt_rec_faults(const struct gmt_rec_gmem *rec)
{
	return rec->faults_host + rec->faults_guest;
}

static inline uint64_t gmt_rec_denied(const struct gmt_rec_gmem *rec)
{
	return rec->denied_private + rec->denied_flags + rec->denied_capability +
	       rec->denied_policy;
}

void gmt_table_init(struct gmt_table *table);
void gmt_table_exit(struct gmt_table *table);

/**
 * gmt_table_begin() - Begin a refresh: every row is stale until it is put
 * @now_ns: CLOCK_BOOTTIME
 */
void gmt_table_begin(struct gmt_table *table, uint64_t now_ns);

/**
 * gmt_table_put() - Add or update the row of one gmem
 * @rec: as read; any order of ids will do, ascending is cheapest
 * @taken_ns: when it was read, CLOCK_BOOTTIME
 *
 * Return: the row, valid until it is reaped; NULL without memory
 */
struct gmt_row *gmt_table_put(struct gmt_table *table, const struct gmt_rec_gmem *rec,
			      uint64_t taken_ns);

/**
 * gmt_table_put_binding() - Note the VM of a binding in the row of its gmem
 * @rec: as read; a gmem that was not put in this refresh is none of the table's
 *
 * Return: 0 or -ENOMEM
 */
int gmt_table_put_binding(struct gmt_table *table, const struct gmt_rec_binding *rec);

/* gmt_table_bound() - Return: whether a gmem put in this refresh counts bindings */
bool gmt_table_bound(const struct gmt_table *table);

/* gmt_table_bindings_end() - All bindings were put: the VMs of every row are known */
void gmt_table_bindings_end(struct gmt_table *table);

/* gmt_table_end() - End a refresh: reap the rows not put. The selection is void after it. */
void gmt_table_end(struct gmt_table *table);

/**
 * gmt_table_select() - Choose, order and total the rows to be shown
 * @filter: may be NULL for all
 *
 * Return: 0 or -ENOMEM
 */
int gmt_table_select(struct gmt_table *table, const struct gmt_filter *filter, enum gmt_column sort,
		     bool descending);

#endif /* GMT_MODEL_TABLE_H */
