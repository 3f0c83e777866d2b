// SPDX-License-Identifier: GPL-2.0-only
/* What passes in a recording: events for a trace, and their times as histograms. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/hist.h"
#include "source/cgroup.h"
#include "source/replay.h"

/* So that a signal is seen in time when all are told at once. */
#define LINES_A_POLL 65536

/*
 * The next event up to @until_ns, and the accounts before it.
 * Return: 1; 0 without one, at the end with @over set; -ENOMEM
 */
static int passing_next(struct gmt_replay *replay, struct gmt_passing *passing, uint64_t until_ns,
			struct gmt_rec_event *event)
{
	struct gmt_passed passed;
	int err;

	while ((err = gmt_replay_passing_next(replay, passing, until_ns, &passed)) == 1) {
		const bool past = passed.time_ns <= passing->from_ns;

		if (passed.kind == GMT_LINE_LOSSES) {
			gmt_line_losses(passed.line, passed.length,
					past ? &passing->before : &passing->losses);
			if (past)
				passing->losses = passing->before;
		}
		if (passed.kind != GMT_LINE_EVENT || (passing->from_ns && past))
			continue;
		err = gmt_line_event(passed.line, passed.length, event, gmt_replay_cgroup, replay);
		if (err == -ENOMEM)
			return err;
		if (!err)
			return 1;
	}
	return err;
}

static int32_t event_err(const struct gmt_rec_event *event)
{
	switch (event->event) {
	case GMT_EVENT_FAULT:
		return event->fault.err;
	case GMT_EVENT_CONVERT:
		return event->convert.err;
	case GMT_EVENT_ACCESS:
		return event->access.err;
	case GMT_EVENT_ERROR:
		return event->error.err;
	case GMT_EVENT_BIND:
		return event->bind.err;
	case GMT_EVENT_POLICY:
		return event->policy.err;
	default:
		return 0;
	}
}

static bool in_cgroup(struct gmt_replay *replay, uint64_t id)
{
	const char *path = gmt_cgroups_path(replay->cgroups, id), *wanted = replay->filter_cgroup;
	size_t length = strlen(wanted);

	return length == 1 ||
	       (!strncmp(path, wanted, length) && (!path[length] || path[length] == '/'));
}

/* The filter that programs apply in the kernel to events that happen now. */
static bool passes(struct gmt_replay *replay, const struct gmt_rec_event *event)
{
	const struct gmt_event_filter *filter = &replay->trace.filter;
	const struct gmt_task_filter *task = &filter->task;
	int32_t err = event_err(event);

	if (!(replay->trace.events & 1U << event->event))
		return false;
	if ((filter->err_filter == GMT_ERR_FAILED && !err) ||
	    (filter->err_filter == GMT_ERR_ONE && err != filter->err))
		return false;
	if ((task->bits & GMT_FILTER_ID) && event->id != task->id)
		return false;
	if ((task->bits & GMT_FILTER_PID) && event->pid != task->pid)
		return false;
	if ((task->bits & GMT_FILTER_UID) && event->uid != task->uid)
		return false;
	return !(task->bits & GMT_FILTER_CGROUP) || in_cgroup(replay, event->cgroup_id);
}

static int no_events(struct gmt_error *error, const char *which)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP,
			"this recording has no %s: `gmemtop record --events` records them", which);
}

int gmt_replay_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			   struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	if (!replay->head.events)
		return no_events(error, "events");
	if (options->events != GMT_EVENTS_ALL && !(options->events & replay->head.events))
		return no_events(error, "such events");
	replay->trace = *options;
	gmt_lines_close(&replay->tracing.lines);
	replay->tracing = (struct gmt_passing){ .on = false };
	gmt_replay_passing_start(replay, &replay->tracing);
	return 0;
}

static int out_of_memory(struct gmt_error *error)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
}

int gmt_replay_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
			  struct gmt_error *error)
{
	const struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct gmt_replay *replay = gmt_replay_of(source);
	struct gmt_passing *passing = &replay->tracing;
	struct gmt_rec_event event;
	int err = 0, told = 0;

	if (!passing->on)
		return 0;
	if (passing->moves != replay->moves)
		gmt_replay_passing_start(replay, passing);
	while (told < LINES_A_POLL &&
	       (err = passing_next(replay, passing, gmt_replay_passed_ns(replay), &event)) == 1) {
		told++;
		if (!passes(replay, &event))
			continue;
		err = fn(ctx, &event);
		if (err)
			return err;
	}
	if (err < 0)
		return out_of_memory(error);
	if (!told && timeout_ms && !passing->over)
		nanosleep(&wait, NULL);
	return 0;
}

