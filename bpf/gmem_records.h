/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What gmem's BPF programs and user space tell each other: event and snapshot records,
 * the filter, the counts of what was lost. Fixed-size integers only, no pointer; both
 * sides are built from this file, so it is no ABI.
 */
#ifndef _GMEM_RECORDS_H
#define _GMEM_RECORDS_H

#include <linux/types.h>

#define GMT_COMM_MAX	 16
#define GMT_NAME_MAX	 32
#define GMT_CONSUMER_MAX 16
#define GMT_POLICY_MAX	 32

/* Records that one run of the program for each of them can hand over. */
#define GMT_SNAPSHOT_BATCH 256
#define GMT_RANGES_BATCH   4096
#define GMT_BINDINGS_BATCH 512
#define GMT_POLICIES_BATCH 256
#define GMT_NODES_BATCH	   1024

/* enum gmt_event - The tracepoints, in the order of docs/events.md. */
enum gmt_event {
	GMT_EVENT_CREATE,
	GMT_EVENT_RELEASE,
	GMT_EVENT_ALLOC,
	GMT_EVENT_FREE,
	GMT_EVENT_FAULT,
	GMT_EVENT_CONVERT,
	GMT_EVENT_ACCESS,
	GMT_EVENT_ERROR,
	GMT_EVENT_BIND,
	GMT_EVENT_UNBIND,
	GMT_EVENT_INVALIDATE,
	GMT_EVENT_POLICY,
	GMT_EVENT_MAX,
};

/* enum gmt_unknown - Members of an event that its source could not tell. */
enum gmt_unknown {
	GMT_UNKNOWN_ID = 1U << 0,
	GMT_UNKNOWN_NAME = 1U << 1,
	GMT_UNKNOWN_NODE = 1U << 2,
	GMT_UNKNOWN_STATE = 1U << 3,
	GMT_UNKNOWN_RESIDENT = 1U << 4,
	GMT_UNKNOWN_WRITE = 1U << 5,
	GMT_UNKNOWN_ALLOCATED = 1U << 6,
	GMT_UNKNOWN_TOTAL = 1U << 7,   /* total_ns */
	GMT_UNKNOWN_PHASES = 1U << 8,  /* the other times */
	GMT_UNKNOWN_CONTENT = 1U << 9, /* and what of it changed */
	GMT_UNKNOWN_POLICY = 1U << 10, /* who refused; there are no policies */
	GMT_UNKNOWN_DONE = 1U << 11,
};

/**
 * struct gmt_rec_event - One event, with the task it happened in
 * @time_ns: CLOCK_BOOTTIME
 * @id: of the gmem
 * @cgroup_id: of the task, in the unified hierarchy
 * @event: enum gmt_event
 * @pid: thread group id, in the initial namespace
 * @tid: thread id, in the initial namespace
 * @uid: real user id, in the initial namespace
 * @comm: of the thread; any byte may be in it
 * @offset_bytes: first byte of the range meant; of create and release: 0
 * @size_bytes: as the tracepoint's field of this name
 * @unknown: enum gmt_unknown: members that the source could not tell; they are zero
 *
 * The union's members carry the names and units of the tracepoints' fields.
 */
struct gmt_rec_event {
	__u64 time_ns;
	__u64 id;
	__u64 cgroup_id;
	__u32 event;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	char comm[GMT_COMM_MAX];
	__u64 offset_bytes;
	__u64 size_bytes;
	__u32 unknown;
	__u32 pad;
	union {
		struct {
			__u32 flags;
			char name[GMT_NAME_MAX];
		} create;
		struct {
			__u64 resident_private_bytes;
			__u64 resident_shared_bytes;
		} release;
		struct {
			__u32 state;
			__s32 nid;
		} alloc;
		struct {
			__u64 resident_bytes;
			__u32 cause;
		} free;
		struct {
			__u32 kind;
			__u32 state;
			__s32 err;
			__u8 write;
			__u8 allocated;
			__u64 total_ns;
			__u64 lookup_ns;
			__u64 policy_ns;
			__u64 alloc_ns;
			__u64 zero_ns;
			__u64 policy_id;
		} fault;
		struct {
			__u32 to;
			__u32 content;
			__s32 err;
			__u64 error_offset_bytes;
			__u64 changed_bytes;
			__u64 total_ns;
			__u64 policy_id;
		} convert;
		struct {
			__u64 done_bytes;
			__u32 act;
			__s32 err;
			__u64 policy_id;
		} access;
		struct {
			__s32 err;
		} error;
		struct {
			__u64 vm;
			__u32 slot;
			__s32 err;
			__u64 guest_address;
			char consumer[GMT_CONSUMER_MAX];
			__u64 policy_id;
		} bind;
		struct {
			__u64 vm;
			__u32 slot;
			__u32 cause;
			char consumer[GMT_CONSUMER_MAX];
		} unbind;
		struct {
			__u64 vm;
			__u32 slot;
			__u32 cause;
			__u64 begin_ns;
			__u64 total_ns;
			char consumer[GMT_CONSUMER_MAX];
		} invalidate;
		struct {
			__u64 policy_id;
			__u32 hook;
			__s32 err;
			__u8 monitor;
			char policy[GMT_POLICY_MAX];
		} policy;
	};
};

