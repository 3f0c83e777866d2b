// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest on a gmem whose memory is converted in place by KVM_SET_MEMORY_ATTRIBUTES: what
 * the guest wrote is kept or zeroed as asked, the host reads what is shared and gets SIGBUS
 * from what is not, and there is one copy of it all.
 */
#include <signal.h>
#include <sys/uio.h>

#include "vm.h"

#define PAGES	  32
#define BYTES	  (PAGES * PAGE)
#define GPA(page) (VM_BASE + (page) * PAGE)

static struct tracer tracer;
static struct vm vm;
static int fd;
static char *map;

static void set_up(void)
{
	fd = gmem_new(GMEM_CREATE_MMAP, BYTES, "guest");
	map = gmem_map(fd, BYTES);
	vm_put_code(fd, 0);
	vm = vm_new();
	if (vm_slot(&vm, 0, VM_BASE, BYTES, fd, 0, map))
		tap_bail("a slot on a gmem: %s (was KVM built with gmem?)", strerror(errno));
	if (vm_attributes(&vm, VM_BASE, BYTES, true, 0))
		tap_bail("attributes: %s", strerror(errno));
	vm_cpu(&vm, VM_BASE);
}

/* Words of a page of the host's mapping that are not as VM_FILL left them; -1 where it is out of reach. */
static int host_wrong(int page, uint32_t value)
{
	const uint32_t *at = (const uint32_t *)(map + page * PAGE);
	int wrong = 0;

	if (trap_load(at).signo)
		return -1;
	for (int i = 0; i < 1024; i++)
		wrong += at[i] != value + i;
	return wrong;
}

static bool guest_has(int page, uint32_t value)
{
	struct vm_result r = vm_do(&vm, VM_CHECK, GPA(page), value);

	if (r.err || r.value)
		diag("page %d: err %d, %u words differ", page, r.err, r.value);
	return !r.err && !r.value;
}

static bool guest_fills(int page, uint32_t value)
{
	return !vm_do(&vm, VM_FILL, GPA(page), value).err;
}

static uint64_t resident(void)
{
	struct gmem_stats s = gmem_stats_of(fd);

	return s.resident_private_bytes + s.resident_shared_bytes;
}

static void kept(void)
{
	ok(guest_fills(1, 1000) && guest_has(1, 1000), "the guest writes and reads private memory");
	is_int(trap_load(map + PAGE).signo, SIGBUS, "which the host cannot");

	is_success(vm_attributes(&vm, GPA(1), PAGE, false, GMEM_KVM_ATTRIBUTES_KEEP),
		   "to shared, contents kept");
	is_int(host_wrong(1, 1000), 0, "the host reads what the guest wrote");
	ok(guest_has(1, 1000), "so does the guest");
	((uint32_t *)(map + PAGE))[0] = 77;
	is_int(vm_do(&vm, VM_LOAD, GPA(1), 0).value, 77, "the guest reads what the host wrote");
	ok(guest_fills(1, 2000), "the guest writes shared memory");
	is_int(host_wrong(1, 2000), 0, "and the host reads it");

	is_success(vm_attributes(&vm, GPA(1), PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP),
		   "to private, contents kept");
	is_int(host_wrong(1, 2000), -1, "the host cannot reach it any more");
	ok(guest_has(1, 2000), "the guest has its contents");
}

static void zeroed(void)
{
	bool zero = true;

	guest_fills(2, 3000);
	is_success(vm_attributes(&vm, GPA(2), PAGE, false, 0), "to shared without a flag");
	ok(all_zero(map + 2 * PAGE, PAGE), "the host reads zeroes");
	guest_fills(2, 4000);
	is_success(vm_attributes(&vm, GPA(2), PAGE, true, 0), "to private without a flag");
	for (int i = 0; i < 1024; i += 13)
		zero &= !vm_do(&vm, VM_LOAD, GPA(2) + i * 4, 0).value;
	ok(zero, "the guest reads zeroes");
}

static void one_copy(void)
{
	uint64_t before;

	for (int i = 3; i < 11; i++)
		guest_fills(i, i);
	before = resident();
	vm_attributes(&vm, GPA(3), 8 * PAGE, false, GMEM_KVM_ATTRIBUTES_KEEP);
	for (int i = 3; i < 11; i++) {
		guest_fills(i, i + 1);
		host_wrong(i, i + 1);
	}
	is_int(resident(), before, "shared by guest and host, memory is resident once");
	vm_attributes(&vm, GPA(3), 8 * PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP);
	ok(guest_has(10, 11), "and private again it is the same");
	is_int(resident(), before, "still once");
}

