// SPDX-License-Identifier: GPL-2.0-only
/*
 * GMEM_CREATE_POPULATE: initial contents by pwrite() into private pages that were not yet
 * handed to anyone, and where that ends.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 4
#define BYTES (PAGES * PAGE)
#define SEED  41

static struct tracer tracer;
static char buffer[BYTES];

#define SAW(fd, ...) tracer_saw(&tracer, gmem_id(fd), (const char *[]){ __VA_ARGS__, NULL })

static void check_populate(void)
{
	int fd = gmem_new(GMEM_CREATE_POPULATE | GMEM_CREATE_INSPECT, BYTES, "populate");
	struct gmem_stats s;

	secret_fill(buffer, BYTES, SEED);
	tracer_clear(&tracer);
	is_int(pwrite(fd, buffer, 2 * PAGE, 0), 2 * PAGE, "write into private pages");
	ok(tracer_count(&tracer, gmem_id(fd),
			"gmem_access offset_bytes=0 size_bytes=8192 done_bytes=8192 act=populate "
			"err=0") == 1,
	   "told as populate");
	ok(tracer_count(&tracer, gmem_id(fd), "gmem_alloc state=private size_bytes=4096") == 2,
	   "two pages were allocated");
	s = gmem_stats_of(fd);
	ok(s.resident_private_bytes == 2 * PAGE && s.resident_shared_bytes == 0 &&
		   s.written_bytes == 2 * PAGE,
	   "counted");
	is_int(pwrite(fd, buffer, 100, PAGE - 50), 100, "again, over a boundary");
	is_int(pwrite(fd, buffer, 8, 3 * PAGE + 16), 8, "a few bytes of a page");
	is_int(try_inspect(fd, GMEM_DIRECTION_READ, 3 * PAGE, buffer, PAGE), PAGE, "look at it");
	ok(all_zero(buffer, 16) && secret_words_in(buffer + 16, 8, SEED) == 1 &&
		   all_zero(buffer + 24, PAGE - 24),
	   "the rest of the page is zero");
	is_errno(pwrite(fd, buffer, 1, BYTES), EFBIG, "at the end: EFBIG");
	secret_fill(buffer, BYTES, SEED);
	is_int(pwrite(fd, buffer, 2 * PAGE, BYTES - PAGE), PAGE, "over the end: short");
	is_errno(pread(fd, buffer, PAGE, 0), EINVAL, "it gives no right to read");
	close(fd);
}

static void check_handed_out(void)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_POPULATE, BYTES, "handed");
	struct gmem_stats before, after;
	char *map = gmem_map(fd, BYTES);

	/* Pages 1 and 2 are shared once, and used; 2 is private again. */
	gmem_share(fd, PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	trap_store(map + PAGE, 1);
	trap_store(map + 2 * PAGE, 1);
	gmem_hide(fd, 2 * PAGE, PAGE, GMEM_CONTENT_ZERO);
	memset(buffer, 0, BYTES);
	secret_fill(buffer, PAGE, SEED);

	before = gmem_stats_of(fd);
	tracer_clear(&tracer);
	is_errno(pwrite(fd, buffer, PAGE, 2 * PAGE), EACCES, "a page that was shared: EACCES");
	ok(SAW(fd, "gmem_access offset_bytes=8192 size_bytes=4096 done_bytes=0 err=-13"), "told");
	after = gmem_stats_of(fd);
	is_int(after.denied_private, before.denied_private + 1, "counted");
	is_int(after.written_bytes, before.written_bytes, "nothing was written");
	is_int(pwrite(fd, buffer, BYTES, 0), 2 * PAGE, "a write stops short before it");
	ok(secret_words_in(map + PAGE, PAGE, SEED) == 0, "having written the shared page");
	is_int(pwrite(fd, buffer, PAGE, 3 * PAGE), PAGE, "the others may still be populated");
	gmem_share(fd, 0, PAGE, GMEM_CONTENT_KEEP);
	ok(secret_intact(map, PAGE, SEED), "contents given before are there when shared and kept");
	gmem_share(fd, 3 * PAGE, PAGE, GMEM_CONTENT_ZERO);
	ok(all_zero(map + 3 * PAGE, PAGE), "and zero when not kept");

	/* What counts is the memory: behind a hole there is none that anyone has seen. */
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE, PAGE);
	is_int(pwrite(fd, buffer, PAGE, 2 * PAGE), PAGE, "after a punch it is new memory");
	munmap(map, BYTES);
	close(fd);
}

static void check_without_flag(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "without");
	int shared = gmem_new(GMEM_CREATE_POPULATE | GMEM_CREATE_INIT_SHARED, BYTES, "shared");
	struct snap before = snap_take(fd);

	is_errno(pwrite(fd, buffer, PAGE, 0), EACCES, "without the flag: EACCES");
	ok(snap_same(fd, &before, SNAP_DENIED), "nothing changed");
	fallocate(shared, 0, 0, PAGE);
	gmem_hide(shared, 0, BYTES, GMEM_CONTENT_ZERO);
	before = snap_take(shared);
	is_errno(pwrite(shared, buffer, PAGE, 0), EACCES, "what began shared was handed out");
	ok(snap_same(shared, &before, SNAP_DENIED), "nothing changed");
	close(fd);
	close(shared);
}

int main(void)
{
	tap_plan(11 + 10 + 4);
	tracer_open(&tracer);
	check_populate();
	check_handed_out();
	check_without_flag();
	tracer_close(&tracer);
	return tap_done();
}
