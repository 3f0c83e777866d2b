// SPDX-License-Identifier: GPL-2.0-only
/* GMEM_CREATE: what it accepts, what the new fd is, and each name and size it refuses. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gmem_test.h"

#define NAME31 "abcdefghijklmnopqrstuvwxyz01234"

static uint64_t max_bytes;

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (!dir)
		tap_bail("/proc/self/fd: %s", strerror(errno));
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Every combination of the flags is a gmem that says so. */
static void check_flags(void)
{
	bool all = true;

	for (unsigned int flags = 0; flags < 32; flags++) {
		int fd = gmem_new(flags, PAGE, "flags");
		struct gmem_stats s = gmem_stats_of(fd);
		struct gmem_range r;
		int n = gmem_ranges(fd, 0, PAGE, &r, 1);
		unsigned int want = flags & GMEM_CREATE_INIT_SHARED ? GMEM_RANGE_SHARED : 0;

		if (s.create_flags != flags || n != 1 || r.flags != want) {
			diag("  flags %#x: stats say %#x, range flags %#x", flags, s.create_flags,
			     r.flags);
			all = false;
		}
		close(fd);
	}
	ok(all, "all 32 combinations of flags");
}

static const struct {
	const char *what;
	uint64_t bytes;
	bool plus_max; /* bytes is added to max_bytes */
} bad_sizes[] = {
	{ "0", 0, false },
	{ "1", 1, false },
	{ "one below a page", PAGE - 1, false },
	{ "one above a page", PAGE + 1, false },
	{ "max_bytes and a page", PAGE, true },
	{ "max_bytes and a byte", 1, true },
	{ "2^63", 1ULL << 63, false },
	{ "2^64 - 1", UINT64_MAX, false },
	{ "minus one page", -PAGE, false },
};

static const struct {
	const char *what;
	char name[GMEM_NAME_MAX];
} bad_names[] = {
	{ "no terminator", NAME31 "5" },
	{ "a byte after the terminator", "a\0b" },
	{ "a last byte after the terminator", { [0] = 'a', [GMEM_NAME_MAX - 1] = 'b' } },
	{ "a byte after an empty name", { [1] = 'b' } },
	{ "a newline", "a\nb" },
	{ "a tab", "a\tb" },
	{ "an escape", "\033[1m" },
	{ "DEL", "a\177" },
	{ "a byte above ASCII", "a\200" },
	{ "UTF-8", "caf\303\251" },
};

static void check_refused(void)
{
	int fds = count_fds();

	for (size_t i = 0; i < ARRAY_SIZE(bad_sizes); i++) {
		uint64_t bytes = bad_sizes[i].bytes + (bad_sizes[i].plus_max ? max_bytes : 0);

		is_errno(try_create(0, bytes, "size"), EINVAL, "size %s", bad_sizes[i].what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_names); i++) {
		struct gmem_create c = { .size = sizeof(c), .bytes = PAGE };

		memcpy(c.name, bad_names[i].name, sizeof(c.name));
		is_errno(ioctl(gmem_dev(), GMEM_CREATE, &c), EINVAL, "name with %s",
			 bad_names[i].what);
	}
	is_int(count_fds(), fds, "none of them left an fd");
}

static void check_fd(void)
{
	int a = gmem_new(MMAP_IO, 3 * PAGE, "fd"), b = gmem_new(0, PAGE, "fd");
	uint64_t id = gmem_id(a), other = gmem_id(b);
	struct stat st;

	is_int(fcntl(a, F_GETFD), FD_CLOEXEC, "the fd is close-on-exec");
	is_int(fcntl(a, F_GETFL) & O_ACCMODE, O_RDWR, "opened for reading and writing");
	is_int(lseek(a, 0, SEEK_CUR), 0, "its position is 0");
	ok(!fstat(a, &st) && st.st_size == 3 * (off_t)PAGE, "fstat tells the size");
	ok(id && other > id, "ids are not 0 and grow, the name may be used twice");
	close(a);
	close(b);
	a = gmem_new(0, PAGE, "again");
	ok(gmem_id(a) > other, "an id is not used again");
	close(a);
}

/* No fd is free: nothing may be left behind, nor be announced as created for good. */
static void check_emfile(void)
{
	struct rlimit old, none;
	struct tracer t;
	int ret, err, fds = count_fds(), dev = gmem_dev(), fd;
	uint64_t id;

	tracer_open(&t);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	struct gmem_create c = { .size = sizeof(c), .bytes = PAGE, .name = "emfile" };

	ret = ioctl(dev, GMEM_CREATE, &c);
	err = errno;
	setrlimit(RLIMIT_NOFILE, &old);
	ok(ret == -1 && err == EMFILE, "no free fd: EMFILE");
	is_int(count_fds(), fds, "and no fd");
	fd = gmem_new(0, PAGE, "after");
	id = gmem_id(fd);
	ok(tracer_saw(&t, id, (const char *[]){ "gmem_create name=after", NULL }),
	   "the next one is created");
	is_int(tracer_count(&t, id - 1, "gmem_create"), tracer_count(&t, id - 1, "gmem_release"),
	       "no event tells of a gmem that stayed");
	close(fd);
	tracer_close(&t);
}

static void check_events(void)
{
	struct tracer t;
	uint64_t id;
	int fd;

	tracer_open(&t);
	fd = gmem_new(MMAP_IO, 5 * PAGE, "told");
	id = gmem_id(fd);
	close(fd);
	ok(tracer_saw(
		   &t, id,
		   (const char *[]){ "gmem_create size_bytes=20480 flags=0x3 name=told",
				     "gmem_release size_bytes=20480 resident_private_bytes=0 "
				     "resident_shared_bytes=0",
				     "gmem_free offset_bytes=0 size_bytes=20480 resident_bytes=0 "
				     "cause=release",
				     NULL }),
	   "events gmem_create, gmem_release and gmem_free");
	tracer_close(&t);
}

int main(void)
{
	struct gmem_info info = { .size = sizeof(info) };
	int fd;

	tap_plan(1 + 4 + ARRAY_SIZE(bad_sizes) + ARRAY_SIZE(bad_names) + 1 + 6 + 4 + 1);
	if (ioctl(gmem_dev(), GMEM_GET_INFO, &info))
		tap_bail("GMEM_GET_INFO: %s", strerror(errno));
	max_bytes = info.max_bytes;

	check_flags();
	is_success(fd = try_create(0, PAGE, ""), "an empty name");
	close(fd);
	is_success(fd = try_create(0, PAGE, NAME31), "a name of 31 bytes");
	close(fd);
	is_success(fd = try_create(0, PAGE, " ~!vm-1/[x]:\"%s\" "),
		   "all printable ASCII in a name");
	close(fd);
	is_success(fd = try_create(MMAP_IO, max_bytes, "max"), "max_bytes");
	close(fd);
	check_refused();
	check_fd();
	check_emfile();
	check_events();
	return tap_done();
}
