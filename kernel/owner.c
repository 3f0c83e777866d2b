// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gmem files as hypervisors see them: one by its descriptor, or one of their own, made by
 * an ioctl of theirs.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/string.h>

#include "binding.h"

/**
 * gmem_file_is() - is this the file of a gmem?
 * @file: any file
 *
 * Return: true for one made by GMEM_CREATE or by gmem_file_create().
 */
bool gmem_file_is(const struct file *file)
{
	return file_inode(file)->i_op == &gmem_inode_ops;
}
EXPORT_SYMBOL_GPL(gmem_file_is);

/**
 * gmem_file_get() - the gmem that a descriptor stands for
 * @fd: of the current task
 *
 * Return: its file with a reference, to be dropped by fput(); -EBADF (no such descriptor),
 * -EINVAL (of something else).
 */
struct file *gmem_file_get(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (!gmem_file_is(file)) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	return file;
}
EXPORT_SYMBOL_GPL(gmem_file_get);

/**
 * gmem_file_bytes() - size of the memory
 * @file: of a gmem
 *
 * Return: bytes; never changes.
 */
u64 gmem_file_bytes(const struct file *file)
{
	return gmem_size_bytes(gmem_of_file(file));
}
EXPORT_SYMBOL_GPL(gmem_file_bytes);

/**
 * gmem_file_owner() - the hypervisor's part of a gmem
 * @file: of a gmem
 *
 * Return: as given to gmem_file_create(); NULL with GMEM_CREATE.
 */
struct gmem_owner *gmem_file_owner(const struct file *file)
{
	return gmem_of_file(file)->owner;
}
EXPORT_SYMBOL_GPL(gmem_file_owner);

/**
 * gmem_file_create() - make a gmem for an ioctl of a hypervisor
 * @bytes: size, a multiple of the page size, over 0
 * @flags: bits of enum gmem_create_flags
 * @name: for people, printable ASCII; cut to GMEM_NAME_MAX
 * @owner: the hypervisor's part; from success on it lives until its destroy is called
 *
 * Context: may sleep.
 * Return: the file, for fd_install(); -EINVAL, -ENOMEM, -ENODEV.
 */
struct file *gmem_file_create(u64 bytes, u32 flags, const char *name, struct gmem_owner *owner)
{
	struct gmem_create args = { .flags = flags, .bytes = bytes };

	if (flags & ~GMEM_CREATE_FLAGS || !gmem_bytes_valid(bytes))
		return ERR_PTR(-EINVAL);
	strscpy(args.name, name, sizeof(args.name));
	return gmem_fs_create_file(&args, owner);
}
EXPORT_SYMBOL_GPL(gmem_file_create);
