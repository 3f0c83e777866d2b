/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line of text put together without printf, which would cost a trace several times
 * what reading its events does. Too long a line is cut.
 */
#ifndef GMT_VIEW_LINE_H
#define GMT_VIEW_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gmt_line {
	size_t length;
	char text[2048];
};

static inline void gmt_line_add(struct gmt_line *line, const char *text, size_t length)
{
	/* One byte is kept for the newline. */
	if (length > sizeof(line->text) - 1 - line->length)
		length = sizeof(line->text) - 1 - line->length;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

static inline void gmt_line_str(struct gmt_line *line, const char *text)
{
	gmt_line_add(line, text, strlen(text));
}

static inline void gmt_line_u64(struct gmt_line *line, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	gmt_line_add(line, digits + at, sizeof(digits) - at);
}

static inline void gmt_line_s64(struct gmt_line *line, int64_t number)
{
	if (number < 0)
		gmt_line_str(line, "-");
	gmt_line_u64(line, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

#endif /* GMT_VIEW_LINE_H */