int gmt_replay_trace_detach(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	/* What has passed was told. */
	gmt_lines_close(&replay->tracing.lines);
	replay->tracing.on = false;
	return 0;
}

int gmt_replay_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			    struct gmt_error *error)
{
	const struct gmt_passing *passing = &gmt_replay_of(source)->tracing;

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		uint64_t full = passing->losses.ring_full[i], missed = passing->losses.missed[i];

		totals->ring_full[i] = full - passing->before.ring_full[i];
		totals->missed[i] = missed - passing->before.missed[i];
		/* An account that falls is none. */
		if (full < passing->before.ring_full[i] || missed < passing->before.missed[i])
			totals->ring_full[i] = totals->missed[i] = 0;
	}
	return 0;
}

int gmt_replay_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	if (!(replay->head.events & (1U << GMT_EVENT_FAULT | 1U << GMT_EVENT_CONVERT)))
		return no_events(error, "faults or conversions");
	free(replay->hists);
	replay->hists = calloc(GMT_LATENCY_MAX, sizeof(*replay->hists));
	if (!replay->hists)
		return out_of_memory(error);
	replay->timing_id = id;
	gmt_lines_close(&replay->timing.lines);
	replay->timing = (struct gmt_passing){ .on = false };
	gmt_replay_passing_start(replay, &replay->timing);
	return 0;
}

static void add_time(struct gmt_hist *hist, uint64_t ns)
{
	hist->count++;
	hist->sum_ns += ns;
	if (ns > hist->max_ns)
		hist->max_ns = ns;
	hist->buckets[gmt_hist_bucket(ns)]++;
}

static void add_times(struct gmt_hist *hists, const struct gmt_rec_event *event)
{
	static const enum gmt_latency of_kind[] = {
		GMT_LATENCY_FAULT_HOST,
		GMT_LATENCY_FAULT_REMOTE,
		GMT_LATENCY_FAULT_GUEST,
	};

	if (event->unknown & GMT_UNKNOWN_TOTAL)
		return;
	if (event->event == GMT_EVENT_CONVERT)
		add_time(&hists[GMT_LATENCY_CONVERT], event->convert.total_ns);
	if (event->event != GMT_EVENT_FAULT)
		return;
	if (event->fault.kind < sizeof(of_kind) / sizeof(of_kind[0]))
		add_time(&hists[of_kind[event->fault.kind]], event->fault.total_ns);
	if (event->unknown & GMT_UNKNOWN_PHASES)
		return;
	/* A phase that a fault did not go through took no time, not a short one. */
	if (event->fault.lookup_ns)
		add_time(&hists[GMT_LATENCY_LOOKUP], event->fault.lookup_ns);
	if (event->fault.policy_ns)
		add_time(&hists[GMT_LATENCY_POLICY], event->fault.policy_ns);
	if (event->fault.alloc_ns)
		add_time(&hists[GMT_LATENCY_ALLOC], event->fault.alloc_ns);
	if (event->fault.zero_ns)
		add_time(&hists[GMT_LATENCY_ZERO], event->fault.zero_ns);
}

int gmt_replay_latency_read(struct gmt_source *source, struct gmt_hist *hists, uint64_t *missed,
			    struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	struct gmt_passing *passing = &replay->timing;
	struct gmt_rec_event event;
	int err;

	if (passing->moves != replay->moves)
		gmt_replay_passing_start(replay, passing);
	while ((err = passing_next(replay, passing, gmt_replay_passed_ns(replay), &event)) == 1)
		if (!replay->timing_id || event.id == replay->timing_id)
			add_times(replay->hists, &event);
	if (err < 0)
		return out_of_memory(error);
	memcpy(hists, replay->hists, GMT_LATENCY_MAX * sizeof(*hists));
	*missed = 0;
	for (int i = GMT_EVENT_FAULT; i <= GMT_EVENT_CONVERT; i++)
		*missed += passing->losses.ring_full[i] + passing->losses.missed[i] -
			   passing->before.ring_full[i] - passing->before.missed[i];
	return 0;
}

int gmt_replay_latency_stop(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	gmt_lines_close(&replay->timing.lines);
	free(replay->hists);
	replay->hists = NULL;
	return 0;
}

void gmt_replay_events_exit(struct gmt_replay *replay)
{
	gmt_lines_close(&replay->tracing.lines);
	gmt_lines_close(&replay->timing.lines);
	gmt_lines_close(&replay->asking.passing.lines);
	free(replay->hists);
}
