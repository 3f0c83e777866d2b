// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory failure under a guest: its access to the page ends KVM_RUN with EHWPOISON, the
 * rest of its memory is well, and the page can be replaced. Costs the VM a page.
 */
#include "vm.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)
#define LOST  (VM_BASE + 3 * PAGE)

static int poisoned;

static void poison(void *at)
{
	poisoned = madvise(at, PAGE, MADV_HWPOISON);
}

int main(void)
{
	struct tracer tracer;
	struct vm_result r;
	struct trap t;
	struct vm vm;
	char *map;
	int fd;

	tap_plan(7);
	trap_init();
	tracer_open(&tracer);
	fd = gmem_new(GMEM_CREATE_MMAP, BYTES, "failure");
	map = gmem_map(fd, BYTES);
	vm_put_code(fd, 0);
	vm = vm_new();
	if (vm_slot(&vm, 0, VM_BASE, BYTES, fd, 0, map) ||
	    vm_attributes(&vm, VM_BASE, PAGE, true, 0) ||
	    vm_attributes(&vm, VM_BASE, BYTES, true, 0) ||
	    vm_attributes(&vm, VM_BASE + 2 * PAGE, 4 * PAGE, false, 0))
		tap_bail("slot: %s", strerror(errno));
	vm_cpu(&vm, VM_BASE);
	for (int i = 1; i < PAGES; i++)
		vm_do(&vm, VM_FILL, VM_BASE + i * PAGE, i);

	t = trap_call(poison, map + 3 * PAGE);
	if (!t.signo && poisoned && errno == EINVAL)
		tap_skip_all("CONFIG_MEMORY_FAILURE");
	ok(tracer_count(&tracer, gmem_id(fd), "gmem_error offset_bytes=12288") == 1 &&
		   tracer_count(&tracer, gmem_id(fd), "gmem_invalidate cause=error consumer=kvm") ==
			   1,
	   "the failure and the binding's being told of it are seen");
	r = vm_do(&vm, VM_LOAD, LOST, 0);
	is_int(r.err, EHWPOISON, "the guest's access gives EHWPOISON");
	is_int(r.exit, KVM_EXIT_MEMORY_FAULT, "with KVM_EXIT_MEMORY_FAULT");
	ok(r.fault_gpa == LOST, "and the page's address");

	is_success(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, PAGE),
		   "the page is punched");
	r = vm_go(&vm);
	ok(!r.err && !r.value, "the guest goes on with a sound page of zeroes");
	r = vm_do(&vm, VM_CHECK, VM_BASE + 4 * PAGE, 4);
	ok(!r.err && !r.value && !vm_do(&vm, VM_CHECK, VM_BASE + 2 * PAGE, 2).value &&
		   !vm_do(&vm, VM_CHECK, VM_BASE + 6 * PAGE, 6).value,
	   "other memory is well");
	vm_drop(&vm);
	tracer_close(&tracer);
	return tap_done();
}
