// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations on small gmems from several threads, each compared with a plain model: the
 * states, the residency, the contents, every counter. GMEM_SEED=N repeats a run's choices,
 * GMEM_OPS=N makes another number of them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "gmem_test.h"

#define THREADS 4
#define SLOTS	6
#define PAGES	16
#define BYTES	(PAGES * PAGE)
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* A page is zero but for these words of it. */
static const size_t marks[] = { 0, PAGE / 2 - 8, PAGE - 8 };
#define MARKS 3

struct page {
	bool shared, resident;
	uint64_t values[MARKS];
};

/* One gmem and what it must be like; a thread has the lock for one operation. */
struct slot {
	pthread_mutex_t lock;
	int fd;
	char *map;
	struct page pages[PAGES];
	struct gmem_stats want; /* those of its fields that the model predicts */
};

/* The choices of one operation. */
struct pick {
	unsigned int first, count; /* pages */
	uint64_t value;
	unsigned int mark; /* what is written of a page: this one, or all from MARKS on */
	unsigned int to, content;
	char *buffer; /* of the thread, BYTES long */
};

static struct slot slots[SLOTS];

static bool page_holds(const char *at, const struct page *p)
{
	static _Thread_local char want[PAGE];

	for (int i = 0; i < MARKS; i++)
		memcpy(want + marks[i], &p->values[i], sizeof(p->values[i]));
	return !memcmp(at, want, PAGE);
}

static void page_zero(struct page *p)
{
	memset(p->values, 0, sizeof(p->values));
}

/* Where in a page a write begins, and how much it is. */
static size_t part_at(const struct pick *k)
{
	return k->mark < MARKS ? marks[k->mark] : 0;
}

static size_t part_bytes(const struct pick *k)
{
	return k->mark < MARKS ? 8 : k->count * PAGE;
}

static void page_appears(struct slot *s, struct page *p)
{
	if (p->resident)
		return;
	p->resident = true;
	s->want.allocated_bytes += PAGE;
}

/* Pages from the first one on that are shared, at most @count. */
static unsigned int shared_run(const struct slot *s, const struct pick *k)
{
	unsigned int n = 0;

	while (n < k->count && s->pages[k->first + n].shared)
		n++;
	return n;
}

/* Each operation gives whether what happened is what the model says. */

static bool op_store(struct slot *s, const struct pick *k)
{
	struct page *p = &s->pages[k->first];
	unsigned int mark = k->mark % MARKS;
	char *at = s->map + k->first * PAGE + marks[mark];
	struct trap t = trap_store(at, k->value);

	if (!p->shared) {
		s->want.denied_private++;
		return t.signo == SIGBUS && t.code == BUS_ADRERR && t.addr == at;
	}
	if (t.signo)
		return false;
	page_appears(s, p);
	p->values[mark] = k->value;
	return true;
}

static bool op_load(struct slot *s, const struct pick *k)
{
	struct page *p = &s->pages[k->first];
	char *at = s->map + k->first * PAGE;
	struct trap t = trap_load(at);

	if (!p->shared) {
		s->want.denied_private++;
		return t.signo == SIGBUS && t.code == BUS_ADRERR && t.addr == at;
	}
	page_appears(s, p);
	return !t.signo && page_holds(at, p);
}

static bool op_convert(struct slot *s, const struct pick *k)
{
	if (try_convert(s->fd, k->first * PAGE, k->count * PAGE, k->to, k->content))
		return false;
	s->want.conversions++;
	for (unsigned int i = k->first; i < k->first + k->count; i++) {
		struct page *p = &s->pages[i];

		if (p->shared == (k->to == GMEM_STATE_SHARED))
			continue;
		p->shared = !p->shared;
		s->want.converted_bytes += PAGE;
		if (k->content == GMEM_CONTENT_ZERO)
			page_zero(p);
	}
	return true;
}

static bool op_punch(struct slot *s, const struct pick *k)
{
	if (fallocate(s->fd, PUNCH, k->first * PAGE, k->count * PAGE))
		return false;
	for (unsigned int i = k->first; i < k->first + k->count; i++) {
		s->want.freed_bytes += s->pages[i].resident ? PAGE : 0;
		s->pages[i].resident = false;
		page_zero(&s->pages[i]);
	}
	return true;
}

static bool op_allocate(struct slot *s, const struct pick *k)
{
	if (fallocate(s->fd, 0, k->first * PAGE, k->count * PAGE))
		return false;
	for (unsigned int i = k->first; i < k->first + k->count; i++)
		page_appears(s, &s->pages[i]);
	return true;
}

static unsigned int flags_of(const struct page *p)
{
	return (p->shared ? GMEM_RANGE_SHARED : 0) | (p->resident ? GMEM_RANGE_RESIDENT : 0);
}

