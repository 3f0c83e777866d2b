/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who asks: facts of the current task, read by CO-RE because 6.12 has no helpers for them in
 * struct_ops programs. For policies, whose programs all run in the context of who acts; a
 * worker of io_uring has the credentials, the memory and the cgroup of its process.
 */
#ifndef _GMEM_ACTOR_BPF_H
#define _GMEM_ACTOR_BPF_H

#include <stdbool.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* More levels than a cgroup hierarchy can have in practice; what is deeper is in no subtree. */
#define ACTOR_CGROUP_LEVELS 64
/* Halvings that reach each of NGROUPS_MAX (65536) supplementary groups. */
#define ACTOR_GROUP_STEPS 17
#define ACTOR_COMM_BYTES  16

/* The kernel's types, as far as they are read here. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct actor_id___gmem {
	__u32 val;
};
struct group_info {
	int ngroups;
	struct actor_id___gmem gid[];
};
struct cred {
	struct actor_id___gmem uid;
	struct actor_id___gmem fsuid;
	struct actor_id___gmem euid;
	struct actor_id___gmem egid;
	struct group_info *group_info;
};
struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};
struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
	struct actor_id___gmem i_uid;
};
struct file {
	struct inode *f_inode;
};
struct mm_struct {
	struct file *exe_file;
};
struct task_struct {
	int pid;
	int tgid;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct mm_struct *mm;
	char comm[ACTOR_COMM_BYTES];
};
#pragma clang attribute pop

/* Effective user id, in the initial namespace. */
static __always_inline __u32 actor_uid(void)
{
	return bpf_get_current_task_btf()->cred->euid.val;
}

/* Effective or supplementary group. The kernel keeps the latter sorted. */
static __always_inline bool actor_in_group(__u32 gid)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct group_info *groups = BPF_CORE_READ(task, cred, group_info);
	__u32 low = 0, high = BPF_CORE_READ(groups, ngroups);
	__u64 gids = (__u64)groups + bpf_core_field_offset(groups->gid);
	int step;

	if (task->cred->egid.val == gid)
		return true;
	bpf_for(step, 0, ACTOR_GROUP_STEPS) {
		__u32 middle = (low + high) / 2, found;

		if (low >= high || bpf_probe_read_kernel(&found, sizeof(found),
							 (void *)(gids + middle * sizeof(found))))
			return false;
		if (found == gid)
			return true;
		if (found < gid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* In the cgroup (v2) or below it. */
static __always_inline bool actor_in_cgroup(__u64 cgroup_id)
{
	int level;

	bpf_for(level, 0, ACTOR_CGROUP_LEVELS) {
		__u64 ancestor = bpf_get_current_ancestor_cgroup_id(level);

		if (!ancestor)
			return false;
		if (ancestor == cgroup_id)
			return true;
	}
	return false;
}

/* The cgroup at this depth below the root, or the task's own where that is not as deep, or for 0. */
static __always_inline __u64 actor_cgroup(__u32 level)
{
	__u64 ancestor = level ? bpf_get_current_ancestor_cgroup_id(level) : 0;

	return ancestor ? ancestor : bpf_get_current_cgroup_id();
}

/* The command of the process; of the bytes after its end the kernel makes zeroes. */
static __always_inline bool actor_is_comm(const volatile char *comm)
{
	struct task_struct *task = bpf_get_current_task_btf();
	char mine[ACTOR_COMM_BYTES];
	int i;

	if (bpf_core_read(mine, sizeof(mine), &task->group_leader->comm))
		return false;
	for (i = 0; i < ACTOR_COMM_BYTES; i++)
		if (mine[i] != comm[i])
			return false;
	return true;
}

/* The file that the process runs; a kernel thread runs none. */
static __always_inline bool actor_is_exe(__u32 dev, __u64 inode)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *exe = BPF_CORE_READ(task, mm, exe_file, f_inode);

	return exe && BPF_CORE_READ(exe, i_ino) == inode && BPF_CORE_READ(exe, i_sb, s_dev) == dev;
}

#endif /* _GMEM_ACTOR_BPF_H */
