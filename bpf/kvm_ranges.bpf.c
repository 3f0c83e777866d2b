// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of one of KVM's guest_memfds are resident: one run walks its page cache from
 * an offset on, under RCU as the kernel itself does, and hands over a batch of ranges. Run
 * by the tool's source/kvm.c, which names the inode by address and number.
 */
#include "kvm_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define XA_CHUNK     64
#define XA_MAX_DEPTH 11 /* of 64 bits by 6 */
#define MAX_STEPS    (1 << 16)

extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/* in */
__u64 inode_address;
__u64 gmem_id;
/* in: the first page; out: the page to go on with, which is behind the last one at the end */
__u64 at_page;
/* out: how many there are in ranges, and the pages of all of it */
__u32 count;
__u64 pages;
struct gmt_rec_range ranges[GMT_RANGES_BATCH];

static __u64 mapping_address;
static __u64 run_first;
static __u32 run_flags;
static __u32 state_flags;
static void *chunk[XA_CHUNK];

/* Pages from at_page up to (not with) @end are all so; false when there is no room for them. */
static __always_inline bool extend(u64 end, bool resident)
{
	u32 flags = state_flags | (resident ? GMEM_RANGE_RESIDENT : 0), i = count;

	if (end > pages)
		end = pages;
	if (flags != run_flags && at_page > run_first) {
		if (i >= GMT_RANGES_BATCH)
			return false;
		ranges[i].offset_bytes = run_first << PAGE_SHIFT;
		ranges[i].size_bytes = (at_page - run_first) << PAGE_SHIFT;
		ranges[i].flags = run_flags;
		count = i + 1;
		run_first = at_page;
	}
	run_flags = flags;
	at_page = end;
	return true;
}

static __always_inline bool is_node(void *entry)
{
	return ((u64)entry & 3) == 2 && (u64)entry > 4096;
}

/* A page of this at_page, or a part of a larger one; neither a shadow nor a mark of the walk. */
static __always_inline bool is_page(void *entry)
{
	if (((u64)entry & 3) == 2)
		return (u64)entry >> 2 < XA_CHUNK;
	return entry && !((u64)entry & 1);
}

static __always_inline bool extend_chunk(struct xa_node *node)
{
	u64 base = at_page & ~(u64)(XA_CHUNK - 1);
	int i;

	bpf_probe_read_kernel(chunk, sizeof(chunk),
			      (char *)node + bpf_core_field_offset(struct xa_node, slots));
	bpf_for(i, 0, XA_CHUNK) {
		if (base + i < at_page)
			continue;
		if (!extend(base + i + 1, is_page(chunk[i & (XA_CHUNK - 1)])))
			return false;
	}
	return true;
}

/* One way down from the root, to as many pages as are known by it. */
static long step(u64 turn, void *ctx)
{
	struct address_space *mapping = (struct address_space *)mapping_address;
	void *entry = BPF_CORE_READ(mapping, i_pages.xa_head);
	struct xa_node *node;
	u32 shift = 0;
	int depth;

	if (at_page >= pages)
		return 1;
	if (!is_node(entry)) {
		/* At most one page, the first. */
		if (at_page)
			return !extend(pages, false);
		return !extend(1, is_page(entry));
	}
	bpf_for(depth, 0, XA_MAX_DEPTH) {
		void **slots;

		node = (void *)((u64)entry - 2);
		shift = BPF_CORE_READ(node, shift);
		if (shift > 58)
			return 1;
		if (!depth && at_page >> shift >= XA_CHUNK)
			return !extend(pages, false);
		if (!shift)
			return !extend_chunk(node);
		slots = (void *)((char *)node + bpf_core_field_offset(struct xa_node, slots));
		entry = NULL;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      &slots[at_page >> shift & (XA_CHUNK - 1)]);
		if (!is_node(entry))
			break;
	}
	return !extend(((at_page >> shift) + 1) << shift, is_page(entry));
}

static bool is_it(struct inode *inode)
{
	return is_guest_memfd(inode) && BPF_CORE_READ(inode, i_ino) == gmem_id;
}

SEC("syscall")
int sys_kvm_ranges(void *ctx)
{
	struct inode *inode = (struct inode *)inode_address;
	int err = 0;

	count = 0;
	bpf_rcu_read_lock();
	if (!is_it(inode)) {
		bpf_rcu_read_unlock();
		return -ENOENT;
	}
	pages = BPF_CORE_READ(inode, i_size) >> PAGE_SHIFT;
	state_flags = inode_state(inode) == GMEM_STATE_SHARED ? GMEM_RANGE_SHARED : 0;
	run_first = at_page;
	run_flags = ~0U;
	mapping_address = (u64)BPF_CORE_READ(inode, i_mapping);
	bpf_loop(MAX_STEPS, step, NULL, 0);
	/* What is left of the last run; a next batch joins it. */
	if (at_page > run_first && count < GMT_RANGES_BATCH) {
		ranges[count].offset_bytes = run_first << PAGE_SHIFT;
		ranges[count].size_bytes = (at_page - run_first) << PAGE_SHIFT;
		ranges[count].flags = run_flags;
		count++;
	} else {
		at_page = run_first;
	}
	if (!is_it(inode))
		err = -ENOENT;
	bpf_rcu_read_unlock();
	return err;
}
