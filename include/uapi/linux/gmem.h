/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The user ABI of guarded memory: ioctls of /dev/gmem and of a gmem fd, the errno
 * contract, and the enumerations that events, statistics and tools share.
 * docs/uapi.md is the reference manual of what is declared here.
 */
#ifndef _UAPI_LINUX_GMEM_H
#define _UAPI_LINUX_GMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Every argument struct begins with its own size in bytes, set by the caller to
 * sizeof(struct ...). A newer caller works on an older module as long as what it
 * adds is zero, an older caller works on a newer module.
 *
 * Errors that every ioctl here may return:
 *   ENOTTY      not an ioctl of this kind of file descriptor
 *   EFAULT      the argument, or a buffer it points to, cannot be read or written
 *   EINVAL      size is below the struct's first version; a field is out of range
 *   E2BIG       size is above what the module knows, and the tail is not zero; or
 *               size is above a page
 *   EOPNOTSUPP  an unknown bit in flags
 * A call that fails has changed nothing, except where its comment says so.
 */
#define GMEM_IOC_TYPE 0xBE

#define GMEM_ABI_VERSION 1

/* Bytes of a gmem's name, terminating NUL included. */
#define GMEM_NAME_MAX 32

/* enum gmem_create_flags - What a gmem permits, fixed at creation. */
enum gmem_create_flags {
	/* Shared ranges may be mapped with mmap(MAP_SHARED). */
	GMEM_CREATE_MMAP = 1U << 0,
	/* Shared ranges may be read and written with read(2), write(2) and kin. */
	GMEM_CREATE_IO = 1U << 1,
	/* All of the memory begins shared; without it, private. */
	GMEM_CREATE_INIT_SHARED = 1U << 2,
	/* Private memory not yet handed to anyone may be given contents by pwrite(2). */
	GMEM_CREATE_POPULATE = 1U << 3,
	/* GMEM_INSPECT may be used. */
	GMEM_CREATE_INSPECT = 1U << 4,
	/*
	 * Fail closed: while no enforcing policy covers this memory, all that a policy could
	 * refuse, but its creation, is refused with EACCES.
	 */
	GMEM_CREATE_POLICY_REQUIRED = 1U << 5,
};

/*
 * Policies: BPF programs that narrow what a gmem permits. See docs/policy.md and struct
 * gmem_policy_ops of linux/gmem_policy.h. What a policy refuses fails with the errno that
 * it names (a page fault: with SIGBUS), in whatever call; the lists below leave it out.
 */

/* Bytes of a policy's name, terminating NUL included. */
#define GMEM_POLICY_NAME_MAX 32

/* enum gmem_hook - What policies are asked about, and when. */
enum gmem_hook {
	GMEM_HOOK_CREATE = 0,  /* a gmem is made, by GMEM_CREATE or a hypervisor's ioctl */
	GMEM_HOOK_MMAP = 1,    /* mmap(2); must not sleep */
	GMEM_HOOK_FAULT = 2,   /* a page fault of the host's user space; must not sleep */
	GMEM_HOOK_IO = 3,      /* read(2), write(2) and kin, initial contents included */
	GMEM_HOOK_CONVERT = 4, /* GMEM_CONVERT, or a hypervisor's conversion */
	GMEM_HOOK_BIND = 5,    /* a hypervisor binds a range */
	GMEM_HOOK_INSPECT = 6, /* GMEM_INSPECT */
	GMEM_HOOK_DISCARD = 7, /* fallocate(2) with PUNCH_HOLE */
};

#define GMEM_NR_HOOKS 8

/* enum gmem_scope - Which gmems a policy covers. */
enum gmem_scope {
	GMEM_SCOPE_ALL = 1,    /* all; scope_id is 0 */
	GMEM_SCOPE_CGROUP = 2, /* those made in the cgroup scope_id (of cgroup v2), or below it */
	GMEM_SCOPE_GMEM = 3,   /* the gmem whose id is scope_id */
};

/* enum gmem_policy_flags - How a policy works. */
enum gmem_policy_flags {
	/* What it refuses is reported, and passes. It is not enough for POLICY_REQUIRED. */
	GMEM_POLICY_MONITOR = 1U << 0,
	/* What it allows is reported too. */
	GMEM_POLICY_REPORT_ALLOWED = 1U << 1,
	/* The time its programs take is counted. */
	GMEM_POLICY_TIME = 1U << 2,
	/* Whom it refuses is killed (SIGKILL), unless it only monitors. */
	GMEM_POLICY_KILL = 1U << 3,
};

