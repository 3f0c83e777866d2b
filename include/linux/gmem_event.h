/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What gmem's tracepoints and BPF iterators hand to their readers: values, no kernel
 * pointer. BPF programs read these structs by CO-RE, so fields may be added anywhere,
 * never renamed or given another unit. docs/events.md documents each of them.
 */
#ifndef _LINUX_GMEM_EVENT_H
#define _LINUX_GMEM_EVENT_H

#include <linux/types.h>
#include <uapi/linux/gmem.h>

/* gmem_create: a gmem came to be. */
struct gmem_ev_create {
	u64 id;
	u64 size_bytes;
	u32 flags;		/* enum gmem_create_flags */
	char name[GMEM_NAME_MAX];
};

/* gmem_release: the last reference is gone, the memory is about to be freed. */
struct gmem_ev_release {
	u64 id;
	u64 size_bytes;
	u64 resident_private_bytes;
	u64 resident_shared_bytes;
};

/* gmem_alloc: a folio was added. */
struct gmem_ev_alloc {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u32 state;		/* enum gmem_state */
	s32 nid;		/* NUMA node */
};

/* gmem_free: the resident folios of a range were removed. */
struct gmem_ev_free {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 resident_bytes;	/* how much of the range was backed, and is freed */
	u32 cause;		/* enum gmem_free_cause */
};

/* gmem_fault: a page fault ended, well or not. */
struct gmem_ev_fault {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;		/* bytes made accessible; 0 when refused */
	u32 kind;		/* enum gmem_fault_kind */
	u32 state;		/* enum gmem_state of the page */
	s32 err;		/* 0 or -errno */
	u8 write;		/* 1: a store */
	u8 allocated;		/* 1: the page had to be allocated */
	u64 total_ns;		/* whole of the handler */
	u64 lookup_ns;		/* range state and page look-up, waiting for locks included */
	u64 policy_ns;		/* asking policies */
	u64 alloc_ns;		/* allocation and charging */
	u64 zero_ns;		/* zeroing */
	u64 policy_id;		/* of the policy that refused it, else 0; see gmem_policy */
};

/* gmem_convert: a conversion ended, well or not. */
struct gmem_ev_convert {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u32 to;			/* enum gmem_state */
	u32 content;		/* enum gmem_content */
	s32 err;		/* 0 or -errno */
	u64 error_offset_bytes;	/* the page in the way, when err is -EAGAIN or -EHWPOISON */
	u64 changed_bytes;	/* bytes whose state changed */
	u64 total_ns;
	u64 policy_id;		/* of the policy that refused it, else 0 */
};

/* gmem_access: an attempt to reach memory other than by a page fault. */
struct gmem_ev_access {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;		/* bytes asked for */
	u64 done_bytes;		/* bytes that passed */
	u32 act;		/* enum gmem_act */
	s32 err;		/* 0 or -errno; with done_bytes, why it stopped there */
	u64 policy_id;		/* of the policy that refused it, else 0 */
};

/* gmem_error: a page was lost to a memory failure. */
struct gmem_ev_error {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	s32 err;		/* -EHWPOISON */
};

/* gmem_bind: a hypervisor bound a range. */
struct gmem_ev_bind {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 vm;			/* the consumer's number of the VM; KVM: pid of the VMM */
	u32 slot;		/* memory slot or region of that VM */
	s32 err;		/* 0 or -errno */
	u64 guest_address;	/* where the range begins in the guest */
	char consumer[16];	/* name of the hypervisor */
	u64 policy_id;		/* of the policy that refused it, else 0 */
};

/* gmem_unbind: a binding ended. */
struct gmem_ev_unbind {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 vm;
	u32 slot;
	u32 cause;		/* enum gmem_unbind_cause */
	char consumer[16];
};

/* gmem_invalidate: a binding was told that pages go away or change state, and it is over. */
struct gmem_ev_invalidate {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 vm;
	u32 slot;
	u32 cause;		/* enum gmem_invalidate_cause */
	u64 begin_ns;		/* time that all consumers of the range took to let go */
	u64 total_ns;		/* until all of them were told that it is over */
	char consumer[16];
};

/*
 * gmem_policy: a policy refused, or would have, or allowed and wants it told. The event of the
 * act itself follows.
 */
struct gmem_ev_policy {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 policy_id;		/* 0: a policy is required, and none covers the gmem */
	u32 hook;		/* enum gmem_hook */
	s32 err;		/* 0: allowed; else -errno of the refusal */
	u8 monitor;		/* 1: the refusal was let pass */
	char policy[GMEM_POLICY_NAME_MAX];
};

/* One binding, as the iterator gmem_binding tells it. */
struct gmem_binding_info {
	u64 id;			/* of the gmem */
	u64 offset_bytes;
	u64 size_bytes;
	u64 vm;
	u64 guest_address;
	u64 bound_ns;		/* CLOCK_BOOTTIME */
	u32 slot;
	char consumer[16];
};

/* What one NUMA node has of a gmem, as the iterator gmem_node tells it. */
struct gmem_node_info {
	u64 id;			/* of the gmem */
	u64 resident_bytes;	/* over 0 */
	s32 nid;		/* NUMA node */
};

/* One gmem, as the iterator gmem and the statistics tell it. */
struct gmem_snapshot {
	struct gmem_stats stats;
	char name[GMEM_NAME_MAX];
	u64 created_ns;		/* CLOCK_BOOTTIME */
	u64 creator_start_ns;	/* start time of the creating process, CLOCK_BOOTTIME */
	u64 creator_cgroup_id;	/* of the unified hierarchy */
	u32 creator_pid;	/* thread group id, in the initial namespace */
	u32 creator_uid;	/* in the initial namespace */
	char creator_comm[16];
};

#endif /* _LINUX_GMEM_EVENT_H */
