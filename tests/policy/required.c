// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gmem that requires a policy: closed to all that a policy could refuse whenever none that
 * enforces covers it, from its creation on, however the last one came to go; open while one does.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv.h"
#include "policy.h"

#define A	"policy-a"
#define A_CHILD "policy-a/child"
#define B	"policy-b"

static struct tracer tracer;

/* Each hook but creation gives EACCES (SIGBUS), or passes. Maps nothing that is not mapped. */
static bool all_give(struct memory *m, int err)
{
	bool good = true;

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		if (hook == GMEM_HOOK_FAULT && !m->map)
			continue;
		good &= act_gives(m, hook,
				  hook == GMEM_HOOK_CREATE || !err ? 0 : act_refused(hook, err));
	}
	return good;
}

static bool closed(struct memory *m)
{
	return all_give(m, EACCES);
}

static bool open_to_all(struct memory *m)
{
	return all_give(m, 0);
}

static bool touch_fails(struct memory *m, int page)
{
	return trap_load(m->map + page * PAGE).signo == SIGBUS;
}

static struct memory required(const char *cgroup)
{
	struct memory m = memory_new("required", GMEM_CREATE_POLICY_REQUIRED, cgroup);
	struct policy p = policy_new((struct policy_is){});

	memory_map(&m);
	policy_drop(&p);
	return m;
}

/* Nothing covers it yet. Each refusal is told, by no policy, and counted. */
static void check_creation(void)
{
	struct memory m = memory_new("new", GMEM_CREATE_POLICY_REQUIRED, "");
	struct snap before = snap_take(m.fd);

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		uint64_t denied = gmem_stats_of(m.fd).denied_policy;
		char words[120];

		if (hook == GMEM_HOOK_CREATE || hook == GMEM_HOOK_FAULT)
			continue;
		tracer_clear(&tracer);
		ok(act_gives(&m, hook, EACCES), "%s: EACCES from creation on", hook_names[hook]);
		snprintf(words, sizeof(words), "gmem_policy hook=%s err=-13 monitor=0 policy_id=0",
			 hook_names[hook]);
		ok(tracer_count(&tracer, m.id, words) == 1 &&
			   tracer_count(&tracer, m.id, "gmem_policy") == 1 &&
			   tracer_count(&tracer, m.id, "err=-13 policy_id=0") == 2,
		   "%s: told", hook_names[hook]);
		is_int(gmem_stats_of(m.fd).denied_policy - denied, 1, "%s: counted",
		       hook_names[hook]);
	}
	ok(snap_same(m.fd, &before, SNAP_DENIED), "nothing changed");
	ok(act_gives(&m, GMEM_HOOK_CREATE, 0), "another one may be made");
	memory_drop(&m);
}
#define CREATION_CHECKS (6 * 3 + 2)

/* Which policies are enough. */
static void check_cover(void)
{
	struct memory m = required(A), other = memory_new("other", 0, "");
	const struct {
		const char *what;
		struct policy_is is;
		bool enough;
	} rows[] = {
		{ "one of all", {}, true },
		{ "one without a program but for bind", { .hooks = HOOK(GMEM_HOOK_BIND) }, true },
		{ "one that monitors", { .flags = GMEM_POLICY_MONITOR }, false },
		{ "one of its cgroup",
		  { .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id(A) },
		  true },
		{ "one of the root cgroup",
		  { .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id("") },
		  true },
		{ "one of a foreign cgroup",
		  { .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id(B) },
		  false },
		{ "one of a cgroup below",
		  { .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id(A_CHILD) },
		  false },
		{ "one of itself", { .scope = GMEM_SCOPE_GMEM, .scope_id = m.id }, true },
		{ "one of itself that monitors",
		  { .scope = GMEM_SCOPE_GMEM, .scope_id = m.id, .flags = GMEM_POLICY_MONITOR },
		  false },
		{ "one of another gmem",
		  { .scope = GMEM_SCOPE_GMEM, .scope_id = other.id },
		  false },
	};

	ok(closed(&m), "closed without a policy");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy p = policy_new(rows[i].is);

		ok(rows[i].enough ? open_to_all(&m) : closed(&m), "%s: %s", rows[i].what,
		   rows[i].enough ? "open" : "closed");
		policy_detach(&p);
		ok(closed(&m), "%s: detached, closed", rows[i].what);
		policy_drop(&p);
	}
	memory_drop(&m);
	memory_drop(&other);
}
#define COVER_CHECKS (1 + 2 * 10)

