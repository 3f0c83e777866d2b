/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What policies are made of: the BPF struct_ops type, and what its programs are asked.
 * Programs read these structs by CO-RE, so fields may be added anywhere, never renamed or
 * given another unit. docs/policy.md is the manual.
 */
#ifndef _LINUX_GMEM_POLICY_H
#define _LINUX_GMEM_POLICY_H

#include <linux/types.h>
#include <uapi/linux/gmem.h>

/**
 * struct gmem_request - what is asked for; the task that asks is the current one
 * @id: of the gmem; of one about to be created, the id it will have
 * @offset_bytes: first byte of the range, as the caller gave it
 * @size_bytes: length; of a creation, the size of the memory; of a fault, a page
 * @memory_bytes: size of the memory
 * @hook: enum gmem_hook
 * @create_flags: enum gmem_create_flags of the memory
 * @act: mmap, io, inspect: enum gmem_act
 * @kind: fault: enum gmem_fault_kind, host or remote
 * @write: fault, io, inspect: 1 for writing; mmap: 1 for a mapping that may be written, if
 *	only after an mprotect(2)
 * @to: convert: enum gmem_state
 * @content: convert: enum gmem_content
 * @slot: bind: memory slot or region
 * @vm: bind: number of the VM (KVM: pid of the VMM)
 * @guest_address: bind: where the range begins in the guest
 * @created_ns: CLOCK_BOOTTIME, of the memory
 * @creator_cgroup_id: who made the memory, at that moment, as all creator_ fields
 * @creator_start_ns: start time of that process, CLOCK_BOOTTIME
 * @creator_pid: thread group id, in the initial namespace
 * @creator_uid: in the initial namespace
 * @consumer: bind: name of the hypervisor
 * @name: of the memory
 *
 * A field that does not belong to the hook is 0.
 */
struct gmem_request {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 memory_bytes;
	u32 hook;
	u32 create_flags;
	u32 act;
	u32 kind;
	u32 write;
	u32 to;
	u32 content;
	u32 slot;
	u64 vm;
	u64 guest_address;
	u64 created_ns;
	u64 creator_cgroup_id;
	u64 creator_start_ns;
	u32 creator_pid;
	u32 creator_uid;
	char consumer[16];
	char name[GMEM_NAME_MAX];
};

/**
 * struct gmem_policy_ops - a policy, as a BPF struct_ops type; attached by a BPF link
 * @create: asked on GMEM_HOOK_CREATE; likewise the other programs. Each is optional, and
 *	returns 0 to allow or -errno (-1 to -133) to refuse; any other value is a refusal
 *	with EPERM. Of several policies each must allow; the first refusal counts.
 * @mmap: must not sleep
 * @fault: must not sleep; its refusal is SIGBUS, the errno is for the events
 * @name: for people; printable ASCII, terminated, not empty
 * @scope: enum gmem_scope
 * @flags: enum gmem_policy_flags
 * @scope_id: which cgroup or gmem; it must exist
 *
 * A link update replaces programs and flags at once; name and scope must stay as they are.
 * Errors of attaching: EINVAL (name, flags or scope malformed), ENOENT (no such cgroup or gmem),
 * EOPNOTSUPP (without a link), ENOMEM.
 */
struct gmem_policy_ops {
	int (*create)(const struct gmem_request *request);
	int (*mmap)(const struct gmem_request *request);
	int (*fault)(const struct gmem_request *request);
	int (*io)(const struct gmem_request *request);
	int (*convert)(const struct gmem_request *request);
	int (*bind)(const struct gmem_request *request);
	int (*inspect)(const struct gmem_request *request);
	int (*discard)(const struct gmem_request *request);
	char name[GMEM_POLICY_NAME_MAX];
	u32 scope;
	u32 flags;
	u64 scope_id;
};

/* One attached policy, as the iterator gmem_policy tells it. */
struct gmem_policy_info {
	u64 policy_id;		/* never used again before the next boot of the module */
	u64 scope_id;
	u64 attached_ns;	/* CLOCK_BOOTTIME */
	u64 calls;		/* programs run */
	u64 refusals;		/* of these calls; those let pass (GMEM_POLICY_MONITOR) too */
	u64 run_ns;		/* in these calls, while GMEM_POLICY_TIME is set */
	u32 scope;		/* enum gmem_scope */
	u32 flags;		/* enum gmem_policy_flags */
	u32 link_id;		/* of the BPF link that attaches it */
	u32 hooks;		/* bit n: it has a program for the enum gmem_hook n */
	char name[GMEM_POLICY_NAME_MAX];
};

#endif /* _LINUX_GMEM_POLICY_H */
