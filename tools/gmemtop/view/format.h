/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How single values look in text: sizes, rates, times, errors, and strings that come
 * from other people's processes. Used by every view that is not JSON; JSON uses the last
 * part.
 */
#ifndef GMT_VIEW_FORMAT_H
#define GMT_VIEW_FORMAT_H

#include <stddef.h>
#include <stdint.h>

/* gmt_format_bytes() - Binary units, at most five characters: 0, 4096 as 4.0K, 512M, 1023G. */
void gmt_format_bytes(char *text, size_t size, uint64_t bytes);

/* gmt_format_count() - Decimal units, at most five characters: 7, 9999, 12.3k, 4.5M. */
void gmt_format_count(char *text, size_t size, uint64_t count);

/* gmt_format_rate() - A number a second, at most five characters: 0, 0.3, 12, 12.3k. */
void gmt_format_rate(char *text, size_t size, double rate);

/* gmt_format_ns() - A time, at most six characters: 0, 7ns, 999ns, 1.2us, 123ms, 4.5s, 1234s. */
void gmt_format_ns(char *text, size_t size, uint64_t ns);

/* gmt_format_errno() - 0, or the name of an error given as -errno: EACCES. */
void gmt_format_errno(char *text, size_t size, int err);

/* gmt_parse_errno() - Return: the positive errno of a name or number, or -EINVAL */
int gmt_parse_errno(const char *text);

/**
 * gmt_format_time() - A moment on the wall clock, UTC, to the microsecond, ISO 8601
 * @boot_ns: CLOCK_BOOTTIME
 * @offset_ns: what to add to it, from gmt_clock_offset_ns()
 */
void gmt_format_time(char *text, size_t size, uint64_t boot_ns, int64_t offset_ns);

/* gmt_format_clock() - As gmt_format_time(), but hours, minutes and seconds, local time */
void gmt_format_clock(char *text, size_t size, uint64_t boot_ns, int64_t offset_ns);

/* gmt_clock_offset_ns() - Return: CLOCK_REALTIME less CLOCK_BOOTTIME, now */
int64_t gmt_clock_offset_ns(void);
uint64_t gmt_boottime_ns(void);

/**
 * gmt_clean() - Make any bytes fit to be shown on a terminal, on one line
 * @text: out, terminated, never cut inside a character
 * @source: up to @max bytes, or to the first NUL
 *
 * What is printable in the user's locale is kept; every other byte, and a backslash,
 * becomes \xHH, so that nothing can move the cursor and nothing is hidden.
 */
void gmt_clean(char *text, size_t size, const char *source, size_t max);

/* gmt_clean_word() - As gmt_clean(), and blanks and quotes become \xHH too; "" becomes -. */
void gmt_clean_word(char *text, size_t size, const char *source, size_t max);

/* gmt_width() - Return: the columns that a clean string takes on the terminal */
int gmt_width(const char *text);

enum gmt_align {
	GMT_ALIGN_LEFT,
	GMT_ALIGN_RIGHT,
	GMT_ALIGN_TAIL, /* left, and what is cut is cut at the front: paths */
};

/**
 * gmt_fit() - Pad or cut a clean string to exactly @width columns; a cut shows as ~
 * @text: out; give it 6 bytes a column
 */
void gmt_fit(char *text, size_t size, const char *source, int width, enum gmt_align align);

/**
 * gmt_utf8() - Make any bytes valid UTF-8, for JSON
 * @text: out, terminated; bytes that are no UTF-8 become U+FFFD; give it 3 bytes a byte
 * @source: up to @max bytes, or to the first NUL
 */
void gmt_utf8(char *text, size_t size, const char *source, size_t max);

#endif /* GMT_VIEW_FORMAT_H */
