// SPDX-License-Identifier: GPL-2.0-only
/* The filter over rows. Used by the table; what traces are filtered by is the source's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/filter.h"
#include "model/table.h"

static const enum gmt_column columns[] = {
	GMT_COLUMN_ID,	GMT_COLUMN_NAME, GMT_COLUMN_COMMAND,
	GMT_COLUMN_PID, GMT_COLUMN_VM,	 GMT_COLUMN_CGROUP,
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

int gmt_filter_parse(struct gmt_filter *filter, const char *text)
{
	char *word, *save = NULL, *equals;

	filter->count = 0;
	if (strlen(text) >= sizeof(filter->text))
		return -E2BIG;
	strcpy(filter->text, text);
	for (word = strtok_r(filter->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		enum gmt_column column = GMT_COLUMN_MAX;

		if (filter->count == GMT_FILTER_WORDS_MAX)
			return -E2BIG;
		equals = strchr(word, '=');
		if (equals) {
			*equals = '\0';
			column = gmt_column_find(columns, COLUMNS, word);
			if (column == GMT_COLUMN_MAX) {
				filter->count = 0;
				return -EINVAL;
			}
			word = equals + 1;
		}
		filter->words[filter->count].column = column;
		filter->words[filter->count].find = word;
		filter->count++;
	}
	return 0;
}

static bool number_is(uint64_t number, const char *find)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	return !strcmp(text, find);
}

/* Kernel strings may fill their array without a terminator. */
static bool holds(const char *text, size_t max, const char *find)
{
	char copy[64];
	size_t length = strnlen(text, max);

	if (length >= sizeof(copy))
		length = sizeof(copy) - 1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return strcasestr(copy, find);
}

static bool vm_matches(const struct gmt_vms *vms, const char *find)
{
	for (size_t i = 0; i < vms->count; i++)
		if (number_is(vms->list[i].vm, find) ||
		    holds(vms->list[i].consumer, sizeof(vms->list[i].consumer), find))
			return true;
	return false;
}

static bool matches(const struct gmt_row *row, enum gmt_column column, const char *find)
{
	if (column != GMT_COLUMN_VM && !gmt_column_known(row, column))
		return false;
	switch (column) {
	case GMT_COLUMN_ID:
		return number_is(row->rec.id, find);
	case GMT_COLUMN_PID:
		return number_is(row->rec.creator_pid, find);
	case GMT_COLUMN_NAME:
		return holds(row->rec.name, sizeof(row->rec.name), find);
	case GMT_COLUMN_COMMAND:
		return holds(row->rec.creator_comm, sizeof(row->rec.creator_comm), find);
	case GMT_COLUMN_VM:
		return vm_matches(&row->vms, find);
	case GMT_COLUMN_CGROUP:
		return strcasestr(row->cgroup, find);
	default:
		return false;
	}
}

static bool matches_any(const struct gmt_row *row, const char *find)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (matches(row, columns[i], find))
			return true;
	return false;
}

bool gmt_filter_match(const struct gmt_filter *filter, const struct gmt_row *row)
{
	for (size_t i = 0; i < filter->count; i++) {
		enum gmt_column column = filter->words[i].column;
		const char *find = filter->words[i].find;

		if (column == GMT_COLUMN_MAX ? !matches_any(row, find) :
					       !matches(row, column, find))
			return false;
	}
	return true;
}
