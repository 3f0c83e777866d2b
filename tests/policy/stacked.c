// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several policies at once: each must allow, the first refusal wins and is named, those behind
 * it are not asked. The order is that of attaching, and those of one gmem come last.
 */
#include <unistd.h>

#include "policy.h"

#define CGROUP "policy-stack"

static struct tracer tracer;
static struct memory memory;

#define ID(p) ((unsigned long long)policy_info(p).policy_id)

/* One refusal is told, by @by; and @hook's own event, where it has one of a refusal, names it. */
static bool told(unsigned int hook, struct policy *by, int err)
{
	uint64_t id = policy_saw(by, hook)->id;
	char words[160];

	snprintf(words, sizeof(words),
		 "gmem_policy hook=%s err=-%d monitor=0 policy=%s policy_id=%llu", hook_names[hook],
		 err, by->name, ID(by));
	if (tracer_count(&tracer, id, words) != 1 ||
	    tracer_count(&tracer, id, "gmem_policy") != 1) {
		diag("  no event: %s", words);
		return false;
	}
	snprintf(words, sizeof(words), "err=-%d policy_id=%llu", err, ID(by));
	/* The one of the act itself, too. */
	if (tracer_count(&tracer, id, words) != 2) {
		diag("  %d events: %s", tracer_count(&tracer, id, words), words);
		return false;
	}
	return true;
}

static void check_pair(unsigned int hook, struct policy *first, struct policy *second)
{
	uint64_t calls[2] = { policy_calls(first, hook), policy_calls(second, hook) };
	const char *name = hook_names[hook];

#define CALLED(a, b)                                    \
	(policy_calls(first, hook) - calls[0] == (a) && \
	 policy_calls(second, hook) - calls[1] == (b))
	policy_says(first, hook, 0);
	policy_says(second, hook, 0);
	ok(act_gives(&memory, hook, 0) && CALLED(1, 1), "%s: both are asked, both allow", name);

	policy_says(second, hook, -EDQUOT);
	tracer_clear(&tracer);
	ok(act_gives(&memory, hook, act_refused(hook, EDQUOT)) && CALLED(2, 2),
	   "%s: the second refuses", name);
	ok(told(hook, second, EDQUOT), "%s: it is named", name);

	policy_says(first, hook, -EXDEV);
	tracer_clear(&tracer);
	ok(act_gives(&memory, hook, act_refused(hook, EXDEV)) && CALLED(3, 2),
	   "%s: both would refuse: the first one's errno, the second is not asked", name);
	ok(told(hook, first, EXDEV), "%s: the first is named", name);

	policy_says(second, hook, 0);
	tracer_clear(&tracer);
	ok(act_gives(&memory, hook, act_refused(hook, EXDEV)) && CALLED(4, 2),
	   "%s: the first refuses", name);
	ok(told(hook, first, EXDEV), "%s: it is named", name);
#undef CALLED
	policy_says(first, hook, 0);
}
#define PAIR_CHECKS 7

static void check_both_orders(void)
{
	struct policy a = policy_new((struct policy_is){ .name = "a" });
	struct policy b = policy_new((struct policy_is){ .name = "b" });

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		check_pair(hook, &a, &b);
	policy_detach(&a);
	if (try_attach(&a))
		tap_bail("attach again: %s", strerror(errno));
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		check_pair(hook, &b, &a);
	policy_drop(&a);
	policy_drop(&b);
}

/* Four policies, attached as @attached says, are asked as @asked says. */
enum which { ALL, CGROUP_, GMEM_, ALL_TOO };

static void check_order(const char *what, const enum which *attached, const enum which *asked)
{
	struct policy p[4];
	bool good = true;

	for (int i = 0; i < 4; i++) {
		struct policy_is is = { .scope = GMEM_SCOPE_ALL };

		if (attached[i] == CGROUP_) {
			is.scope = GMEM_SCOPE_CGROUP;
			is.scope_id = cgroup_id(CGROUP);
		} else if (attached[i] == GMEM_) {
			is.scope = GMEM_SCOPE_GMEM;
			is.scope_id = memory.id;
		}
		p[attached[i]] = policy_new(is);
	}
	/* Who refuses first is the first one asked; it then allows, and the next one shows. */
	for (int i = 0; i < 4; i++)
		policy_says_always(&p[i], -(EXDEV + i));
	for (int i = 0; i < 4; i++) {
		good &= act_gives(&memory, GMEM_HOOK_IO, EXDEV + (int)asked[i]);
		policy_says_always(&p[asked[i]], 0);
	}
	ok(good && act_gives(&memory, GMEM_HOOK_IO, 0), "%s", what);
	for (int i = 0; i < 4; i++)
		policy_drop(&p[i]);
}

/* A policy that monitors lets pass, to the next one; both are told. */
static void check_monitor(bool first)
{
	struct policy m, e;
	char words[2][160];

	if (!first)
		e = policy_new((struct policy_is){ .name = "enforces" });
	m = policy_new((struct policy_is){ .name = "monitors", .flags = GMEM_POLICY_MONITOR });
	if (first)
		e = policy_new((struct policy_is){ .name = "enforces" });
	policy_says_always(&m, -EXDEV);
	ok(act_gives(&memory, GMEM_HOOK_IO, 0), "what monitors, %s, lets pass",
	   first ? "first" : "last");
	policy_says_always(&e, -EDQUOT);
	tracer_clear(&tracer);
	ok(act_gives(&memory, GMEM_HOOK_IO, EDQUOT), "what enforces, refuses");
	snprintf(words[0], sizeof(words[0]),
		 "gmem_policy hook=io err=-%d monitor=1 policy=monitors policy_id=%llu", EXDEV,
		 ID(&m));
	snprintf(words[1], sizeof(words[1]),
		 "gmem_policy hook=io err=-%d monitor=0 policy=enforces policy_id=%llu", EDQUOT,
		 ID(&e));
	if (first)
		ok(tracer_saw(&tracer, memory.id,
			      (const char *[]){ words[0], words[1],
						"gmem_access act=write err=-122", NULL }),
		   "both are told, in this order");
	else
		ok(tracer_saw(&tracer, memory.id,
			      (const char *[]){ words[1], "gmem_access act=write err=-122", NULL }),
		   "only that is told: the one behind was not asked");
	policy_drop(&m);
	policy_drop(&e);
}

int main(void)
{
	tap_plan(2 * GMEM_NR_HOOKS * PAIR_CHECKS + 3 + 6);
	acts_init();
	cgroup_new(CGROUP);
	tracer_open(&tracer);
	memory = memory_new("stacked", 0, CGROUP);
	check_both_orders();
	check_order("those of a gmem come last", (enum which[]){ GMEM_, ALL, CGROUP_, ALL_TOO },
		    (enum which[]){ ALL, CGROUP_, ALL_TOO, GMEM_ });
	check_order("all others in the order attached",
		    (enum which[]){ CGROUP_, ALL_TOO, GMEM_, ALL },
		    (enum which[]){ CGROUP_, ALL_TOO, ALL, GMEM_ });
	check_order("whatever they cover", (enum which[]){ ALL, ALL_TOO, CGROUP_, GMEM_ },
		    (enum which[]){ ALL, ALL_TOO, CGROUP_, GMEM_ });
	check_monitor(true);
	check_monitor(false);
	memory_drop(&memory);
	tracer_close(&tracer);
	cgroup_drop(CGROUP);
	return tap_done();
}
