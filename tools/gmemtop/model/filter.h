/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The filter over rows that the live table and list share: words, each of which must be
 * found, in any of a row's texts or, as COLUMN=TEXT, in that column only.
 */
#ifndef GMT_MODEL_FILTER_H
#define GMT_MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "model/column.h"

#define GMT_FILTER_TEXT_MAX  128
#define GMT_FILTER_WORDS_MAX 8

/**
 * struct gmt_filter - A filter ready for use
 * @text: the words; each is terminated in place
 * @words: of each word, the column (GMT_COLUMN_MAX: any) and the text to find
 */
struct gmt_filter {
	char text[GMT_FILTER_TEXT_MAX];
	struct {
		enum gmt_column column;
		const char *find;
	} words[GMT_FILTER_WORDS_MAX];
	size_t count;
};

/**
 * gmt_filter_parse() - Read a filter
 * @filter: filled in; it points into itself, so it must not be copied or moved
 * @text: words parted by spaces; an empty text lets every row through
 *
 * A word id=N or pid=N wants that very number, vm=N that of any of its VMs; every other
 * word a part of the text (vm: of the hypervisor's name), upper and lower case alike.
 *
 * Return: 0, -E2BIG (too long or too many words) or -EINVAL (no such column)
 */
int gmt_filter_parse(struct gmt_filter *filter, const char *text);

/* gmt_filter_match() - Return: whether the filter lets @row through */
bool gmt_filter_match(const struct gmt_filter *filter, const struct gmt_row *row);

#endif /* GMT_MODEL_FILTER_H */
