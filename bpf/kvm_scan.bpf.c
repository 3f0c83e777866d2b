// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a scan of the tool's source/kvm_scan.c runs: an iterator over the open files of all tasks, which
 * tells who holds descriptors of KVM's own guest_memfds, of VMs and of vCPUs, and a program over the
 * memory slots of VMs that user space names, by their address. Between scans both cost nothing. One
 * object for both: most of what loading takes is to find the kernel's types.
 */
#include "kvm_core.bpf.h"
#include "kvm_walk.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define ANON_INODE_FS_MAGIC 0x09041934

struct seq_file;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct bpf_iter_meta {
	union {
		struct seq_file *seq;
		__u64 : 64;
	} __attribute__((aligned(8)));
};

struct bpf_iter__task_file {
	union {
		struct bpf_iter_meta *meta;
		__u64 : 64;
	} __attribute__((aligned(8)));
	union {
		struct task_struct *task;
		__u64 : 64;
	} __attribute__((aligned(8)));
	u32 fd __attribute__((aligned(8)));
	union {
		struct file *file;
		__u64 : 64;
	} __attribute__((aligned(8)));
};

#pragma clang attribute pop

/* The names that KVM gives its anonymous inodes' files; nobody else can. */
static __always_inline struct kvm *kvm_of_name(struct file *file)
{
	const unsigned char *at = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	void *data = BPF_CORE_READ(file, private_data);
	char name[8] = {};

	if (bpf_probe_read_kernel(name, sizeof(name), at))
		return NULL;
	if (!__builtin_memcmp(name, "kvm-vm", 7))
		return data;
	if (!__builtin_memcmp(name, "kvm-vcpu", 8))
		return BPF_CORE_READ((struct kvm_vcpu *)data, kvm);
	return NULL;
}

SEC("iter/task_file")
int kvm_fds(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct gmt_kvm_fd rec = {};
	struct inode *inode;
	u64 magic;

	if (!task || !file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	magic = BPF_CORE_READ(inode, i_sb, s_magic);
	if (magic == GUEST_MEMFD_MAGIC) {
		rec.kind = GMT_KVM_FILE;
		tell_inode(&rec.inode, file);
	} else if (magic == ANON_INODE_FS_MAGIC) {
		rec.kind = GMT_KVM_VM;
		rec.inode.kvm = (u64)kvm_of_name(file);
		if (!rec.inode.kvm)
			return 0;
	} else {
		return 0;
	}
	rec.fd = ctx->fd;
	tell_task(&rec.holder, task);
	bpf_seq_write(seq, &rec, sizeof(rec));
	return 0;
}

/* Slots. A VM may be gone by now: each slot is checked against its file. */

/* in: VMs, and where to begin: a VM's index and a bucket of its slots; out: where to go on */
__u64 vms[GMT_KVM_VMS];
__u32 vm_count;
__u32 vm_index;
__u32 bucket;
/* out */
__u32 count;
struct gmt_kvm_slot slots[GMT_KVM_SLOTS];

/* The chains of one address space, read at one go: most are empty. */
static struct hlist_node *heads[SLOTS_HASH];

/* A VM has many slots of few files: what was told a moment ago of the same one is as good. */
static __always_inline void tell_slot_inode(struct gmt_kvm_inode *to, struct kvm *kvm,
					    struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	u32 last = count - 1;

	if (last < GMT_KVM_SLOTS && slots[last].inode.inode == (u64)inode &&
	    slots[last].inode.kvm == (u64)kvm &&
	    slots[last].inode.id == BPF_CORE_READ(inode, i_ino))
		*to = slots[last].inode;
	else
		tell_inode(to, file);
}

static int on_slot(struct slot_walk *walk, struct kvm_memory_slot *slot, struct file *file)
{
	struct gmt_kvm_slot *rec;
	u32 i = count;

	if (i >= GMT_KVM_SLOTS)
		return 1;
	rec = &slots[i];
	tell_slot_inode(&rec->inode, walk->kvm, file);
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
	u32 at = bucket;

	/* A bucket is told as a whole, or by the next run. */
	if (at >= SLOT_BUCKETS || count > GMT_KVM_SLOTS - GMT_KVM_CHAIN)
		return 1;
	walk->node = heads[at % SLOTS_HASH];
	if (walk->node)
		bpf_loop(GMT_KVM_CHAIN, walk_node, walk, 0);
	bucket = at + 1;
	return bucket % SLOTS_HASH == 0;
}

static long one_space(u64 index, struct slot_walk *walk)
{
	u32 space = bucket / SLOTS_HASH;
	struct hlist_head *head;

	if (bucket >= SLOT_BUCKETS)
		return 1;
	head = walk_space(walk, space);
	if (!head || bpf_probe_read_kernel(heads, sizeof(heads), head))
		bucket = (space + 1) * SLOTS_HASH;
	else
		bpf_loop(SLOTS_HASH, one_bucket, walk, 0);
	return bucket < (space + 1) * SLOTS_HASH;
}

static long one_vm(u64 index, void *ctx)
{
	struct slot_walk walk = {};
	u32 i = vm_index;

	if (i >= vm_count || i >= GMT_KVM_VMS)
		return 1;
	walk.kvm = (struct kvm *)vms[i];
	bpf_loop(SLOT_BUCKETS / SLOTS_HASH, one_space, &walk, 0);
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
