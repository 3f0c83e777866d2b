// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding ranges of a gmem to hypervisors, and telling them before and after their pages
 * go away or change state. A binding keeps no gmem alive: where the last descriptor and
 * mapping go first, the binding is released, and stays as an empty shell until unbound.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <trace/events/gmem.h>

#include "binding.h"
#include "policy.h"

/**
 * gmem_bindings_alloc() - an empty set
 * @gm: the memory
 *
 * Return: the set with a reference, or NULL.
 */
struct gmem_bindings *gmem_bindings_alloc(struct gmem *gm)
{
	struct gmem_bindings *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set)
		return NULL;
	refcount_set(&set->refs, 1);
	mutex_init(&set->lifetime);
	init_rwsem(&set->notify);
	set->tree = RB_ROOT_CACHED;
	set->gm = gm;
	return set;
}

/**
 * gmem_bindings_put() - drop a reference
 * @set: the set; readers under RCU may still look at it
 */
void gmem_bindings_put(struct gmem_bindings *set)
{
	if (refcount_dec_and_test(&set->refs))
		kfree_rcu(set, rcu);
}

static struct gmem_binding *gmem_binding_of(struct interval_tree_node *node)
{
	return node ? container_of(node, struct gmem_binding, pages) : NULL;
}

/* The bindings that touch [first, last], in order. */
#define gmem_bindings_each(b, set, first, last)							\
	for (b = gmem_binding_of(interval_tree_iter_first(&(set)->tree, first, last)); b;	\
	     b = gmem_binding_of(interval_tree_iter_next(&b->pages, first, last)))

static void gmem_trace_invalidate(const struct gmem_invalidation *inv,
				  const struct gmem_binding *b, u64 now_ns)
{
	pgoff_t first = max(inv->first, b->pages.start), last = min(inv->last, b->pages.last);
	struct gmem_ev_invalidate ev = {
		.id = b->info.id,
		.offset_bytes = (u64)first << PAGE_SHIFT,
		.size_bytes = (u64)(last - first + 1) << PAGE_SHIFT,
		.vm = b->info.vm,
		.slot = b->info.slot,
		.cause = inv->cause,
		.begin_ns = inv->begun_ns - inv->start_ns,
		.total_ns = now_ns - inv->start_ns,
	};

	memcpy(ev.consumer, b->info.consumer, sizeof(ev.consumer));
	gmem_emit(invalidate, &ev);
}

/**
 * gmem_invalidate_begin() - tell the bindings of a range that its pages are about to change
 * @inv: to be given to gmem_invalidate_end(), within the same hold of the locks
 * @gm: the memory
 * @first: first page
 * @last: last page
 * @cause: why
 *
 * Context: invalidate_lock held for writing, or notify of the set for reading; may sleep.
 */
void gmem_invalidate_begin(struct gmem_invalidation *inv, struct gmem *gm, pgoff_t first,
			   pgoff_t last, enum gmem_invalidate_cause cause)
{
	struct gmem_binding *b;

	*inv = (struct gmem_invalidation){
		.set = gm->bindings,
		.first = first,
		.last = last,
		.cause = cause,
	};
	lockdep_assert(lockdep_is_held_type(&gm->inode.i_mapping->invalidate_lock, 0) ||
		       lockdep_is_held(&inv->set->notify));

	gmem_bindings_each(b, inv->set, first, last) {
		if (!inv->told && trace_gmem_invalidate_enabled())
			inv->start_ns = ktime_get_ns();
		inv->told = true;
		gmem_count(gm, GMEM_NR_INVALIDATIONS, 1);
		b->ops->invalidate_begin(b, max(first, b->pages.start), min(last, b->pages.last));
	}
	if (inv->start_ns)
		inv->begun_ns = ktime_get_ns();
}

/**
 * gmem_invalidate_end() - it is over, carried out or not
 * @inv: from gmem_invalidate_begin()
 */
void gmem_invalidate_end(struct gmem_invalidation *inv)
{
	struct gmem_binding *b;

	if (likely(!inv->told))
		return;
	gmem_bindings_each(b, inv->set, inv->first, inv->last) {
		b->ops->invalidate_end(b, max(inv->first, b->pages.start),
				       min(inv->last, b->pages.last));
		if (inv->start_ns)
			gmem_trace_invalidate(inv, b, ktime_get_ns());
	}
}

/**
 * gmem_bindings_error() - tell the bindings of a range that it was lost to a memory failure
 * @gm: the memory
 * @first: first page
 * @last: last page
 *
 * Context: a folio lock held, so not invalidate_lock; may sleep.
 */
void gmem_bindings_error(struct gmem *gm, pgoff_t first, pgoff_t last)
{
	struct gmem_bindings *set = gm->bindings;
	struct gmem_invalidation inv;
	struct gmem_binding *b;

	down_read(&set->notify);
	gmem_invalidate_begin(&inv, gm, first, last, GMEM_INVALIDATE_ERROR);
	gmem_bindings_each(b, set, first, last)
		b->ops->error(b, max(first, b->pages.start), min(last, b->pages.last));
	gmem_invalidate_end(&inv);
	up_read(&set->notify);
}

