// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop replay FILE: the other verbs, told by a recording in the place of this host. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define SPEED_MAX 1e6

struct replay_options {
	const char *speed;
	int verb; /* where in argv, 0 without one */
};

static const struct argp_option options[] = {
	{ "at", 'a', "TIME", 0,
	  "Begin there: 14:03:20 or 2026-11-23T14:03:20 (UTC), +90s from the beginning, -5m from the "
	  "end, start, end. If not given, list, show and policy tell the end",
	  0 },
	{ "speed", 's', "X", 0,
	  "Recorded seconds a second (1); 0: stopped; max: every snapshot, without waiting. trace and latency have "
	  "max if not given",
	  0 },
	{ 0 },
};

static void parse_speed(struct argp_state *state, const char *text)
{
	char *end;
	double speed = strtod(text, &end);

	if (!strcmp(text, "max"))
		speed = INFINITY;
	else if (end == text || *end || !(speed >= 0 && speed <= SPEED_MAX))
		argp_error(state, "--speed '%s': a number from 0 to %g, or max", text, SPEED_MAX);
	gmt_source_choice.speed = speed;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay_options *replay = state->input;

	switch (key) {
	case 'a':
		gmt_source_choice.at = arg;
		return 0;
	case 's':
		replay->speed = arg;
		parse_speed(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (!gmt_source_choice.recording) {
			gmt_source_choice.recording = arg;
			return 0;
		}
		/* The rest is the verb's. */
		replay->verb = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!gmt_source_choice.recording)
			argp_error(state, "which recording?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE [VERB ...]",
	.doc = "What gmemtop record has written, in the place of this host: the live table from the "
	       "beginning on, or what a verb makes of it: list, show, trace, policy list and others, with "
	       "their options. It needs no privilege and no gmem.ko.",
};

int cmd_replay(int argc, char **argv, struct gmt_error *error)
{
	struct replay_options replay = { .verb = 0 };

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &replay);
	if (!replay.verb)
		return gmt_run_verb(1, argv, error);
	if (!replay.speed &&
	    (!strcmp(argv[replay.verb], "trace") || !strcmp(argv[replay.verb], "latency")))
		gmt_source_choice.speed = INFINITY;
	/* Whatever stands before the verb takes the place of the program's name. */
	return gmt_run_verb(argc - replay.verb + 1, argv + replay.verb - 1, error);
}
