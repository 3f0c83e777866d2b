/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two halves of reading a file share: file.c, for what all policies have, and
 * params.c, for the parameters of each. Each function names the key in its message.
 */
#ifndef GMT_POLICY_READER_H
#define GMT_POLICY_READER_H

#include "policy/file.h"
#include "policy/schema.h"
#include "policy/yaml.h"

struct gmt_reader {
	const struct gmt_policy_env *env;
	struct gmt_yaml yaml;
	struct gmt_error *error;
};

/**
 * gmt_read_params() - The parameters of one policy
 * @node: of the policy
 * @raw: of the policy
 * @spec: @kind is set, @params are the defaults with hooks and error of the file
 *
 * Return: 0 or -errno with the reader's error filled in
 */
int gmt_read_params(struct gmt_reader *reader, const yaml_node_t *node,
		    const struct raw_policy *raw, struct gmt_policy_spec *spec);

/*
 * Of these, each takes the mapping's node, a key, and the word behind it; with a NULL word it
 * leaves *value as it is. Return: 0 or -errno.
 */
int gmt_read_bool(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		  const char *word, bool *value);
int gmt_read_number(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		    const char *word, uint64_t max, uint64_t *value);
int gmt_read_bytes(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		   const char *word, uint64_t *value);
int gmt_read_duration(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		      const char *word, uint64_t min_ns, uint64_t max_ns, uint64_t *value);
int gmt_read_errno(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		   const char *word, uint32_t *value);

/* gmt_read_hooks() - A list of hooks, all of them among @allowed, to a mask; none leave it as it is */
int gmt_read_hooks(struct gmt_reader *reader, const yaml_node_t *node, char *const *words,
		   size_t count, uint32_t allowed, const char *whose, uint32_t *hooks);

/* gmt_read_env() - What an operation of env said, with the line before it. Return: @err */
int gmt_read_env(struct gmt_reader *reader, const yaml_node_t *node, const char *key, int err);

#endif /* GMT_POLICY_READER_H */
