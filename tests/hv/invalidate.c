// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hypervisor is told, and when: its own part of each change, before and after, whether
 * the change is carried out or not, however slow it is; and that one which does not listen is
 * found out by the tests' own means.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hv.h"

#define PAGES 16UL
#define BYTES (PAGES * PAGE)
#define GUEST 0x200000UL
#define SEED  31
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* Pages 4 to 7 are slot 0 of the VM, pages 8 to 11 slot 1. */
#define FIRST 4UL

static struct tracer tracer;
static uint64_t id;
static char *map, buffer[BYTES];
static int fd, vm;

#define SAW(...) tracer_saw(&tracer, id, (const char *[]){ __VA_ARGS__, NULL })

static uint64_t guest_page(uint64_t index)
{
	return GUEST + (index - FIRST) * PAGE;
}

static void set_up(void)
{
	fd = gmem_new(MMAP_IO, BYTES, "invalidate");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	vm = hv_open();
	hv_bind(vm, 0, fd, 4 * PAGE, 4 * PAGE, guest_page(4));
	hv_bind(vm, 1, fd, 8 * PAGE, 4 * PAGE, guest_page(8));
}

static void tear_down(void)
{
	ok(hv_close(vm), "all in balance");
	munmap(map, BYTES);
	close(fd);
}

enum act { ACT_SHARE, ACT_HIDE, ACT_PUNCH, ACT_ALLOCATE };

static int try_act(enum act act, uint64_t first, uint64_t pages)
{
	switch (act) {
	case ACT_PUNCH:
		return fallocate(fd, PUNCH, first * PAGE, pages * PAGE);
	case ACT_ALLOCATE:
		return fallocate(fd, 0, first * PAGE, pages * PAGE);
	default:
		return try_convert(fd, first * PAGE, pages * PAGE,
				   act == ACT_SHARE ? GMEM_STATE_SHARED : GMEM_STATE_PRIVATE,
				   GMEM_CONTENT_KEEP);
	}
}

/* In this order: each finds what the one before left. Told: a page range a slot, 0 for not at all. */
static const struct {
	const char *what;
	enum act act;
	uint64_t first, pages;
	uint64_t told[2][2];
} rows[] = {
	{ "a conversion before", ACT_SHARE, 0, 4, {} },
	{ "a conversion behind", ACT_SHARE, 12, 4, {} },
	{ "a conversion of all", ACT_SHARE, 0, 16, { { 4, 7 }, { 8, 11 } } },
	{ "a conversion that changes nothing", ACT_SHARE, 0, 16, {} },
	{ "a conversion to private of one page", ACT_HIDE, 6, 1, { { 6, 6 } } },
	{ "one that reaches in from before", ACT_HIDE, 2, 4, { { 4, 5 } } },
	{ "one that reaches out behind", ACT_HIDE, 10, 4, { {}, { 10, 11 } } },
	{ "one across both", ACT_HIDE, 7, 3, { { 7, 7 }, { 8, 9 } } },
	{ "one that changes pages on both sides", ACT_HIDE, 0, 16, { { 4, 7 }, { 8, 11 } } },
	{ "page 0 is shared", ACT_SHARE, 0, 1, {} },
	{ "a conversion of all that changes just that", ACT_HIDE, 0, 16, {} },
	{ "page 9 is shared", ACT_SHARE, 9, 1, { {}, { 9, 9 } } },
	{ "a conversion of all that changes just that", ACT_HIDE, 0, 16, { {}, { 9, 9 } } },
	{ "allocation", ACT_ALLOCATE, 0, 16, {} },
	{ "a hole of all", ACT_PUNCH, 0, 16, { { 4, 7 }, { 8, 11 } } },
	{ "a hole beside", ACT_PUNCH, 0, 4, {} },
	{ "a hole inside", ACT_PUNCH, 5, 2, { { 5, 6 } } },
	{ "a hole across the middle", ACT_PUNCH, 7, 2, { { 7, 7 }, { 8, 8 } } },
	{ "a hole that passes the end", ACT_PUNCH, 11, 100, { {}, { 11, 11 } } },
};

