// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gmem's records by moment: a new one only where it differs from the one before, so that what
 * rests costs nothing however long. The oldest go first, all of a moment at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/past.h"

struct version {
	uint64_t moment;
	struct gmt_rec_gmem rec;
};

/**
 * struct gmt_past_gmem - One gmem
 * @versions: owned; each holds until the next
 * @born, @seen: first and last moment that it was there
 * @vms: as they are since the moment @vms_since
 */
struct gmt_past_gmem {
	uint64_t id;
	const char *cgroup;
	struct version *versions;
	size_t count;
	size_t capacity;
	uint64_t born;
	uint64_t seen;
	struct gmt_vms vms;
	uint64_t vms_since;
};

static void free_gmem(struct gmt_past *past, struct gmt_past_gmem *gmem)
{
	past->bytes -= gmem->capacity * sizeof(*gmem->versions) + sizeof(*gmem);
	free(gmem->versions);
	gmt_vms_exit(&gmem->vms);
}

void gmt_past_exit(struct gmt_past *past)
{
	for (size_t i = 0; i < past->count; i++)
		free_gmem(past, &past->gmems[i]);
	free(past->gmems);
	free(past->times);
	*past = (struct gmt_past){ .seconds = past->seconds, .bytes_max = past->bytes_max };
}

/* Room for one moment more. Return: 0 or -ENOMEM */
static int grow_times(struct gmt_past *past)
{
	size_t capacity = past->time_capacity ? past->time_capacity * 2 : 256;
	uint64_t *times;

	if (past->next - past->first < past->time_capacity)
		return 0;
	times = calloc(capacity, sizeof(*times));
	if (!times)
		return -ENOMEM;
	for (uint64_t i = past->first; i < past->next; i++)
		times[i % capacity] = past->times[i % past->time_capacity];
	free(past->times);
	past->times = times;
	past->time_capacity = capacity;
	return 0;
}

/* Gives up what only moments before the first one kept need. */
static void sweep(struct gmt_past *past)
{
	size_t kept = 0;

	for (size_t i = 0; i < past->count; i++) {
		struct gmt_past_gmem *gmem = &past->gmems[i];
		size_t old = 0, room;
		void *fewer;

		if (gmem->seen < past->first) {
			free_gmem(past, gmem);
			continue;
		}
		while (old + 1 < gmem->count && gmem->versions[old + 1].moment <= past->first)
			old++;
		gmem->count -= old;
		memmove(gmem->versions, gmem->versions + old,
			gmem->count * sizeof(*gmem->versions));
		room = gmem->count + 4;
		fewer = room < gmem->capacity ?
				reallocarray(gmem->versions, room, sizeof(*gmem->versions)) :
				NULL;
		if (fewer) {
			past->bytes -= (gmem->capacity - room) * sizeof(*gmem->versions);
			gmem->versions = fewer;
			gmem->capacity = room;
		}
		past->gmems[kept++] = *gmem;
	}
	past->count = kept;
}

static void forget(struct gmt_past *past, uint64_t now_ns)
{
	uint64_t kept_ns = (uint64_t)(past->seconds * 1e9), before = past->first;

	while (past->first + 1 < past->next &&
	       past->times[past->first % past->time_capacity] + kept_ns < now_ns)
		past->first++;
	/* A sweep looks at every gmem: not for each moment that goes. */
	if (past->first / 16 != before / 16)
		sweep(past);
	while (past->bytes > past->bytes_max && past->first + 1 < past->next) {
		past->first += (past->next - past->first + 7) / 8;
		sweep(past);
	}
}

static struct gmt_past_gmem *insert(struct gmt_past *past, size_t at, const struct gmt_row *row)
{
	struct gmt_past_gmem *gmem;

	if (past->count == past->capacity) {
		size_t capacity = past->capacity ? past->capacity * 2 : 64;
		void *list = reallocarray(past->gmems, capacity, sizeof(*past->gmems));

		if (!list)
			return NULL;
		past->gmems = list;
		past->capacity = capacity;
	}
	gmem = &past->gmems[at];
	memmove(gmem + 1, gmem, (past->count - at) * sizeof(*gmem));
	past->count++;
	past->bytes += sizeof(*gmem);
	*gmem = (struct gmt_past_gmem){ .id = row->rec.id, .born = past->next };
	return gmem;
}

static bool same_vms(const struct gmt_vms *a, const struct gmt_vms *b)
{
	return a->known == b->known && a->count == b->count &&
	       (!a->count || !memcmp(a->list, b->list, a->count * sizeof(*a->list)));
}

