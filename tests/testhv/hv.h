/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM of the make-believe hypervisor, as hv.c keeps it and device.c drives it. */
#ifndef HV_H
#define HV_H

#include <linux/delay.h>
#include <linux/gmem.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "testhv.h"

/**
 * struct hv_region - guest memory backed by a bound range of a gmem; embed it
 * @slot: number in its VM
 * @guest_address: where it begins in the guest
 * @bytes: length
 * @offset: where it begins in the gmem
 * @ops: what gmem calls
 * @binding: gmem's
 * @mmu_lock: held for reading while a vCPU runs on @table, for writing to change what follows
 * @table: the guest page table: page index in the gmem -> page, tagged with its state
 * @invalidations: how many have begun
 * @in_progress: how many of these have not ended
 * @retries: look-ups that came too late
 * @wait: for @in_progress to become 0
 * @dawdle_ms: see hv_dawdle()
 */
struct hv_region {
	u32 slot;
	u64 guest_address;
	u64 bytes;
	u64 offset;
	const struct gmem_binding_ops *ops;
	struct gmem_binding *binding;
	struct rw_semaphore mmu_lock;
	struct xarray table;
	unsigned long invalidations;
	unsigned long in_progress;
	unsigned long retries;
	wait_queue_head_t wait;
	unsigned int dawdle_ms;
};

/**
 * struct hv_vm - a virtual machine; embed it
 * @id: for those who watch
 * @regions_lock: @regions; taken before any call of gmem, so never in a callback
 * @regions: by slot
 */
struct hv_vm {
	u64 id;
	struct rw_semaphore regions_lock;
	struct hv_region *regions[TESTHV_SLOTS];
};

/* Between a look-up and its use a vCPU may be preempted for long. Tests make sure of it. */
static inline void hv_dawdle(const struct hv_region *r)
{
	unsigned int ms = READ_ONCE(r->dawdle_ms);

	if (unlikely(ms))
		msleep(ms);
}

/* Which page of the gmem is at a guest address. */
static inline pgoff_t hv_region_index(const struct hv_region *r, u64 guest_address)
{
	return (r->offset + guest_address - r->guest_address) >> PAGE_SHIFT;
}

/* A vCPU at work on one page, which is its own until this returns. */
typedef int (*hv_run_fn)(struct hv_region *r, pgoff_t index, struct page *page,
			 enum gmem_state state, void *arg);

extern const struct gmem_binding_ops hv_binding_ops;

int hv_region_bind(struct hv_vm *vm, struct hv_region *r, int fd);
struct hv_region *hv_region_unbind(struct hv_vm *vm, u32 slot);
struct hv_region *hv_region_find(struct hv_vm *vm, u64 guest_address);
int hv_guest_run(struct hv_vm *vm, u64 guest_address, bool write, hv_run_fn run, void *arg);
int hv_guest_convert(struct hv_vm *vm, u64 guest_address, u64 bytes, enum gmem_state to,
		     enum gmem_content content, u64 *error_offset);

#endif /* HV_H */
