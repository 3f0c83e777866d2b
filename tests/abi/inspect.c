// SPDX-License-Identifier: GPL-2.0-only
/* GMEM_INSPECT: what it reaches, who may use it, how it stops short, and the event of each. */
#include <cap-ng.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bad_ranges.h"

#define PAGES 4
#define BYTES (PAGES * PAGE)
#define SEED  21
#define READ  GMEM_DIRECTION_READ
#define WRITE GMEM_DIRECTION_WRITE

static struct tracer tracer;
static char buffer[BYTES];
static int fd;
static uint64_t id;

/* Page 0 shared, the others private; 0 and 1 with the secret, 2 and 3 not resident. */
static void set_up(void)
{
	char *map;

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "inspect");
	id = gmem_id(fd);
	gmem_share(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	map = gmem_map(fd, BYTES);
	secret_fill(map, 2 * PAGE, SEED);
	munmap(map, BYTES);
	gmem_hide(fd, PAGE, PAGE, GMEM_CONTENT_KEEP);
}

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static void check_read(void)
{
	struct snap before = snap_take(fd);

	tracer_clear(&tracer);
	memset(buffer, 0xff, sizeof(buffer));
	is_int(try_inspect(fd, READ, 0, buffer, BYTES), BYTES, "read shared, private and holes");
	ok(secret_intact(buffer, 2 * PAGE, SEED), "the contents are what is in memory");
	ok(all_zero(buffer + 2 * PAGE, 2 * PAGE), "holes read as zeroes");
	before.stats.inspected_bytes += BYTES;
	ok(snap_same(fd, &before, 0), "nothing was allocated, all was counted");
	ok(SAW("gmem_access offset_bytes=0 size_bytes=16384 done_bytes=16384 act=inspect_read err=0"),
	   "one event");
	is_int(try_inspect(fd, READ, PAGE - 3, buffer, 7), 7, "a few bytes over a boundary");
	ok(!memcmp(buffer + 3, "\0\2", 2), "of the right pages");
	is_int(try_inspect(fd, READ, BYTES - 1, buffer, 1), 1, "the last byte");
}

static void check_write(void)
{
	static char text[] = "from the debugger";
	struct gmem_stats s;

	tracer_clear(&tracer);
	is_int(try_inspect(fd, WRITE, 2 * PAGE + 5, text, sizeof(text)), sizeof(text),
	       "write into a private page that is not resident");
	s = gmem_stats_of(fd);
	is_int(s.resident_private_bytes, 2 * PAGE, "it is resident now");
	is_int(try_inspect(fd, READ, 2 * PAGE, buffer, PAGE), PAGE, "read it back");
	ok(!memcmp(buffer + 5, text, sizeof(text)), "what was written is there");
	ok(all_zero(buffer, 5) && all_zero(buffer + 5 + sizeof(text), PAGE - 5 - sizeof(text)),
	   "and zeroes around it");
	ok(SAW("gmem_alloc offset_bytes=8192 size_bytes=4096 state=private",
	       "gmem_access offset_bytes=8197 size_bytes=18 done_bytes=18 act=inspect_write err=0",
	       "gmem_access act=inspect_read"),
	   "events");
}

static const struct bad_range bad_ranges[] = {
	BAD_RANGES_ANY(BYTES),
	{ "a byte more than there is", 0, BYTES + 1 },
	{ "begins with the last byte", BYTES - 1, 2 },
};

