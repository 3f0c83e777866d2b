/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: as a file asks for them, and as the kernel tells of those attached. policy/
 * fills the one, source/ the other; the views print them.
 */
#ifndef GMT_MODEL_POLICY_H
#define GMT_MODEL_POLICY_H

#include <linux/gmem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"
#include "policy/params.h"

/* enum gmt_policy_kind - The policies that ship, by the object that holds their programs. */
enum gmt_policy_kind {
	GMT_POLICY_LOCKDOWN,
	GMT_POLICY_ALLOW,
	GMT_POLICY_BUDGET,
	GMT_POLICY_TRIPWIRE,
	GMT_POLICY_KINDS, /* none of them */
};

/* The parameters of each; all of them begin with struct gmt_policy_on. */
union gmt_policy_params {
	struct gmt_policy_on on;
	struct gmt_lockdown_params lockdown;
	struct gmt_allow_params allow;
	struct gmt_budget_params budget;
	struct gmt_tripwire_params tripwire;
};

/**
 * struct gmt_policy_spec - One policy of a file
 * @name: which is its directory's in bpffs, too
 * @kind: which of those that ship
 * @scope: enum gmem_scope
 * @flags: enum gmem_policy_flags
 * @scope_id: cgroup or gmem
 * @scope_text: the scope as the file has it, for messages
 * @line: where it begins in the file
 * @params: complete: the defaults with what the file changes
 */
struct gmt_policy_spec {
	char name[GMEM_POLICY_NAME_MAX];
	enum gmt_policy_kind kind;
	uint32_t scope;
	uint32_t flags;
	uint64_t scope_id;
	char scope_text[256];
	size_t line;
	union gmt_policy_params params;
};

struct gmt_policy_specs {
	struct gmt_policy_spec *list;
	size_t count;
};

/**
 * struct gmt_policy_row - One attached policy
 * @rec: what the kernel tells
 * @pinned: it has a directory in bpffs, and stays when its tool ends
 * @kind: known where it is pinned by gmemtop, else GMT_POLICY_KINDS
 * @has_params: @params could be read
 * @scope_path: of a cgroup, its path; valid as long as the source. Else ""
 * @pins_unknown: whether it is pinned is not known, nor what else is only then
 * @offset_ns: from CLOCK_BOOTTIME of its host to the wall's
 */
struct gmt_policy_row {
	struct gmt_rec_policy rec;
	bool pinned;
	enum gmt_policy_kind kind;
	bool has_params;
	union gmt_policy_params params;
	const char *scope_path;
	bool pins_unknown;
	int64_t offset_ns;
};

/* All of them, as they were at @now_ns, CLOCK_BOOTTIME. */
struct gmt_policy_rows {
	struct gmt_policy_row *list;
	size_t count;
	uint64_t now_ns;
	int64_t offset_ns;
};

/* gmt_policy_kind_name() - Return: "lockdown" and so on; NULL for GMT_POLICY_KINDS */
const char *gmt_policy_kind_name(enum gmt_policy_kind kind);

/* gmt_policy_kind_hooks() - Return: GMT_HOOK_BITs of what it has programs for */
uint32_t gmt_policy_kind_hooks(enum gmt_policy_kind kind);

/* gmt_policy_kind_bytes() - Return: size of its parameters */
size_t gmt_policy_kind_bytes(enum gmt_policy_kind kind);

/* gmt_policy_name_valid() - Could a file have this name? Then it is no path, either */
bool gmt_policy_name_valid(const char *name);

/* Indexed by enum gmem_hook. */
extern const char *const gmt_hook_names[GMEM_NR_HOOKS];

/* gmt_hook_name() - Return: "create" and so on; NULL for one this tool does not know */
const char *gmt_hook_name(unsigned int hook);

/* gmt_hook_find() - Return: enum gmem_hook, GMEM_NR_HOOKS for no such name */
unsigned int gmt_hook_find(const char *name);

#endif /* GMT_MODEL_POLICY_H */
