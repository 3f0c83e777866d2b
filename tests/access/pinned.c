// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that somebody holds make a conversion to private fail with EAGAIN at their offset,
 * all or nothing, and succeed once they are released. What the kernel itself holds for a
 * moment (its per-CPU batches) is not somebody.
 */
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)
#define SEED  71

static struct tracer tracer;
static int fd;
static uint64_t id;
static char *map;

static void set_up(void)
{
	fd = gmem_new(MMAP_IO, BYTES, "pinned");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	secret_fill(map, BYTES, SEED);
}

static void tear_down(void)
{
	munmap(map, BYTES);
	close(fd);
}

/* Two ways to hold the page at @at, and to release it. */
static int pipe_ends[2];
static struct io_uring ring;

static void hold_by_pipe(char *at)
{
	struct iovec v = { at, PAGE };

	if (pipe2(pipe_ends, O_CLOEXEC) || vmsplice(pipe_ends[1], &v, 1, 0) != (ssize_t)PAGE)
		tap_bail("vmsplice: %s", strerror(errno));
}

static void release_by_read(void)
{
	static char buffer[PAGE];

	if (read(pipe_ends[0], buffer, PAGE) != (ssize_t)PAGE)
		tap_bail("read: %s", strerror(errno));
}

static void close_pipe(void)
{
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void release_by_close(void)
{
	close_pipe();
	pipe_ends[0] = pipe_ends[1] = -1;
}

static void hold_by_uring(char *at)
{
	struct iovec v = { at, PAGE };
	int ret = io_uring_queue_init(2, &ring, 0);

	if (!ret)
		ret = io_uring_register_buffers(&ring, &v, 1);
	if (ret)
		tap_bail("io_uring_register_buffers: %s", strerror(-ret));
}

static void release_by_unregister(void)
{
	int ret = io_uring_unregister_buffers(&ring);

	if (ret)
		tap_bail("io_uring_unregister_buffers: %s", strerror(-ret));
}

static void close_ring(void)
{
	io_uring_queue_exit(&ring);
}

static const struct {
	const char *what;
	void (*hold)(char *at);
	void (*release)(void);
	void (*end)(void);
	unsigned int content;
} holders[] = {
	{ "vmsplice", hold_by_pipe, release_by_read, close_pipe, GMEM_CONTENT_KEEP },
	{ "vmsplice, zeroing", hold_by_pipe, release_by_read, close_pipe, GMEM_CONTENT_ZERO },
	{ "vmsplice, pipe closed", hold_by_pipe, release_by_close, close_pipe, GMEM_CONTENT_KEEP },
	{ "io_uring", hold_by_uring, release_by_unregister, close_ring, GMEM_CONTENT_KEEP },
	{ "io_uring, zeroing", hold_by_uring, release_by_unregister, close_ring,
	  GMEM_CONTENT_ZERO },
};

/* Releases may be carried out by the kernel's workers: they get a second. */
static int convert_in_time(uint64_t offset, uint64_t bytes, unsigned int content)
{
	for (int i = 0; i < 100; i++) {
		if (!try_convert(fd, offset, bytes, GMEM_STATE_PRIVATE, content))
			return 0;
		if (errno != EAGAIN)
			return -1;
		usleep(10000);
	}
	return -1;
}

#define HOLDER_CHECKS 8
static void check_holder(size_t h)
{
	const char *what = holders[h].what;
	unsigned int content = holders[h].content;
	struct snap before;
	uint64_t where;

	set_up();
	holders[h].hold(map + 5 * PAGE);
	before = snap_take(fd);
	tracer_clear(&tracer);
	is_errno(try_convert_at(fd, 0, BYTES, GMEM_STATE_PRIVATE, content, &where), EAGAIN,
		 "%s: a held page: EAGAIN", what);
	is_int(where, 5 * PAGE, "%s: at its offset", what);
	before.stats.conversions_failed++;
	ok(snap_same(fd, &before, 0), "%s: nothing changed", what);
	ok(tracer_saw(&tracer, id,
		      (const char *[]){ "gmem_convert offset_bytes=0 size_bytes=32768 to=private "
					"err=-11 error_offset_bytes=20480 changed_bytes=0",
					NULL }),
	   "%s: one event", what);
	ok(secret_intact(map, BYTES, SEED), "%s: all contents are there, still shared", what);
	is_success(try_convert(fd, 6 * PAGE, 2 * PAGE, GMEM_STATE_PRIVATE, content),
		   "%s: pages beside it can be converted", what);
	holders[h].release();
	is_success(convert_in_time(0, BYTES, content), "%s: released, all can", what);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	ok(content == GMEM_CONTENT_KEEP ? secret_intact(map, BYTES, SEED) : all_zero(map, BYTES),
	   "%s: contents are %s", what, content == GMEM_CONTENT_KEEP ? "kept" : "zero");
	holders[h].end();
	tear_down();
}

static void check_first_of_two(void)
{
	int first[2];
	uint64_t where;

	set_up();
	hold_by_pipe(map + 2 * PAGE);
	memcpy(first, pipe_ends, sizeof(first));
	hold_by_pipe(map + 6 * PAGE);
	try_convert_at(fd, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, &where);
	is_int(where, 2 * PAGE, "of two held pages the first is named");
	try_convert_at(fd, 3 * PAGE, 5 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, &where);
	is_int(where, 6 * PAGE, "the first within the range");
	is_success(try_convert(fd, 0, BYTES, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO),
		   "what is shared may be held");
	ok(secret_intact(map, BYTES, SEED), "and stays as it is");
	close_pipe();
	close(first[0]);
	close(first[1]);
	tear_down();
}

/* Touches, allocates or locks pages on one CPU, leaving them in that CPU's batches. */
struct touch {
	int cpu;
	uint64_t first, count;
	enum { TOUCH_STORE, TOUCH_WRITE, TOUCH_FALLOCATE, TOUCH_MLOCK, TOUCH_WAYS } way;
};

static void *touch(void *arg)
{
	struct touch *t = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(t->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		tap_bail("sched_setaffinity: %s", strerror(errno));
	for (uint64_t p = t->first; p < t->first + t->count; p++) {
		switch (t->way) {
		case TOUCH_STORE:
			*(volatile uint64_t *)(map + p * PAGE) = 1;
			break;
		case TOUCH_WRITE:
			if (pwrite(fd, "1", 1, p * PAGE) != 1)
				tap_bail("pwrite: %s", strerror(errno));
			break;
		case TOUCH_FALLOCATE:
			if (fallocate(fd, 0, p * PAGE, PAGE))
				tap_bail("fallocate: %s", strerror(errno));
			break;
		default:
			if (mlock(map + p * PAGE, PAGE))
				tap_bail("mlock: %s", strerror(errno));
		}
	}
	return NULL;
}

/* Both CPUs touch fresh pages, and at once they are converted: never EAGAIN. */
static void check_fresh_pages(int way, const char *name)
{
	const uint64_t max = 40;
	int refused = 0;

	for (uint64_t count = 1; count <= max; count += 3) {
		struct touch t[2] = {
			{ .cpu = 0, .first = 0, .count = count, .way = way },
			{ .cpu = 1, .first = count, .count = count, .way = way },
		};
		pthread_t threads[2];

		fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, 2 * max * PAGE, "fresh");
		map = gmem_map(fd, 2 * max * PAGE);
		for (int i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, touch, &t[i]);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		if (try_convert(fd, 0, 2 * max * PAGE, GMEM_STATE_PRIVATE, count % 2)) {
			diag("  %d pages on each CPU: %s", (int)count, strerror(errno));
			refused++;
		}
		munmap(map, 2 * max * PAGE);
		close(fd);
	}
	is_int(refused, 0, "fresh pages of both CPUs are not held (%s)", name);
}

int main(void)
{
	static const char *const ways[] = { "store", "write", "fallocate", "mlock" };

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		tap_skip_all("two CPUs");
	tap_plan(HOLDER_CHECKS * ARRAY_SIZE(holders) + 4 + TOUCH_WAYS);
	tracer_open(&tracer);
	for (size_t h = 0; h < ARRAY_SIZE(holders); h++)
		check_holder(h);
	check_first_of_two();
	tracer_close(&tracer);
	for (int way = 0; way < TOUCH_WAYS; way++)
		check_fresh_pages(way, ways[way]);
	return tap_done();
}