/* enum gmt_err_filter - Which outcomes an event filter lets through. */
enum gmt_err_filter {
	GMT_ERR_ANY,	/* all */
	GMT_ERR_FAILED, /* those with an error, whichever */
	GMT_ERR_ONE,	/* those with this one error */
};

/* enum gmt_filter_bits - Which members of struct gmt_task_filter count. */
enum gmt_filter_bits {
	GMT_FILTER_ID = 1U << 0,
	GMT_FILTER_PID = 1U << 1,
	GMT_FILTER_UID = 1U << 2,
	GMT_FILTER_CGROUP = 1U << 3,
};

/**
 * struct gmt_task_filter - By which task, to which gmem; every part of it must allow
 * @id: of the gmem
 * @cgroup_id: the task is in this cgroup or below it
 * @cgroup_level: that cgroup's depth; the root's is 0
 * @bits: enum gmt_filter_bits
 * @pid: thread group id
 * @uid: real user id
 */
struct gmt_task_filter {
	__u64 id;
	__u64 cgroup_id;
	__u32 cgroup_level;
	__u32 bits;
	__u32 pid;
	__u32 uid;
};

/**
 * struct gmt_event_filter - Applied in the kernel; every part of it must allow
 * @task: by whom, to what
 * @err_filter: enum gmt_err_filter
 * @err: -errno for GMT_ERR_ONE
 */
struct gmt_event_filter {
	struct gmt_task_filter task;
	__u32 err_filter;
	__s32 err;
};

/* enum gmt_known - What a source can tell of a gmem; what it cannot is unknown, never zero. */
enum gmt_known {
	GMT_KNOWN_NAME = 1U << 0,
	GMT_KNOWN_FLAGS = 1U << 1,
	GMT_KNOWN_CREATOR = 1U << 2,  /* all of creator_* but the cgroup */
	GMT_KNOWN_CGROUP = 1U << 3,   /* the creator's */
	GMT_KNOWN_CREATED = 1U << 4,  /* when */
	GMT_KNOWN_RESIDENT = 1U << 5, /* how much in all, by state or not */
	GMT_KNOWN_STATES =
		1U << 6, /* how much of it is private; else all of it is told as private */
	GMT_KNOWN_BINDINGS = 1U << 7,
	GMT_KNOWN_FAULTS_HOST = 1U << 8,
	GMT_KNOWN_FAULTS_GUEST = 1U << 9,
	GMT_KNOWN_DENIED = 1U << 10,	  /* all four of denied_* */
	GMT_KNOWN_CONVERSIONS = 1U << 11, /* and converted_bytes */
	GMT_KNOWN_ALLOCATIONS = 1U << 12, /* allocated_bytes, freed_bytes */
	GMT_KNOWN_IO = 1U << 13,	  /* read_bytes, written_bytes, inspected_bytes */
	GMT_KNOWN_INVALIDATIONS = 1U << 14,
	GMT_KNOWN_FAILURES = 1U << 15,
	GMT_KNOWN_ALL = (1U << 16) - 1,
	GMT_KNOWN_FAULTS = GMT_KNOWN_FAULTS_HOST | GMT_KNOWN_FAULTS_GUEST,
};