/* enum gmem_state - The state of a range; the unit is a page. */
enum gmem_state {
	GMEM_STATE_PRIVATE = 0, /* no access by the host's user space */
	GMEM_STATE_SHARED = 1,  /* ordinary shared memory */
};

/* enum gmem_content - What becomes of the contents of pages that change state. */
enum gmem_content {
	GMEM_CONTENT_ZERO = 0, /* they read as zeroes afterwards */
	GMEM_CONTENT_KEEP = 1, /* they are kept */
};

/**
 * struct gmem_info - GMEM_GET_INFO, on /dev/gmem
 * @size: sizeof(struct gmem_info)
 * @flags: must be 0
 * @abi_version: out, GMEM_ABI_VERSION of the module
 * @create_flags: out, the GMEM_CREATE_* bits this module accepts
 * @page_size: out, bytes of the unit of state and of alignment
 * @__reserved: out, 0
 * @max_bytes: out, the largest size of a gmem
 */
struct gmem_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 create_flags;
	__u32 page_size;
	__u32 __reserved;
	__u64 max_bytes;
};

#define GMEM_GET_INFO _IO(GMEM_IOC_TYPE, 0x80)

/**
 * struct gmem_create - GMEM_CREATE, on /dev/gmem
 * @size: sizeof(struct gmem_create)
 * @flags: bits of enum gmem_create_flags
 * @bytes: size of the memory: a multiple of the page size, over 0, at most max_bytes
 * @name: for people; printable ASCII, terminated, zero after the terminator; may be empty
 *
 * Return: a file descriptor (close-on-exec, read and write), else
 *   EINVAL          bytes or name is malformed
 *   EMFILE, ENFILE  no file descriptor is free
 *   ENOMEM          no memory
 */
struct gmem_create {
	__u32 size;
	__u32 flags;
	__u64 bytes;
	char name[GMEM_NAME_MAX];
};

#define GMEM_CREATE _IO(GMEM_IOC_TYPE, 0x81)

/**
 * struct gmem_convert - GMEM_CONVERT, on a gmem fd
 * @size: sizeof(struct gmem_convert)
 * @flags: must be 0
 * @offset: first byte, a multiple of the page size
 * @bytes: length, a multiple of the page size, over 0, within the memory
 * @to: enum gmem_state
 * @content: enum gmem_content, for the pages that change state
 * @error_offset: out, written with EAGAIN and EHWPOISON only: the first page in the way
 *
 * Pages already in the state asked for are left alone. Conversion to private first
 * takes the range out of every page table; it is all or nothing.
 *
 * Return: 0, else
 *   EINVAL  the range is empty, unaligned, overflows or leaves the memory; to or content unknown
 *   EAGAIN  to private only: someone holds a page (pin, vmsplice, I/O under way); see @error_offset
 *   EHWPOISON  to keep the contents of a page that has a memory failure; see @error_offset
 *   EINTR   a fatal signal arrived
 *   ENOMEM  no memory
 */
struct gmem_convert {
	__u32 size;
	__u32 flags;
	__u64 offset;
	__u64 bytes;
	__u32 to;
	__u32 content;
	__u64 error_offset;
};

#define GMEM_CONVERT _IO(GMEM_IOC_TYPE, 0x82)

/* enum gmem_range_flags - What struct gmem_range says of its range. */
enum gmem_range_flags {
	GMEM_RANGE_SHARED = 1U << 0,   /* shared, else private */
	GMEM_RANGE_RESIDENT = 1U << 1, /* backed by memory, else it would read as zeroes */
};

/**
 * struct gmem_range - One run of pages of the same state and residency
 * @offset: first byte
 * @bytes: length
 * @flags: bits of enum gmem_range_flags
 * @__reserved: 0
 */
