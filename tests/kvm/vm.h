/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual machine for the tests beside this file: one vCPU, in flat 32-bit mode without
 * paging, that does what it is asked over I/O ports: load, store, fill and check a page.
 * Its code lives in the guest's memory like all else.
 */
#ifndef GMEM_TEST_VM_H
#define GMEM_TEST_VM_H

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define VM_PORT 0x10
#define VM_BASE 0x100000UL /* where the tests put memory */

enum vm_op {
	VM_LOAD = 1,  /* gives the word at the address */
	VM_STORE = 2, /* stores the value */
	VM_FILL = 3,  /* fills the page with value, value + 1, ... */
	VM_CHECK = 4, /* gives how many words of the page are not as VM_FILL left them */
	VM_TOUCH = 5, /* stores a word to each of value pages */
};

struct vm {
	int fd;
	int cpu;
	struct kvm_run *run;
	size_t run_size;
	uint32_t input[3]; /* op, address, value, as the guest reads them */
	int next_input;
};

/* How an operation of the guest ended. */
struct vm_result {
	int err;	    /* 0, or the errno that KVM_RUN gave */
	uint32_t exit;	    /* exit_reason with an error */
	uint64_t fault_gpa; /* with KVM_EXIT_MEMORY_FAULT */
	bool fault_private;
	uint32_t value; /* without an error */
};

/* Reads three words from the port, does it, writes the answer, and so on. */
asm(".pushsection .rodata\n"
    ".code32\n"
    ".global vm_code, vm_code_end\n"
    "vm_code:\n"
    "	mov $0x10, %edx\n"
    "1:	inl %dx, %eax\n"
    "	mov %eax, %ebx\n"
    "	inl %dx, %eax\n"
    "	mov %eax, %edi\n"
    "	inl %dx, %eax\n"
    "	mov %eax, %esi\n"
    "	mov $1024, %ecx\n"
    "	cmp $1, %ebx\n"
    "	je 2f\n"
    "	cmp $2, %ebx\n"
    "	je 3f\n"
    "	cmp $3, %ebx\n"
    "	je 4f\n"
    "	cmp $5, %ebx\n"
    "	je 7f\n"
    "	xor %eax, %eax\n"
    "5:	cmp %esi, (%edi)\n"
    "	je 6f\n"
    "	inc %eax\n"
    "6:	inc %esi\n"
    "	add $4, %edi\n"
    "	loop 5b\n"
    "	jmp 9f\n"
    "2:	mov (%edi), %eax\n"
    "	jmp 9f\n"
    "3:	mov %esi, (%edi)\n"
    "	mov %esi, %eax\n"
    "	jmp 9f\n"
    "4:	mov %esi, (%edi)\n"
    "	inc %esi\n"
    "	add $4, %edi\n"
    "	loop 4b\n"
    "	mov %esi, %eax\n"
    "	jmp 9f\n"
    "7:	mov %esi, (%edi)\n"
    "	add $0x1000, %edi\n"
    "	dec %esi\n"
    "	jnz 7b\n"
    "	mov %esi, %eax\n"
    "9:	outl %eax, %dx\n"
    "	jmp 1b\n"
    "vm_code_end:\n"
    ".code64\n"
    ".popsection\n");
extern const char vm_code[], vm_code_end[];

static inline int vm_ioctl(int fd, unsigned long cmd, void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0)
		tap_bail("%s: %s", what, strerror(errno));
	return ret;
}

/* A VM whose memory may be private, with nothing in it. */
static inline struct vm vm_new(void)
{
	struct vm vm = { .cpu = -1 };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		tap_bail("/dev/kvm: %s", strerror(errno));
	vm.fd = ioctl(kvm, KVM_CREATE_VM, KVM_X86_SW_PROTECTED_VM);
	if (vm.fd < 0)
		tap_bail("KVM_CREATE_VM, software-protected: %s", strerror(errno));
	vm.run_size = vm_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	close(kvm);
	return vm;
}

/* The same gmem for private and, mapped at @host, for shared pages. Gives -1 and errno on failure. */
static inline int vm_slot(struct vm *vm, uint32_t slot, uint64_t gpa, uint64_t bytes, int gmem,
			  uint64_t offset, void *host)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = slot,
		.flags = bytes ? KVM_MEM_GUEST_MEMFD : 0,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)host,
		.guest_memfd_offset = offset,
		.guest_memfd = gmem,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, &region);
}

