// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that come, go and take each other's place while threads try everything: between two
 * that refuse nothing ever passes, between two that allow nothing is ever refused, and what
 * begins after attaching has returned is asked.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "policy.h"

#define THREADS 2

/* One thread, with a gmem of its own; what came of all its attempts. */
struct hammer {
	pthread_t thread;
	struct memory memory;
	uint64_t allowed, by_first, by_second, closed, other;
	uint64_t late; /* allowed, though a policy refused from its begin to its end */
};

static struct hammer hammers[THREADS];
static atomic_bool stop;
/* Odd while a policy surely refuses; never the same again. */
static atomic_uint refusing;

#define FIRST  EXDEV
#define SECOND EDQUOT

/* A store to a page that may well be mapped: nothing takes it out of the page table before. */
static int touch(struct memory *m)
{
	return -trap_store(m->map, 1).signo;
}

static void count(struct hammer *h, unsigned int hook, int got, unsigned int begun)
{
	if (!got) {
		h->allowed++;
		h->late += begun % 2 && begun == atomic_load(&refusing);
	} else if (hook == GMEM_HOOK_FAULT && got == -SIGBUS) {
		/* Whose refusal it was, a SIGBUS does not say. */
	} else if (got == FIRST) {
		h->by_first++;
	} else if (got == SECOND) {
		h->by_second++;
	} else if (got == EACCES) {
		h->closed++;
	} else {
		h->other++;
		diag("  %s gave %d", hook_names[hook], got);
	}
}

static void *run(void *arg)
{
	struct hammer *h = arg;

	while (!atomic_load(&stop)) {
		for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
			unsigned int begun = atomic_load(&refusing);
			int got = act_try(&h->memory, hook);

			/* Creation is not closed by a policy that is required. */
			if (hook != GMEM_HOOK_CREATE ||
			    !(h->memory.flags & GMEM_CREATE_POLICY_REQUIRED))
				count(h, hook, got, begun);
			begun = atomic_load(&refusing);
			count(h, GMEM_HOOK_FAULT, touch(&h->memory), begun);
		}
	}
	return NULL;
}

static void hammers_start(unsigned int flags)
{
	struct policy p = policy_new((struct policy_is){});

	atomic_store(&stop, false);
	for (int i = 0; i < THREADS; i++) {
		struct hammer *h = &hammers[i];

		*h = (struct hammer){ .memory = memory_new("hammer", flags, "") };
		if (!h->memory.map)
			memory_map(&h->memory);
		/* In the page table when the policies come. */
		touch(&h->memory);
	}
	policy_drop(&p);
}

static void hammers_go(void)
{
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&hammers[i].thread, NULL, run, &hammers[i]))
			tap_bail("pthread_create");
}

/* The sum of what all threads have seen. */
static struct hammer hammers_stop(void)
{
	struct hammer sum = {};

	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		struct hammer *h = &hammers[i];

		pthread_join(h->thread, NULL);
		memory_drop(&h->memory);
		sum.allowed += h->allowed;
		sum.by_first += h->by_first;
		sum.by_second += h->by_second;
		sum.closed += h->closed;
		sum.other += h->other;
		sum.late += h->late;
	}
	diag("allowed %llu, refused %llu and %llu, closed %llu, late %llu",
	     (unsigned long long)sum.allowed, (unsigned long long)sum.by_first,
	     (unsigned long long)sum.by_second, (unsigned long long)sum.closed,
	     (unsigned long long)sum.late);
	return sum;
}

static struct timespec until;

static bool time_left(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec < until.tv_sec;
}

/* Does it @full times, or for so long (make soak: longer), but a fiftieth at least. */
static unsigned long rounds(unsigned long full, unsigned long seconds,
			    void (*round)(struct policy *p), struct policy *p)
{
	unsigned long done, most = some_rounds(full, 20 * full);

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += test_seconds(seconds);
	for (done = 0; done < most && (done < most / 50 || time_left()); done++)
		round(p);
	diag("%lu rounds", done);
	return done;
}

