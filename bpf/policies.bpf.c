// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attached policies: one run copies up to a batch of them, from an id on, into a global array
 * that user space has mapped. Run by the tool's source/policies.c; a gmem.ko that knows no
 * policies answers -EOPNOTSUPP.
 */
#include <linux/errno.h>

#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* A member that not every gmem.ko has. */
struct gmem_policy_info___link {
	__u32 link_id;
} __attribute__((preserve_access_index));

/* in: the first id */
__u64 from_id;
/* out: how many there are in policies; a full batch may not be the end */
__u32 count;
struct gmt_rec_policy policies[GMT_POLICIES_BATCH];

static __always_inline void copy(struct gmt_rec_policy *rec, const struct gmem_policy_info *info)
{
	const struct gmem_policy_info___link *link = (const void *)info;

	rec->policy_id = info->policy_id;
	rec->scope_id = info->scope_id;
	rec->attached_ns = info->attached_ns;
	rec->calls = info->calls;
	rec->refusals = info->refusals;
	rec->run_ns = info->run_ns;
	rec->scope = info->scope;
	rec->flags = info->flags;
	rec->hooks = info->hooks;
	rec->link_id = bpf_core_field_exists(link->link_id) ? link->link_id : 0;
	bpf_core_read(rec->name, sizeof(rec->name), &info->name);
}

SEC("syscall")
int sys_policies(void *ctx)
{
	struct bpf_iter_gmem_policy it;
	struct gmem_policy_info *info;
	int err;

	count = 0;
	if (!bpf_ksym_exists(bpf_iter_gmem_policy_new))
		return -EOPNOTSUPP;
	err = bpf_iter_gmem_policy_new(&it, from_id);
	/* The index lives in memory for the verifier's sake, as in snapshot.bpf.c. */
	while (count < GMT_POLICIES_BATCH && (info = bpf_iter_gmem_policy_next(&it))) {
		__u32 i = count;

		if (i >= GMT_POLICIES_BATCH)
			break;
		copy(&policies[i], info);
		count = i + 1;
	}
	bpf_iter_gmem_policy_destroy(&it);
	return err;
}
