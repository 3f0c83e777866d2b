// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds descriptors of KVM's own guest_memfds, of VMs and of vCPUs: an iterator over
 * the open files of all tasks. Each is written as struct gmt_kvm_fd to whoever reads the
 * iterator, the tool's source/kvm.c; between reads it costs nothing.
 */
#include "kvm_core.bpf.h"

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
