// SPDX-License-Identifier: GPL-2.0-only
/* What NUMA nodes have of the gmems, told by the bpf source. */
#include <bpf/libbpf.h>
#include <errno.h>

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "nodes.skel.h"
#include "source/bpf_source.h"

/* A gmem.ko without that iterator, or with one that does not fit, must not cost the rest. */
static int load(struct gmt_bpf *bpf, struct gmt_error *error)
{
	if (!bpf->nodes && !bpf->nodes_refused) {
		bpf->nodes = gmt_nodes__open_and_load();
		bpf->nodes_refused = !bpf->nodes;
	}
	return bpf->nodes ? 0 : gmt_bpf_load_failed(error, "nodes", -EOPNOTSUPP);
}

int gmt_bpf_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		  void *ctx, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct gmt_nodes__bss *bss;
	uint32_t from_nid = 0;
	int err;

	err = load(bpf, error);
	if (err)
		return err;
	bss = bpf->nodes->bss;
	bss->last_id = last;
	do {
		bss->from_id = first;
		bss->from_nid = from_nid;
		err = gmt_bpf_run(bpf->nodes->progs.sys_nodes, "nodes", error);
		if (err == -EOPNOTSUPP)
			return gmt_fail(error, GMT_EXIT_MODULE, err,
					"this gmem.ko does not tell bytes by NUMA node");
		if (err)
			return err;
		for (uint32_t i = 0; i < bss->count; i++) {
			err = fn(ctx, &bss->nodes[i]);
			if (err)
				return err;
			first = bss->nodes[i].id;
			from_nid = bss->nodes[i].nid + 1;
		}
	} while (bss->count == GMT_NODES_BATCH);
	return 0;
}

void gmt_bpf_nodes_close(struct gmt_bpf *bpf)
{
	gmt_nodes__destroy(bpf->nodes);
}
