// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kmemleak finds after each test, on kernels that have it (K=debug). Called by state.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runner.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

/* kmemleak says nothing of objects younger than five seconds (MSECS_MIN_AGE). */
#define MIN_AGE 5

static bool watching;

static int command(const char *text)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Copies kmemleak's list to @log. Returns how many objects stand in it. */
static int list_leaks(FILE *log)
{
	FILE *f = fopen(KMEMLEAK, "re");
	char *line = NULL;
	size_t size = 0;
	int count = 0;

	while (f && getline(&line, &size, f) > 0) {
		if (!strncmp(line, "unreferenced object", strlen("unreferenced object")))
			count++;
		fprintf(log, "# %s", line);
	}
	free(line);
	if (f)
		fclose(f);
	return count;
}

/* Boot's own leaks are nobody's here. */
void leaks_init(void)
{
	if (access(KMEMLEAK, F_OK))
		return;
	watching = !command("scan") && !command("clear");
	if (!watching) {
		fprintf(stderr, "vm-runner: kmemleak has turned itself off, see the kernel log\n");
		exit(1);
	}
}

/*
 * Fails the test for each object that it has left without a pointer to it. An object counts once two scans
 * have seen it unchanged, and a pointer on its way from one place to another deserves a third look.
 */
void leaks_check(struct test *test, FILE *log)
{
	FILE *null;
	int count;

	if (!watching)
		return;
	sleep(MIN_AGE);
	if (command("scan") || command("scan")) {
		test_fail(test, "kmemleak has turned itself off");
		return;
	}
	null = fopen("/dev/null", "we");
	count = null ? list_leaks(null) : 0;
	if (null)
		fclose(null);
	if (!count)
		return;
	sleep(1);
	command("scan");
	count = list_leaks(log);
	if (count)
		test_fail(test, "kmemleak: %d unreferenced objects", count);
	command("clear");
}
