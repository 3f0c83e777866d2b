/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kvm_events.bpf.c tells of slots and faults: the records, filled in, and the state of a
 * task between the entry and the exit of a function of KVM's.
 */
#ifndef _KVM_TELL_BPF_H
#define _KVM_TELL_BPF_H

#include "kvm_core.bpf.h"
#include "kvm_walk.bpf.h"
#include "ring.bpf.h"

#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)

const volatile bool one_node;	/* then it is node 0 */
const volatile bool pages_told; /* the page cache's tracepoints are listened to */
const volatile __u32 events;	/* bit N is enum gmt_event N: asked for */

/* Events not told because a task's state found no memory, by event. */
__u64 no_state[GMT_EVENT_MAX];

/**
 * struct state - What a task is in the middle of
 * @created: inode being made
 * @fault_ns, @guest_ns, @ioctl_ns: when the call began; 0 outside of one
 * @ioctl_kvm: the VM that is asked to set attributes
 * @removed, @added: pages, since a call that counts them began
 * @cause: of invalidations, enum gmem_invalidate_cause + 1; 0: none is known
 * @gone: inode whose last descriptor went
 * @first_gfn, @last_gfn, @attributes: what an ioctl sets, where @has_range
 * @guest_slot, @guest_gfn: what the guest's look-up is of
 * @guest_failed: a look-up of the guest's, and it was told
 */
struct state {
	u64 created;
	u64 fault_ns;
	u64 guest_ns;
	u64 guest_slot;
	u64 guest_gfn;
	u64 ioctl_ns;
	u64 ioctl_kvm;
	u64 removed;
	u64 added;
	u64 gone;
	u64 first_gfn;
	u64 last_gfn;
	u64 attributes;
	u32 cause;
	u32 has_range;
	u32 guest_failed;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct state);
} states SEC(".maps");

static __always_inline struct state *state_of_task(enum gmt_event event)
{
	struct state *state;

	state = bpf_task_storage_get(&states, bpf_get_current_task_btf(), NULL,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state)
		__sync_fetch_and_add(&no_state[event], 1);
	return state;
}

static __always_inline struct state *state_there(void)
{
	return bpf_task_storage_get(&states, bpf_get_current_task_btf(), NULL, 0);
}

static __always_inline u64 inode_id(struct inode *inode)
{
	return BPF_CORE_READ(inode, i_ino);
}

static __always_inline void tell_consumer(char consumer[GMT_CONSUMER_MAX])
{
	__builtin_memcpy(consumer, "kvm\0\0\0\0\0\0\0\0\0\0\0\0", GMT_CONSUMER_MAX);
}

/* Slots: one event each, of the kind that the walk is for. */

enum { WALK_RELEASE, WALK_INVALIDATE, WALK_CONVERT, WALK_FAULT };

static __always_inline void tell_unbind(struct inode *inode, struct kvm_memory_slot *slot,
					u32 cause)
{
	struct gmem_file *gmem = BPF_CORE_READ(slot, gmem.file, private_data);
	struct gmt_rec_event *rec = reserve(GMT_EVENT_UNBIND, inode_id(inode), 0);

	if (!rec)
		return;
	rec->offset_bytes = (u64)BPF_CORE_READ(slot, gmem.pgoff) << PAGE_SHIFT;
	rec->size_bytes = (u64)BPF_CORE_READ(slot, npages) << PAGE_SHIFT;
	rec->unbind.slot = slot_number(slot);
	rec->unbind.cause = cause;
	tell_consumer(rec->unbind.consumer);
	rec->unbind.vm = BPF_CORE_READ(gmem, kvm, userspace_pid);
	submit(rec);
}

static __always_inline void tell_invalidate(struct slot_walk *walk, struct inode *inode,
					    struct kvm_memory_slot *slot, u64 first, u64 last)
{
	struct gmt_rec_event *rec = reserve(GMT_EVENT_INVALIDATE, inode_id(inode), 0);
	struct kvm *kvm = walk->kvm;

	if (!rec)
		return;
	rec->unknown = GMT_UNKNOWN_PHASES | GMT_UNKNOWN_TOTAL;
	rec->offset_bytes = first << PAGE_SHIFT;
	rec->size_bytes = (last - first + 1) << PAGE_SHIFT;
	rec->invalidate.vm = BPF_CORE_READ(kvm, userspace_pid);
	rec->invalidate.slot = slot_number(slot);
	rec->invalidate.cause = walk->cause;
	rec->invalidate.begin_ns = 0;
	rec->invalidate.total_ns = 0;
	tell_consumer(rec->invalidate.consumer);
	submit(rec);
}

