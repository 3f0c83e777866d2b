// SPDX-License-Identifier: GPL-2.0-only
/*
 * An owner makes memory private, puts a secret into it, and takes it away again, while others
 * try to reach it by every quick road at any moment, without any lock. They may get old shared
 * contents or nothing: never the secret, and never a store of theirs into private memory.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES	8UL
#define BYTES	(PAGES * PAGE)
#define SEED	91
#define SECONDS 4

static int fd;
static atomic_bool stop;

struct attacker {
	const char *name;
	/* One try on page @page; gives how much of the secret it has got. */
	size_t (*attack)(char *map, unsigned int page, char *buffer);
	atomic_ulong tries;
	size_t leaked;
	pthread_t thread;
};

static size_t try_load(char *map, unsigned int page, char *buffer)
{
	struct trap t = trap_load(map + page * PAGE);

	memcpy(buffer, &t.value, sizeof(t.value));
	return t.signo ? 0 : secret_words_in(buffer, sizeof(t.value), SEED);
}

static size_t try_store(char *map, unsigned int page, char *buffer)
{
	(void)buffer;
	trap_store(map + page * PAGE + 8, 0x5555);
	return 0;
}

static size_t try_fd(char *map, unsigned int page, char *buffer)
{
	ssize_t got = pread(fd, buffer, PAGE, page * PAGE);
	size_t found = got > 0 ? secret_words_in(buffer, got, SEED) : 0;

	(void)map;
	memset(buffer, 0x55, 64);
	(void)!pwrite(fd, buffer, 64, page * PAGE);
	return found;
}

static size_t try_remote(char *map, unsigned int page, char *buffer)
{
	struct iovec to = { buffer, PAGE }, from = { map + page * PAGE, PAGE };
	ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	return got > 0 ? secret_words_in(buffer, got, SEED) : 0;
}

static size_t try_pipe(char *map, unsigned int page, char *buffer)
{
	static _Thread_local int ends[2] = { -1, -1 };
	struct iovec v = { map + page * PAGE, PAGE };
	ssize_t got;

	if (ends[0] < 0 && pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	if (vmsplice(ends[1], &v, 1, SPLICE_F_NONBLOCK) != (ssize_t)PAGE)
		return 0;
	/* Held for a moment: what is read is the page as it is by then. */
	sched_yield();
	got = read(ends[0], buffer, PAGE);
	return got > 0 ? secret_words_in(buffer, got, SEED) : 0;
}

static size_t try_remap(char *map, unsigned int page, char *buffer)
{
	char *other = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	size_t found;

	(void)map;
	if (other == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	found = try_load(other, page, buffer);
	munmap(other, BYTES);
	return found;
}

static struct attacker attackers[] = {
	{ .name = "load", .attack = try_load },
	{ .name = "store", .attack = try_store },
	{ .name = "pread and pwrite", .attack = try_fd },
	{ .name = "process_vm_readv", .attack = try_remote },
	{ .name = "vmsplice", .attack = try_pipe },
	{ .name = "new mapping", .attack = try_remap },
};

static void *attack(void *arg)
{
	static _Thread_local char buffer[PAGE];
	struct attacker *a = arg;
	char *map = gmem_map(fd, BYTES);

	while (!atomic_load(&stop)) {
		a->leaked += a->attack(map, a->tries % PAGES, buffer);
		a->tries++;
	}
	munmap(map, BYTES);
	return NULL;
}

/* What the owner saw. */
static struct {
	unsigned long rounds, again, broken, errors;
} owner;

/* Private, with a secret in it, which stays as it is; then shared again, without it. */
static void own(uint64_t offset, uint64_t bytes, unsigned int content)
{
	static char secret[BYTES], seen[BYTES];

	while (try_convert(fd, offset, bytes, GMEM_STATE_PRIVATE, content)) {
		/* An attacker holds a page just now. */
		if (errno != EAGAIN) {
			owner.errors++;
			return;
		}
		owner.again++;
		sched_yield();
	}
	secret_fill(secret, bytes, SEED);
	owner.errors +=
		try_inspect(fd, GMEM_DIRECTION_WRITE, offset, secret, bytes) != (ssize_t)bytes;
	usleep(owner.rounds % 4 * 100);
	owner.errors += try_inspect(fd, GMEM_DIRECTION_READ, offset, seen, bytes) != (ssize_t)bytes;
	owner.broken += !secret_intact(seen, bytes, SEED);
	/* Away with it, by each of the ways there are. */
	if (owner.rounds % 2 &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes))
		owner.errors++;
	if (try_convert(fd, offset, bytes, GMEM_STATE_SHARED,
			owner.rounds % 2 ? GMEM_CONTENT_KEEP : GMEM_CONTENT_ZERO))
		owner.errors++;
	owner.rounds++;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A busy machine takes longer; one that never gets there runs into the test's time limit. */
static bool raced_enough(double end)
{
	for (size_t i = 0; i < ARRAY_SIZE(attackers); i++)
		if (attackers[i].tries <= 10)
			return false;
	return owner.rounds > 100 && now() >= end;
}

int main(void)
{
	double end = now() + test_seconds(SECONDS);
	struct gmem_stats s;

	tap_plan(2 * ARRAY_SIZE(attackers) + 5);
	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT | GMEM_CREATE_INIT_SHARED, BYTES, "race");
	for (size_t i = 0; i < ARRAY_SIZE(attackers); i++)
		if (pthread_create(&attackers[i].thread, NULL, attack, &attackers[i]))
			tap_bail("pthread_create");
	while (!raced_enough(end)) {
		unsigned long first = owner.rounds % PAGES;

		own(first * PAGE, (1 + owner.rounds / PAGES % (PAGES - first)) * PAGE,
		    owner.rounds / 3 % 2);
		if (owner.errors)
			break;
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < ARRAY_SIZE(attackers); i++)
		pthread_join(attackers[i].thread, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(attackers); i++) {
		is_int(attackers[i].leaked, 0, "%s: nothing leaked", attackers[i].name);
		ok(attackers[i].tries > 10, "%s: %lu tries", attackers[i].name,
		   (unsigned long)attackers[i].tries);
	}
	ok(owner.rounds > 100, "%lu rounds of the owner, %lu times a page was held", owner.rounds,
	   owner.again);
	is_int(owner.errors, 0, "without an error");
	is_int(owner.broken, 0, "nobody wrote into private memory");
	s = gmem_stats_of(fd);
	is_int(s.allocated_bytes - s.freed_bytes,
	       s.resident_private_bytes + s.resident_shared_bytes, "the accounts agree");
	is_int(s.conversions_failed, owner.again, "every held page was counted");
	return tap_done();
}
