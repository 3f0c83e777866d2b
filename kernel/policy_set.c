// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set of attached policies: attach, replace, detach, list. What is mapped already is
 * taken out of the page tables where a change gives somebody a say about it, so that an
 * attached policy is asked about every touch from then on.
 */
#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "folio.h"
#include "policy_set.h"

/* Guards the lists for writing, and the pointers to programs. */
static DEFINE_MUTEX(gmem_policy_lock);
static LIST_HEAD(gmem_policies_all);
static u64 gmem_policy_last_id;

LIST_HEAD(gmem_policies_wide);

static const struct gmem_policy_ops *gmem_policy_ops_locked(const struct gmem_policy *p)
{
	return rcu_dereference_protected(p->ops, lockdep_is_held(&gmem_policy_lock));
}

/* For good: patching code for each policy that comes and goes would stop all CPUs each time. */
static void gmem_policy_keys_enable(u32 hooks)
{
	enum gmem_hook hook;

	for (hook = 0; hook < GMEM_NR_HOOKS; hook++)
		if (hooks & BIT(hook))
			static_branch_enable(&gmem_policy_keys[hook]);
}

/* No reader uses what was taken off a list, or the programs that were replaced, any more. */
static void gmem_policy_synchronize(void)
{
	synchronize_srcu(&gmem_policy_srcu);
	synchronize_rcu();
}

/* Is a gmem touched by a change of @p from, or to, @ops? */
static bool gmem_policy_changes(const struct gmem_policy *p, const struct gmem_policy_ops *ops,
				const struct gmem *gm, bool asks)
{
	if (!asks && !(gm->flags & GMEM_CREATE_POLICY_REQUIRED))
		return false;
	if (ops->scope == GMEM_SCOPE_GMEM)
		return gm->id == ops->scope_id;
	return gmem_policy_covers(p, ops, gm);
}

/**
 * gmem_policy_settle() - a policy came, changed or went: let no mapping of before bypass it
 * @p: the policy
 * @ops: its programs; where it goes, those it had
 * @asks: it has a program for faults now
 *
 * A fault that was decided on before holds invalidate_lock for reading until it has the
 * folio locked: gmem_folios_unmap_all() waits for both.
 */
static void gmem_policy_settle(const struct gmem_policy *p, const struct gmem_policy_ops *ops,
			       bool asks)
{
	u64 id = ops->scope == GMEM_SCOPE_GMEM ? ops->scope_id : 0;
	struct file *file;

	while ((file = gmem_registry_get(id))) {
		struct gmem *gm = gmem_of_file(file);

		if (gmem_policy_changes(p, ops, gm, asks))
			gmem_folios_unmap_all(gm);
		id = ops->scope == GMEM_SCOPE_GMEM ? U64_MAX : gm->id + 1;
		fput(file);
		cond_resched();
	}
}

static int gmem_policy_find_cgroup(struct gmem_policy *p, u64 id)
{
	struct cgroup *cgroup = cgroup_get_from_id(id);

	if (IS_ERR(cgroup))
		return PTR_ERR(cgroup);
	p->cgroup_level = cgroup->level;
	cgroup_put(cgroup);
	return 0;
}

static struct gmem_policy *gmem_policy_alloc(struct gmem_policy_ops *ops, struct bpf_link *link)
{
	struct gmem_policy *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return NULL;
	p->counters = alloc_percpu_gfp(struct gmem_policy_counters, GFP_KERNEL_ACCOUNT);
	if (!p->counters) {
		kfree(p);
		return NULL;
	}
	RCU_INIT_POINTER(p->ops, ops);
	p->link = link;
	p->attached_ns = ktime_get_boottime_ns();
	return p;
}

static void gmem_policy_free(struct gmem_policy *p)
{
	free_percpu(p->counters);
	kfree(p);
}

static void gmem_policy_insert(struct gmem_policy *p, struct list_head *scope)
{
	mutex_lock(&gmem_policy_lock);
	p->id = ++gmem_policy_last_id;
	list_add_tail(&p->in_all, &gmem_policies_all);
	list_add_tail_rcu(&p->in_scope, scope);
	mutex_unlock(&gmem_policy_lock);
}

/* With its file held, the gmem does not close its list. */
static int gmem_policy_insert_one(struct gmem_policy *p, u64 id)
{
	struct file *file = gmem_registry_get(id);
	int err = -ENOENT;

	if (!file)
		return err;
	if (gmem_of_file(file)->id == id) {
		gmem_policy_insert(p, &gmem_of_file(file)->policies);
		err = 0;
	}
	fput(file);
	return err;
}

/**
 * gmem_policy_attach() - from now on a policy is asked
 * @ops: checked
 * @link: the BPF link that attaches it
 *
 * Context: may sleep.
 * Return: 0; -ENOENT (no such cgroup or gmem), -ENOMEM.
 */
int gmem_policy_attach(struct gmem_policy_ops *ops, struct bpf_link *link)
{
	struct gmem_policy *p = gmem_policy_alloc(ops, link);
	int err = 0;

	if (!p)
		return -ENOMEM;
	if (ops->scope == GMEM_SCOPE_CGROUP)
		err = gmem_policy_find_cgroup(p, ops->scope_id);
	if (err)
		goto err_free;
	gmem_policy_keys_enable(gmem_policy_hooks(ops));
	if (ops->scope == GMEM_SCOPE_GMEM)
		err = gmem_policy_insert_one(p, ops->scope_id);
	else
		gmem_policy_insert(p, &gmem_policies_wide);
	if (err)
		goto err_free;
	gmem_policy_settle(p, ops, ops->fault);
	return 0;

err_free:
	gmem_policy_free(p);
	return err;
}

