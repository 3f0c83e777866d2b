// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once for some seconds: vCPUs that fault, conversions by host and guest, holes,
 * bindings that come and go, VMs that are torn down. Each vCPU has pages of its own, and knows
 * what must be in them: its last store, or zeroes where somebody may take them away.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "hv.h"

/* Where pages lose their contents at any time; keep them, but change state; are bound and unbound. */
#define LOSE	0UL
#define KEEP	16UL
#define COME	32UL
#define PAGES	48UL
#define BYTES	(PAGES * PAGE)
#define LANE	16UL
#define GUEST	0x800000UL
#define SECONDS 6
#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static int fd, vm;
static char *map;
static atomic_bool stop;
static atomic_ulong told; /* by VMs that are gone */

struct worker {
	const char *name;
	void (*work)(struct worker *w);
	unsigned int nr;
	unsigned long rounds, errors, broken, unsound, held, waited;
	uint64_t seed;
	pthread_t thread;
};

/* The random numbers of one thread. */
static uint64_t roll(struct worker *w, uint64_t below)
{
	w->seed = w->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (w->seed >> 33) % below;
}

static void failed(struct worker *w, const char *what)
{
	if (!w->errors++)
		diag("  %s: %s: %s", w->name, what, strerror(errno));
}

static uint64_t guest_page(uint64_t index)
{
	return GUEST + index * PAGE;
}

/* A vCPU with every other page of LOSE and KEEP. */
static void run_vcpu(struct worker *w)
{
	static _Thread_local uint64_t version[KEEP + LANE];
	static _Thread_local char page[PAGE];
	uint64_t index = roll(w, LANE) * 2 + w->nr;

	if (guest_read(vm, guest_page(index), page, PAGE)) {
		failed(w, "load");
	} else if (!(version[index] && secret_intact(page, PAGE, version[index])) &&
		   !((index < KEEP || !version[index]) && all_zero(page, PAGE))) {
		if (!w->broken++)
			diag("  page %llu lost its version %llx", (unsigned long long)index,
			     (unsigned long long)version[index]);
	}
	if (roll(w, 2)) {
		version[index] = index << 32 | (w->rounds + 1);
		secret_fill(page, PAGE, version[index]);
		if (guest_write(vm, guest_page(index), page, PAGE))
			failed(w, "store");
	}
}

/* Nobody but look-ups holds a page of KEEP: nothing is in the way. The state is known after. */
static void run_keeper(struct worker *w)
{
	uint64_t first = roll(w, LANE), pages = 1 + roll(w, LANE - first);
	unsigned int to = roll(w, 2);
	int err;

	if (roll(w, 2))
		err = guest_convert(vm, guest_page(KEEP + first), pages * PAGE, to,
				    GMEM_CONTENT_KEEP, NULL);
	else
		err = try_convert(fd, (KEEP + first) * PAGE, pages * PAGE, to, GMEM_CONTENT_KEEP);
	if (err) {
		w->held += errno == EAGAIN;
		failed(w, "convert");
		return;
	}
	for (uint64_t i = 0; i < pages; i += 1 + pages / 3)
		w->broken += guest_state(vm, guest_page(KEEP + first + i)) != (int)to;
}

/* Takes contents away from LOSE and COME; the host's own loads may hold a page for a moment. */
static void run_loser(struct worker *w)
{
	uint64_t lane = roll(w, 2) ? LOSE : COME;
	uint64_t first = roll(w, LANE), pages = 1 + roll(w, LANE - first);
	uint64_t offset = (lane + first) * PAGE, bytes = pages * PAGE;

	if (roll(w, 3) == 0) {
		if (fallocate(fd, PUNCH, offset, bytes))
			failed(w, "punch");
	} else if (try_convert(fd, offset, bytes, roll(w, 2), roll(w, 2))) {
		if (errno != EAGAIN)
			failed(w, "convert");
		w->waited++;
	}
}

static void run_host(struct worker *w)
{
	uint64_t lane = roll(w, 2) ? LOSE : COME;

	trap_load(map + (lane + roll(w, LANE)) * PAGE);
}