static void held(void)
{
	struct iovec v = { map + 12 * PAGE, PAGE };
	char buffer[PAGE];
	int ends[2];

	vm_attributes(&vm, GPA(11), 4 * PAGE, false, 0);
	guest_fills(12, 5000);
	if (pipe2(ends, O_CLOEXEC) || vmsplice(ends[1], &v, 1, 0) != (ssize_t)PAGE)
		tap_bail("vmsplice: %s", strerror(errno));
	is_errno(vm_attributes(&vm, GPA(11), 4 * PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP), EAGAIN,
		 "a held page: EAGAIN");
	is_int(host_wrong(12, 5000), 0, "the host still has it");
	ok(guest_has(12, 5000), "the guest still has it, as shared memory");
	ok(read(ends[0], buffer, PAGE) == (ssize_t)PAGE, "it is let go");
	is_success(vm_attributes(&vm, GPA(11), 4 * PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP),
		   "now it is converted");
	ok(guest_has(12, 5000), "with its contents");
	close(ends[0]);
	close(ends[1]);
}

/* GMEM_CONVERT behind KVM's back: the guest's next access tells the VMM, and is seen. */
static void behind_its_back(void)
{
	uint64_t denied = gmem_stats_of(fd).denied_private;
	struct vm_result r;

	guest_fills(16, 6000);
	gmem_share(fd, 16 * PAGE, PAGE, GMEM_CONTENT_KEEP);
	tracer_clear(&tracer);
	r = vm_do(&vm, VM_LOAD, GPA(16), 0);
	ok(r.err == EFAULT && r.exit == KVM_EXIT_MEMORY_FAULT && r.fault_private &&
		   r.fault_gpa == GPA(16),
	   "a private access to shared memory leaves with KVM_EXIT_MEMORY_FAULT");
	ok(tracer_count(&tracer, gmem_id(fd), "gmem_fault kind=guest err=-13 offset_bytes=65536") ==
		   1,
	   "an event tells of it");
	is_int(gmem_stats_of(fd).denied_private, denied + 1, "and a counter");
	is_success(vm_attributes(&vm, GPA(16), PAGE, false, 0), "attributes that follow the state");
	r = vm_go(&vm);
	ok(!r.err && r.value == 6000, "let the guest go on, its contents untouched");
	is_success(vm_attributes(&vm, GPA(16), PAGE, true, GMEM_KVM_ATTRIBUTES_KEEP), "and back");
}

static void punched(void)
{
	guest_fills(18, 7000);
	is_success(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 18 * PAGE, PAGE),
		   "punching a hole under a guest");
	is_int(vm_do(&vm, VM_LOAD, GPA(18) + 8, 0).value, 0, "it reads zeroes");
	ok(guest_fills(18, 8000) && guest_has(18, 8000), "and goes on");
}

static void refused(void)
{
	is_errno(vm_attributes(&vm, GPA(1), PAGE, true, 2), EINVAL, "an unknown flag: EINVAL");
	is_errno(vm_attributes(&vm, GPA(PAGES - 1), 2 * PAGE, false, GMEM_KVM_ATTRIBUTES_KEEP),
		 EINVAL, "keeping what lies outside of the slot: EINVAL");
	ok(guest_has(1, 2000), "nothing has changed");
}

static void pre_fault(void)
{
	struct kvm_pre_fault_memory range = { .gpa = GPA(20), .size = 4 * PAGE };
	uint64_t before = resident();

	is_success(ioctl(vm.cpu, KVM_PRE_FAULT_MEMORY, &range), "KVM_PRE_FAULT_MEMORY");
	is_int(resident(), before + 4 * PAGE, "populates the gmem");
}

static void watched(void)
{
	struct gmem_stats s = gmem_stats_of(fd);

	is_int(s.bindings, 1, "one binding");
	ok(s.faults_guest > 10, "guest faults are counted");
	ok(s.invalidations > 10, "so are invalidations");
}

int main(void)
{
	tap_plan(11 + 4 + 3 + 6 + 6 + 3 + 3 + 2 + 3);
	trap_init();
	tracer_open(&tracer);
	set_up();
	kept();
	zeroed();
	one_copy();
	held();
	behind_its_back();
	punched();
	refused();
	pre_fault();
	watched();
	vm_drop(&vm);
	tracer_close(&tracer);
	return tap_done();
}
