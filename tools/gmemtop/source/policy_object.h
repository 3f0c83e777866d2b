/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One policy as a BPF object: opened with its parameters, loaded, made ready to be attached by a
 * new link or to take the place of what a link has. Called by source/policies.c and policy_*.c.
 */
#ifndef GMT_SOURCE_POLICY_OBJECT_H
#define GMT_SOURCE_POLICY_OBJECT_H

#include <bpf/libbpf.h>

#include "error.h"
#include "model/policy.h"

/**
 * struct gmt_policy_object - A policy on its way into the kernel
 * @spec: what it is made from
 * @object: owned
 * @ops: the struct_ops map
 * @params: the read-only data, which is its parameters
 */
struct gmt_policy_object {
	const struct gmt_policy_spec *spec;
	struct bpf_object *object;
	struct bpf_map *ops;
	struct bpf_map *params;
};

/**
 * gmt_policy_object_open() - Open, set parameters, leave out programs that would decide on nothing
 * @policy: filled on success; end it with gmt_policy_object_close()
 * @spec: stays in use
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_policy_object_open(struct gmt_policy_object *policy, const struct gmt_policy_spec *spec,
			   struct gmt_error *error);

/* The module's types, read once for all policies of a file. */
struct gmt_policy_types;
int gmt_policy_types_load(struct gmt_policy_types **types, struct gmt_error *error);
void gmt_policy_types_free(struct gmt_policy_types *types);

/* gmt_policy_needs() - Is its program of this hook to be asked? Others would let everything pass */
bool gmt_policy_needs(const struct gmt_policy_spec *spec, unsigned int hook);

/* gmt_policy_object_load() - Give it to the verifier, and the map its value; nothing is attached */
int gmt_policy_object_load(struct gmt_policy_object *policy, const struct gmt_policy_types *types,
			   struct gmt_error *error);

/* gmt_policy_object_attach() - Return: the file descriptor of a new link, or -errno */
int gmt_policy_object_attach(const struct gmt_policy_object *policy, struct gmt_error *error);

void gmt_policy_object_close(struct gmt_policy_object *policy);

/* gmt_policy_defaults() - The parameters of a policy as it ships; for struct gmt_policy_env */
int gmt_policy_defaults(void *ctx, enum gmt_policy_kind kind, union gmt_policy_params *params,
			struct gmt_error *error);

#endif /* GMT_SOURCE_POLICY_OBJECT_H */
