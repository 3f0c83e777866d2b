// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop latency: how long faults and conversions take, aggregated in the kernel while it runs. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "cmd.h"
#include "source/probe.h"
#include "view/format.h"
#include "view/latency.h"

struct latency_options {
	bool json;
	uint64_t id;
	double seconds;
};

static const struct argp_option options[] = {
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "id", 'i', "ID", 0, "Only this gmem", 0 },
	{ "duration", 'd', "S", 0, "End after S seconds", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct latency_options *latency = state->input;

	switch (key) {
	case 'j':
		latency->json = true;
		return 0;
	case 'i':
		latency->id = gmt_parse_number(state, arg, "-i", UINT64_MAX);
		if (!latency->id)
			argp_error(state, "-i: no gmem has the id 0");
		return 0;
	case 'd':
		latency->seconds = gmt_parse_seconds(state, arg, 0.001, 1e9);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "How long faults, their phases, and conversions take: counts, percentiles and "
	       "histograms. The kernel aggregates them until this is interrupted, or for as long "
	       "as -d says; nothing is paid before and after.",
};

/* Interrupted or out of time, whatever comes first; the signals are blocked. */
static void wait_for_end(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds,
				 .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	sigset_t ends;
	int err;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	do
		err = sigtimedwait(&ends, NULL, seconds ? &left : NULL);
	while (err < 0 && errno == EINTR);
	/* The second signal ends the program. */
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

static void block_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
}

static int print(const struct latency_options *chosen, const struct gmt_latencies *latencies,
		 struct gmt_error *error)
{
	if (!chosen->json)
		gmt_text_latencies(stdout, latencies);
	else if (gmt_json_latencies(stdout, latencies))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return gmt_flush(error);
}

static int run(struct gmt_source *source, const struct latency_options *chosen,
	       struct gmt_error *error)
{
	static struct gmt_latencies latencies;
	struct gmt_rec_gmem rec;
	uint64_t start_ns, first_ns, end_ns;
	int err;

	latencies.id = chosen->id;
	err = chosen->id ? source->ops->find(source, chosen->id, &rec, error) : 0;
	if (err)
		return err;
	block_signals();
	err = gmt_source_latency_start(source, chosen->id, error);
	if (err)
		return err;
	start_ns = end_ns = gmt_source_now_ns(source);
	/* A recording that is replayed as fast as can be is over at once. */
	if (source->player && isinf(source->player->speed(source))) {
		source->player->span(source, &first_ns, &end_ns);
	} else {
		fprintf(stderr, "gmemtop: measuring; interrupt to stop\n");
		wait_for_end(chosen->seconds);
		end_ns = gmt_source_now_ns(source);
	}
	err = source->ops->latency_read(source, latencies.hists, &latencies.missed, error);
	latencies.seconds = (double)(end_ns - start_ns) / 1e9;
	if (!err)
		err = source->ops->latency_stop(source, error);
	return err ? err : print(chosen, &latencies, error);
}

int cmd_latency(int argc, char **argv, struct gmt_error *error)
{
	struct latency_options chosen = { 0 };
	struct gmt_source *source;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &chosen);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	err = run(source, &chosen, error);
	source->ops->close(source);
	return err;
}
