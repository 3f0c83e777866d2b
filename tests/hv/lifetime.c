// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM, a gmem's descriptor and a mapping of it go in every order, by hand and by kill -9. A
 * gmem that goes first releases its bindings, which stay as empty shells until the VM goes.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hv.h"

#define PAGES 16UL
#define BYTES (PAGES * PAGE)
#define GUEST 0UL
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

#define GMEM_REFS "/sys/module/gmem/refcnt"
#define HV_REFS	  "/sys/module/gmem_testhv/refcnt"

static struct tracer tracer;
static uint64_t id;
static char *map, buffer[BYTES];
static int fd, vm;

/* The kernel's workers may drop the last reference: they get a few seconds. */
static bool refs_are(const char *path, long want)
{
	for (int i = 0; i < 300; i++) {
		if (read_long(path) == want)
			return true;
		usleep(10000);
	}
	diag("  %s: %ld, want %ld", path, read_long(path), want);
	return false;
}

static void set_up(void)
{
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "lifetime");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	vm = hv_open();
	hv_bind(vm, 0, fd, 0, 8 * PAGE, GUEST);
	hv_bind(vm, 1, fd, 8 * PAGE, 4 * PAGE, GUEST + 8 * PAGE);
	memset(buffer, 7, BYTES);
	if (guest_write(vm, GUEST, buffer, 12 * PAGE))
		tap_bail("guest: %s", strerror(errno));
	tracer_clear(&tracer);
}

/* With the memory gone, the VM is there yet. */
static bool shell_is_sound(void)
{
	struct testhv_count c = hv_count(vm, 0);
	bool good = c.bound && c.n[TESTHV_RELEASES] == 2 && hv_sound(vm);

	good &= c.n[TESTHV_BEGINS] >= 2 && c.told_first == 0 && c.told_last == 7;
	good &= try_lookup_page(vm, 0, 3, WANT_ANY) == -1 && errno == ENODEV;
	good &= guest_read(vm, GUEST, buffer, PAGE) == -1 && errno == ENODEV;
	good &= guest_write(vm, GUEST + 9 * PAGE, buffer, PAGE) == -1 && errno == ENODEV;
	good &= guest_convert(vm, GUEST, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, NULL) == -1 &&
		errno == ENODEV;
	good &= try_hv_populate(vm, GUEST, buffer, 0) == -1 && errno == ENODEV;
	good &= tracer_count(&tracer, id, "gmem_unbind cause=release") == 2 &&
		tracer_count(&tracer, id, "gmem_invalidate cause=release") == 2 &&
		tracer_count(&tracer, id, "gmem_release") == 1 &&
		tracer_count(&tracer, id, "gmem_free resident_bytes=49152 cause=release") == 1;
	return good;
}

/* v: the VM, g: the gmem's descriptor, m: the mapping. */
static const char *const orders[] = { "vgm", "vmg", "gvm", "gmv", "mvg", "mgv" };

static bool close_in_order(const char *order)
{
	bool g = true, m = true, v = true, good = true;

	for (const char *what = order; *what; what++) {
		switch (*what) {
		case 'v':
			good &= hv_close(vm);
			v = false;
			if (g)
				good &= gmem_stats_of(fd).bindings == 0;
			if (m)
				good &= map[0] == 7 && map[11 * PAGE] == 7;
			break;
		case 'g':
			close(fd);
			g = false;
			break;
		case 'm':
			munmap(map, BYTES);
			m = false;
			break;
		}
		if (v && (g || m))
			good &= hv_counter(vm, TESTHV_RELEASES) == 0 &&
				!guest_read(vm, GUEST, buffer, PAGE) && buffer[0] == 7;
		else if (v)
			good &= shell_is_sound();
	}
	return good;
}

static void check_orders(void)
{
	long refs = read_long(GMEM_REFS);

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		set_up();
		ok(close_in_order(orders[i]), "closed in the order %s (VM, gmem, mapping)",
		   orders[i]);
		ok(refs_are(GMEM_REFS, refs) && refs_are(HV_REFS, 0), "no reference is left");
	}
	set_up();
	munmap(map, BYTES);
	close(fd);
	is_success(try_unbind(vm, 1), "a released binding is unbound");
	is_errno(try_unbind(vm, 1), ENOENT, "once");
	fd = gmem_new(MMAP_IO, BYTES, "next");
	is_success(try_bind(vm, 1, fd, 0, BYTES, GUEST + BYTES), "and its slot is free");
	is_int(hv_counter(vm, TESTHV_RELEASES), 2, "each was told of the release once");
	ok(hv_close(vm), "told soundly");
	close(fd);
}

