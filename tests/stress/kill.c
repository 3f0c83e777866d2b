// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 of processes in the middle of whatever they do to gmems of their own and to a common
 * one. Nothing they held stays held, nothing they had stays behind.
 */
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES  64UL
#define BYTES  (PAGES * PAGE)
#define ROUNDS (int)slow_rounds(40)
#define BUSY   3 /* processes at a time */

/* Ranges of the gmem that is only asked about: enough of them for a kill to come in between. */
#define STRIPES 512UL

static int common, striped;
static char *map;

static void touch_and_convert(uint64_t i)
{
	uint64_t at = i * 7 % (PAGES - 8) * PAGE;

	trap_store(map + at, i);
	trap_load(map + (BYTES - at - PAGE));
	try_convert(common, at, 8 * PAGE, i / 3 % 2, i / 5 % 2);
}

static void allocate_and_punch(uint64_t i)
{
	uint64_t at = i * 11 % (PAGES - 8) * PAGE;

	fallocate(common, 0, at, 8 * PAGE);
	fallocate(common, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, 4 * PAGE);
}

static void read_and_write(uint64_t i)
{
	static char buffer[8 * PAGE];

	(void)!pwrite(common, buffer, sizeof(buffer), i * 13 % BYTES);
	(void)!pread(common, buffer, sizeof(buffer), i * 17 % BYTES);
	try_inspect(common, i % 2, i * 19 % (BYTES - sizeof(buffer)), buffer, sizeof(buffer));
}

/* Pages held by a pipe and by a ring, left to the kernel to release. */
static void hold(uint64_t i)
{
	static struct io_uring ring;
	struct iovec v = { map + i % PAGES * PAGE, PAGE };
	static int ends[2];

	if (i == 0 && (pipe2(ends, O_NONBLOCK) || io_uring_queue_init(2, &ring, 0)))
		_exit(1);
	vmsplice(ends[1], &v, 1, SPLICE_F_NONBLOCK);
	io_uring_register_buffers(&ring, &v, 1);
	if (i % 8 == 7)
		io_uring_unregister_buffers(&ring);
}

static void own(uint64_t i)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "own");
	char *mine = gmem_map(fd, BYTES);

	memset(mine, i, BYTES / 4);
	gmem_hide(fd, 0, BYTES / 2, i % 2);
	if (i % 2)
		close(fd);
	if (i % 3)
		munmap(mine, BYTES);
}

static void ask(uint64_t i)
{
	static struct gmem_range ranges[2 * STRIPES];
	struct gmem_query_ranges q = {
		.size = sizeof(q),
		.bytes = 2 * STRIPES * PAGE,
		.ranges = (uintptr_t)ranges,
		.count = ARRAY_SIZE(ranges),
	};

	if (i % 2)
		lseek(striped, 0, SEEK_DATA);
	else if (ioctl(striped, GMEM_QUERY_RANGES, &q) || q.count != 2 * STRIPES)
		_exit(1);
}

static void (*const works[])(uint64_t i) = {
	touch_and_convert, allocate_and_punch, read_and_write, hold, own, ask,
};

static pid_t start(int work)
{
	pid_t pid = fork();

	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		for (uint64_t i = 0;; i++)
			works[work](i);
	return pid;
}

/* What was held is released by the kernel's workers: they get a few seconds. */
static bool all_private(void)
{
	for (int i = 0; i < 300; i++) {
		if (!try_convert(common, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP))
			return true;
		usleep(10000);
	}
	diag("  convert: %s", strerror(errno));
	return false;
}

static bool refcnt_is(long want)
{
	for (int i = 0; i < 300; i++) {
		if (read_long("/sys/module/gmem/refcnt") == want)
			return true;
		usleep(10000);
	}
	diag("  refcnt %ld, want %ld", read_long("/sys/module/gmem/refcnt"), want);
	return false;
}

int main(void)
{
	long before;
	struct gmem_stats s;
	int killed = 0;

	tap_plan(4);
	trap_init();
	gmem_dev();
	before = read_long("/sys/module/gmem/refcnt");
	common = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT | GMEM_CREATE_INIT_SHARED, BYTES, "common");
	map = gmem_map(common, BYTES);
	striped = gmem_new(MMAP_IO, 2 * STRIPES * PAGE, "striped");
	for (uint64_t i = 0; i < STRIPES; i++)
		gmem_share(striped, 2 * i * PAGE, PAGE, GMEM_CONTENT_KEEP);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[BUSY];
		int status;

		for (int i = 0; i < BUSY; i++)
			pids[i] = start((round + i) % ARRAY_SIZE(works));
		usleep(5000 + round * 7919 % 30000);
		for (int i = 0; i < BUSY; i++)
			kill(pids[i], SIGKILL);
		for (int i = 0; i < BUSY; i++)
			killed += waitpid(pids[i], &status, 0) == pids[i] && WIFSIGNALED(status) &&
				  WTERMSIG(status) == SIGKILL;
	}
	is_int(killed, ROUNDS * BUSY, "%d processes killed at work", ROUNDS * BUSY);
	ok(all_private(), "nothing they held stays held");
	s = gmem_stats_of(common);
	ok(s.allocated_bytes - s.freed_bytes ==
			   s.resident_private_bytes + s.resident_shared_bytes &&
		   s.resident_private_bytes <= BYTES && s.resident_shared_bytes == 0,
	   "the accounts agree");
	munmap(map, BYTES);
	close(common);
	close(striped);
	ok(refcnt_is(before), "no gmem is left, their own ones and this");
	return tap_done();
}
