// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test does to the kernel: the runner reads the kernel log and the references on gmem.ko after each test,
 * so that the one that caused a report or a leak is named. Called by runner.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "klog.h"
#include "runner.h"

#define REFCNT "/sys/module/gmem/refcnt"

static int kmsg = -1;
static bool watching;	/* not for the host's unit tests */
static int refs_before; /* an earlier test's leak is not held against the next one */

static int module_refs(void)
{
	FILE *f = fopen(REFCNT, "re");
	int refs = 0;

	if (f) {
		if (fscanf(f, "%d", &refs) != 1)
			refs = 0;
		fclose(f);
	}
	return refs;
}

/* Copies new kernel messages to @log. Returns the first one that reports a bug in @report. */
static bool read_kernel_log(FILE *log, char *report, size_t size)
{
	struct klog_state state = {};
	bool found = false;
	char text[8192], *message;
	ssize_t n;

	for (;;) {
		n = read(kmsg, text, sizeof(text) - 1);
		/* EPIPE: messages were overwritten; the serial console has them, the host reads that. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return found;
		text[n] = '\0';
		message = strchr(text, ';');
		message = message ? message + 1 : text;
		message[strcspn(message, "\n")] = '\0';
		if (log)
			fprintf(log, "# kernel: %s\n", message);
		/* "cut here" tells nothing, the line after it does. */
		if (klog_is_report(&state, message) && !found && report &&
		    !strstr(message, "cut here")) {
			found = true;
			snprintf(report, size, "%.*s", (int)size - 1, message);
		}
	}
}

void state_init(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0) {
		perror("vm-runner: /dev/kmsg");
		exit(1);
	}
	watching = true;
	leaks_init();
	/* What was said during boot is the host's to judge. */
	read_kernel_log(NULL, NULL, 0);
}

/* A test may have left the module unloaded: each test finds it loaded. */
int state_prepare(struct test *test, FILE *log)
{
	const char *module = getenv("GMEM_MODULE");
	int fd;

	test->tap.name = test->name;
	test->tap.plan = -1;
	if (!watching)
		return 0;
	if (module && access("/sys/module/gmem", F_OK)) {
		fd = open(module, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
			test_fail(test, "cannot load %s: %s", module, strerror(errno));
			read_kernel_log(log, NULL, 0);
			if (fd >= 0)
				close(fd);
			return -1;
		}
		close(fd);
	}
	refs_before = module_refs();
	leaks_begin(test);
	return 0;
}

void state_check(struct test *test, FILE *log)
{
	char report[256];
	int refs, tries;

	if (!watching)
		return;
	/* The last references go with the exit of the test's processes, a moment later. */
	for (tries = 0; tries < 40; tries++) {
		refs = module_refs();
		if (refs <= refs_before)
			break;
		usleep(50 * 1000);
	}
	if (refs > refs_before) {
		fprintf(log, "# gmem.ko has %d references, %d before the test\n", refs,
			refs_before);
		test_fail(test, "leaked %d references on gmem.ko", refs - refs_before);
	}
	leaks_check(test);
	if (read_kernel_log(log, report, sizeof(report)))
		test_fail(test, "kernel log: %s", report);
}
