// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks and copies ioctl arguments for chardev.c and file.c, so that their handlers
 * see kernel memory of a known shape only.
 */
#include <linux/build_bug.h>
#include <linux/uaccess.h>

#include "ioctl.h"

/* Every argument struct begins so; GMEM_IOCTL() checks it. */
struct gmem_ioctl_head {
	u32 size;
	u32 flags;
};

static const struct gmem_ioctl *gmem_ioctl_find(const struct gmem_ioctl *table, size_t nr,
						unsigned int cmd)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (table[i].cmd == cmd)
			return &table[i];
	return NULL;
}

/**
 * gmem_ioctl_dispatch() - run an ioctl out of a table
 * @table: the ioctls of this kind of file
 * @nr: their number
 * @file: the file
 * @cmd: what the caller asked
 * @arg: user pointer to the argument struct
 *
 * Context: process context; may sleep.
 * Return: the handler's result, or -ENOTTY, -EFAULT, -EINVAL, -E2BIG, -EOPNOTSUPP.
 */
long gmem_ioctl_dispatch(const struct gmem_ioctl *table, size_t nr, struct file *file,
			 unsigned int cmd, unsigned long arg)
{
	const struct gmem_ioctl *ioctl = gmem_ioctl_find(table, nr, cmd);
	u64 buf[GMEM_IOCTL_ARG_MAX / sizeof(u64)];
	const struct gmem_ioctl_head *head = (void *)buf;
	void __user *uarg = (void __user *)arg;
	size_t back;
	u32 usize;
	long ret;

	if (!ioctl)
		return -ENOTTY;
	if (get_user(usize, (u32 __user *)uarg))
		return -EFAULT;
	if (usize < ioctl->min_size)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(buf, ioctl->size, uarg, usize);
	if (ret)
		return ret;
	if (head->flags & ~ioctl->flags)
		return -EOPNOTSUPP;

	/* Find out that the answer has nowhere to go before anything is changed. */
	back = ioctl->back == GMEM_BACK_NEVER ? 0 : min_t(size_t, usize, ioctl->size);
	if (copy_to_user(uarg, buf, back))
		return -EFAULT;
	ret = ioctl->handler(file, buf);
	if (ret >= 0 && ioctl->back == GMEM_BACK_ON_ERROR)
		return ret;
	if (copy_to_user(uarg, buf, back))
		return -EFAULT;
	return ret;
}
