// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums over rows by key: an open hash of positions in a list, both kept from one refresh to the
 * next, so that 100,000 additions cost no more than a few million instructions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/group.h"

void gmt_groups_begin(struct gmt_groups *groups, enum gmt_group_by by)
{
	groups->by = by;
	groups->count = 0;
	if (groups->slots)
		memset(groups->slots, 0, groups->slot_count * sizeof(*groups->slots));
}

void gmt_groups_exit(struct gmt_groups *groups)
{
	free(groups->list);
	free(groups->slots);
	memset(groups, 0, sizeof(*groups));
}

struct gmt_group_key gmt_group_key_process(uint32_t pid, uint64_t start_ns)
{
	return (struct gmt_group_key){ .number = pid, .more = { start_ns } };
}

struct gmt_group_key gmt_group_key_vm(const char *consumer, uint64_t vm)
{
	struct gmt_group_key key = { .number = vm };

	_Static_assert(sizeof(key.more) >= GMT_CONSUMER_MAX, "a name fits");
	/* What stands behind the terminator is no part of the name. */
	memcpy(key.more, consumer, strnlen(consumer, GMT_CONSUMER_MAX));
	return key;
}

struct gmt_group_key gmt_group_key_number(uint64_t number)
{
	return (struct gmt_group_key){ .number = number };
}

static bool same(const struct gmt_group_key *a, const struct gmt_group_key *b)
{
	return a->number == b->number && a->more[0] == b->more[0] && a->more[1] == b->more[1] &&
	       a->what == b->what;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* The slot of a key, or the free one where it would go. */
static uint32_t *slot_of(const struct gmt_groups *groups, const struct gmt_group_key *key)
{
	uint64_t hash = mix(mix(mix(mix(0, key->what), key->number), key->more[0]), key->more[1]);
	size_t mask = groups->slot_count - 1, at = hash & mask;

	while (groups->slots[at] && !same(&groups->list[groups->slots[at] - 1].key, key))
		at = (at + 1) & mask;
	return &groups->slots[at];
}

struct gmt_group *gmt_groups_find(const struct gmt_groups *groups, const struct gmt_group_key *key)
{
	uint32_t slot = groups->slot_count ? *slot_of(groups, key) : 0;

	return slot ? &groups->list[slot - 1] : NULL;
}

/* Room for one more, at most half of the slots taken. Return: 0 or -ENOMEM */
static int grow(struct gmt_groups *groups)
{
	size_t capacity = groups->capacity ? groups->capacity * 2 : 64;
	uint32_t *slots;
	void *list;

	if (groups->count < groups->capacity)
		return 0;
	list = reallocarray(groups->list, capacity, sizeof(*groups->list));
	if (!list)
		return -ENOMEM;
	groups->list = list;
	slots = calloc(capacity * 2, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	groups->capacity = capacity;
	free(groups->slots);
	groups->slots = slots;
	groups->slot_count = capacity * 2;
	for (size_t i = 0; i < groups->count; i++)
		*slot_of(groups, &groups->list[i].key) = (uint32_t)i + 1;
	return 0;
}

static void sum_up(struct gmt_group *group, const struct gmt_row *row)
{
	const struct gmt_rec_gmem *rec = &row->rec;

	group->gmems++;
	group->known &= rec->known;
	group->size_bytes += rec->size_bytes;
	group->resident_private_bytes += rec->resident_private_bytes;
	group->resident_shared_bytes += rec->resident_shared_bytes;
	group->faults += gmt_rec_faults(rec);
	group->conversions += rec->conversions;
	group->denied += gmt_rec_denied(rec);
	group->bindings += rec->bindings;
	group->since.faults += row->since.faults;
	group->since.conversions += row->since.conversions;
	group->since.denied += row->since.denied;
	if (!row->has_rates)
		return;
	group->rates.faults += row->rates.faults;
	group->rates.conversions += row->rates.conversions;
	group->rates.denied += row->rates.denied;
	group->has_rates = true;
}

struct gmt_group *gmt_groups_add(struct gmt_groups *groups, const struct gmt_group_key *key,
				 const struct gmt_row *row)
{
	struct gmt_group *group;
	uint32_t *slot;

	if (grow(groups))
		return NULL;
	slot = slot_of(groups, key);
	if (*slot) {
		group = &groups->list[*slot - 1];
	} else {
		group = &groups->list[groups->count++];
		*group = (struct gmt_group){
			.key = *key,
			.known = GMT_KNOWN_ALL,
			.path = "",
			.last_id = row->rec.id + 1,
		};
		*slot = (uint32_t)groups->count;
	}
	if (group->last_id != row->rec.id)
		sum_up(group, row);
	group->last_id = row->rec.id;
	return group;
}

/* The group of those that belong to none, or of which nobody could tell. */
static struct gmt_group *add_other(struct gmt_groups *groups, enum gmt_group_what what,
				   const struct gmt_row *row)
{
	struct gmt_group_key key = { .what = what };

	return gmt_groups_add(groups, &key, row);
}

int gmt_groups_by_creator(struct gmt_groups *groups, const struct gmt_table *table)
{
	gmt_groups_begin(groups, GMT_GROUP_PROCESS);
	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];
		const struct gmt_rec_gmem *rec = &row->rec;
		struct gmt_group_key key =
			gmt_group_key_process(rec->creator_pid, rec->creator_start_ns);
		struct gmt_group *group;

		if (!(rec->known & GMT_KNOWN_CREATOR)) {
			if (!add_other(groups, GMT_GROUP_UNKNOWN, row))
				return -ENOMEM;
			continue;
		}
		group = gmt_groups_add(groups, &key, row);
		if (!group)
			return -ENOMEM;
		group->uid = rec->creator_uid;
		memcpy(group->comm, rec->creator_comm, sizeof(group->comm));
	}
	return 0;
}

