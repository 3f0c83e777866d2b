// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a policy works: one that monitors lets pass what it reports, and may become one that
 * enforces and back by an update; approvals that are reported; time that is counted; killing.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy.h"

static struct tracer tracer;
static struct memory memory;

static bool told(struct policy *p, unsigned int hook, int err, bool monitor)
{
	uint64_t id = policy_saw(p, hook)->id;
	char words[160];

	snprintf(words, sizeof(words),
		 "gmem_policy hook=%s err=%d monitor=%d policy=%s policy_id=%llu", hook_names[hook],
		 -err, monitor, p->name, (unsigned long long)policy_info(p).policy_id);
	if (tracer_count(&tracer, id, words) == 1 && tracer_count(&tracer, id, "gmem_policy") == 1)
		return true;
	diag("  not one event: %s", words);
	return false;
}

static bool not_told(void)
{
	return !tracer_count(&tracer, memory.id, "gmem_policy");
}

static void check_monitor(void)
{
	struct policy m =
		policy_new((struct policy_is){ .name = "monitor", .flags = GMEM_POLICY_MONITOR });
	struct policy e = policy_load((struct policy_is){ .name = "monitor" });
	uint64_t denied = gmem_stats_of(memory.fd).denied_policy;
	struct listed before, after;

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		policy_says(&m, hook, 0);
		tracer_clear(&tracer);
		ok(act_gives(&memory, hook, 0) && not_told(),
		   "%s, monitored: what is allowed is not reported", hook_names[hook]);
		policy_says(&m, hook, -EDQUOT);
		ok(act_gives(&memory, hook, 0), "%s, monitored: what is refused passes",
		   hook_names[hook]);
		ok(told(&m, hook, EDQUOT, true), "%s: and is reported, once", hook_names[hook]);
	}
	is_int(gmem_stats_of(memory.fd).denied_policy, denied, "nothing counts as denied");
	before = policy_info(&m);
	is_int(before.refusals, GMEM_NR_HOOKS, "but as what it would have refused");

	policy_says_always(&e, -EXDEV);
	is_success(try_replace(&m, &e), "an update makes it enforce");
	after = policy_info(&e);
	ok(!after.flags && before.flags == GMEM_POLICY_MONITOR &&
		   after.policy_id == before.policy_id && after.calls == before.calls &&
		   after.refusals == before.refusals && after.attached_ns == before.attached_ns,
	   "it is the same policy, and counts on");
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(act_gives(&memory, hook, act_refused(hook, EXDEV)), "%s, enforced: refused",
		   hook_names[hook]);
	is_success(try_replace(&e, &m), "and back");
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(act_gives(&memory, hook, 0), "%s, monitored again: passes", hook_names[hook]);
	policy_drop(&m);
	policy_drop(&e);
}
#define MONITOR_CHECKS (3 * GMEM_NR_HOOKS + 5 + 2 * GMEM_NR_HOOKS)

/* What was mapped and touched before is asked again from the moment that attaching returns. */
static void check_mapped(void)
{
	struct policy without =
		policy_load((struct policy_is){ .name = "mapped", .hooks = HOOK(GMEM_HOOK_BIND) });
	struct policy with = policy_load((struct policy_is){ .name = "mapped" });
	uint64_t calls;

#define TOUCH() trap_load(memory.map + PAGE).signo
	if (TOUCH() || TOUCH())
		tap_bail("a page cannot be touched");
	if (try_attach(&with))
		tap_bail("attach: %s", strerror(errno));
	ok(!TOUCH() && policy_calls(&with, GMEM_HOOK_FAULT) == 1,
	   "attached: a page that was touched before is asked about");
	ok(!TOUCH() && policy_calls(&with, GMEM_HOOK_FAULT) == 1, "once");
	ok(!trap_load(memory.map + 2 * PAGE).signo && policy_calls(&with, GMEM_HOOK_FAULT) == 2,
	   "its neighbour on its own");
	is_success(try_replace(&with, &without), "replaced by one that is not asked about faults");
	calls = policy_calls(&with, GMEM_HOOK_FAULT);
	ok(!TOUCH() && policy_calls(&with, GMEM_HOOK_FAULT) == calls, "not asked any more");
	policy_says(&with, GMEM_HOOK_FAULT, -EXDEV);
	is_success(try_replace(&without, &with), "and by one that is");
	ok(TOUCH() == SIGBUS && policy_calls(&with, GMEM_HOOK_FAULT) == calls + 1,
	   "the page is asked about, and refused");
	policy_detach(&with);
	ok(!TOUCH(), "detached: it is there again");
#undef TOUCH
	policy_drop(&with);
	policy_drop(&without);
}
#define MAPPED_CHECKS 8

