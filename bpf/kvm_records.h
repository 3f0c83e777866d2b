/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs over KVM's own guest_memfd and the tool's source/kvm*.c tell each
 * other, beside the records of gmem_records.h. Both sides are built from it: no ABI.
 */
#ifndef _KVM_RECORDS_H
#define _KVM_RECORDS_H

#include "gmem_records.h"

/* VMs and rows that one run of the slots program takes and hands over. */
#define GMT_KVM_VMS   1024
#define GMT_KVM_SLOTS 4096
/* The most that one bucket of a VM's memory slots holds; they have 2 * 128 buckets. */
#define GMT_KVM_CHAIN 512

/* A process, as far as a VM's maker or a holder is told of. */
struct gmt_kvm_task {
	__u64 start_ns;
	__u64 cgroup_id;
	__u32 pid;
	__u32 uid;
	char comm[GMT_COMM_MAX];
};

/**
 * struct gmt_kvm_inode - One guest_memfd
 * @inode: its address, to walk its pages by
 * @kvm: the address of its VM
 * @created_ns: CLOCK_REALTIME; no call changes it
 * @flags: GUEST_MEMFD_FLAG_*
 * @has_owner: @owner is there: a process still has the address space that the VM was made in
 */
struct gmt_kvm_inode {
	__u64 id;
	__u64 inode;
	__u64 kvm;
	__u64 size_bytes;
	__u64 resident_bytes;
	__u64 created_ns;
	__u64 flags;
	__u32 vm;
	__u32 has_owner;
	struct gmt_kvm_task owner;
};

enum gmt_kvm_kind {
	GMT_KVM_FILE, /* a descriptor of a guest_memfd */
	GMT_KVM_VM,   /* one of a VM or a vCPU: only @inode.kvm and @holder count */
};

/* One descriptor, of whichever process has it. */
struct gmt_kvm_fd {
	__u32 kind;
	__u32 fd;
	struct gmt_kvm_task holder;
	struct gmt_kvm_inode inode;
};

/* One memory slot, with the guest_memfd that it is bound to. */
struct gmt_kvm_slot {
	struct gmt_rec_binding binding;
	struct gmt_kvm_inode inode;
};

#endif /* _KVM_RECORDS_H */
