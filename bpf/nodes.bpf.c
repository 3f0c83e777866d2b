// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes by gmem and NUMA node: one run copies up to a batch of them, from a gmem and a node
 * on, into a global array that user space has mapped. Run by the tool's source/bpf_nodes.c;
 * a gmem.ko that cannot tell answers -EOPNOTSUPP.
 */
#include <linux/errno.h>

#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* in: where to begin, and the last gmem of interest */
__u64 from_id;
__u32 from_nid;
__u64 last_id;
/* out: how many there are in nodes; a full batch may not be the end */
__u32 count;
struct gmt_rec_node nodes[GMT_NODES_BATCH];

SEC("syscall")
int sys_nodes(void *ctx)
{
	struct gmem_node_info *info;
	struct bpf_iter_gmem_node it;
	int err;

	count = 0;
	if (!bpf_ksym_exists(bpf_iter_gmem_node_new))
		return -EOPNOTSUPP;
	err = bpf_iter_gmem_node_new(&it, from_id, from_nid);
	/* The index lives in memory for the verifier's sake, as in snapshot.bpf.c. */
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
