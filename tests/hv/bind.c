// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding and unbinding: each refused input with its errno, several VMs on one gmem, a gmem that
 * one VM leaves to the next; and who can see it all: statistics, fdinfo, events.
 */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hv.h"

#define PAGES 16UL
#define BYTES (PAGES * PAGE)
#define GUEST 0x100000UL
#define SEED  11

static struct tracer tracer;
static uint64_t id;
static int fd;

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static long fdinfo_bindings(void)
{
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (!read_text(path, text, sizeof(text)))
		tap_bail("%s: %s", path, strerror(errno));
	at = strstr(text, "gmem-bindings:\t");
	return at ? strtol(at + strlen("gmem-bindings:\t"), NULL, 10) : -1;
}

static bool bindings_are(long want)
{
	return gmem_stats_of(fd).bindings == want && fdinfo_bindings() == want;
}

static const struct {
	const char *what;
	uint64_t offset, bytes;
} bad_ranges[] = {
	{ "an empty range", 0, 0 },
	{ "an unaligned offset", 1, PAGE },
	{ "an unaligned length", 0, PAGE + 1 },
	{ "an offset past the end", BYTES, PAGE },
	{ "a range that leaves the memory", BYTES - PAGE, 2 * PAGE },
	{ "a length past the end", 0, BYTES + PAGE },
	{ "a range that overflows", PAGE, -PAGE },
	{ "an offset that overflows", -PAGE, PAGE },
};

static void check_refused(void)
{
	int vm = hv_open(), other = eventfd(0, EFD_CLOEXEC), pipes[2];
	struct snap before = snap_take(fd);

	if (other < 0 || pipe(pipes))
		tap_bail("pipe: %s", strerror(errno));
	tracer_clear(&tracer);
	for (size_t i = 0; i < ARRAY_SIZE(bad_ranges); i++)
		is_errno(try_bind(vm, 0, fd, bad_ranges[i].offset, bad_ranges[i].bytes, GUEST),
			 EINVAL, "%s: EINVAL", bad_ranges[i].what);
	is_errno(try_bind(vm, 0, -1, 0, PAGE, GUEST), EBADF, "no fd: EBADF");
	is_errno(try_bind(vm, 0, other, 0, PAGE, GUEST), EINVAL, "an eventfd: EINVAL");
	is_errno(try_bind(vm, 0, pipes[0], 0, PAGE, GUEST), EINVAL, "a pipe: EINVAL");
	is_errno(try_bind(vm, 0, vm, 0, PAGE, GUEST), EINVAL, "the VM itself: EINVAL");
	is_errno(try_bind(vm, 0, gmem_dev(), 0, PAGE, GUEST), EINVAL, "/dev/gmem: EINVAL");
	is_errno(try_unbind(vm, 0), ENOENT, "nothing is bound by all that");
	ok(snap_same(fd, &before, 0), "nothing changed");
	ok(SAW(NULL), "no event");
	close(other);
	close(pipes[0]);
	close(pipes[1]);
	ok(hv_close(vm), "the VM was not told of anything amiss");
}

/* Pages 4 to 7 are bound. */
static const struct {
	uint64_t first, pages;
} overlaps[] = { { 4, 4 }, { 5, 1 }, { 0, 5 }, { 7, 9 }, { 0, 16 }, { 3, 2 }, { 7, 1 } };

static void check_overlap(void)
{
	int a = hv_open(), b = hv_open();

	hv_bind(a, 0, fd, 4 * PAGE, 4 * PAGE, GUEST);
	tracer_clear(&tracer);
	for (size_t i = 0; i < ARRAY_SIZE(overlaps); i++)
		is_errno(try_bind(i % 2 ? a : b, 1, fd, overlaps[i].first * PAGE,
				  overlaps[i].pages * PAGE, GUEST + BYTES),
			 EEXIST, "pages 4 to 7 are bound; %llu pages from %llu on: EEXIST",
			 (unsigned long long)overlaps[i].pages,
			 (unsigned long long)overlaps[i].first);
	ok(tracer_count(&tracer, id, "gmem_bind err=-17") == ARRAY_SIZE(overlaps), "told");
	ok(bindings_are(1), "one binding");
	is_success(try_bind(b, 0, fd, 3 * PAGE, PAGE, GUEST), "the page before is free");
	is_success(try_bind(b, 1, fd, 8 * PAGE, PAGE, GUEST + PAGE), "the page behind too");
	ok(bindings_are(3), "three bindings");
	hv_unbind(a, 0);
	is_success(try_bind(b, 2, fd, 4 * PAGE, 4 * PAGE, GUEST + BYTES),
		   "unbound, the range may be bound by another VM");
	ok(hv_close(a) && hv_close(b), "both were told soundly");
	ok(bindings_are(0), "no VM, no binding");
}

