// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open-coded BPF iterators: for SEC("syscall") programs that look at all gmems, or at
 * a part of one. They hand out values in memory of the iterator's own, so a program
 * can neither keep nor change a kernel object.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "binding.h"
#include "bpf.h"

struct gmem_iter {
	u64 next_id;
	struct gmem_snapshot snapshot;
};

struct gmem_range_iter {
	u64 id;
	u64 offset;
	struct gmem_range range;
};

/*
 * Keeps the set it is in the middle of, and a few bindings ahead, so that not every one costs a
 * look-up and a lock.
 */
struct gmem_binding_iter {
	u64 id;
	u64 offset;
	struct gmem_bindings *set;
	u32 next;
	u32 count;
	struct gmem_binding_info info[8];
};

struct gmem_node_iter {
	u64 id;
	u32 nid;
	struct gmem_node_info info;
};

/* The bindings of the next gmem that has any, referenced. */
static struct gmem_bindings *gmem_iter_bindings(struct gmem_binding_iter *kit)
{
	struct gmem_bindings *set = NULL;
	struct gmem *gm;

	rcu_read_lock();
	while (!set && (gm = gmem_registry_next(kit->id))) {
		if (gm->id != kit->id) {
			kit->id = gm->id;
			kit->offset = 0;
		}
		if (READ_ONCE(gm->bindings->count) && refcount_inc_not_zero(&gm->bindings->refs))
			set = gm->bindings;
		else
			kit->id++;
	}
	rcu_read_unlock();
	return set;
}

static void gmem_snapshot_fill(struct gmem_snapshot *snap, const struct gmem *gm)
{
	memset(snap, 0, sizeof(*snap));
	snap->stats.size = sizeof(snap->stats);
	gmem_stats_fill(gm, &snap->stats);
	memcpy(snap->name, gm->name, sizeof(snap->name));
	snap->created_ns = gm->created_ns;
	snap->creator_start_ns = gm->creator.start_ns;
	snap->creator_cgroup_id = gm->creator.cgroup_id;
	snap->creator_pid = gm->creator.pid;
	snap->creator_uid = gm->creator.uid;
	memcpy(snap->creator_comm, gm->creator.comm, sizeof(snap->creator_comm));
}

__bpf_kfunc_start_defs();

/**
 * bpf_iter_gmem_new() - begin a walk over all gmems, in order of ids
 * @it: the iterator
 * @from_id: lowest id of interest
 *
 * Return: 0 or -ENOMEM; then the walk is empty.
 */
__bpf_kfunc int bpf_iter_gmem_new(struct bpf_iter_gmem *it, u64 from_id)
{
	struct gmem_iter **kit = (void *)it;

	BUILD_BUG_ON(sizeof(*it) != sizeof(*kit));
	*kit = kzalloc(sizeof(**kit), GFP_KERNEL_ACCOUNT);
	if (!*kit)
		return -ENOMEM;
	(*kit)->next_id = from_id;
	return 0;
}

/**
 * bpf_iter_gmem_next() - the next gmem
 * @it: the iterator
 *
 * Return: its snapshot, good until the next call; NULL at the end.
 */
__bpf_kfunc struct gmem_snapshot *bpf_iter_gmem_next(struct bpf_iter_gmem *it)
{
	struct gmem_iter *kit = *(struct gmem_iter **)it;
	struct gmem *gm;

	if (!kit)
		return NULL;
	rcu_read_lock();
	gm = gmem_registry_next(kit->next_id);
	if (gm) {
		gmem_snapshot_fill(&kit->snapshot, gm);
		kit->next_id = gm->id + 1;
	}
	rcu_read_unlock();
	return gm ? &kit->snapshot : NULL;
}

/**
 * bpf_iter_gmem_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_gmem_destroy(struct bpf_iter_gmem *it)
{
	kfree(*(struct gmem_iter **)it);
}

/**
 * bpf_iter_gmem_range_new() - begin a walk over the ranges of a gmem
 * @it: the iterator
 * @id: of the gmem
 * @offset: where to begin, rounded down to a page
 *
 * Return: 0, -ENOENT, -ENOMEM; on an error the walk is empty.
 */
__bpf_kfunc int bpf_iter_gmem_range_new(struct bpf_iter_gmem_range *it, u64 id, u64 offset)
{
	struct gmem_range_iter **kit = (void *)it;
	struct gmem *gm;

	BUILD_BUG_ON(sizeof(*it) != sizeof(*kit));
	*kit = NULL;
	rcu_read_lock();
	gm = gmem_registry_next(id);
	if (gm && gm->id != id)
		gm = NULL;
	rcu_read_unlock();
	if (!gm)
		return -ENOENT;

	*kit = kzalloc(sizeof(**kit), GFP_KERNEL_ACCOUNT);
	if (!*kit)
		return -ENOMEM;
	(*kit)->id = id;
	(*kit)->offset = round_down(offset, PAGE_SIZE);
	return 0;
}

/**
 * bpf_iter_gmem_range_next() - the next run of pages of the same state and residency
 * @it: the iterator
 *
 * A long run may come in pieces: join neighbours with equal flags.
 *
 * Return: the range, good until the next call; NULL at the end, or when the gmem is gone.
 */
__bpf_kfunc struct gmem_range *bpf_iter_gmem_range_next(struct bpf_iter_gmem_range *it)
{
	struct gmem_range_iter *kit = *(struct gmem_range_iter **)it;
	struct gmem_range *range = NULL;
	struct gmem *gm;

	if (!kit)
		return NULL;
	rcu_read_lock();
	gm = gmem_registry_next(kit->id);
	if (gm && gm->id == kit->id && kit->offset < gmem_size_bytes(gm)) {
		range = &kit->range;
		gmem_query_next(gm, kit->offset, gmem_size_bytes(gm), range);
		kit->offset += range->bytes;
	}
	rcu_read_unlock();
	return range;
}