struct gmem_range {
	__u64 offset;
	__u64 bytes;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct gmem_query_ranges - GMEM_QUERY_RANGES, on a gmem fd
 * @size: sizeof(struct gmem_query_ranges)
 * @flags: must be 0
 * @offset: first byte, a multiple of the page size
 * @bytes: length, a multiple of the page size, over 0, within the memory
 * @ranges: user pointer to an array of struct gmem_range
 * @count: in, entries the array holds, over 0; out, entries written
 * @__reserved: must be 0
 * @next_offset: out, where to go on; offset + bytes when all is told
 *
 * The answer is in order and without gaps. A call may stop early, and may end inside
 * a run: go on at @next_offset, and join neighbours with equal flags. Each entry was
 * true at some moment of the call.
 *
 * Return: 0, else
 *   EINVAL  the range is empty, unaligned, overflows or leaves the memory; count is 0
 *   EINTR   a fatal signal arrived
 *   ENOMEM  no memory
 */
struct gmem_query_ranges {
	__u32 size;
	__u32 flags;
	__u64 offset;
	__u64 bytes;
	__u64 ranges;
	__u32 count;
	__u32 __reserved;
	__u64 next_offset;
};

#define GMEM_QUERY_RANGES _IO(GMEM_IOC_TYPE, 0x83)

/**
 * struct gmem_stats - GMEM_GET_STATS, on a gmem fd
 * @size: sizeof(struct gmem_stats)
 * @flags: must be 0
 * @id: identity, never used again before the next boot of the module
 * @size_bytes: size of the memory
 * @resident_private_bytes: private bytes backed by memory
 * @resident_shared_bytes: shared bytes backed by memory
 * @create_flags: enum gmem_create_flags of this gmem
 * @bindings: hypervisor bindings now
 * @faults_host: host page faults taken, whatever came of them
 * @faults_guest: page look-ups by a bound hypervisor, whatever came of them
 * @denied_private: attempts refused because the range is private (a guest's: because it is
 *	not in the state that its hypervisor takes it to be in)
 * @denied_flags: attempts refused because the gmem does not permit that act
 * @denied_capability: attempts refused for want of a capability
 * @conversions: successful GMEM_CONVERT calls
 * @conversions_failed: GMEM_CONVERT calls that failed on a held or poisoned page
 * @converted_bytes: bytes that changed state
 * @allocated_bytes: bytes ever allocated
 * @freed_bytes: bytes ever freed
 * @read_bytes: bytes read by read(2) and kin
 * @written_bytes: bytes written by write(2) and kin, initial contents included
 * @inspected_bytes: bytes read or written through GMEM_INSPECT
 * @invalidations: times a binding was told that pages go away or change state
 * @memory_failures: pages lost to a memory failure
 * @denied_policy: attempts refused by a policy, or for want of one where it is required
 *
 * Counters count from creation. They are kept per CPU: a reader that races with
 * writers sees each counter at some moment of the call, not all at the same one.
 *
 * Return: 0
 */
struct gmem_stats {
	__u32 size;
	__u32 flags;
	__u64 id;
	__u64 size_bytes;
	__u64 resident_private_bytes;
	__u64 resident_shared_bytes;
	__u32 create_flags;
	__u32 bindings;
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
};

#define GMEM_GET_STATS _IO(GMEM_IOC_TYPE, 0x84)

/* enum gmem_direction - Which way GMEM_INSPECT copies. */
enum gmem_direction {
	GMEM_DIRECTION_READ = 0,  /* from the memory to the buffer */
	GMEM_DIRECTION_WRITE = 1, /* from the buffer to the memory */
};

/**
 * struct gmem_inspect - GMEM_INSPECT, on a gmem fd: the audited window to private memory
 * @size: sizeof(struct gmem_inspect)
 * @flags: must be 0
 * @offset: first byte, any alignment
 * @bytes: length, over 0, within the memory
 * @buffer: user pointer to as many bytes
 * @direction: enum gmem_direction
 * @__reserved: must be 0
 *
 * For debuggers and dump tools; works on private and on shared ranges, raises a
 * gmem_access event in any case. Reading allocates nothing.
 *
 * Return: bytes copied, which may be fewer than asked: go on from there. Else nothing was, and
 *   EPERM      the caller has no CAP_SYS_PTRACE in the initial user namespace
 *   EACCES     the gmem was not created with GMEM_CREATE_INSPECT
 *   EINVAL     the range is empty, overflows or leaves the memory; direction unknown
 *   EFAULT     the buffer cannot be read or written
 *   EHWPOISON  the page has a memory failure
 *   EINTR      a fatal signal arrived
 *   ENOMEM     no memory (writing into a page not resident)
 */
struct gmem_inspect {
	__u32 size;
	__u32 flags;
	__u64 offset;
	__u64 bytes;
	__u64 buffer;
	__u32 direction;
	__u32 __reserved;
};

#define GMEM_INSPECT _IO(GMEM_IOC_TYPE, 0x85)

/*
 * System calls on a gmem fd, where they differ from a regular file's:
 *
 * mmap       ENODEV without GMEM_CREATE_MMAP, EINVAL without MAP_SHARED, EPERM with
 *            PROT_EXEC. A touch of a private page, or of one past the end, is SIGBUS;
 *            of a page with a memory failure, SIGBUS with BUS_MCEERR_AR.
 * read, write  EINVAL without GMEM_CREATE_IO (write: nor GMEM_CREATE_POPULATE), EACCES at
 *            a private page; with GMEM_CREATE_POPULATE a write to a private page succeeds
 *            until the memory behind it was handed out (to a bound hypervisor, or it was
 *            shared while resident), then EACCES. Never beyond the end: a write there is
 *            EFBIG, a read 0. Both stop short at the first page refused. EHWPOISON at a page
 *            with a memory failure.
 * fallocate  modes 0 and KEEP_SIZE allocate, PUNCH_HOLE|KEEP_SIZE frees; any other mode is
 *            EOPNOTSUPP; unaligned: EINVAL; allocating past the end: EINVAL; punching past
 *            the end is ignored. Allocation that stops early keeps what it allocated.
 * ftruncate  EINVAL, whatever the size.
 * splice, sendfile, copy_file_range  EINVAL; to another file system the kernel answers
 *            copy_file_range with EXDEV before it asks gmem.
 * open of /proc/PID/fd/N  ENXIO.
 */

/*
 * A bit of struct kvm_memory_attributes.flags, in a KVM rebuilt with gmem: the pages that
 * KVM_SET_MEMORY_ATTRIBUTES converts keep their contents. They must lie in one memory slot
 * on a gmem made by GMEM_CREATE, else EINVAL.
 */
#define GMEM_KVM_ATTRIBUTES_KEEP 1ULL

/* The enumerations below are not arguments: events and tools speak them. */

/* enum gmem_act - What was attempted, in gmem_access events. */
enum gmem_act {
	GMEM_ACT_MMAP = 1,
	GMEM_ACT_READ = 2,
	GMEM_ACT_WRITE = 3,
	GMEM_ACT_POPULATE = 4,
	GMEM_ACT_INSPECT_READ = 5,
	GMEM_ACT_INSPECT_WRITE = 6,
	GMEM_ACT_SPLICE_READ = 7,
	GMEM_ACT_SPLICE_WRITE = 8,
	GMEM_ACT_OPEN = 9,
	/* Only where a policy refused it; what succeeds has an event of its own. */
	GMEM_ACT_CREATE = 10,
	GMEM_ACT_DISCARD = 11,
};

/* enum gmem_fault_kind - On whose behalf a page fault was taken. */
enum gmem_fault_kind {
	GMEM_FAULT_HOST = 0,   /* a load or store of the mapping's own process */
	GMEM_FAULT_REMOTE = 1, /* another process through the mapping (ptrace, process_vm_readv) */
	GMEM_FAULT_GUEST = 2,  /* a bound hypervisor's page look-up */
};

/* enum gmem_free_cause - Why memory was freed, in gmem_free events. */
enum gmem_free_cause {
	GMEM_FREE_PUNCH = 0,
	GMEM_FREE_RELEASE = 1,
};

/* enum gmem_unbind_cause - Why a binding ended, in gmem_unbind events. */
enum gmem_unbind_cause {
	GMEM_UNBIND_CONSUMER = 0, /* the hypervisor let go */
	GMEM_UNBIND_RELEASE = 1,  /* the gmem went first */
};

/* enum gmem_invalidate_cause - Why a binding was told, in gmem_invalidate events. */
enum gmem_invalidate_cause {
	GMEM_INVALIDATE_PUNCH = 0,
	GMEM_INVALIDATE_CONVERT = 1,
	GMEM_INVALIDATE_ERROR = 2,
	GMEM_INVALIDATE_RELEASE = 3,
};

#endif /* _UAPI_LINUX_GMEM_H */
