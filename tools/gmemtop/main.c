// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop: which gmem holds how much private and shared memory, who faults, converts and
 * is denied. Chooses the verb, and prints the one line that a failure deserves.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "source/probe.h"

const char *argp_program_version = "gmemtop " GMT_VERSION;

/* Where in a recording a verb begins, unless it is told; what happens now cannot be replayed. */
enum replays {
	NOW_ONLY,
	FROM_START,
	FROM_END,
};

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct gmt_error *error);
	enum replays replays;
	const char *summary;
} verbs[] = {
	{ "top", cmd_top, FROM_START, "the live table, as without a verb" },
	{ "list", cmd_list, FROM_END, "every gmem there is, once" },
	{ "show", cmd_show, FROM_END, "one gmem in full, with its bindings and ranges" },
	{ "trace", cmd_trace, FROM_START, "events as they come" },
	{ "latency", cmd_latency, FROM_START, "how long faults and conversions take" },
	{ "policy", cmd_policy, FROM_END,
	  "who may do what: list, show, check, try, apply, detach policies" },
	{ "audit", cmd_audit, NOW_ONLY, "access attempts, for the record" },
	{ "export", cmd_export, FROM_END, "metrics for Prometheus" },
	{ "record", cmd_record, FROM_START,
	  "snapshots and events to a file, or the last minutes of them" },
	{ "replay", cmd_replay, NOW_ONLY, "what was recorded, in every view" },
	{ "doctor", cmd_doctor, NOW_ONLY,
	  "what this system offers gmemtop, what is missing, what to do" },
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
	fputs("\n  --source=NAME    with any verb: read gmem (gmem.ko) or guest_memfd (KVM's own);\n"
	      "                   by default the first of them that this host has\n",
	      out);
	fputs("\nExit status: 0 success, 1 failure, 2 wrong usage, 3 gmem.ko missing, 4 BTF "
	      "missing, 5 privilege missing, 6 kernel not supported, 7 no such gmem or "
	      "policy, 8 a file of policies that is wrong, 9 an audit lost records, or a recording "
	      "does not tell all that a policy tried on it was asked.\n",
	      out);
	fclose(out);
	return text;
}

/* Takes --source out of the arguments: it means the same to every verb. */
static int take_source(int *argc, char **argv, struct gmt_error *error)
{
	static const char option[] = "--source";
	bool ended = false;
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		const char *rest =
			strncmp(argv[i], option, strlen(option)) ? NULL : argv[i] + strlen(option);

		ended |= !strcmp(argv[i], "--");
		if (ended || !rest || (*rest && *rest != '=')) {
			argv[kept++] = argv[i];
			continue;
		}
		gmt_source_choice.name = *rest ? rest + 1 : argv[++i];
		if (!gmt_source_choice.name || (strcmp(gmt_source_choice.name, "gmem") &&
						strcmp(gmt_source_choice.name, "guest_memfd")))
			return gmt_fail(error, GMT_EXIT_USAGE, -1,
					"--source wants a name: gmem or guest_memfd");
	}
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

int gmt_run_verb(int argc, char **argv, struct gmt_error *error)
{
	char name[64];

	if (argc < 2 || argv[1][0] == '-')
		return cmd_top(argc, argv, error);
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		if (gmt_source_choice.recording && verbs[i].replays == NOW_ONLY)
			return gmt_fail(error, GMT_EXIT_USAGE, -EOPNOTSUPP,
					"%s is about what happens now: it cannot be replayed",
					verbs[i].name);
		if (verbs[i].replays == FROM_END && !gmt_source_choice.at)
			gmt_source_choice.at = "end";
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
	err = take_source(&argc, argv, &error);
	if (!err)
		err = gmt_run_verb(argc, argv, &error);
	if (!err)
		err = gmt_flush(&error);
	if (!err)
		return GMT_EXIT_OK;
	/* doctor has said everything already. */
	if (error.text[0])
		fprintf(stderr, "gmemtop: %s\n", error.text);
	return error.exit_code;
}