static void gmem_trace_bind(const struct gmem_binding_info *info,
			    const struct gmem_verdict *verdict)
{
	struct gmem_ev_bind ev;

	if (!trace_gmem_bind_enabled())
		return;
	ev = (struct gmem_ev_bind){
		.id = info->id,
		.offset_bytes = info->offset_bytes,
		.size_bytes = info->size_bytes,
		.vm = info->vm,
		.slot = info->slot,
		.err = verdict->err,
		.guest_address = info->guest_address,
		.policy_id = verdict->policy_id,
	};
	memcpy(ev.consumer, info->consumer, sizeof(ev.consumer));
	gmem_emit(bind, &ev);
}

static void gmem_trace_unbind(const struct gmem_binding_info *info, enum gmem_unbind_cause cause)
{
	struct gmem_ev_unbind ev;

	if (!trace_gmem_unbind_enabled())
		return;
	ev = (struct gmem_ev_unbind){
		.id = info->id,
		.offset_bytes = info->offset_bytes,
		.size_bytes = info->size_bytes,
		.vm = info->vm,
		.slot = info->slot,
		.cause = cause,
	};
	memcpy(ev.consumer, info->consumer, sizeof(ev.consumer));
	gmem_emit(unbind, &ev);
}

static int gmem_binding_insert(struct gmem_bindings *set, struct gmem_binding *b)
{
	struct address_space *mapping = set->gm->inode.i_mapping;
	int err = 0;

	filemap_invalidate_lock(mapping);
	if (interval_tree_iter_first(&set->tree, b->pages.start, b->pages.last)) {
		err = -EEXIST;
	} else {
		down_write(&set->notify);
		interval_tree_insert(&b->pages, &set->tree);
		WRITE_ONCE(set->count, set->count + 1);
		up_write(&set->notify);
	}
	filemap_invalidate_unlock(mapping);
	return err;
}

static void gmem_binding_erase(struct gmem_bindings *set, struct gmem_binding *b)
{
	lockdep_assert_held_write(&set->notify);
	interval_tree_remove(&b->pages, &set->tree);
	WRITE_ONCE(set->count, set->count - 1);
}

static bool gmem_bind_args_valid(const struct file *file, const struct gmem_bind_args *args)
{
	u64 end;

	return args->bytes && PAGE_ALIGNED(args->offset) && PAGE_ALIGNED(args->bytes) &&
	       !check_add_overflow(args->offset, args->bytes, &end) &&
	       end <= gmem_file_bytes(file);
}

static struct gmem_binding *gmem_binding_alloc(const struct gmem *gm, struct file *file,
					       const struct gmem_bind_args *args)
{
	struct gmem_binding *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	b->set = gm->bindings;
	b->file = file;
	b->pages.start = args->offset >> PAGE_SHIFT;
	b->pages.last = ((args->offset + args->bytes) >> PAGE_SHIFT) - 1;
	b->ops = args->ops;
	b->private = args->private;
	b->info = (struct gmem_binding_info){
		.id = gm->id,
		.offset_bytes = args->offset,
		.size_bytes = args->bytes,
		.vm = args->vm,
		.guest_address = args->guest_address,
		.bound_ns = ktime_get_boottime_ns(),
		.slot = args->slot,
	};
	strscpy_pad(b->info.consumer, args->consumer, sizeof(b->info.consumer));
	return b;
}

static struct gmem_verdict gmem_bind_permit(struct gmem *gm, const struct gmem_binding_info *info)
{
	struct gmem_request request = {
		.hook = GMEM_HOOK_BIND,
		.offset_bytes = info->offset_bytes,
		.size_bytes = info->size_bytes,
		.vm = info->vm,
		.slot = info->slot,
		.guest_address = info->guest_address,
	};

	if (!gmem_policy_asks(gm, GMEM_HOOK_BIND))
		return (struct gmem_verdict){};
	memcpy(request.consumer, info->consumer, sizeof(request.consumer));
	return gmem_policy_decide(gm, &request);
}

/**
 * gmem_bind() - bind a range of a gmem to a virtual machine
 * @file: of the memory, from gmem_file_get(); the binding keeps no reference to it
 * @args: what, and for whom
 *
 * Other ranges of the memory may be bound by others.
 *
 * Context: may sleep.
 * Return: the binding, to be ended by gmem_unbind(); -EINVAL (the range is empty, unaligned
 * or leaves the memory), -EEXIST (a page of it is bound), -ENOMEM, -ENODEV (@args->ops->owner
 * is about to be unloaded), what a policy says.
 */
struct gmem_binding *gmem_bind(struct file *file, const struct gmem_bind_args *args)
{
	struct gmem *gm = gmem_of_file(file);
	struct gmem_bindings *set = gm->bindings;
	struct gmem_verdict verdict;
	struct gmem_binding *b;
	int err;

