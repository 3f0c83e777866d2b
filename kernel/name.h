/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names that people see: of gmems and of policies.
 */
#ifndef _GMEM_NAME_H
#define _GMEM_NAME_H

#include <linux/string.h>

/**
 * gmem_name_valid() - is this safe in any file or terminal it ends up in?
 * @name: as user space gave it
 * @size: of the array
 *
 * Return: true for printable ASCII, terminated, with nothing behind.
 */
static inline bool gmem_name_valid(const char *name, size_t size)
{
	size_t len = strnlen(name, size);
	size_t i;

	if (len == size || memchr_inv(name + len, 0, size - len))
		return false;
	for (i = 0; i < len; i++)
		if (name[i] < 0x20 || name[i] > 0x7e)
			return false;
	return true;
}

#endif /* _GMEM_NAME_H */
