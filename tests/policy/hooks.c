// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each hook by each scope: what a policy allows passes, what it refuses fails with the errno
 * that it chose, changes nothing and is told once; what it does not cover it is not asked.
 */
#include "policy.h"

#define A	"policy-a"
#define A_CHILD "policy-a/child"
#define B	"policy-b"

static struct tracer tracer;

/* The policy covers the cgroup @of, or the gmem, its own or another one, unless it covers all. */
static const struct row {
	const char *what;
	uint32_t scope;
	const char *of;
	const char *made_in;
	bool other;
	bool covered;
} rows[] = {
	{ "scope all", GMEM_SCOPE_ALL, NULL, "", false, true },
	{ "the cgroup it was made in", GMEM_SCOPE_CGROUP, A, A, false, true },
	{ "the cgroup above", GMEM_SCOPE_CGROUP, A, A_CHILD, false, true },
	{ "the root cgroup", GMEM_SCOPE_CGROUP, "", B, false, true },
	{ "a foreign cgroup", GMEM_SCOPE_CGROUP, A, B, false, false },
	{ "a cgroup below", GMEM_SCOPE_CGROUP, A_CHILD, A, false, false },
	{ "the gmem itself", GMEM_SCOPE_GMEM, NULL, "", false, true },
	{ "another gmem", GMEM_SCOPE_GMEM, NULL, "", true, false },
};
#define COVERED 5

static const int errnos[] = { EPERM, EACCES, EDQUOT, 133 };
static const int invalid[] = { 1, 13, INT32_MAX, -134, -512, -4095, -4096, INT32_MIN };

/* No gmem has its id before it is made. */
static bool covers(const struct row *row, unsigned int hook)
{
	return row->covered && !(row->scope == GMEM_SCOPE_GMEM && hook == GMEM_HOOK_CREATE);
}

/* Each refusal was told once, with its errno, and nothing else. */
static bool told(struct policy *p, unsigned int hook, unsigned int refusals)
{
	uint64_t policy_id = policy_info(p).policy_id, id = policy_saw(p, hook)->id;
	/* Each creation would have another id. */
	bool creation = hook == GMEM_HOOK_CREATE;
	unsigned int all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		unsigned int want = errnos[i] == EPERM ? 1 + ARRAY_SIZE(invalid) : 1, seen = 0;
		char words[160];

		snprintf(words, sizeof(words),
			 "gmem_policy hook=%s err=-%d monitor=0 policy=%s policy_id=%llu",
			 hook_names[hook], errnos[i], p->name, (unsigned long long)policy_id);
		for (unsigned int j = 0; j < (creation ? refusals : 1); j++)
			seen += tracer_count(&tracer, id - j, words);
		if (seen != want) {
			diag("  %u events, want %u: %s", seen, want, words);
			return false;
		}
	}
	for (unsigned int j = 0; j < (creation ? refusals : 1); j++)
		all += tracer_count(&tracer, id - j, "gmem_policy");
	return all == refusals;
}

/* Each verdict, once: the outcome of the act, and the event. Gives how many refusals there were. */
static unsigned int check_refusals(struct memory *m, struct policy *p, const struct row *row,
				   unsigned int hook)
{
	uint64_t calls = policy_calls(p, hook), denied = gmem_stats_of(m->fd).denied_policy;
	const unsigned int refusals = ARRAY_SIZE(errnos) + ARRAY_SIZE(invalid);
	struct snap before = snap_take(m->fd);
	const char *name = hook_names[hook];
	bool good = true;

	tracer_clear(&tracer);
	for (unsigned int i = 0; i < refusals; i++) {
		bool chosen = i < ARRAY_SIZE(errnos);
		int err = chosen ? errnos[i] : EPERM;

		policy_says(p, hook, chosen ? -err : invalid[i - ARRAY_SIZE(errnos)]);
		good &= act_gives(m, hook, act_refused(hook, err));
	}
	ok(good, "%s, %s: refused with each errno, what is none counts as EPERM", row->what, name);
	ok(told(p, hook, refusals), "%s, %s: each told once by gmem_policy", row->what, name);
	ok(snap_same(m->fd, &before, SNAP_DENIED | SNAP_FAULTS), "%s, %s: nothing changed",
	   row->what, name);
	is_int(policy_calls(p, hook) - calls, refusals, "%s, %s: asked once each time", row->what,
	       name);
	is_int(gmem_stats_of(m->fd).denied_policy - denied, hook == GMEM_HOOK_CREATE ? 0 : refusals,
	       "%s, %s: counted", row->what, name);
	return refusals;
}

