// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest has of its memory: look-ups with their answers and refusals, contents that host
 * and guest share or do not, conversions by hypercall, initial contents.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv.h"

#define PAGES 16UL
#define BYTES (PAGES * PAGE)
#define GUEST 0x40000000UL
#define SEED  21

/* Pages 4 to 11 of the gmem are bound, at GUEST. */
#define FIRST 4UL
#define BOUND 8UL

static struct tracer tracer;
static uint64_t id;
static char *map, buffer[PAGE];
static int fd, vm;

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static uint64_t guest_page(uint64_t index)
{
	return GUEST + (index - FIRST) * PAGE;
}

static void set_up(unsigned int flags)
{
	fd = gmem_new(flags, BYTES, "guest");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	vm = hv_open();
	hv_bind(vm, 2, fd, FIRST * PAGE, BOUND * PAGE, GUEST);
	tracer_clear(&tracer);
}

static void tear_down(void)
{
	ok(hv_close(vm), "all in balance");
	munmap(map, BYTES);
	close(fd);
}

static void check_lookup(void)
{
	struct testhv_lookup l = { .slot = 2, .index = 5, .write = 1 }, again = l;
	struct gmem_stats s;

	set_up(MMAP_IO);
	is_success(try_lookup(vm, &l), "a look-up of a private page");
	ok(l.state == GMEM_STATE_PRIVATE && l.order == 0 && l.pfn, "state, order and pfn");
	ok(SAW("gmem_alloc offset_bytes=20480 size_bytes=4096 state=private",
	       "gmem_fault offset_bytes=20480 size_bytes=4096 kind=guest state=private err=0 "
	       "write=1 allocated=1"),
	   "gmem_fault says that a guest got it");
	ok(!try_lookup(vm, &again) && again.pfn == l.pfn, "once more: the same page");
	gmem_share(fd, 5 * PAGE, PAGE, GMEM_CONTENT_KEEP);
	again.want = WANT_SHARED;
	ok(!try_lookup(vm, &again) && again.pfn == l.pfn && again.state == GMEM_STATE_SHARED,
	   "shared in place: the same page");

	s = gmem_stats_of(fd);
	tracer_clear(&tracer);
	is_errno(try_lookup_page(vm, 2, 5, WANT_PRIVATE), EACCES, "wanted private: EACCES");
	is_errno(try_lookup_page(vm, 2, 6, WANT_SHARED), EACCES, "wanted shared: EACCES");
	ok(SAW("gmem_fault offset_bytes=20480 size_bytes=0 kind=guest state=shared err=-13",
	       "gmem_fault offset_bytes=24576 size_bytes=0 kind=guest state=private err=-13"),
	   "events");
	is_int(gmem_stats_of(fd).denied_private - s.denied_private, 2, "denials");
	is_int(gmem_stats_of(fd).faults_guest - s.faults_guest, 2, "faults_guest counts them");
	is_int(gmem_stats_of(fd).faults_host, 0, "faults_host does not");
	is_int(gmem_stats_of(fd).allocated_bytes, PAGE, "nothing was allocated by a refusal");

	s = gmem_stats_of(fd);
	is_errno(try_lookup_page(vm, 2, FIRST - 1, WANT_ANY), EINVAL, "before the binding: EINVAL");
	is_errno(try_lookup_page(vm, 2, FIRST + BOUND, WANT_ANY), EINVAL, "behind it: EINVAL");
	is_errno(try_lookup_page(vm, 2, UINT64_MAX, WANT_ANY), EINVAL, "far off: EINVAL");
	is_int(gmem_stats_of(fd).faults_guest - s.faults_guest, 0, "none of these is a fault");
	tear_down();
}

