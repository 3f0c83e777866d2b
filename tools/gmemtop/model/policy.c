// SPDX-License-Identifier: GPL-2.0-only
/* The words for hooks and for the policies that ship. A new one of either is one line here. */
#include <string.h>

#include "model/policy.h"

static const struct {
	const char *name;
	uint32_t hooks;
	size_t bytes;
} kinds[GMT_POLICY_KINDS] = {
	[GMT_POLICY_LOCKDOWN] = { "lockdown", GMT_LOCKDOWN_HOOKS,
				  sizeof(struct gmt_lockdown_params) },
	[GMT_POLICY_ALLOW] = { "allow", GMT_ALLOW_HOOKS, sizeof(struct gmt_allow_params) },
	[GMT_POLICY_BUDGET] = { "budget", GMT_BUDGET_HOOKS, sizeof(struct gmt_budget_params) },
	[GMT_POLICY_TRIPWIRE] = { "tripwire", GMT_TRIPWIRE_HOOKS,
				  sizeof(struct gmt_tripwire_params) },
};

const char *const gmt_hook_names[GMEM_NR_HOOKS] = {
	[GMEM_HOOK_CREATE] = "create",	 [GMEM_HOOK_MMAP] = "mmap",
	[GMEM_HOOK_FAULT] = "fault",	 [GMEM_HOOK_IO] = "io",
	[GMEM_HOOK_CONVERT] = "convert", [GMEM_HOOK_BIND] = "bind",
	[GMEM_HOOK_INSPECT] = "inspect", [GMEM_HOOK_DISCARD] = "discard",
};

const char *gmt_policy_kind_name(enum gmt_policy_kind kind)
{
	return kind < GMT_POLICY_KINDS ? kinds[kind].name : NULL;
}

uint32_t gmt_policy_kind_hooks(enum gmt_policy_kind kind)
{
	return kinds[kind].hooks;
}

size_t gmt_policy_kind_bytes(enum gmt_policy_kind kind)
{
	return kinds[kind].bytes;
}

bool gmt_policy_name_valid(const char *name)
{
	/* Its directory in bpffs is named for it, where a dot is forbidden. */
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t length = strlen(name);

	return length && length < GMEM_POLICY_NAME_MAX && name[0] != '-' &&
	       !name[strspn(name, chars)];
}

const char *gmt_hook_name(unsigned int hook)
{
	return hook < GMEM_NR_HOOKS ? gmt_hook_names[hook] : NULL;
}

unsigned int gmt_hook_find(const char *name)
{
	unsigned int hook;

	for (hook = 0; hook < GMEM_NR_HOOKS; hook++)
		if (!strcmp(gmt_hook_names[hook], name))
			break;
	return hook;
}
