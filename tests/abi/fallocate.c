// SPDX-License-Identifier: GPL-2.0-only
/* fallocate(2) on a gmem: allocation and hole punching, their events, each refused call. */
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)
#define SEED  51
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct tracer tracer;
static int fd;
static uint64_t id;
static char *map;

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static bool resident(uint64_t in_private, uint64_t in_shared)
{
	struct gmem_stats s = gmem_stats_of(fd);

	if (s.resident_private_bytes == in_private * PAGE &&
	    s.resident_shared_bytes == in_shared * PAGE)
		return true;
	diag("  %llu private, %llu shared", (unsigned long long)s.resident_private_bytes,
	     (unsigned long long)s.resident_shared_bytes);
	return false;
}

/* Pages 4 to 7 are shared. */
static void check_allocate(void)
{
	gmem_share(fd, 4 * PAGE, 4 * PAGE, GMEM_CONTENT_ZERO);
	tracer_clear(&tracer);
	is_success(fallocate(fd, 0, 0, PAGE), "allocate a private page");
	is_success(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, 2 * PAGE), "and over a boundary");
	ok(resident(2, 1), "three pages are resident");
	ok(SAW("gmem_alloc offset_bytes=0 size_bytes=4096 state=private",
	       "gmem_alloc offset_bytes=12288 size_bytes=4096 state=private",
	       "gmem_alloc offset_bytes=16384 size_bytes=4096 state=shared"),
	   "an event each");
	ok(all_zero(map + 4 * PAGE, PAGE), "allocated pages are zero");
	secret_fill(map + 4 * PAGE, PAGE, SEED);
	tracer_clear(&tracer);
	is_success(fallocate(fd, 0, 4 * PAGE, PAGE), "allocate what is there");
	ok(SAW(NULL), "allocates nothing");
	ok(secret_intact(map + 4 * PAGE, PAGE, SEED), "and leaves contents alone");
	is_success(fallocate(fd, 0, 0, BYTES), "allocate all");
	ok(resident(4, 4), "all is resident");
}

static void check_punch(void)
{
	secret_fill(map + 4 * PAGE, 4 * PAGE, SEED);
	tracer_clear(&tracer);
	is_success(fallocate(fd, PUNCH, 3 * PAGE, 2 * PAGE), "punch over a boundary");
	ok(resident(3, 3), "a page of each is gone");
	ok(SAW("gmem_free offset_bytes=12288 size_bytes=8192 resident_bytes=8192 cause=punch"),
	   "one event");
	ok(all_zero(map + 4 * PAGE, PAGE), "punched memory reads as zeroes, mapped or not");
	ok(secret_words_in(map + 5 * PAGE, 3 * PAGE, SEED) == 3 * PAGE / 8,
	   "the rest is as it was");
	ok(resident(3, 4), "the touch brought one page back");
	is_success(fallocate(fd, PUNCH, 7 * PAGE, 4 * PAGE), "punch the last page and beyond");
	ok(resident(3, 3), "frees the last page");
	is_success(fallocate(fd, PUNCH, BYTES, PAGE), "punch at the end");
	is_success(fallocate(fd, PUNCH, BYTES + 16 * PAGE, PAGE), "punch behind the end");
	ok(resident(3, 3), "frees nothing");
	tracer_clear(&tracer);
	is_success(fallocate(fd, PUNCH, 0, BYTES), "punch all");
	ok(resident(0, 0), "nothing is resident");
	ok(tracer_count(&tracer, id, "gmem_free cause=punch resident_bytes=24576") == 1, "told");
	gmem_share(fd, 0, 4 * PAGE, GMEM_CONTENT_KEEP);
	ok(all_zero(map, BYTES), "private memory that was punched is zero when shared");
}

/* The state is a property of the range: a hole keeps it. */
static void check_state_stays(void)
{
	gmem_hide(fd, 0, 4 * PAGE, GMEM_CONTENT_ZERO);
	fallocate(fd, PUNCH, 0, BYTES);
	is_int(trap_load(map).signo, SIGBUS, "a private hole is refused");
	is_int(trap_load(map + 4 * PAGE).signo, 0, "a shared hole is not");
}

static const struct {
	const char *what;
	int mode;
	off_t offset, bytes;
	int err;
} refused[] = {
	{ "allocate past the end", 0, BYTES, PAGE, EINVAL },
	{ "allocate over the end", 0, BYTES - PAGE, 2 * PAGE, EINVAL },
	{ "allocate over the end, keep size", FALLOC_FL_KEEP_SIZE, 0, BYTES + PAGE, EINVAL },
	{ "allocate, offset unaligned", 0, 1, PAGE, EINVAL },
	{ "allocate, bytes unaligned", 0, 0, PAGE + 1, EINVAL },
	{ "allocate nothing", 0, 0, 0, EINVAL },
	{ "allocate at -1 page", 0, -(off_t)PAGE, PAGE, EINVAL },
	{ "allocate minus one page", 0, PAGE, -(off_t)PAGE, EINVAL },
	{ "punch, offset unaligned", PUNCH, PAGE / 2, PAGE, EINVAL },
	{ "punch, bytes unaligned", PUNCH, 0, 1, EINVAL },
	{ "punch nothing", PUNCH, 0, 0, EINVAL },
	{ "punch at -1 page", PUNCH, -(off_t)PAGE, PAGE, EINVAL },
	{ "punch minus one page", PUNCH, PAGE, -(off_t)PAGE, EINVAL },
	/* Above the largest file offset: refused by the kernel before it asks gmem. */
	{ "the sum overflows", 0, INT64_MAX & -PAGE, 2 * PAGE, EFBIG },
	{ "punch without keep size", FALLOC_FL_PUNCH_HOLE, 0, PAGE, EOPNOTSUPP },
	{ "zero a range", FALLOC_FL_ZERO_RANGE, 0, PAGE, EOPNOTSUPP },
	{ "zero a range, keep size", FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, PAGE,
	  EOPNOTSUPP },
	{ "collapse a range", FALLOC_FL_COLLAPSE_RANGE, 0, PAGE, EOPNOTSUPP },
	{ "insert a range", FALLOC_FL_INSERT_RANGE, 0, PAGE, EOPNOTSUPP },
	{ "unshare a range", FALLOC_FL_UNSHARE_RANGE, 0, PAGE, EOPNOTSUPP },
	{ "an unknown mode", 1 << 20, 0, PAGE, EOPNOTSUPP },
};

static void check_refused(void)
{
	struct snap before;

	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	gmem_hide(fd, 2 * PAGE, PAGE, GMEM_CONTENT_ZERO);
	trap_store(map, 1);
	before = snap_take(fd);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		is_errno(fallocate(fd, refused[i].mode, refused[i].offset, refused[i].bytes),
			 refused[i].err, "refused: %s", refused[i].what);
		ok(snap_same(fd, &before, 0), "nothing changed: %s", refused[i].what);
	}
}

int main(void)
{
	tap_plan(10 + 15 + 2 + 2 * ARRAY_SIZE(refused));
	trap_init();
	tracer_open(&tracer);
	fd = gmem_new(MMAP_IO, BYTES, "fallocate");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	check_allocate();
	check_punch();
	check_state_stays();
	check_refused();
	tracer_close(&tracer);
	return tap_done();
}