static bool op_query(struct slot *s, const struct pick *k)
{
	struct gmem_range got[PAGES];
	int n = gmem_ranges(s->fd, k->first * PAGE, k->count * PAGE, got, PAGES);

	for (int r = 0; r < n; r++)
		for (uint64_t at = got[r].offset; at < got[r].offset + got[r].bytes; at += PAGE)
			if (flags_of(&s->pages[at / PAGE]) != got[r].flags)
				return false;
	return true;
}

static bool op_seek(struct slot *s, const struct pick *k)
{
	unsigned int data = k->first, hole = k->first;
	off_t want;

	while (data < PAGES && !s->pages[data].resident)
		data++;
	while (hole < PAGES && s->pages[hole].resident)
		hole++;
	want = data < PAGES ? (off_t)(data * PAGE) : -1;
	return lseek(s->fd, k->first * PAGE, SEEK_DATA) == want &&
	       lseek(s->fd, k->first * PAGE, SEEK_HOLE) == (off_t)(hole * PAGE);
}

/* A transfer of whole pages passed as much as it must. */
static bool passed(struct slot *s, ssize_t got, unsigned int pages, const struct pick *k)
{
	if (pages < k->count)
		s->want.denied_private++;
	if (!pages)
		return got == -1 && errno == EACCES;
	return got == (ssize_t)(pages * PAGE);
}

static bool pages_hold(const struct slot *s, const struct pick *k, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		if (!page_holds(k->buffer + i * PAGE, &s->pages[k->first + i]))
			return false;
	return true;
}

/* What a write of @pages pages, or of a word of the first one, leaves there. */
static void pages_set(struct slot *s, const struct pick *k, unsigned int pages)
{
	for (unsigned int i = k->first; i < k->first + pages; i++) {
		page_appears(s, &s->pages[i]);
		for (unsigned int m = 0; m < MARKS; m++)
			if (k->mark >= MARKS || k->mark == m)
				s->pages[i].values[m] = k->value;
	}
}

static void fill(const struct pick *k)
{
	memset(k->buffer, 0, k->count * PAGE);
	for (unsigned int i = 0; i < k->count; i++)
		for (int m = 0; m < MARKS; m++)
			memcpy(k->buffer + i * PAGE + marks[m], &k->value, sizeof(k->value));
}

static bool op_read(struct slot *s, const struct pick *k)
{
	unsigned int pages = shared_run(s, k);
	ssize_t got = pread(s->fd, k->buffer, k->count * PAGE, k->first * PAGE);

	s->want.read_bytes += pages * PAGE;
	return passed(s, got, pages, k) && pages_hold(s, k, pages);
}

static bool op_write(struct slot *s, const struct pick *k)
{
	unsigned int pages = shared_run(s, k);
	uint64_t at = k->first * PAGE + part_at(k);
	ssize_t got;

	fill(k);
	got = pwrite(s->fd, k->buffer, part_bytes(k), at);
	if (k->mark < MARKS && pages) {
		s->want.written_bytes += 8;
		pages_set(s, k, 1);
		return got == 8;
	}
	s->want.written_bytes += pages * PAGE;
	pages_set(s, k, pages);
	return passed(s, got, pages, k);
}

static bool op_inspect_read(struct slot *s, const struct pick *k)
{
	ssize_t got = try_inspect(s->fd, GMEM_DIRECTION_READ, k->first * PAGE, k->buffer,
				  k->count * PAGE);

	s->want.inspected_bytes += k->count * PAGE;
	return got == (ssize_t)(k->count * PAGE) && pages_hold(s, k, k->count);
}

static bool op_inspect_write(struct slot *s, const struct pick *k)
{
	ssize_t bytes = part_bytes(k), got;

	fill(k);
	got = try_inspect(s->fd, GMEM_DIRECTION_WRITE, k->first * PAGE + part_at(k), k->buffer,
			  bytes);
	s->want.inspected_bytes += bytes;
	pages_set(s, k, k->mark < MARKS ? 1 : k->count);
	return got == bytes;
}

static bool op_stats(struct slot *s, const struct pick *k)
{
	struct gmem_stats got = gmem_stats_of(s->fd);
	uint64_t in_private = 0, in_shared = 0;

	(void)k;
	for (int i = 0; i < PAGES; i++)
		*(s->pages[i].shared ? &in_shared : &in_private) += s->pages[i].resident ? PAGE : 0;
	return got.resident_private_bytes == in_private && got.resident_shared_bytes == in_shared &&
	       got.allocated_bytes == s->want.allocated_bytes &&
	       got.freed_bytes == s->want.freed_bytes && got.conversions == s->want.conversions &&
	       !got.conversions_failed && got.converted_bytes == s->want.converted_bytes &&
	       got.read_bytes == s->want.read_bytes && got.written_bytes == s->want.written_bytes &&
	       got.inspected_bytes == s->want.inspected_bytes &&
	       got.denied_private == s->want.denied_private && !got.denied_flags &&
	       !got.denied_capability;
}

