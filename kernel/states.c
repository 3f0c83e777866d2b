// SPDX-License-Identifier: GPL-2.0-only
/*
 * Range states in a maple tree: a value entry where pages are shared, nothing where
 * they are private. Neighbouring shared ranges are kept joined, so that the tree holds
 * as many entries as there are ranges.
 */
#include <linux/xarray.h>

#include "states.h"

#define GMEM_SHARED_ENTRY xa_mk_value(GMEM_STATE_SHARED)

/**
 * gmem_states_init() - make all pages private
 * @gm: the memory, whose inode is initialised
 */
void gmem_states_init(struct gmem *gm)
{
	/*
	 * ALLOC_RANGE for the kind of its inner nodes: those of the other kind keep their
	 * metadata in the last slot, where the maple tree of 6.12 and 7.3, freeing a subtree
	 * of three levels under RCU, takes it for a node.
	 */
	mt_init_flags(&gm->states,
		      MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU);
	mt_set_external_lock(&gm->states, &gm->inode.i_mapping->invalidate_lock);
}

/**
 * gmem_states_destroy() - free the tree
 * @gm: the memory
 *
 * Context: invalidate_lock held for writing. RCU readers may still be inside.
 */
void gmem_states_destroy(struct gmem *gm)
{
	__mt_destroy(&gm->states);
}

/**
 * gmem_states_run() - state of a page, and how far it holds
 * @gm: the memory
 * @index: page index
 * @last: in, the last index of interest; out, the last with the same state, at most that
 *
 * A run may be reported in pieces.
 *
 * Context: invalidate_lock held, or inside an RCU read section for a hint.
 * Return: the state of @index.
 */
enum gmem_state gmem_states_run(struct gmem *gm, pgoff_t index, pgoff_t *last)
{
	MA_STATE(mas, &gm->states, index, index);
	void *entry;

	rcu_read_lock();
	entry = mas_walk(&mas);
	rcu_read_unlock();
	*last = min(*last, mas.last);
	return entry ? GMEM_STATE_SHARED : GMEM_STATE_PRIVATE;
}

/* Widen @mas to the shared ranges that touch [first, last]. */
static void gmem_states_join(struct gmem *gm, struct ma_state *mas, pgoff_t first, pgoff_t last)
{
	MA_STATE(near, &gm->states, 0, 0);
	pgoff_t joined_first = first, joined_last = last;

	if (first) {
		mas_set(&near, first - 1);
		if (mas_walk(&near))
			joined_first = near.index;
	}
	mas_set(&near, last + 1);
	if (mas_walk(&near))
		joined_last = near.last;
	mas_set_range(mas, joined_first, joined_last);
}

/**
 * gmem_states_prepare() - allocate what a change of state needs
 * @gm: the memory
 * @mas: a fresh state of @gm->states; end it with gmem_states_commit() or mas_destroy()
 * @first: first page
 * @last: last page
 * @to: the state to be
 *
 * Context: invalidate_lock held for writing until the end. May sleep.
 * Return: 0 or -ENOMEM, then @mas needs nothing.
 */
int gmem_states_prepare(struct gmem *gm, struct ma_state *mas, pgoff_t first, pgoff_t last,
			enum gmem_state to)
{
	void *entry = to == GMEM_STATE_SHARED ? GMEM_SHARED_ENTRY : NULL;

	if (entry)
		gmem_states_join(gm, mas, first, last);
	else
		mas_set_range(mas, first, last);
	return mas_preallocate(mas, entry, GFP_KERNEL);
}

/**
 * gmem_states_commit() - carry out a prepared change; cannot fail
 * @mas: from gmem_states_prepare()
 * @to: as given to it
 *
 * Context: invalidate_lock held for writing.
 */
void gmem_states_commit(struct ma_state *mas, enum gmem_state to)
{
	mas_store_prealloc(mas, to == GMEM_STATE_SHARED ? GMEM_SHARED_ENTRY : NULL);
}