static void check_modules(void)
{
	long gmem_refs = read_long(GMEM_REFS);

	fd = gmem_new(MMAP_IO, BYTES, "modules");
	vm = hv_open();
	is_int(read_long(HV_REFS), 1, "a VM holds the hypervisor's module");
	hv_bind(vm, 0, fd, 0, BYTES, GUEST);
	is_int(read_long(HV_REFS), 2, "so does a binding");
	is_errno(try_hv_unload(), EWOULDBLOCK, "it is not unloaded while a range is bound");
	is_errno(syscall(SYS_delete_module, "gmem", O_NONBLOCK), EWOULDBLOCK, "nor is gmem.ko");
	close(fd);
	is_int(read_long(HV_REFS), 2, "nor when the gmem is gone");
	is_errno(try_hv_unload(), EWOULDBLOCK, "but the VM is not");
	hv_unbind(vm, 0);
	is_int(read_long(HV_REFS), 1, "unbound, the VM is what holds it");
	close(vm);
	ok(refs_are(GMEM_REFS, gmem_refs) && refs_are(HV_REFS, 0), "nothing is held at the end");
	is_success(try_hv_unload(), "and the module is unloaded");
	ok(refs_are(GMEM_REFS, gmem_refs - 1), "gmem.ko lost its user");
	hv_load();
}

/* What a victim is at when it is killed. */
static void work_on(uint64_t i)
{
	uint64_t at = i * 7 % 12;

	guest_write(vm, GUEST + at * PAGE, buffer, PAGE);
	guest_read(vm, GUEST + (11 - at) * PAGE, buffer, PAGE);
	guest_convert(vm, GUEST + at % 8 * PAGE, PAGE, i / 3 % 2, i / 5 % 2, NULL);
	fallocate(fd, PUNCH, i * 5 % PAGES * PAGE, 2 * PAGE);
	if (i % 4 == 3) {
		try_unbind(vm, 1);
		try_bind(vm, 1, fd, 8 * PAGE, 4 * PAGE, GUEST + 8 * PAGE);
	}
}

static int common;

static pid_t start_victim(int round)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	set_up();
	hv_bind(vm, 2, common, round % 4 * 4 * PAGE, 4 * PAGE, GUEST + BYTES);
	if (round % 3 == 0)
		hv_behave(vm, (struct testhv_behave){ .slow_ms = 3 });
	/* Leave it to the kernel in which order they go; some have fewer left. */
	if (round % 5 == 1)
		munmap(map, BYTES);
	for (uint64_t i = 0;; i++) {
		work_on(i);
		guest_write(vm, GUEST + BYTES, buffer, PAGE);
		if (round % 5 == 2 && i == 2)
			close(fd);
	}
}

static void check_kill(void)
{
	long gmem_refs = read_long(GMEM_REFS);
	int rounds = slow_rounds(24), killed = 0;

	common = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "common");
	for (int round = 0; round < rounds; round++) {
		pid_t pids[2];
		int status;

		for (int i = 0; i < 2; i++)
			pids[i] = start_victim(2 * round + i);
		usleep(20000 + round * 7919 % 60000);
		for (int i = 0; i < 2; i++)
			kill(pids[i], SIGKILL);
		for (int i = 0; i < 2; i++)
			killed += waitpid(pids[i], &status, 0) == pids[i] && WIFSIGNALED(status) &&
				  WTERMSIG(status) == SIGKILL;
	}
	is_int(killed, 2 * rounds, "%d VMs killed at work", 2 * rounds);
	ok(refs_are(HV_REFS, 0), "none is left");
	is_int(gmem_stats_of(common).bindings, 0, "nor a binding of theirs");
	vm = hv_open();
	is_success(try_bind(vm, 0, common, 0, BYTES, GUEST), "the memory is free for the next one");
	ok(!guest_write(vm, GUEST, buffer, BYTES) && hv_close(vm), "which works");
	is_success(try_convert(common, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP),
		   "none of its pages is held");
	close(common);
	ok(refs_are(GMEM_REFS, gmem_refs), "no gmem is left");
}

int main(void)
{
	tap_plan(2 * ARRAY_SIZE(orders) + 5 + 10 + 7);
	trap_init();
	gmem_dev();
	hv_load();
	tracer_open(&tracer);
	check_orders();
	check_modules();
	check_kill();
	tracer_close(&tracer);
	return tap_done();
}
