/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the dashboard's views read: filled by the command from a source, as far as the
 * open view needs it. Knows neither.
 */
#ifndef GMT_MODEL_LIVE_H
#define GMT_MODEL_LIVE_H

#include "model/detail.h"
#include "model/group.h"
#include "model/hist.h"
#include "model/history.h"
#include "model/policy.h"
#include "model/trace.h"

/* enum gmt_need - What a view wants read besides the gmems; and what may not be there. */
enum gmt_need {
	GMT_NEED_HOLDERS,
	GMT_NEED_NODES,
	GMT_NEED_DETAIL,
	GMT_NEED_LATENCY,
	GMT_NEED_EVENTS,
	GMT_NEED_DENIALS,
	GMT_NEED_POLICIES,
	GMT_NEEDS,
};

#define GMT_NEED_BIT(need) (1U << GMT_NEED_##need)

/**
 * struct gmt_seen_event - An event, kept
 * @number: counts from 1
 * @cgroup: its task's; valid as long as the source
 */
struct gmt_seen_event {
	uint64_t number;
	const char *cgroup;
	struct gmt_rec_event rec;
};

/**
 * struct gmt_event_ring - The last events
 * @list: owned, @capacity of them; the one of number N is at N - 1 modulo that
 * @first: number of the oldest kept
 * @next: number of the one that comes next
 * @held: numbers up to this one are kept, come what may; 0: none
 * @dropped: events for which there was no room for that
 */
struct gmt_event_ring {
	struct gmt_seen_event *list;
	size_t capacity;
	uint64_t first;
	uint64_t next;
	uint64_t held;
	uint64_t dropped;
};

/* Records of a source, in its order. */
struct gmt_holders {
	struct gmt_rec_holder *list;
	size_t count;
	size_t capacity;
};
struct gmt_nodes {
	struct gmt_rec_node *list;
	size_t count;
	size_t capacity;
};

/**
 * struct gmt_live - The state of the dashboard
 * @recent: rates of gmems by id; @recent_groups of groups by the hash of their key; @recent_all of
 *	all gmems together, key 0
 * @why: by need: why it is not there, "" where it is
 * @detail: of the gmem asked for; @detail_id is 0 where there is none, @detail_gone once it went
 * @detail_before: its record of the refresh before, @detail_s seconds ago; 0: there is none
 * @policies_before: of the refresh before, @policies_s seconds ago
 * @hists: times since the view was opened, @hists_before those of the refresh before
 * @latency_missed: events whose times were not counted in
 * @events, @denials: what came while their views were open
 * @trace: the account of all listening so far; what was lost is in lost, too
 * @lost: everything that was lost, of whatever kind; shown on every screen
 * @denied: acts denied since they were last acknowledged, @denied_first_ns when the first was seen,
 *	@denied_id by which gmem the last
 * @accounted_ns: moment of the last refresh that went into the histories
 * @offset_ns: to the wall's clock
 * @replaying: the source has a player; its span, speed and name are below
 * @back: refreshes scrolled back to in a history, of @back_max
 */
struct gmt_live {
	struct gmt_table table;
	struct gmt_groups groups[GMT_GROUP_KINDS];
	bool by_creator;
	struct gmt_history recent;
	struct gmt_history recent_all;
	struct gmt_history recent_groups[GMT_GROUP_KINDS];
	struct gmt_holders holders;
	struct gmt_nodes nodes;
	char why[GMT_NEEDS][128];
	uint64_t detail_id;
	bool detail_gone;
	struct gmt_detail detail;
	struct gmt_rec_gmem detail_before;
	double detail_s;
	struct gmt_hist hists[GMT_LATENCY_MAX];
	struct gmt_hist hists_before[GMT_LATENCY_MAX];
	uint64_t latency_missed;
	struct gmt_event_ring events;
	struct gmt_event_ring denials;
	struct gmt_policy_rows policies;
	struct gmt_policy_rows policies_before;
	double policies_s;
	struct gmt_trace_totals trace;
	uint64_t lost;
	uint64_t denied;
	uint64_t denied_first_ns;
	uint64_t denied_id;
	char denied_name[GMT_NAME_MAX];
	uint64_t accounted_ns;
	int64_t offset_ns;
	uint64_t now_ns;
	bool replaying;
	uint64_t first_ns;
	uint64_t last_ns;
	double speed;
	bool has_past;
	size_t back;
	size_t back_max;
};

/* gmt_live_init() - Return: 0 or -ENOMEM */
int gmt_live_init(struct gmt_live *live);
void gmt_live_exit(struct gmt_live *live);

/* gmt_live_leap() - Forget all that compares one moment with the one before */
void gmt_live_leap(struct gmt_live *live);

/* gmt_live_account() - After a refresh: histories, and denials that came since the one before */
void gmt_live_account(struct gmt_live *live, bool leapt);

/* gmt_live_groups() - Sum up by that, from what is there. Return: 0 or -ENOMEM */
int gmt_live_groups(struct gmt_live *live, enum gmt_group_by by);

void gmt_events_add(struct gmt_event_ring *ring, const struct gmt_rec_event *event,
		    const char *cgroup);
void gmt_events_clear(struct gmt_event_ring *ring);

/* gmt_events_at() - Return: the event of that number, which must be kept */
static inline const struct gmt_seen_event *gmt_events_at(const struct gmt_event_ring *ring,
							 uint64_t number)
{
	return &ring->list[(number - 1) % ring->capacity];
}

/* gmt_group_hash() - Return: a number for a group that stays the same */
uint64_t gmt_group_hash(const struct gmt_group_key *key);

#endif /* GMT_MODEL_LIVE_H */
