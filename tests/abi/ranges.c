// SPDX-License-Identifier: GPL-2.0-only
/* GMEM_QUERY_RANGES: what it tells, how it is resumed, and what it refuses. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad_ranges.h"

#define PAGES 64
#define BYTES (PAGES * PAGE)

#define S GMEM_RANGE_SHARED
#define R GMEM_RANGE_RESIDENT

static int query(int fd, struct gmem_query_ranges *q)
{
	q->size = sizeof(*q);
	return ioctl(fd, GMEM_QUERY_RANGES, q);
}

/* @want: offset in pages, length in pages, flags. */
static bool ranges_are(int fd, const uint64_t (*want)[3], int count)
{
	struct gmem_range got[PAGES];
	int n = gmem_ranges(fd, 0, BYTES, got, PAGES);
	bool same = n == count;

	for (int i = 0; same && i < n; i++)
		same = got[i].offset == want[i][0] * PAGE && got[i].bytes == want[i][1] * PAGE &&
		       got[i].flags == want[i][2] && !got[i].__reserved;
	for (int i = 0; !same && i < n; i++)
		diag("  page %llu, %llu pages, flags %u", (unsigned long long)got[i].offset / PAGE,
		     (unsigned long long)got[i].bytes / PAGE, got[i].flags);
	return same;
}

#define RANGES_ARE(fd, ...)                                  \
	ranges_are(fd, (const uint64_t[][3]){ __VA_ARGS__ }, \
		   ARRAY_SIZE(((const uint64_t[][3]){ __VA_ARGS__ })))

static void check_answers(int fd)
{
	struct gmem_stats before, after;
	char *map = gmem_map(fd, BYTES);

	ok(RANGES_ARE(fd, { 0, PAGES, 0 }), "new: one private range, nothing resident");
	gmem_share(fd, 8 * PAGE, 8 * PAGE, GMEM_CONTENT_ZERO);
	ok(RANGES_ARE(fd, { 0, 8, 0 }, { 8, 8, S }, { 16, PAGES - 16, 0 }), "a shared hole");
	trap_store(map + 8 * PAGE, 1);
	trap_store(map + 15 * PAGE, 1);
	trap_store(map + 11 * PAGE, 1);
	ok(RANGES_ARE(fd, { 0, 8, 0 }, { 8, 1, S | R }, { 9, 2, S }, { 11, 1, S | R }, { 12, 3, S },
		      { 15, 1, S | R }, { 16, PAGES - 16, 0 }),
	   "pages that were touched are resident");
	if (fallocate(fd, 0, 16 * PAGE, 2 * PAGE))
		tap_bail("fallocate: %s", strerror(errno));
	gmem_hide(fd, 11 * PAGE, 5 * PAGE, GMEM_CONTENT_KEEP);
	ok(RANGES_ARE(fd, { 0, 8, 0 }, { 8, 1, S | R }, { 9, 2, S }, { 11, 1, R }, { 12, 3, 0 },
		      { 15, 3, R }, { 18, PAGES - 18, 0 }),
	   "private pages may be resident; equal neighbours are one range");
	before = gmem_stats_of(fd);
	RANGES_ARE(fd, { 0, PAGES, 0 });
	after = gmem_stats_of(fd);
	ok(!memcmp(&before, &after, sizeof(before)), "asking changes nothing");
	munmap(map, BYTES);
}

/* Alternate pages of one state and residency each: the most entries there can be. */
static void check_resume(int fd)
{
	struct gmem_range all[PAGES], one;
	uint64_t at = 0;
	bool same = true;
	int count, calls = 0;

	for (uint64_t p = 0; p < PAGES; p += 2)
		gmem_share(fd, p * PAGE, PAGE, GMEM_CONTENT_ZERO);
	count = gmem_ranges(fd, 0, BYTES, all, PAGES);
	is_int(count, PAGES, "every page is a range");
	while (at < BYTES && calls < 2 * PAGES) {
		struct gmem_query_ranges q = {
			.offset = at,
			.bytes = BYTES - at,
			.ranges = (uintptr_t)&one,
			.count = 1,
		};

		if (query(fd, &q) || q.count != 1)
			break;
		same = same && !memcmp(&one, &all[calls], sizeof(one)) &&
		       q.next_offset == one.offset + one.bytes;
		at = q.next_offset;
		calls++;
	}
	ok(same && at == BYTES && calls == PAGES, "one entry at a time tells the same");
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	ok(RANGES_ARE(fd, { 0, PAGES, S }), "and all of one state is one range");
}