static void check_refused(void)
{
	struct snap before = snap_take(fd);
	struct gmem_inspect i;
	char *end = page_end();

	for (size_t r = 0; r < ARRAY_SIZE(bad_ranges); r++) {
		is_errno(try_inspect(fd, READ, bad_ranges[r].offset, buffer, bad_ranges[r].bytes),
			 EINVAL, "read: %s", bad_ranges[r].what);
		is_errno(try_inspect(fd, WRITE, bad_ranges[r].offset, buffer, bad_ranges[r].bytes),
			 EINVAL, "write: %s", bad_ranges[r].what);
	}
	is_errno(try_inspect(fd, 2, 0, buffer, PAGE), EINVAL, "unknown direction");
	is_errno(try_inspect(fd, -1, 0, buffer, PAGE), EINVAL, "direction -1");
	i = (struct gmem_inspect){ .size = sizeof(i), .bytes = PAGE, .__reserved = 1 };
	i.buffer = (uintptr_t)buffer;
	is_errno(ioctl(fd, GMEM_INSPECT, &i), EINVAL, "reserved is not 0");
	is_errno(try_inspect(fd, READ, 0, NULL, PAGE), EFAULT, "read to NULL");
	is_errno(try_inspect(fd, READ, 0, end, PAGE), EFAULT, "read to what is not mapped");
	is_errno(try_inspect(fd, WRITE, PAGE, end, PAGE), EFAULT, "write from what is not mapped");
	is_errno(try_inspect(fd, READ, 0, (void *)0xffff888000000000UL, PAGE), EFAULT,
		 "read to a kernel address");
	ok(snap_same(fd, &before, 0), "nothing changed");
	is_int(try_inspect(fd, READ, PAGE, buffer, PAGE), PAGE, "read");
	ok(!memcmp(buffer, "\0\2", 2), "nor did contents");
}

static void check_short(void)
{
	char *end = page_end();
	ssize_t got;

	tracer_clear(&tracer);
	/* How much of the last page passes is the kernel's choice, but not more than is there. */
	got = try_inspect(fd, READ, 0, end - PAGE, 2 * PAGE);
	ok(got > 0 && got <= (ssize_t)PAGE && secret_intact(end - PAGE, got / 8 * 8, SEED),
	   "a buffer that ends early: %zd bytes", got);
	ok(tracer_count(&tracer, id,
			"gmem_access offset_bytes=0 size_bytes=8192 act=inspect_read err=-14") == 1,
	   "the event says why it stopped");
}

static int inspect_without_cap(void *arg)
{
	(void)arg;
	capng_get_caps_process();
	capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_PTRACE);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return 255;
	return try_inspect(fd, READ, PAGE, buffer, PAGE) == -1 ? errno : 0;
}

static int inspect_in_userns(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER))
		return 255;
	return try_inspect(fd, READ, PAGE, buffer, PAGE) == -1 ? errno : 0;
}

static void check_permission(void)
{
	struct snap before = snap_take(fd);
	int status, bare;

	tracer_clear(&tracer);
	status = in_child(inspect_without_cap, NULL);
	is_int(WEXITSTATUS(status), EPERM, "without CAP_SYS_PTRACE: EPERM");
	ok(SAW("gmem_access offset_bytes=4096 size_bytes=4096 done_bytes=0 act=inspect_read err=-1"),
	   "told");
	before.stats.denied_capability++;
	ok(snap_same(fd, &before, 0), "counted, and nothing else");

	status = in_child(inspect_in_userns, NULL);
	if (WEXITSTATUS(status) == 255)
		tap_skip(1, "user namespaces");
	else
		is_int(WEXITSTATUS(status), EPERM, "root of another user namespace: EPERM");

	bare = gmem_new(MMAP_IO, BYTES, "bare");
	before = snap_take(bare);
	tracer_clear(&tracer);
	is_errno(try_inspect(bare, READ, 0, buffer, PAGE), EACCES, "without the flag: EACCES");
	is_errno(try_inspect(bare, WRITE, 0, buffer, PAGE), EACCES, "to write as well");
	ok(tracer_saw(&tracer, gmem_id(bare),
		      (const char *[]){
			      "gmem_access size_bytes=4096 done_bytes=0 act=inspect_read err=-13",
			      "gmem_access size_bytes=4096 done_bytes=0 act=inspect_write err=-13",
			      NULL }),
	   "told");
	before.stats.denied_flags += 2;
	ok(snap_same(bare, &before, 0), "counted, and nothing else");
	close(bare);
}

int main(void)
{
	tap_plan(8 + 6 + 2 * ARRAY_SIZE(bad_ranges) + 10 + 2 + 8);
	tracer_open(&tracer);
	set_up();
	check_read();
	check_write();
	check_refused();
	check_short();
	check_permission();
	tracer_close(&tracer);
	return tap_done();
}
