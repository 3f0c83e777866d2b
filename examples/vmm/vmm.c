// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small VMM whose guest's memory is guarded: one gmem holds private and shared memory alike,
 * and KVM converts ranges of it in place when the guest asks. Runs the guest of guest.c; needs
 * nothing but <linux/kvm.h> and <linux/gmem.h>. Read from main() upwards.
 */
#include <cpuid.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gmem.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

#define EXIT_MISMATCH 3 /* memory held what it should not */

/* What the Makefile builds from guest.c. */
extern const char guest_image[], guest_image_end[];
asm(".pushsection .rodata\n"
    "guest_image: .incbin \"guest.bin\"\n"
    "guest_image_end: .popsection\n");

static char name[GMEM_NAME_MAX] = "vmm";
static uint64_t bytes = 8 << 20; /* of memory, all in one slot from address 0 on */
static uint64_t rounds = -1, pause_ms, lie, shared_code;
static int kvm, vm, vcpu, memory, status;
static struct kvm_run *run;
static char *map;    /* the host's view: only shared ranges can be touched */
static bool *shared; /* by page */
static uint64_t served, conversions, retries;
static volatile sig_atomic_t over;

/* A KVM_RUN under way ends by the signal itself, one about to begin by immediate_exit. */
static void end(int sig)
{
	over = sig;
	if (run)
		run->immediate_exit = 1;
}

static int must(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

/* No range that the guest names is to be trusted. */
static bool range_is_valid(uint64_t at, uint64_t len)
{
	return len && at % PAGE == 0 && len % PAGE == 0 && at < bytes && len <= bytes - at;
}

/* KVM converts the memory itself. To private: EAGAIN while somebody holds a page of it. */
static int convert(uint64_t at, uint64_t len, bool to_shared, bool keep)
{
	struct kvm_memory_attributes attributes = {
		.address = at,
		.size = len,
		.attributes = to_shared ? 0 : KVM_MEMORY_ATTRIBUTE_PRIVATE,
		.flags = keep ? GMEM_KVM_ATTRIBUTES_KEEP : 0,
	};

	for (; ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes); retries++) {
		if (errno != EAGAIN || over)
			return -1;
		usleep(1000);
	}
	memset(shared + at / PAGE, to_shared, len / PAGE);
	conversions++;
	return 0;
}

static int map_gpa_range(uint64_t at, uint64_t pages, uint64_t attributes)
{
	bool to_shared = !(attributes & KVM_MAP_GPA_RANGE_ENCRYPTED);

	if (pages > bytes / PAGE || !range_is_valid(at, pages * PAGE))
		return -KVM_EINVAL;
	return convert(at, pages * PAGE, to_shared, attributes & MAP_GPA_KEEP) ? -errno : 0;
}

static int mismatch(const char *who, uint64_t at, uint64_t found, uint64_t wanted)
{
	fprintf(stderr, "%s: round %lu: the %s finds %#lx at %#lx, not %#lx\n", name, served, who,
		found, at, wanted);
	status = EXIT_MISMATCH;
	return 0;
}

/* Answers a request in shared memory, as a virtual device does. */
static int serve(uint64_t window)
{
	uint64_t *word = (uint64_t *)(map + window), at;

	/* A touch of a private page would be the end of this process. */
	if (!range_is_valid(window, WINDOW) || memchr(shared + window / PAGE, 0, WINDOW / PAGE))
		return -KVM_EINVAL;
	usleep(pause_ms * 1000);
	for (at = window; at < window + WINDOW; at += sizeof(*word), word++) {
		if (*word != content_word(REQUEST, served, at))
			return mismatch("VMM", at, *word, content_word(REQUEST, served, at));
		*word = content_word(ANSWER, served, at);
	}
	if (++served == lie)
		word[-1] ^= 1;
	return 0;
}

static uint64_t guest_call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	switch (nr) {
	case KVM_HC_MAP_GPA_RANGE:
		return map_gpa_range(a0, a1, a2);
	case GUEST_CALL_SERVE:
		return serve(a0);
	case GUEST_CALL_FAILED:
		return mismatch("guest", a0, a1, a2);
	case GUEST_CALL_DONE:
		return over = true;
	}
	return -KVM_ENOSYS;
}