/**
 * bpf_iter_gmem_range_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_gmem_range_destroy(struct bpf_iter_gmem_range *it)
{
	kfree(*(struct gmem_range_iter **)it);
}

/**
 * bpf_iter_gmem_binding_new() - begin a walk over all bindings, in order of gmem and offset
 * @it: the iterator
 * @from_id: lowest id of a gmem of interest
 * @from_offset: where to begin in that gmem, in bytes
 *
 * Return: 0 or -ENOMEM; then the walk is empty.
 */
__bpf_kfunc int bpf_iter_gmem_binding_new(struct bpf_iter_gmem_binding *it, u64 from_id,
					  u64 from_offset)
{
	struct gmem_binding_iter **kit = (void *)it;

	BUILD_BUG_ON(sizeof(*it) != sizeof(*kit));
	*kit = kzalloc(sizeof(**kit), GFP_KERNEL_ACCOUNT);
	if (!*kit)
		return -ENOMEM;
	(*kit)->id = from_id;
	(*kit)->offset = from_offset;
	return 0;
}

/**
 * bpf_iter_gmem_binding_next() - the next binding
 * @it: the iterator
 *
 * Return: the binding, good until the next call; NULL at the end.
 */
__bpf_kfunc struct gmem_binding_info *
bpf_iter_gmem_binding_next(struct bpf_iter_gmem_binding *it)
{
	struct gmem_binding_iter *kit = *(struct gmem_binding_iter **)it;
	struct gmem_binding_info *last;

	if (!kit)
		return NULL;
	if (kit->next < kit->count)
		return &kit->info[kit->next++];
	while (kit->set || (kit->set = gmem_iter_bindings(kit))) {
		kit->count = gmem_bindings_next(kit->set, kit->offset, kit->info,
						ARRAY_SIZE(kit->info));
		if (kit->count) {
			last = &kit->info[kit->count - 1];
			kit->offset = last->offset_bytes + last->size_bytes;
			kit->next = 1;
			return &kit->info[0];
		}
		gmem_bindings_put(kit->set);
		kit->set = NULL;
		kit->id++;
		kit->offset = 0;
	}
	return NULL;
}

/**
 * bpf_iter_gmem_binding_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_gmem_binding_destroy(struct bpf_iter_gmem_binding *it)
{
	struct gmem_binding_iter *kit = *(struct gmem_binding_iter **)it;

	if (kit && kit->set)
		gmem_bindings_put(kit->set);
	kfree(kit);
}

/**
 * bpf_iter_gmem_node_new() - begin a walk over what gmems have on NUMA nodes
 * @it: the iterator
 * @from_id: lowest id of a gmem of interest
 * @from_nid: lowest node of interest in that gmem
 *
 * Return: 0 or -ENOMEM; then the walk is empty.
 */
__bpf_kfunc int bpf_iter_gmem_node_new(struct bpf_iter_gmem_node *it, u64 from_id, u32 from_nid)
{
	struct gmem_node_iter **kit = (void *)it;

	BUILD_BUG_ON(sizeof(*it) != sizeof(*kit));
	*kit = kzalloc(sizeof(**kit), GFP_KERNEL_ACCOUNT);
	if (!*kit)
		return -ENOMEM;
	(*kit)->id = from_id;
	(*kit)->nid = from_nid;
	return 0;
}

/**
 * bpf_iter_gmem_node_next() - the next node that has memory of a gmem, in order of ids and nodes
 * @it: the iterator
 *
 * Return: what it has, good until the next call; NULL at the end.
 */
__bpf_kfunc struct gmem_node_info *bpf_iter_gmem_node_next(struct bpf_iter_gmem_node *it)
{
	struct gmem_node_iter *kit = *(struct gmem_node_iter **)it;
	bool found = false;
	struct gmem *gm;

	if (!kit)
		return NULL;
	rcu_read_lock();
	while (!found && (gm = gmem_registry_next(kit->id))) {
		if (gm->id != kit->id) {
			kit->id = gm->id;
			kit->nid = 0;
		}
		found = gmem_node_next(gm, &kit->nid, &kit->info.resident_bytes);
		if (!found) {
			kit->id++;
			kit->nid = 0;
		}
	}
	rcu_read_unlock();
	if (!found)
		return NULL;
	kit->info.id = kit->id;
	kit->info.nid = kit->nid++;
	return &kit->info;
}

/**
 * bpf_iter_gmem_node_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_gmem_node_destroy(struct bpf_iter_gmem_node *it)
{
	kfree(*(struct gmem_node_iter **)it);
}

__bpf_kfunc_end_defs();

/* A module has one set for a type of programs; policy_kfuncs.c has the last iterator. */
BTF_KFUNCS_START(gmem_kfunc_ids)
BTF_ID_FLAGS(func, bpf_iter_gmem_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_range_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_range_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_range_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_binding_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_binding_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_binding_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_node_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_node_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_node_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_policy_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_policy_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_gmem_policy_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_KFUNCS_END(gmem_kfunc_ids)

static const struct btf_kfunc_id_set gmem_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &gmem_kfunc_ids,
};

/**
 * gmem_bpf_init() - register the kfuncs; the kernel forgets them with the module
 *
 * Return: 0 or -errno.
 */
int gmem_bpf_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &gmem_kfunc_set);
}
