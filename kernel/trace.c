// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints' home, and the events that several files raise. The test for a
 * listener comes first: while there is none, a call costs a patched-out branch.
 */
#include <linux/mm.h>

#include "gmem.h"

#define CREATE_TRACE_POINTS
#include <trace/events/gmem.h>

/**
 * gmem_trace_create() - a gmem came to be
 * @gm: the memory
 */
void gmem_trace_create(const struct gmem *gm)
{
	struct gmem_ev_create ev;

	if (!trace_gmem_create_enabled())
		return;
	ev = (struct gmem_ev_create){
		.id = gm->id,
		.size_bytes = gmem_size_bytes(gm),
		.flags = gm->flags,
	};
	memcpy(ev.name, gm->name, sizeof(ev.name));
	gmem_emit(create, &ev);
}

static void gmem_trace_free_range(const struct gmem *gm, u64 offset, u64 size, u64 resident,
				  enum gmem_free_cause cause)
{
	struct gmem_ev_free ev = {
		.id = gm->id,
		.offset_bytes = offset,
		.size_bytes = size,
		.resident_bytes = resident,
		.cause = cause,
	};

	gmem_emit(free, &ev);
}

/**
 * gmem_trace_release() - nobody can reach a gmem any more, its memory is about to be freed
 * @gm: the memory
 */
void gmem_trace_release(const struct gmem *gm)
{
	struct gmem_stats stats = {};
	struct gmem_ev_release ev;

	if (!trace_gmem_release_enabled() && !trace_gmem_free_enabled())
		return;
	gmem_stats_fill(gm, &stats);
	ev = (struct gmem_ev_release){
		.id = gm->id,
		.size_bytes = stats.size_bytes,
		.resident_private_bytes = stats.resident_private_bytes,
		.resident_shared_bytes = stats.resident_shared_bytes,
	};
	gmem_emit(release, &ev);
	gmem_trace_free_range(gm, 0, stats.size_bytes,
			      stats.resident_private_bytes + stats.resident_shared_bytes,
			      GMEM_FREE_RELEASE);
}

/**
 * gmem_trace_alloc() - a folio was added
 * @gm: the memory
 * @folio: the folio, locked
 * @state: state of its pages
 */
void gmem_trace_alloc(const struct gmem *gm, const struct folio *folio, enum gmem_state state)
{
	struct gmem_ev_alloc ev;

	if (!trace_gmem_alloc_enabled())
		return;
	ev = (struct gmem_ev_alloc){
		.id = gm->id,
		.offset_bytes = (u64)folio->index << PAGE_SHIFT,
		.size_bytes = folio_size(folio),
		.state = state,
		.nid = folio_nid(folio),
	};
	gmem_emit(alloc, &ev);
}

/**
 * gmem_trace_free() - a range was punched
 * @gm: the memory
 * @first: first page
 * @last: last page
 * @resident: bytes that were backed
 */
void gmem_trace_free(const struct gmem *gm, pgoff_t first, pgoff_t last, u64 resident)
{
	if (trace_gmem_free_enabled())
		gmem_trace_free_range(gm, (u64)first << PAGE_SHIFT,
				      (u64)(last - first + 1) << PAGE_SHIFT, resident,
				      GMEM_FREE_PUNCH);
}

/**
 * gmem_trace_access() - an attempt to reach memory other than by a page fault ended
 * @gm: the memory
 * @act: what was attempted
 * @offset: first byte
 * @size: bytes asked for
 * @done: bytes that passed
 * @verdict: what came of it; err alone where it failed for another reason than a refusal
 */
void gmem_trace_access(const struct gmem *gm, enum gmem_act act, u64 offset, u64 size,
		       u64 done, const struct gmem_verdict *verdict)
{
	struct gmem_ev_access ev;

	if (!trace_gmem_access_enabled())
		return;
	ev = (struct gmem_ev_access){
		.id = gm->id,
		.offset_bytes = offset,
		.size_bytes = size,
		.done_bytes = done,
		.act = act,
		.err = verdict->err,
		.policy_id = verdict->policy_id,
	};
	gmem_emit(access, &ev);
}

/**
 * gmem_trace_error() - a folio was lost to a memory failure
 * @gm: the memory
 * @folio: the folio, locked
 */
void gmem_trace_error(const struct gmem *gm, const struct folio *folio)
{
	struct gmem_ev_error ev;

	if (!trace_gmem_error_enabled())
		return;
	ev = (struct gmem_ev_error){
		.id = gm->id,
		.offset_bytes = (u64)folio->index << PAGE_SHIFT,
		.size_bytes = folio_size(folio),
		.err = -EHWPOISON,
	};
	gmem_emit(error, &ev);
}
