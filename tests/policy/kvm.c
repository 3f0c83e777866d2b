// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies and KVM: what it makes, binds and converts by ioctls of its own is put to policies
 * as GMEM_CREATE and GMEM_CONVERT are, and a refusal is what that ioctl gives; nothing changed.
 */
#include <signal.h>

#include "../kvm/vm.h"
#include "policy.h"

#define BYTES (8 * PAGE)
#define SLOT  3

/* A memory slot's binding, and conversions, may fail in ways that KVM has a meaning of its own for. */
static const int errnos[] = { EPERM, EACCES, EDQUOT, ENODEV, EAGAIN, EEXIST, ENOENT, 133 };

static struct policy policy;
static struct vm vm;
static int fd;
static char *map;

static bool field(const char *name, uint64_t got, uint64_t want)
{
	if (got != want)
		diag("  %s is %#llx, want %#llx", name, (unsigned long long)got,
		     (unsigned long long)want);
	return got == want;
}

static int create_own(void)
{
	struct kvm_create_guest_memfd args = { .size = BYTES };

	return ioctl(vm.fd, KVM_CREATE_GUEST_MEMFD, &args);
}

static void check_create(void)
{
	const struct seen *s = policy_saw(&policy, GMEM_HOOK_CREATE);
	int own = create_own();

	ok(own >= 0 && policy_calls(&policy, GMEM_HOOK_CREATE) == 1,
	   "KVM_CREATE_GUEST_MEMFD: asked, and allowed");
	ok(field("size_bytes", s->size_bytes, BYTES) &
		   field("memory_bytes", s->memory_bytes, BYTES) &
		   field("hook", s->hook, GMEM_HOOK_CREATE) &
		   field("creator_pid", s->creator_pid, getpid()) & field("id", !s->id, 0),
	   "as a creation of that size by this process");
	policy_says(&policy, GMEM_HOOK_CREATE, -EDQUOT);
	is_errno(create_own(), EDQUOT, "KVM_CREATE_GUEST_MEMFD: refused");
	policy_says(&policy, GMEM_HOOK_CREATE, 0);

	/* Its fd is bound, too. */
	policy_says(&policy, GMEM_HOOK_BIND, -EDQUOT);
	is_errno(vm_slot(&vm, SLOT, VM_BASE, BYTES, own, 0, NULL), EDQUOT,
		 "a slot on a guest_memfd: refused");
	policy_says(&policy, GMEM_HOOK_BIND, 0);
	is_success(vm_slot(&vm, SLOT, VM_BASE, BYTES, own, 0, NULL), "and allowed");
	is_success(vm_slot(&vm, SLOT, VM_BASE, 0, -1, 0, NULL), "its end is not asked about");
	close(own);
}
#define CREATE_CHECKS 6

static void check_bind(void)
{
	const struct seen *s = policy_saw(&policy, GMEM_HOOK_BIND);
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		int ret;

		policy_says(&policy, GMEM_HOOK_BIND, -errnos[i]);
		errno = 0;
		ret = vm_slot(&vm, SLOT, VM_BASE, BYTES, fd, 0, map);
		good &= field("errno", errno, errnos[i]) & field("ret", ret, -1);
	}
	ok(good, "a slot on a gmem: refused with each errno");
	is_int(gmem_stats_of(fd).bindings, 0, "nothing is bound");
	is_int(gmem_stats_of(fd).denied_policy, ARRAY_SIZE(errnos), "counted");
	policy_says(&policy, GMEM_HOOK_BIND, 0);
	is_success(vm_slot(&vm, SLOT, VM_BASE, BYTES, fd, 0, map), "allowed");
	ok(!strcmp(s->consumer, "kvm") & field("vm", s->vm, getpid()) &
		   field("slot", s->slot, SLOT) &
		   field("guest_address", s->guest_address, VM_BASE) &
		   field("offset_bytes", s->offset_bytes, 0) &
		   field("size_bytes", s->size_bytes, BYTES) & field("id", s->id, gmem_id(fd)),
	   "what is asked for");
}
#define BIND_CHECKS 5

/* All of it is shared by the time this comes. */
static void check_convert(void)
{
	const struct seen *s = policy_saw(&policy, GMEM_HOOK_CONVERT);
	struct snap before = snap_take(fd);
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++) {
		int ret;

		policy_says(&policy, GMEM_HOOK_CONVERT, -errnos[i]);
		errno = 0;
		ret = vm_attributes(&vm, VM_BASE + PAGE, 2 * PAGE, true, 0);
		/* ENODEV says that there is no memory to convert, which would pass. */
		if (!field("errno", errno, errnos[i] == ENODEV ? EPERM : errnos[i]) |
		    !field("ret", ret, -1))
			good = false;
	}
	ok(good, "KVM_SET_MEMORY_ATTRIBUTES: refused with each errno");
	ok(snap_same(fd, &before, SNAP_DENIED), "nothing changed");
	policy_says(&policy, GMEM_HOOK_CONVERT, 0);
	is_success(vm_attributes(&vm, VM_BASE + PAGE, 2 * PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP),
		   "allowed");
	ok(field("offset_bytes", s->offset_bytes, PAGE) &
		   field("size_bytes", s->size_bytes, 2 * PAGE) &
		   field("to", s->to, GMEM_STATE_PRIVATE) &
		   field("content", s->content, GMEM_CONTENT_KEEP) &
		   field("id", s->id, gmem_id(fd)),
	   "what is asked for");
	is_int(trap_load(map + PAGE).signo, SIGBUS, "and done");
	policy_says(&policy, GMEM_HOOK_CONVERT, -EDQUOT);
	is_errno(vm_attributes(&vm, VM_BASE, BYTES, false, 0), EDQUOT, "back: refused");
	is_int(trap_load(map + PAGE).signo, SIGBUS, "it is private still");
	policy_says(&policy, GMEM_HOOK_CONVERT, 0);
	is_success(vm_attributes(&vm, VM_BASE, BYTES, false, 0), "back: allowed");
	is_int(trap_load(map + PAGE).signo, 0, "it is shared again");
}
#define CONVERT_CHECKS 9

/* Where a policy is required and none is there, KVM can do nothing with the memory. */
static void check_required(void)
{
	int closed = gmem_new(GMEM_CREATE_MMAP | GMEM_CREATE_POLICY_REQUIRED, BYTES, "closed");

	is_success(vm_slot(&vm, SLOT + 1, 2 * VM_BASE, BYTES, closed, 0, map),
		   "one is required and there: a slot");
	policy_detach(&policy);
	is_errno(vm_attributes(&vm, 2 * VM_BASE, BYTES, true, 0), EACCES,
		 "it goes: attributes are refused");
	vm_slot(&vm, SLOT + 1, 2 * VM_BASE, 0, -1, 0, NULL);
	is_errno(vm_slot(&vm, SLOT + 1, 2 * VM_BASE, BYTES, closed, 0, map), EACCES,
		 "and so is a slot");
	close(closed);
}
#define REQUIRED_CHECKS 3

int main(void)
{
	tap_plan(CREATE_CHECKS + BIND_CHECKS + CONVERT_CHECKS + REQUIRED_CHECKS);
	trap_init();
	vm = vm_new();
	fd = gmem_new(GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED, BYTES, "kvm");
	map = gmem_map(fd, BYTES);
	policy = policy_new((struct policy_is){ .name = "kvm" });
	check_create();
	check_bind();
	check_convert();
	check_required();
	policy_drop(&policy);
	vm_drop(&vm);
	close(fd);
	return tap_done();
}
