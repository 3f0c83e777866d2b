// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop policy try: attaches the policies of a file so that they only watch, for a time, and
 * reports what they would have refused. Whatever ends it detaches them: they are not pinned. On
 * recordings it is cmd_policy_replay.c.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_policy.h"
#include "model/refusals.h"
#include "policy/values.h"
#include "source/policies.h"
#include "source/probe.h"
#include "view/format.h"
#include "view/policy.h"

#define BUFFER_BYTES (16 << 20)
#define POLL_MS	     100
#define SECOND_NS    1000000000ULL
#define LIVE_MAX     (86400 * SECOND_NS)

/**
 * struct try - One run of the verb
 * @live_ns: how long; 0 for no --live
 * @policies: one entry a policy of the file; the names are those of the file
 * @started_ns, @ended_ns: while they were attached
 */
struct
try {
	const char *file;
	const char *recording;
	uint64_t live_ns;
	bool json;
	struct gmt_policy_input input;
	struct gmt_trial *trial;
	struct gmt_trial_policy *policies;
	struct gmt_refusals refusals;
	struct gmt_trace_totals totals;
	uint64_t started_ns;
	uint64_t ended_ns;
};

static volatile sig_atomic_t interrupted;

enum { KEY_LIVE = 0x200, KEY_REPLAY };

static const struct argp_option options[] = {
	{ "live", KEY_LIVE, "TIME", 0, "Watch what happens for so long: 60s, 10m", 0 },
	{ "replay", KEY_REPLAY, "RECORDING", 0,
	  "Have them decide on what `gmemtop record --requests` has recorded", 0 },
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's and the verifier's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct try *try = state->input;

	switch (key) {
	case KEY_LIVE:
		if (gmt_value_duration(arg, &try->live_ns) || try->live_ns < SECOND_NS / 10 ||
		    try->live_ns > LIVE_MAX)
			argp_error(state, "--live '%s': 100ms to 24h is wanted, as 60s or 10m",
				   arg);
		return 0;
	case KEY_REPLAY:
		try->recording = arg;
		return 0;
	case 'j':
		try->json = true;
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		if (try->file)
			argp_error(state, "too many arguments: '%s'", arg);
		try->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!try->file)
			argp_error(state, "which file? `-` is standard input");
		if (!try->live_ns == !try->recording)
			argp_error(state, "one of --live TIME and --replay RECORDING is wanted");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "What the policies of a file would refuse, by whom and how often, refusing nothing: they are "
	       "attached in mode monitor, under names of their own, and detached at the end, however it "
	       "comes about. An interrupt (SIGINT, SIGTERM, SIGHUP) ends it early, with its report. A "
	       "policy that is attached and enforced already is asked before; what it refuses is not "
	       "in the report.\v"
	       "With --replay nothing is attached, and no gmem.ko is needed: the policies' own programs are "
	       "run on each recorded request. Exit status 9: requests are missing from the recording, or it "
	       "does not tell what a policy looks at; the report says how many.",
};

static void on_signal(int signal)
{
	interrupted = signal;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
}

static size_t policy_of(const struct try *try, const char *name)
{
	size_t i;

	for (i = 0; i < try->input.specs.count; i++)
		if (!strncmp(gmt_trial_name(try->trial, i), name, GMT_POLICY_MAX))
			break;
	return i;
}

static int on_event(void *ctx, const struct gmt_rec_event *event)
{
	struct try *try = ctx;
	struct gmt_source *source = try->input.source;
	struct gmt_refusal *refusal;
	struct gmt_rec_gmem rec;
	struct gmt_error ignored;
	size_t policy;

	if (event->event != GMT_EVENT_POLICY || !event->policy.err)
		return 0;
	policy = policy_of(try, event->policy.policy);
	if (policy == try->input.specs.count)
		return 0;
	refusal = gmt_refusals_add(&try->refusals, policy, event);
	if (!refusal)
		return 0;
	refusal->cgroup = source->ops->cgroup_path(source, event->cgroup_id);
	if (!source->ops->find(source, event->id, &rec, &ignored))
		memcpy(refusal->gmem_name, rec.name, sizeof(rec.name));
	return 0;
}

