// SPDX-License-Identifier: GPL-2.0-only
/* Refusals by who and what: a hash over a list of bounded size. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/refusals.h"

#define BUCKETS (GMT_REFUSALS_MAX * 2)

int gmt_refusals_init(struct gmt_refusals *refusals)
{
	*refusals = (struct gmt_refusals){
		.list = calloc(GMT_REFUSALS_MAX, sizeof(*refusals->list)),
		.buckets = calloc(BUCKETS, sizeof(*refusals->buckets)),
	};
	if (refusals->list && refusals->buckets)
		return 0;
	gmt_refusals_exit(refusals);
	return -ENOMEM;
}

void gmt_refusals_exit(struct gmt_refusals *refusals)
{
	free(refusals->list);
	free(refusals->buckets);
	*refusals = (struct gmt_refusals){ .count = 0 };
}

static bool same(const struct gmt_refusal *refusal, size_t policy,
		 const struct gmt_rec_event *event)
{
	const struct gmt_rec_event *first = &refusal->event;

	return refusal->policy == policy && first->id == event->id && first->pid == event->pid &&
	       first->uid == event->uid && first->cgroup_id == event->cgroup_id &&
	       first->policy.hook == event->policy.hook && first->policy.err == event->policy.err &&
	       !memcmp(first->comm, event->comm, sizeof(event->comm));
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15ULL;
}

static size_t hash_of(size_t policy, const struct gmt_rec_event *event)
{
	uint64_t hash = mix(policy, event->id);

	hash = mix(hash, (uint64_t)event->pid << 32 | event->uid);
	hash = mix(hash, event->cgroup_id);
	hash = mix(hash, (uint64_t)event->policy.hook << 32 | (uint32_t)event->policy.err);
	return hash >> 32;
}

struct gmt_refusal *gmt_refusals_add(struct gmt_refusals *refusals, size_t policy,
				     const struct gmt_rec_event *event)
{
	struct gmt_refusal *refusal;
	size_t at = hash_of(policy, event) % BUCKETS;

	refusals->total++;
	/* Half of the buckets stay empty at least, so there is an end to it. */
	for (; refusals->buckets[at]; at = (at + 1) % BUCKETS) {
		refusal = &refusals->list[refusals->buckets[at] - 1];
		if (!same(refusal, policy, event))
			continue;
		refusal->count++;
		refusal->last_ns = event->time_ns;
		return NULL;
	}
	if (refusals->count == GMT_REFUSALS_MAX) {
		refusals->beyond++;
		return NULL;
	}
	refusal = &refusals->list[refusals->count++];
	*refusal = (struct gmt_refusal){
		.policy = policy,
		.event = *event,
		.last_ns = event->time_ns,
		.count = 1,
		.cgroup = "",
	};
	refusals->buckets[at] = (uint32_t)refusals->count;
	return refusal;
}

uint64_t gmt_trial_undecided(const struct gmt_trial_report *report)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < report->policy_count; i++)
		sum += report->policies[i].undecided;
	return sum;
}

static int compare(const void *a, const void *b)
{
	const struct gmt_refusal *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->event.time_ns > y->event.time_ns) - (x->event.time_ns < y->event.time_ns);
}

void gmt_refusals_sort(struct gmt_refusals *refusals)
{
	qsort(refusals->list, refusals->count, sizeof(*refusals->list), compare);
}