	if (!gmem_bind_args_valid(file, args))
		return ERR_PTR(-EINVAL);
	b = gmem_binding_alloc(gm, file, args);
	if (!b)
		return ERR_PTR(-ENOMEM);
	if (!try_module_get(b->ops->owner)) {
		err = -ENODEV;
		goto err_free;
	}
	verdict = gmem_bind_permit(gm, &b->info);
	if (!verdict.err) {
		mutex_lock(&set->lifetime);
		verdict.err = gmem_binding_insert(set, b);
		if (!verdict.err)
			refcount_inc(&set->refs);
		mutex_unlock(&set->lifetime);
	}
	gmem_trace_bind(&b->info, &verdict);
	err = verdict.err;
	if (err)
		goto err_put;
	return b;

err_put:
	module_put(b->ops->owner);
err_free:
	kfree(b);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(gmem_bind);

/**
 * gmem_unbind() - end a binding
 * @b: from gmem_bind()
 *
 * The hypervisor has let go of all pages of it, and no look-up is under way. No callback
 * is running when this returns, and none comes any more.
 *
 * Context: may sleep.
 */
void gmem_unbind(struct gmem_binding *b)
{
	struct gmem_bindings *set = b->set;
	struct module *owner = b->ops->owner;

	mutex_lock(&set->lifetime);
	if (b->file) {
		struct address_space *mapping = set->gm->inode.i_mapping;

		filemap_invalidate_lock(mapping);
		down_write(&set->notify);
		gmem_binding_erase(set, b);
		up_write(&set->notify);
		filemap_invalidate_unlock(mapping);
		gmem_trace_unbind(&b->info, GMEM_UNBIND_CONSUMER);
	}
	mutex_unlock(&set->lifetime);
	kfree(b);
	gmem_bindings_put(set);
	module_put(owner);
}
EXPORT_SYMBOL_GPL(gmem_unbind);

/**
 * gmem_binding_private() - what the hypervisor gave with the binding
 * @b: the binding
 *
 * Context: any.
 * Return: gmem_bind_args.private.
 */
void *gmem_binding_private(const struct gmem_binding *b)
{
	return b->private;
}
EXPORT_SYMBOL_GPL(gmem_binding_private);

/**
 * gmem_bindings_release() - the file of a gmem was released: release its bindings
 * @set: the gmem's
 *
 * Context: may sleep.
 */
void gmem_bindings_release(struct gmem_bindings *set)
{
	struct gmem *gm = set->gm;
	struct gmem_invalidation inv;
	struct gmem_binding *b;

	mutex_lock(&set->lifetime);
	filemap_invalidate_lock(gm->inode.i_mapping);
	gmem_invalidate_begin(&inv, gm, 0, gmem_nr_pages(gm) - 1, GMEM_INVALIDATE_RELEASE);
	gmem_invalidate_end(&inv);
	down_write(&set->notify);
	while ((b = gmem_binding_of(interval_tree_iter_first(&set->tree, 0, ULONG_MAX)))) {
		gmem_binding_erase(set, b);
		/* Pairs with get_file_active(): who still sees the file finds it dead. */
		WRITE_ONCE(b->file, NULL);
		gmem_trace_unbind(&b->info, GMEM_UNBIND_RELEASE);
		if (b->ops->release)
			b->ops->release(b);
	}
	set->gm = NULL;
	up_write(&set->notify);
	filemap_invalidate_unlock(gm->inode.i_mapping);
	mutex_unlock(&set->lifetime);
}

/**
 * gmem_bindings_next() - the first bindings that begin at or behind an offset
 * @set: the bindings, referenced
 * @offset: in bytes
 * @info: filled
 * @max: its entries
 *
 * Context: may sleep.
 * Return: how many there are in @info; 0 where there are no more.
 */
u32 gmem_bindings_next(struct gmem_bindings *set, u64 offset, struct gmem_binding_info *info,
		       u32 max)
{
	pgoff_t first = DIV_ROUND_UP_ULL(offset, PAGE_SIZE);
	struct gmem_binding *b;
	u32 n = 0;

	down_read(&set->notify);
	gmem_bindings_each(b, set, first, ULONG_MAX) {
		/* The first one may only reach into this. */
		if (b->pages.start >= first)
			info[n++] = b->info;
		if (n == max)
			break;
	}
	up_read(&set->notify);
	return n;
}

/**
 * gmem_bindings_find() - the binding that holds an offset, or the first behind it
 * @set: the bindings, referenced
 * @offset: in bytes
 * @info: filled
 *
 * Context: may sleep.
 * Return: false where there is none.
 */
bool gmem_bindings_find(struct gmem_bindings *set, u64 offset, struct gmem_binding_info *info)
{
	struct gmem_binding *b;

	down_read(&set->notify);
	b = gmem_binding_of(interval_tree_iter_first(&set->tree, offset >> PAGE_SHIFT, ULONG_MAX));
	if (b)
		*info = b->info;
	up_read(&set->notify);
	return b;
}
