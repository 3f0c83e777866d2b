// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stock kernel's guest_memfd, without gmem.ko, kept from the host's user space as far as LSM
 * hooks reach: mapping, passing on, fallocate, conversion, and ptrace of who holds it. Nothing
 * sees a page fault here, so what is mapped stays mapped: docs/policies.md has the limits.
 */
#include "policy/policy.bpf.h"
#include <linux/kvm.h>

#define GUEST_MEMFD_MAGIC    0x474d454d /* linux/magic.h, of newer headers */
#define PTRACE_MODE_ATTACH   2
#define CLONE_THREAD	     0x00010000
#define PROT_READ_WRITE_EXEC 7

char LICENSE[] SEC("license") = "GPL";

const volatile struct gmt_guest_memfd_params params = {
	.everyone = GMT_GUEST_MEMFD_MMAP | GMT_GUEST_MEMFD_PTRACE,
	.others = GMT_GUEST_MEMFD_MMAP | GMT_GUEST_MEMFD_RECEIVE | GMT_GUEST_MEMFD_FALLOCATE |
		  GMT_GUEST_MEMFD_PTRACE,
	.grace_ns = 60000000000,
	.error = EPERM,
};

/* Refusals, by bit number of enum gmt_guest_memfd_act. */
__u64 refusals[8];

/* Since when, CLOCK_BOOTTIME, and whose. */
struct guarded {
	__u64 since_ns;
	__u32 uid;
};

/* guest_memfds made while this was attached; others are past their setup. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guarded);
} files SEC(".maps");

/* Processes (first threads) that made or mapped one, since they did so first, and their children. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct guarded);
} holders SEC(".maps");

struct vm_area_struct {
	struct file *vm_file;
} __attribute__((preserve_access_index));

static __always_inline bool is_guest_memfd(const struct inode *inode)
{
	return inode->i_sb->s_magic == GUEST_MEMFD_MAGIC;
}

static __always_inline int judge(enum gmt_guest_memfd_act act, __u32 uid, __u64 since_ns)
{
	bool other = (params.others & act) && bpf_get_current_task_btf()->cred->fsuid.val != uid;
	bool late =
		(params.everyone & act) && bpf_ktime_get_boot_ns() - since_ns >= params.grace_ns;

	if (!other && !late)
		return 0;
	__sync_fetch_and_add(&refusals[__builtin_ctz(act)], 1);
	return -(int)params.error;
}

static __always_inline int judge_file(enum gmt_guest_memfd_act act, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct guarded *made;

	if (!is_guest_memfd(inode))
		return 0;
	made = bpf_inode_storage_get(&files, inode, NULL, 0);
	return judge(act, inode->i_uid.val, made ? made->since_ns : 0);
}

static __always_inline void hold(struct task_struct *leader, __u32 uid, __u64 since_ns)
{
	struct guarded new = { .since_ns = since_ns, .uid = uid };

	bpf_task_storage_get(&holders, leader, &new, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

SEC("lsm/inode_init_security_anon")
int BPF_PROG(init_anon, struct inode *inode)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct guarded made = { .since_ns = now };

	if (!is_guest_memfd(inode))
		return 0;
	bpf_inode_storage_get(&files, inode, &made, BPF_LOCAL_STORAGE_GET_F_CREATE);
	hold(bpf_get_current_task_btf()->group_leader, inode->i_uid.val, now);
	return 0;
}

SEC("lsm/mmap_file")
int BPF_PROG(mmap_file, struct file *file)
{
	int err = file ? judge_file(GMT_GUEST_MEMFD_MMAP, file) : 0;

	if (file && !err && is_guest_memfd(file->f_inode))
		hold(bpf_get_current_task_btf()->group_leader, file->f_inode->i_uid.val,
		     bpf_ktime_get_boot_ns());
	return err;
}

/* A mapping made inaccessible during setup must not be opened up later. */
SEC("lsm/file_mprotect")
int BPF_PROG(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot)
{
	struct file *file = vma->vm_file;

	return file && (prot & PROT_READ_WRITE_EXEC) ? judge_file(GMT_GUEST_MEMFD_MMAP, file) : 0;
}

SEC("lsm/file_receive")
int BPF_PROG(file_receive, struct file *file)
{
	return judge_file(GMT_GUEST_MEMFD_RECEIVE, file);
}

/* Of the calls that ask this, guest_memfd has fallocate only. */
SEC("lsm/file_permission")
int BPF_PROG(file_permission, struct file *file, int mask)
{
	return judge_file(GMT_GUEST_MEMFD_FALLOCATE, file);
}

/* On a VM's descriptor: which range, and which way, is in memory that the caller can still change. */
SEC("lsm/file_ioctl")
int BPF_PROG(file_ioctl, struct file *file, unsigned int cmd)
{
	struct guarded *held;

	if (cmd != KVM_SET_MEMORY_ATTRIBUTES)
		return 0;
	held = bpf_task_storage_get(&holders, bpf_get_current_task_btf()->group_leader, NULL, 0);
	return held ? judge(GMT_GUEST_MEMFD_CONVERT, held->uid, held->since_ns) : 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_check, struct task_struct *child, unsigned int mode)
{
	struct guarded *held;

	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	held = bpf_task_storage_get(&holders, child->group_leader, NULL, 0);
	return held ? judge(GMT_GUEST_MEMFD_PTRACE, held->uid, held->since_ns) : 0;
}

/* A child has its parent's mappings. */
SEC("lsm/task_alloc")
int BPF_PROG(task_alloc, struct task_struct *child, unsigned long clone_flags)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;
	struct guarded *held;

	if (clone_flags & CLONE_THREAD)
		return 0;
	held = bpf_task_storage_get(&holders, leader, NULL, 0);
	if (held)
		hold(child, held->uid, held->since_ns);
	return 0;
}
