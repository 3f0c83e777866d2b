/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of /dev/gmem_testhv, for the module and the tests. Each open of the device is a
 * virtual machine; closing it destroys it. What has out fields is copied back on errors too.
 */
#ifndef TESTHV_H
#define TESTHV_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TESTHV_SLOTS 8

/* What a VM has counted since it was opened. */
enum testhv_counter {
	TESTHV_BEGINS,
	TESTHV_ENDS,
	TESTHV_IN_PROGRESS,
	TESTHV_ERRORS,
	TESTHV_RELEASES,
	TESTHV_ACCESSES,	/* by way of the guest page table */
	TESTHV_RETRIES,		/* look-ups that an invalidation overtook */
	TESTHV_USES_AFTER,	/* accesses to a page after its invalidate_begin had returned */
	TESTHV_UNBALANCED,	/* an end without its begin */
	TESTHV_STRAYS,		/* a callback for pages outside the binding */
	TESTHV_COUNTERS
};

/* ENOSPC: no such slot. EBUSY: the slot is in use. Others: gmem_file_get() and gmem_bind(). */
struct testhv_bind {
	__u32 slot;
	__s32 fd;
	__u64 offset;
	__u64 bytes;
	__u64 guest_address;
};

/* ENOENT: nothing is bound there; so for all below. */
struct testhv_unbind {
	__u32 slot;
	__u32 __pad;
};

/* One look-up, past the guest page table. The page is held for a while. */
struct testhv_lookup {
	__u32 slot;
	__u32 want;		/* enum gmem_want */
	__u64 index;		/* of the page in the gmem */
	__u32 write;
	__u32 hold_ms;
	__u64 pfn;		/* out */
	__u32 order;		/* out */
	__u32 state;		/* out */
};

/* A vCPU loads or stores within a page. ESTALE: it used a page that was no longer its own. */
struct testhv_access {
	__u64 guest_address;
	__u64 buffer;
	__u32 bytes;
	__u32 write;
	__u32 state;		/* out: of the page, as the guest page table has it */
	__u32 __pad;
};

struct testhv_convert {
	__u64 guest_address;
	__u64 bytes;
	__u32 to;
	__u32 content;
	__u64 error_offset;	/* out */
};

/* Gives a page its first contents, or writes half of it and fails with -@fail. */
struct testhv_populate {
	__u64 guest_address;
	__u64 buffer;
	__u32 fail;
	__u32 __pad;
};

struct testhv_behave {
	__u32 slow_ms;		/* each callback takes so long */
	__u32 deaf;		/* invalidate_begin and _end are not acted on */
	__u32 dawdle_ms;	/* a vCPU takes so long from a look-up to the use of its page */
	__u32 __pad;
};

struct testhv_count {
	__u32 slot;
	__u32 bound;		/* out: 1, the following is valid */
	__u64 told_first;	/* out: pages of the last invalidate_begin of the slot */
	__u64 told_last;
	__u64 vm;		/* out: the number of the VM in events */
	__u64 n[TESTHV_COUNTERS];
};

#define TESTHV_BIND	_IOW('h', 0, struct testhv_bind)
#define TESTHV_UNBIND	_IOW('h', 1, struct testhv_unbind)
#define TESTHV_LOOKUP	_IOWR('h', 2, struct testhv_lookup)
#define TESTHV_ACCESS	_IOWR('h', 3, struct testhv_access)
#define TESTHV_CONVERT	_IOWR('h', 4, struct testhv_convert)
#define TESTHV_POPULATE	_IOW('h', 5, struct testhv_populate)
#define TESTHV_BEHAVE	_IOW('h', 6, struct testhv_behave)
#define TESTHV_COUNT	_IOWR('h', 7, struct testhv_count)

#endif /* TESTHV_H */