static __always_inline void tell_convert(struct slot_walk *walk, struct inode *inode, u64 first,
					 u64 last)
{
	struct gmt_rec_event *rec = reserve(GMT_EVENT_CONVERT, inode_id(inode), walk->err);

	if (!rec)
		return;
	rec->unknown = GMT_UNKNOWN_CONTENT | GMT_UNKNOWN_POLICY;
	rec->offset_bytes = first << PAGE_SHIFT;
	rec->size_bytes = (last - first + 1) << PAGE_SHIFT;
	rec->convert.to =
		walk->arg & KVM_MEMORY_ATTRIBUTE_PRIVATE ? GMEM_STATE_PRIVATE : GMEM_STATE_SHARED;
	rec->convert.content = 0;
	rec->convert.err = walk->err;
	rec->convert.error_offset_bytes = 0;
	rec->convert.changed_bytes = 0;
	rec->convert.total_ns = walk->total_ns;
	rec->convert.policy_id = 0;
	submit(rec);
}

static __always_inline struct gmt_rec_event *reserve_fault(struct inode *inode, u64 page, s32 err)
{
	struct gmt_rec_event *rec = reserve(GMT_EVENT_FAULT, inode_id(inode), err);

	if (!rec)
		return NULL;
	rec->unknown = GMT_UNKNOWN_PHASES | GMT_UNKNOWN_POLICY;
	rec->offset_bytes = page << PAGE_SHIFT;
	rec->size_bytes = err ? 0 : 1 << PAGE_SHIFT;
	rec->fault.state = inode_state(inode);
	rec->fault.err = err;
	rec->fault.write = 0;
	rec->fault.allocated = 0;
	rec->fault.total_ns = 0;
	rec->fault.lookup_ns = 0;
	rec->fault.policy_ns = 0;
	rec->fault.alloc_ns = 0;
	rec->fault.zero_ns = 0;
	rec->fault.policy_id = 0;
	return rec;
}

static __always_inline void tell_exit(struct slot_walk *walk, struct inode *inode, u64 page)
{
	struct gmt_rec_event *rec = reserve_fault(inode, page, walk->err);

	if (!rec)
		return;
	rec->unknown |= GMT_UNKNOWN_WRITE | GMT_UNKNOWN_TOTAL;
	rec->fault.kind = GMEM_FAULT_GUEST;
	submit(rec);
}

/* @walk: first and last are pages of the file, or guest frames where the walk is of all files */
static int on_slot(struct slot_walk *walk, struct kvm_memory_slot *slot, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	u64 base = BPF_CORE_READ(slot, gmem.pgoff), pages = BPF_CORE_READ(slot, npages);
	u64 shift = 0, first = walk->first, last = walk->last;

	if (!walk->file && !walk->gmem) {
		u64 gfn = BPF_CORE_READ(slot, base_gfn);

		if (last < gfn || first >= gfn + pages)
			return 0;
		first = first > gfn ? first : gfn;
		last = last < gfn + pages - 1 ? last : gfn + pages - 1;
		shift = base - gfn;
		first += shift;
		last += shift;
	} else {
		if (last < base || first >= base + pages)
			return 0;
		first = first > base ? first : base;
		last = last < base + pages - 1 ? last : base + pages - 1;
	}
	switch (walk->what) {
	case WALK_RELEASE:
		if (events & 1U << GMT_EVENT_INVALIDATE)
			tell_invalidate(walk, inode, slot, first, last);
		if (events & 1U << GMT_EVENT_UNBIND)
			tell_unbind(inode, slot, GMEM_UNBIND_RELEASE);
		break;
	case WALK_INVALIDATE:
		tell_invalidate(walk, inode, slot, first, last);
		break;
	case WALK_CONVERT:
		tell_convert(walk, inode, first, last);
		break;
	case WALK_FAULT:
		tell_exit(walk, inode, first);
		break;
	}
	return 0;
}

static long any_bucket(u64 index, struct slot_walk *walk)
{
	struct hlist_head *head = walk_space(walk, index / SLOTS_HASH);

	walk->node = NULL;
	if (head)
		bpf_probe_read_kernel(&walk->node, sizeof(walk->node), &head[index % SLOTS_HASH]);
	if (walk->node)
		bpf_loop(GMT_KVM_CHAIN, walk_node, walk, 0);
	return 0;
}

static __always_inline void walk_all(struct slot_walk *walk)
{
	bpf_loop(SLOT_BUCKETS, any_bucket, walk, 0);
}

#endif /* _KVM_TELL_BPF_H */