static void progress(const struct try *try, uint64_t now_ns, bool last)
{
	if (!isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%.0f of %.0f s  would have been refused: %llu %s",
		(double)(now_ns - try->started_ns) / SECOND_NS, (double)try->live_ns / SECOND_NS,
		(unsigned long long)try->refusals.total, last ? "\n" : "");
}

static int follow(struct try *try, struct gmt_error *error)
{
	struct gmt_source *source = try->input.source;
	uint64_t now_ns = gmt_boottime_ns(), told_ns = 0;
	int err = 0;

	while (!err && !interrupted && now_ns < try->started_ns + try->live_ns) {
		if (now_ns - told_ns >= SECOND_NS / 2) {
			progress(try, now_ns, false);
			told_ns = now_ns;
		}
		err = source->ops->trace_poll(source, POLL_MS, on_event, try, error);
		now_ns = gmt_boottime_ns();
	}
	progress(try, now_ns, true);
	return err;
}

static int read_counts_of(void *ctx, const struct gmt_rec_policy *rec)
{
	struct try *try = ctx;
	size_t i = policy_of(try, rec->name);

	if (i < try->input.specs.count) {
		try->policies[i].calls = rec->calls;
		try->policies[i].refusals = rec->refusals;
		try->policies[i].known = 1;
	}
	return 0;
}

/* Attached, followed, counted, detached: nothing of it is left behind. */
static int watch(struct try *try, struct gmt_error *error)
{
	struct gmt_source *source = try->input.source;
	struct gmt_error later;
	int err, err_counts;

	err = gmt_trial_start(&try->trial, &try->input.specs, error);
	if (err)
		return err;
	try->started_ns = gmt_boottime_ns();
	fprintf(stderr, "gmemtop: trying; interrupt to stop\n");
	err = follow(try, error);
	err_counts = gmt_source_policies(source, read_counts_of, try, &later);
	gmt_trial_detach(try->trial);
	try->ended_ns = gmt_boottime_ns();
	if (!err && err_counts) {
		*error = later;
		err = err_counts;
	}
	return err;
}

static int report(struct try *try)
{
	const struct gmt_trace_sums sums = gmt_trace_sum(&try->totals);
	const struct gmt_trial_report report = {
		.file = try->file,
		.seconds = (double)(try->ended_ns - try->started_ns) / SECOND_NS,
		.policies = try->policies,
		.policy_count = try->input.specs.count,
		.refusals = &try->refusals,
		.lost = sums.ring_full + sums.missed,
		.offset_ns = gmt_source_offset_ns(try->input.source),
	};

	gmt_refusals_sort(&try->refusals);
	if (try->json)
		return gmt_json_trial(stdout, &report);
	gmt_text_trial(stdout, &report);
	return 0;
}

static int run(struct try *try, struct gmt_error *error)
{
	const struct gmt_trace_options trace = {
		.events = 1U << GMT_EVENT_POLICY,
		.filter = { .err_filter = GMT_ERR_FAILED },
		.buffer_bytes = BUFFER_BYTES,
	};
	struct gmt_source *source = try->input.source;
	int err;

	catch_signals();
	/* Listening first: nothing that they say is missed. */
	err = source->ops->trace_start(source, &trace, error);
	if (err)
		return err;
	err = watch(try, error);
	if (!err)
		err = source->ops->trace_detach(source, error);
	if (!err)
		err = source->ops->trace_poll(source, 0, on_event, try, error);
	if (!err)
		err = source->ops->trace_losses(source, &try->totals, error);
	if (err)
		return err;
	return report(try) ? gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory") : 0;
}

int cmd_policy_try(int argc, char **argv, struct gmt_error *error)
{
	struct try try = { .live_ns = 0 };
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &try);
	if (try.recording)
		return gmt_policy_replay(try.file, try.recording, try.json, error);
	err = gmt_policy_input_open(&try.input, try.file, error);
	if (err)
		return err;
	try.policies = calloc(try.input.specs.count, sizeof(*try.policies));
	if (!try.policies || gmt_refusals_init(&try.refusals)) {
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	} else {
		for (size_t i = 0; i < try.input.specs.count; i++)
			try.policies[i].name = try.input.specs.list[i].name;
		err = run(&try, error);
	}
	if (try.trial)
		gmt_trial_end(try.trial);
	gmt_refusals_exit(&try.refusals);
	free(try.policies);
	gmt_policy_input_close(&try.input);
	return err;
}
