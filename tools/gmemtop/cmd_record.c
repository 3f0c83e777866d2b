// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop record FILE: a snapshot an interval, and if asked the events in between, to a file that
 * replay reads; or, as a flight recorder, the last of them in memory until a signal wants them.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "policy/values.h"
#include "record.h"
#include "source/probe.h"
#include "source/recording.h"
#include "source/recording_write.h"
#include "view/json.h"
#include "view/json_recording.h"

#define SECOND_NS      1000000000ULL
#define INTERVAL_MIN   (SECOND_NS / 10)
#define TIME_MAX       (365 * 86400 * SECOND_NS)
#define FRAME_NS       (60 * SECOND_NS)
#define POLL_NS	       (SECOND_NS / 10) /* how long an event may wait while few others come */
#define FILE_BYTES     (1ULL << 30)
#define MEMORY_BYTES   (64ULL << 20)
#define BYTES_MIN      (1ULL << 20)
#define KEEP	       7
#define RANGES_DEFAULT 128

/**
 * struct run - One run of the verb
 * @last_ns: the flight recorder's time; 0 for none
 * @duration_ns: 0: until interrupted
 * @frames: begun so far
 * @requests: told so far, and @lost of them
 * @line_bytes: of the last snapshot with all that goes with it
 * @reason: why it ends; NULL while it does not
 */
struct run {
	const char *file;
	struct gmt_writer_limits limits;
	uint64_t last_ns;
	uint64_t interval_ns;
	uint64_t duration_ns;
	bool sized;
	size_t buffer_bytes;
	struct gmt_record record;
	struct gmt_writer *writer;
	uint64_t frames;
	uint64_t requests;
	uint64_t lost;
	size_t line_bytes;
	sigset_t signals;
	const char *reason;
};

enum { KEY_LAST = 0x300, KEY_REQUESTS, KEY_SIZE, KEY_AGE, KEY_KEEP, KEY_RANGES, KEY_BUFFER };