static int keep_vms(struct gmt_past *past, struct gmt_past_gmem *gmem, const struct gmt_row *row)
{
	struct gmt_vm *list;

	if (gmem->count && same_vms(&gmem->vms, &row->vms))
		return 0;
	gmem->vms_since = past->next;
	if (row->vms.count > gmem->vms.capacity) {
		list = reallocarray(gmem->vms.list, row->vms.count, sizeof(*list));
		if (!list)
			return -ENOMEM;
		gmem->vms.list = list;
		gmem->vms.capacity = row->vms.count;
	}
	if (row->vms.count)
		memcpy(gmem->vms.list, row->vms.list, row->vms.count * sizeof(*list));
	gmem->vms.count = row->vms.count;
	gmem->vms.known = row->vms.known;
	return 0;
}

static int keep(struct gmt_past *past, struct gmt_past_gmem *gmem, const struct gmt_row *row)
{
	int err = keep_vms(past, gmem, row);

	if (err)
		return err;
	gmem->seen = past->next;
	gmem->cgroup = row->cgroup;
	if (gmem->count &&
	    !memcmp(&gmem->versions[gmem->count - 1].rec, &row->rec, sizeof(row->rec)))
		return 0;
	if (gmem->count == gmem->capacity) {
		size_t capacity = gmem->capacity ? gmem->capacity + gmem->capacity / 2 + 1 : 2;
		void *list = reallocarray(gmem->versions, capacity, sizeof(*gmem->versions));

		if (!list)
			return -ENOMEM;
		past->bytes += (capacity - gmem->capacity) * sizeof(*gmem->versions);
		gmem->versions = list;
		gmem->capacity = capacity;
	}
	gmem->versions[gmem->count++] = (struct version){ past->next, row->rec };
	return 0;
}

int gmt_past_add(struct gmt_past *past, const struct gmt_table *table)
{
	size_t at = 0;
	int err = grow_times(past);

	/* Both are in the order of ids, which are never used again. */
	for (size_t i = 0; !err && i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];

		while (at < past->count && past->gmems[at].id < row->rec.id)
			at++;
		if ((at == past->count || past->gmems[at].id != row->rec.id) &&
		    !insert(past, at, row))
			return -ENOMEM;
		err = keep(past, &past->gmems[at], row);
	}
	if (err)
		return err;
	past->times[past->next % past->time_capacity] = table->last_ns;
	past->next++;
	forget(past, table->last_ns);
	return 0;
}

size_t gmt_past_moments(const struct gmt_past *past)
{
	/* The oldest one only tells the rates of the next. */
	return past->next - past->first > 2 ? (size_t)(past->next - past->first - 2) : 0;
}

uint64_t gmt_past_time(const struct gmt_past *past, size_t back)
{
	return past->times[(past->next - 1 - back) % past->time_capacity];
}

static int put(const struct gmt_past_gmem *gmem, uint64_t moment, uint64_t now_ns,
	       struct gmt_table *table)
{
	size_t low = 0, high = gmem->count;
	struct gmt_row *row;

	if (!gmem->count || moment < gmem->born || moment > gmem->seen)
		return 0;
	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (gmem->versions[middle].moment <= moment)
			low = middle;
		else
			high = middle;
	}
	row = gmt_table_put(table, &gmem->versions[low].rec, now_ns);
	if (!row)
		return -ENOMEM;
	row->cgroup = gmem->cgroup;
	row->vms.known = gmem->vms.known && gmem->vms_since <= moment;
	for (size_t i = 0; row->vms.known && i < gmem->vms.count; i++) {
		const struct gmt_vm *vm = &gmem->vms.list[i];
		struct gmt_rec_binding binding = { .vm = vm->vm, .size_bytes = vm->bound_bytes };

		memcpy(binding.consumer, vm->consumer, sizeof(binding.consumer));
		if (gmt_vms_add(&row->vms, &binding))
			return -ENOMEM;
		row->vms.list[row->vms.count - 1].bindings = vm->bindings;
	}
	return 0;
}

int gmt_past_fill(const struct gmt_past *past, size_t back, struct gmt_table *table)
{
	uint64_t moment = past->next - 1 - back;
	int err = 0;

	gmt_table_exit(table);
	for (uint64_t at = moment ? moment - 1 : moment; at <= moment; at++) {
		uint64_t now_ns = past->times[at % past->time_capacity];

		gmt_table_begin(table, now_ns);
		for (size_t i = 0; !err && i < past->count; i++)
			err = put(&past->gmems[i], at, now_ns, table);
		gmt_table_end(table);
	}
	return err;
}
