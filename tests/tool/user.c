// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user of gmems for the tests of gmemtop to look at: makes them, does what its words
 * ask for, tells their ids, and keeps them until its standard input ends.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gmem_test.h"

#define SIZE   (64UL << 20)
#define WINDOW 256 /* pages a thread of faults() touches before it lets go of them */

/* One thread's share of faults: stores to pages that are resident and not mapped. */
struct faulter {
	volatile char *map;
	unsigned long faults;
};

static void *fault(void *arg)
{
	struct faulter *f = arg;
	unsigned long done = 0;

	while (done < f->faults) {
		for (unsigned long i = 0; i < WINDOW && done < f->faults; i++, done++)
			f->map[i * PAGE] = 1;
		if (madvise((void *)f->map, WINDOW * PAGE, MADV_DONTNEED))
			tap_bail("madvise: %s", strerror(errno));
	}
	return NULL;
}

/* Exactly @faults host faults, half of them from each of two threads. */
static void faults(int fd, unsigned long faults)
{
	char *map = gmem_map(fd, SIZE);
	struct faulter f[2];
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		f[i].map = map + i * (SIZE / 2);
		f[i].faults = i ? faults - faults / 2 : faults / 2;
		pthread_create(&thread[i], NULL, fault, &f[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	munmap(map, SIZE);
}

/* Every other page of the first @pages shared: as many ranges. */
static void stripes(int fd, unsigned long pages)
{
	gmem_hide(fd, 0, SIZE, GMEM_CONTENT_ZERO);
	for (unsigned long i = 0; i < pages; i += 2)
		gmem_share(fd, i * PAGE, PAGE, GMEM_CONTENT_ZERO);
}

/* Touches of a private page, each refused. */
static void denied(int fd, unsigned long touches)
{
	char *map = gmem_map(fd, SIZE);

	trap_init();
	gmem_hide(fd, 0, PAGE, GMEM_CONTENT_ZERO);
	for (unsigned long i = 0; i < touches; i++)
		if (trap_load(map).signo != SIGBUS)
			tap_bail("a private page could be read");
	gmem_share(fd, 0, PAGE, GMEM_CONTENT_ZERO);
	munmap(map, SIZE);
}

static void *touch(void *arg)
{
	struct faulter *f = arg;

	for (unsigned long i = 0; i < f->faults; i++)
		if (trap_load(f->map).signo != SIGBUS)
			tap_bail("a private page could be read");
	return NULL;
}

/* The same from two threads, half of them each. */
static void refused(int fd, unsigned long touches)
{
	char *map = gmem_map(fd, SIZE);
	struct faulter f[2];
	pthread_t thread[2];

	trap_init();
	gmem_hide(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	for (int i = 0; i < 2; i++) {
		f[i].map = map + i * PAGE;
		f[i].faults = i ? touches - touches / 2 : touches / 2;
		pthread_create(&thread[i], NULL, touch, &f[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	gmem_share(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	munmap(map, SIZE);
}

static void convert(int fd, unsigned long pairs)
{
	for (unsigned long i = 0; i < pairs; i++) {
		gmem_hide(fd, 0, 16 * PAGE, GMEM_CONTENT_ZERO);
		gmem_share(fd, 0, 16 * PAGE, GMEM_CONTENT_ZERO);
	}
}

/* Read or refused: that is the policies' business. */
static void reads(int fd, unsigned long count)
{
	char page[PAGE];

	for (unsigned long i = 0; i < count; i++)
		if (pread(fd, page, PAGE, 0) != PAGE && errno != EACCES && errno != EPERM)
			tap_bail("pread: %s", strerror(errno));
}

static const struct {
	const char *word;
	void (*act)(int fd, unsigned long count);
} acts[] = {
	{ "faults", faults },	{ "stripes", stripes }, { "denied", denied },
	{ "refused", refused }, { "convert", convert }, { "reads", reads },
};

static void act(int fd, const char *word, unsigned long count)
{
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		if (!strcmp(acts[i].word, word)) {
			acts[i].act(fd, count);
			return;
		}
	}
	tap_bail("what is '%s'?", word);
}

/*
 * user [-c COMM] GMEMS NAME [ACT COUNT]... : each act is done once for every line read from
 * standard input, which is answered by the line "done".
 */
int main(int argc, char **argv)
{
	char line[16];
	int count, *fds;

	if (argc > 3 && !strcmp(argv[1], "-c")) {
		prctl(PR_SET_NAME, argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 3 || !(argc & 1))
		tap_bail("usage: user [-c COMM] GMEMS NAME [ACT COUNT]...");
	count = atoi(argv[1]);
	fds = calloc(count, sizeof(*fds));
	for (int i = 0; i < count; i++) {
		fds[i] = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, SIZE, argv[2]);
		printf("%llu\n", (unsigned long long)gmem_id(fds[i]));
	}
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 3; i + 1 < argc; i += 2)
			act(fds[0], argv[i], strtoul(argv[i + 1], NULL, 10));
		puts("done");
		fflush(stdout);
	}
	return 0;
}