static struct gmem_policy *gmem_policy_of_link(const struct bpf_link *link)
{
	struct gmem_policy *p;

	lockdep_assert_held(&gmem_policy_lock);
	list_for_each_entry(p, &gmem_policies_all, in_all)
		if (p->link == link)
			return p;
	return NULL;
}

/**
 * gmem_policy_replace() - other programs and flags for an attached policy, all at once
 * @ops: checked
 * @link: the BPF link that attached it
 *
 * An act that is being decided on is decided by the programs of before, or by these.
 *
 * Context: may sleep; the caller keeps the programs of before until this returns.
 * Return: 0; -EINVAL (the name or the scope is another), -ENOENT (not attached).
 */
int gmem_policy_replace(struct gmem_policy_ops *ops, struct bpf_link *link)
{
	const struct gmem_policy_ops *old;
	struct gmem_policy *p;
	int err = 0;

	gmem_policy_keys_enable(gmem_policy_hooks(ops));
	mutex_lock(&gmem_policy_lock);
	p = gmem_policy_of_link(link);
	old = p ? gmem_policy_ops_locked(p) : NULL;
	if (!p)
		err = -ENOENT;
	else if (strcmp(old->name, ops->name) || old->scope != ops->scope ||
		 old->scope_id != ops->scope_id)
		err = -EINVAL;
	else
		rcu_assign_pointer(p->ops, ops);
	mutex_unlock(&gmem_policy_lock);
	if (err)
		return err;
	gmem_policy_synchronize();
	gmem_policy_settle(p, ops, ops->fault);
	return 0;
}

/**
 * gmem_policy_detach() - a policy is asked no more
 * @link: the BPF link that attached it
 *
 * Context: may sleep; the caller keeps its programs until this returns.
 */
void gmem_policy_detach(struct bpf_link *link)
{
	struct gmem_policy_ops *ops;
	struct gmem_policy *p;

	mutex_lock(&gmem_policy_lock);
	p = gmem_policy_of_link(link);
	if (WARN_ON_ONCE(!p)) {
		mutex_unlock(&gmem_policy_lock);
		return;
	}
	ops = rcu_dereference_protected(p->ops, lockdep_is_held(&gmem_policy_lock));
	list_del(&p->in_all);
	list_del_rcu(&p->in_scope);
	mutex_unlock(&gmem_policy_lock);

	gmem_policy_synchronize();
	gmem_policy_settle(p, ops, false);
	gmem_policy_free(p);
}

static void gmem_policy_info_fill(const struct gmem_policy *p, struct gmem_policy_info *info)
{
	const struct gmem_policy_ops *ops = gmem_policy_ops_locked(p);
	int cpu;

	*info = (struct gmem_policy_info){
		.policy_id = p->id,
		.scope_id = ops->scope_id,
		.attached_ns = p->attached_ns,
		.scope = ops->scope,
		.flags = ops->flags,
		.link_id = p->link->id,
		.hooks = gmem_policy_hooks(ops),
	};
	memcpy(info->name, ops->name, sizeof(info->name));
	for_each_possible_cpu(cpu) {
		const struct gmem_policy_counters *c = per_cpu_ptr(p->counters, cpu);

		info->calls += READ_ONCE(c->calls);
		info->refusals += READ_ONCE(c->refusals);
		info->run_ns += READ_ONCE(c->run_ns);
	}
}

/**
 * gmem_policy_next() - the next attached policy, in the order they were attached
 * @from_id: lowest id of interest
 * @info: filled
 *
 * Context: may sleep.
 * Return: false where there is none.
 */
bool gmem_policy_next(u64 from_id, struct gmem_policy_info *info)
{
	struct gmem_policy *p;
	bool found = false;

	mutex_lock(&gmem_policy_lock);
	list_for_each_entry(p, &gmem_policies_all, in_all) {
		found = p->id >= from_id;
		if (found) {
			gmem_policy_info_fill(p, info);
			break;
		}
	}
	mutex_unlock(&gmem_policy_lock);
	return found;
}

/* All that a policy could refuse of a gmem that is there. */
#define GMEM_HOOKS_REQUIRED (GENMASK(GMEM_NR_HOOKS - 1, 0) & ~BIT(GMEM_HOOK_CREATE))

/**
 * gmem_policy_open() - a gmem is about to be published
 * @gm: the memory
 *
 * Context: may sleep.
 */
void gmem_policy_open(struct gmem *gm)
{
	if (gm->flags & GMEM_CREATE_POLICY_REQUIRED)
		gmem_policy_keys_enable(GMEM_HOOKS_REQUIRED);
}

/**
 * gmem_policy_close() - nobody can reach a published gmem any more
 * @gm: the memory; policies for it alone stay attached, with nothing to be asked about
 *
 * Context: may sleep.
 */
void gmem_policy_close(struct gmem *gm)
{
	struct gmem_policy *p, *next;

	mutex_lock(&gmem_policy_lock);
	list_for_each_entry_safe(p, next, &gm->policies, in_scope)
		list_del_init(&p->in_scope);
	mutex_unlock(&gmem_policy_lock);
}
