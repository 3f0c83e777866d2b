/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the audit program and user space tell each other: one record an access attempt, the
 * filter, the causes of loss. As gmem_records.h it is no ABI: both sides are built from it.
 */
#ifndef _AUDIT_RECORDS_H
#define _AUDIT_RECORDS_H

#include "gmem_records.h"

/* As GMEM_POLICY_NAME_MAX. */
#define GMT_POLICY_MAX 32

/* enum gmt_act - What was attempted; up to GMT_ACT_DISCARD the numbers of enum gmem_act. */
enum gmt_act {
	GMT_ACT_MMAP = 1,
	GMT_ACT_READ,
	GMT_ACT_WRITE,
	GMT_ACT_POPULATE,
	GMT_ACT_INSPECT_READ,
	GMT_ACT_INSPECT_WRITE,
	GMT_ACT_SPLICE_READ,
	GMT_ACT_SPLICE_WRITE,
	GMT_ACT_OPEN,
	GMT_ACT_CREATE,
	GMT_ACT_DISCARD,
	GMT_ACT_FAULT,
	GMT_ACT_CONVERT,
	GMT_ACT_BIND,
	GMT_ACT_MAX,
};

/* enum gmt_audit_flags - Of a record. */
enum gmt_audit_flags {
	GMT_AUDIT_NAME = 1U << 0,	  /* the gmem's name is known */
	GMT_AUDIT_WRITE = 1U << 1,	  /* a fault by a store */
	GMT_AUDIT_REQUIRED = 1U << 2,	  /* refused, as no policy covers the gmem */
	GMT_AUDIT_WOULD = 1U << 3,	  /* a monitoring policy would have refused it */
	GMT_AUDIT_EXE_DELETED = 1U << 4,  /* the executable was unlinked */
	GMT_AUDIT_EXE_CUT = 1U << 5,	  /* its path is longer; what is there is the end */
	GMT_AUDIT_CGROUP_CUT = 1U << 6,	  /* so is the cgroup's */
	GMT_AUDIT_POLICY_NAMED = 1U << 7, /* the refusing policy's name is known */
	GMT_AUDIT_CGROUP_KNOWN = 1U << 8,
	GMT_AUDIT_EXE_KNOWN = 1U << 9,
};

/* Room for the two paths, of at most GMT_DEPTH_MAX components each. */
#define GMT_PART_MAX  256
#define GMT_PATHS_MAX 1536
#define GMT_DEPTH_MAX 48

/**
 * struct gmt_rec_audit - One access attempt, and who made it
 * @seq: 1, 2, 3 ... in the order in which attempts passed the filter; a lost one has its number, too
 * @time_ns: CLOCK_BOOTTIME
 * @start_ns: start of the process, CLOCK_BOOTTIME
 * @act: enum gmt_act
 * @kind: fault: enum gmem_fault_kind
 * @policy_id: which refused it, else 0
 * @would_policy_id: the first monitoring policy that would have, with GMT_AUDIT_WOULD
 * @flags: enum gmt_audit_flags
 * @loginuid: (u32)-1 while not set, as is @sessionid
 * @exe_bytes: of @paths, the executable's; the cgroup's, of @cgroup_bytes, follows
 * @paths: components, the last one first, each terminated
 *
 * Other members carry the names and units of the tracepoints' fields.
 */
struct gmt_rec_audit {
	__u64 seq;
	__u64 time_ns;
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u64 done_bytes;
	__u64 policy_id;
	__u64 would_policy_id;
	__u64 start_ns;
	__u64 cgroup_id;
	__u64 exe_ino;
	__u64 vm;
	__u64 guest_address;
	__u32 exe_dev;
	__u32 act;
	__s32 err;
	__s32 would_err;
	__u32 flags;
	__u32 kind;
	__u32 to;
	__u32 content;
	__u32 slot;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 euid;
	__u32 gid;
	__u32 loginuid;
	__u32 sessionid;
	__u32 mnt_ns;
	__u32 pid_ns;
	__u16 exe_bytes;
	__u16 cgroup_bytes;
	char comm[GMT_COMM_MAX];
	char name[GMT_NAME_MAX];
	char policy[GMT_POLICY_MAX];
	char would_policy[GMT_POLICY_MAX];
	char consumer[GMT_CONSUMER_MAX];
	char paths[GMT_PATHS_MAX];
};

/**
 * struct gmt_audit_filter - Applied in the kernel; every part of it must allow
 * @task: by whom, to what
 * @refused: bit n: enum gmt_act n that failed, or that a monitoring policy would have refused
 * @allowed: bit n: enum gmt_act n that succeeded
 */
struct gmt_audit_filter {
	struct gmt_task_filter task;
	__u32 refused;
	__u32 allowed;
};

/* enum gmt_audit_loss - Why a record did not reach the reader; counted per CPU. */
enum gmt_audit_loss {
	GMT_LOSS_BUFFER,		 /* the buffer was full, its reader too slow */
	GMT_LOSS_MEMORY,		 /* no memory for what is kept of the task */
	GMT_LOSS_KERNEL,		 /* as many causes as are counted by the program */
	GMT_LOSS_BUSY = GMT_LOSS_KERNEL, /* the program itself was busy on that CPU */
	GMT_LOSS_OUTPUT,		 /* user space could not write it */
	GMT_LOSS_MAX,
};

/* The entry of the losses' map that counts a cause. */
static inline __u32 gmt_loss_key(enum gmt_audit_loss cause, int refused)
{
	return (__u32)cause * 2 + !!refused;
}

#endif /* _AUDIT_RECORDS_H */
