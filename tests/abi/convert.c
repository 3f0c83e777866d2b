// SPDX-License-Identifier: GPL-2.0-only
/*
 * GMEM_CONVERT: both directions with contents zeroed and kept, what it counts and tells,
 * and each range and value it refuses. Held pages are in access/pinned.c.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bad_ranges.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)
#define SEED  11

static struct tracer tracer;

static const struct bad_range bad_ranges[] = { BAD_RANGES(BYTES) };

static const struct {
	const char *what;
	unsigned int to, content;
} bad_values[] = {
	{ "unknown state", 2, GMEM_CONTENT_ZERO },
	{ "state -1", -1, GMEM_CONTENT_ZERO },
	{ "unknown content", GMEM_STATE_SHARED, 2 },
	{ "content -1", GMEM_STATE_SHARED, -1 },
};

static void check_refused(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "refused");
	char *map = gmem_map(fd, BYTES);
	struct snap before;

	/* Page 1 shared with contents, so that a wrong conversion either way would show. */
	gmem_share(fd, PAGE, PAGE, GMEM_CONTENT_ZERO);
	secret_fill(map + PAGE, PAGE, SEED);
	before = snap_take(fd);
	for (size_t i = 0; i < ARRAY_SIZE(bad_ranges); i++) {
		const struct bad_range *r = &bad_ranges[i];

		is_errno(try_convert(fd, r->offset, r->bytes, GMEM_STATE_SHARED, 0), EINVAL,
			 "to shared: %s", r->what);
		is_errno(try_convert(fd, r->offset, r->bytes, GMEM_STATE_PRIVATE, 0), EINVAL,
			 "to private: %s", r->what);
		ok(snap_same(fd, &before, 0), "nothing changed: %s", r->what);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++) {
		is_errno(try_convert(fd, 0, PAGE, bad_values[i].to, bad_values[i].content), EINVAL,
			 "refused: %s", bad_values[i].what);
		ok(snap_same(fd, &before, 0), "nothing changed: %s", bad_values[i].what);
	}

	/* The struct has a field for results: one that cannot be written is refused at once. */
	struct gmem_convert *c = (void *)(page_end() - PAGE);

	*c = (struct gmem_convert){ .size = sizeof(*c), .bytes = BYTES, .to = GMEM_STATE_SHARED };
	mprotect(c, PAGE, PROT_READ);
	is_errno(ioctl(fd, GMEM_CONVERT, c), EFAULT, "a read-only argument");
	ok(snap_same(fd, &before, 0), "nothing changed: a read-only argument");
	ok(secret_intact(map + PAGE, PAGE, SEED), "nor did the contents");
	munmap(map, BYTES);
	close(fd);
}

/* The bytes of one state that are backed by memory, and what was counted. */
static bool figures(int fd, uint64_t in_private, uint64_t in_shared, uint64_t conversions,
		    uint64_t converted)
{
	struct gmem_stats s = gmem_stats_of(fd);

	if (s.resident_private_bytes == in_private && s.resident_shared_bytes == in_shared &&
	    s.conversions == conversions && s.converted_bytes == converted)
		return true;
	diag("  private %llu shared %llu conversions %llu converted %llu",
	     (unsigned long long)s.resident_private_bytes,
	     (unsigned long long)s.resident_shared_bytes, (unsigned long long)s.conversions,
	     (unsigned long long)s.converted_bytes);
	return false;
}

static void check_keep(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "keep");
	char *map = gmem_map(fd, BYTES);

	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	ok(figures(fd, 0, 0, 1, BYTES), "converting what is not resident allocates nothing");
	secret_fill(map, BYTES, SEED);
	ok(figures(fd, 0, BYTES, 1, BYTES), "all of it touched");
	gmem_hide(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	ok(figures(fd, BYTES, 0, 2, 2 * BYTES), "to private, kept: as much is resident");
	is_int(trap_load(map).signo, SIGBUS, "a load is refused");
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	ok(figures(fd, 0, BYTES, 3, 3 * BYTES), "and back");
	ok(secret_intact(map, BYTES, SEED), "kept contents are kept both ways");
	munmap(map, BYTES);
	close(fd);
}

