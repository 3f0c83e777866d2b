// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page lost to a memory failure: every access says so, the others go on, and the page can
 * be replaced. Costs the VM two pages of memory; run it as the last one.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

/* Not in every libc's headers. */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define PAGES 4
#define BYTES (PAGES * PAGE)
#define LOST  PAGE
#define SEED  81
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct tracer tracer;
static char *map, buffer[BYTES];
static int fd, poisoned;
static uint64_t id;

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static void poison(void *at)
{
	poisoned = madvise(at, PAGE, MADV_HWPOISON);
}

/* The caller of MADV_HWPOISON may itself be told by a signal. */
static void set_up(void)
{
	struct trap t;

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT | GMEM_CREATE_INIT_SHARED, BYTES, "failure");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	secret_fill(map, BYTES, SEED);
	tracer_clear(&tracer);
	t = trap_call(poison, map + LOST);
	if (!t.signo && poisoned && errno == EINVAL)
		tap_skip_all("CONFIG_MEMORY_FAILURE");
	if (t.signo ? t.code != BUS_MCEERR_AR && t.code != BUS_MCEERR_AO : poisoned != 0)
		tap_bail("MADV_HWPOISON: signal %d code %d, errno %d", t.signo, t.code, errno);
}

static void check_told(void)
{
	ok(tracer_count(&tracer, id, "gmem_error offset_bytes=4096 size_bytes=4096 err=-133") == 1,
	   "an event");
	is_int(gmem_stats_of(fd).memory_failures, 1, "counted");
}

static bool is_lost(struct trap t)
{
	return t.signo == SIGBUS && t.code == BUS_MCEERR_AR;
}

static void check_access(void)
{
	struct gmem_stats before = gmem_stats_of(fd), after;
	char *fresh;

	/* Where the page was mapped the kernel keeps a mark, and does not ask gmem. */
	tracer_clear(&tracer);
	ok(is_lost(trap_load(map + LOST + 8)), "a load is SIGBUS, BUS_MCEERR_AR");
	ok(is_lost(trap_store(map + LOST, 1)), "a store too");
	ok(SAW(NULL), "gmem is not asked");
	fresh = gmem_map(fd, BYTES);
	tracer_clear(&tracer);
	ok(is_lost(trap_load(fresh + LOST + 8)), "a load through a new mapping too");
	ok(is_lost(trap_store(fresh + LOST, 1)), "and a store");
	is_errno(pread(fd, buffer, PAGE, LOST), EHWPOISON, "pread: EHWPOISON");
	is_errno(pwrite(fd, buffer, PAGE, LOST), EHWPOISON, "pwrite: EHWPOISON");
	is_errno(try_inspect(fd, GMEM_DIRECTION_READ, LOST, buffer, PAGE), EHWPOISON,
		 "GMEM_INSPECT: EHWPOISON");
	is_int(pread(fd, buffer, BYTES, 0), LOST, "a read stops short before it");
	ok(SAW("gmem_fault offset_bytes=4096 size_bytes=0 kind=host state=shared err=-133 write=0",
	       "gmem_fault offset_bytes=4096 size_bytes=0 kind=host state=shared err=-133 write=1",
	       "gmem_access offset_bytes=4096 done_bytes=0 act=read err=-133",
	       "gmem_access offset_bytes=4096 done_bytes=0 act=write err=-133",
	       "gmem_access offset_bytes=4096 done_bytes=0 act=inspect_read err=-133",
	       "gmem_access offset_bytes=0 size_bytes=16384 done_bytes=4096 act=read err=-133"),
	   "events");
	after = gmem_stats_of(fd);
	is_int(after.faults_host - before.faults_host, 2, "faults are counted");
	munmap(fresh, BYTES);
	is_int(after.memory_failures, 1, "it is one failure, however often it is met");
	ok(secret_words_in(map, PAGE, SEED) == PAGE / 8 &&
		   secret_words_in(map + 2 * PAGE, 2 * PAGE, SEED) == 2 * PAGE / 8,
	   "the other pages are as they were");
}

static void check_convert(void)
{
	struct snap before = snap_take(fd);
	uint64_t where;
	bool sound;

	tracer_clear(&tracer);
	is_errno(try_convert_at(fd, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, &where),
		 EHWPOISON, "its contents cannot be kept: EHWPOISON");
	is_int(where, LOST, "at its offset");
	before.stats.conversions_failed++;
	ok(snap_same(fd, &before, 0), "nothing changed");
	ok(tracer_count(&tracer, id,
			"gmem_convert to=private content=keep err=-133 error_offset_bytes=4096 "
			"changed_bytes=0") == 1,
	   "told");
	is_success(try_convert(fd, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO),
		   "they may be given up");
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	sound = trap_store(map + LOST, 0).signo == 0;
	ok(sound && all_zero(map, BYTES), "then all pages are sound, and zero");
}

static void check_punch(void)
{
	bool sound;

	munmap(map, BYTES);
	close(fd);
	set_up();
	is_success(fallocate(fd, PUNCH, LOST, PAGE), "a lost page can be punched");
	sound = trap_store(map + LOST, 0).signo == 0;
	ok(sound && all_zero(map + LOST, PAGE), "a sound one takes its place");
	munmap(map, BYTES);
	tracer_clear(&tracer);
	close(fd);
	ok(SAW("gmem_release resident_shared_bytes=16384",
	       "gmem_free resident_bytes=16384 cause=release"),
	   "all of it is freed with the gmem");
}

/* A private page has no place in a page table by which it could be told apart. */
static void check_private(void)
{
	char *at;

	fd = gmem_new(MMAP_IO, BYTES, "private");
	at = gmem_map(fd, BYTES);
	fallocate(fd, 0, 0, BYTES);
	is_errno(madvise(at, PAGE, MADV_HWPOISON), EFAULT, "MADV_HWPOISON of a private page");
	is_errno(madvise(at, PAGE, MADV_SOFT_OFFLINE), EFAULT, "MADV_SOFT_OFFLINE");
	is_int(gmem_stats_of(fd).memory_failures, 0, "does nothing");
	munmap(at, BYTES);
	close(fd);
}

int main(void)
{
	trap_init();
	tracer_open(&tracer);
	set_up();
	tap_plan(2 + 13 + 6 + 3 + 3);
	check_told();
	check_access();
	check_convert();
	check_punch();
	check_private();
	tracer_close(&tracer);
	return tap_done();
}
