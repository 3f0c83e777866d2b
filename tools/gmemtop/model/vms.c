// SPDX-License-Identifier: GPL-2.0-only
/* The VMs that have bound a gmem. Used by the table and by show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/vms.h"

static bool is_of(const struct gmt_vm *vm, const struct gmt_rec_binding *rec)
{
	/* All of the array: what is behind the name is zero. */
	return vm->vm == rec->vm && !memcmp(vm->consumer, rec->consumer, sizeof(vm->consumer));
}

void gmt_vms_reset(struct gmt_vms *vms)
{
	vms->count = 0;
	vms->known = false;
}

static void count(struct gmt_vm *vm, const struct gmt_rec_binding *rec)
{
	vm->bindings++;
	vm->bound_bytes += rec->size_bytes;
}

int gmt_vms_add(struct gmt_vms *vms, const struct gmt_rec_binding *rec)
{
	struct gmt_vm *vm;

	/* From the last one back: neighbours in the memory mostly are of one VM. */
	for (size_t i = vms->count; i-- > 0;) {
		if (is_of(&vms->list[i], rec)) {
			count(&vms->list[i], rec);
			return 0;
		}
	}
	if (vms->count == vms->capacity) {
		size_t capacity = vms->capacity ? vms->capacity * 2 : 4;
		void *list = reallocarray(vms->list, capacity, sizeof(*vms->list));

		if (!list)
			return -ENOMEM;
		vms->list = list;
		vms->capacity = capacity;
	}
	vm = &vms->list[vms->count++];
	*vm = (struct gmt_vm){ .vm = rec->vm };
	memcpy(vm->consumer, rec->consumer, sizeof(rec->consumer));
	count(vm, rec);
	return 0;
}

static int rank(const struct gmt_vms *vms)
{
	if (!vms->known)
		return 2;
	return vms->count ? 0 : 1;
}

int gmt_vms_compare(const struct gmt_vms *a, const struct gmt_vms *b)
{
	int result = rank(a) - rank(b);

	if (result || rank(a))
		return result;
	result = strncmp(a->list[0].consumer, b->list[0].consumer, sizeof(a->list[0].consumer));
	if (result)
		return result;
	return (a->list[0].vm > b->list[0].vm) - (a->list[0].vm < b->list[0].vm);
}

void gmt_vms_exit(struct gmt_vms *vms)
{
	free(vms->list);
	memset(vms, 0, sizeof(*vms));
}
