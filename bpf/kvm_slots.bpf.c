// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory slots of VMs that are bound to KVM's own guest_memfds: one run looks through
 * the VMs that user space names, by their address, and hands over a batch. Run by the
 * tool's source/kvm.c. A VM may be gone by now: each slot is checked against its file.
 */
#include "kvm_core.bpf.h"
#include "kvm_walk.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: VMs, and where to begin: a VM's index and a bucket of its slots; out: where to go on */
__u64 vms[GMT_KVM_VMS];
__u32 vm_count;
__u32 vm_index;
__u32 bucket;
/* out */
__u32 count;
struct gmt_kvm_slot slots[GMT_KVM_SLOTS];

static int on_slot(struct slot_walk *walk, struct kvm_memory_slot *slot, struct file *file)
{
	struct gmt_kvm_slot *rec;
	u32 i = count;

	if (i >= GMT_KVM_SLOTS)
		return 1;
	rec = &slots[i];
	tell_inode(&rec->inode, file);
	rec->binding.id = rec->inode.id;
	rec->binding.offset_bytes = (u64)BPF_CORE_READ(slot, gmem.pgoff) << PAGE_SHIFT;
	rec->binding.size_bytes = (u64)BPF_CORE_READ(slot, npages) << PAGE_SHIFT;
	rec->binding.guest_address = BPF_CORE_READ(slot, base_gfn) << PAGE_SHIFT;
	rec->binding.bound_ns = 0;
	rec->binding.slot = slot_number(slot);
	rec->binding.vm = rec->inode.vm;
	__builtin_memcpy(rec->binding.consumer, "kvm\0\0\0\0\0\0\0\0\0\0\0\0", GMT_CONSUMER_MAX);
	/* Still so: what was read in between was the slot's. */
	if (BPF_CORE_READ(slot, gmem.file) == file && rec->inode.kvm == (u64)walk->kvm)
		count = i + 1;
	return 0;
}

static long one_bucket(u64 index, struct slot_walk *walk)
{
	/* A bucket is told as a whole, or by the next run. */
	if (bucket >= SLOT_BUCKETS || count > GMT_KVM_SLOTS - GMT_KVM_CHAIN)
		return 1;
	walk_bucket(walk, bucket);
	bucket++;
	return 0;
}

static long one_vm(u64 index, void *ctx)
{
	struct slot_walk walk = {};
	u32 i = vm_index;

	if (i >= vm_count || i >= GMT_KVM_VMS)
		return 1;
	walk.kvm = (struct kvm *)vms[i];
	bpf_loop(SLOT_BUCKETS, one_bucket, &walk, 0);
	if (bucket < SLOT_BUCKETS)
		return 1;
	bucket = 0;
	vm_index = i + 1;
	return 0;
}

SEC("syscall")
int sys_slots(void *ctx)
{
	count = 0;
	bpf_loop(GMT_KVM_VMS, one_vm, NULL, 0);
	return 0;
}
