// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop: which gmem holds how much private and shared memory, who faults, converts and
 * is denied. Chooses the verb, and prints the one line that a failure deserves.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "source/probe.h"

const char *argp_program_version = "gmemtop " GMT_VERSION;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct gmt_error *error);
	const char *summary;
} verbs[] = {
	{ "list", cmd_list, "every gmem there is, once" },
	{ "show", cmd_show, "one gmem in full, with its bindings and ranges" },
	{ "trace", cmd_trace, "events as they come" },
	{ "latency", cmd_latency, "how long faults and conversions take" },
	{ "policy", cmd_policy, "who may do what: list, show, check, try, apply, detach policies" },
	{ "audit", cmd_audit, "access attempts, for the record" },
	{ "doctor", cmd_doctor, "what this system offers gmemtop, what is missing, what to do" },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

char *gmt_verbs_help(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("Without a verb: the live table.\n\nVerbs (each has its own --help):\n", out);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  gmemtop %-8s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nExit status: 0 success, 1 failure, 2 wrong usage, 3 gmem.ko missing, 4 BTF "
	      "missing, 5 privilege missing, 6 kernel not supported, 7 no such gmem or "
	      "policy, 8 a file of policies that is wrong, 9 an audit lost records.\n",
	      out);
	fclose(out);
	return text;
}

static int run_verb(int argc, char **argv, struct gmt_error *error)
{
	char name[64];

	if (argc < 2 || argv[1][0] == '-')
		return cmd_top(argc, argv, error);
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		/* argp takes the name for its usage lines from here. */
		snprintf(name, sizeof(name), "gmemtop %s", verbs[i].name);
		argv[1] = name;
		return verbs[i].run(argc - 1, argv + 1, error);
	}
	return gmt_fail(error, GMT_EXIT_USAGE, -1,
			"there is no verb '%.40s': `gmemtop --help` tells those there are",
			argv[1]);
}

int main(int argc, char **argv)
{
	struct gmt_error error = { .exit_code = GMT_EXIT_FAILURE };
	int err;

	setlocale(LC_CTYPE, "");
	argp_err_exit_status = GMT_EXIT_USAGE;
	gmt_log_init(false);
	err = run_verb(argc, argv, &error);
	if (!err)
		err = gmt_flush(&error);
	if (!err)
		return GMT_EXIT_OK;
	/* doctor has said everything already. */
	if (error.text[0])
		fprintf(stderr, "gmemtop: %s\n", error.text);
	return error.exit_code;
}
