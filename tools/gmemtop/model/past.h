/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last minutes of every gmem, to go back to: what changed at each refresh, bounded in
 * total. Fed with each table by the command, which has it fill in the table of a moment.
 */
#ifndef GMT_MODEL_PAST_H
#define GMT_MODEL_PAST_H

#include "model/table.h"

struct gmt_past_gmem;

/**
 * struct gmt_past - All zero at first but for the limits
 * @seconds: how long a moment is kept
 * @bytes_max: beyond this the oldest moments go before their time
 * @times: owned ring of the moments' times, by number modulo @time_capacity
 * @first, @next: numbers of the oldest moment kept, and of the one that comes next
 * @gmems: owned, by ascending id
 * @bytes: what the records kept take
 */
struct gmt_past {
	double seconds;
	size_t bytes_max;
	uint64_t *times;
	size_t time_capacity;
	uint64_t first;
	uint64_t next;
	struct gmt_past_gmem *gmems;
	size_t count;
	size_t capacity;
	size_t bytes;
};

void gmt_past_exit(struct gmt_past *past);

/* gmt_past_add() - Keep what the table is now. Return: 0 or -ENOMEM */
int gmt_past_add(struct gmt_past *past, const struct gmt_table *table);

/* gmt_past_moments() - Return: how many moments can be gone back to */
size_t gmt_past_moments(const struct gmt_past *past);

/* gmt_past_time() - Return: when the moment so many back was, CLOCK_BOOTTIME; 0 back is the newest */
uint64_t gmt_past_time(const struct gmt_past *past, size_t back);

/**
 * gmt_past_fill() - Make a table what it was so many moments back, rates included
 * @table: emptied first; VMs are known where they have not changed since
 *
 * Return: 0 or -ENOMEM
 */
int gmt_past_fill(const struct gmt_past *past, size_t back, struct gmt_table *table);

#endif /* GMT_MODEL_PAST_H */
