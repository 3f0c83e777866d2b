/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bindings of hypervisors: ranges of a gmem that virtual machines use. The set of a gmem's
 * bindings outlives it where a hypervisor still has one.
 */
#ifndef _GMEM_BINDING_H
#define _GMEM_BINDING_H

#include <linux/gmem.h>
#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>

#include "gmem.h"

/**
 * struct gmem_bindings - the bindings of one gmem
 * @refs: the gmem's, and one for each binding
 * @lifetime: outermost of gmem's locks; while it is held, @gm does not go away
 * @gm: the memory; NULL once its file was released
 * @notify: with it held, for reading, nothing is bound or unbound; so it is with @gm's
 *	invalidate_lock
 * @tree: bindings by page index; written with @notify and invalidate_lock held for writing,
 *	read with either held
 * @count: entries of @tree
 * @rcu: who finds a gmem under RCU takes a reference here
 */
struct gmem_bindings {
	refcount_t refs;
	struct mutex lifetime;		/* see above */
	struct gmem *gm;
	struct rw_semaphore notify;
	struct rb_root_cached tree;
	unsigned int count;
	struct rcu_head rcu;
};

/**
 * struct gmem_binding - a range bound by a hypervisor; all of it constant, but @file
 * @set: where it belongs, referenced
 * @file: of the memory, not referenced; NULL once that was released. See get_file_active().
 * @pages: first and last page
 * @ops: the hypervisor's
 * @private: the hypervisor's
 * @info: for those who watch
 */
struct gmem_binding {
	struct gmem_bindings *set;
	struct file *file;
	struct interval_tree_node pages;
	const struct gmem_binding_ops *ops;
	void *private;
	struct gmem_binding_info info;
};

/* One round of telling all bindings that touch a range. */
struct gmem_invalidation {
	struct gmem_bindings *set;
	pgoff_t first;
	pgoff_t last;
	enum gmem_invalidate_cause cause;
	bool told;		/* there was somebody to tell */
	u64 start_ns;
	u64 begun_ns;
};

static inline bool gmem_binding_has(const struct gmem_binding *b, pgoff_t index)
{
	return index >= b->pages.start && index <= b->pages.last;
}

struct gmem_bindings *gmem_bindings_alloc(struct gmem *gm);
void gmem_bindings_put(struct gmem_bindings *set);
void gmem_bindings_release(struct gmem_bindings *set);

void gmem_invalidate_begin(struct gmem_invalidation *inv, struct gmem *gm, pgoff_t first,
			   pgoff_t last, enum gmem_invalidate_cause cause);
void gmem_invalidate_end(struct gmem_invalidation *inv);
void gmem_bindings_error(struct gmem *gm, pgoff_t first, pgoff_t last);

u32 gmem_bindings_next(struct gmem_bindings *set, u64 offset, struct gmem_binding_info *info,
		       u32 max);
bool gmem_bindings_find(struct gmem_bindings *set, u64 offset, struct gmem_binding_info *info);

#endif /* _GMEM_BINDING_H */
