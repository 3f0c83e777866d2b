// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that allows everything and tells what it was asked, when and by whom: what a recording
 * needs for other policies to be tried on it. Each request has its number before it has room, so
 * that one that finds none leaves a gap. Loaded by the tool's source/bpf_requests.c.
 */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>
#include "policy/actor.bpf.h"
#include "request_records.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set anew before loading */
} ring SEC(".maps");

/* Data waiting that is worth waking the reader for; it looks by itself now and then. */
const volatile __u64 wakeup_bytes = 64 << 10;

/* The number given last, and how many of them found no room. */
__u64 last_seq;
__u64 lost;

static __always_inline void tell_groups(struct gmt_rec_request *rec, struct task_struct *task)
{
	struct group_info *groups = BPF_CORE_READ(task, cred, group_info);
	__u64 gids = (__u64)groups + bpf_core_field_offset(groups->gid);
	__u32 count = BPF_CORE_READ(groups, ngroups);

	if (count > GMT_REQUEST_GROUPS) {
		count = GMT_REQUEST_GROUPS;
		rec->unknown |= GMT_REQUEST_NO_GROUPS;
	}
	if (bpf_probe_read_kernel(rec->groups, count * sizeof(rec->groups[0]), (void *)gids)) {
		count = 0;
		rec->unknown |= GMT_REQUEST_NO_GROUPS;
	}
	rec->group_count = count;
}

static __always_inline void tell_cgroups(struct gmt_rec_request *rec)
{
	int level;

	rec->cgroup_id = bpf_get_current_cgroup_id();
	rec->level_count = 0;
	bpf_for(level, 0, GMT_REQUEST_LEVELS) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (!id)
			break;
		rec->cgroup_ids[level] = id;
		rec->level_count = level + 1;
	}
	if (bpf_get_current_ancestor_cgroup_id(GMT_REQUEST_LEVELS))
		rec->unknown |= GMT_REQUEST_NO_LEVELS;
}

static __always_inline void tell_task(struct gmt_rec_request *rec)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *exe = BPF_CORE_READ(task, mm, exe_file, f_inode);

	rec->pid = task->tgid;
	rec->tid = task->pid;
	rec->uid = task->cred->uid.val;
	rec->euid = task->cred->euid.val;
	rec->egid = task->cred->egid.val;
	tell_groups(rec, task);
	tell_cgroups(rec);
	rec->exe_ino = exe ? BPF_CORE_READ(exe, i_ino) : 0;
	rec->exe_dev = exe ? BPF_CORE_READ(exe, i_sb, s_dev) : 0;
	bpf_core_read(rec->comm, sizeof(rec->comm), &task->comm);
	if (bpf_core_read(rec->process_comm, sizeof(rec->process_comm), &task->group_leader->comm))
		rec->unknown |= GMT_REQUEST_NO_COMM;
}

static __always_inline void tell_request(struct gmt_rec_request *rec,
					 const struct gmem_request *request)
{
	struct gmem_stats stats = {};

	rec->id = request->id;
	rec->offset_bytes = request->offset_bytes;
	rec->size_bytes = request->size_bytes;
	rec->memory_bytes = request->memory_bytes;
	rec->hook = request->hook;
	rec->create_flags = request->create_flags;
	rec->act = request->act;
	rec->kind = request->kind;
	rec->write = request->write;
	rec->to = request->to;
	rec->content = request->content;
	rec->slot = request->slot;
	rec->vm = request->vm;
	rec->guest_address = request->guest_address;
	rec->created_ns = request->created_ns;
	rec->creator_cgroup_id = request->creator_cgroup_id;
	rec->creator_start_ns = request->creator_start_ns;
	rec->creator_pid = request->creator_pid;
	rec->creator_uid = request->creator_uid;
	bpf_core_read(rec->consumer, sizeof(rec->consumer), &request->consumer);
	bpf_core_read(rec->name, sizeof(rec->name), &request->name);
	rec->bindings = 0;
	/* Of one that is about to be created nothing is known, and nothing bound. */
	if (request->hook == GMEM_HOOK_CREATE)
		return;
	if (bpf_gmem_get_stats(rec->id, &stats, sizeof(stats)))
		rec->unknown |= GMT_REQUEST_NO_BINDINGS;
	else
		rec->bindings = stats.bindings;
}

static __noinline int tell(const struct gmem_request *request)
{
	struct gmt_rec_request *rec;
	__u64 seq, flags;

	seq = __sync_fetch_and_add(&last_seq, 1) + 1;
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	rec->seq = seq;
	rec->time_ns = bpf_ktime_get_boot_ns();
	rec->monotonic_ns = bpf_ktime_get_ns();
	rec->unknown = 0;
	rec->__pad = 0;
	tell_request(rec, request);
	tell_task(rec);
	flags = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wakeup_bytes ? BPF_RB_FORCE_WAKEUP :
									      BPF_RB_NO_WAKEUP;
	bpf_ringbuf_submit(rec, flags);
	return 0;
}

#define TELLS(hook)                                            \
	SEC("struct_ops/" #hook)                               \
	int BPF_PROG(hook, const struct gmem_request *request) \
	{                                                      \
		return tell(request);                          \
	}

TELLS(create)
TELLS(mmap)
TELLS(fault)
TELLS(io)
TELLS(convert)
TELLS(bind)
TELLS(inspect)
TELLS(discard)

/* Its name is set before loading. It watches only: memory that requires a policy stays closed. */
SEC(".struct_ops.link")
struct gmem_policy_ops policy = {
	.create = (void *)create,
	.mmap = (void *)mmap,
	.fault = (void *)fault,
	.io = (void *)io,
	.convert = (void *)convert,
	.bind = (void *)bind,
	.inspect = (void *)inspect,
	.discard = (void *)discard,
	.name = "record",
	.scope = GMEM_SCOPE_ALL,
	.flags = GMEM_POLICY_MONITOR,
};
