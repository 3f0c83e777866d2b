// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds descriptors of gmems: an iterator over all open files of all tasks that writes one
 * record for each of a gmem. A file of anything else costs three loads. Run by the tool's
 * source/bpf_holders.c, which adds up the records of a process.
 */
#include "gmem_core.bpf.h"
#include "task.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* The superblock's, as kernel/fs.c has it. */
#define GMEM_FS_MAGIC 0x676d656d

struct gmem {
	__u64 id;
	struct inode inode;
} __attribute__((preserve_access_index));

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} __attribute__((preserve_access_index));

/* in: the gmems of interest */
__u64 first_id;
__u64 last_id;
/* Tells this run from those before; user space counts it up. */
__u32 session;
/* out: records left out, since there was no room in tables */
__u32 dropped;

/*
 * The kernel leaves out threads that share their descriptors with their group's leader. Those
 * of others that share among themselves are told of the first one only.
 */
struct table {
	__u64 files;
	__u32 tgid;
	__u32 pad;
};

struct first {
	__u32 pid;
	__u32 session;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct table);
	__type(value, struct first);
} tables SEC(".maps");

static __always_inline bool counted_already(const struct task_struct *task)
{
	struct table key = { .files = (__u64)task->files, .tgid = task->tgid };
	struct first mine = { .pid = task->pid, .session = session };
	struct first *first;

	if (task->pid == task->tgid)
		return false;
	first = bpf_map_lookup_elem(&tables, &key);
	if (first && first->session == session)
		return first->pid != (__u32)task->pid;
	if (bpf_map_update_elem(&tables, &key, &mine, BPF_ANY)) {
		__sync_fetch_and_add(&dropped, 1);
		return true;
	}
	return false;
}

static __always_inline void fill(struct gmt_rec_holder *rec, const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;

	rec->start_ns = leader->start_boottime;
	rec->cgroup_id = leader->cgroups->dfl_cgrp->kn->id;
	rec->pid = task->tgid;
	rec->uid = leader->cred->uid.val;
	rec->fds = 1;
	bpf_core_read_str(rec->comm, sizeof(rec->comm), &leader->comm);
}

SEC("iter/task_file")
int iter_holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct gmt_rec_holder rec = {};
	struct file *file = ctx->file;
	struct inode *inode;
	struct gmem *gm;

	if (!task || !file)
		return 0;
	inode = file->f_inode;
	if (inode->i_sb->s_magic != GMEM_FS_MAGIC)
		return 0;
	gm = (void *)inode - bpf_core_field_offset(struct gmem, inode);
	if (bpf_core_read(&rec.id, sizeof(rec.id), &gm->id))
		return 0;
	if (rec.id < first_id || rec.id > last_id || counted_already(task))
		return 0;
	fill(&rec, task);
	/* Where this does not fit, the kernel hands out what does, and comes here again. */
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}
