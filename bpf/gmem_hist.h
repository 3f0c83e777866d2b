/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which bucket of a histogram a time goes into: the one function for the programs that count
 * and for user space, which shows what they counted.
 */
#ifndef _GMEM_HIST_H
#define _GMEM_HIST_H

#include "gmem_records.h"

#define GMT_HIST_SUB_BITS 3

_Static_assert(GMT_HIST_SUB == 1 << GMT_HIST_SUB_BITS, "buckets a power of two");

/* gmt_hist_index() - Return: the bucket of a time in nanoseconds, below GMT_HIST_BUCKETS */
static inline __u32 gmt_hist_index(__u64 ns)
{
	__u32 shift;

	if (ns < GMT_HIST_SUB)
		return (__u32)ns;
	shift = 63 - __builtin_clzll(ns) - GMT_HIST_SUB_BITS;
	return (shift + 1) * GMT_HIST_SUB + (__u32)((ns >> shift) - GMT_HIST_SUB);
}

#endif /* _GMEM_HIST_H */
