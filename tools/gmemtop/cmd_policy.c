// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop policy: chooses among its verbs; list, show and detach are here. */
#include <errno.h>
#include <string.h>

#include "cmd_policy.h"
#include "source/policies.h"
#include "source/probe.h"
#include "view/policy.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, struct gmt_error *error);
	const char *summary;
} verbs[] = {
	{ "list", cmd_policy_list, "every attached policy" },
	{ "show", cmd_policy_show, "one policy in full" },
	{ "check", cmd_policy_check, "read a file, load it into the verifier, attach nothing" },
	{ "try", cmd_policy_try, "what a file's policies would refuse, refusing nothing" },
	{ "apply", cmd_policy_apply, "attach a file's policies, or replace those of their names" },
	{ "detach", cmd_policy_detach, "detach a policy" },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(FILE *out)
{
	fputs("Usage: gmemtop policy VERB [OPTION...]\n"
	      "Policies: BPF programs that are asked before guarded memory is touched.\n\n"
	      "Verbs (each has its own --help):\n",
	      out);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(out, "  gmemtop policy %-8s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nThe format of files is in docs/policy-files.md. Exit status 8: a file of policies is\n"
	      "malformed, or does not fit what is attached; the others: `gmemtop --help`.\n",
	      out);
}

int cmd_policy(int argc, char **argv, struct gmt_error *error)
{
	char name[64];

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?"))) {
		print_help(stdout);
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		snprintf(name, sizeof(name), "gmemtop policy %s", verbs[i].name);
		argv[1] = name;
		return verbs[i].run(argc - 1, argv + 1, error);
	}
	return gmt_fail(error, GMT_EXIT_USAGE, -EINVAL,
			"policy: %s%.40s%s`gmemtop policy --help` tells the verbs",
			argc > 1 ? "there is no verb '" : "what about it? ",
			argc > 1 ? argv[1] : "", argc > 1 ? "': " : "");
}

/**
 * struct options - Of list, show and detach
 * @word: what --all or NAME is asked for; NULL where a verb takes no name
 */
struct options {
	const char *word;
	bool json;
	bool all;
	const char *name;
};

static const struct argp_option list_options[] = {
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static const struct argp_option detach_options[] = {
	{ "all", 'a', 0, 0, "All policies that gmemtop has pinned", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'j':
		options->json = true;
		return 0;
	case 'a':
		options->all = true;
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		if (!options->word || options->name)
			argp_error(state, "too many arguments: '%s'", arg);
		options->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (options->word && !options->name && !options->all)
			argp_error(state, "which policy? `gmemtop policy list` tells the names%s",
				   options->word);
		if (options->name && options->all)
			argp_error(state, "--all, and yet a name: one of the two");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int fail_memory(struct gmt_error *error, int err)
{
	return err == -ENOMEM ? gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory") : err;
}

int cmd_policy_list(int argc, char **argv, struct gmt_error *error)
{
	static const struct argp argp = {
		.options = list_options,
		.parser = parse,
		.doc = "Every attached policy, in the order they were attached: of those of one scope, "
		       "the order in which they are asked. CALLS and REFUSALS count since then; of a "
		       "policy in mode monitor, REFUSALS is what it would have refused. PINNED: it was "
		       "attached by `gmemtop policy apply`.",
	};
	struct options options = { .word = NULL };
	struct gmt_policy_rows rows;
	struct gmt_source *source;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	err = gmt_policies_list(source, &rows, error);
	if (!err) {
		if (options.json)
			err = fail_memory(error, gmt_json_policies(stdout, &rows));
		else
			gmt_text_policies(stdout, &rows);
		gmt_policy_rows_free(&rows);
	}
	source->ops->close(source);
	return err;
}

static int show(const struct gmt_policy_rows *rows, const struct options *options,
		struct gmt_error *error)
{
	bool found = false;
	int err = 0;

	/* More than one may have a name, if not all of them are pinned. */
	for (size_t i = 0; !err && i < rows->count; i++) {
		const struct gmt_policy_row *row = &rows->list[i];

		if (strncmp(row->rec.name, options->name, sizeof(row->rec.name)))
			continue;
		if (options->json)
			err = fail_memory(error, gmt_json_policy(stdout, row));
		else
			gmt_text_policy(stdout, row);
		found = true;
	}
	if (!found)
		return gmt_fail(error, GMT_EXIT_NO_SUCH, -ENOENT,
				"no policy '%.60s' is attached: `gmemtop policy list` tells those "
				"there are",
				options->name);
	return err;
}

int cmd_policy_show(int argc, char **argv, struct gmt_error *error)
{
	static const struct argp argp = {
		.options = list_options,
		.parser = parse,
		.args_doc = "NAME",
		.doc = "One attached policy in full: what it covers, how it works, what it was asked and "
		       "refused, and its parameters, where gmemtop has attached it.",
	};
	struct options options = { .word = "" };
	struct gmt_policy_rows rows;
	struct gmt_source *source;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	err = gmt_policies_list(source, &rows, error);
	if (!err) {
		err = show(&rows, &options, error);
		gmt_policy_rows_free(&rows);
	}
	source->ops->close(source);
	return err;
}

static void told(const char *name)
{
	printf("policy %s: detached\n", name);
}

int cmd_policy_detach(int argc, char **argv, struct gmt_error *error)
{
	static const struct argp argp = {
		.options = detach_options,
		.parser = parse,
		.args_doc = "NAME\n--all",
		.doc = "Detach a policy that gmemtop has pinned: it is asked no more, at once. Memory that "
		       "requires a policy is closed when none is left that covers it.",
	};
	struct options options = { .word = "; --all means all of them" };
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (options.all)
		return gmt_policies_detach(told, error);
	if (!gmt_policy_name_valid(options.name))
		err = -ENOENT;
	else
		err = gmt_policy_detach(options.name, error);
	if (err == -ENOENT)
		return gmt_fail(
			error, GMT_EXIT_NO_SUCH, err,
			"gmemtop has pinned no policy '%.60s': `gmemtop policy list` tells which; "
			"one that is not pinned ends with the program that holds it",
			options.name);
	if (!err)
		told(options.name);
	return err;
}
