/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading gmem.ko, for the tests that do. */
#ifndef GMEM_TEST_MODULE_H
#define GMEM_TEST_MODULE_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "gmem_test.h"

/* The module built for this kernel, in the checkout the test is run from. */
static inline void module_path(char *path, size_t size)
{
	struct utsname name;
	int series;

	uname(&name);
	series = strcspn(strchr(name.release, '.') + 1, ".") + strcspn(name.release, ".") + 1;
	snprintf(path, size, "build/%.*s/gmem.ko", series, name.release);
}

static inline int module_open(void)
{
	char path[64];
	int fd;

	module_path(path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	return fd;
}

/* 0, or -1 with errno: EEXIST where it is loaded. */
static inline int module_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0);
}

/* 0, or -1 with errno: EWOULDBLOCK where it is in use. */
static inline int module_unload(void)
{
	return syscall(SYS_delete_module, "gmem", O_NONBLOCK);
}

#endif /* GMEM_TEST_MODULE_H */
