/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events on their way to user space: the filter, the ring buffer, the count of what found
 * no room. Included by the programs of each source after its types.
 */
#ifndef _RING_BPF_H
#define _RING_BPF_H

#include "filter.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set anew before loading */
} ring SEC(".maps");

const volatile struct gmt_event_filter filter;
/* Data waiting that is worth waking the reader for; it looks by itself now and then. */
const volatile __u64 wakeup_bytes = 64 << 10;

/* Events that passed the filter and found no room, by event. */
__u64 ring_full[GMT_EVENT_MAX];

static __always_inline bool wanted(__u64 id, __s32 err)
{
	if (filter.err_filter == GMT_ERR_FAILED && !err)
		return false;
	if (filter.err_filter == GMT_ERR_ONE && err != filter.err)
		return false;
	return passes(&filter.task, id);
}

static __always_inline struct gmt_rec_event *reserve(enum gmt_event event, __u64 id, __s32 err)
{
	struct gmt_rec_event *rec;
	__u64 task;

	if (!wanted(id, err))
		return NULL;
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		/* The cause is one only: no room (or, from 6.15 on, its lock given up). */
		__sync_fetch_and_add(&ring_full[event], 1);
		return NULL;
	}
	task = bpf_get_current_pid_tgid();
	rec->time_ns = bpf_ktime_get_boot_ns();
	rec->id = id;
	rec->cgroup_id = bpf_get_current_cgroup_id();
	rec->event = event;
	rec->unknown = 0;
	rec->pid = task >> 32;
	rec->tid = task;
	rec->uid = bpf_get_current_uid_gid();
	bpf_get_current_comm(rec->comm, sizeof(rec->comm));
	return rec;
}

static __always_inline void submit(struct gmt_rec_event *rec)
{
	bool wake = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wakeup_bytes;

	bpf_ringbuf_submit(rec, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif /* _RING_BPF_H */
