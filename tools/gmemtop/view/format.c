// SPDX-License-Identifier: GPL-2.0-only
/* Single values as text: numbers, times, errors. Strings are cleaned in clean.c. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "view/format.h"

#define NS_PER_S 1000000000LL
/* The kernel's errnos end here; beyond are ones that never reach user space. */
#define ERRNO_MAX 133

/* At most five characters: one decimal below 100 units, none from there on. */
static void format_scaled(char *text, size_t size, double value, double base, const char *units)
{
	size_t unit = 0;

	/* 0.5 less: what would round up to four digits and a unit goes up to the next. */
	while (value >= base - 0.5 && units[unit + 1]) {
		value /= base;
		unit++;
	}
	if (value < 99.95)
		snprintf(text, size, "%.1f%c", value, units[unit]);
	else
		snprintf(text, size, "%.0f%c", value, units[unit]);
}

void gmt_format_bytes(char *text, size_t size, uint64_t bytes)
{
	if (bytes < 1024)
		snprintf(text, size, "%" PRIu64, bytes);
	else
		format_scaled(text, size, (double)bytes / 1024, 1024, "KMGTPE");
}

void gmt_format_count(char *text, size_t size, uint64_t count)
{
	if (count < 10000)
		snprintf(text, size, "%" PRIu64, count);
	else
		format_scaled(text, size, (double)count / 1000, 1000, "kMGTPE");
}

void gmt_format_ns(char *text, size_t size, uint64_t ns)
{
	static const char *const units[] = { "us", "ms", "s" };
	double value = (double)ns / 1000;
	size_t unit = 0;

	if (ns < 1000) {
		snprintf(text, size, ns ? "%" PRIu64 "ns" : "0", ns);
		return;
	}
	while (value >= 999.5 && unit < 2) {
		value /= 1000;
		unit++;
	}
	if (value < 9999.5)
		snprintf(text, size, value < 99.95 ? "%.1f%s" : "%.0f%s", value, units[unit]);
	else
		format_scaled(text, size, value / 1000, 1000, "kMGTPE");
}

void gmt_format_rate(char *text, size_t size, double rate)
{
	if (rate <= 0)
		snprintf(text, size, "0");
	else if (rate < 9.95)
		snprintf(text, size, "%.1f", rate);
	else if (rate < 9999.5)
		snprintf(text, size, "%.0f", rate);
	else
		format_scaled(text, size, rate / 1000, 1000, "kMGTPE");
}

void gmt_format_errno(char *text, size_t size, int err)
{
	const char *name;

	if (!err) {
		snprintf(text, size, "0");
		return;
	}
	name = err < 0 ? strerrorname_np(-err) : NULL;
	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%d", err);
}

int gmt_parse_errno(const char *text)
{
	char *end;
	long number;

	if (isdigit((unsigned char)text[0])) {
		number = strtol(text, &end, 10);
		return *end || number < 1 || number > ERRNO_MAX ? -EINVAL : (int)number;
	}
	for (int i = 1; i <= ERRNO_MAX; i++) {
		const char *name = strerrorname_np(i);

		if (name && !strcasecmp(name, text))
			return i;
	}
	return -EINVAL;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

uint64_t gmt_boottime_ns(void)
{
	return (uint64_t)clock_ns(CLOCK_BOOTTIME);
}

int64_t gmt_clock_offset_ns(void)
{
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

void gmt_format_time(char *text, size_t size, uint64_t boot_ns, int64_t offset_ns)
{
	/* Most moments lie in the same second as the one before. */
	static time_t known = -1;
	static char date[32];
	int64_t wall_ns = (int64_t)boot_ns + offset_ns;
	time_t seconds = wall_ns / NS_PER_S;
	char fraction[] = ".000000Z";
	struct tm tm;

	if (seconds != known) {
		gmtime_r(&seconds, &tm);
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
		known = seconds;
	}
	for (int us = (int)(wall_ns % NS_PER_S / 1000), at = 6; us; us /= 10)
		fraction[at--] += us % 10;
	snprintf(text, size, "%s%s", date, fraction);
}

void gmt_format_clock(char *text, size_t size, uint64_t boot_ns, int64_t offset_ns)
{
	time_t seconds = ((int64_t)boot_ns + offset_ns) / NS_PER_S;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, size, "%H:%M:%S", &tm);
}