static void slot_open(struct slot *s, bool shared)
{
	s->fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT | (shared ? GMEM_CREATE_INIT_SHARED : 0),
			 BYTES, "model");
	s->map = gmem_map(s->fd, BYTES);
	memset(&s->want, 0, sizeof(s->want));
	for (int i = 0; i < PAGES; i++)
		s->pages[i] = (struct page){ .shared = shared };
}

/* A last look at all of it, and a new one in its place. */
static bool op_close(struct slot *s, const struct pick *k)
{
	struct pick all = { .first = 0, .count = PAGES, .buffer = k->buffer };
	bool good = op_query(s, &all) && op_inspect_read(s, &all) && op_stats(s, &all);

	munmap(s->map, BYTES);
	close(s->fd);
	slot_open(s, k->value % 2);
	return good;
}

static const struct {
	const char *name;
	bool (*run)(struct slot *s, const struct pick *k);
	int weight;
} ops[] = {
	{ "store", op_store, 16 },
	{ "load", op_load, 16 },
	{ "convert", op_convert, 16 },
	{ "punch", op_punch, 6 },
	{ "allocate", op_allocate, 6 },
	{ "query", op_query, 8 },
	{ "lseek", op_seek, 4 },
	{ "pread", op_read, 8 },
	{ "pwrite", op_write, 8 },
	{ "inspect, read", op_inspect_read, 6 },
	{ "inspect, write", op_inspect_write, 4 },
	{ "statistics", op_stats, 8 },
	{ "close and create", op_close, 1 },
};

struct worker {
	pthread_t thread;
	uint64_t random;
	int ops, done[ARRAY_SIZE(ops)], wrong[ARRAY_SIZE(ops)];
};

static uint64_t next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random >> 8;
}

static size_t choose(struct worker *w)
{
	int total = 0, at;
	size_t op;

	for (op = 0; op < ARRAY_SIZE(ops); op++)
		total += ops[op].weight;
	at = next(w) % total;
	for (op = 0; at >= ops[op].weight; op++)
		at -= ops[op].weight;
	return op;
}

static void *work(void *arg)
{
	static _Thread_local char buffer[BYTES];
	struct worker *w = arg;

	for (int i = 0; i < w->ops; i++) {
		size_t op = choose(w);
		struct slot *s = &slots[next(w) % SLOTS];
		struct pick k = { .first = next(w) % PAGES, .value = next(w), .buffer = buffer };

		k.count = 1 + next(w) % (PAGES - k.first);
		k.mark = next(w) % (2 * MARKS);
		k.to = next(w) % 2;
		k.content = next(w) % 2;
		pthread_mutex_lock(&s->lock);
		w->done[op]++;
		if (!ops[op].run(s, &k)) {
			diag("  %s of pages %u+%u to %u content %u is not what the model says",
			     ops[op].name, k.first, k.count, k.to, k.content);
			w->wrong[op]++;
			/* Begin anew, or every later operation would disagree too. */
			op_close(s, &k);
		}
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

int main(void)
{
	const char *seed_text = getenv("GMEM_SEED"), *ops_text = getenv("GMEM_OPS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 0) : (uint64_t)time(NULL);
	int total = ops_text ? atoi(ops_text) : (int)some_rounds(50000, 100000), done = 0;
	static struct worker workers[THREADS];
	struct pick last = { .buffer = malloc(BYTES) };
	bool good = true;

	tap_plan(ARRAY_SIZE(ops) + 2);
	diag("GMEM_SEED=%llu GMEM_OPS=%d", (unsigned long long)seed, total);
	trap_init();
	for (int i = 0; i < SLOTS; i++) {
		pthread_mutex_init(&slots[i].lock, NULL);
		slot_open(&slots[i], i % 2);
	}
	for (int i = 0; i < THREADS; i++) {
		workers[i].random = (seed + i + 1) * 0x9e3779b97f4a7c15ULL;
		workers[i].ops = total / THREADS;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			tap_bail("pthread_create");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);

	for (size_t op = 0; op < ARRAY_SIZE(ops); op++) {
		int times = 0, wrong = 0;

		for (int i = 0; i < THREADS; i++) {
			times += workers[i].done[op];
			wrong += workers[i].wrong[op];
		}
		done += times;
		ok(times > 0 && !wrong, "%s: %d times as the model says", ops[op].name, times);
	}
	for (int i = 0; i < SLOTS; i++)
		good = op_close(&slots[i], &last) && good;
	ok(good, "at the end all is as the model says");
	is_int(done, total / THREADS * THREADS, "%d operations", total);
	return tap_done();
}
