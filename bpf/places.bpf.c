// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where gmems have their memory: the ranges of one of them, and bytes by NUMA node. As
 * snapshot.bpf.c, which those need not pay for who only look at a table.
 */
#include <linux/errno.h>

#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: the gmem to begin with; the last one of interest, of nodes */
__u64 from_id;
__u64 last_id;
/* in: where to begin in that gmem */
__u64 from_offset_bytes;
__u32 from_nid;
/* out: how many records there are; a full batch may not be the end */
__u32 count;

struct gmt_rec_range ranges[GMT_RANGES_BATCH];
struct gmt_rec_node nodes[GMT_NODES_BATCH];

SEC("syscall")
int sys_ranges(void *ctx)
{
	struct bpf_iter_gmem_range it;
	struct gmem_range *range;
	int err;

	count = 0;
	err = bpf_iter_gmem_range_new(&it, from_id, from_offset_bytes);
	/* The index lives in memory for the verifier's sake, as there. */
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

SEC("syscall")
int sys_nodes(void *ctx)
{
	struct gmem_node_info *info;
	struct bpf_iter_gmem_node it;
	int err;

	count = 0;
	/* Nor has an older gmem.ko this iterator. */
	if (!bpf_ksym_exists(bpf_iter_gmem_node_new))
		return -EOPNOTSUPP;
	err = bpf_iter_gmem_node_new(&it, from_id, from_nid);
	while (count < GMT_NODES_BATCH && (info = bpf_iter_gmem_node_next(&it))) {
		__u32 i = count;

		if (i >= GMT_NODES_BATCH || info->id > last_id)
			break;
		nodes[i].id = info->id;
		nodes[i].resident_bytes = info->resident_bytes;
		nodes[i].nid = info->nid;
		count = i + 1;
	}
	bpf_iter_gmem_node_destroy(&it);
	return err;
}
