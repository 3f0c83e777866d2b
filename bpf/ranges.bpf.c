// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ranges of one gmem: one run copies up to a batch of them, from an offset on, into
 * a global array that user space has mapped. Run by the tool's source/bpf.c.
 */
#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in */
__u64 gmem_id;
__u64 from_offset_bytes;
/* out: how many there are in ranges; a full batch may not be the end */
__u32 count;
struct gmt_rec_range ranges[GMT_RANGES_BATCH];

SEC("syscall")
int sys_ranges(void *ctx)
{
	struct bpf_iter_gmem_range it;
	struct gmem_range *range;
	int err;

	count = 0;
	err = bpf_iter_gmem_range_new(&it, gmem_id, from_offset_bytes);
	/* The index lives in memory for the verifier's sake, as in snapshot.bpf.c. */
	while (count < GMT_RANGES_BATCH && (range = bpf_iter_gmem_range_next(&it))) {
		__u32 i = count;

		if (i >= GMT_RANGES_BATCH)
			break;
		ranges[i].offset_bytes = range->offset;
		ranges[i].size_bytes = range->bytes;
		ranges[i].flags = range->flags;
		count = i + 1;
	}
	bpf_iter_gmem_range_destroy(&it);
	return err;
}
