// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop doctor: what this system offers gmemtop, what is missing, and what to do. */
#include <errno.h>

#include "cmd.h"
#include "source/kvm_probe.h"
#include "source/probe.h"
#include "view/capability.h"
#include "view/json.h"
#include "view/text.h"

struct doctor_options {
	bool json;
};

static const struct argp_option options[] = {
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct doctor_options *doctor = state->input;

	switch (key) {
	case 'j':
		doctor->json = true;
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
	.doc = "What this system offers gmemtop, what is missing, and what to do about it. "
	       "The exit status is that of the first thing missing.",
};

/* The exit code of the first thing missing, which is the first to be mended. */
static int verdict(const struct gmt_check *checks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (checks[i].status == GMT_CHECK_MISSING)
			return checks[i].exit_code;
	return GMT_EXIT_OK;
}

int cmd_doctor(int argc, char **argv, struct gmt_error *error)
{
	struct doctor_options doctor = { 0 };
	struct gmt_source_summary sources[GMT_SOURCES];
	struct gmt_check checks[GMT_CHECKS_MAX];
	size_t count;

	argp_parse(&argp, argc, argv, 0, NULL, &doctor);
	count = gmt_probe(checks);
	if (!verdict(checks, count))
		count += gmt_probe_programs(checks + count);
	if (!verdict(checks, count))
		count += gmt_kvm_probe_programs(checks + count);
	gmt_probe_sources(sources);
	error->exit_code = verdict(checks, count);
	error->text[0] = '\0';
	if (doctor.json) {
		if (gmt_json_checks(stdout, checks, count, sources, error->exit_code))
			return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	} else {
		for (size_t i = 0; i < count; i++)
			gmt_text_check(stdout, &checks[i]);
		gmt_text_sources(stdout, sources);
	}
	if (!error->exit_code)
		return 0;
	fflush(stdout);
	return -EOPNOTSUPP;
}