static void check_zero(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "zero");
	char *map = gmem_map(fd, BYTES);

	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	secret_fill(map, BYTES, SEED);
	gmem_hide(fd, PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	gmem_share(fd, PAGE, 2 * PAGE, GMEM_CONTENT_KEEP);
	ok(all_zero(map + PAGE, 2 * PAGE), "zeroed on the way to private");
	secret_fill(map + PAGE, 2 * PAGE, SEED);
	gmem_hide(fd, PAGE, 2 * PAGE, GMEM_CONTENT_KEEP);
	gmem_share(fd, PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	ok(all_zero(map + PAGE, 2 * PAGE), "zeroed on the way to shared");
	ok(secret_words_in(map, PAGE, SEED) == PAGE / 8 &&
		   secret_words_in(map + 3 * PAGE, 5 * PAGE, SEED) == 5 * PAGE / 8,
	   "pages around it are as they were");
	munmap(map, BYTES);
	close(fd);
}

/* Pages already in the state asked for are left alone, whatever content says. */
static void check_same_state(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "same");
	char *map = gmem_map(fd, BYTES);
	struct gmem_range r[4];
	uint64_t id = gmem_id(fd);

	gmem_share(fd, 2 * PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	secret_fill(map + 2 * PAGE, 2 * PAGE, SEED);
	gmem_share(fd, 2 * PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	ok(secret_intact(map + 2 * PAGE, 2 * PAGE, SEED), "shared to shared zeroes nothing");
	ok(figures(fd, 0, 2 * PAGE, 2, 2 * PAGE), "and converts no bytes");
	tracer_clear(&tracer);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	ok(secret_intact(map + 2 * PAGE, 2 * PAGE, SEED), "nor where only part of it is shared");
	ok(figures(fd, 0, 2 * PAGE, 3, BYTES), "only what changed is counted");
	ok(tracer_count(&tracer, id,
			"gmem_convert offset_bytes=0 size_bytes=32768 to=shared content=zero err=0 "
			"changed_bytes=24576") == 1,
	   "and told");
	is_int(gmem_ranges(fd, 0, BYTES, r, 4), 3, "three ranges by residency");
	munmap(map, BYTES);
	close(fd);
}

static void check_events(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "events");
	uint64_t id = gmem_id(fd);
	char *map;

	tracer_clear(&tracer);
	gmem_share(fd, PAGE, 2 * PAGE, GMEM_CONTENT_KEEP);
	gmem_hide(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	try_convert(fd, 0, BYTES + PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
	ok(tracer_saw(
		   &tracer, id,
		   (const char *[]){ "gmem_convert offset_bytes=4096 size_bytes=8192 to=shared "
				     "content=keep err=0 error_offset_bytes=0 changed_bytes=8192",
				     "gmem_convert offset_bytes=0 size_bytes=8192 to=private "
				     "content=zero err=0 error_offset_bytes=0 changed_bytes=4096",
				     NULL }),
	   "one event for each conversion; malformed calls raise none");

	/* A whole memory of many small ranges becomes one. */
	for (uint64_t p = 0; p < PAGES; p += 2)
		gmem_share(fd, p * PAGE, PAGE, GMEM_CONTENT_ZERO);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	struct gmem_range r[4];

	is_int(gmem_ranges(fd, 0, BYTES, r, 4), 1, "small ranges are joined");
	map = gmem_map(fd, BYTES);
	is_int(trap_store(map + BYTES - 8, 1).signo, 0, "and may be used");
	munmap(map, BYTES);
	close(fd);
}

static void check_wide(void)
{
	uint64_t bytes = 1ULL << 40;
	int fd = gmem_new(0, bytes, "wide");

	is_success(try_convert(fd, 0, bytes, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO),
		   "a whole TiB at once");
	is_success(try_convert(fd, PAGE, bytes - 2 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP),
		   "and back but for its ends");
	ok(figures(fd, 0, 0, 2, 2 * bytes - 2 * PAGE), "counted in bytes");
	close(fd);
}

int main(void)
{
	tap_plan(3 * ARRAY_SIZE(bad_ranges) + 2 * ARRAY_SIZE(bad_values) + 3 + 6 + 3 + 6 + 3 + 3);
	trap_init();
	tracer_open(&tracer);
	check_refused();
	check_keep();
	check_zero();
	check_same_state();
	check_events();
	check_wide();
	tracer_close(&tracer);
	return tap_done();
}