/**
 * struct gmt_rec_gmem - One gmem: struct gmem_stats and its creator
 * @known: enum gmt_known; the rest is zero
 *
 * The other members carry the names and units of struct gmem_stats and struct gmem_snapshot.
 */
struct gmt_rec_gmem {
	__u64 id;
	__u64 size_bytes;
	__u64 resident_private_bytes;
	__u64 resident_shared_bytes;
	__u64 faults_host;
	__u64 faults_guest;
	__u64 denied_private;
	__u64 denied_flags;
	__u64 denied_capability;
	__u64 conversions;
	__u64 conversions_failed;
	__u64 converted_bytes;
	__u64 allocated_bytes;
	__u64 freed_bytes;
	__u64 read_bytes;
	__u64 written_bytes;
	__u64 inspected_bytes;
	__u64 invalidations;
	__u64 memory_failures;
	__u64 denied_policy;
	__u64 created_ns;
	__u64 creator_start_ns;
	__u64 creator_cgroup_id;
	__u32 creator_pid;
	__u32 creator_uid;
	__u32 create_flags;
	__u32 bindings;
	__u32 known;
	__u32 pad;
	char name[GMT_NAME_MAX];
	char creator_comm[GMT_COMM_MAX];
};

/**
 * struct gmt_rec_holder - One process that holds descriptors of a gmem
 * @id: of the gmem
 * @start_ns: start of the process, CLOCK_BOOTTIME
 * @cgroup_id: of the process, in the unified hierarchy
 * @pid: thread group id, in the initial namespace
 * @uid: real user id
 * @fds: how many descriptors of this gmem it has open
 * @comm: of the process
 */
struct gmt_rec_holder {
	__u64 id;
	__u64 start_ns;
	__u64 cgroup_id;
	__u32 pid;
	__u32 uid;
	__u32 fds;
	__u32 pad;
	char comm[GMT_COMM_MAX];
};

/* What one NUMA node has of a gmem. */
struct gmt_rec_node {
	__u64 id;
	__u64 resident_bytes;
	__u32 nid;
	__u32 pad;
};

/* enum gmt_latency - What times are told of; phases are those of the event gmem_fault. */
enum gmt_latency {
	GMT_LATENCY_FAULT_HOST,
	GMT_LATENCY_FAULT_REMOTE, /* another process's touch, or the kernel's on its behalf */
	GMT_LATENCY_FAULT_GUEST,
	GMT_LATENCY_LOOKUP,
	GMT_LATENCY_POLICY,
	GMT_LATENCY_ALLOC,
	GMT_LATENCY_ZERO,
	GMT_LATENCY_CONVERT,
	GMT_LATENCY_MAX,
};

/*
 * A histogram of times in nanoseconds: bucket n up to 7 holds n alone; from 8 on each power
 * of two has eight buckets, so that a bucket is at most an eighth wide: model/hist.h has
 * the bounds.
 */
#define GMT_HIST_SUB	 8
#define GMT_HIST_BUCKETS (GMT_HIST_SUB * 62)

struct gmt_hist {
	__u64 count;
	__u64 sum_ns;
	__u64 max_ns;
	__u64 buckets[GMT_HIST_BUCKETS];
};

/* One run of pages of a gmem; flags are enum gmem_range_flags. */
struct gmt_rec_range {
	__u64 offset_bytes;
	__u64 size_bytes;
	__u32 flags;
	__u32 pad;
};

/* One binding; members carry the names and units of struct gmem_binding_info; bound_ns 0: not known. */
struct gmt_rec_binding {
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u64 vm;
	__u64 guest_address;
	__u64 bound_ns;
	__u32 slot;
	__u32 pad;
	char consumer[GMT_CONSUMER_MAX];
};

/**
 * struct gmt_rec_policy - One attached policy
 * @link_id: of the BPF link that attaches it; 0 where gmem.ko does not tell
 *
 * The other members carry the names and units of struct gmem_policy_info.
 */
struct gmt_rec_policy {
	__u64 policy_id;
	__u64 scope_id;
	__u64 attached_ns;
	__u64 calls;
	__u64 refusals;
	__u64 run_ns;
	__u32 scope;
	__u32 flags;
	__u32 hooks;
	__u32 link_id;
	char name[GMT_POLICY_MAX];
};

#endif /* _GMEM_RECORDS_H */
