/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place that knows of differences between kernels, and of what they do not
 * export. Kbuild probes and defines HAVE_*; ordinary code has no version test.
 */
#ifndef _GMEM_COMPAT_H
#define _GMEM_COMPAT_H

#include <linux/pagemap.h>
#include <linux/version.h>

#define GMEM_KERNEL_SERIES(major, minor) \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(major, (minor) + 1, 0))

#if !GMEM_KERNEL_SERIES(6, 12) && !GMEM_KERNEL_SERIES(7, 3) && !defined(GMEM_UNTESTED_KERNEL)
#error "gmem is tested on Linux 6.12 and 7.3; for others: make KCFLAGS=-DGMEM_UNTESTED_KERNEL"
#endif

#ifdef HAVE_FOLIO_BATCH_H
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

struct mempolicy;

/* Only KVM of 7.3 has memory with a policy of its own. */
static inline struct folio *gmem_folio_alloc_policy(gfp_t gfp, struct mempolicy *policy)
{
#ifdef HAVE_FILEMAP_ALLOC_POLICY
	return filemap_alloc_folio(gfp, 0, policy);
#else
	return filemap_alloc_folio(gfp, 0);
#endif
}

int gmem_compat_init(void);
void gmem_compat_exit(void);
void gmem_lru_drain_local(void);
void gmem_lru_drain_all(void);

#endif /* _GMEM_COMPAT_H */
