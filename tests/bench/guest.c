// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of a guest: the first touch of a private page, and of one that is no longer in
 * the guest's page tables. The columns are named by the argument, which says whose KVM is
 * loaded: tests/bench/run runs this on both. With a LABEL only a guest_memfd's, under that name.
 */
#include "../kvm/vm.h"
#include "bench.h"

#define GUEST_CODE (VM_BASE - PAGE) /* a slot of ordinary memory */

/* A guest whose code is in ordinary memory and that has BENCH_PAGES of private memory at VM_BASE. */
static struct vm start(int memory, void *host)
{
	struct kvm_userspace_memory_region2 code = { .slot = 1,
						     .guest_phys_addr = GUEST_CODE,
						     .memory_size = PAGE };
	struct vm vm = vm_new();
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(page, vm_code, vm_code_end - vm_code);
	code.userspace_addr = (uintptr_t)page;
	vm_ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION2, &code, "the code's slot");
	if (memory < 0) {
		struct kvm_create_guest_memfd args = { .size = BENCH_BYTES };

		memory = vm_ioctl(vm.fd, KVM_CREATE_GUEST_MEMFD, &args, "KVM_CREATE_GUEST_MEMFD");
	}
	if (vm_slot(&vm, 0, VM_BASE, BENCH_BYTES, memory, 0, host) ||
	    vm_attributes(&vm, VM_BASE, BENCH_BYTES, true, 0))
		tap_bail("a slot: %s", strerror(errno));
	vm_cpu(&vm, GUEST_CODE);
	/* The vCPU's own first faults are not those of its memory. */
	vm_do(&vm, VM_LOAD, GUEST_CODE, 0);
	return vm;
}

static void measure(const char *column, bool in_place)
{
	struct bench_samples touch = {}, again = {};
	uint64_t clock;
	int round;

	for (round = -1; round < BENCH_ROUNDS; round++) {
		int memory = in_place ? gmem_new(GMEM_CREATE_MMAP, BENCH_BYTES, "bench") : -1;
		void *host = in_place ? gmem_map(memory, BENCH_BYTES) : NULL;
		struct vm vm = start(memory, host);

		clock = bench_clock();
		if (vm_do(&vm, VM_TOUCH, VM_BASE, BENCH_PAGES).err)
			tap_bail("the guest could not touch its memory");
		if (round >= 0)
			bench_add(&touch, clock, BENCH_PAGES);
		clock = bench_clock();
		vm_do(&vm, VM_TOUCH, VM_BASE, BENCH_PAGES);
		if (round >= 0)
			bench_add(&again, clock, BENCH_PAGES);
		if (host)
			munmap(host, BENCH_BYTES);
		if (memory >= 0)
			close(memory);
		vm_drop(&vm);
	}
	bench_report("guest_first_touch", column, &touch);
	bench_report("guest_touch_again", column, &again);
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3 || (strcmp(argv[1], "stock") && strcmp(argv[1], "gmem"))) {
		fprintf(stderr, "Usage: guest stock|gmem [LABEL]\n");
		return 2;
	}
	if (argc == 3) {
		measure(argv[2], false);
	} else if (!strcmp(argv[1], "stock")) {
		measure("KVM's guest_memfd", false);
	} else {
		measure("guest_memfd on gmem", false);
		measure("gmem, in place", true);
	}
	return 0;
}
