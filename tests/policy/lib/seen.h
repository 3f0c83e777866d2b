/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policies of the tests tell user space: the last request of each hook, and the
 * policies that the iterator finds. Shared by BPF programs and tests, which have included
 * gmem's own header before, each under the name it has there.
 */
#ifndef POLICY_SEEN_H
#define POLICY_SEEN_H

#include <linux/types.h>

/* struct gmem_request, field by field. */
struct seen {
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u64 memory_bytes;
	__u32 hook;
	__u32 create_flags;
	__u32 act;
	__u32 kind;
	__u32 write;
	__u32 to;
	__u32 content;
	__u32 slot;
	__u64 vm;
	__u64 guest_address;
	__u64 created_ns;
	__u64 creator_cgroup_id;
	__u64 creator_start_ns;
	__u32 creator_pid;
	__u32 creator_uid;
	char consumer[16];
	char name[GMEM_NAME_MAX];
	__u64 by; /* bpf_get_current_pid_tgid() of who asked */
};

/* struct gmem_policy_info, likewise. */
struct listed {
	__u64 policy_id;
	__u64 scope_id;
	__u64 attached_ns;
	__u64 calls;
	__u64 refusals;
	__u64 run_ns;
	__u32 scope;
	__u32 flags;
	__u32 hooks;
	__u32 pad;
	char name[GMEM_POLICY_NAME_MAX];
};

/* struct gmem_binding_info, likewise. */
struct binding {
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u64 vm;
	__u64 guest_address;
	__u64 bound_ns;
	__u32 slot;
	char consumer[16];
	__u32 pad;
};

#define LISTED_MAX 16

#endif /* POLICY_SEEN_H */
