/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading gmem.ko, for the tests that do. */
#ifndef GMEM_TEST_MODULE_H
#define GMEM_TEST_MODULE_H

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gmem_test.h"

/* The module that this guest was started with. */
static inline const char *module_path(void)
{
	const char *path = getenv("GMEM_MODULE");

	if (!path)
		tap_bail("GMEM_MODULE is not set: run in the VM");
	return path;
}

static inline int module_open(void)
{
	int fd = open(module_path(), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tap_bail("%s: %s", module_path(), strerror(errno));
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

/* A gmem, and no /dev/gmem left open that would keep the module. */
static inline int module_gmem(unsigned int flags, uint64_t bytes)
{
	struct gmem_create c = { .size = sizeof(c), .flags = flags, .bytes = bytes };
	int dev = open("/dev/gmem", O_RDWR | O_CLOEXEC);
	int fd = dev < 0 ? -1 : ioctl(dev, GMEM_CREATE, &c);

	if (fd < 0)
		tap_bail("GMEM_CREATE: %s", strerror(errno));
	close(dev);
	return fd;
}

#endif /* GMEM_TEST_MODULE_H */
