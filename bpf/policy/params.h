/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameters of the policies that ship. Each object of bpf/policy has exactly one rodata
 * variable, `params`, initialised to the defaults: what loads it changes what it wants
 * before the load. Both sides are built from this file, so it is no ABI.
 */
#ifndef _GMEM_POLICY_PARAMS_H
#define _GMEM_POLICY_PARAMS_H

#include <linux/types.h>

/*
 * In each object the struct_ops map is named `policy`; name, scope, flags and scope_id go into
 * its initial value. A program whose hook is not in params.on.hooks lets everything pass: set its
 * pointer in the initial value to NULL and do not load it, or it costs a call for nothing
 * (and fault its fault-around); but see lock_at_bind.
 */

/* Bit of an enum gmem_hook in a mask of hooks. */
#define GMT_HOOK_BIT(hook) (1U << (hook))
/* What is refused with is 1 to this, as the kernel's check of verdicts wants it. */
#define GMT_ERRNO_MAX 133

/**
 * struct gmt_policy_on - What every policy has: where it applies and how it refuses
 * @hooks: GMT_HOOK_BIT of each act it decides on; others pass
 * @error: errno (positive) of a refusal
 */
struct gmt_policy_on {
	__u32 hooks;
	__u32 error;
};

/* The hooks that the objects have programs for: a bit beyond is an error of who sets it. */
#define GMT_LOCKDOWN_HOOKS 0xfeU /* all but create */
#define GMT_ALLOW_HOOKS	   0xffU /* all */
#define GMT_BUDGET_HOOKS   0x10U /* convert */
#define GMT_TRIPWIRE_HOOKS 0xfeU /* all but create */

/**
 * struct gmt_lockdown_params - After setup, the host is out
 * @on: default: mmap, fault, io, convert (to shared only), inspect; EPERM
 * @grace_ns: setup lasts this long after the creation of the gmem, at most; 0: there is none;
 *	default 60 s. CLOCK_BOOTTIME, so a suspended host uses it up too
 * @lock_at_bind: 1: the first time that a hypervisor binds any of it ends setup, even if it
 *	is unbound later; 0: only time does. Default 1. The program bind is loaded then,
 *	whatever on.hooks says
 * @settle_ns: with lock_at_bind: setup goes on this long after that first bind (never beyond
 *	grace_ns); default 0
 */
struct gmt_lockdown_params {
	struct gmt_policy_on on;
	__u64 grace_ns;
	__u64 settle_ns;
	__u32 lock_at_bind;
	__u32 __reserved;
};

/* enum gmt_allow_match - Which members of a rule count; all of them must match. */
enum gmt_allow_match {
	GMT_ALLOW_UID = 1U << 0,
	GMT_ALLOW_GID = 1U << 1,
	GMT_ALLOW_CGROUP = 1U << 2,
	GMT_ALLOW_COMM = 1U << 3,
	GMT_ALLOW_EXE = 1U << 4,
};

#define GMT_ALLOW_RULES	     64
#define GMT_ALLOW_COMM_BYTES 16
/* rule.exe_dev of a file, from major() and minor() of its st_dev. */
#define GMT_ALLOW_DEV(major, minor) ((__u32)(major) << 20 | (__u32)(minor))

/**
 * struct gmt_allow_rule - Who, and what
 * @hooks: GMT_HOOK_BIT of each act that it speaks about; 0 never matches
 * @match: bits of enum gmt_allow_match; 0: everyone
 * @error: 0: allow; else refuse with this errno
 * @uid: effective user id, in the initial namespace
 * @gid: effective or supplementary group id, in the initial namespace
 * @exe_dev: GMT_ALLOW_DEV of the file system of the process's executable
 * @exe_inode: st_ino of the executable
 * @cgroup_id: the task is in this cgroup (v2; st_ino of its directory) or below it
 * @comm: command of the process (of its first thread); zero after its end
 */
struct gmt_allow_rule {
	__u32 hooks;
	__u32 match;
	__u32 error;
	__u32 uid;
	__u32 gid;
	__u32 exe_dev;
	__u64 exe_inode;
	__u64 cgroup_id;
	char comm[GMT_ALLOW_COMM_BYTES];
};

/**
 * struct gmt_allow_params - Who may do what: the first rule that matches decides
 * @on: hooks that are decided here, default all; error of what no rule matches, default EACCES
 * @count: rules that count; default 0: nobody may do anything
 * @rules: in order
 */
struct gmt_allow_params {
	struct gmt_policy_on on;
	__u32 count;
	__u32 __reserved;
	struct gmt_allow_rule rules[GMT_ALLOW_RULES];
};

