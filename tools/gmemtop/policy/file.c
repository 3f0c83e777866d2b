// SPDX-License-Identifier: GPL-2.0-only
/* A file of policies: what all of them have, and whether they go together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/reader.h"

#define FILE_MAX (256 << 10)

static int read_name(struct gmt_reader *reader, const yaml_node_t *node,
		     const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	if (!gmt_policy_name_valid(raw->name))
		return gmt_yaml_fail(&reader->yaml, gmt_yaml_member(&reader->yaml, node, "name"),
				     reader->error,
				     "name '%.60s': 1 to %zu letters, digits, _ and -, no - first",
				     raw->name, sizeof(spec->name) - 1);
	strcpy(spec->name, raw->name);
	return 0;
}

static int read_scope(struct gmt_reader *reader, const yaml_node_t *policy,
		      const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	const yaml_node_t *node = gmt_yaml_member(&reader->yaml, policy, "scope");
	const struct gmt_policy_env *env = reader->env;
	const char *colon = strchr(raw->scope, ':');
	const char *what = colon ? colon + 1 : "";
	size_t length = colon ? (size_t)(colon - raw->scope) : strlen(raw->scope);
	int err = -EINVAL;

	snprintf(spec->scope_text, sizeof(spec->scope_text), "%s", raw->scope);
	if (!strcmp(raw->scope, "all")) {
		spec->scope = GMEM_SCOPE_ALL;
		return 0;
	}
	if (length == strlen("cgroup") && !strncmp(raw->scope, "cgroup", length) && what[0]) {
		spec->scope = GMEM_SCOPE_CGROUP;
		err = env->cgroup(env->ctx, what, &spec->scope_id, reader->error);
		return gmt_read_env(reader, policy, "scope", err);
	}
	spec->scope = GMEM_SCOPE_GMEM;
	if (length == strlen("gmem") && !strncmp(raw->scope, "gmem", length)) {
		err = gmt_read_number(reader, policy, "scope", what, UINT64_MAX, &spec->scope_id);
		if (err)
			return err;
		err = env->gmem(env->ctx, NULL, &spec->scope_id, reader->error);
		return gmt_read_env(reader, policy, "scope", err);
	}
	if (length == strlen("gmem-name") && !strncmp(raw->scope, "gmem-name", length) && what[0]) {
		err = env->gmem(env->ctx, what, &spec->scope_id, reader->error);
		return gmt_read_env(reader, policy, "scope", err);
	}
	return gmt_yaml_fail(&reader->yaml, node, reader->error,
			     "scope '%.60s': all, cgroup:PATH, gmem:ID or gmem-name:NAME is wanted",
			     raw->scope);
}

static int read_flag(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		     const char *word, uint32_t flag, struct gmt_policy_spec *spec)
{
	bool on = false;
	int err = gmt_read_bool(reader, node, key, word, &on);

	if (on)
		spec->flags |= flag;
	return err;
}

static int read_mode(struct gmt_reader *reader, const yaml_node_t *node,
		     const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	int err;

	if (!strcmp(raw->mode, "monitor"))
		spec->flags |= GMEM_POLICY_MONITOR;
	else if (strcmp(raw->mode, "enforce"))
		return gmt_yaml_fail(&reader->yaml, gmt_yaml_member(&reader->yaml, node, "mode"),
				     reader->error, "mode '%.60s': monitor or enforce is wanted",
				     raw->mode);
	err = read_flag(reader, node, "report_allowed", raw->report_allowed,
			GMEM_POLICY_REPORT_ALLOWED, spec);
	if (!err)
		err = read_flag(reader, node, "time", raw->time, GMEM_POLICY_TIME, spec);
	if (!err)
		err = read_flag(reader, node, "kill", raw->kill, GMEM_POLICY_KILL, spec);
	return err;
}

/* Exactly one of the keys that are named for a policy says which. */
static int read_kind(struct gmt_reader *reader, const yaml_node_t *node,
		     const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	const void *const given[GMT_POLICY_KINDS] = {
		[GMT_POLICY_LOCKDOWN] = raw->lockdown,
		[GMT_POLICY_ALLOW] = raw->allow,
		[GMT_POLICY_BUDGET] = raw->budget,
		[GMT_POLICY_TRIPWIRE] = raw->tripwire,
	};

	spec->kind = GMT_POLICY_KINDS;
	for (int i = 0; i < GMT_POLICY_KINDS; i++) {
		const char *name = gmt_policy_kind_name(i);

		if (given[i] && spec->kind != GMT_POLICY_KINDS)
			return gmt_yaml_fail(&reader->yaml,
					     gmt_yaml_member(&reader->yaml, node, name),
					     reader->error,
					     "both %s and %s: one policy is one of them",
					     gmt_policy_kind_name(spec->kind), name);
		if (given[i])
			spec->kind = i;
	}
	if (spec->kind == GMT_POLICY_KINDS)
		return gmt_yaml_fail(
			&reader->yaml, node, reader->error,
			"which policy? lockdown, allow, budget or tripwire is missing");
	return 0;
}

