// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folios of a gmem. One that was not zeroed when it was allocated, or lost its contents to
 * a conversion, is not up to date; it is zeroed before anyone gets it. Unmovable,
 * unevictable, never dirty, never written anywhere.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/rcupdate_wait.h>

#include "binding.h"
#include "compat.h"
#include "folio.h"
#include "states.h"

static void gmem_folio_zero(struct folio *folio)
{
	long i;

	for (i = 0; i < folio_nr_pages(folio); i++)
		clear_highpage(folio_page(folio, i));
}

/* Nanoseconds since *@clock, which moves on; nothing unless somebody listens. */
static void gmem_lap(struct gmem_ev_fault *times, u64 *clock, u64 *sum)
{
	u64 now;

	if (!times)
		return;
	now = ktime_get_ns();
	if (sum)
		*sum += now - *clock;
	*clock = now;
}

/* Where a hypervisor keeps a NUMA policy for its memory, it says which node. */
static struct folio *gmem_folio_alloc(struct gmem *gm, pgoff_t index, gfp_t gfp)
{
	struct gmem_owner *owner = gm->owner;
	struct mempolicy *policy;
	struct folio *folio;

	if (likely(!owner || !owner->policy))
		return folio_alloc(gfp, 0);
	policy = owner->policy(owner, index);
	folio = gmem_folio_alloc_policy(gfp, policy);
	if (policy)
		owner->policy_put(policy);
	return folio;
}

/* A fresh folio for @index, locked, in the page cache, up to date only if zero; or -EEXIST. */
static struct folio *gmem_folio_add(struct gmem *gm, pgoff_t index, enum gmem_state state,
				    struct gmem_ev_fault *times)
{
	struct address_space *mapping = gm->inode.i_mapping;
	gfp_t gfp = mapping_gfp_mask(mapping);
	struct folio *folio;
	u64 clock = 0;
	int err;

	gmem_lap(times, &clock, NULL);
	folio = gmem_folio_alloc(gm, index, gfp);
	if (!folio)
		return ERR_PTR(-ENOMEM);
	/* Where the kernel zeroes all it allocates (init_on_alloc), once is enough. */
	if (want_init_on_alloc(gfp))
		__folio_mark_uptodate(folio);
	err = filemap_add_folio(mapping, folio, index, gfp);
	gmem_lap(times, &clock, times ? &times->alloc_ns : NULL);
	if (err) {
		folio_put(folio);
		return ERR_PTR(err);
	}

	gmem_count(gm, GMEM_NR_ALLOCATED_BYTES, folio_size(folio));
	gmem_count_resident(gm, state, folio_size(folio));
	gmem_count_node(gm, folio_nid(folio), folio_size(folio));
	if (times)
		times->allocated = 1;
	gmem_trace_alloc(gm, folio, state);
	return folio;
}

/**
 * gmem_folio_reserve() - the folio of a page, allocated if need be, its contents not looked at
 * @gm: the memory
 * @index: page index, inside the memory
 * @state: state of that page
 * @times: where to add up the time spent, NULL when nobody listens
 *
 * A folio that is not up to date holds what its last owner left: only who overwrites it,
 * or never looks at it, may take it from here.
 *
 * Context: invalidate_lock held; may sleep.
 * Return: the folio locked and referenced; -ENOMEM, -EHWPOISON.
 */
struct folio *gmem_folio_reserve(struct gmem *gm, pgoff_t index, enum gmem_state state,
				 struct gmem_ev_fault *times)
{
	struct folio *folio;

	do {
		folio = filemap_lock_folio(gm->inode.i_mapping, index);
		if (IS_ERR(folio))
			folio = gmem_folio_add(gm, index, state, times);
	} while (folio == ERR_PTR(-EEXIST));
	if (IS_ERR(folio))
		return folio;

	if (unlikely(PageHWPoison(folio_file_page(folio, index)))) {
		folio_unlock(folio);
		folio_put(folio);
		return ERR_PTR(-EHWPOISON);
	}
	return folio;
}

/**
 * gmem_folio_get() - the folio of a page with its contents, allocated if need be
 * @gm: the memory
 * @index: page index, inside the memory
 * @state: state of that page
 * @times: where to add up the time spent, NULL when nobody listens
 *
 * A look-up of a shared page hands it out.
 *
 * Context: invalidate_lock held; may sleep.
 * Return: the folio locked and referenced, up to date; -ENOMEM, -EHWPOISON.
 */
struct folio *gmem_folio_get(struct gmem *gm, pgoff_t index, enum gmem_state state,
			     struct gmem_ev_fault *times)
{
	struct folio *folio = gmem_folio_reserve(gm, index, state, times);
	u64 clock = 0;

	if (IS_ERR(folio))
		return folio;
	if (!folio_test_uptodate(folio)) {
		gmem_lap(times, &clock, NULL);
		gmem_folio_zero(folio);
		folio_mark_uptodate(folio);
		gmem_lap(times, &clock, times ? &times->zero_ns : NULL);
	}
	if (state == GMEM_STATE_SHARED)
		gmem_folio_set_handed(folio);
	return folio;
}

/**
 * gmem_folio_write() - write contents; what is not written of a folio without any is zero
 * @folio: from gmem_folio_reserve(), locked
 * @state: state of its pages
 * @offset: first byte in the folio
 * @from: the contents
 * @len: their length
 */