/**
 * struct gmt_budget_rates - Rates of one gmem, or of one cgroup; 0: no limit
 * @shared_bytes_per_s: bytes asked to become shared, a second; else 4096 to 2^50
 * @conversions_per_s: conversions asked for, either way, a second; at most 10^9
 */
struct gmt_budget_rates {
	__u64 shared_bytes_per_s;
	__u64 conversions_per_s;
};

/**
 * struct gmt_budget_params - How fast memory may be converted
 * @on: default: convert; EDQUOT
 * @gmem: rates of each gmem; default no limit
 * @cgroup: rates of each cgroup that acts; default 100 conversions a second
 * @burst_ns: how much of the rates may be used at once after a pause, as the time it takes
 *	to come back: 10^9 is a second's worth. Default 10^9, at most 3600 * 10^9. What is bigger
 *	passes when nothing is owed, and has to be paid back before anything else passes
 * @cgroup_level: cgroups are told apart down to this depth below the root (1: its children),
 *	what is deeper counts to its ancestor there; default 0: each cgroup for itself
 */
struct gmt_budget_params {
	struct gmt_policy_on on;
	struct gmt_budget_rates gmem;
	struct gmt_budget_rates cgroup;
	__u64 burst_ns;
	__u32 cgroup_level;
	__u32 __reserved;
};

#define GMT_TRIPWIRE_RANGES	64
#define GMT_TRIPWIRE_NAME_BYTES 32

/**
 * struct gmt_tripwire_range - A range that nobody has any business with
 * @id: of the gmem; 0: see @name
 * @name: of the gmem, with id 0: every gmem of this name; empty: every gmem that the policy covers.
 *	Zero after its end
 * @offset_bytes: first byte
 * @size_bytes: length; 0: to the end of the memory
 * @hooks: GMT_HOOK_BIT of each act that is a touch, within params.on.hooks; 0: all of these
 * @__reserved: 0
 *
 * Its index is its key in the array map `hits`, which counts (u64) the touches of it.
 */
struct gmt_tripwire_range {
	__u64 id;
	__u64 offset_bytes;
	__u64 size_bytes;
	__u32 hooks;
	__u32 __reserved;
	char name[GMT_TRIPWIRE_NAME_BYTES];
};

/**
 * struct gmt_tripwire_params - A touch of these ranges is refused and told
 * @on: default: mmap, fault, io, convert, inspect, discard; EPERM
 * @count: ranges that count; default 0
 * @ranges: the first that is touched is counted
 *
 * Only to be told, without a refusal: GMEM_POLICY_MONITOR. To kill who does: GMEM_POLICY_KILL.
 */
struct gmt_tripwire_params {
	struct gmt_policy_on on;
	__u32 count;
	__u32 __reserved;
	struct gmt_tripwire_range ranges[GMT_TRIPWIRE_RANGES];
};

/* enum gmt_guest_memfd_act - What the LSM programs can refuse. */
enum gmt_guest_memfd_act {
	GMT_GUEST_MEMFD_MMAP = 1U << 0,	     /* mmap(2), and mprotect(2) of what is mapped */
	GMT_GUEST_MEMFD_RECEIVE = 1U << 1,   /* its descriptor by SCM_RIGHTS or pidfd_getfd(2) */
	GMT_GUEST_MEMFD_FALLOCATE = 1U << 2, /* any fallocate(2): it cannot be told which */
	GMT_GUEST_MEMFD_CONVERT = 1U << 3,   /* KVM_SET_MEMORY_ATTRIBUTES, either way */
	GMT_GUEST_MEMFD_PTRACE = 1U << 4,    /* ptrace(2), /proc/PID/mem, process_vm_readv(2) ... */
};

/**
 * struct gmt_guest_memfd_params - bpf/lsm/guest_memfd.bpf.c: no policy of gmem.ko
 * @everyone: bits of enum gmt_guest_memfd_act refused to all, the maker included, after
 *	setup; default mmap and ptrace
 * @others: bits refused to all but the user who made the guest_memfd, at any time; without convert,
 *	which KVM allows the process only that made the VM; default mmap, receive, fallocate, ptrace
 * @grace_ns: setup lasts this long after a guest_memfd was made; default 60 s. One made before
 *	the programs were attached is past it
 * @error: errno of a refusal; default EPERM
 */
struct gmt_guest_memfd_params {
	__u32 everyone;
	__u32 others;
	__u64 grace_ns;
	__u32 error;
	__u32 __reserved;
};

#endif /* _GMEM_POLICY_PARAMS_H */
