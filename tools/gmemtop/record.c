// SPDX-License-Identifier: GPL-2.0-only
/*
 * A moment of a source as lines: the snapshot, then bindings, holders, nodes, policies, ranges,
 * creators and losses, as far as they are not what the frame has told already.
 */
#include <errno.h>
#include <linux/gmem.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "record.h"
#include "view/json.h"
#include "view/json_recording.h"

/* Looking through all processes' files is not done for each snapshot. */
#define HOLDERS_EVERY 10
#define RANGES_MAX    16384 /* of one gmem */

static uint64_t hash_of(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

/* Records as they come, with the path of each one's cgroup where it has one. */
struct records {
	struct gmt_source *source;
	char *list;
	const char **cgroups;
	size_t count;
	size_t capacity;
	size_t max;
};

static int add(struct records *records, const void *rec, size_t size, const char *cgroup)
{
	if (records->max && records->count == records->max)
		return -E2BIG;
	if (records->count == records->capacity) {
		size_t capacity = records->capacity ? records->capacity * 2 : 64;
		void *list = reallocarray(records->list, capacity, size), *paths;

		if (!list)
			return -ENOMEM;
		records->list = list;
		paths = reallocarray(records->cgroups, capacity, sizeof(*records->cgroups));
		if (!paths)
			return -ENOMEM;
		records->cgroups = paths;
		records->capacity = capacity;
	}
	memcpy(records->list + records->count * size, rec, size);
	records->cgroups[records->count++] = cgroup;
	return 0;
}

static int add_binding(void *ctx, const struct gmt_rec_binding *rec)
{
	return add(ctx, rec, sizeof(*rec), "");
}

static int add_node(void *ctx, const struct gmt_rec_node *rec)
{
	return add(ctx, rec, sizeof(*rec), "");
}

static int add_range(void *ctx, const struct gmt_rec_range *rec)
{
	return add(ctx, rec, sizeof(*rec), "");
}

static const char *path_of(struct gmt_source *source, uint64_t cgroup_id)
{
	return source->ops->cgroup_path(source, cgroup_id);
}

static int add_holder(void *ctx, const struct gmt_rec_holder *rec)
{
	struct records *records = ctx;

	return add(records, rec, sizeof(*rec), path_of(records->source, rec->cgroup_id));
}

static int add_policy(void *ctx, const struct gmt_rec_policy *rec)
{
	struct records *records = ctx;

	return add(records, rec, sizeof(*rec),
		   rec->scope == GMEM_SCOPE_CGROUP ? path_of(records->source, rec->scope_id) : "");
}

static void records_exit(struct records *records)
{
	free(records->list);
	free(records->cgroups);
}

typedef int (*put_fn)(FILE *out, const struct gmt_json_list *list);

/* A line, if it is not what was told before. @err: of reading them; -EOPNOTSUPP is told, too. */
static int put_changed(struct gmt_record *record, FILE *out, enum gmt_recorded what, int err,
		       const struct records *records, size_t size, put_fn put)
{
	struct gmt_changed *changed = &record->changed[what];
	struct gmt_json_list list = {
		.time_ns = record->now_ns,
		.list = records->list ? records->list : "",
		.count = records->count,
		.cgroups = records->cgroups,
	};
	uint64_t hash = hash_of(records->list, records->count * size);

	if (err && err != -EOPNOTSUPP)
		return err;
	if (err) {
		list.list = NULL;
		hash = 0;
	}
	if (changed->told && changed->hash == hash)
		return 0;
	changed->told = true;
	changed->hash = hash;
	return put(out, &list);
}

static int put_bindings(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct records records = { .source = record->source };
	int err = gmt_source_bindings(record->source, 0, UINT64_MAX, add_binding, &records, error);

	err = put_changed(record, out, GMT_RECORDED_BINDINGS, err, &records,
			  sizeof(struct gmt_rec_binding), gmt_json_bindings);
	records_exit(&records);
	return err;
}

static int put_holders(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct records records = { .source = record->source };
	int err;

	if (record->snapshots % HOLDERS_EVERY)
		return 0;
	err = gmt_source_holders(record->source, 0, UINT64_MAX, add_holder, &records, error);
	err = put_changed(record, out, GMT_RECORDED_HOLDERS, err, &records,
			  sizeof(struct gmt_rec_holder), gmt_json_holders);
	records_exit(&records);
	return err;
}

static int put_nodes(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct records records = { .source = record->source };
	int err = gmt_source_nodes(record->source, 0, UINT64_MAX, add_node, &records, error);

	err = put_changed(record, out, GMT_RECORDED_NODES, err, &records,
			  sizeof(struct gmt_rec_node), gmt_json_nodes);
	records_exit(&records);
	return err;
}

static int put_policies(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct records records = { .source = record->source };
	int err = gmt_source_policies(record->source, add_policy, &records, error);

	err = put_changed(record, out, GMT_RECORDED_POLICIES, err, &records,
			  sizeof(struct gmt_rec_policy), gmt_json_attached);
	records_exit(&records);
	return err;
}

/* Once a frame: a process a gmem is looked for. */
static int put_creators(struct gmt_record *record, FILE *out, const struct gmt_table *table)
{
	struct records records = { .source = record->source };
	int err = 0;

	if (record->changed[GMT_RECORDED_CREATORS].told)
		return 0;
	for (size_t i = 0; !err && i < table->count; i++) {
		const struct gmt_rec_gmem *rec = &table->rows[i]->rec;

		if (rec->known & GMT_KNOWN_CREATOR &&
		    !record->source->ops->creator_alive(record->source, rec))
			err = add(&records, &rec->id, sizeof(rec->id), "");
	}
	err = put_changed(record, out, GMT_RECORDED_CREATORS, err, &records, sizeof(uint64_t),
			  gmt_json_creators);
	records_exit(&records);
	return err;
}

/* What changes when ranges do. */
static uint64_t memory_of(const struct gmt_rec_gmem *rec)
{
	const uint64_t parts[] = { rec->converted_bytes,	rec->conversions,
				   rec->allocated_bytes,	rec->freed_bytes,
				   rec->resident_private_bytes, rec->resident_shared_bytes };

	return hash_of(parts, sizeof(parts));
}

/* @again: unless they are what was told last */
static int put_ranges_of(struct gmt_record *record, FILE *out, struct gmt_ranged *ranged,
			 bool again, struct gmt_error *error)
{
	struct records records = { .source = record->source, .max = RANGES_MAX };
	struct gmt_json_list list = { .time_ns = record->now_ns };
	int err =
		record->source->ops->ranges(record->source, ranged->id, add_range, &records, error);
	uint64_t told = ranged->list;

	/* It went while we looked; or there are more than anybody wants to see. */
	if (!err)
		list.list = records.list ? records.list : "";
	list.count = records.count;
	ranged->list = err ? (uint64_t)-err :
			     hash_of(records.list, records.count * sizeof(struct gmt_rec_range));
	ranged->looked = true;
	if (err == -ENOENT)
		err = 0;
	else if (!err || err == -E2BIG || err == -EOPNOTSUPP)
		err = again && ranged->list == told ? 0 : gmt_json_ranges(out, ranged->id, &list);
	records_exit(&records);
	return err;
}

/* Where nobody counts what changes ranges, they are looked at again, in turn, as many as are left. */
static int put_uncounted(struct gmt_record *record, FILE *out, const struct gmt_table *table,
			 struct gmt_ranged *ranged, size_t left, struct gmt_error *error)
{
	size_t first = record->next_uncounted;
	int err = 0;

	for (size_t n = 0; !err && left && n < table->count; n++) {
		size_t i = (first + n) % table->count;

		if (ranged[i].looked || table->rows[i]->rec.known & GMT_KNOWN_ALLOCATIONS)
			continue;
		left--;
		record->next_uncounted = i + 1;
		err = put_ranges_of(record, out, &ranged[i], true, error);
	}
	return err;
}

/* Those whose memory changed, as many as are allowed; the rest comes with the next snapshot. */
static int put_ranges(struct gmt_record *record, FILE *out, const struct gmt_table *table,
		      struct gmt_error *error)
{
	struct gmt_ranged *ranged = calloc(table->count + 1, sizeof(*ranged));
	size_t old = 0, left = record->max_ranges;
	int err = 0;

	if (!ranged)
		return -ENOMEM;
	for (size_t i = 0; !err && i < table->count; i++) {
		const struct gmt_rec_gmem *rec = &table->rows[i]->rec;
		const uint64_t hash = memory_of(rec);

		while (old < record->ranged_count && record->ranged[old].id < rec->id)
			old++;
		if (old < record->ranged_count && record->ranged[old].id == rec->id)
			ranged[i] = record->ranged[old];
		ranged[i].id = rec->id;
		ranged[i].looked = false;
		if (ranged[i].hash == hash || !left)
			continue;
		ranged[i].hash = hash;
		left--;
		err = put_ranges_of(record, out, &ranged[i], false, error);
	}
	if (!err)
		err = put_uncounted(record, out, table, ranged, left, error);
	free(record->ranged);
	record->ranged = ranged;
	record->ranged_count = table->count;
	return err;
}

static int put_losses(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct gmt_changed *changed = &record->changed[GMT_RECORDED_LOSSES];
	uint64_t hash;
	int err;

	if (!record->events)
		return 0;
	err = record->source->ops->trace_losses(record->source, &record->totals, error);
	if (err)
		return err;
	hash = hash_of(&record->totals, sizeof(record->totals));
	if (changed->told && changed->hash == hash)
		return 0;
	changed->told = true;
	changed->hash = hash;
	return gmt_json_losses(out, record->now_ns, &record->totals);
}

static int put_requests(struct gmt_record *record, FILE *out, struct gmt_error *error)
{
	struct gmt_changed *changed = &record->changed[GMT_RECORDED_REQUESTS];
	struct gmt_request_account account;
	uint64_t hash;
	int err;

	if (!record->requests)
		return 0;
	err = record->source->ops->requests_account(record->source, &account, error);
	if (err)
		return err;
	hash = account.last_seq ^ account.lost << 32;
	if (changed->told && changed->hash == hash)
		return 0;
	changed->told = true;
	changed->hash = hash;
	return gmt_json_requests(out, record->now_ns, &account);
}

static int put_all(struct gmt_record *record, FILE *out, struct gmt_table *table, gmt_record_fn fn,
		   void *ctx, struct gmt_error *error)
{
	int err;

	record->now_ns = table->last_ns;
	record->gmems = table->count;
	err = fn(ctx, record->now_ns, error);
	if (err)
		return err;
	table->offset_ns = record->offset_ns;
	err = gmt_table_select(table, NULL, GMT_COLUMN_ID, false);
	if (!err)
		err = gmt_json_table(out, table);
	if (!err)
		err = put_bindings(record, out, error);
	if (!err)
		err = put_holders(record, out, error);
	if (!err)
		err = put_nodes(record, out, error);
	if (!err)
		err = put_policies(record, out, error);
	if (!err)
		err = put_creators(record, out, table);
	if (!err && record->max_ranges)
		err = put_ranges(record, out, table, error);
	if (!err)
		err = put_losses(record, out, error);
	if (!err)
		err = put_requests(record, out, error);
	record->snapshots++;
	return err;
}

int gmt_record_snapshot(struct gmt_record *record, FILE *out, gmt_record_fn fn, void *ctx,
			struct gmt_error *error)
{
	struct gmt_table table;
	int err;

	/* A table of its own each: the line is that of list, which knows no rates. */
	gmt_table_init(&table);
	err = gmt_refresh(record->source, &table, error);
	if (!err)
		err = put_all(record, out, &table, fn, ctx, error);
	gmt_table_exit(&table);
	if (err == -ENOMEM)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	return err;
}

void gmt_record_begin(struct gmt_record *record)
{
	memset(record->changed, 0, sizeof(record->changed));
	record->ranged_count = 0;
	record->snapshots = 0;
	record->offset_ns = gmt_source_offset_ns(record->source);
}

void gmt_record_exit(struct gmt_record *record)
{
	free(record->ranged);
}