static void exit_io(void)
{
	struct kvm_regs regs;

	if (run->io.port != GUEST_PORT)
		errx(1, "the guest uses port %#x, which is none of ours", run->io.port);
	must(ioctl(vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	regs.rax = guest_call(regs.rax, regs.rbx, regs.rcx, regs.rdx);
	must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

/* The guest took a page for what it is not, without asking first: converts it on demand. */
static void exit_memory_fault(int cause)
{
	bool to_shared = !(run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
	uint64_t at = run->memory_fault.gpa, len = run->memory_fault.size;

	/* It is what the guest takes it for: then the memory behind it cannot be had. */
	if (!range_is_valid(at, len) || shared[at / PAGE] == to_shared)
		errx(1, "memory at %#lx cannot be served to the guest: %s", at, strerror(cause));
	must(convert(at, len, to_shared, false), "conversion on demand");
}

static void run_guest(void)
{
	__u64 *args = run->hypercall.args;

	while (!over && !status) {
		if (ioctl(vcpu, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			if (run->exit_reason != KVM_EXIT_MEMORY_FAULT)
				err(1, "KVM_RUN");
		}
		switch (run->exit_reason) {
		case KVM_EXIT_HYPERCALL:
			run->hypercall.ret =
				guest_call(run->hypercall.nr, args[0], args[1], args[2]);
			break;
		case KVM_EXIT_IO:
			exit_io();
			break;
		case KVM_EXIT_MEMORY_FAULT: /* the one that comes with an error */
			exit_memory_fault(errno);
			break;
		case KVM_EXIT_HLT:
			return;
		case KVM_EXIT_SHUTDOWN:
			errx(1, "the guest crashed: a triple fault");
		default:
			errx(1, "KVM_RUN: exit reason %u is not expected", run->exit_reason);
		}
	}
}

/*
 * KVM steps over a hypercall by reading the instruction, where the processor does not tell how
 * long it was (AMD without nRIP save, QEMU's emulation); in private memory it cannot.
 */
static uint64_t working_hypercalls(void)
{
	unsigned int a, b, c, d = 0;

	if (__get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx)
		return GUEST_HAS_VMCALL;
	__get_cpuid(0x8000000a, &a, &b, &c, &d);
	return shared_code || d & 1 << 3 ? GUEST_HAS_VMMCALL : 0;
}

/* A processor in 64-bit mode, as if the guest's main had just been called. */
static void make_vcpu(void)
{
	struct kvm_segment flat = { .limit = -1, .type = 3, .present = 1, .s = 1, .g = 1, .db = 1 };
	struct kvm_regs regs = {
		.rip = GUEST_CODE,
		.rsp = GUEST_CODE - sizeof(uint64_t),
		.rflags = 2,
		.rdi = working_hypercalls(),
		.rsi = bytes,
		.rdx = rounds,
	};
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[256];
	} cpuid = { .head.nent = 256 };
	struct kvm_sregs sregs;

	vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	run = mmap(NULL, must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE"),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		err(1, "mmap of the vCPU");
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid), "KVM_GET_SUPPORTED_CPUID");
	must(ioctl(vcpu, KVM_SET_CPUID2, &cpuid), "KVM_SET_CPUID2");
	must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.cs = flat;
	sregs.cs.type = 11;
	sregs.cs.l = 1;
	sregs.cs.db = 0;
	sregs.cr0 = 0x80000011; /* paging, a coprocessor, protected mode */
	sregs.cr3 = GUEST_TABLES;
	sregs.cr4 = 0x20;   /* page table entries of 64 bits */
	sregs.efer = 0x500; /* long mode, enabled and active */
	must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static void bind_memory(void)
{
	struct kvm_userspace_memory_region2 region = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)map,
		.guest_memfd = memory,
	};

	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region),
	     "a gmem as the guest's memory (was this KVM built with gmem, by `make kvm`?)");
	/* To KVM all begins shared, but a gmem is private: its contents are kept. */
	memset(shared, true, bytes / PAGE);
	must(convert(0, bytes, false, false), "KVM_SET_MEMORY_ATTRIBUTES");
	if (shared_code)
		must(convert(0, GUEST_WINDOWS, true, true), "GMEM_KVM_ATTRIBUTES_KEEP");
}

/*
 * The guest's code is private before its first instruction: pwrite() gives a gmem initial
 * contents, until it has been handed to anybody, and no mapping ever shows them. (A loader that
 * needs a mapping writes to a shared range, and converts it with GMEM_CONTENT_KEEP.)
 */
