// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds for the argument of every gmem ioctl: its size, unknown flags, a tail from the
 * future, bad pointers at every position, and the wrong kind of file. One row an ioctl.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define BYTES (4 * PAGE)

enum on { ON_DEV, ON_GMEM };

static char buffer[PAGE];
static struct gmem_range ranges[4];

/* A valid argument of each ioctl; is refused only for what a test changes in it. */
static const struct call {
	const char *name;
	unsigned long number;
	unsigned int size;
	enum on on;
	bool writes;	    /* it has fields for results */
	unsigned int added; /* bytes that came after its first version */
	union {
		struct gmem_info info;
		struct gmem_create create;
		struct gmem_convert convert;
		struct gmem_query_ranges query;
		struct gmem_stats stats;
		struct gmem_inspect inspect;
	} arg;
} calls[] = {
	{ "GET_INFO", GMEM_GET_INFO, sizeof(struct gmem_info), ON_DEV, true, 0, {} },
	{ "CREATE",
	  GMEM_CREATE,
	  sizeof(struct gmem_create),
	  ON_DEV,
	  false,
	  0,
	  { .create = { .bytes = PAGE, .name = "args" } } },
	/* Its range is private already: valid however often, and changes nothing. */
	{ "CONVERT",
	  GMEM_CONVERT,
	  sizeof(struct gmem_convert),
	  ON_GMEM,
	  true,
	  0,
	  { .convert = { .bytes = PAGE } } },
	{ "QUERY_RANGES",
	  GMEM_QUERY_RANGES,
	  sizeof(struct gmem_query_ranges),
	  ON_GMEM,
	  true,
	  0,
	  { .query = { .bytes = BYTES, .ranges = (uintptr_t)ranges, .count = 4 } } },
	{ "GET_STATS",
	  GMEM_GET_STATS,
	  sizeof(struct gmem_stats),
	  ON_GMEM,
	  true,
	  sizeof(struct gmem_stats) - offsetof(struct gmem_stats, denied_policy),
	  {} },
	{ "INSPECT",
	  GMEM_INSPECT,
	  sizeof(struct gmem_inspect),
	  ON_GMEM,
	  false,
	  0,
	  { .inspect = { .bytes = PAGE, .buffer = (uintptr_t)buffer } } },
};

static int gmem;

/* Makes the call and closes what GMEM_CREATE gave: only success or errno is of interest here. */
static int call_on(int fd, const struct call *c, const void *arg)
{
	int ret = ioctl(fd, c->number, arg);

	if (ret >= 0 && c->number == GMEM_CREATE) {
		close(ret);
		return 0;
	}
	return ret;
}

static int call(const struct call *c, const void *arg)
{
	return call_on(c->on == ON_DEV ? gmem_dev() : gmem, c, arg);
}

/* A page of zeroes that begins with the valid argument. */
static void *argument(const struct call *c)
{
	static char arg[2 * PAGE] __attribute__((aligned(8)));

	memset(arg, 0, sizeof(arg));
	memcpy(arg, &c->arg, sizeof(c->arg));
	memcpy(arg, &c->size, sizeof(c->size));
	return arg;
}

static void set_size(void *arg, uint32_t size)
{
	memcpy(arg, &size, sizeof(size));
}

#define SIZE_CHECKS 10
static void check_size(const struct call *c)
{
	static const unsigned int short_by[] = { 1, 4, 8 };
	unsigned int first = c->size - c->added;
	char *arg = argument(c);

	is_success(call(c, arg), "%s: valid", c->name);
	set_size(arg, first);
	is_success(call(c, arg), "%s: the size of an older caller", c->name);
	for (size_t i = 0; i < ARRAY_SIZE(short_by); i++) {
		set_size(arg, first - short_by[i]);
		is_errno(call(c, arg), EINVAL, "%s: size short by %u", c->name, short_by[i]);
	}
	set_size(arg, 0);
	is_errno(call(c, arg), EINVAL, "%s: size 0", c->name);

	arg = argument(c);
	set_size(arg, c->size + 8);
	is_success(call(c, arg), "%s: a longer struct with a zero tail", c->name);
	arg = argument(c);
	set_size(arg, c->size + 8);
	arg[c->size] = 1;
	is_errno(call(c, arg), E2BIG, "%s: first byte of the tail is not zero", c->name);
	arg = argument(c);
	set_size(arg, c->size + 8);
	arg[c->size + 7] = 1;
	is_errno(call(c, arg), E2BIG, "%s: last byte of the tail is not zero", c->name);
	arg = argument(c);
	set_size(arg, PAGE + 8);
	arg[PAGE + 7] = 1;
	is_errno(call(c, arg), E2BIG, "%s: size above a page, tail not zero", c->name);
}

