/* SPDX-License-Identifier: GPL-2.0-only */
/* By whom, to which gmem: the part of a filter that all event programs share. */
#ifndef _FILTER_BPF_H
#define _FILTER_BPF_H

#include "gmem_records.h"

/* Of a filter in read-only data: what it does not ask for costs nothing. */
static __always_inline bool passes(const volatile struct gmt_task_filter *filter, __u64 id)
{
	if ((filter->bits & GMT_FILTER_ID) && id != filter->id)
		return false;
	if ((filter->bits & GMT_FILTER_PID) && bpf_get_current_pid_tgid() >> 32 != filter->pid)
		return false;
	if ((filter->bits & GMT_FILTER_UID) && (__u32)bpf_get_current_uid_gid() != filter->uid)
		return false;
	return !(filter->bits & GMT_FILTER_CGROUP) ||
	       bpf_get_current_ancestor_cgroup_id(filter->cgroup_level) == filter->cgroup_id;
}

#endif /* _FILTER_BPF_H */
