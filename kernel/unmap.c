// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking all of a gmem out of the page tables, so that each page is decided on again when
 * it is next touched; for policies that come and go.
 */
#include <linux/mm.h>

#include "compat.h"
#include "folio.h"
#include "states.h"

/* Folios of one batch that a fault, served before, mapped after they were unmapped. */
static void gmem_unmap_late(struct gmem *gm, struct folio_batch *batch)
{
	unsigned int i;

	for (i = 0; i < folio_batch_count(batch); i++) {
		struct folio *folio = batch->folios[i];

		/* The fault keeps the folio locked until it has mapped it. */
		folio_lock(folio);
		if (folio_mapped(folio))
			gmem_folios_unmap(gm, folio->index, folio_next_index(folio) - 1);
		folio_unlock(folio);
		folio_put(folio);
	}
	folio_batch_reinit(batch);
}

/* One batch of the shared folios from *@next on; only these can be mapped. */
static bool gmem_unmap_late_batch(struct gmem *gm, pgoff_t *next)
{
	struct folio_batch batch;
	pgoff_t last = gmem_nr_pages(gm) - 1;
	enum gmem_state state;

	if (*next > last)
		return false;
	state = gmem_states_run(gm, *next, &last);
	folio_batch_init(&batch);
	if (state != GMEM_STATE_SHARED ||
	    !filemap_get_folios(gm->inode.i_mapping, next, last, &batch))
		*next = last + 1;
	else
		gmem_unmap_late(gm, &batch);
	return true;
}

/**
 * gmem_folios_unmap_all() - no page of a gmem is mapped by what was decided before
 * @gm: the memory
 *
 * Conversions get their turn in between, and find no folio held by this.
 *
 * Context: may sleep.
 */
void gmem_folios_unmap_all(struct gmem *gm)
{
	struct address_space *mapping = gm->inode.i_mapping;
	pgoff_t next = 0;
	bool more;

	filemap_invalidate_lock(mapping);
	more = mapping_mapped(mapping);
	if (more)
		gmem_folios_unmap(gm, 0, gmem_nr_pages(gm) - 1);
	filemap_invalidate_unlock(mapping);

	while (more) {
		filemap_invalidate_lock(mapping);
		more = gmem_unmap_late_batch(gm, &next);
		filemap_invalidate_unlock(mapping);
		cond_resched();
	}
}