static int read_on(struct gmt_reader *reader, const yaml_node_t *node, const struct raw_policy *raw,
		   struct gmt_policy_spec *spec)
{
	struct gmt_policy_on *on = &spec->params.on;
	uint32_t allowed = gmt_policy_kind_hooks(spec->kind);
	char whose[64];
	int err;

	snprintf(whose, sizeof(whose), "%s", gmt_policy_kind_name(spec->kind));
	if (spec->scope == GMEM_SCOPE_GMEM) {
		/* It is asked about one that exists. */
		allowed &= ~GMT_HOOK_BIT(GMEM_HOOK_CREATE);
		on->hooks &= allowed;
		snprintf(whose, sizeof(whose), "%s for one gmem", gmt_policy_kind_name(spec->kind));
	}
	err = gmt_read_hooks(reader, node, raw->hooks, raw->hooks_count, allowed, whose,
			     &on->hooks);
	if (err)
		return err;
	return gmt_read_errno(reader, node, "error", raw->error, &on->error);
}

static int read_policy(struct gmt_reader *reader, const yaml_node_t *node,
		       const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	const struct gmt_policy_env *env = reader->env;
	int err;

	spec->line = gmt_yaml_line(node);
	err = read_name(reader, node, raw, spec);
	if (!err)
		err = read_kind(reader, node, raw, spec);
	if (!err)
		err = read_mode(reader, node, raw, spec);
	if (!err)
		err = read_scope(reader, node, raw, spec);
	if (!err)
		err = env->defaults(env->ctx, spec->kind, &spec->params, reader->error);
	if (!err)
		err = read_on(reader, node, raw, spec);
	if (!err)
		err = gmt_read_params(reader, node, raw, spec);
	return err;
}

static int check_names(struct gmt_reader *reader, const yaml_node_t *list,
		       const struct gmt_policy_specs *specs)
{
	for (size_t i = 0; i < specs->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(specs->list[i].name, specs->list[j].name))
				continue;
			list = gmt_yaml_item(&reader->yaml, list, i);
			return gmt_yaml_fail(&reader->yaml,
					     gmt_yaml_member(&reader->yaml, list, "name"),
					     reader->error,
					     "there is a policy '%s' in line %zu already",
					     specs->list[i].name, specs->list[j].line);
		}
	}
	return 0;
}

static int read_policies(struct gmt_reader *reader, const struct raw_file *raw,
			 struct gmt_policy_specs *specs)
{
	const yaml_node_t *root = gmt_yaml_root(&reader->yaml);
	const yaml_node_t *list = gmt_yaml_member(&reader->yaml, root, "policies");
	int err = 0;

	specs->list = calloc(raw->policies_count, sizeof(*specs->list));
	if (!specs->list)
		return gmt_fail(reader->error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	specs->count = raw->policies_count;
	for (size_t i = 0; !err && i < specs->count; i++)
		err = read_policy(reader, gmt_yaml_item(&reader->yaml, list, i), &raw->policies[i],
				  &specs->list[i]);
	if (!err)
		err = check_names(reader, list, specs);
	if (err)
		gmt_policy_specs_free(specs);
	return err;
}

int gmt_policy_text_load(const char *file, const char *text, size_t length,
			 const struct gmt_policy_env *env, struct gmt_policy_specs *specs,
			 struct gmt_error *error)
{
	struct gmt_reader reader = { .env = env, .error = error };
	struct raw_file *raw;
	int err;

	*specs = (struct gmt_policy_specs){ .count = 0 };
	err = gmt_yaml_load(&reader.yaml, file, text, length, error);
	if (err)
		return err;
	err = gmt_schema_load(&raw, &reader.yaml, text, length, error);
	if (!err) {
		err = read_policies(&reader, raw, specs);
		gmt_schema_free(raw);
	}
	gmt_yaml_exit(&reader.yaml);
	return err;
}

int gmt_policy_file_load(const char *path, const struct gmt_policy_env *env,
			 struct gmt_policy_specs *specs, struct gmt_error *error)
{
	bool standard = !strcmp(path, "-");
	FILE *file = standard ? stdin : fopen(path, "re");
	char *text = malloc(FILE_MAX + 1);
	size_t length = 0;
	int err = 0;

	if (!file)
		err = gmt_fail(error, GMT_EXIT_POLICY, -errno, "%s cannot be read: %s", path,
			       strerror(errno));
	else if (!text)
		err = gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (err)
		goto out;
	length = fread(text, 1, FILE_MAX + 1, file);
	if (ferror(file))
		err = gmt_fail(error, GMT_EXIT_POLICY, -EIO, "%s cannot be read: %s", path,
			       strerror(errno));
	else if (length > FILE_MAX)
		err = gmt_fail(error, GMT_EXIT_POLICY, -EFBIG,
			       "%s: no file of policies is larger "
			       "than %d bytes",
			       path, FILE_MAX);
	if (!err)
		err = gmt_policy_text_load(standard ? "standard input" : path, text, length, env,
					   specs, error);
out:
	free(text);
	if (file && !standard)
		fclose(file);
	return err;
}

void gmt_policy_specs_free(struct gmt_policy_specs *specs)
{
	free(specs->list);
	*specs = (struct gmt_policy_specs){ .count = 0 };
}
