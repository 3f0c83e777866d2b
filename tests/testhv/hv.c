// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hypervisor's driver does with gmem: binds ranges as memory of a VM, fills a guest page
 * table on faults, and empties it when it is told to. docs/hypervisors.md walks through this
 * file. device.c stands for vCPUs and a VMM's ioctls; for tests only is hv_dawdle() alone.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

#include "hv.h"

static void hv_invalidate_begin(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct hv_region *r = gmem_binding_private(b);
	unsigned long index;
	void *entry;

	down_write(&r->mmu_lock);
	/* Pairs with hv_fault(). */
	smp_store_release(&r->invalidations, r->invalidations + 1);
	r->in_progress++;
	xa_for_each_range(&r->table, index, entry, first, last)
		xa_erase(&r->table, index);
	/* Here TLBs are flushed. No vCPU runs on the old entries: it would hold the lock. */
	up_write(&r->mmu_lock);
}

static void hv_invalidate_end(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct hv_region *r = gmem_binding_private(b);

	down_write(&r->mmu_lock);
	r->in_progress--;
	up_write(&r->mmu_lock);
	wake_up_all(&r->wait);
}

static void hv_error(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	/* The pages are out of the table. A machine check for the guest would go here. */
}

const struct gmem_binding_ops hv_binding_ops = {
	.owner = THIS_MODULE,
	.invalidate_begin = hv_invalidate_begin,
	.invalidate_end = hv_invalidate_end,
	.error = hv_error,
};

/* Into the table with a page, unless it was announced as gone since it was looked up. */
static int hv_fault(struct hv_region *r, pgoff_t index, bool write)
{
	struct gmem_page page;
	unsigned long seen;
	int err;

	/* Pairs with hv_invalidate_begin(): read before the page is looked up. */
	seen = smp_load_acquire(&r->invalidations);
	err = gmem_binding_get_page(r->binding, index, GMEM_WANT_ANY, write, &page);
	if (err)
		return err;

	hv_dawdle(r);
	down_write(&r->mmu_lock);
	if (r->in_progress || r->invalidations != seen) {
		r->retries++;
		err = -EAGAIN;
	} else {
		err = xa_err(xa_store(&r->table, index, xa_tag_pointer(page.page, page.state),
				      GFP_KERNEL));
	}
	up_write(&r->mmu_lock);
	/* An entry of the table holds no reference: it goes before the page does. */
	put_page(page.page);
	return err;
}

/* A vCPU touches guest memory; where the table has no page for it, it faults. */
static int hv_region_run(struct hv_region *r, pgoff_t index, bool write, hv_run_fn run, void *arg)
{
	void *entry;
	int err;

	for (;;) {
		down_read(&r->mmu_lock);
		entry = xa_load(&r->table, index);
		if (entry)
			err = run(r, index, xa_untag_pointer(entry), xa_pointer_tag(entry), arg);
		up_read(&r->mmu_lock);
		if (entry)
			return err;

		err = hv_fault(r, index, write);
		/* Not before the invalidation is over is a look-up good for anything. */
		if (err == -EAGAIN)
			err = wait_event_killable(r->wait, !READ_ONCE(r->in_progress));
		if (err)
			return err;
	}
}

struct hv_region *hv_region_find(struct hv_vm *vm, u64 guest_address)
{
	for (int slot = 0; slot < TESTHV_SLOTS; slot++) {
		struct hv_region *r = vm->regions[slot];

		if (r && guest_address >= r->guest_address &&
		    guest_address - r->guest_address < r->bytes)
			return r;
	}
	return NULL;
}

int hv_guest_run(struct hv_vm *vm, u64 guest_address, bool write, hv_run_fn run, void *arg)
{
	struct hv_region *r;

	guard(rwsem_read)(&vm->regions_lock);
	r = hv_region_find(vm, guest_address);
	if (!r)
		return -ENOENT;
	return hv_region_run(r, hv_region_index(r, guest_address), write, run, arg);
}

/* A guest's hypercall; its table is emptied by the callbacks, as for everybody's conversion. */
int hv_guest_convert(struct hv_vm *vm, u64 guest_address, u64 bytes, enum gmem_state to,
		     enum gmem_content content, u64 *error_offset)
{
	struct hv_region *r;

	guard(rwsem_read)(&vm->regions_lock);
	r = hv_region_find(vm, guest_address);
	if (!r)
		return -ENOENT;
	return gmem_binding_convert(r->binding, r->offset + guest_address - r->guest_address,
				    bytes, to, content, error_offset);
}

static struct gmem_binding *hv_bind_fd(struct hv_vm *vm, struct hv_region *r, int fd)
{
	struct gmem_bind_args args = {
		.offset = r->offset,
		.bytes = r->bytes,
		.ops = r->ops,
		.private = r,
		.consumer = "testhv",
		.vm = vm->id,
		.slot = r->slot,
		.guest_address = r->guest_address,
	};
	struct file *file __free(fput) = gmem_file_get(fd);

	return IS_ERR(file) ? ERR_CAST(file) : gmem_bind(file, &args);
}

/* Callbacks may come before gmem_bind() returns: all that they use is ready before. */
int hv_region_bind(struct hv_vm *vm, struct hv_region *r, int fd)
{
	init_rwsem(&r->mmu_lock);
	init_waitqueue_head(&r->wait);
	xa_init(&r->table);

	guard(rwsem_write)(&vm->regions_lock);
	if (vm->regions[r->slot])
		return -EBUSY;
	r->binding = hv_bind_fd(vm, r, fd);
	if (IS_ERR(r->binding))
		return PTR_ERR(r->binding);
	vm->regions[r->slot] = r;
	return 0;
}

/* With the lock held for writing no vCPU and no look-up is under way. */
struct hv_region *hv_region_unbind(struct hv_vm *vm, u32 slot)
{
	struct hv_region *r;

	guard(rwsem_write)(&vm->regions_lock);
	r = vm->regions[slot];
	if (!r)
		return NULL;
	vm->regions[slot] = NULL;
	gmem_unbind(r->binding);
	xa_destroy(&r->table);
	return r;
}