static void check_parts(int fd)
{
	struct gmem_range got[4] = {};
	struct gmem_query_ranges q = {
		.offset = 3 * PAGE,
		.bytes = 2 * PAGE,
		.ranges = (uintptr_t)got,
		.count = 3,
	};

	gmem_hide(fd, 4 * PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	is_success(query(fd, &q), "a part of it");
	ok(q.count == 2 && got[0].offset == 3 * PAGE && got[0].bytes == PAGE && got[0].flags == S &&
		   got[1].offset == 4 * PAGE && got[1].bytes == PAGE && got[1].flags == 0,
	   "is cut to what was asked");
	is_int(q.next_offset, 5 * PAGE, "next_offset is the end of it");
	ok(all_zero(&got[2], sizeof(got[2]) * 2), "entries behind count are not written");
}

static const struct bad_range bad_ranges[] = { BAD_RANGES(BYTES) };

static void check_refused(int fd)
{
	struct gmem_range got[2];
	struct gmem_query_ranges q;
	char *end = page_end();
	struct snap before = snap_take(fd);

	for (size_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		q = (struct gmem_query_ranges){
			.offset = bad_ranges[i].offset,
			.bytes = bad_ranges[i].bytes,
			.ranges = (uintptr_t)got,
			.count = 2,
		};
		is_errno(query(fd, &q), EINVAL, "refused: %s", bad_ranges[i].what);
	}
	q = (struct gmem_query_ranges){ .bytes = PAGE, .ranges = (uintptr_t)got, .count = 0 };
	is_errno(query(fd, &q), EINVAL, "count 0");
	q = (struct gmem_query_ranges){
		.bytes = PAGE, .ranges = (uintptr_t)got, .count = 1, .__reserved = 1
	};
	is_errno(query(fd, &q), EINVAL, "reserved is not 0");
	q = (struct gmem_query_ranges){ .bytes = PAGE, .ranges = 0, .count = 1 };
	is_errno(query(fd, &q), EFAULT, "ranges is NULL");
	q = (struct gmem_query_ranges){ .bytes = PAGE, .ranges = (uintptr_t)end, .count = 1 };
	is_errno(query(fd, &q), EFAULT, "ranges is not mapped");
	q = (struct gmem_query_ranges){ .bytes = PAGE, .ranges = (uintptr_t)end - 8, .count = 1 };
	is_errno(query(fd, &q), EFAULT, "ranges straddles an unmapped page");
	q = (struct gmem_query_ranges){ .bytes = PAGE, .ranges = 0xffff888000000000UL, .count = 1 };
	is_errno(query(fd, &q), EFAULT, "ranges is a kernel address");
	q = (struct gmem_query_ranges){ .bytes = PAGE,
					.ranges = (uintptr_t)end - sizeof(got[0]),
					.count = UINT32_MAX };
	is_success(query(fd, &q), "count may be more than the answer needs");
	ok(snap_same(fd, &before, 0), "nothing changed");
}

int main(void)
{
	int fd;

	tap_plan(5 + 3 + 4 + ARRAY_SIZE(bad_ranges) + 8);
	trap_init();
	fd = gmem_new(MMAP_IO, BYTES, "ranges");
	check_answers(fd);
	close(fd);
	fd = gmem_new(MMAP_IO, BYTES, "ranges");
	check_resume(fd);
	check_parts(fd);
	check_refused(fd);
	close(fd);
	return tap_done();
}