/* A VM's whole life. Two of these compete for the pages of COME. */
static void run_short_lived(struct worker *w)
{
	static _Thread_local char page[PAGE], seen[PAGE];
	int mine = hv_open();
	bool bound[4] = {};

	for (unsigned int i = 0; i < 12; i++) {
		unsigned int slot = roll(w, ARRAY_SIZE(bound));
		uint64_t first = roll(w, LANE), pages = 1 + roll(w, 4), at = guest_page(slot * 4);

		if (first + pages > LANE)
			continue;
		if (bound[slot] && roll(w, 3) == 0) {
			if (try_unbind(mine, slot))
				failed(w, "unbind");
			bound[slot] = false;
		} else if (!bound[slot]) {
			if (!try_bind(mine, slot, fd, (COME + first) * PAGE, pages * PAGE, at))
				bound[slot] = true;
			else if (errno != EEXIST)
				failed(w, "bind");
		} else {
			hv_behave(mine, (struct testhv_behave){ .dawdle_ms = i % 3 });
			secret_fill(page, PAGE, w->rounds + 1);
			if (guest_write(mine, at, page, PAGE) || guest_read(mine, at, seen, PAGE))
				failed(w, "access");
			else
				w->broken += !secret_intact(seen, PAGE, w->rounds + 1) &&
					     !all_zero(seen, PAGE);
		}
	}
	/* What it is told while it is closed is not counted by the test, but by gmem: unbind first. */
	for (unsigned int slot = 0; slot < ARRAY_SIZE(bound); slot++)
		try_unbind(mine, slot);
	told += hv_counter(mine, TESTHV_BEGINS);
	w->unsound += !hv_close(mine);
}

/* A gmem that goes while its VM looks pages up. */
static void run_release(struct worker *w)
{
	int own = gmem_new(MMAP_IO, 4 * PAGE, "short"), mine = hv_open();
	static _Thread_local char page[PAGE];
	bool gone = false;

	hv_bind(mine, 0, own, 0, 4 * PAGE, GUEST);
	if (guest_write(mine, GUEST, page, PAGE))
		failed(w, "access");
	if (roll(w, 2))
		try_convert(own, 0, 4 * PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP);
	if (roll(w, 2)) {
		close(own);
		gone = true;
		w->broken += guest_read(mine, GUEST, page, PAGE) != -1 || errno != ENODEV;
		w->broken += hv_counter(mine, TESTHV_RELEASES) != 1;
	}
	w->unsound += !hv_close(mine);
	if (!gone)
		close(own);
}

static struct worker workers[] = {
	{ .name = "vCPU 0", .work = run_vcpu, .nr = 0 },
	{ .name = "vCPU 1", .work = run_vcpu, .nr = 1 },
	{ .name = "conversions that keep", .work = run_keeper },
	{ .name = "conversions and holes", .work = run_loser },
	{ .name = "host", .work = run_host },
	{ .name = "short-lived VM 0", .work = run_short_lived, .nr = 0 },
	{ .name = "short-lived VM 1", .work = run_short_lived, .nr = 1 },
	{ .name = "gmems that go first", .work = run_release },
};

static void *run(void *arg)
{
	struct worker *w = arg;

	while (!atomic_load(&stop)) {
		w->work(w);
		w->rounds++;
	}
	return NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool raced_enough(double end)
{
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		if (workers[i].rounds <= 30)
			return false;
	return now() >= end;
}

int main(void)
{
	struct testhv_count c;
	struct gmem_stats s;
	double end;

	tap_plan(2 * ARRAY_SIZE(workers) + 7);
	trap_init();
	hv_load();
	fd = gmem_new(MMAP_IO, BYTES, "race");
	map = gmem_map(fd, BYTES);
	vm = hv_open();
	hv_bind(vm, 0, fd, LOSE * PAGE, LANE * PAGE, guest_page(LOSE));
	hv_bind(vm, 1, fd, KEEP * PAGE, LANE * PAGE, guest_page(KEEP));

	end = now() + test_seconds(SECONDS);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i].seed = i + 1;
		if (pthread_create(&workers[i].thread, NULL, run, &workers[i]))
			tap_bail("pthread_create");
	}
	while (!raced_enough(end))
		usleep(100000);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		pthread_join(workers[i].thread, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(workers); i++) {
		struct worker *w = &workers[i];

		is_int(w->errors, 0, "%s: %lu rounds without an error", w->name, w->rounds);
		ok(!w->broken && !w->unsound,
		   "%s: contents and states as they must be (%lu not), all in balance (%lu not)",
		   w->name, w->broken, w->unsound);
	}
	is_int(workers[2].held, 0, "no look-up made a conversion fail with EAGAIN");
	c = hv_count(vm, 0);
	ok(c.n[TESTHV_RETRIES], "%llu invalidations overtook a look-up, of %llu; %llu accesses",
	   (unsigned long long)c.n[TESTHV_RETRIES], (unsigned long long)c.n[TESTHV_BEGINS],
	   (unsigned long long)c.n[TESTHV_ACCESSES]);
	s = gmem_stats_of(fd);
	is_int(s.invalidations, told + c.n[TESTHV_BEGINS], "the VMs were told what gmem counted");
	is_int(s.conversions_failed, workers[3].waited, "so are conversions that failed");
	is_int(s.bindings, 2, "the short-lived ones left no binding");
	is_int(s.allocated_bytes - s.freed_bytes,
	       s.resident_private_bytes + s.resident_shared_bytes, "the accounts agree");
	ok(hv_close(vm), "all in balance, no page was used after it was announced as gone");
	return tap_done();
}