/* Pages in the page tables are no way around: a mapping is closed when cover is lost. */
static void check_mapped(void)
{
	uint64_t word = 1;
	struct memory m = required("");
	struct policy a = policy_new((struct policy_is){ .hooks = HOOK(GMEM_HOOK_BIND) });
	struct policy b = policy_new((struct policy_is){ .hooks = HOOK(GMEM_HOOK_BIND) });
	struct policy monitors =
		policy_load((struct policy_is){ .name = b.name, .flags = GMEM_POLICY_MONITOR });

	ok(!touch_fails(&m, 0) && !touch_fails(&m, 7), "covered twice: pages are touched");
	policy_detach(&a);
	ok(!touch_fails(&m, 0) && !touch_fails(&m, 6), "one goes: still open");
	ok(open_to_all(&m), "to all");
	hv_bind(m.vm, 0, m.fd, 0, MEMORY_BYTES, MEMORY_GUEST);
	policy_detach(&b);
	ok(guest_write(m.vm, MEMORY_GUEST, &word, 8) == 0 &&
		   guest_read(m.vm, MEMORY_GUEST, &word, 8) == 0,
	   "the other one goes: a guest that is bound goes on");
	hv_unbind(m.vm, 0);
	ok(touch_fails(&m, 0) && touch_fails(&m, 7) && touch_fails(&m, 6) && touch_fails(&m, 3),
	   "but pages that were touched are SIGBUS, and so are all");
	ok(closed(&m), "closed to all");
	if (try_attach(&b))
		tap_bail("attach: %s", strerror(errno));
	ok(!touch_fails(&m, 0), "one comes: open again");
	is_success(try_replace(&b, &monitors), "it is replaced by one that monitors");
	ok(touch_fails(&m, 0) && closed(&m), "closed, pages that were touched too");
	is_success(try_replace(&monitors, &b), "and back");
	ok(!touch_fails(&m, 0) && open_to_all(&m), "open");
	policy_drop(&a);
	policy_drop(&b);
	policy_drop(&monitors);
	ok(touch_fails(&m, 0), "closed");
	memory_drop(&m);
}
#define MAPPED_CHECKS 12

/* Without any further word from the process that attached it. */
static void check_death(void)
{
	struct memory m = required("");
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready))
		tap_bail("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!child) {
		policy_new((struct policy_is){ .name = "child" });
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ok(read(ready[0], &byte, 1) == 1 && open_to_all(&m), "open by another process's policy");
	is_int(trap_load(m.map).signo, 0, "a page is touched");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 500 && !touch_fails(&m, 0); i++)
		usleep(10000);
	ok(touch_fails(&m, 0) && closed(&m), "killed: closed, the page that was touched too");
	close(ready[0]);
	memory_drop(&m);
}
#define DEATH_CHECKS 3

/* The policy of one gmem outlives it, and covers nothing that comes after. */
static void check_gone(void)
{
	struct memory m = required(""), next;
	struct policy p =
		policy_new((struct policy_is){ .scope = GMEM_SCOPE_GMEM, .scope_id = m.id });
	struct listed before, after;

	ok(open_to_all(&m), "open by a policy of its own");
	before = policy_info(&p);
	memory_drop(&m);
	after = policy_info(&p);
	ok(!memcmp(&before, &after, sizeof(before)), "the gmem goes: the policy stays, as it was");
	next = required("");
	ok(next.id != m.id && closed(&next), "the next gmem is closed");
	policy_detach(&p);
	ok(!policy_listed(p.name, &after), "it can be detached");
	policy_drop(&p);
	memory_drop(&next);
}
#define GONE_CHECKS 4

/* A cgroup that is removed leaves its gmems, and who covers them. */
static void check_cgroup_gone(void)
{
	struct memory m = required(A_CHILD);
	struct policy p[2] = {
		policy_new((struct policy_is){ .scope = GMEM_SCOPE_CGROUP,
					       .scope_id = cgroup_id(A_CHILD) }),
		policy_new(
			(struct policy_is){ .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id(A) }),
	};

	snprintf(m.cgroup, sizeof(m.cgroup), "%s", "");
	cgroup_drop(A_CHILD);
	ok(open_to_all(&m), "its cgroup is removed: still open");
	policy_says_always(&p[0], -EXDEV);
	ok(act_gives(&m, GMEM_HOOK_IO, EXDEV), "the policy of that cgroup still decides");
	policy_detach(&p[0]);
	policy_says_always(&p[1], -EDQUOT);
	ok(act_gives(&m, GMEM_HOOK_IO, EDQUOT), "so does that of the one above");
	policy_says_always(&p[1], 0);
	ok(open_to_all(&m), "which covers it alone");
	policy_detach(&p[1]);
	ok(closed(&m), "detached: closed");
	policy_drop(&p[0]);
	policy_drop(&p[1]);
	memory_drop(&m);
}
#define CGROUP_CHECKS 5

int main(void)
{
	tap_plan(CREATION_CHECKS + COVER_CHECKS + MAPPED_CHECKS + DEATH_CHECKS + GONE_CHECKS +
		 CGROUP_CHECKS);
	cgroup_new(A);
	cgroup_new(A_CHILD);
	cgroup_new(B);
	acts_init();
	tracer_open(&tracer);
	check_creation();
	check_cover();
	check_mapped();
	check_death();
	check_gone();
	check_cgroup_gone();
	tracer_close(&tracer);
	cgroup_drop(A);
	cgroup_drop(B);
	return tap_done();
}
