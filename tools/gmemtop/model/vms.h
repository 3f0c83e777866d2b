/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VMs that have bound a gmem: each once, in the order of their first binding in the
 * memory. Part of each row; filled from the source's bindings, shown by the views.
 */
#ifndef GMT_MODEL_VMS_H
#define GMT_MODEL_VMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

/**
 * struct gmt_vm - One VM
 * @consumer: name of its hypervisor; may fill the array without a terminator
 * @vm: number of the VM, as that hypervisor counts
 * @bindings: how many of the gmem's are its
 * @bound_bytes: what they cover
 */
struct gmt_vm {
	char consumer[GMT_CONSUMER_MAX];
	uint64_t vm;
	uint64_t bindings;
	uint64_t bound_bytes;
};

/**
 * struct gmt_vms - The VMs of one gmem; all zero: none are known
 * @list: owned; @count of them
 * @known: the list is whole, else nobody could tell
 */
struct gmt_vms {
	struct gmt_vm *list;
	size_t count;
	size_t capacity;
	bool known;
};

/* gmt_vms_reset() - Forget all; the memory is kept for the next ones */
void gmt_vms_reset(struct gmt_vms *vms);

/* gmt_vms_add() - Add the VM of a binding, unless it is there. Return: 0 or -ENOMEM */
int gmt_vms_add(struct gmt_vms *vms, const struct gmt_rec_binding *rec);

/* gmt_vms_compare() - Order by the first VM; none comes last, and not known after it */
int gmt_vms_compare(const struct gmt_vms *a, const struct gmt_vms *b);

void gmt_vms_exit(struct gmt_vms *vms);

#endif /* GMT_MODEL_VMS_H */
