// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop's formats: numbers in five columns, and strings that no process can misuse.
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c tools/gmemtop/model/flags.c
 * cflags: -Ibpf -Itools/gmemtop
 */
#include <linux/gmem.h>
#include <locale.h>

#include "tap.h"
#include "model/flags.h"
#include "view/format.h"

static void bytes(uint64_t value, const char *want)
{
	char text[16];

	gmt_format_bytes(text, sizeof(text), value);
	is_str(text, want, "bytes %llu", (unsigned long long)value);
}

static void count(uint64_t value, const char *want)
{
	char text[16];

	gmt_format_count(text, sizeof(text), value);
	is_str(text, want, "count %llu", (unsigned long long)value);
}

static void rate(double value, const char *want)
{
	char text[16];

	gmt_format_rate(text, sizeof(text), value);
	is_str(text, want, "rate %g", value);
}

static void test_numbers(void)
{
	bytes(0, "0");
	bytes(1023, "1023");
	bytes(4096, "4.0K");
	bytes(102400, "100K");
	bytes((1ULL << 20) - 1, "1.0M");
	bytes(1ULL << 40, "1.0T");
	bytes(UINT64_MAX, "16.0E");
	count(9999, "9999");
	count(10000, "10.0k");
	count(999400000, "999M");
	count(UINT64_MAX, "18.4E");
	rate(0, "0");
	rate(-3, "0");
	rate(0.04, "0.0");
	rate(9.96, "10");
	rate(9999.4, "9999");
	rate(12345, "12.3k");
}

/* However odd the number, a cell of five columns holds it. */
static void test_widths(void)
{
	size_t widest = 0;
	char text[16];

	for (uint64_t value = 1; value < UINT64_MAX / 3; value += value / 7 + 1) {
		gmt_format_bytes(text, sizeof(text), value);
		widest = strlen(text) > widest ? strlen(text) : widest;
		gmt_format_count(text, sizeof(text), value);
		widest = strlen(text) > widest ? strlen(text) : widest;
		gmt_format_rate(text, sizeof(text), (double)value / 1000);
		widest = strlen(text) > widest ? strlen(text) : widest;
	}
	is_int(widest, 5, "no number is wider than five columns");
}

static void test_errno(void)
{
	char text[16];

	gmt_format_errno(text, sizeof(text), 0);
	is_str(text, "0", "no error");
	gmt_format_errno(text, sizeof(text), -13);
	is_str(text, "EACCES", "a known error");
	gmt_format_errno(text, sizeof(text), -4000);
	is_str(text, "-4000", "an unknown one");
	is_int(gmt_parse_errno("eacces"), 13, "a name in small letters");
	is_int(gmt_parse_errno("133"), 133, "a number");
	is_int(gmt_parse_errno("0"), -EINVAL, "0 is no error");
	is_int(gmt_parse_errno("12x"), -EINVAL, "no number");
	is_int(gmt_parse_errno("ENOTHING"), -EINVAL, "no name");
}

static void clean(const char *source, size_t max, const char *want, const char *why)
{
	char text[64];

	gmt_clean(text, sizeof(text), source, max);
	is_str(text, want, "%s", why);
}

static void test_clean(void)
{
	char word[64], small[6];

	clean("vm", 16, "vm", "plain text is kept");
	clean("a\033[2J\r\n", 16, "a\\x1b[2J\\x0d\\x0a",
	      "control characters are shown, not obeyed");
	clean("\xc3\xa9\xff", 16, "\xc3\xa9\\xff", "UTF-8 is kept, what is none is shown as bytes");
	clean("\xe2\x80\xae"
	      "evil",
	      16,
	      "\\xe2\\x80\\xae"
	      "evil",
	      "no text can be turned about");
	clean("back\\slash", 16, "back\\x5cslash", "an escape cannot be forged");
	clean("\xc2\x9b"
	      "5n",
	      16,
	      "\\xc2\\x9b"
	      "5n",
	      "C1 controls are controls");
	clean("sixteen bytes!!!and more", 16, "sixteen bytes!!!",
	      "an array may lack its terminator");
	gmt_clean(small, sizeof(small), "abc\xff", 4);
	is_str(small, "abc", "an escape that does not fit is left out whole");
	gmt_clean_word(word, sizeof(word), "a b\"", 16);
	is_str(word, "a\\x20b\\x22", "a word has no blanks and no quotes");
	gmt_clean_word(word, sizeof(word), "", 16);
	is_str(word, "-", "an empty word is a dash");
}

static void fit(const char *source, int width, enum gmt_align align, const char *want)
{
	char text[64];

	gmt_fit(text, sizeof(text), source, width, align);
	is_str(text, want, "'%s' in %d columns", source, width);
}

static void test_fit(void)
{
	fit("abc", 5, GMT_ALIGN_LEFT, "abc  ");
	fit("abc", 5, GMT_ALIGN_RIGHT, "  abc");
	fit("abcdef", 4, GMT_ALIGN_LEFT, "abc~");
	fit("/a/b/c.scope", 6, GMT_ALIGN_TAIL, "~scope");
	fit("\xe6\x97\xa5\xe6\x9c\xac", 4, GMT_ALIGN_LEFT, "\xe6\x97\xa5\xe6\x9c\xac");
	/* a wide character that has half a place is left out */
	fit("\xe6\x97\xa5\xe6\x9c\xac!", 4, GMT_ALIGN_LEFT, "\xe6\x97\xa5~ ");
	fit("abc", 1, GMT_ALIGN_LEFT, "~");
	fit("abc", 0, GMT_ALIGN_LEFT, "");
}

static void utf8(const char *source, const char *want, const char *why)
{
	char text[64];

	gmt_utf8(text, sizeof(text), source, 16);
	is_str(text, want, "%s", why);
}

static void test_utf8(void)
{
	utf8("a\xc3\xa9", "a\xc3\xa9", "valid UTF-8 is kept");
	utf8("\xff"
	     "b",
	     "\xef\xbf\xbd"
	     "b",
	     "a byte that is none becomes U+FFFD");
	utf8("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "overlong forms are none");
	utf8("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "nor are surrogates");
	utf8("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd", "nor is one that is cut short");
	utf8("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	     "nor is one beyond the last code point");
}

static void test_flags(void)
{
	char text[64];

	gmt_flags_format(text, sizeof(text), 0);
	is_str(text, "none", "no flag");
	gmt_flags_format(text, sizeof(text), GMEM_CREATE_MMAP | GMEM_CREATE_INSPECT | 1U << 31);
	is_str(text, "mmap inspect 0x80000000", "known flags by name, others by bit");
}

static void test_time(void)
{
	char text[40];

	gmt_format_time(text, sizeof(text), 1500000000, 1700000000LL * 1000000000LL);
	is_str(text, "2023-11-14T22:13:21.500000Z", "a moment, UTC, to the microsecond");
}

int main(void)
{
	tap_plan(17 + 1 + 8 + 10 + 8 + 6 + 2 + 1);
	if (!setlocale(LC_ALL, "C.UTF-8"))
		tap_bail("there is no locale C.UTF-8");
	test_numbers();
	test_widths();
	test_errno();
	test_clean();
	test_fit();
	test_utf8();
	test_flags();
	test_time();
	return tap_done();
}
