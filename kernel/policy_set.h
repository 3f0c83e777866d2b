/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The attached policies as policy.c (asks them), policy_set.c (attaches and detaches) and
 * nobody else see them.
 */
#ifndef _GMEM_POLICY_SET_H
#define _GMEM_POLICY_SET_H

#include <linux/rculist.h>
#include <linux/srcu.h>

#include "policy.h"

struct gmem_policy_counters {
	u64 calls;
	u64 refusals;
	u64 run_ns;
};

/**
 * struct gmem_policy - an attached policy, one a BPF link
 * @in_scope: in gmem_policies_wide or in a gmem's policies; read by SRCU or RCU
 * @in_all: in gmem_policies_all
 * @ops: programs, flags and scope; replaced as a whole
 * @link: identity, constant
 * @id: constant
 * @attached_ns: CLOCK_BOOTTIME, constant
 * @cgroup_level: of a cgroup's policy, how deep it is; constant
 * @counters: per CPU
 */
struct gmem_policy {
	struct list_head in_scope;
	struct list_head in_all;
	struct gmem_policy_ops __rcu *ops;
	struct bpf_link *link;
	u64 id;
	u64 attached_ns;
	u32 cgroup_level;
	struct gmem_policy_counters __percpu *counters;
};

extern struct srcu_struct gmem_policy_srcu;

/* In a read section, or with the set's lock held. */
static inline const struct gmem_policy_ops *gmem_policy_ops_of(const struct gmem_policy *p)
{
	return rcu_dereference_check(p->ops, srcu_read_lock_held(&gmem_policy_srcu));
}

u32 gmem_policy_hooks(const struct gmem_policy_ops *ops);
bool gmem_policy_covers(const struct gmem_policy *p, const struct gmem_policy_ops *ops,
			const struct gmem *gm);

#endif /* _GMEM_POLICY_SET_H */
