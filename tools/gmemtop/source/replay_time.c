// SPDX-License-Identifier: GPL-2.0-only
/* Places in a recording: times of day, dates, distances. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source/replay_time.h"

#define SECOND_NS 1000000000LL
#define DAY_NS	  (86400 * SECOND_NS)

/* 90, 90s, 5m, 2h, 1d, 1.5h, 250ms */
static int read_distance(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = { { "", 1 },   { "ms", 0.001 }, { "s", 1 },
		      { "m", 60 }, { "h", 3600 },   { "d", 86400 } };
	char *end;
	double number;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	number = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		if (!(number * units[i].seconds < 1e9))
			return -EINVAL;
		*ns = (int64_t)(number * units[i].seconds * 1e9);
		return 0;
	}
	return -EINVAL;
}

/* A part of a second, as it may be behind the seconds. Return: what is behind it */
static const char *read_fraction(const char *text, int64_t *ns)
{
	int64_t digit = SECOND_NS / 10;

	*ns = 0;
	if (*text != '.')
		return text;
	for (text++; *text >= '0' && *text <= '9'; text++, digit /= 10)
		*ns += (*text - '0') * digit;
	return text;
}

/* By strptime(), which takes no part of a second. Return: 0 with the time since 1970 */
static int read_wall(const char *text, const char *format, int64_t *ns)
{
	struct tm tm = { 0 };
	int64_t fraction;
	const char *end = strptime(text, format, &tm);

	if (!end)
		return -EINVAL;
	end = read_fraction(end, &fraction);
	if (*end == 'Z')
		end++;
	/* Of a time alone the day is that of the epoch. */
	if (!tm.tm_mday) {
		tm.tm_mday = 1;
		tm.tm_year = 70;
	}
	if (*end || tm.tm_year < 70 || tm.tm_year > 290)
		return -EINVAL;
	*ns = timegm(&tm) * SECOND_NS + fraction;
	return 0;
}

int gmt_replay_time(const char *text, uint64_t first_ns, uint64_t last_ns, int64_t offset_ns,
		    uint64_t *at_ns)
{
	static const char *const clocks[] = { "%H:%M:%S", "%H:%M" };
	static const char *const dates[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
					     "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d" };
	int64_t first, wall, distance;

	*at_ns = first_ns;
	if (!strcmp(text, "start"))
		return 0;
	if (!strcmp(text, "end")) {
		*at_ns = UINT64_MAX;
		return 0;
	}
	if (text[0] == '+' || text[0] == '-') {
		if (read_distance(text + 1, &distance))
			return -EINVAL;
		if (text[0] == '+')
			*at_ns = first_ns + (uint64_t)distance;
		else if ((uint64_t)distance < last_ns)
			*at_ns = last_ns - (uint64_t)distance;
		return 0;
	}
	if (first_ns > INT64_MAX || __builtin_add_overflow((int64_t)first_ns, offset_ns, &first))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (read_wall(text, clocks[i], &wall))
			continue;
		wall += first - first % DAY_NS;
		/* After midnight. */
		if (wall < first - first % SECOND_NS)
			wall += DAY_NS;
		goto out;
	}
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
		if (!read_wall(text, dates[i], &wall))
			goto out;
	return -EINVAL;

out:
	if (__builtin_sub_overflow(wall, offset_ns, &wall))
		return -EINVAL;
	*at_ns = wall > 0 ? (uint64_t)wall : 0;
	return 0;
}
