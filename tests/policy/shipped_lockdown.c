// SPDX-License-Identifier: GPL-2.0-only
/* lockdown: open during setup, which a first binding or an age ends; shut ever after. */
#include <unistd.h>

#include "hv.h"
#include "shipped.h"

#include "policy/lockdown.skel.h"

#define SECOND_NS 1000000000ULL

/* Seconds in which a kernel surely does a few acts, however slow it is. */
static unsigned int moment(void)
{
	return 5 * 800 / slow_rounds(800);
}
#define LOCKED                                                               \
	(HOOK(GMEM_HOOK_MMAP) | HOOK(GMEM_HOOK_FAULT) | HOOK(GMEM_HOOK_IO) | \
	 HOOK(GMEM_HOOK_CONVERT) | HOOK(GMEM_HOOK_INSPECT))
#define SLOT 1

static struct memory memory;
static struct bpf_link *link_;
static struct gmt_lockdown *bpf;

static void begin(struct gmt_lockdown_params params, struct policy_is is)
{
	bpf = gmt_lockdown__open();
	if (!bpf)
		tap_bail("open lockdown: %s", strerror(errno));
	if (!params.on.hooks)
		params.on = bpf->rodata->params.on;
	memcpy((void *)&bpf->rodata->params, &params, sizeof(params));
	link_ = shipped_attach(bpf->obj, is);
}

static void end(void)
{
	shipped_detach(link_);
	gmt_lockdown__destroy(bpf);
}

/* Each act is refused with @err if in @refused, else allowed. */
static void check_acts(uint32_t refused, int err, const char *when)
{
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++) {
		bool no = refused & HOOK(i);

		memory.to = GMEM_STATE_SHARED;
		ok(act_gives(&memory, i, no ? act_refused(i, err) : 0), "%s, %s is %s", when,
		   hook_names[i], no ? "refused" : "allowed");
	}
}

static void renew(void)
{
	if (memory.fd)
		memory_drop(&memory);
	memory = memory_new("lockdown", 0, "");
}

/* By age alone; a binding changes nothing. */
static void check_age(void)
{
	renew();
	begin((struct gmt_lockdown_params){ .grace_ns = moment() * SECOND_NS },
	      (struct policy_is){ 0 });
	check_acts(0, 0, "when young");
	ok(act_gives(&memory, GMEM_HOOK_MMAP, 0), "having been bound, mmap is still allowed");
	sleep(moment() + 1);
	check_acts(LOCKED, EPERM, "at the age");
	memory.to = GMEM_STATE_PRIVATE;
	ok(act_gives(&memory, GMEM_HOOK_CONVERT, 0), "conversion to private is allowed");
	end();
	check_acts(0, 0, "without the policy");
}
#define AGE_CHECKS (3 * GMEM_NR_HOOKS + 2)

/* A first binding ends setup, and its end does not open it again. */
static void check_bind(void)
{
	renew();
	begin((struct gmt_lockdown_params){ .grace_ns = 3600 * SECOND_NS, .lock_at_bind = 1 },
	      (struct policy_is){ 0 });
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		if (i != GMEM_HOOK_BIND)
			ok(act_gives(&memory, i, 0), "not bound, %s is allowed", hook_names[i]);
	hv_bind(memory.vm, SLOT, memory.fd, 0, PAGE, MEMORY_GUEST);
	check_acts(LOCKED, EPERM, "bound");
	hv_unbind(memory.vm, SLOT);
	check_acts(LOCKED, EPERM, "no longer bound");
	end();
}
#define BIND_CHECKS (3 * GMEM_NR_HOOKS - 1)

/* What was bound before the policy came is found out. */
static void check_bound_before(void)
{
	renew();
	hv_bind(memory.vm, SLOT, memory.fd, 0, PAGE, MEMORY_GUEST);
	begin((struct gmt_lockdown_params){ .grace_ns = 3600 * SECOND_NS, .lock_at_bind = 1 },
	      (struct policy_is){ 0 });
	check_acts(LOCKED, EPERM, "bound before the policy came");
	hv_unbind(memory.vm, SLOT);
	ok(act_gives(&memory, GMEM_HOOK_MMAP, EPERM), "and remembered");
	end();
}
#define BEFORE_CHECKS (GMEM_NR_HOOKS + 1)

/* A choice of hooks and errno, a while after the binding, for one gmem only. */
static void check_choice(void)
{
	struct memory other = memory_new("other", 0, "");
	uint32_t hooks = HOOK(GMEM_HOOK_MMAP) | HOOK(GMEM_HOOK_DISCARD) | HOOK(GMEM_HOOK_BIND);

	renew();
	begin((struct gmt_lockdown_params){ .on = { .hooks = hooks, .error = ENOLCK },
					    .grace_ns = 3600 * SECOND_NS,
					    .settle_ns = moment() * SECOND_NS,
					    .lock_at_bind = 1 },
	      (struct policy_is){
		      .hooks = hooks, .scope = GMEM_SCOPE_GMEM, .scope_id = memory.id });
	hv_bind(memory.vm, SLOT, memory.fd, 0, PAGE, MEMORY_GUEST);
	ok(act_gives(&memory, GMEM_HOOK_MMAP, 0), "just bound, mmap is allowed");
	ok(act_gives(&memory, GMEM_HOOK_BIND, 0), "another binding too");
	sleep(moment() + 1);
	check_acts(hooks, ENOLCK, "a while later");
	hv_bind(other.vm, SLOT, other.fd, 0, PAGE, MEMORY_GUEST);
	ok(act_gives(&other, GMEM_HOOK_MMAP, 0), "another gmem is not covered");
	hv_unbind(other.vm, SLOT);
	end();
	hv_unbind(memory.vm, SLOT);
	memory_drop(&other);
}
#define CHOICE_CHECKS (GMEM_NR_HOOKS + 3)

int main(void)
{
	tap_plan(AGE_CHECKS + BIND_CHECKS + BEFORE_CHECKS + CHOICE_CHECKS);
	acts_init();
	check_age();
	check_bind();
	check_bound_before();
	check_choice();
	memory_drop(&memory);
	return tap_done();
}
