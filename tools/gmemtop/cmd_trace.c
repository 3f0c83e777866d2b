// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop trace: one line an event as they come, and at the end, however it comes about,
 * the account: what was received and what was lost.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "source/probe.h"
#include "model/event_fields.h"
#include "view/format.h"
#include "view/json.h"
#include "view/text.h"

/* How long an event may wait in the buffer while few others come. */
#define POLL_MS 100

/* A callback's way to say: enough. */
#define STOP 1

/**
 * struct trace - One run of the verb
 * @limit: events to print, 0 for no limit
 * @duration: seconds, 0 for no limit
 * @offset_ns: from the events' clock to the wall's
 */
struct trace {
	struct gmt_trace_options options;
	struct gmt_filter_args args;
	bool json;
	uint64_t limit;
	double duration;
	struct gmt_source *source;
	struct gmt_trace_totals totals;
	uint64_t printed;
	int64_t offset_ns;
};

static volatile sig_atomic_t interrupted;

static const struct argp_option options[] = {
	{ "json", 'j', 0, 0, "One JSON object a line, the account as the last", 0 },
	{ "count", 'c', "N", 0, "End after N events", 0 },
	{ "duration", 'd', "S", 0, "End after S seconds", 0 },
	{ "buffer", 'b', "MIB", 0, "Size of the buffer, a power of two (default 16)", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0, 0, 0, 0, "Filters, applied in the kernel; all of them must allow an event:", 1 },
	{ "event", 'e', "LIST", 0,
	  "Only these, parted by commas: create, release, alloc, free, fault, convert, access, "
	  "error, bind, unbind, invalidate, policy",
	  1 },
	{ "id", 'i', "ID", 0, "Only this gmem", 1 },
	{ "pid", 'p', "PID", 0, "Only in this process", 1 },
	{ "uid", 'u', "USER", 0, "Only of this user, by name or number", 1 },
	{ "cgroup", 'g', "PATH", 0, "Only in this cgroup and below it", 1 },
	{ "errno", 'E', "ERROR", 0,
	  "Only what ended with this error, by name or number; 'any' for whatever error", 1 },
	{ 0 },
};

static void parse_errno(struct argp_state *state, const char *text, struct gmt_event_filter *filter)
{
	int err;

	if (!strcmp(text, "any")) {
		filter->err_filter = GMT_ERR_FAILED;
		return;
	}
	err = gmt_parse_errno(text);
	if (err < 0)
		argp_error(state, "'%s' is no error's name or number", text);
	filter->err_filter = GMT_ERR_ONE;
	filter->err = -err;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace *trace = state->input;

	switch (key) {
	case 'j':
		trace->json = true;
		return 0;
	case 'c':
		trace->limit = gmt_parse_number(state, arg, "-c", UINT64_MAX);
		if (!trace->limit)
			argp_error(state, "-c: at least one event is wanted");
		return 0;
	case 'd':
		trace->duration = gmt_parse_seconds(state, arg, 0.001, 1e9);
		return 0;
	case 'e':
		trace->options.events = gmt_parse_events(state, arg);
		return 0;
	case 'E':
		parse_errno(state, arg, &trace->options.filter);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: '%s'", arg);
		return 0;
	default:
		return gmt_filter_arg(&trace->args, key, arg, state);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "One line an event as they come. When it is interrupted, or has what -c or -d ask "
	       "for, it tells how many events were received and how many were lost: on standard "
	       "error, or with --json as the last object.",
};

/*
 * The first signal ends the trace with its account; the second, the program. A write that it
 * interrupts goes on, else a part of the output would be lost; a wait for events never does.
 */
static void on_signal(int signal)
{
	interrupted = signal;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESETHAND | SA_RESTART };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaction(ends[i], &action, NULL);
	/* `gmemtop trace | head` gets its account too: a write fails instead. */
	signal(SIGPIPE, SIG_IGN);
}

static int on_event(void *ctx, const struct gmt_rec_event *event)
{
	struct gmt_source *source;
	struct trace *trace = ctx;
	const char *cgroup;
	int err = 0;

	source = trace->source;
	cgroup = source->ops->cgroup_path(source, event->cgroup_id);
	/* A recording's clock is that of its host, which somebody may have set in the meantime. */
	if (source->player)
		trace->offset_ns = gmt_source_offset_ns(source);
	if (trace->json)
		err = gmt_json_event(stdout, event, cgroup, trace->offset_ns);
	else
		gmt_text_event(stdout, event, cgroup, trace->offset_ns);
	if (err)
		return err;
	trace->totals.received[event->event]++;
	if (++trace->printed == trace->limit || ferror(stdout))
		return STOP;
	return 0;
}

/* Until interrupted, out of time or told to stop. Return: 0, STOP or -errno */
static int follow(struct trace *trace, struct gmt_error *error)
{
	uint64_t end_ns = trace->duration ? gmt_boottime_ns() + (uint64_t)(trace->duration * 1e9) :
					    UINT64_MAX;
	int err = 0;

	while (!err && !interrupted && gmt_boottime_ns() < end_ns &&
	       !gmt_source_ended(trace->source)) {
		err = trace->source->ops->trace_poll(trace->source, POLL_MS, on_event, trace,
						     error);
		fflush(stdout);
		if (ferror(stdout))
			return STOP;
	}
	return err;
}

static int print_account(struct trace *trace, struct gmt_error *error)
{
	int err = trace->source->ops->trace_losses(trace->source, &trace->totals, error);

	if (err)
		return err;
	if (trace->json && !ferror(stdout))
		gmt_json_totals(stdout, &trace->totals);
	else
		gmt_text_totals(stderr, &trace->totals);
	/* Whoever read our output has had enough: that is an end, not a failure. */
	if (ferror(stdout) && errno == EPIPE) {
		clearerr(stdout);
		return 0;
	}
	return gmt_flush(error);
}

static int run(struct trace *trace, struct gmt_error *error)
{
	const struct gmt_source_ops *ops = trace->source->ops;
	int err, err_detach;
	char deaf[1024];

	trace->offset_ns = gmt_source_offset_ns(trace->source);
	catch_signals();
	err = ops->trace_start(trace->source, &trace->options, error);
	if (err)
		return err;
	if (!trace->source->player)
		fprintf(stderr, "gmemtop: tracing; interrupt to stop\n");
	if (gmt_source_deaf(trace->source, deaf, sizeof(deaf)))
		fprintf(stderr, "gmemtop: %s\n", deaf);
	err = follow(trace, error);
	err_detach = ops->trace_detach(trace->source, error);
	/* What was recorded before the end still counts, unless enough was had. */
	if (!err && !err_detach)
		err = ops->trace_poll(trace->source, 0, on_event, trace, error);
	if (err < 0 || err_detach)
		return err < 0 ? err : err_detach;
	return print_account(trace, error);
}

int cmd_trace(int argc, char **argv, struct gmt_error *error)
{
	struct trace trace = {
		.options = {
			.events = GMT_EVENTS_ALL,
			.buffer_bytes = GMT_BUFFER_BYTES_DEFAULT,
		},
	};
	int err;

	trace.args.filter = &trace.options.filter.task;
	trace.args.buffer_bytes = &trace.options.buffer_bytes;
	argp_parse(&argp, argc, argv, 0, NULL, &trace);
	err = gmt_source_open(&trace.source, error);
	if (err)
		return err;
	err = gmt_filter_finish(&trace.args, trace.source, error);
	if (!err)
		err = run(&trace, error);
	trace.source->ops->close(trace.source);
	return err;
}
