// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bindings of hypervisors: one run copies up to a batch of them, from a gmem and an
 * offset on, into a global array that user space has mapped. Run by the tool's
 * source/bpf.c; a gmem.ko that cannot tell its bindings answers -EOPNOTSUPP.
 */
#include <linux/errno.h>

#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: where to begin, and the last gmem of interest */
__u64 from_id;
__u64 from_offset_bytes;
__u64 last_id;
/* out: how many there are in bindings; a full batch may not be the end */
__u32 count;
struct gmt_rec_binding bindings[GMT_BINDINGS_BATCH];

static __always_inline void copy(struct gmt_rec_binding *rec, const struct gmem_binding_info *info)
{
	rec->id = info->id;
	rec->offset_bytes = info->offset_bytes;
	rec->size_bytes = info->size_bytes;
	rec->vm = info->vm;
	rec->guest_address = info->guest_address;
	rec->bound_ns = info->bound_ns;
	rec->slot = info->slot;
	bpf_core_read(rec->consumer, sizeof(rec->consumer), &info->consumer);
}

SEC("syscall")
int sys_bindings(void *ctx)
{
	struct gmem_binding_info *info;
	struct bpf_iter_gmem_binding it;
	int err;

	count = 0;
	if (!bpf_ksym_exists(bpf_iter_gmem_binding_new))
		return -EOPNOTSUPP;
	err = bpf_iter_gmem_binding_new(&it, from_id, from_offset_bytes);
	/* The index lives in memory for the verifier's sake, as in snapshot.bpf.c. */
	while (count < GMT_BINDINGS_BATCH && (info = bpf_iter_gmem_binding_next(&it))) {
		__u32 i = count;

		if (i >= GMT_BINDINGS_BATCH || info->id > last_id)
			break;
		copy(&bindings[i], info);
		count = i + 1;
	}
	bpf_iter_gmem_binding_destroy(&it);
	return err;
}
