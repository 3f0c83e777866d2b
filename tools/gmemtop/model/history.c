// SPDX-License-Identifier: GPL-2.0-only
/* Rings of rates by key, in an open hash. Fed once a refresh, read by sparklines. */
#include <stdlib.h>
#include <string.h>

#include "model/history.h"

#define BYTES_MAX ((size_t)8 << 20)

void gmt_history_tick(struct gmt_history *history)
{
	history->tick++;
}

static size_t slot_of(const struct gmt_history *history, uint64_t key)
{
	size_t mask = history->capacity - 1;
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) & mask;

	while (history->list[at] && history->list[at]->key != key)
		at = (at + 1) & mask;
	return at;
}

const struct gmt_series *gmt_history_find(const struct gmt_history *history, uint64_t key)
{
	return history->count ? history->list[slot_of(history, key)] : NULL;
}

/* Moves all rings but those left behind into a table of @capacity. Return: false without memory */
static bool rehash(struct gmt_history *history, size_t capacity, uint64_t since)
{
	struct gmt_history next = *history;

	next.list = calloc(capacity, sizeof(*next.list));
	if (!next.list)
		return false;
	next.capacity = capacity;
	next.count = 0;
	for (size_t i = 0; i < history->capacity; i++) {
		struct gmt_series *series = history->list[i];

		if (series && series->last >= since) {
			next.list[slot_of(&next, series->key)] = series;
			next.count++;
		} else {
			free(series);
		}
	}
	free(history->list);
	*history = next;
	return true;
}

static struct gmt_series *add(struct gmt_history *history, uint64_t key)
{
	size_t max = history->bytes_max ? history->bytes_max : BYTES_MAX;
	struct gmt_series *series;

	if ((history->count + 1) * sizeof(*series) > max) {
		history->refused++;
		return NULL;
	}
	if (history->count * 2 >= history->capacity &&
	    !rehash(history, history->capacity ? history->capacity * 2 : 64, 0))
		return NULL;
	series = calloc(1, sizeof(*series));
	if (!series)
		return NULL;
	series->key = key;
	/* Until now it had no rates above zero: that is what the ring's zeroes say. */
	series->last = history->tick - 1;
	history->list[slot_of(history, key)] = series;
	history->count++;
	return series;
}

static void set(struct gmt_series *series, uint64_t tick, const struct gmt_rates *rates)
{
	size_t at = tick % GMT_HISTORY_SLOTS;

	series->values[GMT_HISTORY_FAULTS][at] = rates ? (float)rates->faults : -1;
	series->values[GMT_HISTORY_CONVERSIONS][at] = rates ? (float)rates->conversions : -1;
	series->values[GMT_HISTORY_DENIED][at] = rates ? (float)rates->denied : -1;
}

void gmt_history_put(struct gmt_history *history, uint64_t key, const struct gmt_rates *rates)
{
	struct gmt_series *series = (struct gmt_series *)gmt_history_find(history, key);

	if (!series) {
		if (!rates || (rates->faults <= 0 && rates->conversions <= 0 && rates->denied <= 0))
			return;
		series = add(history, key);
		if (!series)
			return;
	}
	/* Of the ticks between nobody has told. */
	if (series->last + GMT_HISTORY_SLOTS < history->tick)
		series->last = history->tick - GMT_HISTORY_SLOTS;
	for (uint64_t tick = series->last + 1; tick < history->tick; tick++)
		set(series, tick, NULL);
	set(series, history->tick, rates);
	series->last = history->tick;
}

void gmt_history_reap(struct gmt_history *history, uint64_t ticks)
{
	bool any = false;

	if (!history->count || history->tick < ticks)
		return;
	for (size_t i = 0; i < history->capacity && !any; i++)
		any = history->list[i] && history->list[i]->last < history->tick - ticks;
	if (any)
		rehash(history, history->capacity, history->tick - ticks);
}

double gmt_history_at(const struct gmt_history *history, const struct gmt_series *series,
		      enum gmt_history_rate rate, uint64_t ago)
{
	uint64_t tick;

	ago += history->back;
	tick = history->tick - ago;
	/* The first refresh of all knows no rates. */
	if (ago >= history->tick || ago >= GMT_HISTORY_SLOTS || tick < 2)
		return -1;
	if (!series)
		return 0;
	return tick > series->last ? -1 : (double)series->values[rate][tick % GMT_HISTORY_SLOTS];
}

void gmt_history_reset(struct gmt_history *history)
{
	for (size_t i = 0; i < history->capacity; i++)
		free(history->list[i]);
	free(history->list);
	*history = (struct gmt_history){ .bytes_max = history->bytes_max };
}