static void check_covered(struct memory *m, struct policy *p, const struct row *row)
{
	struct listed info;
	unsigned int refusals = 0;

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		policy_says_always(p, -ENOTTY);
		policy_says(p, hook, 0);
		if (!covers(row, hook)) {
			policy_says(p, hook, -ENOTTY);
			ok(act_gives(m, hook, 0) && !policy_calls(p, hook), "%s, %s: not asked",
			   row->what, hook_names[hook]);
			continue;
		}
		ok(act_gives(m, hook, 0) && policy_calls(p, hook) == 1,
		   "%s, %s: asked, and allowed", row->what, hook_names[hook]);
		refusals += check_refusals(m, p, row, hook);
	}
	info = policy_info(p);
	is_int(info.calls, policy_all_calls(p), "%s: the policy's calls", row->what);
	is_int(info.refusals, refusals, "%s: its refusals", row->what);
}

static void check_foreign(struct memory *m, struct policy *p, const struct row *row)
{
	struct listed info;

	policy_says_always(p, -EACCES);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(act_gives(m, hook, 0) && !policy_calls(p, hook), "%s, %s: not asked", row->what,
		   hook_names[hook]);
	info = policy_info(p);
	ok(!info.calls && !info.refusals, "%s: nothing counted", row->what);
}

static void check_row(const struct row *row)
{
	struct memory m = memory_new(row->what, 0, row->made_in);
	struct memory other = memory_new("other", 0, "");
	struct policy_is is = { .scope = row->scope };
	struct listed info;
	struct policy p;

	if (row->scope == GMEM_SCOPE_CGROUP)
		is.scope_id = cgroup_id(row->of);
	if (row->scope == GMEM_SCOPE_GMEM)
		is.scope_id = row->other ? other.id : m.id;
	p = policy_new(is);
	info = policy_info(&p);
	ok(info.scope == row->scope && info.scope_id == is.scope_id && info.hooks == ALL_HOOKS &&
		   !info.flags && !info.calls && !info.refusals && !info.run_ns && info.attached_ns,
	   "%s: listed as it was attached", row->what);
	if (row->covered)
		check_covered(&m, &p, row);
	else
		check_foreign(&m, &p, row);
	policy_says_always(&p, -EACCES);
	policy_detach(&p);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(act_gives(&m, hook, 0), "%s, %s: detached, it refuses nothing", row->what,
		   hook_names[hook]);
	ok(!policy_listed(p.name, &info), "%s: detached, it is not listed", row->what);
	policy_drop(&p);
	memory_drop(&other);
	memory_drop(&m);
}

/* Each hook without its program: nothing is asked, all others are. */
static void check_absent(void)
{
	struct memory m = memory_new("absent", 0, "");

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		struct policy p =
			policy_new((struct policy_is){ .hooks = ALL_HOOKS & ~HOOK(hook) });
		bool good = true;

		policy_says_always(&p, -EACCES);
		for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
			good &= act_gives(&m, i, i == hook ? 0 : act_refused(i, EACCES));
		ok(good && policy_info(&p).hooks == (ALL_HOOKS & ~HOOK(hook)),
		   "without a program for %s only that passes", hook_names[hook]);
		policy_drop(&p);
	}
	memory_drop(&m);
}

int main(void)
{
	/* Those covered: 6 a hook, and two; but create of one gmem: 1. Others: one a hook, and one. */
	tap_plan(COVERED * (6 * GMEM_NR_HOOKS + 2) - 5 +
		 (ARRAY_SIZE(rows) - COVERED) * (GMEM_NR_HOOKS + 1) +
		 ARRAY_SIZE(rows) * (2 + GMEM_NR_HOOKS) + GMEM_NR_HOOKS);
	cgroup_new(A);
	cgroup_new(A_CHILD);
	cgroup_new(B);
	acts_init();
	tracer_open(&tracer);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
	check_absent();
	tracer_close(&tracer);
	cgroup_drop(A_CHILD);
	cgroup_drop(A);
	cgroup_drop(B);
	return tap_done();
}
