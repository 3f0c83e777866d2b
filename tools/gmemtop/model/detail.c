// SPDX-License-Identifier: GPL-2.0-only
/* One gmem with its ranges, bindings, holders and NUMA nodes. Used by show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/detail.h"

/* Return: the array with room for one more of @size bytes; NULL leaves it as it is */
static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 64;

	if (count < *capacity)
		return array;
	array = reallocarray(array, wanted, size);
	if (array)
		*capacity = wanted;
	return array;
}

int gmt_detail_add_range(struct gmt_detail *detail, const struct gmt_rec_range *range)
{
	void *ranges =
		grow(detail->ranges, detail->range_count, &detail->range_capacity, sizeof(*range));

	if (!ranges)
		return -ENOMEM;
	detail->ranges = ranges;
	detail->ranges[detail->range_count++] = *range;
	return 0;
}

int gmt_detail_add_binding(struct gmt_detail *detail, const struct gmt_rec_binding *binding)
{
	void *bindings = grow(detail->bindings, detail->binding_count, &detail->binding_capacity,
			      sizeof(*binding));

	if (!bindings)
		return -ENOMEM;
	detail->bindings = bindings;
	detail->bindings[detail->binding_count++] = *binding;
	return gmt_vms_add(&detail->row.vms, binding);
}

int gmt_detail_add_holder(struct gmt_detail *detail, const struct gmt_rec_holder *holder,
			  const char *cgroup)
{
	struct gmt_detail_holder *holders = grow(detail->holders, detail->holder_count,
						 &detail->holder_capacity, sizeof(*holders));

	if (!holders)
		return -ENOMEM;
	detail->holders = holders;
	holders[detail->holder_count].rec = *holder;
	holders[detail->holder_count++].cgroup = cgroup;
	return 0;
}

int gmt_detail_add_node(struct gmt_detail *detail, const struct gmt_rec_node *node)
{
	struct gmt_rec_node *nodes =
		grow(detail->nodes, detail->node_count, &detail->node_capacity, sizeof(*node));

	if (!nodes)
		return -ENOMEM;
	detail->nodes = nodes;
	nodes[detail->node_count++] = *node;
	return 0;
}

void gmt_detail_exit(struct gmt_detail *detail)
{
	free(detail->holders);
	free(detail->nodes);
	free(detail->ranges);
	free(detail->bindings);
	gmt_vms_exit(&detail->row.vms);
	memset(detail, 0, sizeof(*detail));
}
