// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop policy apply and check: a file of policies, all of it or nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_policy.h"
#include "source/policies.h"
#include "source/policy_object.h"
#include "source/probe.h"

struct options {
	const char *file;
};

static const struct argp_option argp_options[] = {
	{ "verbose", 'v', 0, 0, "Show libbpf's and the verifier's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		if (options->file)
			argp_error(state, "too many arguments: '%s'", arg);
		options->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->file)
			argp_error(state, "which file? `-` is standard input");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Opened when first needed: a malformed file is told without gmem.ko. */
static int open_source(struct gmt_policy_input *input, struct gmt_error *error)
{
	return input->source ? 0 : gmt_source_open(&input->source, error);
}

static int find_cgroup(void *ctx, const char *path, uint64_t *id, struct gmt_error *error)
{
	uint32_t level;

	return gmt_cgroup_find(path, id, &level, error);
}

struct search {
	const char *name;
	uint64_t id;
	size_t found;
};

static int compare_name(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct search *search = ctx;

	if (strncmp(rec->name, search->name, sizeof(rec->name)))
		return 0;
	search->id = rec->id;
	search->found++;
	return 0;
}

static int find_gmem(void *ctx, const char *name, uint64_t *id, struct gmt_error *error)
{
	struct gmt_policy_input *input = ctx;
	struct search search = { .name = name };
	struct gmt_rec_gmem rec;
	int err;

	err = open_source(input, error);
	if (err)
		return err;
	if (!name)
		return input->source->ops->find(input->source, *id, &rec, error);
	err = input->source->ops->snapshot(input->source, compare_name, &search, error);
	if (err)
		return err;
	if (search.found != 1)
		return gmt_fail(error, GMT_EXIT_POLICY, -ENOENT,
				"%zu gmems have the name %.60s: exactly one is wanted",
				search.found, name);
	*id = search.id;
	return 0;
}

int gmt_policy_input_open(struct gmt_policy_input *input, const char *file, struct gmt_error *error)
{
	const struct gmt_policy_env env = {
		.ctx = input,
		.defaults = gmt_policy_defaults,
		.cgroup = find_cgroup,
		.gmem = find_gmem,
	};
	int err;

	*input = (struct gmt_policy_input){ .file = file };
	err = gmt_policy_file_load(file, &env, &input->specs, error);
	if (!err)
		err = open_source(input, error);
	if (err)
		gmt_policy_input_close(input);
	return err;
}

void gmt_policy_input_close(struct gmt_policy_input *input)
{
	gmt_policy_specs_free(&input->specs);
	if (input->source)
		input->source->ops->close(input->source);
	input->source = NULL;
}

static void print_applied(const struct gmt_policy_spec *spec, enum gmt_applied applied)
{
	printf("policy %s: %s (%s, %s, %s)\n", spec->name,
	       applied == GMT_APPLIED_REPLACED ? "replaced" : "attached",
	       gmt_policy_kind_name(spec->kind),
	       spec->flags & GMEM_POLICY_MONITOR ? "monitor" : "enforce", spec->scope_text);
}

int cmd_policy_apply(int argc, char **argv, struct gmt_error *error)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Attach the policies of a file, all or none, and pin them in /sys/fs/bpf/gmem/policy, "
		       "so that they stay. One whose name is pinned there is replaced, without a "
		       "moment in which neither decides; so is a mode switched, which takes no counts "
		       "away. Its scope cannot be changed so: detach it first.",
	};
	struct options options = { .file = NULL };
	struct gmt_policy_input input;
	enum gmt_applied *applied;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	err = gmt_policy_input_open(&input, options.file, error);
	if (err)
		return err;
	applied = calloc(input.specs.count, sizeof(*applied));
	if (applied)
		err = gmt_policies_apply(input.source, options.file, &input.specs, applied, error);
	else
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	for (size_t i = 0; !err && i < input.specs.count; i++)
		print_applied(&input.specs.list[i], applied[i]);
	free(applied);
	gmt_policy_input_close(&input);
	return err;
}

int cmd_policy_check(int argc, char **argv, struct gmt_error *error)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Read a file of policies as `apply` would, and have the kernel's verifier look at "
		       "them. Nothing is attached and nothing changed.",
	};
	struct options options = { .file = NULL };
	struct gmt_policy_input input;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	err = gmt_policy_input_open(&input, options.file, error);
	if (err)
		return err;
	err = gmt_policies_check(&input.specs, error);
	if (!err)
		printf("%s: %zu polic%s, as they should be; nothing was attached\n", options.file,
		       input.specs.count, input.specs.count == 1 ? "y" : "ies");
	gmt_policy_input_close(&input);
	return err;
}
