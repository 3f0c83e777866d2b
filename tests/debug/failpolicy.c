// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes every allocation fail in turn that BPF makes below gmem.ko: of attaching a policy in each scope, and of a
 * walk by each iterator. An attachment gives ENOMEM and leaves a gmem that requires a policy closed, a walk tells
 * ENOMEM and is empty; the same once more succeeds.
 */
#include "hv.h"
#include "inject.h"
#include "policy.h"

#include "walks.skel.h"

#define MAX_FAULTS 100
#define CGROUP	   "failpolicy"

static bool closed(struct memory *m)
{
	return act_gives(m, GMEM_HOOK_IO, EACCES);
}

static void check_attach(const char *what, struct memory *m, struct policy_is is)
{
	struct policy p = policy_load(is);
	bool known = true, nothing = true, retried = true;
	unsigned int nth, left;
	struct listed l;
	int ret, err;

	for (nth = 1; nth < MAX_FAULTS; nth++) {
		inject_arm(nth);
		ret = try_attach(&p);
		err = errno;
		left = inject_disarm();
		if (!ret && left)
			break;
		known &= !ret || err == ENOMEM;
		if (ret) {
			nothing &= !policy_listed(p.name, &l) && closed(m);
			ret = try_attach(&p);
		}
		retried &= !ret && policy_listed(p.name, &l) && act_gives(m, GMEM_HOOK_IO, 0);
		if (p.link)
			policy_detach(&p);
		retried &= closed(m);
	}
	diag("%s: %u faults", what, nth - 1);
	ok(known && nth > 1 && nth < MAX_FAULTS, "attached to %s: each fault gives ENOMEM", what);
	ok(nothing, "attached to %s: a failure attaches nothing", what);
	ok(retried, "attached to %s: then it succeeds", what);
	policy_drop(&p);
}

static bool walk(struct walks *w, struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);

	w->bss->began = 1;
	return !bpf_prog_test_run_opts(bpf_program__fd(program), &run) && !run.retval;
}

static void check_walk(struct walks *w, struct bpf_program *program)
{
	const char *name = bpf_program__name(program);
	bool told = true, retried = true;
	unsigned int nth, left, all, empty = 0;

	if (!walk(w, program) || w->bss->began)
		tap_bail("%s: %d", name, w->bss->began);
	all = w->bss->found;
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		inject_arm(nth);
		if (!walk(w, program))
			tap_bail("%s does not run: %s", name, strerror(errno));
		left = inject_disarm();
		if (left)
			break;
		/* What the kernel can do without, as the slab's own accounting, may fail unseen. */
		if (w->bss->began == -ENOMEM && !w->bss->found)
			empty++;
		else
			told &= !w->bss->began && w->bss->found == all;
		retried &= walk(w, program) && !w->bss->began && w->bss->found == all;
	}
	diag("%s: %u faults, %u walks empty, %u found", name, nth - 1, empty, all);
	ok(all && empty && nth < MAX_FAULTS && told, "%s: each fault is told, or finds all", name);
	ok(retried, "%s: then it finds all", name);
}
#define WALK_CHECKS 2

/* In a policy's own gmem and cgroup; the policies let all pass. */
static void check_policies(void)
{
	struct memory m = memory_new("failpolicy", GMEM_CREATE_POLICY_REQUIRED, CGROUP);

	check_attach("all", &m, (struct policy_is){});
	check_attach("a cgroup", &m,
		     (struct policy_is){ .scope = GMEM_SCOPE_CGROUP,
					 .scope_id = cgroup_id(CGROUP) });
	check_attach("one gmem", &m,
		     (struct policy_is){ .scope = GMEM_SCOPE_GMEM, .scope_id = m.id });
	memory_drop(&m);
}
#define POLICY_CHECKS (3 * 3)

static void check_walks(void)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, (4 * PAGE), "failwalks"),
	    vm = hv_open();
	struct policy p = policy_new((struct policy_is){});
	struct walks *w = walks__open_and_load();
	struct bpf_program *program;

	if (!w)
		tap_bail("load the walks: %s", strerror(errno));
	if (pwrite(fd, "x", 1, 0) != 1)
		tap_bail("write: %s", strerror(errno));
	hv_bind(vm, 0, fd, 0, (4 * PAGE), 0);
	w->bss->id = gmem_id(fd);
	bpf_object__for_each_program(program, w->obj)
		check_walk(w, program);
	walks__destroy(w);
	policy_drop(&p);
	ok(hv_close(vm), "the bindings that were walked are well");
	close(fd);
}
#define WALKS_CHECKS (5 * WALK_CHECKS + 1)

int main(void)
{
	unsigned long text;

	tap_plan(POLICY_CHECKS + WALKS_CHECKS);
	acts_init();
	text = module_section(".text");
	inject_init(text, text + (1UL << 20));
	cgroup_new(CGROUP);
	check_policies();
	check_walks();
	policies_forget();
	cgroup_drop(CGROUP);
	return tap_done();
}
