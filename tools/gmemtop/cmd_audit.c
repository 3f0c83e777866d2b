// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop audit: one record an access attempt, to standard output, a file or the journal, and
 * no loss in silence. docs/audit.md is the manual.
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "service.h"
#include "source/audit_source.h"
#include "source/probe.h"
#include "view/audit.h"
#include "view/format.h"

/* How long a record may wait in the buffer while few others come, and losses untold. */
#define POLL_MS 100

#define ACTS_ALL     ((1U << GMT_ACT_MAX) - 2)
#define ACTS_INSPECT (1U << GMT_ACT_INSPECT_READ | 1U << GMT_ACT_INSPECT_WRITE)

/* A callback's way to say: enough. */
#define STOP 1

/**
 * struct audit - One run of the verb
 * @acts: asked for, 0 for all
 * @told: losses told in the output so far
 * @output_err: why the output failed last, 0 once it works
 * @reason: why it ends
 */
struct audit {
	struct gmt_audit_options options;
	struct gmt_filter_args args;
	struct gmt_file_limits limits;
	const char *path;
	bool journal;
	bool refused, allowed;
	uint32_t acts;
	uint64_t limit;
	double duration;
	struct gmt_listener *listener;
	struct gmt_sink *sink;
	struct gmt_audit_order order;
	struct gmt_audit_totals totals;
	struct gmt_audit_losses told;
	struct gmt_audit_line line;
	uint64_t now_ns;
	int64_t offset_ns;
	int output_err;
	const char *reason;
};

static volatile sig_atomic_t ended_by, reopen_wanted;

enum {
	KEY_REFUSED = GMT_KEY_DURATION + 1,
	KEY_ALLOWED,
	KEY_JOURNAL,
	KEY_SIZE,
	KEY_AGE,
	KEY_KEEP,
	KEY_SYNC,
};

static const struct argp_option options[] = {
	{ "count", 'c', "N", 0, "End after N records", 0 },
	{ "duration", 'd', "S", 0, "End after S seconds", 0 },
	{ "buffer", 'b', "MIB", 0, "Size of the buffer, a power of two (default 16)", 0 },
	{ "json", 'j', 0, 0, "Accepted as by the other verbs: the output is JSON anyway", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0, 0, 0, 0, "Outcomes; without these: all that is refused, and allowed inspections:", 1 },
	{ "refused", KEY_REFUSED, 0, 0,
	  "What failed, or would have but for a policy's monitor mode", 1 },
	{ "allowed", KEY_ALLOWED, 0, 0, "What succeeded; with --refused: everything", 1 },
	{ 0, 0, 0, 0, "Filters, applied in the kernel; all of them must allow a record:", 2 },
	{ "act", 'a', "LIST", 0,
	  "Only these, parted by commas: create, mmap, fault, read, write, populate, inspect_read, "
	  "inspect_write, splice_read, splice_write, open, convert, bind, discard",
	  2 },
	{ "id", 'i', "ID", 0, "Only this gmem", 2 },
	{ "pid", 'p', "PID", 0, "Only by this process", 2 },
	{ "uid", 'u', "USER", 0, "Only by this user, by name or number", 2 },
	{ "cgroup", 'g', "PATH", 0, "Only from this cgroup and below it", 2 },
	{ 0, 0, 0, 0, "Where to, instead of standard output:", 3 },
	{ "file", 'f', "FILE", 0, "Append to FILE, mode 0600, through no symbolic link", 3 },
	{ "max-size", KEY_SIZE, "MIB", 0, "Set FILE aside before it grows beyond (default 64)", 3 },
	{ "max-age", KEY_AGE, "S", 0, "Set FILE aside when it is older (default: never)", 3 },
	{ "keep", KEY_KEEP, "N", 0, "Keep N such files: FILE.1 ... FILE.N (default 7)", 3 },
	{ "sync", KEY_SYNC, "S", 0, "On disk after S seconds (default 1); 0: at every record", 3 },
	{ "journal", KEY_JOURNAL, 0, 0, "To the systemd journal", 3 },
	{ 0 },
};

