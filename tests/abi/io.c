// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(2), write(2) and kin on a gmem fd: what passes, where they stop short, and the event
 * of each. One row a call; initial contents (GMEM_CREATE_POPULATE) are in populate.c.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gmem_test.h"

/* Pages 0 and 1 are shared, 2 private, 3 shared; 0, 1 and 3 with the secret. */
#define PAGES 4
#define BYTES (PAGES * PAGE)
#define SEED  31

static struct tracer tracer;
static char buffer[2 * BYTES];
static char *hole; /* what is not mapped; the page before it is */
static int fd;
static uint64_t id;
static char *map;

enum how { PREAD, PWRITE };

static const struct {
	const char *what;
	enum how how;
	uint64_t at;
	size_t bytes;
	ssize_t want; /* bytes, or -errno */
	const char *event;
} rows[] = {
	{ "read a page", PREAD, 0, PAGE, PAGE,
	  "gmem_access offset_bytes=0 size_bytes=4096 done_bytes=4096 act=read err=0" },
	{ "read over a boundary", PREAD, PAGE - 3, 7, 7,
	  "gmem_access offset_bytes=4093 size_bytes=7 done_bytes=7 act=read err=0" },
	{ "read up to a private page", PREAD, PAGE, 2 * PAGE, PAGE,
	  "gmem_access offset_bytes=4096 size_bytes=8192 done_bytes=4096 act=read err=-13" },
	{ "read a byte, then private", PREAD, 2 * PAGE - 1, 2, 1,
	  "gmem_access offset_bytes=8191 size_bytes=2 done_bytes=1 act=read err=-13" },
	{ "read private", PREAD, 2 * PAGE, PAGE, -EACCES,
	  "gmem_access offset_bytes=8192 size_bytes=4096 done_bytes=0 act=read err=-13" },
	{ "read the last byte of private", PREAD, 3 * PAGE - 1, 1, -EACCES,
	  "gmem_access offset_bytes=12287 size_bytes=1 done_bytes=0 act=read err=-13" },
	{ "read from private into shared", PREAD, 2 * PAGE, 2 * PAGE, -EACCES,
	  "gmem_access offset_bytes=8192 size_bytes=8192 done_bytes=0 act=read err=-13" },
	{ "read to the end and beyond", PREAD, 3 * PAGE, 2 * PAGE, PAGE,
	  "gmem_access offset_bytes=12288 done_bytes=4096 act=read" },
	{ "read at the end", PREAD, BYTES, PAGE, 0, "gmem_access done_bytes=0 act=read err=0" },
	{ "read behind the end", PREAD, BYTES + PAGE, PAGE, 0,
	  "gmem_access done_bytes=0 act=read err=0" },
	{ "write a page", PWRITE, 0, PAGE, PAGE,
	  "gmem_access offset_bytes=0 size_bytes=4096 done_bytes=4096 act=write err=0" },
	{ "write over a boundary", PWRITE, PAGE - 3, 7, 7,
	  "gmem_access offset_bytes=4093 size_bytes=7 done_bytes=7 act=write err=0" },
	{ "write up to a private page", PWRITE, PAGE, 2 * PAGE, PAGE,
	  "gmem_access offset_bytes=4096 size_bytes=8192 done_bytes=4096 act=write err=-13" },
	{ "write private", PWRITE, 2 * PAGE, PAGE, -EACCES,
	  "gmem_access offset_bytes=8192 size_bytes=4096 done_bytes=0 act=write err=-13" },
	{ "write a byte of private", PWRITE, 2 * PAGE + 77, 1, -EACCES,
	  "gmem_access offset_bytes=8269 size_bytes=1 done_bytes=0 act=write err=-13" },
	{ "write to the end and beyond", PWRITE, 3 * PAGE, 2 * PAGE, PAGE,
	  "gmem_access offset_bytes=12288 done_bytes=4096 act=write" },
	{ "write at the end", PWRITE, BYTES, 1, -EFBIG,
	  "gmem_access done_bytes=0 act=write err=-27" },
	{ "write behind the end", PWRITE, BYTES + PAGE, PAGE, -EFBIG,
	  "gmem_access done_bytes=0 act=write err=-27" },
	/* Refused by the kernel before it asks gmem: no event. */
	{ "read at -1", PREAD, -1, PAGE, -EINVAL, NULL },
	{ "write at -1", PWRITE, -1, PAGE, -EINVAL, NULL },
};

