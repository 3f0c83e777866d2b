// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters are exact: 1,000,000 faults from two threads are 1,000,000 in faults_host, and every
 * refused touch one in denied_private. An argument gives another number of faults.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define THREADS 2
#define PAGES	1024UL /* of each thread */
#define BYTES	(THREADS * PAGES * PAGE)
#define DENIED	5000UL /* refused touches of each thread */

struct work {
	char *map;
	unsigned long faults, denied;
};

/* A store never maps neighbours, so each one to a page not mapped is one fault. */
static void *fault(void *arg)
{
	struct work *w = arg;
	unsigned long left = w->faults;

	while (left) {
		unsigned long now = left < PAGES ? left : PAGES;

		for (unsigned long p = 0; p < now; p++)
			*(volatile char *)(w->map + p * PAGE) = 1;
		if (madvise(w->map, now * PAGE, MADV_DONTNEED))
			tap_bail("MADV_DONTNEED: %s", strerror(errno));
		left -= now;
	}
	return NULL;
}

static void *touch_private(void *arg)
{
	struct work *w = arg;

	for (unsigned long i = 0; i < DENIED; i++) {
		struct trap t = i % 2 ? trap_load(w->map + i % PAGES * PAGE) :
					trap_store(w->map + i % PAGES * PAGE, i);

		w->denied += t.signo == SIGBUS && t.code == BUS_ADRERR;
	}
	return NULL;
}

static void run(void *(*fn)(void *), struct work *work)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, fn, &work[i]))
			tap_bail("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	unsigned long faults = argc > 1 ? strtoul(argv[1], NULL, 0) : slow_rounds(1000000);
	struct work work[THREADS];
	struct gmem_stats s;
	char *map;
	int fd;

	tap_plan(6);
	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "exact");
	map = gmem_map(fd, BYTES);
	for (int i = 0; i < THREADS; i++)
		work[i] = (struct work){
			.map = map + i * PAGES * PAGE,
			.faults = (faults + i) / THREADS,
		};
	diag("gmem %llu", (unsigned long long)gmem_id(fd));
	run(fault, work);
	s = gmem_stats_of(fd);
	is_int(s.faults_host, faults, "%lu faults", faults);
	is_int(s.denied_private, 0, "none refused");
	is_int(s.allocated_bytes, faults >= 2 * PAGES ? BYTES : faults * PAGE,
	       "each page allocated once");

	gmem_hide(fd, 0, BYTES, GMEM_CONTENT_ZERO);
	run(touch_private, work);
	is_int(work[0].denied + work[1].denied, THREADS * DENIED, "%lu refused touches",
	       THREADS * DENIED);
	s = gmem_stats_of(fd);
	is_int(s.denied_private, THREADS * DENIED, "each is in denied_private");
	is_int(s.faults_host, faults + THREADS * DENIED, "and in faults_host");
	return tap_done();
}
