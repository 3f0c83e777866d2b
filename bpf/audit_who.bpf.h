/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who the current task is: ids, namespaces, the paths of its executable and its cgroup. What
 * seldom changes is looked up once and kept with the task. Part of audit.bpf.c.
 */
#ifndef _AUDIT_WHO_BPF_H
#define _AUDIT_WHO_BPF_H

#include "task.bpf.h"
#include "audit_records.h"

/* What the kept parts of a record were looked up for; all zero at first. */
struct learnt {
	u64 exe_file;
	u64 exe_dentry;
	u64 exe_parent;
	u64 exe_hash_len;
	u64 exec_id;
	u64 cgroup_id;
};

/* Appends one component. Return: where the next one goes; GMT_PATHS_MAX when there is no room. */
static __always_inline u32 put_part(struct gmt_rec_audit *rec, u32 at, const void *name)
{
	long length;

	if (at > GMT_PATHS_MAX - GMT_PART_MAX)
		return GMT_PATHS_MAX;
	length = bpf_probe_read_kernel_str(&rec->paths[at], GMT_PART_MAX, name);
	return length > 0 && length <= GMT_PART_MAX ? at + length : GMT_PATHS_MAX;
}

/* Up to the root of the mount namespace, across mounts. */
static __noinline u32 put_exe(struct gmt_rec_audit *rec, struct dentry *dentry,
			      struct vfsmount *vfsmount)
{
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
	u32 at = 0, next;
	int i;

	bpf_for(i, 0, GMT_DEPTH_MAX) {
		struct dentry *parent;

		if (dentry == root) {
			struct mount *below = BPF_CORE_READ(mount, mnt_parent);

			if (below == mount)
				return at;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = below;
			root = BPF_CORE_READ(mount, mnt.mnt_root);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		/* A file without a place, such as a memfd: its name is all there is. */
		if (parent == dentry && at)
			return at;
		next = put_part(rec, at, BPF_CORE_READ(dentry, d_name.name));
		if (next >= GMT_PATHS_MAX)
			break;
		at = next;
		if (parent == dentry)
			return at;
		dentry = parent;
	}
	rec->flags |= GMT_AUDIT_EXE_CUT;
	return at;
}

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___new *now = (void *)node;

	if (bpf_core_field_exists(now->__parent))
		return (void *)BPF_CORE_READ(now, __parent);
	return BPF_CORE_READ(node, parent);
}

/* The root has no parent, and is not named. */
static __noinline u32 put_cgroup(struct gmt_rec_audit *rec, u32 at, struct kernfs_node *node)
{
	u32 next;
	int i;

	bpf_for(i, 0, GMT_DEPTH_MAX) {
		struct kernfs_node *parent = parent_of(node);

		if (!parent)
			return at;
		next = put_part(rec, at, BPF_CORE_READ(node, name));
		if (next >= GMT_PATHS_MAX)
			break;
		at = next;
		node = parent;
	}
	rec->flags |= GMT_AUDIT_CGROUP_CUT;
	return at;
}

static __always_inline u32 pid_ns_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *last;

	/* numbers[] ends with the pid in the task's own namespace. */
	last = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       BPF_CORE_READ(pid, level) * bpf_core_type_size(struct upid);
	return BPF_CORE_READ(last, ns, ns.inum);
}

/* What seldom changes. @file may be NULL: a kernel thread, on behalf of a guest. */
static __noinline int learn(struct gmt_rec_audit *rec, struct task_struct *task, struct file *file)
{
	u32 at = 0;

	rec->flags = 0;
	rec->exe_dev = 0;
	rec->exe_ino = 0;
	if (file) {
		struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);

		at = put_exe(rec, dentry, BPF_CORE_READ(file, f_path.mnt));
		rec->exe_ino = BPF_CORE_READ(dentry, d_inode, i_ino);
		rec->exe_dev = BPF_CORE_READ(dentry, d_inode, i_sb, s_dev);
		rec->flags |= GMT_AUDIT_EXE_KNOWN;
	}
	rec->exe_bytes = at;
	rec->cgroup_bytes = put_cgroup(rec, at, BPF_CORE_READ(task, cgroups, dfl_cgrp, kn)) - at;
	rec->flags |= GMT_AUDIT_CGROUP_KNOWN;
	rec->pid_ns = pid_ns_of(task);
	rec->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	return 0;
}

/* The flags that learn() sets; all others belong to one act. */
#define LEARNT \
	(GMT_AUDIT_EXE_KNOWN | GMT_AUDIT_EXE_CUT | GMT_AUDIT_CGROUP_KNOWN | GMT_AUDIT_CGROUP_CUT)

static __always_inline void tell_task(struct learnt *learnt, struct gmt_rec_audit *rec)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 cgroup_id = bpf_get_current_cgroup_id();
	struct dentry *dentry = NULL, *parent = NULL;
	struct file *file = NULL;
	struct mm_struct *mm = task->mm;
	u64 ids, hash_len = 0;

	if (mm)
		file = mm->exe_file;
	if (file) {
		dentry = file->f_path.dentry;
		hash_len = dentry->d_name.hash_len;
		parent = dentry->d_parent;
	}
	/* A file that took the place of another one, by exec or rename, differs in one of these. */
	if (!learnt->exec_id || learnt->exec_id != task->self_exec_id + 1 ||
	    learnt->exe_file != (u64)file || learnt->exe_dentry != (u64)dentry ||
	    learnt->exe_parent != (u64)parent || learnt->exe_hash_len != hash_len ||
	    learnt->cgroup_id != cgroup_id) {
		learnt->exec_id = task->self_exec_id + 1;
		learnt->exe_file = (u64)file;
		learnt->exe_dentry = (u64)dentry;
		learnt->exe_parent = (u64)parent;
		learnt->exe_hash_len = hash_len;
		learnt->cgroup_id = cgroup_id;
		learn(rec, task, file);
	}
	rec->flags &= LEARNT;
	if (dentry && !dentry->d_hash.pprev)
		rec->flags |= GMT_AUDIT_EXE_DELETED;
	rec->cgroup_id = cgroup_id;
	ids = bpf_get_current_pid_tgid();
	rec->pid = ids >> 32;
	rec->tid = ids;
	ids = bpf_get_current_uid_gid();
	rec->uid = ids;
	rec->gid = ids >> 32;
	rec->euid = task->cred->euid.val;
	rec->loginuid = bpf_core_field_exists(task->loginuid) ? task->loginuid.val : -1;
	rec->sessionid = bpf_core_field_exists(task->sessionid) ? task->sessionid : -1;
	/* It is gone in a task that is about to be. */
	rec->mnt_ns = task->nsproxy ? task->nsproxy->mnt_ns->ns.inum : 0;
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
}

#endif /* _AUDIT_WHO_BPF_H */