static void set_up(void)
{
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	secret_fill(map, BYTES, SEED);
	gmem_hide(fd, 2 * PAGE, PAGE, GMEM_CONTENT_KEEP);
	tracer_clear(&tracer);
}

static void check_row(size_t r)
{
	uint64_t at = rows[r].at;
	size_t done = rows[r].want > 0 ? rows[r].want : 0;
	ssize_t got;
	bool good;

	set_up();
	memset(buffer, 'w', sizeof(buffer));
	got = rows[r].how == PREAD ? pread(fd, buffer, rows[r].bytes, at) :
				     pwrite(fd, buffer, rows[r].bytes, at);
	is_int(got < 0 ? -errno : got, rows[r].want, "%s", rows[r].what);
	ok(tracer_saw(&tracer, id, (const char *[]){ rows[r].event, NULL }), "%s: event",
	   rows[r].what);

	gmem_share(fd, 2 * PAGE, PAGE, GMEM_CONTENT_KEEP);
	if (rows[r].how == PREAD)
		good = !memcmp(buffer, map + (done ? at : 0), done) && buffer[done] == 'w' &&
		       secret_intact(map, BYTES, SEED);
	else
		good = !memcmp(buffer, map + (done ? at : 0), done) &&
		       secret_words_in(map, BYTES, SEED) >= BYTES / 8 - (done + 15) / 8 &&
		       secret_words_in(map + 2 * PAGE, PAGE, SEED) == PAGE / 8;
	ok(good, "%s: exactly those bytes passed", rows[r].what);
}

static void check_position(void)
{
	set_up();
	is_int(lseek(fd, PAGE, SEEK_SET), PAGE, "lseek");
	is_int(read(fd, buffer, PAGE / 2), PAGE / 2, "read");
	is_int(lseek(fd, 0, SEEK_CUR), PAGE + PAGE / 2, "moves the position");
	is_int(read(fd, buffer, PAGE), PAGE / 2, "a short read");
	is_int(lseek(fd, 0, SEEK_CUR), 2 * PAGE, "moves it as far");
	is_errno(read(fd, buffer, PAGE), EACCES, "a refused read");
	is_errno(write(fd, buffer, PAGE), EACCES, "and a refused write");
	is_int(lseek(fd, 0, SEEK_CUR), 2 * PAGE, "leave it");
	lseek(fd, 0, SEEK_SET);
	is_int(write(fd, buffer, 10), 10, "write");
	is_int(lseek(fd, 0, SEEK_CUR), 10, "moves it");
}

static void check_vectors(void)
{
	struct iovec v[3] = { { buffer, PAGE }, { buffer + PAGE, 100 }, { buffer + BYTES, PAGE } };

	set_up();
	is_int(preadv2(fd, v, 3, PAGE / 2, 0), PAGE + PAGE / 2, "preadv2 stops at a private page");
	ok(!memcmp(buffer, map + PAGE / 2, PAGE) &&
		   !memcmp(buffer + PAGE, map + PAGE / 2 + PAGE, 100) &&
		   !memcmp(buffer + BYTES, map + PAGE / 2 + PAGE + 100, PAGE / 2 - 100),
	   "with the right bytes in each buffer");
	is_int(pwritev2(fd, v, 2, 0, 0), PAGE + 100, "pwritev2");
	ok(tracer_saw(&tracer, id,
		      (const char *[]){ "gmem_access offset_bytes=2048 size_bytes=8292 "
					"done_bytes=6144 act=read err=-13",
					"gmem_access offset_bytes=0 size_bytes=4196 "
					"done_bytes=4196 act=write err=0",
					NULL }),
	   "one event a call");
	is_errno(preadv2(fd, v, 1, 0, 1 << 30), EOPNOTSUPP, "an unknown RWF flag");
}

