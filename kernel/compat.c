// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kernels do not export to modules. A folio fresh in the page cache waits in a
 * per-CPU batch for its place on the LRU lists, and the batch holds a reference;
 * counting references exactly needs these batches drained.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "compat.h"

static struct workqueue_struct *gmem_drain_wq;
static DEFINE_PER_CPU(struct work_struct, gmem_drain_work);

/* Protects gmem_drain_work: one drain of all CPUs at a time. */
static DEFINE_MUTEX(gmem_drain_lock);

/**
 * gmem_lru_drain_local() - drain this CPU's LRU batches
 *
 * lru_add_drain() is not exported; releasing an empty batch calls it.
 */
void gmem_lru_drain_local(void)
{
	struct folio_batch empty;

	folio_batch_init(&empty);
	__folio_batch_release(&empty);
}

static void gmem_drain_fn(struct work_struct *work)
{
	gmem_lru_drain_local();
}

/**
 * gmem_lru_drain_all() - drain the LRU batches of every CPU
 *
 * Takes no CPU hotplug lock: under it others take mmap_lock, below which callers hold
 * mapping->invalidate_lock. A CPU that goes meanwhile has its batches drained by the
 * kernel, and its work item runs elsewhere; one that comes has nothing from before.
 *
 * Context: may sleep; mapping->invalidate_lock may be held.
 */
void gmem_lru_drain_all(void)
{
	int cpu;

	mutex_lock(&gmem_drain_lock);
	for_each_online_cpu(cpu)
		queue_work_on(cpu, gmem_drain_wq, per_cpu_ptr(&gmem_drain_work, cpu));
	for_each_possible_cpu(cpu)
		flush_work(per_cpu_ptr(&gmem_drain_work, cpu));
	mutex_unlock(&gmem_drain_lock);
}

/**
 * gmem_compat_init() - set up draining
 *
 * Return: 0 or -ENOMEM.
 */
int gmem_compat_init(void)
{
	int cpu;

	gmem_drain_wq = alloc_workqueue("gmem_drain", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!gmem_drain_wq)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(&gmem_drain_work, cpu), gmem_drain_fn);
	return 0;
}

void gmem_compat_exit(void)
{
	destroy_workqueue(gmem_drain_wq);
}
