/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What policies on trial would have refused, summed up by who and what. Filled from events by
 * cmd_policy_try.c; the views print it.
 */
#ifndef GMT_MODEL_REFUSALS_H
#define GMT_MODEL_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

/**
 * struct gmt_refusal - What one process would have been refused, of one gmem, in one way
 * @policy: index in the file
 * @event: the first one: who, which gmem, which hook, range and error
 * @last_ns: when it came last
 * @count: how often
 * @gmem_name: "" where it is not known any more
 * @cgroup: its path; valid as long as the source
 */
struct gmt_refusal {
	size_t policy;
	struct gmt_rec_event event;
	uint64_t last_ns;
	uint64_t count;
	char gmem_name[GMT_NAME_MAX + 1];
	const char *cgroup;
};

#define GMT_REFUSALS_MAX 16384

/**
 * struct gmt_refusals - All of a trial
 * @list: @count of them, in the order they came first, until they are sorted
 * @buckets: index of a refusal and 1, by hash; 0 for none
 * @total: sum of their counts, and of
 * @beyond: those that found no place here any more
 */
struct gmt_refusals {
	struct gmt_refusal *list;
	size_t count;
	uint32_t *buckets;
	uint64_t total;
	uint64_t beyond;
};

/* Return: 0 or -ENOMEM */
int gmt_refusals_init(struct gmt_refusals *refusals);
void gmt_refusals_exit(struct gmt_refusals *refusals);

/**
 * gmt_refusals_add() - Count an event
 * @event: gmem_policy, with an error
 *
 * Return: the refusal when it is new, for its names to be filled in; else NULL
 */
struct gmt_refusal *gmt_refusals_add(struct gmt_refusals *refusals, size_t policy,
				     const struct gmt_rec_event *event);

/* gmt_refusals_sort() - The most frequent first; nothing may be added any more */
void gmt_refusals_sort(struct gmt_refusals *refusals);

/**
 * struct gmt_trial_policy - What was counted of a policy on trial: by the kernel, or of a recording
 * @undecided: of the calls, those that looked at what the recording does not tell
 * @known: it could be read
 */
struct gmt_trial_policy {
	const char *name;
	uint64_t calls;
	uint64_t refusals;
	uint64_t undecided;
	int known;
};

/**
 * struct gmt_trial_report - The whole of a trial
 * @file: that was tried
 * @seconds: how long
 * @policies: @policy_count of them
 * @lost: events that are not in @refusals; of a recording, requests that are not in it
 * @offset_ns: from CLOCK_BOOTTIME of its host to the wall's
 * @recording: NULL for what happened live; else @requests were in it, of which @silent_frames have
 *	none for not having been asked to, and @broken: part of it cannot be read; @elsewhere: of another
 *	boot or host
 */
struct gmt_trial_report {
	const char *file;
	double seconds;
	const struct gmt_trial_policy *policies;
	size_t policy_count;
	const struct gmt_refusals *refusals;
	uint64_t lost;
	int64_t offset_ns;
	const char *recording;
	uint64_t requests;
	uint64_t silent_frames;
	int broken;
	int elsewhere;
};

/* gmt_trial_undecided() - Return: requests that some policy could not decide on, summed up */
uint64_t gmt_trial_undecided(const struct gmt_trial_report *report);

#endif /* GMT_MODEL_REFUSALS_H */
