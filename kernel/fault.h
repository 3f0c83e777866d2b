/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event of a page fault, the host's (fault.c) or a guest's (guest.c): filled in and
 * timed only while somebody listens.
 */
#ifndef _GMEM_FAULT_H
#define _GMEM_FAULT_H

#include <linux/timekeeping.h>
#include <trace/events/gmem.h>

#include "gmem.h"

struct gmem_fault_trace {
	bool on;
	u64 start_ns;
	struct gmem_ev_fault ev;
};

static inline void gmem_fault_begin(struct gmem_fault_trace *trace, const struct gmem *gm,
				    pgoff_t index, enum gmem_fault_kind kind, bool write)
{
	trace->on = trace_gmem_fault_enabled();
	if (likely(!trace->on))
		return;
	trace->ev = (struct gmem_ev_fault){
		.id = gm->id,
		.offset_bytes = (u64)index << PAGE_SHIFT,
		.kind = kind,
		.write = write,
	};
	trace->start_ns = ktime_get_ns();
}

static inline struct gmem_ev_fault *gmem_fault_times(struct gmem_fault_trace *trace)
{
	return trace->on ? &trace->ev : NULL;
}

/* What is left of the total is the look-up: range state, page cache, waiting for locks. */
static inline void gmem_fault_end(struct gmem_fault_trace *trace, enum gmem_state state, int err)
{
	struct gmem_ev_fault *ev = &trace->ev;

	if (likely(!trace->on))
		return;
	ev->state = state;
	ev->err = err;
	ev->size_bytes = err ? 0 : PAGE_SIZE;
	ev->total_ns = ktime_get_ns() - trace->start_ns;
	ev->lookup_ns = ev->total_ns - ev->policy_ns - ev->alloc_ns - ev->zero_ns;
	gmem_emit(fault, ev);
}

#endif /* _GMEM_FAULT_H */
