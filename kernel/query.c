// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling ranges: runs of pages of the same state and residency, for GMEM_QUERY_RANGES,
 * lseek(2) and the BPF iterator. Walks by RCU alone, so it disturbs nobody; every run
 * was true at some moment.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "gmem.h"
#include "states.h"

/* Longest run of resident pages told in one piece, which bounds an RCU read section. */
#define GMEM_QUERY_PAGES_MAX 16384

/* Is the page at @index backed, and up to which page, at most @last, does this hold? */
static bool gmem_resident_run(struct address_space *mapping, pgoff_t index, pgoff_t *last)
{
	XA_STATE(xas, &mapping->i_pages, index);
	pgoff_t bound = min(*last, index + GMEM_QUERY_PAGES_MAX - 1);
	void *entry;

	entry = xas_load(&xas);
	if (!entry || xas_retry(&xas, entry)) {
		do {
			entry = xas_find(&xas, *last);
		} while (xas_retry(&xas, entry));
		if (!entry)
			return false;
		if (xas.xa_index > index) {
			*last = xas.xa_index - 1;
			return false;
		}
	}

	*last = index;
	while (*last < bound) {
		entry = xas_next(&xas);
		if (!entry || xas_retry(&xas, entry))
			break;
		*last = xas.xa_index;
	}
	return true;
}

/**
 * gmem_query_next() - the run of pages that begins at an offset
 * @gm: the memory
 * @offset: first byte, a multiple of the page size
 * @end: where to stop at the latest, over @offset, likewise
 * @range: filled; a long run may be told in pieces
 *
 * Context: any; @gm must not go away.
 */
void gmem_query_next(struct gmem *gm, u64 offset, u64 end, struct gmem_range *range)
{
	pgoff_t index = offset >> PAGE_SHIFT;
	pgoff_t last = (end >> PAGE_SHIFT) - 1;

	*range = (struct gmem_range){ .offset = offset };
	rcu_read_lock();
	if (gmem_states_run(gm, index, &last) == GMEM_STATE_SHARED)
		range->flags |= GMEM_RANGE_SHARED;
	if (gmem_resident_run(gm->inode.i_mapping, index, &last))
		range->flags |= GMEM_RANGE_RESIDENT;
	rcu_read_unlock();
	range->bytes = (u64)(last - index + 1) << PAGE_SHIFT;
}

/* Entries copied to the caller at once. */
#define GMEM_QUERY_CHUNK 64

/* Fill @chunk from *@offset on; pieces of one run are joined inside it. */
static u32 gmem_query_chunk(struct gmem *gm, u64 *offset, u64 end, struct gmem_range *chunk,
			    u32 max)
{
	struct gmem_range next;
	u32 n = 0;

	while (*offset < end && !fatal_signal_pending(current)) {
		gmem_query_next(gm, *offset, end, &next);
		if (n && chunk[n - 1].flags == next.flags)
			chunk[n - 1].bytes += next.bytes;
		else if (n < max)
			chunk[n++] = next;
		else
			break;
		*offset += next.bytes;
		cond_resched();
	}
	return n;
}

/**
 * gmem_query() - carry out GMEM_QUERY_RANGES
 * @gm: the memory
 * @args: checked; count and next_offset are filled in
 *
 * Context: may sleep.
 * Return: 0, -EFAULT, -EINTR or -ENOMEM.
 */
int gmem_query(struct gmem *gm, struct gmem_query_ranges *args)
{
	struct gmem_range __user *to = u64_to_user_ptr(args->ranges);
	u64 offset = args->offset, end = args->offset + args->bytes;
	struct gmem_range *chunk;
	u32 n, done = 0;
	int err = 0;

	chunk = kmalloc_array(GMEM_QUERY_CHUNK, sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	while (offset < end && done < args->count) {
		n = gmem_query_chunk(gm, &offset, end, chunk,
				     min(args->count - done, GMEM_QUERY_CHUNK));
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		if (copy_to_user(to + done, chunk, n * sizeof(*chunk))) {
			err = -EFAULT;
			break;
		}
		done += n;
	}
	kfree(chunk);
	if (err)
		return err;
	args->count = done;
	args->next_offset = offset;
	return 0;
}

/**
 * gmem_seek() - SEEK_DATA and SEEK_HOLE; data is what is backed
 * @gm: the memory
 * @offset: where to begin
 * @whence: SEEK_DATA or SEEK_HOLE
 *
 * Context: may sleep.
 * Return: the offset found; -ENXIO past the end, or when no data follows; -EINTR.
 */
loff_t gmem_seek(struct gmem *gm, loff_t offset, int whence)
{
	u64 want = whence == SEEK_DATA ? GMEM_RANGE_RESIDENT : 0;
	u64 end = gmem_size_bytes(gm);
	struct gmem_range range;
	u64 pos;

	if (offset < 0 || offset >= end)
		return -ENXIO;
	for (pos = round_down(offset, PAGE_SIZE); pos < end; pos += range.bytes) {
		gmem_query_next(gm, pos, end, &range);
		if ((range.flags & GMEM_RANGE_RESIDENT) == want)
			return max_t(u64, pos, offset);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	/* The end of the memory is a hole. */
	return whence == SEEK_HOLE ? end : -ENXIO;
}
