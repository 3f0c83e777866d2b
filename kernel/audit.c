// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusals in the kernel's audit log, as records of type AVC, with the task that tried. How
 * many it takes, and what becomes of the others, is up to the audit subsystem.
 */
#include <linux/string.h>

#include "audit.h"

static const char * const gmem_hook_names[GMEM_NR_HOOKS] = {
	[GMEM_HOOK_CREATE] = "create",
	[GMEM_HOOK_MMAP] = "mmap",
	[GMEM_HOOK_FAULT] = "fault",
	[GMEM_HOOK_IO] = "io",
	[GMEM_HOOK_CONVERT] = "convert",
	[GMEM_HOOK_BIND] = "bind",
	[GMEM_HOOK_INSPECT] = "inspect",
	[GMEM_HOOK_DISCARD] = "discard",
};

static const char *gmem_act_hook_name(enum gmem_act act)
{
	switch (act) {
	case GMEM_ACT_MMAP:
		return "mmap";
	case GMEM_ACT_INSPECT_READ:
	case GMEM_ACT_INSPECT_WRITE:
		return "inspect";
	case GMEM_ACT_OPEN:
		return "open";
	case GMEM_ACT_SPLICE_READ:
	case GMEM_ACT_SPLICE_WRITE:
		return "splice";
	default:
		return "io";
	}
}

/* As audit_log_untrustedstring(), which modules cannot call: in hex where quoting will not do. */
static void gmem_audit_name(struct audit_buffer *ab, const char *name)
{
	if (strpbrk(name, "\" "))
		audit_log_format(ab, "%*phN", (int)strlen(name), name);
	else
		audit_log_format(ab, "\"%s\"", name);
}

/* One record: never waits, the caller may hold any lock. */
static void gmem_audit(const char *what, u64 id, const char *name, u64 offset, u64 size, int err,
		       u64 policy_id, const char *policy)
{
	struct audit_buffer *ab;

	ab = audit_log_start(audit_context(), GFP_ATOMIC | __GFP_NOWARN, AUDIT_AVC);
	if (!ab)
		return;
	audit_log_format(ab, "gmem=\"DENIED\" operation=\"%s\" id=%llu name=", what, id);
	gmem_audit_name(ab, name);
	audit_log_format(ab, " offset=%llu size=%llu error=%d policy_id=%llu policy=", offset, size,
			 err, policy_id);
	gmem_audit_name(ab, policy);
	audit_log_task_info(ab);
	audit_log_end(ab);
}

void __gmem_audit_policy(const struct gmem_request *request, u64 policy_id, const char *policy,
			 int err)
{
	gmem_audit(gmem_hook_names[request->hook], request->id, request->name,
		   request->offset_bytes, request->size_bytes, err, policy_id, policy);
}

void __gmem_audit_act(const struct gmem *gm, enum gmem_act act, u64 offset, u64 size, int err)
{
	gmem_audit(gmem_act_hook_name(act), gm->id, gm->name, offset, size, err, 0, "");
}

void __gmem_audit_fault(const struct gmem *gm, pgoff_t index, int err)
{
	gmem_audit("fault", gm->id, gm->name, (u64)index << PAGE_SHIFT, PAGE_SIZE, err, 0, "");
}
