/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rates of the last refreshes, for sparklines: a ring a gmem (or a group), bounded in
 * total. What never had a rate above zero has no ring and costs nothing.
 */
#ifndef GMT_MODEL_HISTORY_H
#define GMT_MODEL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/table.h"

#define GMT_HISTORY_SLOTS 120

enum gmt_history_rate {
	GMT_HISTORY_FAULTS,
	GMT_HISTORY_CONVERSIONS,
	GMT_HISTORY_DENIED,
	GMT_HISTORY_RATES,
};

/**
 * struct gmt_series - The ring of one gmem or group
 * @key: its id, or its key's hash
 * @last: tick of its newest
 * @values: by tick modulo the slots; below 0: not known
 */
struct gmt_series {
	uint64_t key;
	uint64_t last;
	float values[GMT_HISTORY_RATES][GMT_HISTORY_SLOTS];
};

/**
 * struct gmt_history - All rings of one kind; all zero at first
 * @tick: refreshes counted; @back: now is taken to be so many before
 * @list: owned; hash by key, @capacity a power of two
 * @bytes_max: beyond this no ring is added; 0: 8 MiB
 * @refused: rings that were not added for want of room
 */
struct gmt_history {
	uint64_t tick;
	uint64_t back;
	struct gmt_series **list;
	size_t capacity;
	size_t count;
	size_t bytes_max;
	uint64_t refused;
};

/* gmt_history_tick() - The next refresh begins */
void gmt_history_tick(struct gmt_history *history);

/* gmt_history_put() - The rates of one, at this tick; NULL: not known. Without memory: not kept */
void gmt_history_put(struct gmt_history *history, uint64_t key, const struct gmt_rates *rates);

/* gmt_history_reap() - Forget those that had no value in the last @ticks ticks */
void gmt_history_reap(struct gmt_history *history, uint64_t ticks);

const struct gmt_series *gmt_history_find(const struct gmt_history *history, uint64_t key);

/**
 * gmt_history_at() - A rate so many ticks ago
 * @series: may be NULL: always zero
 *
 * Return: it, below 0 where it is not known
 */
double gmt_history_at(const struct gmt_history *history, const struct gmt_series *series,
		      enum gmt_history_rate rate, uint64_t ago);

/* gmt_history_reset() - Forget all, as after a leap in time */
void gmt_history_reset(struct gmt_history *history);

#endif /* GMT_MODEL_HISTORY_H */
