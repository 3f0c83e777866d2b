// SPDX-License-Identifier: GPL-2.0-only
/*
 * GMEM_GET_STATS: every counter after acts whose figures are known exactly. One row an act;
 * what a row does not name must not change.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 16
#define BYTES (PAGES * PAGE)

static int fd, bare; /* @bare permits nothing */
static char *map, buffer[4 * PAGE];

static void share_four(void)
{
	gmem_share(fd, 0, 4 * PAGE, GMEM_CONTENT_ZERO);
}

static void store_twice(void)
{
	trap_store(map, 1);
	trap_store(map + 8, 1);
}

static void refault(void)
{
	madvise(map, PAGE, MADV_DONTNEED);
	trap_store(map, 1);
}

static void load_private(void)
{
	trap_load(map + 4 * PAGE);
}

static void load_past_the_end(void)
{
	trap_load(map + BYTES);
}

static void write_some(void)
{
	pwrite(fd, buffer, 100, 2 * PAGE - 50);
}

static void read_some(void)
{
	pread(fd, buffer, 300, 2 * PAGE - 100);
}

static void read_private(void)
{
	pread(fd, buffer, 100, 4 * PAGE);
}

static void read_to_private(void)
{
	pread(fd, buffer, 3 * PAGE, 2 * PAGE);
}

static void read_bare(void)
{
	pread(bare, buffer, 100, 0);
}

static void mmap_bare(void)
{
	mmap(NULL, PAGE, PROT_READ, MAP_SHARED, bare, 0);
}

static void inspect_bare(void)
{
	try_inspect(bare, GMEM_DIRECTION_READ, 0, buffer, 100);
}

static void inspect_some(void)
{
	try_inspect(fd, GMEM_DIRECTION_READ, 100, buffer, 1000);
	try_inspect(fd, GMEM_DIRECTION_WRITE, 100, buffer, 10);
}

static void allocate_private(void)
{
	fallocate(fd, 0, 8 * PAGE, 4 * PAGE);
}

static void allocate_again(void)
{
	fallocate(fd, 0, 6 * PAGE, 4 * PAGE);
}

static void hide_three(void)
{
	/* Of pages 0 to 2 two are resident: 0 by the store, 1 and 2 by the write. */
	gmem_hide(fd, 0, 3 * PAGE, GMEM_CONTENT_KEEP);
}

static void hide_again(void)
{
	gmem_hide(fd, 0, 3 * PAGE, GMEM_CONTENT_ZERO);
}

static void convert_refused(void)
{
	try_convert(fd, 1, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
}

static void punch(void)
{
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10 * PAGE);
}

static void punch_hole(void)
{
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 6 * PAGE);
}

#define AT(name) offsetof(struct gmem_stats, name)
#define ON_BARE	 true

/* In this order, each standing on the ones before. */
static const struct {
	const char *what;
	void (*act)(void);
	bool on_bare;
	struct {
		size_t at;
		int64_t change;
	} changes[5];
} rows[] = {
	{ "share four pages",
	  share_four,
	  false,
	  { { AT(conversions), 1 }, { AT(converted_bytes), 4 * PAGE } } },
	{ "store twice to one page",
	  store_twice,
	  false,
	  { { AT(faults_host), 1 },
	    { AT(allocated_bytes), PAGE },
	    { AT(resident_shared_bytes), PAGE } } },
	{ "store again after MADV_DONTNEED", refault, false, { { AT(faults_host), 1 } } },
	{ "load a private page",
	  load_private,
	  false,
	  { { AT(faults_host), 1 }, { AT(denied_private), 1 } } },
	{ "load past the end", load_past_the_end, false, { { AT(faults_host), 1 } } },
	{ "write 100 bytes over a page boundary",
	  write_some,
	  false,
	  { { AT(written_bytes), 100 },
	    { AT(allocated_bytes), 2 * PAGE },
	    { AT(resident_shared_bytes), 2 * PAGE } } },
	{ "read 300 bytes", read_some, false, { { AT(read_bytes), 300 } } },
	{ "read a private page", read_private, false, { { AT(denied_private), 1 } } },
	{ "read two pages of three",
	  read_to_private,
	  false,
	  { { AT(read_bytes), 2 * PAGE }, { AT(denied_private), 1 } } },
	{ "read without GMEM_CREATE_IO", read_bare, ON_BARE, { { AT(denied_flags), 1 } } },
	{ "mmap without GMEM_CREATE_MMAP", mmap_bare, ON_BARE, { { AT(denied_flags), 1 } } },
	{ "inspect without GMEM_CREATE_INSPECT",
	  inspect_bare,
	  ON_BARE,
	  { { AT(denied_flags), 1 } } },
	{ "inspect", inspect_some, false, { { AT(inspected_bytes), 1010 } } },
	{ "allocate private pages",
	  allocate_private,
	  false,
	  { { AT(allocated_bytes), 4 * PAGE }, { AT(resident_private_bytes), 4 * PAGE } } },
	{ "allocate where two are resident",
	  allocate_again,
	  false,
	  { { AT(allocated_bytes), 2 * PAGE }, { AT(resident_private_bytes), 2 * PAGE } } },
	{ "hide three resident pages",
	  hide_three,
	  false,
	  { { AT(conversions), 1 },
	    { AT(converted_bytes), 3 * PAGE },
	    { AT(resident_private_bytes), 3 * PAGE },
	    { AT(resident_shared_bytes), -3 * PAGE } } },
	{ "hide them again", hide_again, false, { { AT(conversions), 1 } } },
	{ "a malformed conversion", convert_refused, false, {} },
	{ "punch seven resident pages of ten",
	  punch,
	  false,
	  { { AT(freed_bytes), 7 * PAGE }, { AT(resident_private_bytes), -7 * PAGE } } },
	{ "punch where nothing is", punch_hole, false, {} },
};

static void add(struct gmem_stats *stats, size_t at, int64_t change)
{
	uint64_t value;

	memcpy(&value, (char *)stats + at, sizeof(value));
	value += change;
	memcpy((char *)stats + at, &value, sizeof(value));
}

int main(void)
{
	struct snap zero;

	tap_plan(3 + ARRAY_SIZE(rows));
	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "stats");
	bare = gmem_new(0, PAGE, "bare");
	map = gmem_map(fd, BYTES + PAGE);

	zero = snap_take(fd);
	zero.stats = (struct gmem_stats){
		.size = sizeof(zero.stats),
		.id = zero.stats.id,
		.size_bytes = BYTES,
		.create_flags = MMAP_IO | GMEM_CREATE_INSPECT,
	};
	ok(snap_same(fd, &zero, 0), "all counters of a new gmem are zero");
	is_int(gmem_id(bare), gmem_id(fd) + 1, "ids follow each other");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int on = rows[i].on_bare ? bare : fd;
		struct snap want = snap_take(on), now;

		rows[i].act();
		for (size_t c = 0; c < ARRAY_SIZE(rows[i].changes); c++)
			if (rows[i].changes[c].change)
				add(&want.stats, rows[i].changes[c].at, rows[i].changes[c].change);
		/* Which ranges changed is not of interest here. */
		now = snap_take(on);
		memcpy(want.ranges, now.ranges, sizeof(want.ranges));
		want.count = now.count;
		ok(snap_same(on, &want, 0), "%s", rows[i].what);
	}
	munmap(map, BYTES + PAGE);
	ok(gmem_stats_of(fd).allocated_bytes == gmem_stats_of(fd).freed_bytes +
							gmem_stats_of(fd).resident_private_bytes +
							gmem_stats_of(fd).resident_shared_bytes,
	   "allocated is freed and resident");
	return tap_done();
}