#define FLAG_CHECKS 2
static void check_flags(const struct call *c)
{
	static const uint32_t unknown[] = { 1U << 31, 1U << 16 };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		char *arg = argument(c);

		memcpy(arg + 4, &unknown[i], 4);
		is_errno(call(c, arg), EOPNOTSUPP, "%s: unknown flag %#x", c->name, unknown[i]);
	}
}

#define POINTER_CHECKS 7
static void check_pointers(const struct call *c)
{
	char *end = page_end(), *page = end - PAGE, *arg = argument(c);
	bool all = true;

	is_errno(call(c, NULL), EFAULT, "%s: NULL", c->name);
	is_errno(call(c, end), EFAULT, "%s: unmapped", c->name);
	is_errno(call(c, (void *)0xffff888000000000UL), EFAULT, "%s: a kernel address", c->name);

	/* The first @mapped bytes of the struct are there, the rest is not. */
	for (unsigned int mapped = 1; mapped < c->size; mapped++) {
		memcpy(end - mapped, arg, mapped);
		errno = 0;
		if (call(c, end - mapped) != -1 || errno != EFAULT) {
			diag("  with %u bytes mapped: errno %d", mapped, errno);
			all = false;
		}
	}
	ok(all, "%s: straddles an unmapped page, cut at each byte: EFAULT", c->name);

	memcpy(end - c->size, arg, c->size);
	is_success(call(c, end - c->size), "%s: ends at the end of a page", c->name);
	memcpy(end - c->size, arg, c->size);
	set_size(end - c->size, c->size + 8);
	is_errno(call(c, end - c->size), EFAULT, "%s: its tail is unmapped", c->name);

	memcpy(page, arg, c->size);
	mprotect(page, PAGE, PROT_READ);
	if (c->writes)
		is_errno(call(c, page), EFAULT, "%s: read-only, but has results", c->name);
	else
		is_success(call(c, page), "%s: read-only, and has no result", c->name);
	munmap(page, 2 * PAGE);
}

#define FILE_CHECKS 6
static void check_files(const struct call *c)
{
	int other = c->on == ON_DEV ? gmem : gmem_dev();
	int memfd = memfd_create("args", MFD_CLOEXEC), null = open("/dev/null", O_RDWR);
	int path = open("/dev/gmem", O_PATH), pipes[2];
	void *arg = argument(c);

	if (memfd < 0 || null < 0 || path < 0 || pipe(pipes))
		tap_bail("files: %s", strerror(errno));
	is_errno(call_on(other, c, arg), ENOTTY, "%s: on %s", c->name,
		 c->on == ON_DEV ? "a gmem" : "/dev/gmem");
	is_errno(call_on(memfd, c, arg), ENOTTY, "%s: on a memfd", c->name);
	is_errno(call_on(null, c, arg), ENOTTY, "%s: on /dev/null", c->name);
	is_errno(call_on(pipes[0], c, arg), ENOTTY, "%s: on a pipe", c->name);
	is_errno(call_on(path, c, arg), EBADF, "%s: on an O_PATH fd", c->name);
	is_errno(call_on(-1, c, arg), EBADF, "%s: on no fd", c->name);
	close(memfd);
	close(null);
	close(path);
	close(pipes[0]);
	close(pipes[1]);
}

static void check_unknown_ioctls(void)
{
	char *arg = argument(&calls[0]);

	is_errno(ioctl(gmem_dev(), _IO(GMEM_IOC_TYPE, 0xff), arg), ENOTTY,
		 "an unknown number on /dev/gmem");
	is_errno(ioctl(gmem, _IO(GMEM_IOC_TYPE, 0xff), arg), ENOTTY, "an unknown number on a gmem");
	is_errno(ioctl(gmem, _IO(0xAE, 0x83), arg), ENOTTY, "another driver's type on a gmem");
}

int main(void)
{
	struct snap before;

	tap_plan(ARRAY_SIZE(calls) * (SIZE_CHECKS + FLAG_CHECKS + POINTER_CHECKS + FILE_CHECKS) +
		 ARRAY_SIZE(calls) + 3);
	gmem = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "args");
	for (const struct call *c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		check_size(c);
		before = snap_take(gmem);
		check_flags(c);
		check_files(c);
		ok(snap_same(gmem, &before, 0), "%s: refused calls changed nothing", c->name);
		check_pointers(c);
	}
	check_unknown_ioctls();
	return tap_done();
}
