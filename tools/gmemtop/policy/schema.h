/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a file of policies may hold, as libcyaml fills it: which keys, which of them must be
 * there, what is a list. Values are words yet; file.c makes sense of them.
 */
#ifndef GMT_POLICY_SCHEMA_H
#define GMT_POLICY_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "policy/yaml.h"

/* Pointers are NULL where a key was left out; hooks_count is 0 then. */
struct raw_lockdown {
	char *grace;
	char *settle;
	char *lock_at_bind;
};

struct raw_rule {
	char **hooks;
	uint32_t hooks_count;
	char *anyone;
	char *uid;
	char *gid;
	char *cgroup;
	char *comm;
	char *exe;
	char *refuse;
};

struct raw_allow {
	struct raw_rule *rules;
	uint32_t rules_count;
};

struct raw_rates {
	char *shared_bytes_per_second;
	char *conversions_per_second;
};

struct raw_budget {
	struct raw_rates *gmem;
	struct raw_rates *cgroup;
	char *burst;
	char *cgroup_level;
};

struct raw_range {
	char **hooks;
	uint32_t hooks_count;
	char *gmem;
	char *name;
	char *offset;
	char *size;
};

struct raw_tripwire {
	struct raw_range *ranges;
	uint32_t ranges_count;
};

struct raw_policy {
	char *name;
	char *scope;
	char *mode;
	char **hooks;
	uint32_t hooks_count;
	char *error;
	char *report_allowed;
	char *time;
	char *kill;
	struct raw_lockdown *lockdown;
	struct raw_allow *allow;
	struct raw_budget *budget;
	struct raw_tripwire *tripwire;
};

struct raw_file {
	struct raw_policy *policies;
	uint32_t policies_count;
};

/**
 * gmt_schema_load() - Fill the structs from a text
 * @raw: set on success; free it with gmt_schema_free()
 * @yaml: the text as gmt_yaml_load() has accepted it
 * @text: @length bytes
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_schema_load(struct raw_file **raw, struct gmt_yaml *yaml, const char *text, size_t length,
		    struct gmt_error *error);
void gmt_schema_free(struct raw_file *raw);

#endif /* GMT_POLICY_SCHEMA_H */
