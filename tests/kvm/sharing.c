// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may bind what: two VMs on disjoint ranges of one gmem, overlaps, a gmem that outlives
 * its VM, a VM that outlives its gmem, and guest_memfds, which are their VM's alone.
 */
#include "vm.h"

#define HALF  16
#define BYTES (2 * HALF * PAGE)

static int fd;
static char *map;

static struct vm guest_on(uint64_t offset, const char *what)
{
	struct vm vm = vm_new();

	if (vm_slot(&vm, 0, VM_BASE, HALF * PAGE, fd, offset, map + offset) ||
	    vm_attributes(&vm, VM_BASE, HALF * PAGE, true, 0))
		tap_bail("%s: %s", what, strerror(errno));
	vm_cpu(&vm, VM_BASE);
	return vm;
}

static uint32_t loads(struct vm *vm, int page)
{
	return vm_do(vm, VM_LOAD, VM_BASE + page * PAGE, 0).value;
}

static void stores(struct vm *vm, int page, uint32_t value)
{
	vm_do(vm, VM_STORE, VM_BASE + page * PAGE, value);
}

static void two_vms(void)
{
	struct vm a, b, c;

	vm_put_code(fd, 0);
	vm_put_code(fd, HALF * PAGE);
	a = guest_on(0, "the first VM");
	b = guest_on(HALF * PAGE, "the second VM");
	is_int(gmem_stats_of(fd).bindings, 2, "two VMs on one gmem");
	stores(&a, 3, 111);
	stores(&b, 3, 222);
	ok(loads(&a, 3) == 111 && loads(&b, 3) == 222, "each has its own part");

	c = vm_new();
	is_errno(vm_slot(&c, 0, VM_BASE, PAGE, fd, (HALF - 1) * PAGE, map), EEXIST,
		 "a range that is bound: EEXIST");
	is_errno(vm_slot(&c, 0, VM_BASE, 2 * HALF * PAGE, fd, PAGE, map), EINVAL,
		 "a range that leaves the memory: EINVAL");
	is_errno(vm_slot(&a, 1, 2 * VM_BASE, PAGE, fd, PAGE, map), EEXIST,
		 "also by the VM that has it: EEXIST");

	vm_drop(&a);
	is_int(gmem_stats_of(fd).bindings, 1, "a VM goes, its binding goes");
	is_int(loads(&b, 3), 222, "the other VM goes on");
	a = guest_on(0, "the next VM");
	is_int(loads(&a, 3), 111, "the next VM finds the contents");
	is_success(vm_slot(&a, 0, VM_BASE, 0, -1, 0, NULL), "a slot is deleted");
	is_int(gmem_stats_of(fd).bindings, 1, "its binding with it");
	is_success(vm_slot(&c, 0, VM_BASE, PAGE, fd, 3 * PAGE, map + 3 * PAGE),
		   "its range is free for another VM");
	vm_drop(&a);
	vm_drop(&b);
	vm_drop(&c);
	is_int(gmem_stats_of(fd).bindings, 0, "no binding is left");
}

static void gmem_first(void)
{
	struct vm vm = guest_on(0, "a VM");
	struct vm_result r;

	is_int(loads(&vm, 3), 111, "a VM runs on a gmem");
	munmap(map, BYTES);
	close(fd);
	r = vm_do(&vm, VM_LOAD, VM_BASE + 3 * PAGE, 0);
	ok(r.err == EFAULT, "once that is closed and unmapped, it has no memory: EFAULT");
	vm_drop(&vm);
	ok(1, "and goes in peace");
}

/* As upstream's: the file belongs to its VM. */
static void guest_memfds(void)
{
	struct kvm_create_guest_memfd args = { .size = HALF * PAGE };
	struct vm a = vm_new(), b = vm_new();
	int own = ioctl(a.fd, KVM_CREATE_GUEST_MEMFD, &args);

	ok(own >= 0, "KVM_CREATE_GUEST_MEMFD");
	is_errno(vm_slot(&b, 0, VM_BASE, PAGE, own, 0, NULL), EINVAL,
		 "a guest_memfd of another VM: EINVAL");
	is_success(vm_slot(&a, 0, VM_BASE, PAGE, own, 0, NULL), "of one's own: bound");
	is_errno(ioctl(own, GMEM_GET_STATS,
		       &(struct gmem_stats){ .size = sizeof(struct gmem_stats) }),
		 ENOTTY, "it has no ioctls of gmem, as upstream's");
	is_errno(vm_slot(&a, 1, 2 * VM_BASE, PAGE, a.fd, 0, NULL), EINVAL,
		 "no memory at all: EINVAL");
	is_errno(vm_slot(&a, 1, 2 * VM_BASE, PAGE, 9999, 0, NULL), EBADF, "no descriptor: EBADF");
	is_errno(vm_attributes(&a, VM_BASE, PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP), EINVAL,
		 "its contents cannot be kept: EINVAL");
	close(own);
	vm_drop(&a);
	vm_drop(&b);
}

int main(void)
{
	tap_plan(12 + 3 + 7);
	fd = gmem_new(GMEM_CREATE_MMAP, BYTES, "two");
	map = gmem_map(fd, BYTES);
	two_vms();
	gmem_first();
	guest_memfds();
	return tap_done();
}
