/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's own guest_memfd as CO-RE programs see it: the types, and how to get from a file,
 * an inode or a memory slot to what is told. Included first by the kvm_*.bpf.c. Nothing
 * here takes a lock: whatever is read may be going away, so each answer is checked.
 */
#ifndef _KVM_CORE_BPF_H
#define _KVM_CORE_BPF_H

#include "gmem_core.bpf.h"

#include <linux/errno.h>
#include <uapi/linux/gmem.h>

#include "kvm_records.h"

#define GUEST_MEMFD_MAGIC	     0x474d454d
#define GUEST_MEMFD_FLAG_MMAP	     (1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED (1ULL << 1)
#define PAGE_SHIFT		     12

typedef __u16 u16;

enum pageflags {
	PG_hwpoison = 23,
};

enum fault_flag {
	FAULT_FLAG_WRITE = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	u32 val;
} kuid_t;

struct list_head {
	struct list_head *next;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct address_space {
	struct inode *host;
	struct xarray i_pages;
	unsigned long nrpages;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	struct address_space *i_mapping;
	unsigned long i_ino;
	long long i_size;
	long long i_atime_sec;
	u32 i_atime_nsec;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct cred {
	kuid_t uid;
};

struct mm_struct {
	struct task_struct *owner;
};

struct task_struct {
	int tgid;
	char comm[GMT_COMM_MAX];
	u64 start_boottime;
	struct mm_struct *mm;
	struct task_struct *group_leader;
	struct css_set *cgroups;
	const struct cred *real_cred;
};

struct folio {
	struct address_space *mapping;
	unsigned long index;
};

typedef struct {
	unsigned long f;
} memdesc_flags_t;

struct page {
	memdesc_flags_t flags;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long pgoff;
	enum fault_flag flags;
	struct page *page;
};

struct kvm_memory_slot {
	struct hlist_node id_node[2];
	u64 base_gfn;
	unsigned long npages;
	short id;
	u16 as_id;
	struct {
		struct file *file;
		unsigned long pgoff;
	} gmem;
};

struct kvm_memslots {
	struct hlist_head id_hash[128];
	int node_idx;
};

struct kvm {
	struct mm_struct *mm;
	struct kvm_memslots *memslots[2];
	int userspace_pid;
};

struct kvm_run {
	u32 exit_reason;
	struct {
		u64 flags;
		u64 gpa;
		u64 size;
	} memory_fault;
};

struct kvm_vcpu {
	struct kvm *kvm;
	struct kvm_run *run;
};

struct gmem_file {
	struct kvm *kvm;
};

struct gmem_inode {
	struct inode vfs_inode;
	u64 flags;
};

#pragma clang attribute pop

static __always_inline bool is_guest_memfd(struct inode *inode)
{
	return inode && BPF_CORE_READ(inode, i_sb, s_magic) == GUEST_MEMFD_MAGIC;
}

static __always_inline u64 inode_flags(struct inode *inode)
{
	const char *outer =
		(const char *)inode - bpf_core_field_offset(struct gmem_inode, vfs_inode);

	return BPF_CORE_READ((struct gmem_inode *)outer, flags);
}

static __always_inline u32 inode_state(struct inode *inode)
{
	return inode_flags(inode) & GUEST_MEMFD_FLAG_INIT_SHARED ? GMEM_STATE_SHARED :
								   GMEM_STATE_PRIVATE;
}

static __always_inline u32 create_flags(u64 flags)
{
	return (flags & GUEST_MEMFD_FLAG_MMAP ? GMEM_CREATE_MMAP : 0) |
	       (flags & GUEST_MEMFD_FLAG_INIT_SHARED ? GMEM_CREATE_INIT_SHARED : 0);
}

/* As gmem's own KVM numbers the slots of both address spaces. */
static __always_inline u32 slot_number(struct kvm_memory_slot *slot)
{
	return (u16)BPF_CORE_READ(slot, id) | (u32)BPF_CORE_READ(slot, as_id) << 16;
}

static __always_inline void tell_task(struct gmt_kvm_task *to, struct task_struct *task)
{
	task = BPF_CORE_READ(task, group_leader);
	to->pid = BPF_CORE_READ(task, tgid);
	to->start_ns = BPF_CORE_READ(task, start_boottime);
	to->uid = BPF_CORE_READ(task, real_cred, uid.val);
	to->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	bpf_core_read(to->comm, sizeof(to->comm), &task->comm);
}

/* @file: one of a guest_memfd */
static __always_inline void tell_inode(struct gmt_kvm_inode *to, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct gmem_file *gmem = BPF_CORE_READ(file, private_data);
	struct kvm *kvm = BPF_CORE_READ(gmem, kvm);
	struct task_struct *owner = NULL;

	to->id = BPF_CORE_READ(inode, i_ino);
	to->inode = (u64)inode;
	to->kvm = (u64)kvm;
	to->size_bytes = BPF_CORE_READ(inode, i_size);
	to->resident_bytes = (u64)BPF_CORE_READ(inode, i_mapping, nrpages) << PAGE_SHIFT;
	to->created_ns = BPF_CORE_READ(inode, i_atime_sec) * 1000000000ULL +
			 BPF_CORE_READ(inode, i_atime_nsec);
	to->flags = inode_flags(inode);
	to->vm = BPF_CORE_READ(kvm, userspace_pid);
	if (bpf_core_field_exists(struct mm_struct, owner))
		owner = BPF_CORE_READ(kvm, mm, owner);
	to->has_owner = owner != NULL;
	if (owner)
		tell_task(&to->owner, owner);
}

#endif /* _KVM_CORE_BPF_H */