static void check_buffers(void)
{
	ssize_t got;

	set_up();
	is_errno(pread(fd, hole, PAGE, 0), EFAULT, "read to what is not mapped");
	is_errno(pwrite(fd, hole, PAGE, 0), EFAULT, "write from what is not mapped");
	ok(tracer_saw(&tracer, id,
		      (const char *[]){ "gmem_access done_bytes=0 act=read err=-14",
					"gmem_access done_bytes=0 act=write err=-14", NULL }),
	   "events");
	/* Refused by the kernel before it asks gmem. */
	is_errno(pread(fd, (void *)0xffff888000000000, PAGE, 0), EFAULT,
		 "read to a kernel address");
	got = pread(fd, hole - 100, PAGE, 0);
	ok(got > 0 && got <= 100 && !memcmp(hole - 100, map, got),
	   "read to a buffer that ends early: %zd of 100 bytes", got);
	ok(secret_intact(map, PAGE, SEED), "memory is as it was");
	is_int(pread(fd, buffer, 0, 0), 0, "read nothing");
	is_int(pwrite(fd, buffer, 0, 0), 0, "write nothing");
	is_errno(fcntl(fd, F_SETFL, O_DIRECT), EINVAL, "O_DIRECT is not to be had");
	/* To append is to write at the end, where nothing may be written. */
	is_success(fcntl(fd, F_SETFL, O_APPEND), "O_APPEND");
	is_errno(write(fd, buffer, 1), EFBIG, "appending: EFBIG");
	is_success(fcntl(fd, F_SETFL, 0), "no O_APPEND");
}

/* A gmem that is only served by system calls, no flag for mmap. */
static void check_flags(void)
{
	int io = gmem_new(GMEM_CREATE_IO | GMEM_CREATE_INIT_SHARED, BYTES, "io");
	int none = gmem_new(GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED, BYTES, "none");
	struct snap before = snap_take(none);

	memset(buffer, 'x', BYTES);
	is_int(pread(io, buffer, BYTES, 0), BYTES, "without mmap: read what was never written");
	ok(all_zero(buffer, BYTES), "zeroes");
	memset(buffer, 'x', BYTES);
	is_int(pwrite(io, buffer, 10, PAGE - 5), 10, "write");
	is_int(pread(io, buffer + BYTES, 20, PAGE - 10), 20, "read back");
	ok(!memcmp(buffer + BYTES, "\0\0\0\0\0xxxxxxxxxx\0\0\0\0\0", 20),
	   "what was written, and zeroes around it");

	tracer_clear(&tracer);
	is_errno(pread(none, buffer, PAGE, 0), EINVAL, "without GMEM_CREATE_IO: no read");
	is_errno(pwrite(none, buffer, PAGE, 0), EINVAL, "no write");
	ok(tracer_saw(&tracer, gmem_id(none),
		      (const char *[]){ "gmem_access done_bytes=0 act=read err=-22",
					"gmem_access done_bytes=0 act=write err=-22", NULL }),
	   "told");
	before.stats.denied_flags += 2;
	ok(snap_same(none, &before, 0), "counted, nothing else");
	close(io);
	close(none);
}

int main(void)
{
	tap_plan(3 * ARRAY_SIZE(rows) + 10 + 5 + 12 + 9);
	tracer_open(&tracer);
	hole = page_end();
	fd = gmem_new(MMAP_IO, BYTES, "io");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
		check_row(r);
	check_position();
	check_vectors();
	check_buffers();
	check_flags();
	tracer_close(&tracer);
	return tap_done();
}
