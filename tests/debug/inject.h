/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault injection on the debug kernel: lets the n-th allocation or user copy fail that this thread makes below
 * gmem.ko. For the tests beside this file, which run on K=debug only.
 */
#ifndef GMEM_TEST_INJECT_H
#define GMEM_TEST_INJECT_H

#include <fcntl.h>
#include <unistd.h>

#include "gmem_test.h"

/* MAX_STACK_TRACE_DEPTH of the kernel. */
#define INJECT_DEPTH "32"

static int inject_fd = -1;

static void inject_set(const char *attr, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attr, file);
	if (access(path, W_OK))
		tap_bail("%s is missing: this test wants the debug kernel", path);
	write_text(path, text);
}

/* Slab, page and user-copy faults below code in [start, end) only. */
static void inject_init(unsigned long start, unsigned long end)
{
	static const char *const attrs[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	char from[32], to[32];

	snprintf(from, sizeof(from), "0x%lx", start);
	snprintf(to, sizeof(to), "0x%lx", end);
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		inject_set(attrs[i], "verbose", "0");
		inject_set(attrs[i], "stacktrace-depth", INJECT_DEPTH);
		inject_set(attrs[i], "require-start", from);
		inject_set(attrs[i], "require-end", to);
	}
	inject_set("failslab", "ignore-gfp-wait", "N");
	inject_set("fail_page_alloc", "ignore-gfp-wait", "N");
	inject_set("fail_page_alloc", "ignore-gfp-highmem", "N");
	inject_set("fail_page_alloc", "min-order", "0");

	if (inject_fd < 0)
		inject_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (inject_fd < 0)
		tap_bail("/proc/thread-self/fail-nth: %s", strerror(errno));
}

/* From here on the @nth fault point fails, counted from 1; 0 for none. */
static void inject_arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(inject_fd, text, n, 0) != n)
		tap_bail("write fail-nth: %s", strerror(errno));
}

/* Returns how many fault points were left to go: 0 where the fault has struck. */
static unsigned int inject_disarm(void)
{
	char text[16] = "";
	ssize_t n = pread(inject_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		tap_bail("read fail-nth: %s", strerror(errno));
	inject_arm(0);
	return strtoul(text, NULL, 10);
}

/* Where a section of gmem.ko was loaded. */
static inline unsigned long module_section(const char *name)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/gmem/sections/%s", name);
	if (!read_text(path, text, sizeof(text)))
		tap_bail("%s: %s", path, strerror(errno));
	return strtoul(text, NULL, 16);
}

#endif /* GMEM_TEST_INJECT_H */
