/* SPDX-License-Identifier: GPL-2.0-only */
/* All there is to tell of one gmem: its row, ranges, bindings, holders, NUMA nodes. Filled and shown by show. */
#ifndef GMT_MODEL_DETAIL_H
#define GMT_MODEL_DETAIL_H

#include "model/table.h"

/* A process that holds descriptors of it; the path of its cgroup is the source's. */
struct gmt_detail_holder {
	struct gmt_rec_holder rec;
	const char *cgroup;
};

/**
 * struct gmt_detail - One gmem; all zero at first, but for the row's cgroup
 * @row: its VMs are known when its bindings are
 * @offset_ns: from CLOCK_BOOTTIME of its host to the wall's
 * @creator_alive: whether the process that made it still runs
 * @ranges: owned; in order, @range_count of them
 * @ranges_unknown: nobody could tell them
 * @bindings: owned; in order of offsets, @binding_count of them
 * @holders: owned; in order of pids, @holder_count of them; @holders_known unless nobody could tell
 * @nodes: owned; in order, @node_count of them; @nodes_known likewise
 */
struct gmt_detail {
	struct gmt_row row;
	int64_t offset_ns;
	bool creator_alive;
	bool ranges_unknown;
	struct gmt_rec_range *ranges;
	size_t range_count;
	size_t range_capacity;
	struct gmt_rec_binding *bindings;
	size_t binding_count;
	size_t binding_capacity;
	bool holders_known;
	struct gmt_detail_holder *holders;
	size_t holder_count;
	size_t holder_capacity;
	bool nodes_known;
	struct gmt_rec_node *nodes;
	size_t node_count;
	size_t node_capacity;
};

/* Add what comes next; gmt_detail_add_binding() its VM too. Return: 0 or -ENOMEM */
int gmt_detail_add_holder(struct gmt_detail *detail, const struct gmt_rec_holder *holder,
			  const char *cgroup);
int gmt_detail_add_node(struct gmt_detail *detail, const struct gmt_rec_node *node);
int gmt_detail_add_range(struct gmt_detail *detail, const struct gmt_rec_range *range);
int gmt_detail_add_binding(struct gmt_detail *detail, const struct gmt_rec_binding *binding);

void gmt_detail_exit(struct gmt_detail *detail);

#endif /* GMT_MODEL_DETAIL_H */
