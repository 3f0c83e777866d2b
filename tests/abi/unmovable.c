// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory stays where it is: whatever the kernel or a process does to make room, the pages of a
 * gmem are neither moved, nor swapped, nor dropped. One row a way to try.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

/* Not in every libc's headers. */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define PAGES 64
#define BYTES (PAGES * PAGE)
#define SEED  95

static int fd;
static char *map;

static int compact(void)
{
	write_text("/proc/sys/vm/compact_memory", "1");
	return 0;
}

static int drop_caches(void)
{
	write_text("/proc/sys/vm/drop_caches", "3");
	return 0;
}

static int page_out(void)
{
	return madvise(map, BYTES, MADV_PAGEOUT);
}

static int cold(void)
{
	return madvise(map, BYTES, MADV_COLD);
}

static int soft_offline(void)
{
	int ret = madvise(map, PAGE, MADV_SOFT_OFFLINE);

	return ret == -1 ? 0 : 1;
}

static const struct {
	const char *what;
	int (*act)(void); /* 0 when it ended as it should */
} rows[] = {
	{ "compaction", compact },
	{ "drop_caches", drop_caches },
	{ "MADV_COLD", cold },
	{ "MADV_PAGEOUT", page_out },
	{ "MADV_SOFT_OFFLINE, refused", soft_offline },
};

/* The page frame behind each page; root may see it. */
static void frames(uint64_t *pfn)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < PAGES; i++)
		trap_load(map + i * PAGE);
	if (pagemap < 0 || pread(pagemap, pfn, PAGES * 8, (uintptr_t)map / PAGE * 8) != PAGES * 8)
		tap_bail("pagemap: %s", strerror(errno));
	close(pagemap);
	for (int i = 0; i < PAGES; i++)
		pfn[i] &= (1ULL << 55) - 1;
}

/* In no page table, nobody looking: the only copy there is. */
static void check_unmapped(unsigned int state, const char *what)
{
	static char buffer[BYTES];
	struct snap snap;

	munmap(map, BYTES);
	if (try_convert(fd, 0, BYTES, state, GMEM_CONTENT_KEEP))
		tap_bail("convert: %s", strerror(errno));
	snap = snap_take(fd);
	for (int i = 0; i < 2; i++) {
		drop_caches();
		compact();
	}
	ok(snap_same(fd, &snap, 0), "%s, not mapped: all stays resident", what);
	is_int(try_inspect(fd, GMEM_DIRECTION_READ, 0, buffer, BYTES), BYTES, "%s: read", what);
	ok(secret_intact(buffer, BYTES, SEED), "%s: as it was", what);
	map = gmem_map(fd, BYTES);
}

int main(void)
{
	uint64_t before[PAGES], after[PAGES];
	struct snap snap;

	tap_plan(3 * ARRAY_SIZE(rows) + 1 + 6);
	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED | GMEM_CREATE_INSPECT, BYTES, "unmovable");
	map = gmem_map(fd, BYTES);
	secret_fill(map, BYTES, SEED);
	frames(before);
	ok(before[0] && before[0] != before[1], "page frames can be seen");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snap = snap_take(fd);
		is_int(rows[i].act(), 0, "%s", rows[i].what);
		ok(snap_same(fd, &snap, 0) && secret_intact(map, BYTES, SEED),
		   "all is resident, and as it was: %s", rows[i].what);
		frames(after);
		ok(!memcmp(before, after, sizeof(before)), "nothing was moved: %s", rows[i].what);
	}
	check_unmapped(GMEM_STATE_SHARED, "shared");
	check_unmapped(GMEM_STATE_PRIVATE, "private");
	return tap_done();
}