void gmem_folio_write(struct folio *folio, enum gmem_state state, size_t offset,
		      const void *from, size_t len)
{
	if (!folio_test_uptodate(folio) && len < folio_size(folio))
		gmem_folio_zero(folio);
	memcpy_to_folio(folio, offset, from, len);
	if (!folio_test_uptodate(folio))
		folio_mark_uptodate(folio);
	if (state == GMEM_STATE_SHARED)
		gmem_folio_set_handed(folio);
}

/**
 * gmem_folio_find() - the folio of a page, if it has contents
 * @gm: the memory
 * @index: page index
 *
 * Context: invalidate_lock held; may sleep.
 * Return: the folio locked and referenced; NULL when the page reads as zeroes; -EHWPOISON.
 */
struct folio *gmem_folio_find(struct gmem *gm, pgoff_t index)
{
	struct folio *folio = filemap_lock_folio(gm->inode.i_mapping, index);

	if (IS_ERR(folio))
		return NULL;
	if (unlikely(PageHWPoison(folio_file_page(folio, index)))) {
		folio_unlock(folio);
		folio_put(folio);
		return ERR_PTR(-EHWPOISON);
	}
	if (folio_test_uptodate(folio))
		return folio;
	folio_unlock(folio);
	folio_put(folio);
	return NULL;
}

/**
 * gmem_folios_unmap() - take a range out of every page table
 * @gm: the memory
 * @first: first page
 * @last: last page
 *
 * There are no private copies to spare, and asking for them too removes the entries that
 * a memory failure left, which would outlive the page they stand for.
 *
 * Context: invalidate_lock held for writing, perhaps a folio lock; may sleep.
 */
void gmem_folios_unmap(struct gmem *gm, pgoff_t first, pgoff_t last)
{
	unmap_mapping_pages(gm->inode.i_mapping, first, last - first + 1, true);
}

/* Folios looked at in one RCU read section. */
#define GMEM_WALK_MAX 4096

/*
 * A range is about to be freed: what it has on each node is no longer counted. Nobody adds or
 * removes folios now, and none of them ever moves.
 */
static void gmem_uncount_nodes(struct gmem *gm, pgoff_t first, pgoff_t last)
{
	XA_STATE(xas, &gm->inode.i_mapping->i_pages, first);
	unsigned int walked = 0;
	struct folio *folio;
	int nid = 0;
	s64 bytes = 0;

	rcu_read_lock();
	xas_for_each(&xas, folio, last) {
		if (xas_retry(&xas, folio))
			continue;
		if (folio_nid(folio) != nid) {
			gmem_count_node(gm, nid, -bytes);
			nid = folio_nid(folio);
			bytes = 0;
		}
		bytes += gmem_folio_overlap(folio, first, last);
		if (++walked % GMEM_WALK_MAX == 0) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();
	gmem_count_node(gm, nid, -bytes);
}

/* Free the memory of pages in the same state. Nobody else adds or removes folios now. */
static u64 gmem_discard_run(struct gmem *gm, pgoff_t first, pgoff_t last, enum gmem_state state)
{
	struct address_space *mapping = gm->inode.i_mapping;
	unsigned long before = mapping->nrpages;
	u64 freed;

	if (nr_node_ids > 1)
		gmem_uncount_nodes(gm, first, last);
	truncate_inode_pages_range(mapping, (loff_t)first << PAGE_SHIFT,
				   ((loff_t)(last + 1) << PAGE_SHIFT) - 1);
	freed = (u64)(before - mapping->nrpages) << PAGE_SHIFT;
	gmem_count_resident(gm, state, -(s64)freed);
	if (nr_node_ids == 1)
		gmem_count_node(gm, 0, -(s64)freed);
	return freed;
}

/**
 * gmem_folios_discard() - free the memory of a range; it reads as zeroes afterwards
 * @gm: the memory
 * @first: first page
 * @last: last page
 *
 * Context: invalidate_lock held for writing; may sleep.
 */
void gmem_folios_discard(struct gmem *gm, pgoff_t first, pgoff_t last)
{
	pgoff_t index, run_last;
	u64 freed = 0;

	gmem_folios_unmap(gm, first, last);
	for (index = first; index <= last; index = run_last + 1) {
		enum gmem_state state;

		run_last = last;
		state = gmem_states_run(gm, index, &run_last);
		freed += gmem_discard_run(gm, index, run_last, state);
	}
	gmem_count(gm, GMEM_NR_FREED_BYTES, freed);
	gmem_trace_free(gm, first, last, freed);
}

static int gmem_migrate_folio(struct address_space *mapping, struct folio *dst,
			      struct folio *src, enum migrate_mode mode)
{
	return -EBUSY;
}

/*
 * Called by memory_failure() with the folio locked and out of all page tables, so this
 * must not take invalidate_lock. The folio stays where it is: whoever comes next gets
 * -EHWPOISON instead of silent zeroes, until the range is punched or zeroed by a
 * conversion.
 */
static int gmem_error_remove_folio(struct address_space *mapping, struct folio *folio)
{
	struct gmem *gm = gmem_of(mapping->host);

	gmem_count(gm, GMEM_NR_MEMORY_FAILURES, 1);
	gmem_bindings_error(gm, folio->index, folio->index + folio_nr_pages(folio) - 1);
	gmem_trace_error(gm, folio);
	return MF_DELAYED;
}

const struct address_space_operations gmem_aops = {
	.dirty_folio = noop_dirty_folio,
	.migrate_folio = gmem_migrate_folio,
	.error_remove_folio = gmem_error_remove_folio,
};
