// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/gmem: tells what the module can do, and makes gmems. Nothing else hangs on it;
 * a gmem lives by its own file descriptor.
 */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "gmem.h"
#include "ioctl.h"
#include "name.h"

static long gmem_ioctl_get_info(struct file *file, void *arg)
{
	struct gmem_info *info = arg;

	info->abi_version = GMEM_ABI_VERSION;
	info->create_flags = GMEM_CREATE_FLAGS;
	info->page_size = PAGE_SIZE;
	info->__reserved = 0;
	info->max_bytes = GMEM_MAX_BYTES;
	return 0;
}

static long gmem_ioctl_create(struct file *chardev, void *arg)
{
	const struct gmem_create *args = arg;
	struct file *file;
	int fd;

	if (!gmem_bytes_valid(args->bytes))
		return -EINVAL;
	if (!gmem_name_valid(args->name, sizeof(args->name)))
		return -EINVAL;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = gmem_fs_create_file(args, NULL);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static const struct gmem_ioctl gmem_chardev_ioctls[] = {
	GMEM_IOCTL(GMEM_GET_INFO, gmem_info, max_bytes, 0, GMEM_BACK_ALWAYS,
		   gmem_ioctl_get_info),
	GMEM_IOCTL(GMEM_CREATE, gmem_create, name, GMEM_CREATE_FLAGS, GMEM_BACK_NEVER,
		   gmem_ioctl_create),
};

static long gmem_chardev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return gmem_ioctl_dispatch(gmem_chardev_ioctls, ARRAY_SIZE(gmem_chardev_ioctls), file, cmd,
				   arg);
}

static const struct file_operations gmem_chardev_ops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = gmem_chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice gmem_chardev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gmem",
	.fops = &gmem_chardev_ops,
	.mode = 0600,
};

/**
 * gmem_chardev_init() - open for business; last step of loading the module
 *
 * Return: 0 or -errno.
 */
int gmem_chardev_init(void)
{
	return misc_register(&gmem_chardev);
}

void gmem_chardev_exit(void)
{
	misc_deregister(&gmem_chardev);
}
