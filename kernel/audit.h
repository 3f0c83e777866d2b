/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Refusals in the kernel's audit log, where that is enabled.
 */
#ifndef _GMEM_AUDIT_H
#define _GMEM_AUDIT_H

#include <linux/audit.h>
#include <linux/gmem_policy.h>

#include "gmem.h"

void __gmem_audit_policy(const struct gmem_request *request, u64 policy_id, const char *policy,
			 int err);
void __gmem_audit_act(const struct gmem *gm, enum gmem_act act, u64 offset, u64 size, int err);
void __gmem_audit_fault(const struct gmem *gm, pgoff_t index, int err);

static inline void gmem_audit_policy(const struct gmem_request *request, u64 policy_id,
				     const char *policy, int err)
{
	if (unlikely(audit_enabled))
		__gmem_audit_policy(request, policy_id, policy, err);
}

/* Refused by the module's own rules. */
static inline void gmem_audit_act(const struct gmem *gm, enum gmem_act act, u64 offset, u64 size,
				  int err)
{
	if (unlikely(audit_enabled))
		__gmem_audit_act(gm, act, offset, size, err);
}

static inline void gmem_audit_fault(const struct gmem *gm, pgoff_t index, int err)
{
	if (unlikely(audit_enabled))
		__gmem_audit_fault(gm, index, err);
}

#endif /* _GMEM_AUDIT_H */