static void check_events(void)
{
	int vm = hv_open();
	char want[3][128];

	tracer_clear(&tracer);
	hv_bind(vm, 3, fd, 2 * PAGE, 4 * PAGE, GUEST);
	hv_unbind(vm, 3);
	for (int i = 0; i < 2; i++)
		snprintf(
			want[i], sizeof(want[i]),
			"gmem_%s offset_bytes=8192 size_bytes=16384 consumer=testhv vm=%llu slot=3 %s",
			i ? "unbind" : "bind", (unsigned long long)hv_count(vm, 0).vm,
			i ? "cause=consumer" : "guest_address=0x100000 err=0");
	ok(SAW(want[0], want[1]), "gmem_bind, gmem_unbind");
	hv_bind(vm, 7, fd, 0, PAGE, GUEST);
	tracer_clear(&tracer);
	snprintf(want[2], sizeof(want[2]), "gmem_unbind vm=%llu slot=7 cause=consumer",
		 (unsigned long long)hv_count(vm, 0).vm);
	ok(hv_close(vm) && SAW(want[2]), "a VM that goes unbinds");
}

/* What a guest of one VM wrote, the next VM's guest finds. */
static void check_heir(void)
{
	static char page[PAGE];
	int vm = hv_open();
	uint64_t resident;

	hv_bind(vm, 0, fd, 0, BYTES, GUEST);
	secret_fill(page, PAGE, SEED);
	is_success(guest_write(vm, GUEST + 5 * PAGE, page, PAGE), "a guest writes");
	resident = gmem_stats_of(fd).resident_private_bytes;
	close(vm);
	memset(page, 0, PAGE);
	vm = hv_open();
	hv_bind(vm, 5, fd, 4 * PAGE, 4 * PAGE, 0);
	ok(!guest_read(vm, PAGE, page, PAGE) && secret_intact(page, PAGE, SEED),
	   "the gmem outlives the VM: the next one finds the contents, wherever it binds them");
	is_int(gmem_stats_of(fd).resident_private_bytes, resident, "in the same memory");
	ok(hv_close(vm), "told soundly");
}

/* Many bindings, each told of its own part only. */
static void check_many(void)
{
	int vms[2] = { hv_open(), hv_open() };
	uint64_t told = 0;
	bool clipped = true;

	for (int i = 0; i < 16; i++)
		hv_bind(vms[i % 2], i / 2, fd, i * PAGE, PAGE, GUEST + i * PAGE);
	ok(bindings_are(16), "16 bindings by two VMs, page by page");
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, 10 * PAGE))
		tap_bail("punch: %s", strerror(errno));
	for (int i = 0; i < 16; i++) {
		struct testhv_count c = hv_count(vms[i % 2], i / 2);
		uint64_t want = i >= 3 && i < 13 ? i : 0;

		clipped &= c.told_first == want && c.told_last == want;
	}
	for (int i = 0; i < 2; i++)
		told += hv_counter(vms[i], TESTHV_BEGINS);
	is_int(told, 10, "a hole over ten of them tells ten");
	ok(clipped, "each of its own page");
	ok(hv_close(vms[0]) && hv_close(vms[1]), "in balance");
}

int main(void)
{
	tap_plan(ARRAY_SIZE(bad_ranges) + 9 + ARRAY_SIZE(overlaps) + 8 + 2 + 4 + 4);
	hv_load();
	tracer_open(&tracer);
	fd = gmem_new(MMAP_IO, BYTES, "bind");
	id = gmem_id(fd);
	check_refused();
	check_overlap();
	check_events();
	check_heir();
	check_many();
	tracer_close(&tracer);
	close(fd);
	return tap_done();
}