static uint32_t parse_acts(struct argp_state *state, char *list)
{
	uint32_t acts = 0;
	char *name, *save = NULL;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int act = 1;

		while (act < GMT_ACT_MAX && strcmp(name, gmt_audit_act(act)))
			act++;
		if (act == GMT_ACT_MAX)
			argp_error(state, "there is no act '%s'", name);
		else
			acts |= 1U << act;
	}
	if (!acts)
		argp_error(state, "-a: no act is named");
	return acts;
}

static error_t parse_filter(int key, char *arg, struct argp_state *state)
{
	struct audit *audit = state->input;

	switch (key) {
	case 'a':
		audit->acts = parse_acts(state, arg);
		return 0;
	case KEY_REFUSED:
		audit->refused = true;
		return 0;
	case KEY_ALLOWED:
		audit->allowed = true;
		return 0;
	default:
		return gmt_filter_arg(&audit->args, key, arg, state);
	}
}

static error_t parse_file(int key, char *arg, struct argp_state *state)
{
	struct audit *audit = state->input;
	struct gmt_file_limits *limits = &audit->limits;

	switch (key) {
	case 'f':
		audit->path = arg;
		return 0;
	case KEY_SIZE:
		/* Decimals allowed; one line may always be as long as it is. */
		limits->bytes = (uint64_t)(gmt_parse_seconds(state, arg, 0, 1e9) * (1 << 20));
		return 0;
	case KEY_AGE:
		limits->age_ns = (uint64_t)(gmt_parse_seconds(state, arg, 0, 1e9) * 1e9);
		return 0;
	case KEY_KEEP:
		limits->keep = (unsigned int)gmt_parse_number(state, arg, "--keep", 9999);
		return 0;
	case KEY_SYNC:
		limits->sync_ns = (uint64_t)(gmt_parse_seconds(state, arg, 0, 1e6) * 1e9);
		return 0;
	default:
		return parse_filter(key, arg, state);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct audit *audit = state->input;

	switch (key) {
	case 'c':
		audit->limit = gmt_parse_number(state, arg, "-c", UINT64_MAX);
		if (!audit->limit)
			argp_error(state, "-c: at least one record is wanted");
		return 0;
	case 'd':
		audit->duration = gmt_parse_seconds(state, arg, 0.001, 1e9);
		return 0;
	case 'j':
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case KEY_JOURNAL:
		audit->journal = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (audit->journal && audit->path)
			argp_error(state, "--file and --journal exclude each other");
		return 0;
	default:
		return parse_file(key, arg, state);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "One line of JSON an access attempt on guarded memory: what was attempted, what came "
	       "of it, who it was. Attempts are numbered; what is lost leaves a gap, is counted, told "
	       "in the output, and makes the exit status 9. SIGHUP opens FILE anew.",
};

static void on_end(int number)
{
	ended_by = number;
}

static void on_reopen(int number)
{
	reopen_wanted = 1;
}

static void catch_signals(const struct audit *audit)
{
	/* The first ends the audit with its account; the second, the program. */
	struct sigaction end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND };
	struct sigaction reopen = { .sa_handler = on_reopen, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, audit->sink->ops->reopen ? &reopen : &end, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* All that needs one is done. Whoever runs as root still has root's files. */
static int drop_capabilities(struct gmt_error *error)
{
	return gmt_service_drop(geteuid() ? 0 : 1ULL << CAP_DAC_OVERRIDE, NULL, error);
}

/* Failures of the output are told once each time they begin. Return: 0, or STOP without a reader */
static int output_failed(struct audit *audit, int err)
{
	if (err == -EPIPE) {
		audit->reason = "no reader";
		audit->output_err = err;
		return STOP;
	}
	if (audit->output_err != err)
		fprintf(stderr,
			"gmemtop: records cannot be written: %s; they are counted as lost\n",
			strerror(-err));
	audit->output_err = err;
	return 0;
}

static int put_line(struct audit *audit)
{
	int err = audit->sink->ops->put(audit->sink, &audit->line);

	if (!err)
		audit->output_err = 0;
	return err;
}

/* A loss told is remembered as told only where it was written. */
static int tell_losses(struct audit *audit)
{
	struct gmt_audit_totals *totals = &audit->totals;
	int err;

	if (gmt_audit_lost(&totals->losses) == gmt_audit_lost(&audit->told))
		return 0;
	totals->last_seq = gmt_audit_last_seq(audit->listener);
	gmt_audit_line_loss(&audit->line, &audit->told, &totals->losses, totals->last_seq,
			    gmt_boottime_ns(), audit->offset_ns);
	err = put_line(audit);
	if (!err)
		audit->told = totals->losses;
	return err;
}

static int lose_record(struct audit *audit, const struct gmt_rec_audit *rec, int err)
{
	audit->totals.losses.all[GMT_LOSS_OUTPUT]++;
	audit->totals.losses.refused[GMT_LOSS_OUTPUT] += rec->err || rec->flags & GMT_AUDIT_WOULD;
	return output_failed(audit, err);
}

static int on_record(void *ctx, const struct gmt_rec_audit *rec)
{
	struct audit *audit = ctx;
	int err = 0;

	/* Where there is room again, it is for the loss first: records could fill it. */
	if (audit->output_err)
		err = tell_losses(audit);
	if (!err) {
		gmt_audit_line_record(&audit->line, rec, audit->offset_ns);
		err = put_line(audit);
	}
	if (err)
		return lose_record(audit, rec, err);
	audit->totals.written++;
	if (audit->totals.written != audit->limit)
		return 0;
	audit->reason = "count";
	return STOP;
}

static int on_raw(void *ctx, const struct gmt_rec_audit *rec, size_t size)
{
	struct audit *audit = ctx;

	return gmt_audit_order_put(&audit->order, rec, size, audit->now_ns, on_record, audit);
}

/* What the kernel lost, too. */
static int settle_losses(struct audit *audit, struct gmt_error *error)
{
	int err = gmt_audit_losses(audit->listener, &audit->totals.losses, error);

	if (err)
		return err;
	err = tell_losses(audit);
	return err ? output_failed(audit, err) : 0;
}

/* What is done every POLL_MS, and whenever much has come. Return: 0, STOP or -errno */
static int round_of(struct audit *audit, int timeout_ms, struct gmt_error *error)
{
	int err;

	audit->now_ns = gmt_boottime_ns();
	audit->offset_ns = gmt_clock_offset_ns();
	err = gmt_audit_poll(audit->listener, timeout_ms, on_raw, audit, error);
	if (!err)
		err = gmt_audit_order_settle(&audit->order, gmt_boottime_ns(), on_record, audit);
	if (err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	if (err)
		return err;
	err = settle_losses(audit, error);
	if (err)
		return err;
	err = audit->sink->ops->tick(audit->sink, gmt_boottime_ns());
	return err ? output_failed(audit, err) : 0;
}

static int follow(struct audit *audit, struct gmt_error *error)
{
	uint64_t end_ns = audit->duration ? gmt_boottime_ns() + (uint64_t)(audit->duration * 1e9) :
					    UINT64_MAX;
	int err = 0;

	while (!err && !ended_by && gmt_boottime_ns() < end_ns) {
		if (reopen_wanted) {
			reopen_wanted = 0;
			err = audit->sink->ops->reopen(audit->sink);
			if (err)
				output_failed(audit, err);
		}
		err = round_of(audit, POLL_MS, error);
	}
	if (!audit->reason)
		audit->reason = ended_by ? strsignal(ended_by) : "duration";
	return err;
}

/* What was recorded before the end is told, but for what lies behind the last one asked for. */
static int drain(struct audit *audit, struct gmt_error *error)
{
	int err = 0;

	gmt_audit_detach(audit->listener);
	if (audit->output_err != -EPIPE && audit->totals.written != audit->limit)
		err = gmt_audit_poll(audit->listener, 0, on_raw, audit, error);
	if (!err && audit->output_err != -EPIPE && audit->totals.written != audit->limit)
		err = gmt_audit_order_settle(&audit->order, UINT64_MAX, on_record, audit);
	gmt_audit_order_clear(&audit->order);
	if (err < 0)
		return err;
	return gmt_audit_losses(audit->listener, &audit->totals.losses, error);
}

static int account(struct audit *audit, struct gmt_error *error)
{
	struct gmt_audit_totals *totals = &audit->totals;
	uint64_t lost;
	int err = 0;

	totals->last_seq = gmt_audit_last_seq(audit->listener);
	totals->late = audit->order.late;
	lost = gmt_audit_lost(&totals->losses);
	/* Whoever read our output has had enough: that is an end, not a failure. */
	if (audit->output_err != -EPIPE) {
		err = settle_losses(audit, error);
		gmt_audit_line_end(&audit->line, totals, audit->reason, gmt_boottime_ns(),
				   audit->offset_ns);
		if (err >= 0)
			err = put_line(audit);
	}
	fprintf(stderr, "gmemtop: audit: %llu records, %llu lost\n",
		(unsigned long long)totals->written, (unsigned long long)lost);
	if (err < 0)
		return gmt_fail(error, lost ? GMT_EXIT_LOST : GMT_EXIT_FAILURE, err,
				"the end of the audit cannot be written: %s", strerror(-err));
	if (!lost || audit->output_err == -EPIPE)
		return 0;
	return gmt_fail(error, GMT_EXIT_LOST, -EIO,
			"%llu records of access attempts were lost: a larger --buffer bridges "
			"bursts, a narrower filter makes fewer",
			(unsigned long long)lost);
}

static int run(struct audit *audit, struct gmt_error *error)
{
	const struct gmt_audit_session session = {
		.options = &audit->options,
		.wants = audit->refused ? (audit->allowed ? "all" : "refused") :
			 audit->allowed ? "allowed" :
					  "default",
		.cgroup = audit->args.cgroup,
	};
	int err;

	audit->offset_ns = gmt_clock_offset_ns();
	gmt_audit_line_start(&audit->line, &session, gmt_boottime_ns(), audit->offset_ns);
	err = put_line(audit);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the output cannot be written: %s",
				strerror(-err));
	fprintf(stderr, "gmemtop: auditing; interrupt to stop\n");
	gmt_service_notify("READY=1");
	err = follow(audit, error);
	gmt_service_notify("STOPPING=1");
	if (err >= 0)
		err = drain(audit, error);
	return err < 0 ? err : account(audit, error);
}

static int open_sink(struct audit *audit, struct gmt_error *error)
{
	if (audit->journal)
		audit->sink = gmt_sink_journal(error);
	else if (audit->path)
		audit->sink = gmt_sink_file(audit->path, &audit->limits, error);
	else
		audit->sink = gmt_sink_stream(STDOUT_FILENO, error);
	if (!audit->sink)
		return -EIO;
	audit->sink->stop = &ended_by;
	return 0;
}

/* Outcomes and acts become the two masks of the filter. */
static void set_masks(struct audit *audit)
{
	struct gmt_audit_filter *filter = &audit->options.filter;
	uint32_t acts = audit->acts ? audit->acts : ACTS_ALL;

	if (audit->refused || !audit->allowed)
		filter->refused = acts;
	if (audit->allowed)
		filter->allowed = acts;
	else if (!audit->refused)
		filter->allowed = acts & ACTS_INSPECT;
}

int cmd_audit(int argc, char **argv, struct gmt_error *error)
{
	/* Too large for the stack's taste, and there is one only. */
	static struct audit audit = {
		.options.buffer_bytes = GMT_BUFFER_BYTES_DEFAULT,
		.limits = { .bytes = 64 << 20, .keep = 7, .sync_ns = 1000000000 },
		.order.next = 1,
	};
	int err, err_close;

	audit.args.filter = &audit.options.filter.task;
	audit.args.buffer_bytes = &audit.options.buffer_bytes;
	argp_parse(&argp, argc, argv, 0, NULL, &audit);
	set_masks(&audit);
	err = gmt_filter_finish(&audit.args, NULL, error);
	if (!err)
		err = open_sink(&audit, error);
	if (err)
		return err;
	catch_signals(&audit);
	err = gmt_audit_open(&audit.listener, &audit.options, error);
	if (!err)
		err = drop_capabilities(error);
	if (!err)
		err = run(&audit, error);
	gmt_audit_close(audit.listener);
	err_close = audit.sink->ops->close(audit.sink);
	if (!err && err_close)
		return gmt_fail(error, GMT_EXIT_FAILURE, err_close,
				"the output cannot be written: %s", strerror(-err_close));
	return err;
}
