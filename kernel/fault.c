// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of the host's user space on a mapping: shared pages are served, all else
 * is SIGBUS and an event. The page tables are the only road that bypasses this file, so
 * nothing private may ever be in them: see convert.c.
 */
#include <linux/gmem.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "audit.h"
#include "fault.h"
#include "folio.h"
#include "policy.h"
#include "states.h"

static enum gmem_fault_kind gmem_host_fault_kind(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_REMOTE ? GMEM_FAULT_REMOTE : GMEM_FAULT_HOST;
}

static void gmem_host_fault_begin(struct gmem_fault_trace *trace, const struct gmem *gm,
				  const struct vm_fault *vmf)
{
	gmem_fault_begin(trace, gm, vmf->pgoff, gmem_host_fault_kind(vmf),
			 vmf->flags & FAULT_FLAG_WRITE);
}

static vm_fault_t gmem_fault_result(int err)
{
	switch (err) {
	case -ENOMEM:
		return VM_FAULT_OOM;
	case -EHWPOISON:
		return VM_FAULT_HWPOISON;
	default:
		return VM_FAULT_SIGBUS;
	}
}

static struct gmem_verdict gmem_fault_ask(struct gmem *gm, const struct vm_fault *vmf,
					  struct gmem_fault_trace *trace)
{
	u64 start_ns = trace->on ? ktime_get_ns() : 0;
	struct gmem_verdict verdict;

	verdict = gmem_policy_ask(gm, GMEM_HOOK_FAULT,
				  .offset_bytes = (u64)vmf->pgoff << PAGE_SHIFT,
				  .size_bytes = PAGE_SIZE,
				  .kind = gmem_host_fault_kind(vmf),
				  .write = !!(vmf->flags & FAULT_FLAG_WRITE));
	if (trace->on) {
		trace->ev.policy_ns = ktime_get_ns() - start_ns;
		trace->ev.policy_id = verdict.policy_id;
	}
	return verdict;
}

/*
 * Policies are asked with invalidate_lock held: one that comes takes it for writing to unmap
 * what was allowed before, see gmem_folios_unmap_all().
 */
static struct gmem_verdict gmem_fault_permit(struct gmem *gm, const struct vm_fault *vmf,
					     enum gmem_state state, struct gmem_fault_trace *trace)
{
	struct gmem_verdict verdict = gmem_access_by_fault(state);

	if (unlikely(verdict.err)) {
		gmem_count_denial(gm, verdict.denial);
		gmem_audit_fault(gm, vmf->pgoff, verdict.err);
	} else if (gmem_policy_asks(gm, GMEM_HOOK_FAULT)) {
		verdict = gmem_fault_ask(gm, vmf, trace);
	}
	return verdict;
}

static struct folio *gmem_fault_folio(struct gmem *gm, const struct vm_fault *vmf,
				      enum gmem_state *state, struct gmem_fault_trace *trace,
				      bool *refused)
{
	struct gmem_verdict verdict;

	if (unlikely(vmf->pgoff >= gmem_nr_pages(gm)))
		return ERR_PTR(-EINVAL);
	*state = gmem_states_get(gm, vmf->pgoff);
	verdict = gmem_fault_permit(gm, vmf, *state, trace);
	if (unlikely(verdict.err)) {
		*refused = true;
		return ERR_PTR(verdict.err);
	}
	return gmem_folio_get(gm, vmf->pgoff, *state, gmem_fault_times(trace));
}

/**
 * gmem_vm_fault() - the fault handler of every mapping of a gmem
 * @vmf: the fault
 *
 * The folio is returned locked. A conversion that comes before it is mapped waits for
 * the folio lock, and then takes it out of the page tables again.
 *
 * Return: VM_FAULT_LOCKED, or VM_FAULT_SIGBUS, VM_FAULT_HWPOISON, VM_FAULT_OOM.
 */
vm_fault_t gmem_vm_fault(struct vm_fault *vmf)
{
	struct gmem *gm = gmem_of_file(vmf->vma->vm_file);
	struct address_space *mapping = gm->inode.i_mapping;
	enum gmem_state state = GMEM_STATE_PRIVATE;
	struct gmem_fault_trace trace;
	struct folio *folio;
	bool refused = false;
	int err;

	gmem_host_fault_begin(&trace, gm, vmf);
	gmem_count(gm, GMEM_NR_FAULTS_HOST, 1);

	filemap_invalidate_lock_shared(mapping);
	folio = gmem_fault_folio(gm, vmf, &state, &trace, &refused);
	filemap_invalidate_unlock_shared(mapping);

	err = PTR_ERR_OR_ZERO(folio);
	gmem_fault_end(&trace, state, err);
	if (unlikely(refused))
		return VM_FAULT_SIGBUS;
	if (unlikely(err))
		return gmem_fault_result(err);

	vmf->page = folio_file_page(folio, vmf->pgoff);
	return VM_FAULT_LOCKED;
}
EXPORT_SYMBOL_GPL(gmem_vm_fault);

/* The part of [*first, *last] around @index that is shared without a break. */
static bool gmem_shared_window(struct gmem *gm, pgoff_t index, pgoff_t *first, pgoff_t *last)
{
	pgoff_t run_last = *last;

	if (gmem_states_run(gm, index, &run_last) != GMEM_STATE_SHARED)
		return false;
	*last = run_last;

	run_last = index;
	while (*first < index && (gmem_states_run(gm, *first, &run_last) != GMEM_STATE_SHARED ||
				  run_last != index)) {
		*first = run_last + 1;
		run_last = index;
	}
	return true;
}

/**
 * gmem_vm_map_pages() - fault-around of every mapping: a read maps resident neighbours too
 * @vmf: the fault
 * @first: first page of the window
 * @last: last page of it
 *
 * Called in an RCU read section, hence only a try for the lock; ->fault() follows where
 * this maps nothing. The event tells of the page asked for only.
 *
 * Return: VM_FAULT_NOPAGE when the page asked for was mapped, or 0.
 */
vm_fault_t gmem_vm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last)
{
	struct gmem *gm = gmem_of_file(vmf->vma->vm_file);
	struct address_space *mapping = gm->inode.i_mapping;
	struct gmem_fault_trace trace;
	vm_fault_t ret = 0;

	/* Where the page asked for is not there, mapping its neighbours gains nothing. */
	if (!xa_load(&mapping->i_pages, vmf->pgoff))
		return 0;
	if (!filemap_invalidate_trylock_shared(mapping))
		return 0;
	gmem_host_fault_begin(&trace, gm, vmf);
	if (!gmem_policy_watches(gm, GMEM_HOOK_FAULT) &&
	    gmem_shared_window(gm, vmf->pgoff, &first, &last))
		ret = filemap_map_pages(vmf, first, last);
	filemap_invalidate_unlock_shared(mapping);

	if (ret & VM_FAULT_NOPAGE) {
		gmem_count(gm, GMEM_NR_FAULTS_HOST, 1);
		gmem_fault_end(&trace, GMEM_STATE_SHARED, 0);
	}
	return ret;
}
EXPORT_SYMBOL_GPL(gmem_vm_map_pages);

const struct vm_operations_struct gmem_vm_ops = {
	.fault = gmem_vm_fault,
	.map_pages = gmem_vm_map_pages,
};
