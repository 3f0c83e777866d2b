/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk over the memory slots of a VM that have a guest_memfd: KVM hashes them by id,
 * and none of its locks is taken. Whoever includes this defines on_slot().
 */
#ifndef _KVM_WALK_BPF_H
#define _KVM_WALK_BPF_H

#include "kvm_core.bpf.h"

#define SLOTS_HASH   128
#define SLOT_BUCKETS (2 * SLOTS_HASH) /* of both address spaces */

/**
 * struct slot_walk - A walk
 * @kvm: the VM
 * @file: only slots bound to it, or @gmem: to its private data; 0: all
 * @node: the chain of a bucket, as far as it was walked; @which: of its two links
 * @what and all below: the callee's business
 */
struct slot_walk {
	struct kvm *kvm;
	struct file *file;
	u64 gmem;
	struct hlist_node *node;
	u32 which;
	u32 what;
	u32 cause;
	u64 first;
	u64 last;
	u64 arg;
	u64 total_ns;
	s32 err;
};

/* Called with each bound slot and its file; anything but 0 ends the bucket. */
static int on_slot(struct slot_walk *walk, struct kvm_memory_slot *slot, struct file *file);

static long walk_node(u64 index, struct slot_walk *walk)
{
	struct hlist_node *node = walk->node;
	struct kvm_memory_slot *slot;
	struct gmem_file *gmem;
	struct file *file;
	u64 links;

	if (!node)
		return 1;
	links = bpf_core_field_offset(struct kvm_memory_slot, id_node) +
		(walk->which & 1) * bpf_core_type_size(struct hlist_node);
	slot = (void *)((char *)node - links);
	walk->node = BPF_CORE_READ(node, next);
	file = BPF_CORE_READ(slot, gmem.file);
	if (!file || (walk->file && walk->file != file))
		return 0;
	if (!is_guest_memfd(BPF_CORE_READ(file, f_inode)))
		return 0;
	gmem = BPF_CORE_READ(file, private_data);
	if (BPF_CORE_READ(gmem, kvm) != walk->kvm || (walk->gmem && walk->gmem != (u64)gmem))
		return 0;
	return on_slot(walk, slot, file);
}

/* Return: the first of the chains of an address space, NULL without that */
static __always_inline struct hlist_head *walk_space(struct slot_walk *walk, u32 space)
{
	struct kvm_memslots **sets, *set = NULL;

	sets = (void *)((char *)walk->kvm + bpf_core_field_offset(struct kvm, memslots));
	bpf_probe_read_kernel(&set, sizeof(set), &sets[space & 1]);
	if (!set)
		return NULL;
	walk->which = BPF_CORE_READ(set, node_idx);
	return (void *)((char *)set + bpf_core_field_offset(struct kvm_memslots, id_hash));
}

#endif /* _KVM_WALK_BPF_H */