static int add_holders(struct gmt_groups *groups, const struct gmt_row *row,
		       const struct gmt_rec_holder *holders, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct gmt_rec_holder *holder = &holders[i];
		struct gmt_group_key key = gmt_group_key_process(holder->pid, holder->start_ns);
		struct gmt_group *group = gmt_groups_add(groups, &key, row);

		if (!group)
			return -ENOMEM;
		group->uid = holder->uid;
		group->fds += holder->fds;
		memcpy(group->comm, holder->comm, sizeof(group->comm));
	}
	/* Held by a mapping or a binding only. */
	return count || add_other(groups, GMT_GROUP_NONE, row) ? 0 : -ENOMEM;
}

int gmt_groups_by_holder(struct gmt_groups *groups, const struct gmt_table *table,
			 const struct gmt_rec_holder *holders, size_t count)
{
	size_t first = 0, end;
	int err = 0;

	gmt_groups_begin(groups, GMT_GROUP_PROCESS);
	for (size_t i = 0; !err && i < table->count; i++) {
		uint64_t id = table->rows[i]->rec.id;

		/* Those of gmems that came or went between the two readings are passed over. */
		while (first < count && holders[first].id < id)
			first++;
		for (end = first; end < count && holders[end].id == id; end++)
			;
		err = add_holders(groups, table->rows[i], holders + first, end - first);
		first = end;
	}
	return err;
}

int gmt_groups_by_vm(struct gmt_groups *groups, const struct gmt_table *table)
{
	gmt_groups_begin(groups, GMT_GROUP_VM);
	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];

		if (!row->vms.count &&
		    !add_other(groups, row->vms.known ? GMT_GROUP_NONE : GMT_GROUP_UNKNOWN, row))
			return -ENOMEM;
		for (size_t j = 0; j < row->vms.count; j++) {
			const struct gmt_vm *vm = &row->vms.list[j];
			struct gmt_group_key key = gmt_group_key_vm(vm->consumer, vm->vm);
			struct gmt_group *group = gmt_groups_add(groups, &key, row);

			if (!group)
				return -ENOMEM;
			/* Those of its own, of all that the gmem has. */
			group->bindings += vm->bindings - row->rec.bindings;
			group->bound_bytes += vm->bound_bytes;
		}
	}
	return 0;
}

int gmt_groups_by_cgroup(struct gmt_groups *groups, const struct gmt_table *table)
{
	gmt_groups_begin(groups, GMT_GROUP_CGROUP);
	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];
		struct gmt_group_key key = gmt_group_key_number(row->rec.creator_cgroup_id);
		struct gmt_group *group;

		if (row->rec.known & GMT_KNOWN_CGROUP)
			group = gmt_groups_add(groups, &key, row);
		else
			group = add_other(groups, GMT_GROUP_UNKNOWN, row);
		if (!group)
			return -ENOMEM;
		group->path = row->rec.known & GMT_KNOWN_CGROUP ? row->cgroup : "";
	}
	return 0;
}

int gmt_groups_by_node(struct gmt_groups *groups, const struct gmt_table *table,
		       const struct gmt_rec_node *nodes, size_t count)
{
	size_t at = 0;

	gmt_groups_begin(groups, GMT_GROUP_NODE);
	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];
		uint64_t resident =
			row->rec.resident_private_bytes + row->rec.resident_shared_bytes;
		uint64_t told = 0;

		while (at < count && nodes[at].id < row->rec.id)
			at++;
		for (; at < count && nodes[at].id == row->rec.id; at++) {
			struct gmt_group_key key = gmt_group_key_number(nodes[at].nid);
			struct gmt_group *group = gmt_groups_add(groups, &key, row);

			if (!group)
				return -ENOMEM;
			group->node_bytes += nodes[at].resident_bytes;
			told += nodes[at].resident_bytes;
		}
		if (told < resident && (row->rec.known & GMT_KNOWN_RESIDENT)) {
			struct gmt_group *group = add_other(groups, GMT_GROUP_UNKNOWN, row);

			if (!group)
				return -ENOMEM;
			group->node_bytes += resident - told;
		}
	}
	return 0;
}
