// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory is charged to the cgroup of who allocates it. At the cgroup's limit the process is
 * killed or gets an error, by whichever call it allocates; all that was charged is given back.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gmem_test.h"

#define GROUP "/sys/fs/cgroup/gmem-memcg"
#define LIMIT (8UL << 20)
#define BYTES (32UL << 20)

static int fd;
static char *map;

static void put(const char *file, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), GROUP "/%s", file);
	write_text(path, text);
}

static void group_make(void)
{
	char limit[32];

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		tap_skip_all("cgroup2");
	if (mkdir(GROUP, 0755))
		tap_bail("mkdir %s: %s", GROUP, strerror(errno));
	snprintf(limit, sizeof(limit), "%lu", LIMIT);
	put("memory.max", limit);
	if (!access(GROUP "/memory.swap.max", F_OK))
		put("memory.swap.max", "0");
}

/* The cgroup is charged for some memory of the kernel's too, given back when it gets to it. */
static bool comes_down_to(long bytes)
{
	for (int i = 0; i < 300; i++) {
		if (read_long(GROUP "/memory.current") <= bytes)
			return true;
		usleep(10000);
	}
	diag("  memory.current is %ld", read_long(GROUP "/memory.current"));
	return false;
}

static void touch(void)
{
	for (unsigned long at = 0; at < BYTES; at += PAGE)
		*(volatile char *)(map + at) = 1;
}

static void allocate(void)
{
	if (fallocate(fd, 0, 0, BYTES))
		_exit(errno == ENOMEM ? 9 : 1);
}

static void write_all(void)
{
	static char buffer[PAGE];

	for (unsigned long at = 0; at < BYTES; at += PAGE)
		if (pwrite(fd, buffer, PAGE, at) != (ssize_t)PAGE)
			_exit(errno == ENOMEM ? 9 : 1);
}

static void inspect_all(void)
{
	static char buffer[PAGE];

	for (unsigned long at = 0; at < BYTES; at += PAGE)
		if (try_inspect(fd, GMEM_DIRECTION_WRITE, at, buffer, PAGE) < 0)
			_exit(errno == ENOMEM ? 9 : 1);
}

static const struct {
	const char *what;
	void (*fill)(void);
} rows[] = {
	{ "faults", touch },
	{ "fallocate", allocate },
	{ "pwrite", write_all },
	{ "GMEM_INSPECT", inspect_all },
};

static int fill_in_group(void *arg)
{
	void (*fill)(void) = *(void (**)(void))arg;

	signal(SIGBUS, SIG_DFL);
	put("cgroup.procs", "0");
	fill();
	return 0;
}

#define ROW_CHECKS 6
static void check_row(size_t r)
{
	const char *what = rows[r].what;
	struct gmem_stats s;
	void (*fill)(void) = rows[r].fill;
	long charged;
	int status;

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED | GMEM_CREATE_INSPECT, BYTES, "memcg");
	map = gmem_map(fd, BYTES);
	status = in_child(fill_in_group, &fill);
	ok((WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGBUS)) ||
		   (WIFEXITED(status) && WEXITSTATUS(status) == 9),
	   "%s: at the limit the process is killed or gets ENOMEM (status %#x)", what, status);

	s = gmem_stats_of(fd);
	charged = read_long(GROUP "/memory.current");
	ok(s.resident_shared_bytes > LIMIT / 4 && s.resident_shared_bytes <= LIMIT,
	   "%s: as much as the limit permits was allocated: %llu bytes", what,
	   (unsigned long long)s.resident_shared_bytes);
	ok(charged >= (long)s.resident_shared_bytes && charged <= (long)LIMIT,
	   "%s: it stays charged to the cgroup while it lives: %ld bytes", what, charged);
	ok(s.allocated_bytes == s.resident_shared_bytes && s.freed_bytes == 0,
	   "%s: the gmem's own accounts agree", what);
	is_int(trap_store(map + BYTES - 8, 1).signo, 0, "%s: others may go on using it", what);
	munmap(map, BYTES);
	close(fd);
	ok(comes_down_to(LIMIT / 16), "%s: all of it is given back", what);
}

/* Punching gives memory back to who paid for it. */
static void check_punch(void)
{
	static char text[32];

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "memcg");
	map = gmem_map(fd, BYTES);
	snprintf(text, sizeof(text), "%d", getpid());
	put("cgroup.procs", text);
	for (unsigned long at = 0; at < LIMIT / 2; at += PAGE)
		*(volatile char *)(map + at) = 1;
	write_text("/sys/fs/cgroup/cgroup.procs", text);
	ok(read_long(GROUP "/memory.current") >= (long)LIMIT / 2, "who touches pays");
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LIMIT / 2);
	ok(comes_down_to(LIMIT / 16), "until the memory is punched");
	munmap(map, BYTES);
	close(fd);
}

int main(void)
{
	group_make();
	tap_plan(ROW_CHECKS * ARRAY_SIZE(rows) + 2 + 1);
	trap_init();
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
		check_row(r);
	check_punch();
	is_success(rmdir(GROUP), "the cgroup can be removed");
	return tap_done();
}
