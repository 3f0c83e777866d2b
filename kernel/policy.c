// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks policies: walks those that cover a gmem, checks each verdict, counts and tells. Readers
 * of the lists are in an SRCU section; faults and mmap, whose programs do not sleep, in an
 * RCU one.
 */
#include <linux/bpf.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <trace/events/gmem.h>

#include "audit.h"
#include "policy_set.h"

typedef int (*gmem_policy_program)(const struct gmem_request *request);

DEFINE_STATIC_KEY_ARRAY_FALSE(gmem_policy_keys, GMEM_NR_HOOKS);
DEFINE_SRCU(gmem_policy_srcu);

/* One act put to all policies that cover a gmem. */
struct gmem_asking {
	struct gmem *gm;
	struct gmem_request *request;
	bool filled;		/* the request has its common part */
	bool covered;		/* by an enforcing policy, or need not be */
	bool kill;
	struct gmem_verdict verdict;
};

static bool gmem_hook_sleeps(enum gmem_hook hook)
{
	return hook != GMEM_HOOK_FAULT && hook != GMEM_HOOK_MMAP;
}

/**
 * gmem_policy_program_of() - a policy's program for a hook
 * @ops: the policy
 * @hook: the hook
 *
 * Return: the program, or NULL.
 */
static gmem_policy_program gmem_policy_program_of(const struct gmem_policy_ops *ops,
						  enum gmem_hook hook)
{
	/* The programs come first in the struct, in the order of their hooks. */
	BUILD_BUG_ON(offsetof(struct gmem_policy_ops, create) !=
		     GMEM_HOOK_CREATE * sizeof(gmem_policy_program));
	BUILD_BUG_ON(offsetof(struct gmem_policy_ops, discard) !=
		     GMEM_HOOK_DISCARD * sizeof(gmem_policy_program));
	BUILD_BUG_ON(offsetof(struct gmem_policy_ops, name) !=
		     GMEM_NR_HOOKS * sizeof(gmem_policy_program));
	return ((const gmem_policy_program *)ops)[hook];
}

/**
 * gmem_policy_hooks() - what a policy has programs for
 * @ops: the policy
 *
 * Return: bit n for the enum gmem_hook n.
 */
u32 gmem_policy_hooks(const struct gmem_policy_ops *ops)
{
	enum gmem_hook hook;
	u32 hooks = 0;

	for (hook = 0; hook < GMEM_NR_HOOKS; hook++)
		if (gmem_policy_program_of(ops, hook))
			hooks |= BIT(hook);
	return hooks;
}

/**
 * gmem_policy_covers() - is a gmem in the scope of a policy?
 * @p: the policy
 * @ops: its programs
 * @gm: the gmem; of a policy for one gmem, one that has it on its list
 *
 * Return: whether it is.
 */
bool gmem_policy_covers(const struct gmem_policy *p, const struct gmem_policy_ops *ops,
			const struct gmem *gm)
{
	if (ops->scope != GMEM_SCOPE_CGROUP)
		return true;
	return p->cgroup_level < gm->creator.nr_cgroups &&
	       gm->creator.cgroup_ids[p->cgroup_level] == ops->scope_id;
}

/* What is the same for every policy and hook. */
static void gmem_request_fill(struct gmem_request *request, const struct gmem *gm)
{
	request->id = gm->id;
	request->memory_bytes = gmem_size_bytes(gm);
	request->create_flags = gm->flags;
	request->created_ns = gm->created_ns;
	request->creator_cgroup_id = gm->creator.cgroup_id;
	request->creator_start_ns = gm->creator.start_ns;
	request->creator_pid = gm->creator.pid;
	request->creator_uid = gm->creator.uid;
	memcpy(request->name, gm->name, sizeof(request->name));
}

static void gmem_trace_policy(const struct gmem_request *request, u64 policy_id, const char *name,
			      int err, bool monitor)
{
	struct gmem_ev_policy ev;

	if (!trace_gmem_policy_enabled())
		return;
	ev = (struct gmem_ev_policy){
		.id = request->id,
		.offset_bytes = request->offset_bytes,
		.size_bytes = request->size_bytes,
		.policy_id = policy_id,
		.hook = request->hook,
		.err = err,
		.monitor = monitor,
	};
	strscpy(ev.policy, name, sizeof(ev.policy));
	gmem_emit(policy, &ev);
}

/* A program may return anything at all; what is no verdict is a refusal. */
static int gmem_policy_verdict(int ret)
{
	if (likely(!ret))
		return 0;
	return ret < 0 && ret >= -EHWPOISON ? ret : -EPERM;
}

static int gmem_policy_run(struct gmem_policy *p, const struct gmem_policy_ops *ops,
			   gmem_policy_program program, const struct gmem_request *request)
{
	u64 start_ns = ops->flags & GMEM_POLICY_TIME ? ktime_get_ns() : 0;
	int err = gmem_policy_verdict(program(request));

	this_cpu_inc(p->counters->calls);
	if (unlikely(err))
		this_cpu_inc(p->counters->refusals);
	if (start_ns)
		this_cpu_add(p->counters->run_ns, ktime_get_ns() - start_ns);
	return err;
}

