/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: BPF programs that are asked before an act is carried out, after the module's
 * own rules have allowed it. policy.c asks them, policy_ops.c attaches them.
 */
#ifndef _GMEM_POLICY_H
#define _GMEM_POLICY_H

#include <linux/jump_label.h>
#include <linux/gmem_policy.h>

#include "gmem.h"

struct bpf_link;

/*
 * One a hook: off until the first policy with a program for it, or the first gmem that
 * requires policies; on from then on.
 */
extern struct static_key_false gmem_policy_keys[GMEM_NR_HOOKS];

/* Policies of more than one gmem; those of one are in its own list. */
extern struct list_head gmem_policies_wide;

struct gmem_verdict gmem_policy_decide(struct gmem *gm, struct gmem_request *request);
bool gmem_policy_watched(struct gmem *gm, enum gmem_hook hook);

/*
 * May there be anybody to ask about such acts on this gmem? A policy that comes later than
 * this look is as one that comes later than the reader's walk of the lists.
 */
static __always_inline bool gmem_policy_asks(const struct gmem *gm, enum gmem_hook hook)
{
	return static_branch_unlikely(&gmem_policy_keys[hook]) &&
	       (!list_empty(&gmem_policies_wide) || !list_empty(&gm->policies) ||
		gm->flags & GMEM_CREATE_POLICY_REQUIRED);
}

/*
 * gmem_policy_ask(gm, hook, .offset_bytes = ..., ...): the verdict of all policies that cover
 * a gmem; its refusal is counted and told already. Nothing but a patched-out branch until
 * there was somebody to ask, nothing but a look at two empty lists once all have gone.
 */
#define gmem_policy_ask(gm, _hook, ...)							\
	(gmem_policy_asks(gm, _hook) ?							\
	 gmem_policy_decide(gm, &(struct gmem_request){ .hook = (_hook), __VA_ARGS__ }) :	\
	 (struct gmem_verdict){})

/*
 * Is there anybody to ask about such acts on this gmem? Then no page is mapped ahead of a
 * fault, and no mapping grows without mmap().
 */
static inline bool gmem_policy_watches(struct gmem *gm, enum gmem_hook hook)
{
	return gmem_policy_asks(gm, hook) && gmem_policy_watched(gm, hook);
}

void gmem_policy_open(struct gmem *gm);
void gmem_policy_close(struct gmem *gm);

/* policy.c, for policy_ops.c */
int gmem_policy_attach(struct gmem_policy_ops *ops, struct bpf_link *link);
int gmem_policy_replace(struct gmem_policy_ops *ops, struct bpf_link *link);
void gmem_policy_detach(struct bpf_link *link);
bool gmem_policy_next(u64 from_id, struct gmem_policy_info *info);
void gmem_policy_exit(void);

#endif /* _GMEM_POLICY_H */
