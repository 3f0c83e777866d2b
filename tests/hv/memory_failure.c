// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page lost to a memory failure while a guest has it: its hypervisor is told, and only about
 * that page; the guest's access ends with an error, the rest is well. Costs the VM pages.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv.h"

#define PAGES 8UL
#define BYTES (PAGES * PAGE)
#define LOST  5UL
#define GUEST 0x10000UL
#define SEED  41
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct tracer tracer;
static char *map, buffer[BYTES];
static int fd, vm, other, poisoned;
static uint64_t id;

static void poison(void *at)
{
	poisoned = madvise(at, PAGE, MADV_HWPOISON);
}

/* The caller of MADV_HWPOISON may itself be told by a signal. */
static bool lose_page(void)
{
	struct trap t = trap_call(poison, map + LOST * PAGE);

	if (!t.signo && poisoned && errno == EINVAL)
		tap_skip_all("CONFIG_MEMORY_FAILURE");
	return t.signo ? t.code == BUS_MCEERR_AR || t.code == BUS_MCEERR_AO : poisoned == 0;
}

static void check_told(void)
{
	struct testhv_count c = hv_count(vm, 0);

	is_int(c.n[TESTHV_ERRORS], 1, "error() was called");
	is_int(c.n[TESTHV_BEGINS], 1, "within an invalidation");
	ok(c.told_first == LOST && c.told_last == LOST, "of the page that was lost");
	is_int(hv_counter(other, TESTHV_BEGINS) + hv_counter(other, TESTHV_ERRORS), 0,
	       "another VM's binding has nothing to do with it");
	ok(tracer_count(&tracer, id,
			"gmem_invalidate offset_bytes=20480 size_bytes=4096 consumer=testhv slot=0 "
			"cause=error") == 1,
	   "an event of the invalidation");
	ok(tracer_count(&tracer, id, "gmem_error offset_bytes=20480 err=-133") == 1,
	   "and of the failure");
}

static void check_access(void)
{
	tracer_clear(&tracer);
	is_errno(guest_read(vm, GUEST + LOST * PAGE, buffer, 8), EHWPOISON, "a load: EHWPOISON");
	is_errno(guest_write(vm, GUEST + LOST * PAGE, buffer, 8), EHWPOISON, "a store: EHWPOISON");
	is_errno(try_lookup_page(vm, 0, LOST, WANT_SHARED), EHWPOISON, "a look-up: EHWPOISON");
	ok(tracer_count(&tracer, id,
			"gmem_fault offset_bytes=20480 size_bytes=0 kind=guest err=-133") == 3,
	   "gmem_fault says so");
	ok(!guest_read(vm, GUEST, buffer, LOST * PAGE) && secret_intact(buffer, LOST * PAGE, SEED),
	   "the pages before it are well");
	ok(!guest_read(vm, GUEST + (LOST + 1) * PAGE, buffer, PAGE) &&
		   secret_words_in(buffer, PAGE, SEED) == PAGE / 8,
	   "the page behind it too");
	ok(!guest_write(other, GUEST, buffer, PAGE), "and the other VM's");
}

static void check_private(void)
{
	is_errno(guest_convert(vm, GUEST, 7 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, NULL),
		 EHWPOISON, "it cannot be made private with its contents: EHWPOISON");
	is_success(guest_convert(vm, GUEST + LOST * PAGE, PAGE, GMEM_STATE_PRIVATE,
				 GMEM_CONTENT_ZERO, NULL),
		   "without them it can");
	ok(!guest_read(vm, GUEST + LOST * PAGE, buffer, PAGE) && all_zero(buffer, PAGE),
	   "then the guest has a sound page");
}

int main(void)
{
	trap_init();
	hv_load();
	tracer_open(&tracer);
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "failure");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	secret_fill(map, BYTES, SEED);
	vm = hv_open();
	other = hv_open();
	hv_bind(vm, 0, fd, 0, 7 * PAGE, GUEST);
	hv_bind(other, 0, fd, 7 * PAGE, PAGE, GUEST);
	if (guest_state(vm, GUEST + LOST * PAGE) != GMEM_STATE_SHARED)
		tap_bail("guest: %s", strerror(errno));
	tracer_clear(&tracer);
	if (!lose_page())
		tap_bail("MADV_HWPOISON: errno %d", errno);

	tap_plan(6 + 7 + 3 + 1);
	check_told();
	check_access();
	check_private();
	ok(hv_close(vm) && hv_close(other), "all in balance");
	tracer_close(&tracer);
	return tap_done();
}