static void gmem_policy_ask_one(struct gmem_asking *asking, struct gmem_policy *p)
{
	const struct gmem_policy_ops *ops = gmem_policy_ops_of(p);
	struct gmem_request *request = asking->request;
	gmem_policy_program program;
	bool monitor;
	int err;

	if (!gmem_policy_covers(p, ops, asking->gm))
		return;
	monitor = ops->flags & GMEM_POLICY_MONITOR;
	asking->covered |= !monitor;
	program = gmem_policy_program_of(ops, request->hook);
	if (!program)
		return;
	if (!asking->filled) {
		gmem_request_fill(request, asking->gm);
		asking->filled = true;
	}

	err = gmem_policy_run(p, ops, program, request);
	if (err || ops->flags & GMEM_POLICY_REPORT_ALLOWED)
		gmem_trace_policy(request, p->id, ops->name, err, err && monitor);
	if (err && !monitor) {
		asking->verdict = (struct gmem_verdict){
			.err = err,
			.denial = GMEM_DENIAL_POLICY,
			.policy_id = p->id,
		};
		asking->kill = ops->flags & GMEM_POLICY_KILL;
		gmem_audit_policy(request, p->id, ops->name, err);
	}
}

static void gmem_policies_ask(struct gmem_asking *asking, struct list_head *list)
{
	struct gmem_policy *p;

	list_for_each_entry_rcu(p, list, in_scope, srcu_read_lock_held(&gmem_policy_srcu)) {
		gmem_policy_ask_one(asking, p);
		if (asking->verdict.err)
			return;
	}
}

static void gmem_policies_ask_all(struct gmem_asking *asking)
{
	gmem_policies_ask(asking, &gmem_policies_wide);
	if (!asking->verdict.err)
		gmem_policies_ask(asking, &asking->gm->policies);
}

/* Fail closed: nobody is there who could have refused. */
static void gmem_policy_missing(struct gmem_asking *asking)
{
	gmem_request_fill(asking->request, asking->gm);
	asking->verdict = (struct gmem_verdict){ .err = -EACCES, .denial = GMEM_DENIAL_POLICY };
	gmem_trace_policy(asking->request, 0, "", -EACCES, false);
	gmem_audit_policy(asking->request, 0, "", -EACCES);
}

/**
 * gmem_policy_decide() - put an act to the policies that cover a gmem
 * @gm: the memory
 * @request: hook, range and what belongs to the hook; the rest is filled in
 *
 * Context: may sleep unless the hook is fault or mmap.
 * Return: the verdict; a refusal has been counted and told.
 */
struct gmem_verdict gmem_policy_decide(struct gmem *gm, struct gmem_request *request)
{
	struct gmem_asking asking = {
		.gm = gm,
		.request = request,
		.covered = !(gm->flags & GMEM_CREATE_POLICY_REQUIRED) ||
			   request->hook == GMEM_HOOK_CREATE,
	};
	int idx;

	if (gmem_hook_sleeps(request->hook)) {
		idx = srcu_read_lock(&gmem_policy_srcu);
		gmem_policies_ask_all(&asking);
		srcu_read_unlock(&gmem_policy_srcu, idx);
	} else {
		rcu_read_lock();
		gmem_policies_ask_all(&asking);
		rcu_read_unlock();
	}

	if (unlikely(!asking.covered && !asking.verdict.err))
		gmem_policy_missing(&asking);
	gmem_count_denial(gm, asking.verdict.denial);
	if (unlikely(asking.kill) && !(current->flags & PF_KTHREAD))
		send_sig(SIGKILL, current, 1);
	return asking.verdict;
}

static bool gmem_policies_watch(struct gmem *gm, enum gmem_hook hook, struct list_head *list)
{
	struct gmem_policy *p;

	list_for_each_entry_rcu(p, list, in_scope) {
		const struct gmem_policy_ops *ops = gmem_policy_ops_of(p);

		if (gmem_policy_program_of(ops, hook) && gmem_policy_covers(p, ops, gm))
			return true;
	}
	return false;
}

/**
 * gmem_policy_watched() - is there anybody to ask about acts on a gmem?
 * @gm: the memory
 * @hook: the kind of act
 *
 * Context: any.
 * Return: true where a policy with a program for it covers the gmem, or it requires policies.
 */
bool gmem_policy_watched(struct gmem *gm, enum gmem_hook hook)
{
	bool watched;

	if (gm->flags & GMEM_CREATE_POLICY_REQUIRED)
		return true;
	rcu_read_lock();
	watched = gmem_policies_watch(gm, hook, &gmem_policies_wide) ||
		  gmem_policies_watch(gm, hook, &gm->policies);
	rcu_read_unlock();
	return watched;
}
