// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access decision, for file.c, io.c and fault.c: first whether a gmem permits an act
 * at all, then page by page whether it may reach this one.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "access.h"

static struct gmem_verdict gmem_refuse(int err, enum gmem_denial denial)
{
	return (struct gmem_verdict){ .err = err, .denial = denial };
}

static const struct gmem_verdict gmem_allow;

/**
 * gmem_access_to_memory() - does this memory permit an act, whatever the page?
 * @flags: enum gmem_create_flags of the memory
 * @act: what is attempted
 * @capable: the caller has what inspecting needs
 *
 * Return: the verdict.
 */
struct gmem_verdict gmem_access_to_memory(__u32 flags, enum gmem_act act, bool capable)
{
	switch (act) {
	case GMEM_ACT_MMAP:
		return flags & GMEM_CREATE_MMAP ? gmem_allow :
						  gmem_refuse(-ENODEV, GMEM_DENIAL_FLAGS);
	case GMEM_ACT_READ:
		return flags & GMEM_CREATE_IO ? gmem_allow :
						gmem_refuse(-EINVAL, GMEM_DENIAL_FLAGS);
	case GMEM_ACT_WRITE:
	case GMEM_ACT_POPULATE:
		return flags & (GMEM_CREATE_IO | GMEM_CREATE_POPULATE) ?
			       gmem_allow :
			       gmem_refuse(-EINVAL, GMEM_DENIAL_FLAGS);
	case GMEM_ACT_INSPECT_READ:
	case GMEM_ACT_INSPECT_WRITE:
		if (!capable)
			return gmem_refuse(-EPERM, GMEM_DENIAL_CAPABILITY);
		return flags & GMEM_CREATE_INSPECT ? gmem_allow :
						     gmem_refuse(-EACCES, GMEM_DENIAL_FLAGS);
	case GMEM_ACT_OPEN:
		return gmem_refuse(-ENXIO, GMEM_DENIAL_FLAGS);
	case GMEM_ACT_SPLICE_READ:
	case GMEM_ACT_SPLICE_WRITE:
	case GMEM_ACT_CREATE:
	case GMEM_ACT_DISCARD:
		break;
	}
	return gmem_refuse(-EINVAL, GMEM_DENIAL_FLAGS);
}

/**
 * gmem_access_to_page() - may an act that the memory permits reach this page?
 * @flags: enum gmem_create_flags of the memory
 * @act: what is attempted
 * @state: the page's state
 * @handed: the page was shared or given to a hypervisor before
 *
 * Return: the verdict.
 */
struct gmem_verdict gmem_access_to_page(__u32 flags, enum gmem_act act, enum gmem_state state,
					bool handed)
{
	switch (act) {
	case GMEM_ACT_INSPECT_READ:
	case GMEM_ACT_INSPECT_WRITE:
		return gmem_allow;
	case GMEM_ACT_READ:
		if (state == GMEM_STATE_SHARED)
			return gmem_allow;
		break;
	case GMEM_ACT_WRITE:
	case GMEM_ACT_POPULATE:
		if (state == GMEM_STATE_SHARED)
			return flags & GMEM_CREATE_IO ? gmem_allow :
							gmem_refuse(-EINVAL, GMEM_DENIAL_FLAGS);
		if ((flags & GMEM_CREATE_POPULATE) && !handed)
			return gmem_allow;
		break;
	default:
		break;
	}
	return gmem_refuse(-EACCES, GMEM_DENIAL_PRIVATE);
}

/**
 * gmem_access_by_fault() - may a page fault of the host's user space map this page?
 * @state: the page's state
 *
 * Return: the verdict.
 */
struct gmem_verdict gmem_access_by_fault(enum gmem_state state)
{
	return state == GMEM_STATE_SHARED ? gmem_allow :
					    gmem_refuse(-EACCES, GMEM_DENIAL_PRIVATE);
}