static struct policy refuses(const char *name, int err)
{
	struct policy p = policy_load((struct policy_is){ .name = name });

	policy_says_always(&p, -err);
	return p;
}

static void attach(struct policy *p)
{
	if (try_attach(p))
		tap_bail("attach: %s", strerror(errno));
}

static void replace(struct policy *p, struct policy *by)
{
	if (try_replace(p, by))
		tap_bail("update a link: %s", strerror(errno));
}

/* The second one takes the place of the first, and the first of the second. */
static void swap(struct policy *p)
{
	replace(&p[0], &p[1]);
	replace(&p[1], &p[0]);
}

/* There is always one at least. */
static void overlap(struct policy *p)
{
	attach(&p[1]);
	policy_detach(&p[0]);
	attach(&p[0]);
	policy_detach(&p[1]);
}

static void come_and_go(struct policy *p)
{
	attach(&p[0]);
	atomic_fetch_add(&refusing, 1);
	usleep(1000);
	atomic_fetch_add(&refusing, 1);
	policy_detach(&p[0]);
}

static void check_refusing(void)
{
	struct policy p[2] = { refuses("swap", FIRST), refuses("swap", SECOND) };
	struct hammer sum;

	hammers_start(0);
	attach(&p[0]);
	hammers_go();
	ok(rounds(1500, 5, swap, p), "two that refuse take each other's place");
	sum = hammers_stop();
	is_int(sum.allowed, 0, "nothing passed");
	ok(sum.by_first && sum.by_second && !sum.closed && !sum.other, "both refused, no one else");
	policy_drop(&p[0]);
	policy_drop(&p[1]);
}

static void check_allowing(void)
{
	struct policy p[2] = { refuses("allow", 0), refuses("allow", 0) };
	struct hammer sum;

	hammers_start(GMEM_CREATE_POLICY_REQUIRED);
	attach(&p[0]);
	hammers_go();
	ok(rounds(1000, 3, swap, p), "two that allow take each other's place; one is required");
	sum = hammers_stop();
	ok(sum.allowed && !sum.by_first && !sum.by_second && !sum.closed && !sum.other,
	   "nothing was refused");
	policy_drop(&p[0]);
	policy_drop(&p[1]);
}

static void check_overlap(void)
{
	struct policy p[2] = { refuses("one", FIRST), refuses("other", SECOND) };
	struct hammer sum;

	hammers_start(0);
	attach(&p[0]);
	hammers_go();
	ok(rounds(200, 3, overlap, p), "one comes before the other goes");
	sum = hammers_stop();
	is_int(sum.allowed, 0, "nothing passed");
	ok(sum.by_first && sum.by_second && !sum.closed && !sum.other, "both refused, no one else");
	policy_drop(&p[0]);
	policy_drop(&p[1]);
}

static void check_closed(void)
{
	struct policy p = refuses("closed", FIRST);
	struct hammer sum;

	hammers_start(GMEM_CREATE_POLICY_REQUIRED);
	hammers_go();
	ok(rounds(200, 3, come_and_go, &p), "one that refuses comes and goes; one is required");
	sum = hammers_stop();
	is_int(sum.allowed, 0, "nothing passed");
	ok(sum.by_first && sum.closed && !sum.other, "closed without it, refused with it");
	policy_drop(&p);
}

static void check_attach(void)
{
	struct policy p = refuses("attach", FIRST);
	struct hammer sum;

	hammers_start(0);
	hammers_go();
	ok(rounds(200, 3, come_and_go, &p), "one that refuses comes and goes");
	sum = hammers_stop();
	is_int(sum.late, 0, "nothing that began after it had been attached passed");
	ok(sum.allowed && sum.by_first && !sum.closed && !sum.other,
	   "allowed without it, refused with it");
	policy_drop(&p);
}

int main(void)
{
	tap_plan(3 + 2 + 3 + 3 + 3);
	acts_init();
	check_refusing();
	check_allowing();
	check_overlap();
	check_closed();
	check_attach();
	return tap_done();
}
