// SPDX-License-Identifier: GPL-2.0-only
/* The attached policies, as the module's iterator tells them. */
#include "gmem_core.bpf.h"

#include "seen.h"

char LICENSE[] SEC("license") = "GPL";

__u64 from_policy_id;
__u32 count;
struct listed found[LISTED_MAX];

SEC("syscall")
int list(void *context)
{
	struct bpf_iter_gmem_policy it;
	struct gmem_policy_info *info;

	count = 0;
	bpf_iter_gmem_policy_new(&it, from_policy_id);
	while ((info = bpf_iter_gmem_policy_next(&it))) {
		/* From memory: the verifier takes it for any number, and the loop for seen. */
		struct listed *f = &found[count & (LISTED_MAX - 1)];

		f->policy_id = info->policy_id;
		f->scope_id = info->scope_id;
		f->attached_ns = info->attached_ns;
		f->calls = info->calls;
		f->refusals = info->refusals;
		f->run_ns = info->run_ns;
		f->scope = info->scope;
		f->flags = info->flags;
		f->hooks = info->hooks;
		bpf_core_read(f->name, sizeof(f->name), &info->name);
		count++;
	}
	bpf_iter_gmem_policy_destroy(&it);
	return 0;
}
