/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request that policies are asked about, with all that those that ship look at of it and of who
 * makes it: told by requests.bpf.c, decided on again by what bpf/policy has for replay. Like
 * gmem_records.h it is no ABI: all sides are built from this file.
 */
#ifndef _REQUEST_RECORDS_H
#define _REQUEST_RECORDS_H

#include "gmem_records.h"

/* What is told of a task; one that has more of them is not told of whole. */
#define GMT_REQUEST_GROUPS 64
#define GMT_REQUEST_LEVELS 32

/* The id of a cgroup that a recording knows nothing of: no task is in it. */
#define GMT_CGROUP_NOWHERE (~0ULL)

/* enum gmt_request_unknown - Facts that were not told; the members are zero, or cut short. */
enum gmt_request_unknown {
	GMT_REQUEST_NO_EUID = 1U << 0,
	GMT_REQUEST_NO_EGID = 1U << 1,
	GMT_REQUEST_NO_GROUPS = 1U << 2, /* there are more */
	GMT_REQUEST_NO_LEVELS = 1U << 3, /* cgroup_ids: there are more */
	GMT_REQUEST_NO_PATH = 1U << 4,	 /* of the cgroup; set by who reads a recording */
	GMT_REQUEST_NO_COMM = 1U << 5,	 /* process_comm */
	GMT_REQUEST_NO_EXE = 1U << 6,
	GMT_REQUEST_NO_BINDINGS = 1U << 7,
};

/**
 * struct gmt_rec_request - One request: what is asked for, when, and by whom
 * @seq: 1, 2, 3 ... in the order in which policies were asked; a lost one has its number, too
 * @time_ns: CLOCK_BOOTTIME
 * @monotonic_ns: CLOCK_MONOTONIC, of the same moment
 * @bindings: that the gmem had then
 * @exe_ino: of the process's executable, as @exe_dev; 0 for none: a kernel thread
 * @unknown: enum gmt_request_unknown
 * @cgroup_id: of the task, in the unified hierarchy
 * @level_count, @cgroup_ids: that and those above it, the root first
 * @group_count, @groups: supplementary groups
 * @comm: of the thread
 * @process_comm: of the process's first thread
 *
 * Members that struct gmem_request has are what it says.
 */
struct gmt_rec_request {
	__u64 seq;
	__u64 time_ns;
	__u64 monotonic_ns;
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u64 memory_bytes;
	__u64 vm;
	__u64 guest_address;
	__u64 created_ns;
	__u64 creator_cgroup_id;
	__u64 creator_start_ns;
	__u64 bindings;
	__u64 exe_ino;
	__u64 cgroup_id;
	__u64 cgroup_ids[GMT_REQUEST_LEVELS];
	__u32 hook;
	__u32 create_flags;
	__u32 act;
	__u32 kind;
	__u32 write;
	__u32 to;
	__u32 content;
	__u32 slot;
	__u32 creator_pid;
	__u32 creator_uid;
	__u32 exe_dev;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 euid;
	__u32 egid;
	__u32 unknown;
	__u32 level_count;
	__u32 group_count;
	__u32 groups[GMT_REQUEST_GROUPS];
	char consumer[GMT_CONSUMER_MAX];
	char name[GMT_NAME_MAX];
	char comm[GMT_COMM_MAX];
	char process_comm[GMT_COMM_MAX];
	__u32 __pad;
};

/* Where the programs that decide on a recorded request find it: the map of this name. */
#define GMT_REPLAYED_MAP ".data.replayed"

/**
 * struct gmt_replayed - What a program is to decide on, written before each run of it
 * @request: the request
 * @unsure: set by the program: it looked at what the request does not tell
 */
struct gmt_replayed {
	struct gmt_rec_request request;
	__u32 unsure;
	__u32 __pad;
};

#endif /* _REQUEST_RECORDS_H */