static void check_contents(void)
{
	uint64_t faults;

	set_up(MMAP_IO);
	memset(buffer, 0x55, PAGE);
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && all_zero(buffer, PAGE),
	   "fresh memory is zero");
	secret_fill(buffer, PAGE, SEED);
	is_success(guest_write(vm, guest_page(4), buffer, PAGE), "a guest writes a secret");
	is_int(trap_load(map + 4 * PAGE).signo, SIGBUS, "the host cannot load it");
	faults = gmem_stats_of(fd).faults_guest;
	memset(buffer, 0, PAGE);
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && secret_intact(buffer, PAGE, SEED),
	   "the guest can");
	is_int(gmem_stats_of(fd).faults_guest, faults, "without a look-up: its table has it");
	is_int(guest_state(vm, guest_page(4)), GMEM_STATE_PRIVATE, "as private");

	is_success(guest_convert(vm, guest_page(4), PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP,
				 NULL),
		   "the guest shares it by hypercall");
	ok(secret_intact(map + 4 * PAGE, PAGE, SEED), "the host reads what the guest wrote");
	is_int(guest_state(vm, guest_page(4)), GMEM_STATE_SHARED, "the guest has it as shared");
	secret_fill(map + 4 * PAGE, PAGE, SEED + 1);
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && secret_intact(buffer, PAGE, SEED + 1),
	   "the guest reads what the host wrote");
	is_success(guest_convert(vm, guest_page(4), PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP,
				 NULL),
		   "the guest takes it back");
	is_int(trap_load(map + 4 * PAGE).signo, SIGBUS, "the host has it no longer");
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && secret_intact(buffer, PAGE, SEED + 1),
	   "the guest has, with its contents");
	guest_convert(vm, guest_page(4), PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO, NULL);
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && all_zero(buffer, PAGE),
	   "shared with zeroes: the guest reads zeroes");
	ok(all_zero(map + 4 * PAGE, PAGE), "the host too");
	is_int(gmem_stats_of(fd).resident_shared_bytes + gmem_stats_of(fd).resident_private_bytes,
	       PAGE, "all that in one page of memory");
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, BYTES);
	is_int(gmem_stats_of(fd).resident_shared_bytes, 0, "which a hole frees under the guest");
	ok(!guest_read(vm, guest_page(4), buffer, PAGE) && all_zero(buffer, PAGE),
	   "it finds zeroes then");
	tear_down();
}

static void check_convert_refused(void)
{
	struct snap before;

	set_up(MMAP_IO);
	before = snap_take(fd);
	is_errno(guest_convert(vm, GUEST, (BOUND + 1) * PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP,
			       NULL),
		 EINVAL, "a hypercall for more than is bound: EINVAL");
	is_errno(guest_convert(vm, GUEST, 0, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL), EINVAL,
		 "for nothing: EINVAL");
	is_errno(guest_convert(vm, GUEST + 1, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL),
		 EINVAL, "unaligned: EINVAL");
	is_errno(guest_convert(vm, GUEST, PAGE / 2, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL),
		 EINVAL, "for half a page: EINVAL");
	is_errno(guest_convert(vm, GUEST, -PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL),
		 EINVAL, "that overflows: EINVAL");
	is_errno(guest_convert(vm, GUEST - PAGE, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL),
		 ENOENT, "where no memory is: ENOENT");
	ok(snap_same(fd, &before, 0), "nothing changed");
	is_int(hv_counter(vm, TESTHV_BEGINS), 0, "nobody was told");
	tear_down();
}

static void check_populate(void)
{
	set_up(MMAP_IO | GMEM_CREATE_POPULATE);
	secret_fill(buffer, PAGE, SEED);
	is_success(try_hv_populate(vm, guest_page(5), buffer, 0),
		   "first contents by the hypervisor");
	is_errno(try_hv_populate(vm, guest_page(6), buffer, ENOTUNIQ), ENOTUNIQ,
		 "an error of its own comes back");
	gmem_share(fd, 7 * PAGE, PAGE, GMEM_CONTENT_KEEP);
	is_errno(try_hv_populate(vm, guest_page(7), buffer, 0), EACCES, "a shared page: EACCES");
	memset(buffer, 0, PAGE);
	ok(!guest_read(vm, guest_page(5), buffer, PAGE) && secret_intact(buffer, PAGE, SEED),
	   "the guest finds them");
	ok(!guest_read(vm, guest_page(6), buffer, PAGE) && all_zero(buffer, PAGE),
	   "and nothing of what was given up half-way");

	secret_fill(buffer, PAGE, SEED + 2);
	is_int(pwrite(fd, buffer, PAGE, 8 * PAGE), PAGE, "pwrite before the guest had the page");
	memset(buffer, 0, PAGE);
	ok(!guest_read(vm, guest_page(8), buffer, PAGE) && secret_intact(buffer, PAGE, SEED + 2),
	   "is what the guest finds");
	is_errno(pwrite(fd, buffer, PAGE, 8 * PAGE), EACCES, "after that: EACCES");
	is_errno(pwrite(fd, buffer, PAGE, 5 * PAGE), EACCES, "after the hypervisor's too");
	is_int(try_lookup_page(vm, 2, 9, WANT_PRIVATE), 0, "a look-up is enough");
	is_errno(pwrite(fd, buffer, PAGE, 9 * PAGE), EACCES, "EACCES");
	is_int(pwrite(fd, buffer, PAGE, 10 * PAGE), PAGE,
	       "a page that it never had may be written");
	tear_down();
}

int main(void)
{
	tap_plan(17 + 19 + 9 + 13);
	trap_init();
	hv_load();
	tracer_open(&tracer);
	check_lookup();
	check_contents();
	check_convert_refused();
	check_populate();
	tracer_close(&tracer);
	return tap_done();
}
