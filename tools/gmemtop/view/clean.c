// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings from elsewhere, made fit for a terminal or for JSON. A process may put any
 * byte in its name, so nothing of it reaches the screen unseen.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "view/format.h"

/* Characters that turn the direction of text about, or show as nothing. */
static bool deceives(wchar_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x00ad;
}

/* The bytes of the printable character at @source, 0 when there is none. */
static size_t printable(const char *source, size_t left, int *width)
{
	mbstate_t state = { 0 };
	size_t bytes;
	wchar_t c;

	/* Nearly all of it, and a call of mbrtowc() is dear. */
	if (*source >= ' ' && *source < 0x7f) {
		*width = 1;
		return 1;
	}
	bytes = mbrtowc(&c, source, left, &state);
	if (bytes == (size_t)-1 || bytes == (size_t)-2 || !bytes)
		return 0;
	if (!iswprint((wint_t)c) || deceives(c))
		return 0;
	*width = wcwidth(c);
	return *width > 0 ? bytes : 0;
}

static void clean(char *text, size_t size, const char *source, size_t max, const char *escape)
{
	size_t length = strnlen(source, max), at = 0, out = 0, bytes;
	int width;

	while (at < length) {
		bytes = printable(source + at, length - at, &width);
		if (bytes && !(bytes == 1 && strchr(escape, source[at]))) {
			if (out + bytes >= size)
				break;
			memcpy(text + out, source + at, bytes);
			out += bytes;
			at += bytes;
		} else {
			if (out + 4 >= size)
				break;
			snprintf(text + out, size - out, "\\x%02x", (unsigned char)source[at]);
			out += 4;
			at++;
		}
	}
	text[out] = '\0';
}

void gmt_clean(char *text, size_t size, const char *source, size_t max)
{
	clean(text, size, source, max, "\\");
}

void gmt_clean_word(char *text, size_t size, const char *source, size_t max)
{
	clean(text, size, source, max, "\\ \"'");
	if (!text[0])
		snprintf(text, size, "-");
}

int gmt_width(const char *text)
{
	size_t left = strlen(text), bytes;
	int total = 0, width;

	while (left) {
		bytes = printable(text, left, &width);
		if (!bytes) {
			bytes = 1;
			width = 1;
		}
		total += width;
		text += bytes;
		left -= bytes;
	}
	return total;
}

/* Copies whole characters until @width columns are full; tells how many were left over. */
static size_t copy_columns(char *text, size_t size, const char *source, int width, int *unused)
{
	size_t left = strlen(source), out = 0, bytes;
	int columns;

	while (left) {
		bytes = printable(source, left, &columns);
		if (!bytes) {
			bytes = 1;
			columns = 1;
		}
		if (columns > width || out + bytes >= size)
			break;
		memcpy(text + out, source, bytes);
		out += bytes;
		source += bytes;
		left -= bytes;
		width -= columns;
	}
	text[out] = '\0';
	*unused = width;
	return out;
}

/* The end of @source that takes at most @width columns. */
static const char *tail(const char *source, int width)
{
	int total = gmt_width(source), columns;

	while (total > width) {
		size_t bytes = printable(source, strlen(source), &columns);

		if (!bytes) {
			bytes = 1;
			columns = 1;
		}
		source += bytes;
		total -= columns;
	}
	return source;
}

void gmt_fit(char *text, size_t size, const char *source, int width, enum gmt_align align)
{
	int total = gmt_width(source), unused;
	size_t out;

	if (width <= 0 || (size_t)width >= size) {
		text[0] = '\0';
		return;
	}
	if (align == GMT_ALIGN_RIGHT && total <= width) {
		snprintf(text, size, "%*s%s", width - total, "", source);
		return;
	}
	if (total <= width) {
		out = copy_columns(text, size, source, width, &unused);
	} else if (align == GMT_ALIGN_TAIL) {
		text[0] = '~';
		out = 1 +
		      copy_columns(text + 1, size - 1, tail(source, width - 1), width - 1, &unused);
	} else {
		out = copy_columns(text, size, source, width - 1, &unused);
		snprintf(text + out, size - out, "~");
		out++;
	}
	/* A wide character that did not fit leaves a column over. */
	while (unused-- > 0 && out + 1 < size)
		text[out++] = ' ';
	text[out] = '\0';
}

/* The length of the well-formed UTF-8 sequence at @s, 0 when it is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t need;
	unsigned int c;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		need = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		need = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (left < need)
		return 0;
	c = s[0] & (0xff >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* overlong, surrogates, beyond the last code point */
	if ((need == 3 && c < 0x800) || (need == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return need;
}

void gmt_utf8(char *text, size_t size, const char *source, size_t max)
{
	const unsigned char *s = (const unsigned char *)source;
	size_t left = strnlen(source, max), out = 0;

	while (left) {
		size_t bytes = utf8_length(s, left);
		size_t need = bytes ? bytes : 3;

		if (out + need >= size)
			break;
		memcpy(text + out, bytes ? (const char *)s : "\xef\xbf\xbd", need);
		out += need;
		s += bytes ? bytes : 1;
		left -= bytes ? bytes : 1;
	}
	text[out] = '\0';
}
