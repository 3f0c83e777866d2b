/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ranges that every ioctl with page granularity refuses with EINVAL, and the ones that
 * are refused whatever the granularity. @size is the size of the gmem.
 */
#ifndef GMEM_BAD_RANGES_H
#define GMEM_BAD_RANGES_H

#include "gmem_test.h"

struct bad_range {
	const char *what;
	uint64_t offset, bytes;
};

#define BAD_RANGES_ANY(size)                                                     \
	{ "no bytes", 0, 0 }, { "a page more than there is", 0, (size) + PAGE }, \
		{ "the last page and one more", (size) - PAGE, 2 * PAGE },       \
		{ "begins at the end", (size), PAGE },                           \
		{ "begins behind the end", (size) + PAGE, PAGE },                \
		{ "the sum overflows to 0", -PAGE, PAGE },                       \
		{ "the sum overflows into the memory", -PAGE, 2 * PAGE },        \
		{ "bytes are minus one page", PAGE, -PAGE },                     \
		{ "offset is 2^63", 1ULL << 63, PAGE }, { "bytes are 2^63", 0, 1ULL << 63 }

#define BAD_RANGES_UNALIGNED                                                     \
	{ "offset is 1", 1, PAGE }, { "offset is half a page", PAGE / 2, PAGE }, \
		{ "bytes are a page and one", 0, PAGE + 1 }, { "bytes are 1", 0, 1 }

#define BAD_RANGES(size) BAD_RANGES_ANY(size), BAD_RANGES_UNALIGNED

#endif /* GMEM_BAD_RANGES_H */