static const struct argp_option options[] = {
	{ "interval", 'i', "TIME", 0, "Between snapshots: 100ms or more (1s)", 0 },
	{ "duration", 'd', "TIME", 0, "End after that time: 30s, 10m, 2h", 0 },
	{ "events", 'e', "LIST", OPTION_ARG_OPTIONAL,
	  "Events, too: all, or these, parted by commas, as --events=fault,convert", 0 },
	{ "requests", KEY_REQUESTS, 0, 0,
	  "What policies are asked, too, and by whom, for `gmemtop policy try FILE --replay`", 0 },
	{ "buffer", KEY_BUFFER, "MIB", 0,
	  "Size of the buffer of events, and that of requests, a power of two (16)", 0 },
	{ "ranges", KEY_RANGES, "N", 0,
	  "Ranges of up to N gmems a snapshot whose memory has changed (128); 0: none", 0 },
	{ "last", KEY_LAST, "TIME", 0,
	  "Flight recorder: keep the last TIME in memory, write it to FILE on SIGUSR1 and at the end",
	  0 },
	{ "max-size", KEY_SIZE, "BYTES", 0,
	  "Keep no more than that: the oldest is dropped (1GiB; with --last 64MiB); 0: no limit",
	  0 },
	{ "max-age", KEY_AGE, "TIME", 0, "Drop what is older, at the latest a quarter later", 0 },
	{ "keep", KEY_KEEP, "N", 0,
	  "A FILE that is there becomes FILE.1, and so on up to FILE.N (7); 0: it is replaced", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

/* With a unit, or as seconds. */
static uint64_t parse_time(struct argp_state *state, const char *text, const char *what,
			   uint64_t min)
{
	uint64_t ns;
	char *end;

	if (gmt_value_duration(text, &ns)) {
		double seconds = strtod(text, &end);

		ns = end > text && !*end && seconds > 0 && seconds < 1e8 ?
			     (uint64_t)(seconds * 1e9) :
			     0;
	}
	if (ns < min || ns > TIME_MAX)
		argp_error(state, "%s '%s': a time is wanted, as 30s, 10m or 2h, at least %gs",
			   what, text, (double)min / 1e9);
	return ns;
}

static uint64_t parse_bytes(struct argp_state *state, const char *text)
{
	uint64_t bytes;

	if (gmt_value_bytes(text, &bytes) || (bytes && bytes < BYTES_MIN))
		argp_error(state, "--max-size '%s': bytes are wanted, as 64MiB, at least 1MiB",
			   text);
	return bytes;
}

static size_t parse_buffer(struct argp_state *state, const char *text)
{
	uint64_t mib = gmt_parse_number(state, text, "--buffer", 1024);

	if (!mib || mib & (mib - 1))
		argp_error(state, "--buffer: the size must be a power of two");
	return mib << 20;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case 'i':
		run->interval_ns = parse_time(state, arg, "--interval", INTERVAL_MIN);
		return 0;
	case 'd':
		run->duration_ns = parse_time(state, arg, "--duration", INTERVAL_MIN);
		return 0;
	case 'e':
		run->record.events = arg ? gmt_parse_events(state, arg) : GMT_EVENTS_ALL;
		return 0;
	case KEY_REQUESTS:
		run->record.requests = true;
		return 0;
	case KEY_BUFFER:
		run->buffer_bytes = parse_buffer(state, arg);
		return 0;
	case KEY_RANGES:
		run->record.max_ranges = gmt_parse_number(state, arg, "--ranges", UINT32_MAX);
		return 0;
	case KEY_LAST:
		run->last_ns = parse_time(state, arg, "--last", SECOND_NS);
		return 0;
	case KEY_SIZE:
		run->limits.bytes = parse_bytes(state, arg);
		run->sized = true;
		return 0;
	case KEY_AGE:
		run->limits.age_ns = parse_time(state, arg, "--max-age", SECOND_NS);
		return 0;
	case KEY_KEEP:
		run->limits.keep = gmt_parse_number(state, arg, "--keep", 1000);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		if (run->file)
			argp_error(state, "too many arguments: '%s'", arg);
		run->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!run->file)
			argp_error(state, "which file?");
		if (run->last_ns && run->limits.age_ns)
			argp_error(state, "--last and --max-age exclude each other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "A snapshot of every gmem each second, with bindings, holders, NUMA nodes, policies and "
	       "ranges, to a compressed file for `gmemtop replay`. It ends when interrupted (SIGINT, "
	       "SIGTERM, SIGHUP) or after --duration. Killed, it leaves a file that replays up to its "
	       "last snapshot.\v"
	       "A flight recorder costs memory instead of disk: run it always, and when something has "
	       "gone wrong, `pkill -USR1 -f 'gmemtop record'` and replay what it has written.",
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* Before the lines of a snapshot: those of a new frame, when it is time for one. */
static int before_snapshot(void *ctx, uint64_t now_ns, struct gmt_error *error)
{
	struct run *run = ctx;
	struct gmt_json_head head = {
		.version = GMT_RECORDING_VERSION,
		.minor = GMT_RECORDING_MINOR,
		.source = run->record.source->ops->name,
		.elsewhere = run->record.source->player,
		.time_ns = now_ns,
		.interval_ns = run->interval_ns,
		.events = run->record.events,
		.requests = run->record.requests,
	};
	int err;

	if (!gmt_writer_due(run->writer, now_ns))
		return 0;
	err = gmt_writer_begin(run->writer, now_ns, run->line_bytes, error);
	if (err)
		return err;
	gmt_record_begin(&run->record);
	head.frame = run->frames++;
	head.offset_ns = run->record.offset_ns;
	return gmt_json_recording(gmt_writer_out(run->writer), &head);
}

static int take_snapshot(struct run *run, struct gmt_error *error)
{
	FILE *out = gmt_writer_out(run->writer);
	uint64_t before;
	int err;

	fflush(out);
	before = gmt_writer_printed(run->writer);
	err = gmt_record_snapshot(&run->record, out, before_snapshot, run, error);
	if (err)
		return err;
	fflush(out);
	/* A frame that began with it counts from its beginning. */
	run->line_bytes = gmt_writer_printed(run->writer);
	if (run->line_bytes > before)
		run->line_bytes -= run->record.snapshots > 1 ? before : 0;
	if (run->line_bytes > GMT_LINE_BYTES_MAX)
		return gmt_fail(error, GMT_EXIT_FAILURE, -E2BIG,
				"%zu gmems are more than a recording can tell of",
				run->record.gmems);
	return gmt_writer_flush(run->writer, run->record.now_ns, error);
}

static bool is_listening(const struct run *run)
{
	return run->record.events || run->record.requests;
}

static int on_event(void *ctx, const struct gmt_rec_event *event)
{
	struct run *run = ctx;
	struct gmt_source *source = run->record.source;

	run->record.totals.received[event->event]++;
	return gmt_json_event(gmt_writer_out(run->writer), event,
			      source->ops->cgroup_path(source, event->cgroup_id),
			      run->record.offset_ns);
}

static int on_request(void *ctx, const struct gmt_rec_request *request)
{
	struct run *run = ctx;
	struct gmt_source *source = run->record.source;

	run->requests++;
	return gmt_json_request(gmt_writer_out(run->writer), request,
				source->ops->cgroup_path(source, request->cgroup_id),
				source->ops->cgroup_path(source, request->creator_cgroup_id),
				run->record.offset_ns);
}

/* What has come, or comes within that time, of either kind. */
static int poll_both(struct run *run, uint64_t ns, struct gmt_error *error)
{
	const int ms = (int)((ns + 999999) / 1000000);
	struct gmt_source *source = run->record.source;
	int err = 0;

	if (run->record.events)
		err = source->ops->trace_poll(source, ms, on_event, run, error);
	if (run->record.requests && (!err || err == -EINTR))
		err = source->ops->requests_poll(source, run->record.events ? 0 : ms, on_request,
						 run, error);
	if (err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	return err == -EINTR ? 0 : err;
}

static void tell(const struct run *run, const struct gmt_written *written, const char *what)
{
	const struct gmt_trace_sums sums = gmt_trace_sum(&run->record.totals);

	fprintf(stderr, "gmemtop: %.0f s, %.1f MiB %s %s",
		(double)(written->last_ns - written->first_ns) / SECOND_NS,
		(double)written->bytes / (1 << 20), what, run->file);
	if (run->record.events)
		fprintf(stderr, "; events %llu, lost %llu", (unsigned long long)sums.received,
			(unsigned long long)(sums.ring_full + sums.missed));
	if (run->record.requests)
		fprintf(stderr, "; requests %llu, lost %llu", (unsigned long long)run->requests,
			(unsigned long long)run->lost);
	if (written->cut)
		fprintf(stderr, "; what was older had to go: --max-size %llu",
			(unsigned long long)run->limits.bytes);
	fputc('\n', stderr);
}

static int put_end(struct run *run, const char *reason, struct gmt_error *error)
{
	uint64_t now_ns = gmt_source_now_ns(run->record.source);

	if (gmt_json_end(gmt_writer_out(run->writer), now_ns, run->record.offset_ns, reason))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return gmt_writer_flush(run->writer, now_ns, error);
}

/* SIGUSR1: up to this moment. A file that cannot be written ends no flight recorder. */
static int on_wanted(struct run *run, struct gmt_error *error)
{
	struct gmt_written written;
	int err = take_snapshot(run, error);

	if (!err && run->limits.memory)
		err = put_end(run, "dump", error);
	if (!err && !run->limits.memory)
		err = gmt_writer_end(run->writer, error);
	if (err || !run->limits.memory)
		return err;
	err = gmt_writer_dump(run->writer, &written, error);
	if (err == -ENOMEM)
		return err;
	if (err)
		fprintf(stderr, "gmemtop: %s; recording goes on\n", error->text);
	else
		tell(run, &written, "written to");
	return 0;
}

static int on_signal(struct run *run, int signal, struct gmt_error *error)
{
	if (signal == SIGUSR1)
		return on_wanted(run, error);
	/* The next one ends the program. */
	sigprocmask(SIG_UNBLOCK, &run->signals, NULL);
	run->reason = "interrupted";
	return 0;
}

/* Until it is time for a snapshot, or there is another reason for one, or to end. */
static int wait_until(struct run *run, uint64_t until_ns, struct gmt_error *error)
{
	uint64_t now_ns;
	int err = 0;

	while (!err && !run->reason && (now_ns = clock_ns()) < until_ns) {
		uint64_t left_ns = until_ns - now_ns;
		struct timespec wait = { 0 };
		int signal;

		if (is_listening(run)) {
			err = poll_both(run, left_ns < POLL_NS ? left_ns : POLL_NS, error);
			/* Many events fill a frame before a snapshot is due. */
			if (!err &&
			    gmt_writer_due(run->writer, gmt_source_now_ns(run->record.source)))
				return 0;
		} else {
			wait.tv_sec = left_ns / SECOND_NS;
			wait.tv_nsec = left_ns % SECOND_NS;
		}
		signal = err ? -1 : sigtimedwait(&run->signals, NULL, &wait);
		if (signal > 0)
			return on_signal(run, signal, error);
	}
	return err;
}

/* A recording that is recorded anew, as fast as can be: a snapshot on, with its events. */
static int step(struct run *run, struct gmt_error *error)
{
	struct gmt_source *source = run->record.source;
	int err = source->player->step(source, 1, error);

	return err || !is_listening(run) ? err : poll_both(run, 0, error);
}

/* Return: why the recording is over, NULL if it is not */
static const char *ended(const struct run *run, uint64_t begun_ns)
{
	if (run->reason)
		return run->reason;
	if (run->duration_ns && run->record.now_ns - begun_ns >= run->duration_ns)
		return "duration";
	return gmt_source_ended(run->record.source) ? "duration" : NULL;
}

static int follow(struct run *run, struct gmt_error *error)
{
	struct gmt_source *source = run->record.source;
	uint64_t begun_ns = clock_ns(), next_ns = begun_ns, first_ns = 0;
	int err;

	for (;;) {
		err = take_snapshot(run, error);
		if (err)
			return err;
		if (!first_ns)
			first_ns = run->record.now_ns;
		run->reason = ended(run, first_ns);
		if (run->reason)
			return 0;
		if (source->player && isinf(source->player->speed(source))) {
			err = step(run, error);
			if (err)
				return err;
			continue;
		}
		/* A snapshot that took longer than an interval is followed by a pause of one. */
		next_ns += run->interval_ns;
		if (next_ns < clock_ns())
			next_ns = clock_ns() + run->interval_ns;
		if (run->duration_ns && next_ns > begun_ns + run->duration_ns)
			next_ns = begun_ns + run->duration_ns;
		err = wait_until(run, next_ns, error);
		if (err)
			return err;
	}
}

static int end_requests(struct run *run, struct gmt_error *error)
{
	struct gmt_source *source = run->record.source;
	struct gmt_request_account account;
	int err;

	if (!run->record.requests)
		return 0;
	err = source->ops->requests_account(source, &account, error);
	if (err)
		return err;
	run->lost = account.lost;
	return gmt_json_requests(gmt_writer_out(run->writer), gmt_source_now_ns(source), &account) ?
		       gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory") :
		       0;
}

static int end_trace(struct run *run, struct gmt_error *error)
{
	struct gmt_source *source = run->record.source;
	int err = 0;

	if (run->record.requests)
		err = source->ops->requests_detach(source, error);
	if (!err && run->record.events)
		err = source->ops->trace_detach(source, error);
	if (!err && is_listening(run))
		err = poll_both(run, 0, error);
	if (!err)
		err = end_requests(run, error);
	if (!err && run->record.events)
		err = source->ops->trace_losses(source, &run->record.totals, error);
	if (!err && run->record.events &&
	    gmt_json_losses(gmt_writer_out(run->writer), gmt_source_now_ns(source),
			    &run->record.totals))
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return err;
}

/* Whatever went wrong, what there is so far is kept. */
static int finish(struct run *run, int err, struct gmt_error *error)
{
	struct gmt_written written = { .frames = 0 };
	struct gmt_error later;
	int err_finish = 0;

	if (!err)
		err = end_trace(run, error);
	if (!err)
		err = put_end(run, run->reason, error);
	err_finish = gmt_writer_finish(run->writer, &written, &later);
	if (!err && err_finish) {
		*error = later;
		err = err_finish;
	}
	if (written.frames && !err_finish)
		tell(run, &written, run->limits.memory ? "written to" : "in");
	return err;
}

static void announce(const struct run *run)
{
	char deaf[1024];

	if (run->limits.memory)
		fprintf(stderr,
			"gmemtop: keeping the last %.0f s; `kill -USR1 %d` writes them to %s\n",
			(double)run->last_ns / SECOND_NS, getpid(), run->file);
	else
		fprintf(stderr, "gmemtop: recording to %s; interrupt to stop\n", run->file);
	if (run->record.events && gmt_source_deaf(run->record.source, deaf, sizeof(deaf)))
		fprintf(stderr, "gmemtop: %s\n", deaf);
}

static int record_all(struct run *run, struct gmt_error *error)
{
	const struct gmt_trace_options trace = {
		.events = run->record.events,
		.buffer_bytes = run->buffer_bytes,
	};
	struct gmt_source *source = run->record.source;
	int err;

	sigemptyset(&run->signals);
	sigaddset(&run->signals, SIGINT);
	sigaddset(&run->signals, SIGTERM);
	sigaddset(&run->signals, SIGHUP);
	sigaddset(&run->signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &run->signals, NULL);
	/* Listening first: what happens after the first snapshot is not missed. */
	if (trace.events) {
		err = source->ops->trace_start(source, &trace, error);
		if (err)
			return err;
	}
	if (run->record.requests) {
		err = gmt_source_requests_start(source, run->buffer_bytes, error);
		if (err)
			return err;
	}
	err = gmt_writer_open(&run->writer, run->file, &run->limits, error);
	if (err)
		return err;
	announce(run);
	err = finish(run, follow(run, error), error);
	gmt_writer_free(run->writer);
	return err;
}

static void complete(struct run *run)
{
	struct gmt_writer_limits *limits = &run->limits;

	limits->frame_ns = FRAME_NS;
	if (run->last_ns) {
		limits->memory = true;
		limits->age_ns = run->last_ns;
	}
	if (!run->sized)
		limits->bytes = run->last_ns ? MEMORY_BYTES : FILE_BYTES;
	/* What is dropped is dropped by frames: they are small parts of what is kept. */
	if (limits->age_ns && limits->age_ns / 10 < limits->frame_ns)
		limits->frame_ns = limits->age_ns / 10;
}

int cmd_record(int argc, char **argv, struct gmt_error *error)
{
	struct run run = {
		.interval_ns = SECOND_NS,
		.buffer_bytes = GMT_BUFFER_BYTES_DEFAULT,
		.limits = { .keep = KEEP },
		.record = { .max_ranges = RANGES_DEFAULT },
	};
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &run);
	complete(&run);
	err = gmt_source_open(&run.record.source, error);
	if (err)
		return err;
	err = record_all(&run, error);
	gmt_record_exit(&run.record);
	run.record.source->ops->close(run.record.source);
	return err;
}
