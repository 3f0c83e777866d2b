// SPDX-License-Identifier: GPL-2.0-only
/*
 * Old contents never come back: not after a punch, not after a conversion that zeroes, not
 * in the memory of a gmem that was closed. Each row leaves page 1 behind, which must be zero.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 4
#define BYTES (PAGES * PAGE)
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static int fd;
static char *map;

static void punch(void)
{
	if (fallocate(fd, PUNCH, PAGE, PAGE))
		tap_bail("punch: %s", strerror(errno));
}

static void allocate(void)
{
	if (fallocate(fd, 0, PAGE, PAGE))
		tap_bail("allocate: %s", strerror(errno));
}

static void hide(unsigned int content)
{
	gmem_hide(fd, PAGE, PAGE, content);
}

static void share(unsigned int content)
{
	gmem_share(fd, PAGE, PAGE, content);
}

static void after_punch(void)
{
	punch();
}

static void after_punch_and_allocate(void)
{
	punch();
	allocate();
}

static void after_private_punch(void)
{
	hide(GMEM_CONTENT_KEEP);
	punch();
	share(GMEM_CONTENT_KEEP);
}

static void after_private_punch_and_allocate(void)
{
	hide(GMEM_CONTENT_KEEP);
	punch();
	allocate();
	share(GMEM_CONTENT_KEEP);
}

static void after_zeroing_to_private(void)
{
	hide(GMEM_CONTENT_ZERO);
	share(GMEM_CONTENT_KEEP);
}

static void after_zeroing_to_shared(void)
{
	hide(GMEM_CONTENT_KEEP);
	share(GMEM_CONTENT_ZERO);
}

static void after_zeroing_both_ways(void)
{
	hide(GMEM_CONTENT_ZERO);
	share(GMEM_CONTENT_ZERO);
}

/* Only page 1 changes state in these, though more is named. */
static void after_zeroing_part_to_shared(void)
{
	hide(GMEM_CONTENT_KEEP);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
}

static void after_madvise_remove(void)
{
	if (madvise(map + PAGE, PAGE, MADV_REMOVE))
		tap_bail("MADV_REMOVE: %s", strerror(errno));
}

static const struct {
	const char *what;
	void (*act)(void);
} rows[] = {
	{ "punch", after_punch },
	{ "punch and allocate", after_punch_and_allocate },
	{ "punch while private", after_private_punch },
	{ "punch and allocate while private", after_private_punch_and_allocate },
	{ "zeroing on the way to private", after_zeroing_to_private },
	{ "zeroing on the way to shared", after_zeroing_to_shared },
	{ "zeroing both ways", after_zeroing_both_ways },
	{ "zeroing, with shared neighbours named", after_zeroing_part_to_shared },
	{ "MADV_REMOVE", after_madvise_remove },
};

static void check_row(size_t r)
{
	static char buffer[BYTES];
	uint64_t seed = 100 + r;
	bool zero;

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "old");
	map = gmem_map(fd, BYTES);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	secret_fill(map, BYTES, seed);
	rows[r].act();

	zero = pread(fd, buffer, PAGE, PAGE) == (ssize_t)PAGE && all_zero(buffer, PAGE);
	ok(zero, "%s: read(2) gives zeroes", rows[r].what);
	zero = try_inspect(fd, GMEM_DIRECTION_READ, PAGE, buffer, PAGE) == (ssize_t)PAGE &&
	       all_zero(buffer, PAGE);
	ok(zero && all_zero(map + PAGE, PAGE), "%s: so do the window and a load", rows[r].what);
	ok(secret_words_in(map, BYTES, seed) == (PAGES - 1) * PAGE / 8,
	   "%s: the pages around it are as they were", rows[r].what);
	munmap(map, BYTES);
	close(fd);
}

/* Memory goes back to the kernel full of secrets, and comes out again elsewhere. */
static void check_reuse(void)
{
	const uint64_t bytes = 512 * PAGE, seed = 200;
	static const unsigned int states[] = { GMEM_STATE_SHARED, GMEM_STATE_PRIVATE };
	bool clean = true;

	for (int round = 0; round < 8; round++) {
		int one = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, bytes, "before");
		char *p = gmem_map(one, bytes);
		int two;

		secret_fill(p, bytes, seed);
		if (try_convert(one, 0, bytes, states[round % 2], GMEM_CONTENT_KEEP))
			tap_bail("convert: %s", strerror(errno));
		munmap(p, bytes);
		close(one);
		two = gmem_new(MMAP_IO, bytes, "after");
		p = gmem_map(two, bytes);
		if (round < 4)
			fallocate(two, 0, 0, bytes);
		gmem_share(two, 0, bytes, GMEM_CONTENT_KEEP);
		clean = clean && all_zero(p, bytes);
		munmap(p, bytes);
		close(two);
	}
	ok(clean, "new memory is zero, whatever the pages held in a gmem that was closed");
}

/* Who held a page across a punch has what was shared with it; the memory has a new page. */
static void check_held_over_punch(void)
{
	static char buffer[PAGE];
	int ends[2];

	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "held");
	map = gmem_map(fd, BYTES);
	secret_fill(map + PAGE, PAGE, 300);
	if (pipe2(ends, O_CLOEXEC) ||
	    vmsplice(ends[1], &(struct iovec){ map + PAGE, PAGE }, 1, 0) != (ssize_t)PAGE)
		tap_bail("vmsplice: %s", strerror(errno));
	punch();
	ok(all_zero(map + PAGE, PAGE), "a held page does not come back after a punch");
	secret_fill(map + PAGE, PAGE, 301);
	gmem_hide(fd, PAGE, PAGE, GMEM_CONTENT_KEEP);
	is_int(read(ends[0], buffer, PAGE), PAGE, "the holder reads its page");
	ok(secret_intact(buffer, PAGE, 300) && !secret_words_in(buffer, PAGE, 301),
	   "as it was when shared, nothing of what became private");
	close(ends[0]);
	close(ends[1]);
	munmap(map, BYTES);
	close(fd);
}

int main(void)
{
	tap_plan(3 * ARRAY_SIZE(rows) + 1 + 3);
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
		check_row(r);
	check_reuse();
	check_held_over_punch();
	return tap_done();
}
