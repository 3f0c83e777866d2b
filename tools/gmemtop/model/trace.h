/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a trace asks for and what it sums up to. The source is given the one and fills
 * the losses of the other; the views print it.
 */
#ifndef GMT_MODEL_TRACE_H
#define GMT_MODEL_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

/**
 * struct gmt_trace_options - What to trace
 * @events: bit N is enum gmt_event N
 * @filter: applied in the kernel
 * @buffer_bytes: of the ring buffer: a power of two, at least a page
 */
struct gmt_trace_options {
	uint32_t events;
	struct gmt_event_filter filter;
	size_t buffer_bytes;
};

#define GMT_EVENTS_ALL ((1U << GMT_EVENT_MAX) - 1)

/**
 * struct gmt_trace_totals - The account of a trace, by event
 * @received: handed to the tool and printed
 * @ring_full: passed the filter, but found no room in the buffer
 * @missed: the program was interrupted on this CPU by another event of its kind, so it
 *	did not run; whether the filter would have let it through is not known
 */
struct gmt_trace_totals {
	uint64_t received[GMT_EVENT_MAX];
	uint64_t ring_full[GMT_EVENT_MAX];
	uint64_t missed[GMT_EVENT_MAX];
};

struct gmt_trace_sums {
	uint64_t received;
	uint64_t ring_full;
	uint64_t missed;
};

static inline struct gmt_trace_sums gmt_trace_sum(const struct gmt_trace_totals *totals)
{
	struct gmt_trace_sums sums = { 0 };

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		sums.received += totals->received[i];
		sums.ring_full += totals->ring_full[i];
		sums.missed += totals->missed[i];
	}
	return sums;
}

#endif /* GMT_MODEL_TRACE_H */
