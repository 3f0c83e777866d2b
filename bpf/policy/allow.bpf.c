// SPDX-License-Identifier: GPL-2.0-only
/*
 * allow: who may do what. The rules are asked in order, the first one that matches the act and
 * who acts decides; what none matches is refused.
 */
#include "policy/policy.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct gmt_allow_params params = {
	.on = { .hooks = GMT_ALLOW_HOOKS, .error = EACCES },
};

static __always_inline bool matches(const volatile struct gmt_allow_rule *rule)
{
	if ((rule->match & GMT_ALLOW_UID) && actor_uid() != rule->uid)
		return false;
	if ((rule->match & GMT_ALLOW_GID) && !actor_in_group(rule->gid))
		return false;
	if ((rule->match & GMT_ALLOW_CGROUP) && !actor_in_cgroup(rule->cgroup_id))
		return false;
	if ((rule->match & GMT_ALLOW_COMM) && !actor_is_comm(rule->comm))
		return false;
	if ((rule->match & GMT_ALLOW_EXE) && !actor_is_exe(rule->exe_dev, rule->exe_inode))
		return false;
	return true;
}

static __noinline int decide(__u32 hook)
{
	__u32 i;

	bpf_for(i, 0, GMT_ALLOW_RULES) {
		const volatile struct gmt_allow_rule *rule = &params.rules[i];

		if (i >= params.count)
			break;
		if ((rule->hooks & GMT_HOOK_BIT(hook)) && matches(rule))
			return -(int)rule->error;
	}
	return -(int)params.on.error;
}

#define BY_RULES(request) decide((request)->hook)

GMEM_POLICY_PROGRAM(create, GMEM_HOOK_CREATE, BY_RULES)
GMEM_POLICY_PROGRAM(mmap, GMEM_HOOK_MMAP, BY_RULES)
GMEM_POLICY_PROGRAM(fault, GMEM_HOOK_FAULT, BY_RULES)
GMEM_POLICY_PROGRAM(io, GMEM_HOOK_IO, BY_RULES)
GMEM_POLICY_PROGRAM(convert, GMEM_HOOK_CONVERT, BY_RULES)
GMEM_POLICY_PROGRAM(bind, GMEM_HOOK_BIND, BY_RULES)
GMEM_POLICY_PROGRAM(inspect, GMEM_HOOK_INSPECT, BY_RULES)
GMEM_POLICY_PROGRAM(discard, GMEM_HOOK_DISCARD, BY_RULES)

GMEM_POLICY_OPS(policy) = {
	.create = (void *)create,
	.mmap = (void *)mmap,
	.fault = (void *)fault,
	.io = (void *)io,
	.convert = (void *)convert,
	.bind = (void *)bind,
	.inspect = (void *)inspect,
	.discard = (void *)discard,
	.name = "allow",
	.scope = GMEM_SCOPE_ALL,
};
