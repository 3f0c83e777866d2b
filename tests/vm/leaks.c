// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kmemleak finds, on kernels that have it (K=debug), and which test left it. A scan takes
 * longer than most tests, so there is one every few minutes and one at the end: the time of an
 * object's allocation tells whose it is. Called by state.c and runner.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runner.h"

#define KMEMLEAK  "/sys/kernel/debug/kmemleak"
#define SCHEDSTAT "/proc/schedstat"
#define MAX_TESTS 512

/* kmemleak says nothing of objects younger than five seconds (MSECS_MIN_AGE). */
#define MIN_AGE 5

/* Seconds of tests between two scans of some 20 seconds. */
#define SCAN_EVERY 300

/* More than a CPU keeps of dead tasks' stacks (NR_CACHED_STACKS). */
#define STACKS 4

/* A test's time begins here and ends where the next one's begins. */
struct span {
	char name[128];
	unsigned long start; /* jiffies */
	int objects;	     /* found by the last scan */
};

static struct span spans[MAX_TESTS];
static int nr_spans;
static bool watching;
static time_t last_scan;

/* One entry of kmemleak's list. */
struct object {
	char text[8192];
	size_t length;
	unsigned long birth; /* jiffies */
	bool of_gmem;
};

static int command(const char *text)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* The clock that kmemleak's list tells an object's birth by. */
static unsigned long jiffies(void)
{
	FILE *f = fopen(SCHEDSTAT, "re");
	unsigned long now = 0;

	if (!f || fscanf(f, "version %*d\ntimestamp %lu", &now) != 1) {
		fprintf(stderr, "vm-runner: " SCHEDSTAT " has no timestamp\n");
		exit(1);
	}
	fclose(f);
	return now;
}

/* Who ran when this was allocated. What boot has left is the kernel's own affair, unless it is gmem.ko's. */
static struct span *span_of(const struct object *object)
{
	int i;

	for (i = nr_spans - 1; i >= 0; i--) {
		if (spans[i].start <= object->birth)
			return &spans[i];
	}
	return object->of_gmem ? &spans[0] : NULL;
}

static void deal_out(const struct object *object)
{
	struct span *span = object->length ? span_of(object) : NULL;
	FILE *log = span ? test_log(span->name) : NULL;

	if (!log)
		return;
	fwrite(object->text, 1, object->length, log);
	fclose(log);
	span->objects++;
}

static bool opens_object(const char *line)
{
	return !strncmp(line, "unreferenced object", strlen("unreferenced object"));
}

/*
 * Stacks of dead tasks are kept for the next ones, and what such a stack still points to is no leak to kmemleak:
 * let new tasks take them all, each CPU has its own.
 */
static void renew_stacks(void)
{
	pid_t pids[STACKS];
	cpu_set_t all, one;
	int cpu, i;

	sched_getaffinity(0, sizeof(all), &all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		for (i = 0; i < STACKS; i++) {
			pids[i] = fork();
			if (!pids[i]) {
				pause();
				_exit(0);
			}
		}
		for (i = 0; i < STACKS; i++) {
			if (pids[i] > 0 && !kill(pids[i], SIGKILL))
				waitpid(pids[i], NULL, 0);
		}
	}
	sched_setaffinity(0, sizeof(all), &all);
}

static int scan(void)
{
	renew_stacks();
	return command("scan");
}

/* Copies each object of kmemleak's list to the log of the test that it belongs to. */
static void deal_out_all(void)
{
	static struct object object;
	FILE *f = fopen(KMEMLEAK, "re");
	char *line = NULL;
	size_t size = 0;

	object.length = 0;
	while (f && getline(&line, &size, f) > 0) {
		if (opens_object(line)) {
			deal_out(&object);
			memset(&object, 0, sizeof(object));
		}
		if (object.length + strlen(line) + 3 < sizeof(object.text))
			object.length += sprintf(object.text + object.length, "# %s", line);
		sscanf(line, " comm %*[^,], pid %*d, jiffies %lu", &object.birth);
		object.of_gmem |= strstr(line, "[gmem]") != NULL;
	}
	deal_out(&object);
	free(line);
	if (f)
		fclose(f);
}

static bool list_is_empty(void)
{
	FILE *f = fopen(KMEMLEAK, "re");
	bool empty = !f || fgetc(f) == EOF;

	if (f)
		fclose(f);
	return empty;
}

void leaks_init(void)
{
	if (access(KMEMLEAK, F_OK))
		return;
	/* Where it has turned itself off it takes no command. */
	watching = !command("stack=on");
	if (!watching) {
		fprintf(stderr, "vm-runner: kmemleak has turned itself off, see the kernel log\n");
		exit(1);
	}
	last_scan = time(NULL);
}

void leaks_begin(const struct test *test)
{
	if (!watching || nr_spans == MAX_TESTS)
		return;
	snprintf(spans[nr_spans].name, sizeof(spans[nr_spans].name), "%s", test->name);
	spans[nr_spans++].start = jiffies();
}

/* Fails each test that has left an object without a pointer to it: @current, or an earlier one. */
static void accuse(struct test *current)
{
	char reason[64];
	int i;

	for (i = 0; i < nr_spans; i++) {
		if (!spans[i].objects)
			continue;
		snprintf(reason, sizeof(reason), "kmemleak: %d unreferenced objects",
			 spans[i].objects);
		spans[i].objects = 0;
		if (current && i == nr_spans - 1)
			test_fail(current, "%s", reason);
		else
			test_accuse(spans[i].name, reason);
	}
}

/* After each test, and with NULL after the last one. */
void leaks_check(struct test *current)
{
	if (!watching || !nr_spans || (current && time(NULL) - last_scan < SCAN_EVERY))
		return;
	/* It reports what two scans have seen unchanged: no scan comes after the last one. */
	if (!current)
		sleep(MIN_AGE);
	if (scan() || (!current && scan())) {
		test_accuse("vm/kmemleak", "kmemleak has turned itself off");
		return;
	}
	if (!list_is_empty()) {
		/* A pointer on its way from one place to another deserves a second look. */
		sleep(1);
		scan();
		deal_out_all();
		accuse(current);
		command("clear");
	}
	last_scan = time(NULL);
}
