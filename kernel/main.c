// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmem.ko: guarded memory, file descriptors that back virtual machines' memory and that
 * the host's user space cannot touch unless a range was shared.
 */
#include <linux/module.h>

#include "compat.h"
#include "gmem.h"

static int __init gmem_init(void)
{
	int err;

	err = gmem_compat_init();
	if (err)
		return err;
	err = gmem_fs_init();
	if (err)
		goto err_exit_compat;
	err = gmem_bpf_init();
	if (err)
		goto err_exit_fs;
	err = gmem_policy_kfuncs_init();
	if (err)
		goto err_exit_fs;
	err = gmem_policy_ops_init();
	if (err)
		goto err_exit_fs;
	err = gmem_chardev_init();
	if (err)
		goto err_exit_fs;
	return 0;

err_exit_fs:
	gmem_fs_exit();
err_exit_compat:
	gmem_compat_exit();
	return err;
}

static void __exit gmem_exit(void)
{
	gmem_chardev_exit();
	gmem_fs_exit();
	gmem_compat_exit();
}

module_init(gmem_init);
module_exit(gmem_exit);

MODULE_DESCRIPTION("Guarded memory: file descriptors that back virtual machines' memory");
MODULE_LICENSE("GPL");
