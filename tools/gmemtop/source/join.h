/* SPDX-License-Identifier: GPL-2.0-only */
/* Joins ranges that meet and are alike, and hands on those that are complete. Used by the sources. */
#ifndef GMT_SOURCE_JOIN_H
#define GMT_SOURCE_JOIN_H

#include "source/source.h"

struct gmt_joiner {
	gmt_range_fn fn;
	void *ctx;
	struct gmt_rec_range range;
};

/* gmt_join() - The next range, in order. Return: 0 or what the callback said */
static inline int gmt_join(struct gmt_joiner *joiner, const struct gmt_rec_range *range)
{
	struct gmt_rec_range *last = &joiner->range;
	int err = 0;

	if (last->size_bytes && last->flags == range->flags &&
	    last->offset_bytes + last->size_bytes == range->offset_bytes) {
		last->size_bytes += range->size_bytes;
		return 0;
	}
	if (last->size_bytes)
		err = joiner->fn(joiner->ctx, last);
	*last = *range;
	return err;
}

static inline int gmt_join_end(struct gmt_joiner *joiner)
{
	return joiner->range.size_bytes ? joiner->fn(joiner->ctx, &joiner->range) : 0;
}

#endif /* GMT_SOURCE_JOIN_H */