static void load_guest(void)
{
	static char image[GUEST_WINDOWS];
	uint64_t *tables = (uint64_t *)(image + GUEST_TABLES), entries = PAGE / sizeof(*tables), i;

	/* Address is address for the first GiB: two tables, then 512 writable pages of 2 MiB. */
	tables[0] = (GUEST_TABLES + PAGE) | 0x3;
	tables[entries] = (GUEST_TABLES + 2 * PAGE) | 0x3;
	for (i = 0; i < entries; i++)
		tables[2 * entries + i] = i << 21 | 0x83;
	memcpy(image + GUEST_CODE, guest_image, guest_image_end - guest_image);
	if (pwrite(memory, image, sizeof(image), 0) != sizeof(image))
		err(1, "writing the guest's code to its memory");
}

static void make_memory(void)
{
	struct gmem_create create = {
		.size = sizeof(create),
		.flags = GMEM_CREATE_MMAP | GMEM_CREATE_POPULATE,
		.bytes = bytes,
	};
	int dev = must(open("/dev/gmem", O_RDWR | O_CLOEXEC),
		       "/dev/gmem (is gmem.ko loaded, are you root or of group kvm?)");

	snprintf(create.name, sizeof(create.name), "%s", name);
	memory = must(ioctl(dev, GMEM_CREATE, &create), "GMEM_CREATE");
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	shared = calloc(bytes / PAGE, sizeof(*shared));
	if (map == MAP_FAILED || !shared)
		err(1, "mmap of the guest's memory");
}

static void make_vm(void)
{
	struct kvm_enable_cap exits = {
		.cap = KVM_CAP_EXIT_HYPERCALL,
		.args[0] = 1 << KVM_HC_MAP_GPA_RANGE,
	};

	kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC),
		   "/dev/kvm (are KVM's modules loaded, are you root or of group kvm?)");
	if (!(ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES) & 1 << KVM_X86_SW_PROTECTED_VM))
		errx(1, "this KVM has no software-protected VMs: load the modules of `make kvm`");
	vm = must(ioctl(kvm, KVM_CREATE_VM, KVM_X86_SW_PROTECTED_VM), "KVM_CREATE_VM");
	must(ioctl(vm, KVM_ENABLE_CAP, &exits), "KVM_CAP_EXIT_HYPERCALL");
}

static void summary(void)
{
	struct gmem_stats stats = { .size = sizeof(stats) };

	must(ioctl(memory, GMEM_GET_STATS, &stats), "GMEM_GET_STATS");
	printf("%s: rounds %lu conversions %lu retries %lu memory_kib %lu private_kib %llu "
	       "shared_kib %llu %s\n",
	       name, served, conversions, retries, bytes / 1024,
	       stats.resident_private_bytes / 1024, stats.resident_shared_bytes / 1024,
	       status ? "MISMATCH" : "ok");
}

static const char help[] =
	"Usage: vmm [OPTION...]\n"
	"Runs a tiny guest in guarded memory, which shares windows of it, has requests served in\n"
	"them, takes them back, and checks what they hold, until SIGTERM or its last round.\n\n"
	"  --name=NAME       of the guest and its memory\n"
	"  --mib=N           memory, 1 to 1024 (default 8)\n"
	"  --rounds=N        ends the guest after N rounds\n"
	"  --pause-ms=N      leaves a window shared for so long before its request is served\n"
	"  --shared-code=1   real hypercalls where they only work from shared memory (QEMU's TCG)\n"
	"  --lie=N           answers the Nth round wrongly, to see the guest notice\n\n"
	"Exit status: 0; 1 something cannot be done; 2 usage; 3 memory held what it should not.\n";

static void parse(int argc, char **argv)
{
	uint64_t mib = bytes >> 20;
	bool ok = true;
	char c;

	for (int i = 1; i < argc && ok; i++)
		ok = sscanf(argv[i], "--name=%31[ -~]%c", name, &c) == 1 ||
		     sscanf(argv[i], "--mib=%lu%c", &mib, &c) == 1 ||
		     sscanf(argv[i], "--rounds=%lu%c", &rounds, &c) == 1 ||
		     sscanf(argv[i], "--pause-ms=%lu%c", &pause_ms, &c) == 1 ||
		     sscanf(argv[i], "--shared-code=%lu%c", &shared_code, &c) == 1 ||
		     sscanf(argv[i], "--lie=%lu%c", &lie, &c) == 1;
	if (!ok || mib < 1 || mib > 1024) {
		ok = argc == 2 && !strcmp(argv[1], "--help");
		fputs(help, ok ? stdout : stderr);
		exit(ok ? 0 : 2);
	}
	bytes = mib << 20;
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	signal(SIGTERM, end);
	signal(SIGINT, end);
	make_vm();
	make_memory();
	load_guest();
	bind_memory();
	make_vcpu();
	run_guest();
	summary();
	return status;
}
