// SPDX-License-Identifier: GPL-2.0-only
/* Where gmems have their memory, told by the bpf source: ranges, and bytes by NUMA node. */
#include <bpf/libbpf.h>
#include <errno.h>

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "places.skel.h"
#include "source/bpf_source.h"
#include "source/join.h"

static struct gmt_places *open_and_load(bool whole)
{
	struct gmt_places *places = gmt_places__open();
	int err;

	if (!places)
		return NULL;
	bpf_program__set_autoload(places->progs.sys_nodes, whole);
	err = gmt_places__load(places);
	if (!err)
		return places;
	gmt_places__destroy(places);
	errno = -err;
	return NULL;
}

static int load(struct gmt_bpf *bpf, struct gmt_error *error)
{
	if (bpf->places)
		return 0;
	bpf->places = open_and_load(true);
	/* As in bpf.c. */
	if (!bpf->places && errno != EPERM) {
		bpf->places = open_and_load(false);
		bpf->no_nodes = bpf->places;
	}
	return bpf->places ? 0 : gmt_bpf_load_failed(error, "ranges", -errno);
}

int gmt_bpf_ranges(struct gmt_source *source, uint64_t id, gmt_range_fn fn, void *ctx,
		   struct gmt_error *error)
{
	struct gmt_joiner joiner = { .fn = fn, .ctx = ctx };
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct gmt_places__bss *bss;
	uint64_t from = 0;
	uint32_t count;
	int err;

	err = load(bpf, error);
	if (err)
		return err;
	bss = bpf->places->bss;
	do {
		bss->from_id = id;
		bss->from_offset_bytes = from;
		err = gmt_bpf_run(bpf_program__fd(bpf->places->progs.sys_ranges), "ranges", error);
		if (err == -ENOENT)
			return gmt_source_no_such(id, error);
		if (err)
			return err;
		count = bss->count;
		for (uint32_t i = 0; i < count; i++) {
			err = gmt_join(&joiner, &bss->ranges[i]);
			if (err)
				return err;
			from = bss->ranges[i].offset_bytes + bss->ranges[i].size_bytes;
		}
	} while (count == GMT_RANGES_BATCH);
	return gmt_join_end(&joiner);
}

int gmt_bpf_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		  void *ctx, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct gmt_places__bss *bss;
	uint32_t from_nid = 0, count;
	int err;

	err = load(bpf, error);
	if (err)
		return err;
	if (bpf->no_nodes)
		return gmt_bpf_load_failed(error, "nodes", -EOPNOTSUPP);
	bss = bpf->places->bss;
	do {
		bss->from_id = first;
		bss->from_nid = from_nid;
		bss->last_id = last;
		err = gmt_bpf_run(bpf_program__fd(bpf->places->progs.sys_nodes), "nodes", error);
		if (err == -EOPNOTSUPP)
			return gmt_fail(error, GMT_EXIT_MODULE, err,
					"this gmem.ko does not tell bytes by NUMA node");
		if (err)
			return err;
		count = bss->count;
		for (uint32_t i = 0; i < count; i++) {
			err = fn(ctx, &bss->nodes[i]);
			if (err)
				return err;
			first = bss->nodes[i].id;
			from_nid = bss->nodes[i].nid + 1;
		}
	} while (count == GMT_NODES_BATCH);
	return 0;
}
