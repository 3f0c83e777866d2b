// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do whatever they like to one gmem, without a lock: no order is predicted, but
 * every answer must be one that could be true, and at the end the accounts must agree.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "gmem_test.h"

#define THREADS 4
#define PAGES	32UL
#define BYTES	(PAGES * PAGE)
#define SECONDS 3
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static int fd;
static char *map;
static atomic_bool stop;

/* What is stored in a page names the page: contents must never turn up in another one. */
static uint64_t mark(uint64_t page)
{
	return 0xabcd000000000000ULL | page << 16;
}

/* By bytes: a system call's copy of eight is no single access (a memfd's is torn just as well). */
static bool may_hold(uint64_t page, uint64_t value)
{
	for (int shift = 0; shift < 64; shift += 8) {
		uint8_t byte = value >> shift;

		if (byte && byte != (uint8_t)(mark(page) >> shift))
			return false;
	}
	return true;
}

struct worker {
	pthread_t thread;
	uint64_t random;
	unsigned long ops, wrong;
	/* What the counters must come to, by this thread's own count. */
	unsigned long conversions, held, denied;
};

static uint64_t next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random >> 8;
}

static void wrong(struct worker *w, const char *what)
{
	if (!w->wrong++)
		diag("  %s: %s", what, strerror(errno));
}

static void check_value(struct worker *w, const char *what, uint64_t page, uint64_t value)
{
	if (!may_hold(page, value) && !w->wrong++)
		diag("  %s: page %llu holds %#llx", what, (unsigned long long)page,
		     (unsigned long long)value);
}

static void touch(struct worker *w, uint64_t page)
{
	char *at = map + page * PAGE + 8;
	struct trap t = next(w) % 2 ? trap_load(at) : trap_store(at, mark(page));

	if (t.signo) {
		w->denied++;
		if (t.signo != SIGBUS || t.code != BUS_ADRERR || t.addr != at)
			wrong(w, "signal of a touch");
	} else {
		check_value(w, "touch", page, t.value);
	}
}

static void convert(struct worker *w, uint64_t page, uint64_t count)
{
	unsigned int to = next(w) % 2, content = next(w) % 2;
	uint64_t where = 0;

	if (!try_convert_at(fd, page * PAGE, count * PAGE, to, content, &where)) {
		w->conversions++;
	} else if (errno == EAGAIN && to == GMEM_STATE_PRIVATE) {
		/* A page on its way out of a page table just now. */
		w->held++;
		if (where % PAGE || where < page * PAGE || where >= (page + count) * PAGE)
			wrong(w, "error_offset");
	} else {
		wrong(w, "conversion");
	}
}

static void space(struct worker *w, uint64_t page, uint64_t count)
{
	if (fallocate(fd, next(w) % 2 ? PUNCH : 0, page * PAGE, count * PAGE))
		wrong(w, "fallocate");
}

static void transfer(struct worker *w, uint64_t page)
{
	uint64_t value = mark(page), at = page * PAGE + 8;
	ssize_t got;

	switch (next(w) % 4) {
	case 0:
		got = pread(fd, &value, 8, at);
		break;
	case 1:
		got = pwrite(fd, &value, 8, at);
		break;
	case 2:
		got = try_inspect(fd, GMEM_DIRECTION_READ, at, &value, 8);
		break;
	default:
		got = try_inspect(fd, GMEM_DIRECTION_WRITE, at, &value, 8);
	}
	if (got == -1 && errno == EACCES)
		w->denied++;
	else if (got != 8)
		wrong(w, "transfer");
	else
		check_value(w, "transfer", page, value);
}

static void look(struct worker *w, uint64_t page, uint64_t count)
{
	struct gmem_range r[PAGES];
	struct gmem_stats s;

	/* Bails out where ranges have gaps or overlaps. */
	gmem_ranges(fd, page * PAGE, count * PAGE, r, PAGES);
	s = gmem_stats_of(fd);
	if (s.resident_private_bytes > BYTES || s.resident_shared_bytes > BYTES)
		wrong(w, "resident bytes");
	if (madvise(map + page * PAGE, count * PAGE, MADV_DONTNEED))
		wrong(w, "MADV_DONTNEED");
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(&stop)) {
		uint64_t page = next(w) % PAGES, count = 1 + next(w) % (PAGES - page);

		switch (next(w) % 8) {
		case 0:
		case 1:
		case 2:
			touch(w, page);
			break;
		case 3:
		case 4:
			convert(w, page, count);
			break;
		case 5:
			space(w, page, count);
			break;
		case 6:
			transfer(w, page);
			break;
		default:
			look(w, page, count);
		}
		w->ops++;
	}
	return NULL;
}

static void check_accounts(const struct worker *sum)
{
	struct gmem_stats s = gmem_stats_of(fd);
	uint64_t in_private = 0, in_shared = 0;
	struct gmem_range r[PAGES];
	int n = gmem_ranges(fd, 0, BYTES, r, PAGES);

	for (int i = 0; i < n; i++)
		if (r[i].flags & GMEM_RANGE_RESIDENT)
			*(r[i].flags & GMEM_RANGE_SHARED ? &in_shared : &in_private) += r[i].bytes;
	is_int(s.resident_private_bytes, in_private,
	       "resident private bytes are those of the ranges");
	is_int(s.resident_shared_bytes, in_shared, "resident shared bytes too");
	is_int(s.allocated_bytes - s.freed_bytes, in_private + in_shared,
	       "what was allocated was freed or is resident");
	is_int(s.conversions, sum->conversions, "each conversion was counted");
	is_int(s.conversions_failed, sum->held, "each that met a held page too");
	is_int(s.denied_private, sum->denied, "each refusal too");
}

int main(void)
{
	const char *text = getenv("GMEM_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
	static struct worker workers[THREADS];
	struct worker sum = {};

	tap_plan(9);
	diag("GMEM_SEED=%llu", (unsigned long long)seed);
	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "storm");
	map = gmem_map(fd, BYTES);
	for (int i = 0; i < THREADS; i++) {
		workers[i].random = (seed + i + 1) * 0x9e3779b97f4a7c15ULL;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			tap_bail("pthread_create");
	}
	sleep(test_seconds(SECONDS));
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		sum.ops += workers[i].ops;
		sum.wrong += workers[i].wrong;
		sum.conversions += workers[i].conversions;
		sum.held += workers[i].held;
		sum.denied += workers[i].denied;
	}
	is_int(sum.wrong, 0, "every answer may be true");
	ok(sum.ops > slow_rounds(1000) && sum.conversions > slow_rounds(100) &&
		   sum.denied > slow_rounds(10),
	   "%lu operations, %lu conversions, %lu met a held page, %lu refusals", sum.ops,
	   sum.conversions, sum.held, sum.denied);
	check_accounts(&sum);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	gmem_hide(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	ok(all_zero(map, BYTES), "and it still does as it is told");
	return tap_done();
}