static void check_told(size_t row)
{
	uint64_t begins = hv_counter(vm, TESTHV_BEGINS), want = 0;
	uint64_t stat = gmem_stats_of(fd).invalidations;
	bool right = true;
	char words[128];

	tracer_clear(&tracer);
	if (try_act(rows[row].act, rows[row].first, rows[row].pages))
		tap_bail("%s: %s", rows[row].what, strerror(errno));
	for (int slot = 0; slot < 2; slot++) {
		const uint64_t *told = rows[row].told[slot];
		struct testhv_count c = hv_count(vm, slot);

		if (!told[0])
			continue;
		want++;
		right &= c.told_first == told[0] && c.told_last == told[1];
		snprintf(
			words, sizeof(words),
			"gmem_invalidate offset_bytes=%llu size_bytes=%llu consumer=testhv vm=%llu "
			"slot=%d cause=%s",
			(unsigned long long)(told[0] * PAGE),
			(unsigned long long)((told[1] - told[0] + 1) * PAGE),
			(unsigned long long)c.vm, slot,
			rows[row].act == ACT_PUNCH ? "punch" : "convert");
		right &= tracer_count(&tracer, id, words) == 1;
	}
	right &= hv_counter(vm, TESTHV_BEGINS) - begins == want &&
		 gmem_stats_of(fd).invalidations - stat == want &&
		 tracer_count(&tracer, id, "gmem_invalidate") == (int)want;
	ok(right && hv_sound(vm), "%s: told of just its part, %llu times; event, counter",
	   rows[row].what, (unsigned long long)want);
}

static void check_ranges(void)
{
	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_told(i);
	tear_down();
}

/* A pipe holds a page: the conversion is announced, given up, and announced as over. */
static void check_held(void)
{
	struct iovec v;
	uint64_t where, begins;
	int ends[2];

	set_up();
	gmem_share(fd, 0, BYTES, GMEM_CONTENT_KEEP);
	secret_fill(buffer, BYTES, SEED);
	memcpy(map, buffer, BYTES);
	if (guest_state(vm, guest_page(9)) != GMEM_STATE_SHARED)
		tap_bail("guest: %s", strerror(errno));
	v = (struct iovec){ map + 9 * PAGE, PAGE };
	if (pipe(ends) || vmsplice(ends[1], &v, 1, 0) != (ssize_t)PAGE)
		tap_bail("vmsplice: %s", strerror(errno));

	begins = hv_counter(vm, TESTHV_BEGINS);
	is_errno(guest_convert(vm, guest_page(8), 4 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP,
			       &where),
		 EAGAIN, "a held page, by the guest's own hypercall: EAGAIN");
	is_int(where, 9 * PAGE, "error_offset is that page's in the memory");
	is_int(hv_counter(vm, TESTHV_BEGINS) - begins, 1, "announced");
	ok(hv_sound(vm), "and announced as over");
	is_errno(try_convert_at(fd, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO, &where),
		 EAGAIN, "by the host's: EAGAIN");
	ok(hv_counter(vm, TESTHV_BEGINS) - begins == 3 && hv_sound(vm), "both slots were told");
	is_int(guest_state(vm, guest_page(9)), GMEM_STATE_SHARED, "the guest still has it, shared");
	ok(!memcmp(map, buffer, BYTES), "nothing has changed");
	close(ends[0]);
	close(ends[1]);
	is_success(guest_convert(vm, guest_page(8), 4 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP,
				 &where),
		   "let go of, it can be converted");
	tear_down();
}

static atomic_bool stop;
static atomic_ulong lookups;

static void *look_up(void *arg)
{
	struct testhv_lookup l = { .slot = 0, .index = 5, .hold_ms = *(unsigned int *)arg };

	do {
		if (try_lookup(vm, &l))
			tap_bail("look-up: %s", strerror(errno));
		lookups++;
	} while (!atomic_load(&stop));
	return NULL;
}

/* A look-up that was served lets go within moments: the conversion waits for it. */
static void check_in_flight(void)
{
	unsigned int none = 0, again = 0, rounds = slow_rounds(400);
	pthread_t threads[2];

	set_up();
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, look_up, &none))
			tap_bail("pthread_create");
	for (unsigned int i = 0; i < rounds; i++) {
		gmem_share(fd, 4 * PAGE, 4 * PAGE, GMEM_CONTENT_KEEP);
		if (try_convert(fd, 4 * PAGE, 4 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP))
			again++;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ok(!again, "%u conversions to private of a page that is looked up (%lu times): no EAGAIN",
	   rounds, (unsigned long)lookups);
	if (again)
		diag("%u times EAGAIN", again);
	tear_down();
}

