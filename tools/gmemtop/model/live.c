// SPDX-License-Identifier: GPL-2.0-only
/* The dashboard's state: events kept, denials that stand, histories. Filled by the command. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/live.h"

#define EVENTS_KEPT  4096
#define DENIALS_KEPT 64
/* Rings of gmems that are gone stay for a while: a process may come back to the view. */
#define REAP_TICKS 10

static int ring_init(struct gmt_event_ring *ring, size_t capacity)
{
	ring->list = calloc(capacity, sizeof(*ring->list));
	ring->capacity = capacity;
	ring->first = ring->next = 1;
	return ring->list ? 0 : -ENOMEM;
}

int gmt_live_init(struct gmt_live *live)
{
	memset(live, 0, sizeof(*live));
	gmt_table_init(&live->table);
	if (ring_init(&live->events, EVENTS_KEPT) || ring_init(&live->denials, DENIALS_KEPT)) {
		gmt_live_exit(live);
		return -ENOMEM;
	}
	return 0;
}

void gmt_live_exit(struct gmt_live *live)
{
	gmt_table_exit(&live->table);
	for (int by = 0; by < GMT_GROUP_KINDS; by++) {
		gmt_groups_exit(&live->groups[by]);
		gmt_history_reset(&live->recent_groups[by]);
	}
	gmt_history_reset(&live->recent);
	gmt_history_reset(&live->recent_all);
	gmt_detail_exit(&live->detail);
	free(live->holders.list);
	free(live->nodes.list);
	free(live->events.list);
	free(live->denials.list);
	free(live->policies.list);
	free(live->policies_before.list);
	memset(live, 0, sizeof(*live));
}

void gmt_events_clear(struct gmt_event_ring *ring)
{
	ring->first = ring->next;
	ring->held = 0;
	ring->dropped = 0;
}

void gmt_live_leap(struct gmt_live *live)
{
	gmt_table_exit(&live->table);
	gmt_history_reset(&live->recent);
	gmt_history_reset(&live->recent_all);
	for (int by = 0; by < GMT_GROUP_KINDS; by++)
		gmt_history_reset(&live->recent_groups[by]);
	gmt_events_clear(&live->events);
	gmt_events_clear(&live->denials);
	live->policies_before.count = 0;
	live->denied = 0;
	live->accounted_ns = 0;
}

/* What the gmems counted is added up here; a gmem's counts before the first refresh are none. */
static void account_denied(struct gmt_live *live)
{
	const struct gmt_table *table = &live->table;

	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];

		if (!row->since.denied)
			continue;
		if (!live->denied)
			live->denied_first_ns = table->last_ns;
		live->denied += row->since.denied;
		live->denied_id = row->rec.id;
		memcpy(live->denied_name, row->rec.name, sizeof(live->denied_name));
	}
}

void gmt_live_account(struct gmt_live *live, bool leapt)
{
	const struct gmt_table *table = &live->table;
	struct gmt_rates all = { 0 };
	bool any = table->refreshes > 1;

	/* The same moment again, of a recording that stands, is no new one. */
	if (table->last_ns == live->accounted_ns)
		return;
	live->accounted_ns = table->last_ns;
	gmt_history_tick(&live->recent);
	gmt_history_tick(&live->recent_all);
	for (size_t i = 0; i < table->count; i++) {
		const struct gmt_row *row = table->rows[i];

		if (!row->has_rates)
			continue;
		gmt_history_put(&live->recent, row->rec.id, &row->rates);
		all.faults += row->rates.faults;
		all.conversions += row->rates.conversions;
		all.denied += row->rates.denied;
	}
	gmt_history_put(&live->recent_all, 0, any ? &all : NULL);
	gmt_history_reap(&live->recent, REAP_TICKS);
	if (any && !leapt)
		account_denied(live);
}

uint64_t gmt_group_hash(const struct gmt_group_key *key)
{
	const uint64_t parts[] = { key->what, key->number, key->more[0], key->more[1] };
	uint64_t hash = 0;

	for (size_t i = 0; i < 4; i++) {
		hash = (hash ^ parts[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

int gmt_live_groups(struct gmt_live *live, enum gmt_group_by by)
{
	struct gmt_history *recent = &live->recent_groups[by];
	struct gmt_groups *groups = &live->groups[by];
	int err;

	switch (by) {
	case GMT_GROUP_PROCESS:
		live->by_creator = live->why[GMT_NEED_HOLDERS][0];
		if (live->by_creator)
			err = gmt_groups_by_creator(groups, &live->table);
		else
			err = gmt_groups_by_holder(groups, &live->table, live->holders.list,
						   live->holders.count);
		break;
	case GMT_GROUP_VM:
		err = gmt_groups_by_vm(groups, &live->table);
		break;
	case GMT_GROUP_CGROUP:
		err = gmt_groups_by_cgroup(groups, &live->table);
		break;
	default:
		err = gmt_groups_by_node(groups, &live->table, live->nodes.list, live->nodes.count);
	}
	if (err)
		return err;
	/* Once a refresh, though a view may ask more often. */
	if (recent->tick == live->recent.tick)
		return 0;
	recent->tick = live->recent.tick;
	for (size_t i = 0; i < groups->count; i++)
		gmt_history_put(recent, gmt_group_hash(&groups->list[i].key),
				groups->list[i].has_rates ? &groups->list[i].rates : NULL);
	gmt_history_reap(recent, GMT_HISTORY_SLOTS);
	return 0;
}

void gmt_events_add(struct gmt_event_ring *ring, const struct gmt_rec_event *event,
		    const char *cgroup)
{
	struct gmt_seen_event *seen;

	if (ring->next - ring->first == ring->capacity) {
		if (ring->first <= ring->held) {
			ring->dropped++;
			return;
		}
		ring->first++;
	}
	seen = &ring->list[(ring->next - 1) % ring->capacity];
	seen->number = ring->next++;
	seen->cgroup = cgroup;
	seen->rec = *event;
}
