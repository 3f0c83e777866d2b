// SPDX-License-Identifier: GPL-2.0-only
/* A text that grows, its numbers and its labels. */
#include <stdlib.h>

#include "view/format.h"
#include "view/page.h"

#define GROW_MIN  65536
#define CLEAN_MAX 4096

bool gmt_page_grow(struct gmt_page *page, size_t bytes)
{
	size_t capacity = page->capacity < GROW_MIN ? GROW_MIN : page->capacity * 2;
	char *data;

	while (capacity - page->length < bytes)
		capacity *= 2;
	data = page->failed ? NULL : realloc(page->data, capacity);
	if (!data) {
		page->failed = true;
		return false;
	}
	page->data = data;
	page->capacity = capacity;
	return true;
}

void gmt_page_exit(struct gmt_page *page)
{
	free(page->data);
	*page = (struct gmt_page){ .length = 0 };
}

size_t gmt_page_digits(char *end, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char *at = end;

	while (number >= 10) {
		at -= 2;
		memcpy(at, &pairs[number % 100 * 2], 2);
		number /= 100;
	}
	/* One digit is left, or none; but 0 is one, too. */
	if (number || at == end)
		*--at = (char)('0' + number);
	return (size_t)(end - at);
}

void gmt_page_u64(struct gmt_page *page, uint64_t number)
{
	char text[GMT_PAGE_DIGITS];
	size_t length = gmt_page_digits(text + sizeof(text), number);

	gmt_page_put(page, text + sizeof(text) - length, length);
}

void gmt_page_seconds(struct gmt_page *page, uint64_t ns)
{
	uint64_t fraction = ns % 1000000000;
	char text[10] = ".000000000";
	size_t length = sizeof(text);

	gmt_page_u64(page, ns / 1000000000);
	if (!fraction) {
		gmt_page_put(page, ".0", 2);
		return;
	}
	gmt_page_digits(text + sizeof(text), fraction);
	while (text[length - 1] == '0')
		length--;
	gmt_page_put(page, text, length);
}

void gmt_page_label(struct gmt_page *page, const char *text)
{
	for (size_t plain; *text; text += plain) {
		plain = strcspn(text, "\\\"\n");
		gmt_page_put(page, text, plain);
		if (!text[plain])
			return;
		gmt_page_put(page,
			     text[plain] == '\n' ? "\\n" :
			     text[plain] == '"'	 ? "\\\"" :
						   "\\\\",
			     2);
		plain++;
	}
}

/* The bytes of the character that valid UTF-8 begins with. */
static size_t character(const char *text)
{
	unsigned char c = (unsigned char)text[0];

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* C0, DEL, and C1, which takes two bytes. */
static bool controls(const char *text)
{
	unsigned char c = (unsigned char)text[0];

	return c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

void gmt_page_clean(char *text, size_t size, const char *source, size_t max)
{
	size_t length = strnlen(source, max), out = 0, plain = 0;
	char valid[CLEAN_MAX];

	/* Nearly all names are so. */
	while (plain < length && source[plain] >= 0x20 && source[plain] < 0x7f)
		plain++;
	if (plain == length && length < size) {
		memcpy(text, source, length);
		text[length] = '\0';
		return;
	}
	gmt_utf8(valid, sizeof(valid), source, max);
	for (const char *at = valid; *at; at += character(at)) {
		const char *shown = controls(at) ? "\xef\xbf\xbd" : at;

		if (out + character(shown) >= size)
			break;
		memcpy(text + out, shown, character(shown));
		out += character(shown);
	}
	text[out] = '\0';
}
