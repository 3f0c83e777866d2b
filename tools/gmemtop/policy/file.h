/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of policies, read and checked as a whole before anything is done about it. Called by
 * `gmemtop policy`; docs/policy-files.md is the manual of the format.
 */
#ifndef GMT_POLICY_FILE_H
#define GMT_POLICY_FILE_H

#include "error.h"
#include "model/policy.h"

/**
 * struct gmt_policy_env - What a file is checked against
 * @ctx: handed to each
 * @defaults: the parameters of a policy as it ships
 * @cgroup: the id of a cgroup, by path
 * @gmem: whether there is a gmem of *@id; with @name, set *@id to the only one of that name
 *
 * All return 0 or -errno with @error filled in.
 */
struct gmt_policy_env {
	void *ctx;
	int (*defaults)(void *ctx, enum gmt_policy_kind kind, union gmt_policy_params *params,
			struct gmt_error *error);
	int (*cgroup)(void *ctx, const char *path, uint64_t *id, struct gmt_error *error);
	int (*gmem)(void *ctx, const char *name, uint64_t *id, struct gmt_error *error);
};

/**
 * gmt_policy_file_load() - Read and check a file
 * @path: of the file; "-" for standard input
 * @specs: filled on success; free it with gmt_policy_specs_free()
 *
 * Return: 0 or -errno with @error filled in, as FILE:LINE: REASON
 */
int gmt_policy_file_load(const char *path, const struct gmt_policy_env *env,
			 struct gmt_policy_specs *specs, struct gmt_error *error);

/* gmt_policy_text_load() - The same for a text of @length bytes; @file is its name */
int gmt_policy_text_load(const char *file, const char *text, size_t length,
			 const struct gmt_policy_env *env, struct gmt_policy_specs *specs,
			 struct gmt_error *error);

void gmt_policy_specs_free(struct gmt_policy_specs *specs);

#endif /* GMT_POLICY_FILE_H */
