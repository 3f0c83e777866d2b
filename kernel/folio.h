/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The folios of a gmem, in the page cache of its inode: look-up, allocation, zeroing,
 * freeing, memory failure.
 */
#ifndef _GMEM_FOLIO_H
#define _GMEM_FOLIO_H

#include "gmem.h"

extern const struct address_space_operations gmem_aops;

/*
 * Handed: the folio was shared, or given to a hypervisor, at some time; its initial
 * contents can no longer be written. Set with the folio locked, or with invalidate_lock
 * held for writing.
 */
static inline bool gmem_folio_handed(const struct folio *folio)
{
	return folio_test_owner_2(folio);
}

static inline void gmem_folio_set_handed(struct folio *folio)
{
	if (!folio_test_owner_2(folio))
		folio_set_owner_2(folio);
}

/* Bytes of @folio inside [first, last]. */
static inline u64 gmem_folio_overlap(const struct folio *folio, pgoff_t first, pgoff_t last)
{
	pgoff_t from = max(first, folio->index);
	pgoff_t to = min(last, folio->index + folio_nr_pages(folio) - 1);

	return (u64)(to - from + 1) << PAGE_SHIFT;
}

struct folio *gmem_folio_reserve(struct gmem *gm, pgoff_t index, enum gmem_state state,
				 struct gmem_ev_fault *times);
struct folio *gmem_folio_get(struct gmem *gm, pgoff_t index, enum gmem_state state,
			     struct gmem_ev_fault *times);
void gmem_folio_write(struct folio *folio, enum gmem_state state, size_t offset,
		      const void *from, size_t len);
struct folio *gmem_folio_find(struct gmem *gm, pgoff_t index);
void gmem_folios_unmap(struct gmem *gm, pgoff_t first, pgoff_t last);
void gmem_folios_discard(struct gmem *gm, pgoff_t first, pgoff_t last);

/* unmap.c */
void gmem_folios_unmap_all(struct gmem *gm);

#endif /* _GMEM_FOLIO_H */
