// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmems that come and go while policies of one of them, and of all, do: attaching finds the
 * gmem or ENOENT, what is refused is refused by a policy that was there, nothing is left over.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "policy.h"

#define SECONDS 12

static atomic_bool stop;
/* One that will be gone by the time a policy of it comes, or just then, or not yet. */
static atomic_ulong newest;

struct churn {
	pthread_t thread;
	unsigned int flags;
	unsigned int most_us; /* that a gmem lives */
	unsigned long made, passed, refused, closed, other;
};

static void count(struct churn *c, int err)
{
	c->passed += !err;
	c->refused += err == EXDEV || err == SIGBUS;
	c->closed += err == EACCES;
	c->other += err && err != EXDEV && err != SIGBUS && err != EACCES;
}

static void *come_and_go(void *arg)
{
	struct churn *c = arg;

	while (!atomic_load(&stop)) {
		int fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED | c->flags, 4 * PAGE, "churn");
		char *map;
		int us;

		c->made++;
		if (!c->flags)
			atomic_store(&newest, gmem_id(fd));
		map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		count(c, map == MAP_FAILED ? errno : 0);
		for (us = c->made * 370001 % c->most_us; us >= 0; us -= 1000) {
			count(c, pwrite(fd, "x", 1, PAGE) == 1 ? 0 : errno);
			if (map != MAP_FAILED)
				count(c, trap_store(map + PAGE, 1).signo);
			usleep(1000);
		}
		close(fd);
		if (map == MAP_FAILED)
			continue;
		count(c, trap_load(map).signo);
		count(c, trap_store(map + PAGE, 1).signo);
		munmap(map, 4 * PAGE);
	}
	return NULL;
}

static unsigned long now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

int main(void)
{
	struct churn churns[2] = { { .most_us = 3000000 },
				   { .flags = GMEM_CREATE_POLICY_REQUIRED, .most_us = 3000 } };
	unsigned long end = now_seconds() + test_seconds(SECONDS);
	unsigned long attached = 0, missing = 0, other = 0, rounds = 0;
	struct listed none[LISTED_MAX];
	struct policy wide[2];
	int fd;

	tap_plan(5);
	trap_init();
	gmem_dev();
	for (size_t i = 0; i < ARRAY_SIZE(churns); i++)
		if (pthread_create(&churns[i].thread, NULL, come_and_go, &churns[i]))
			tap_bail("pthread_create");
	while (!atomic_load(&newest))
		usleep(1000);
	wide[0] = policy_load((struct policy_is){});
	wide[1] = policy_load((struct policy_is){ .flags = GMEM_POLICY_MONITOR });
	for (int i = 0; i < 2; i++) {
		policy_says_always(&wide[i], -EXDEV);
		/* Creations go on. */
		policy_says(&wide[i], GMEM_HOOK_CREATE, 0);
	}
	for (; now_seconds() < end || attached < 3; rounds++) {
		struct policy *w = &wide[rounds % 2];
		struct policy one = policy_load(
			(struct policy_is){ .scope = GMEM_SCOPE_GMEM,
					    .scope_id = atomic_load(&newest),
					    .hooks = HOOK(GMEM_HOOK_IO) | HOOK(GMEM_HOOK_FAULT) });

		if (try_attach(w))
			tap_bail("attach: %s", strerror(errno));
		policy_says_always(&one, -EXDEV);
		if (!try_attach(&one))
			attached++;
		else if (errno == ENOENT)
			missing++;
		else
			other++;
		usleep(1000);
		if (rounds % 4 < 2)
			policy_detach(w);
		policy_drop(&one);
		if (w->link)
			policy_detach(w);
	}
	policy_drop(&wide[0]);
	policy_drop(&wide[1]);
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(churns); i++) {
		pthread_join(churns[i].thread, NULL);
		diag("%lu gmems: %lu passed, %lu refused, %lu closed", churns[i].made,
		     churns[i].passed, churns[i].refused, churns[i].closed);
	}
	diag("%lu rounds: %lu attached to one, %lu too late", rounds, attached, missing);
	ok(attached && !other, "a policy of one gmem is attached, or finds it gone");
	ok(churns[0].passed && churns[0].refused && !churns[0].closed && !churns[0].other,
	   "allowed or refused, and nothing else");
	ok(churns[1].refused && churns[1].closed && !churns[1].other,
	   "where one is required: refused or closed, or allowed by one that is there");
	is_int(policies_listed(0, none), 0, "no policy is left");
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, PAGE, "after");
	ok(pwrite(fd, "x", 1, 0) == 1, "nothing is refused any more");
	close(fd);
	return tap_done();
}
