/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The access decision: may this act reach a page in this state? Pure, knows no VFS and
 * no locks, so that tests/unit runs it alone.
 */
#ifndef _GMEM_ACCESS_H
#define _GMEM_ACCESS_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <uapi/linux/gmem.h>
#else
#include <linux/gmem.h>
#include <stdbool.h>
#endif

/* Why an act was refused. */
enum gmem_denial {
	GMEM_DENIAL_NONE = 0,
	GMEM_DENIAL_PRIVATE,	/* the page is private */
	GMEM_DENIAL_FLAGS,	/* the gmem was not created to permit this */
	GMEM_DENIAL_CAPABILITY,	/* the caller lacks a capability */
	GMEM_DENIAL_POLICY,	/* a policy refused, or none is there where one is required */
};

/* A refusal: err is 0 exactly when denial is GMEM_DENIAL_NONE. */
struct gmem_verdict {
	int err;
	enum gmem_denial denial;
	__u64 policy_id;	/* which policy refused */
};

struct gmem_verdict gmem_access_to_memory(__u32 flags, enum gmem_act act, bool capable);
struct gmem_verdict gmem_access_to_page(__u32 flags, enum gmem_act act, enum gmem_state state,
					bool handed);
struct gmem_verdict gmem_access_by_fault(enum gmem_state state);

#endif /* _GMEM_ACCESS_H */
