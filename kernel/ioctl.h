/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctl dispatcher: one table a file type, one contract for all argument structs
 * (size first, flags second, unknown tail zero).
 */
#ifndef _GMEM_IOCTL_H
#define _GMEM_IOCTL_H

#include <linux/fs.h>
#include <linux/stddef.h>
#include <uapi/linux/gmem.h>

/* What a call that succeeded has changed must not be taken for a failure (EFAULT). */
enum gmem_ioctl_back {
	GMEM_BACK_NEVER,
	GMEM_BACK_ON_ERROR,
	GMEM_BACK_ALWAYS,
};

/**
 * struct gmem_ioctl - one ioctl
 * @cmd: its number
 * @min_size: size of the struct's first version
 * @size: size of the struct as this module knows it
 * @flags: bits allowed in the struct's flags
 * @back: when the struct is copied back to the caller
 * @handler: gets the file and the argument in kernel memory; 0, a positive result, -errno
 */
struct gmem_ioctl {
	unsigned int cmd;
	u32 min_size;
	u32 size;
	u32 flags;
	enum gmem_ioctl_back back;
	long (*handler)(struct file *file, void *arg);
};

/* Largest argument struct. */
#define GMEM_IOCTL_ARG_MAX 256

/* @last: the last field of the struct's first version. */
#define GMEM_IOCTL(_cmd, _type, _last, _flags, _back, _handler) \
	{ \
		.cmd = (_cmd), \
		.min_size = offsetofend(struct _type, _last) + \
			    BUILD_BUG_ON_ZERO(sizeof(struct _type) > GMEM_IOCTL_ARG_MAX) + \
			    BUILD_BUG_ON_ZERO(offsetof(struct _type, size)) + \
			    BUILD_BUG_ON_ZERO(offsetof(struct _type, flags) != sizeof(u32)), \
		.size = sizeof(struct _type), \
		.flags = (_flags), \
		.back = (_back), \
		.handler = (_handler), \
	}

long gmem_ioctl_dispatch(const struct gmem_ioctl *table, size_t nr, struct file *file,
			 unsigned int cmd, unsigned long arg);

#endif /* _GMEM_IOCTL_H */
