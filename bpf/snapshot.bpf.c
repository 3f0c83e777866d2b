// SPDX-License-Identifier: GPL-2.0-only
/*
 * What there is: gmems, and the bindings of them. One run of a program copies up to a batch, from
 * where it is told to begin, into a global array that user space has mapped. Run by the tool's
 * source/bpf.c; between runs they cost nothing, and no event is listened to. They are one object,
 * which the tool loads first of all: by its light skeleton, see source/bpf_snapshot.h.
 */
#include <linux/errno.h>

#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: the gmem to begin with; the last one of interest */
__u64 from_id;
__u64 last_id;
/* in: where to begin in that gmem */
__u64 from_offset_bytes;
/* in: how many gmems are wanted */
__u32 wanted;
/* out: how many records there are; a full batch may not be the end */
__u32 count;
/* out, of gmems: when they were read */
__u64 taken_ns;

struct gmt_rec_gmem rows[GMT_SNAPSHOT_BATCH];
struct gmt_rec_binding bindings[GMT_BINDINGS_BATCH];

static __always_inline void copy_gmem(struct gmt_rec_gmem *row, const struct gmem_snapshot *snap)
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
	copy_words(row->name, &snap->name, sizeof(row->name));
	copy_words(row->creator_comm, &snap->creator_comm, sizeof(row->creator_comm));
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
		copy_gmem(&rows[i], snap);
		count = i + 1;
	}
	bpf_iter_gmem_destroy(&it);
	return err;
}

static __always_inline void copy_binding(struct gmt_rec_binding *rec,
					 const struct gmem_binding_info *info)
{
	rec->id = info->id;
	rec->offset_bytes = info->offset_bytes;
	rec->size_bytes = info->size_bytes;
	rec->vm = info->vm;
	rec->guest_address = info->guest_address;
	rec->bound_ns = info->bound_ns;
	rec->slot = info->slot;
	copy_words(rec->consumer, &info->consumer, sizeof(rec->consumer));
}

SEC("syscall")
int sys_bindings(void *ctx)
{
	struct gmem_binding_info *info;
	struct bpf_iter_gmem_binding it;
	int err;

	count = 0;
	/* The first gmem.ko has no bindings. */
	if (!bpf_ksym_exists(bpf_iter_gmem_binding_new))
		return -EOPNOTSUPP;
	err = bpf_iter_gmem_binding_new(&it, from_id, from_offset_bytes);
	while (count < GMT_BINDINGS_BATCH && (info = bpf_iter_gmem_binding_next(&it))) {
		__u32 i = count;

		if (i >= GMT_BINDINGS_BATCH || info->id > last_id)
			break;
		copy_binding(&bindings[i], info);
		count = i + 1;
	}
	bpf_iter_gmem_binding_destroy(&it);
	return err;
}