static void check_report(void)
{
	struct policy p = policy_new((struct policy_is){ .flags = GMEM_POLICY_REPORT_ALLOWED });

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		tracer_clear(&tracer);
		ok(act_gives(&memory, hook, 0) && told(&p, hook, 0, false),
		   "%s: an approval is reported, where asked for", hook_names[hook]);
		policy_says(&p, hook, -EDQUOT);
		tracer_clear(&tracer);
		ok(act_gives(&memory, hook, act_refused(hook, EDQUOT)) &&
			   told(&p, hook, EDQUOT, false),
		   "%s: a refusal as ever", hook_names[hook]);
	}
	policy_drop(&p);
}
#define REPORT_CHECKS (2 * GMEM_NR_HOOKS)

static void check_time(void)
{
	struct policy timed =
		policy_new((struct policy_is){ .name = "time", .flags = GMEM_POLICY_TIME });
	struct policy untimed = policy_load((struct policy_is){ .name = "time" });
	uint64_t before = 0, now;
	bool good = true;

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		good &= act_gives(&memory, hook, 0);
		now = policy_info(&timed).run_ns;
		ok(good && now > before && now - before < 10000000000ULL, "%s: %llu ns counted",
		   hook_names[hook], (unsigned long long)(now - before));
		before = now;
	}
	if (try_replace(&timed, &untimed))
		tap_bail("replace: %s", strerror(errno));
	ok(act_gives(&memory, GMEM_HOOK_IO, 0) && policy_info(&untimed).run_ns == before,
	   "without the flag the time stands still");
	policy_drop(&timed);
	policy_drop(&untimed);
}
#define TIME_CHECKS (GMEM_NR_HOOKS + 1)

static unsigned int child_hook;

static int child(void *arg)
{
	(void)arg;
	act_try(&memory, child_hook);
	return 42;
}

/* The wait status of a process that tries it. */
static int try_in_child(unsigned int hook)
{
	child_hook = hook;
	return in_child(child, NULL);
}

static bool passed(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static bool killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void check_kill(void)
{
	struct policy p =
		policy_new((struct policy_is){ .name = "kill", .flags = GMEM_POLICY_KILL });
	struct policy monitors = policy_load((struct policy_is){
		.name = "kill", .flags = GMEM_POLICY_KILL | GMEM_POLICY_MONITOR });
	struct policy lenient = policy_load((struct policy_is){ .name = "kill" });

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		policy_says_always(&p, 0);
		ok(passed(try_in_child(hook)), "%s allowed: nobody is killed", hook_names[hook]);
		policy_says(&p, hook, -EDQUOT);
		tracer_clear(&tracer);
		ok(killed(try_in_child(hook)) && told(&p, hook, EDQUOT, false),
		   "%s refused: killed by SIGKILL, and told", hook_names[hook]);
	}
	policy_says_always(&monitors, -EDQUOT);
	policy_says_always(&lenient, -EDQUOT);
	if (try_replace(&p, &monitors))
		tap_bail("replace: %s", strerror(errno));
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(passed(try_in_child(hook)), "%s, monitored: nobody is killed", hook_names[hook]);
	if (try_replace(&monitors, &lenient))
		tap_bail("replace: %s", strerror(errno));
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		ok(passed(try_in_child(hook)), "%s, without the flag: refused, not killed",
		   hook_names[hook]);
	policy_drop(&p);
	policy_drop(&monitors);
	policy_drop(&lenient);
}
#define KILL_CHECKS (4 * GMEM_NR_HOOKS)

int main(void)
{
	tap_plan(MONITOR_CHECKS + MAPPED_CHECKS + REPORT_CHECKS + TIME_CHECKS + KILL_CHECKS);
	acts_init();
	tracer_open(&tracer);
	memory = memory_new("monitor", 0, "");
	check_monitor();
	check_mapped();
	check_report();
	check_time();
	check_kill();
	memory_drop(&memory);
	tracer_close(&tracer);
	return tap_done();
}
