// SPDX-License-Identifier: GPL-2.0-only
/*
 * All gmems by id, for the BPF iterators. A gmem is in here from creation to eviction;
 * look-ups are by RCU and take no reference.
 */
#include <linux/file.h>
#include <linux/xarray.h>

#include "gmem.h"

static DEFINE_XARRAY(gmem_registry);
static atomic64_t gmem_last_id;

/**
 * gmem_registry_new_id() - a fresh identity
 *
 * Return: a number never returned before, over 0.
 */
u64 gmem_registry_new_id(void)
{
	return atomic64_inc_return(&gmem_last_id);
}

/**
 * gmem_registry_reserve() - allocate what gmem_registry_publish() needs
 * @gm: the memory
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int gmem_registry_reserve(struct gmem *gm)
{
	return xa_reserve(&gmem_registry, gm->id, GFP_KERNEL_ACCOUNT);
}

/**
 * gmem_registry_publish() - show a complete gmem to all; cannot fail
 * @gm: the memory, with its place reserved
 */
void gmem_registry_publish(struct gmem *gm)
{
	xa_store(&gmem_registry, gm->id, gm, 0);
}

/**
 * gmem_registry_remove() - hide a gmem, give its place back
 * @gm: the memory, to be freed after an RCU grace period at the earliest
 *
 * Return: true when it had been published.
 */
bool gmem_registry_remove(struct gmem *gm)
{
	return xa_erase(&gmem_registry, gm->id);
}

/**
 * gmem_registry_next() - the next gmem in order of ids
 * @from_id: lowest id of interest
 *
 * Context: inside an RCU read section, which bounds the life of what is returned.
 * Return: the gmem with the lowest id not below @from_id, or NULL.
 */
struct gmem *gmem_registry_next(u64 from_id)
{
	unsigned long id = from_id;

	return xa_find(&gmem_registry, &id, ULONG_MAX, XA_PRESENT);
}

/**
 * gmem_registry_get() - the next gmem in order of ids, to be kept for a while
 * @from_id: lowest id of interest
 *
 * One whose last descriptor and mapping are gone is passed over.
 *
 * Context: any.
 * Return: its file with a reference, to be dropped by fput(); or NULL.
 */
struct file *gmem_registry_get(u64 from_id)
{
	struct file *file = NULL;
	struct gmem *gm;

	rcu_read_lock();
	while (!file && (gm = gmem_registry_next(from_id))) {
		file = get_file_active(&gm->file);
		from_id = gm->id + 1;
	}
	rcu_read_unlock();
	return file;
}
