// SPDX-License-Identifier: GPL-2.0-only
/*
 * many_kvm GUEST_MEMFDS BINDINGS: as many.c, of KVM's own guest_memfds: each is of a VM of its
 * own, which has bound so many ranges of it. What tests/bench/tool.py has gmemtop look at.
 */
#include <sys/resource.h>

#include "../kvm/vm.h"

/* Bindings are two pages apart, so that none is the neighbour of the next. */
#define STEP (2 * PAGE)

static void make_one(int kvm, unsigned long bindings, void *host)
{
	struct kvm_create_guest_memfd args = {
		.size = 1UL << 30,
		.flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED,
	};
	struct vm vm = { .fd = vm_ioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM"), .cpu = -1 };
	int fd = vm_ioctl(vm.fd, KVM_CREATE_GUEST_MEMFD, &args, "KVM_CREATE_GUEST_MEMFD");

	for (unsigned long b = 0; b < bindings; b++)
		if (vm_slot(&vm, b, VM_BASE + b * STEP, PAGE, fd, b * STEP, host))
			tap_bail("a slot: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	unsigned long count, bindings;
	char line[8];
	void *host;
	int kvm;

	if (argc != 3)
		tap_bail("usage: many_kvm GUEST_MEMFDS BINDINGS");
	count = strtoul(argv[1], NULL, 10);
	bindings = strtoul(argv[2], NULL, 10);
	if (setrlimit(RLIMIT_NOFILE, &files))
		tap_bail("setrlimit: %s", strerror(errno));
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	host = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (kvm < 0 || host == MAP_FAILED)
		tap_bail("/dev/kvm: %s", strerror(errno));
	for (unsigned long i = 0; i < count; i++)
		make_one(kvm, bindings, host);
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	return 0;
}