/* One that does not let go is not waited for. */
static void check_hoarder(void)
{
	unsigned int long_ms = 4000;
	struct timespec a, b;
	pthread_t thread;
	uint64_t where;
	double took;

	set_up();
	gmem_share(fd, 4 * PAGE, 4 * PAGE, GMEM_CONTENT_KEEP);
	if (pthread_create(&thread, NULL, look_up, &long_ms))
		tap_bail("pthread_create");
	while (gmem_stats_of(fd).faults_guest == 0)
		usleep(1000);
	usleep(50000);
	clock_gettime(CLOCK_MONOTONIC, &a);
	is_errno(try_convert_at(fd, 4 * PAGE, 4 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP,
				&where),
		 EAGAIN, "a look-up that holds its page for seconds: EAGAIN");
	clock_gettime(CLOCK_MONOTONIC, &b);
	took = b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9;
	ok(took < 2, "after %.3f s", took);
	is_int(where, 5 * PAGE, "and its offset");
	pthread_join(thread, NULL);
	is_success(try_convert(fd, 4 * PAGE, 4 * PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP),
		   "later it can be converted");
	tear_down();
}

/* Both of these at once, while each callback takes its time. */
static void *touch(void *arg)
{
	unsigned int *errors = arg;

	while (!atomic_load(&stop)) {
		*errors += guest_state(vm, guest_page(4 + lookups % 8)) < 0;
		lookups++;
	}
	return NULL;
}

static void check_slow(void)
{
	unsigned int errors = 0, guest_errors = 0, rounds = slow_rounds(16);
	pthread_t thread;

	set_up();
	hv_behave(vm, (struct testhv_behave){ .slow_ms = 10 });
	atomic_store(&stop, false);
	lookups = 0;
	if (pthread_create(&thread, NULL, touch, &guest_errors))
		tap_bail("pthread_create");
	for (unsigned int i = 0; i < rounds || lookups < 10; i++) {
		errors += try_act(ACT_SHARE, i % 16, 1) != 0;
		errors += try_act(ACT_PUNCH, 0, 16) != 0;
		errors += try_act(ACT_HIDE, 0, 16) != 0;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	is_int(errors, 0, "slow callbacks: conversions and holes succeed");
	ok(lookups >= 10 && !guest_errors, "and the guest goes on: %lu accesses",
	   (unsigned long)lookups);
	tracer_clear(&tracer);
	try_act(ACT_PUNCH, 8, 4);
	ok(tracer_count(&tracer, id, "gmem_invalidate") == 1 && hv_sound(vm), "in balance");
	hv_unbind(vm, 1);
	ok(gmem_stats_of(fd).bindings == 1, "it can be unbound");
	tear_down();
}

static const struct {
	const char *what;
	enum act act;
	int state; /* what the guest has in the end */
} overtakers[] = {
	{ "a hole", ACT_PUNCH, GMEM_STATE_PRIVATE },
	{ "a conversion", ACT_SHARE, GMEM_STATE_SHARED },
};

static void *ask_state(void *arg)
{
	*(int *)arg = guest_state(vm, guest_page(6));
	return NULL;
}

/* All of an invalidation happens between a look-up and the use of its page: it starts over. */
static void check_overtaken(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(overtakers); i++) {
		pthread_t thread;
		int state = -1;

		set_up();
		hv_behave(vm, (struct testhv_behave){ .dawdle_ms = 500 });
		if (pthread_create(&thread, NULL, ask_state, &state))
			tap_bail("pthread_create");
		while (gmem_stats_of(fd).faults_guest == 0)
			usleep(1000);
		usleep(100000);
		try_act(overtakers[i].act, 6, 1);
		pthread_join(thread, NULL);
		ok(state == overtakers[i].state && hv_counter(vm, TESTHV_RETRIES) == 1 &&
			   gmem_stats_of(fd).faults_guest == 2,
		   "%s overtakes a look-up, which is made again", overtakers[i].what);
		tear_down();
	}
}

/* The detector detects: a page used after it was announced as gone. */
static void check_deaf(void)
{
	set_up();
	hv_behave(vm, (struct testhv_behave){ .deaf = 1 });
	is_int(guest_state(vm, guest_page(4)), GMEM_STATE_PRIVATE,
	       "a page is in the guest's table");
	try_act(ACT_PUNCH, 4, 1);
	is_errno(guest_read(vm, guest_page(4), buffer, 8), ESTALE,
		 "a hypervisor that keeps it there when told is caught");
	is_int(hv_counter(vm, TESTHV_USES_AFTER), 1, "and the use counted");
	diag("not sound, as it should be:");
	ok(!hv_sound(vm), "the check that all tests end with says so");
	close(vm);
	munmap(map, BYTES);
	close(fd);
}

int main(void)
{
	tap_plan(ARRAY_SIZE(rows) + 1 + 10 + 2 + 5 + 5 + 2 * ARRAY_SIZE(overtakers) + 4);
	hv_load();
	tracer_open(&tracer);
	check_ranges();
	check_held();
	check_in_flight();
	check_hoarder();
	check_slow();
	check_overtaken();
	check_deaf();
	tracer_close(&tracer);
	return tap_done();
}
