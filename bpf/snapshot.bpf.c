// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot of the gmems: one run copies up to a batch of them, from an id on, into a
 * global array that user space has mapped. Run by the tool's source/bpf.c; between runs
 * it costs nothing, and no event is listened to.
 */
#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: the first id, and how many are wanted */
__u64 from_id;
__u32 wanted;
/* out: how many there are in rows, when they were read; a full batch may not be the end */
__u32 count;
__u64 taken_ns;
struct gmt_rec_gmem rows[GMT_SNAPSHOT_BATCH];

static __always_inline void copy(struct gmt_rec_gmem *row, const struct gmem_snapshot *snap)
{
	row->id = snap->stats.id;
	row->size_bytes = snap->stats.size_bytes;
	row->resident_private_bytes = snap->stats.resident_private_bytes;
	row->resident_shared_bytes = snap->stats.resident_shared_bytes;
	row->faults_host = snap->stats.faults_host;
	row->faults_guest = snap->stats.faults_guest;
	row->denied_private = snap->stats.denied_private;
	row->denied_flags = snap->stats.denied_flags;
	row->denied_capability = snap->stats.denied_capability;
	row->conversions = snap->stats.conversions;
	row->conversions_failed = snap->stats.conversions_failed;
	row->converted_bytes = snap->stats.converted_bytes;
	row->allocated_bytes = snap->stats.allocated_bytes;
	row->freed_bytes = snap->stats.freed_bytes;
	row->read_bytes = snap->stats.read_bytes;
	row->written_bytes = snap->stats.written_bytes;
	row->inspected_bytes = snap->stats.inspected_bytes;
	row->invalidations = snap->stats.invalidations;
	row->memory_failures = snap->stats.memory_failures;
	/* The first gmem.ko asks no policies. */
	row->denied_policy =
		bpf_core_field_exists(snap->stats.denied_policy) ? snap->stats.denied_policy : 0;
	row->known = GMT_KNOWN_ALL;
	row->create_flags = snap->stats.create_flags;
	row->bindings = snap->stats.bindings;
	row->created_ns = snap->created_ns;
	row->creator_start_ns = snap->creator_start_ns;
	row->creator_cgroup_id = snap->creator_cgroup_id;
	row->creator_pid = snap->creator_pid;
	row->creator_uid = snap->creator_uid;
	bpf_core_read(row->name, sizeof(row->name), &snap->name);
	bpf_core_read(row->creator_comm, sizeof(row->creator_comm), &snap->creator_comm);
}

SEC("syscall")
int sys_snapshot(void *ctx)
{
	struct gmem_snapshot *snap;
	struct bpf_iter_gmem it;
	int err;

	count = 0;
	taken_ns = bpf_ktime_get_boot_ns();
	err = bpf_iter_gmem_new(&it, from_id);
	/*
	 * The index lives in memory, not in a register: the verifier then sees the same
	 * state at every turn, and the loop's bound is the iterator's.
	 */
	while (count < wanted && (snap = bpf_iter_gmem_next(&it))) {
		__u32 i = count;

		if (i >= GMT_SNAPSHOT_BATCH)
			break;
		copy(&rows[i], snap);
		count = i + 1;
	}
	bpf_iter_gmem_destroy(&it);
	return err;
}
