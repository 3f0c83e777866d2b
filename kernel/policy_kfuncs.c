// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kfuncs about policies: facts for the programs that decide, and an open-coded iterator over
 * what is attached for those that watch. All by value; nothing here changes or keeps a
 * kernel object.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "binding.h"
#include "bpf.h"
#include "policy.h"

struct gmem_policy_iter {
	u64 next_id;
	struct gmem_policy_info info;
};

/* Inside an RCU read section. */
static struct gmem *gmem_find(u64 id)
{
	struct gmem *gm = gmem_registry_next(id);

	return gm && gm->id == id ? gm : NULL;
}

static void gmem_copy_out(void *to, u32 to_size, const void *from, size_t size)
{
	memset(to, 0, to_size);
	memcpy(to, from, min_t(size_t, to_size, size));
}

__bpf_kfunc_start_defs();

/**
 * bpf_gmem_get_stats() - statistics of a gmem, for a policy
 * @id: of the gmem; one that is about to be created has none yet
 * @stats: filled as far as it goes, as struct gmem_stats
 * @stats__sz: its size in bytes
 *
 * Return: 0 or -ENOENT.
 */
__bpf_kfunc int bpf_gmem_get_stats(u64 id, void *stats, u32 stats__sz)
{
	struct gmem_stats s = { .size = sizeof(s) };
	struct gmem *gm;

	rcu_read_lock();
	gm = gmem_find(id);
	if (gm)
		gmem_stats_fill(gm, &s);
	rcu_read_unlock();
	gmem_copy_out(stats, stats__sz, &s, gm ? sizeof(s) : 0);
	return gm ? 0 : -ENOENT;
}

/**
 * bpf_gmem_get_range() - state and residency of the pages from an offset on, for a policy
 * @id: of the gmem
 * @offset: rounded down to a page
 * @range: filled as far as it goes, as struct gmem_range; a long run may be told in part
 * @range__sz: its size in bytes
 *
 * Return: 0; -ENOENT (no such gmem), -EINVAL (past its end).
 */
__bpf_kfunc int bpf_gmem_get_range(u64 id, u64 offset, void *range, u32 range__sz)
{
	struct gmem_range r = {};
	struct gmem *gm;
	int err = 0;

	offset = round_down(offset, PAGE_SIZE);
	rcu_read_lock();
	gm = gmem_find(id);
	if (!gm)
		err = -ENOENT;
	else if (offset >= gmem_size_bytes(gm))
		err = -EINVAL;
	else
		gmem_query_next(gm, offset, gmem_size_bytes(gm), &r);
	rcu_read_unlock();
	gmem_copy_out(range, range__sz, &r, err ? 0 : sizeof(r));
	return err;
}

static struct gmem_bindings *gmem_find_bindings(u64 id)
{
	struct gmem_bindings *set = NULL;
	struct gmem *gm;

	rcu_read_lock();
	gm = gmem_find(id);
	if (gm && refcount_inc_not_zero(&gm->bindings->refs))
		set = gm->bindings;
	rcu_read_unlock();
	return set;
}

/**
 * bpf_gmem_get_binding() - who bound a part of a gmem, for a policy
 * @id: of the gmem
 * @offset: in bytes
 * @info: filled as far as it goes, as struct gmem_binding_info: the binding that holds @offset,
 *	or the first behind it
 * @info__sz: its size in bytes
 *
 * Return: 0 or -ENOENT.
 */
__bpf_kfunc int bpf_gmem_get_binding(u64 id, u64 offset, void *info, u32 info__sz)
{
	struct gmem_bindings *set = gmem_find_bindings(id);
	struct gmem_binding_info b = {};
	bool found = false;

	if (set) {
		found = gmem_bindings_find(set, offset, &b);
		gmem_bindings_put(set);
	}
	gmem_copy_out(info, info__sz, &b, found ? sizeof(b) : 0);
	return found ? 0 : -ENOENT;
}

/**
 * bpf_iter_gmem_policy_new() - begin a walk over attached policies, in the order of attaching
 * @it: the iterator
 * @from_id: lowest id of a policy of interest
 *
 * Return: 0 or -ENOMEM; then the walk is empty.
 */
__bpf_kfunc int bpf_iter_gmem_policy_new(struct bpf_iter_gmem_policy *it, u64 from_id)
{
	struct gmem_policy_iter **kit = (void *)it;

	BUILD_BUG_ON(sizeof(*it) != sizeof(*kit));
	*kit = kzalloc(sizeof(**kit), GFP_KERNEL_ACCOUNT);
	if (!*kit)
		return -ENOMEM;
	(*kit)->next_id = from_id;
	return 0;
}

/**
 * bpf_iter_gmem_policy_next() - the next policy
 * @it: the iterator
 *
 * Return: the policy, good until the next call; NULL at the end.
 */
__bpf_kfunc struct gmem_policy_info *
bpf_iter_gmem_policy_next(struct bpf_iter_gmem_policy *it)
{
	struct gmem_policy_iter *kit = *(struct gmem_policy_iter **)it;

	if (!kit || !gmem_policy_next(kit->next_id, &kit->info))
		return NULL;
	kit->next_id = kit->info.policy_id + 1;
	return &kit->info;
}

/**
 * bpf_iter_gmem_policy_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_gmem_policy_destroy(struct bpf_iter_gmem_policy *it)
{
	kfree(*(struct gmem_policy_iter **)it);
}

__bpf_kfunc_end_defs();

/* For policies' own programs. */
BTF_KFUNCS_START(gmem_policy_kfunc_ids)
BTF_ID_FLAGS(func, bpf_gmem_get_stats)
BTF_ID_FLAGS(func, bpf_gmem_get_range)
BTF_ID_FLAGS(func, bpf_gmem_get_binding, KF_SLEEPABLE)
BTF_KFUNCS_END(gmem_policy_kfunc_ids)

static const struct btf_kfunc_id_set gmem_policy_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &gmem_policy_kfunc_ids,
};

/**
 * gmem_policy_kfuncs_init() - register those for policies; bpf.c does so for the iterator
 *
 * Return: 0 or -errno.
 */
int gmem_policy_kfuncs_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &gmem_policy_kfunc_set);
}
