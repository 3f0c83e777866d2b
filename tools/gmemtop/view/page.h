/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A text that grows, for output that is made by the ten thousand lines: no printf, one check
 * a piece. Used by view/openmetrics.c; http/ sends it.
 */
#ifndef GMT_VIEW_PAGE_H
#define GMT_VIEW_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * struct gmt_page - The text; all zero: empty
 * @data: owned, not terminated
 * @failed: memory ran out, and something is missing
 */
struct gmt_page {
	char *data;
	size_t length;
	size_t capacity;
	bool failed;
};

/* gmt_page_grow() - Make room for @bytes more. Return: whether there is */
bool gmt_page_grow(struct gmt_page *page, size_t bytes);

void gmt_page_exit(struct gmt_page *page);

static inline void gmt_page_put(struct gmt_page *page, const char *text, size_t length)
{
	if (page->capacity - page->length < length && !gmt_page_grow(page, length))
		return;
	memcpy(page->data + page->length, text, length);
	page->length += length;
}

static inline void gmt_page_text(struct gmt_page *page, const char *text)
{
	gmt_page_put(page, text, strlen(text));
}

/* What any number takes. */
#define GMT_PAGE_DIGITS 20

/* gmt_page_digits() - Write a number before @end. Return: its length */
size_t gmt_page_digits(char *end, uint64_t number);

/* gmt_page_u64() - A number, decimal */
void gmt_page_u64(struct gmt_page *page, uint64_t number);

/* gmt_page_seconds() - Nanoseconds as seconds, exact, without needless zeroes */
void gmt_page_seconds(struct gmt_page *page, uint64_t ns);

/* gmt_page_label() - The value of a label, escaped; @text is valid UTF-8 */
void gmt_page_label(struct gmt_page *page, const char *text);

/**
 * gmt_page_clean() - Make any bytes a label's value
 * @text: out, terminated; what is no UTF-8, and control characters, become U+FFFD; give it 3
 *	bytes a byte
 * @source: up to @max bytes, or to the first NUL
 */
void gmt_page_clean(char *text, size_t size, const char *source, size_t max);

#endif /* GMT_VIEW_PAGE_H */
