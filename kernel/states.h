/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Range states: which pages are shared, as ranges in a maple tree. Callers hold
 * mapping->invalidate_lock, for writing where they change a state.
 */
#ifndef _GMEM_STATES_H
#define _GMEM_STATES_H

#include "gmem.h"

void gmem_states_init(struct gmem *gm);
void gmem_states_destroy(struct gmem *gm);
enum gmem_state gmem_states_run(struct gmem *gm, pgoff_t index, pgoff_t *last);
int gmem_states_prepare(struct gmem *gm, struct ma_state *mas, pgoff_t first, pgoff_t last,
			enum gmem_state to);
void gmem_states_commit(struct ma_state *mas, enum gmem_state to);

/**
 * gmem_states_get() - state of a page
 * @gm: the memory
 * @index: page index
 *
 * Context: invalidate_lock held, or inside an RCU read section for a hint.
 * Return: its state.
 */
static inline enum gmem_state gmem_states_get(struct gmem *gm, pgoff_t index)
{
	return mtree_load(&gm->states, index) ? GMEM_STATE_SHARED : GMEM_STATE_PRIVATE;
}

#endif /* _GMEM_STATES_H */