static inline int vm_attributes(struct vm *vm, uint64_t gpa, uint64_t bytes, bool private,
				uint64_t flags)
{
	struct kvm_memory_attributes attributes = {
		.address = gpa,
		.size = bytes,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
		.flags = flags,
	};

	return ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

/* A vCPU that begins at @code. */
static inline void vm_cpu(struct vm *vm, uint64_t code)
{
	struct kvm_segment flat = { .limit = 0xffffffff, .present = 1, .s = 1, .db = 1, .g = 1 };
	struct kvm_regs regs = { .rip = code, .rflags = 2 };
	struct kvm_sregs sregs;

	vm->cpu = vm_ioctl(vm->fd, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	vm->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vm->cpu, 0);
	if (vm->run == MAP_FAILED)
		tap_bail("mmap of a vCPU: %s", strerror(errno));

	vm_ioctl(vm->cpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	flat.selector = 16;
	flat.type = 3;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat;
	flat.selector = 8;
	flat.type = 11;
	sregs.cs = flat;
	sregs.cr0 |= 1;
	vm_ioctl(vm->cpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	vm_ioctl(vm->cpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

/* The guest's code into a page of a gmem, which is private afterwards. */
static inline void vm_put_code(int gmem, uint64_t offset)
{
	char *at;

	gmem_share(gmem, offset, PAGE, GMEM_CONTENT_ZERO);
	at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, gmem, offset);
	if (at == MAP_FAILED)
		tap_bail("mmap of the code's page: %s", strerror(errno));
	memcpy(at, vm_code, vm_code_end - vm_code);
	munmap(at, PAGE);
	gmem_hide(gmem, offset, PAGE, GMEM_CONTENT_KEEP);
}

/* Set before a signal that interrupts KVM_RUN: a guest without an answer is given up. */
static volatile bool vm_give_up;

/* Says what KVM tells of a guest that does not go on. */
static inline _Noreturn void vm_bail(const struct vm *vm)
{
	const struct kvm_run *run = vm->run;
	struct kvm_regs regs = {};

	ioctl(vm->cpu, KVM_GET_REGS, &regs);
	diag("asked for: op %u, address %#x, value %u; words it read: %d", vm->input[0],
	     vm->input[1], vm->input[2], vm->next_input);
	diag("eax %#llx ebx %#llx ecx %#llx flags %#llx", regs.rax, regs.rbx, regs.rcx,
	     regs.rflags);
	if (run->exit_reason == KVM_EXIT_MEMORY_FAULT)
		diag("memory fault at %#llx, flags %#llx", run->memory_fault.gpa,
		     run->memory_fault.flags);
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		for (uint32_t i = 0; i < run->internal.ndata && i < 16; i++)
			diag("internal.data[%u] = %#llx", i, run->internal.data[i]);
	tap_bail(
		"the guest left with exit reason %u (suberror %u) at rip %#llx, address %#llx, value %#llx",
		run->exit_reason,
		run->exit_reason == KVM_EXIT_INTERNAL_ERROR ? run->internal.suberror : 0, regs.rip,
		regs.rdi, regs.rsi);
}

/* Lets the guest go on until it has an answer, or cannot go on. */
static inline struct vm_result vm_go(struct vm *vm)
{
	struct vm_result r = {};
	uint32_t *data;

	for (;;) {
		if (ioctl(vm->cpu, KVM_RUN, NULL) < 0) {
			if (errno == EINTR || errno == EAGAIN) {
				if (vm_give_up)
					vm_bail(vm);
				continue;
			}
			r.err = errno;
			r.exit = vm->run->exit_reason;
			if (r.exit == KVM_EXIT_MEMORY_FAULT) {
				r.fault_gpa = vm->run->memory_fault.gpa;
				r.fault_private =
					vm->run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;
			}
			return r;
		}
		/* No slot there: reads as the zeroes that are in the buffer. */
		if (vm->run->exit_reason == KVM_EXIT_MMIO) {
			if (!vm->run->mmio.is_write)
				memset(vm->run->mmio.data, 0, sizeof(vm->run->mmio.data));
			r.err = EFAULT;
			r.exit = KVM_EXIT_MMIO;
			return r;
		}
		if (vm->run->exit_reason != KVM_EXIT_IO || vm->run->io.port != VM_PORT)
			vm_bail(vm);
		data = (uint32_t *)((char *)vm->run + vm->run->io.data_offset);
		if (vm->run->io.direction == KVM_EXIT_IO_OUT) {
			r.value = *data;
			return r;
		}
		*data = vm->input[vm->next_input++ % 3];
	}
}

static inline struct vm_result vm_do(struct vm *vm, enum vm_op op, uint64_t gpa, uint32_t value)
{
	vm->input[0] = op;
	vm->input[1] = gpa;
	vm->input[2] = value;
	vm->next_input = 0;
	return vm_go(vm);
}

static inline void vm_drop(struct vm *vm)
{
	if (vm->cpu >= 0) {
		munmap(vm->run, vm->run_size);
		close(vm->cpu);
	}
	close(vm->fd);
}

#endif /* GMEM_TEST_VM_H */
