// SPDX-License-Identifier: GPL-2.0-only
/* Themes, and what is drawn of blocks: sparklines, bars, maps; each in Unicode and in ASCII. */
#include <curses.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "view/format.h"
#include "view/look.h"

#define KEEP (-1) /* the terminal's own */

struct style {
	short fg;
	short bg;
	attr_t attr;
};

static const struct {
	const char *name;
	struct style styles[GMT_ROLES];
} themes[] = {
	{ "default",
	  {
		  [GMT_ROLE_TEXT] = { KEEP, KEEP, A_NORMAL },
		  [GMT_ROLE_TITLE] = { KEEP, KEEP, A_BOLD },
		  [GMT_ROLE_DIM] = { KEEP, KEEP, A_DIM },
		  [GMT_ROLE_HEAD] = { COLOR_BLACK, COLOR_GREEN, A_NORMAL },
		  [GMT_ROLE_SORTED] = { COLOR_BLACK, COLOR_CYAN, A_BOLD },
		  [GMT_ROLE_CURSOR] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL },
		  [GMT_ROLE_MARK] = { COLOR_YELLOW, KEEP, A_BOLD },
		  [GMT_ROLE_MATCH] = { COLOR_BLACK, COLOR_YELLOW, A_NORMAL },
		  [GMT_ROLE_ALARM] = { COLOR_WHITE, COLOR_RED, A_BOLD },
		  [GMT_ROLE_WARN] = { COLOR_YELLOW, KEEP, A_BOLD },
		  [GMT_ROLE_PRIVATE] = { COLOR_GREEN, KEEP, A_NORMAL },
		  [GMT_ROLE_SHARED] = { COLOR_YELLOW, KEEP, A_NORMAL },
		  [GMT_ROLE_SPARK] = { COLOR_CYAN, KEEP, A_NORMAL },
		  [GMT_ROLE_TAB] = { KEEP, KEEP, A_DIM },
		  [GMT_ROLE_TAB_ON] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL },
	  } },
	{ "light",
	  {
		  [GMT_ROLE_TEXT] = { COLOR_BLACK, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_TITLE] = { COLOR_BLUE, COLOR_WHITE, A_BOLD },
		  [GMT_ROLE_DIM] = { COLOR_BLACK, COLOR_WHITE, A_DIM },
		  [GMT_ROLE_HEAD] = { COLOR_WHITE, COLOR_BLUE, A_NORMAL },
		  [GMT_ROLE_SORTED] = { COLOR_WHITE, COLOR_BLUE, A_BOLD | A_UNDERLINE },
		  [GMT_ROLE_CURSOR] = { COLOR_WHITE, COLOR_BLUE, A_NORMAL },
		  [GMT_ROLE_MARK] = { COLOR_MAGENTA, COLOR_WHITE, A_BOLD },
		  [GMT_ROLE_MATCH] = { COLOR_BLACK, COLOR_YELLOW, A_NORMAL },
		  [GMT_ROLE_ALARM] = { COLOR_WHITE, COLOR_RED, A_BOLD },
		  [GMT_ROLE_WARN] = { COLOR_RED, COLOR_WHITE, A_BOLD },
		  [GMT_ROLE_PRIVATE] = { COLOR_BLUE, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_SHARED] = { COLOR_RED, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_SPARK] = { COLOR_BLUE, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_TAB] = { COLOR_BLACK, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_TAB_ON] = { COLOR_WHITE, COLOR_BLUE, A_NORMAL },
	  } },
	{ "dark",
	  {
		  [GMT_ROLE_TEXT] = { COLOR_WHITE, COLOR_BLACK, A_NORMAL },
		  [GMT_ROLE_TITLE] = { COLOR_WHITE, COLOR_BLACK, A_BOLD },
		  [GMT_ROLE_DIM] = { COLOR_WHITE, COLOR_BLACK, A_DIM },
		  [GMT_ROLE_HEAD] = { COLOR_WHITE, COLOR_BLUE, A_NORMAL },
		  [GMT_ROLE_SORTED] = { COLOR_YELLOW, COLOR_BLUE, A_BOLD },
		  [GMT_ROLE_CURSOR] = { COLOR_BLACK, COLOR_WHITE, A_NORMAL },
		  [GMT_ROLE_MARK] = { COLOR_MAGENTA, COLOR_BLACK, A_BOLD },
		  [GMT_ROLE_MATCH] = { COLOR_BLACK, COLOR_YELLOW, A_NORMAL },
		  [GMT_ROLE_ALARM] = { COLOR_WHITE, COLOR_RED, A_BOLD },
		  [GMT_ROLE_WARN] = { COLOR_YELLOW, COLOR_BLACK, A_BOLD },
		  [GMT_ROLE_PRIVATE] = { COLOR_CYAN, COLOR_BLACK, A_NORMAL },
		  [GMT_ROLE_SHARED] = { COLOR_YELLOW, COLOR_BLACK, A_NORMAL },
		  [GMT_ROLE_SPARK] = { COLOR_GREEN, COLOR_BLACK, A_NORMAL },
		  [GMT_ROLE_TAB] = { COLOR_WHITE, COLOR_BLACK, A_NORMAL },
		  [GMT_ROLE_TAB_ON] = { COLOR_WHITE, COLOR_BLUE, A_BOLD },
	  } },
	/* No colour at all; also what a terminal without colours gets. */
	{ "mono",
	  {
		  [GMT_ROLE_TEXT] = { KEEP, KEEP, A_NORMAL },
		  [GMT_ROLE_TITLE] = { KEEP, KEEP, A_BOLD },
		  [GMT_ROLE_DIM] = { KEEP, KEEP, A_NORMAL },
		  [GMT_ROLE_HEAD] = { KEEP, KEEP, A_REVERSE },
		  [GMT_ROLE_SORTED] = { KEEP, KEEP, A_REVERSE | A_BOLD | A_UNDERLINE },
		  [GMT_ROLE_CURSOR] = { KEEP, KEEP, A_REVERSE },
		  [GMT_ROLE_MARK] = { KEEP, KEEP, A_BOLD },
		  [GMT_ROLE_MATCH] = { KEEP, KEEP, A_UNDERLINE },
		  [GMT_ROLE_ALARM] = { KEEP, KEEP, A_REVERSE | A_BOLD },
		  [GMT_ROLE_WARN] = { KEEP, KEEP, A_BOLD },
		  [GMT_ROLE_TAB_ON] = { KEEP, KEEP, A_REVERSE },
	  } },
};

#define THEMES (sizeof(themes) / sizeof(themes[0]))
#define MONO   (THEMES - 1)

static size_t used = MONO;

const char *gmt_theme_name(size_t theme)
{
	return theme < THEMES ? themes[theme].name : NULL;
}

size_t gmt_theme_find(const char *name)
{
	for (size_t i = 0; i < THEMES; i++)
		if (!strcasecmp(themes[i].name, name))
			return i;
	return 0;
}

void gmt_theme_use(size_t theme)
{
	used = has_colors() && theme < THEMES ? theme : MONO;
	for (int role = 0; used != MONO && role < GMT_ROLES; role++) {
		const struct style *style = &themes[used].styles[role];

		init_pair((short)(role + 1), style->fg, style->bg);
	}
	bkgdset(gmt_role_attr(GMT_ROLE_TEXT) | ' ');
}

unsigned long gmt_role_attr(enum gmt_role role)
{
	const struct style *style = &themes[used].styles[role];

	/* Pair 0 is what the terminal has by itself. */
	if (style->fg == KEEP && style->bg == KEEP)
		return style->attr;
	return style->attr | COLOR_PAIR(role + 1);
}

void gmt_role_use(enum gmt_role role)
{
	attrset(gmt_role_attr(role));
}

static const char *const units_names[GMT_UNITS_MAX] = { "iec", "si", "bytes" };

const char *gmt_units_name(enum gmt_units units)
{
	return units_names[units];
}

enum gmt_units gmt_units_find(const char *name)
{
	for (int i = 0; i < GMT_UNITS_MAX; i++)
		if (!strcasecmp(units_names[i], name))
			return i;
	return GMT_UNITS_IEC;
}

void gmt_look_bytes(char *text, size_t size, uint64_t bytes, const struct gmt_look *look)
{
	if (look->units == GMT_UNITS_IEC)
		gmt_format_bytes(text, size, bytes);
	else if (look->units == GMT_UNITS_SI)
		gmt_format_count(text, size, bytes);
	else
		snprintf(text, size, "%" PRIu64, bytes);
}

int gmt_look_bytes_width(const struct gmt_look *look)
{
	return look->units == GMT_UNITS_BYTES ? 14 : 5;
}

static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const levels[] = { ".", ":", "-", "=", "+", "*", "#", "@" };

double gmt_look_spark(char *text, size_t size, const struct gmt_look *look,
		      const struct gmt_history *history, const struct gmt_series *series,
		      enum gmt_history_rate rate, int width)
{
	double largest = -1, value;
	size_t out = 0;

	if (width > GMT_HISTORY_SLOTS)
		width = GMT_HISTORY_SLOTS;
	for (int i = 0; i < width; i++) {
		value = gmt_history_at(history, series, rate, (uint64_t)i);
		if (value > largest)
			largest = value;
	}
	for (int i = width; i-- > 0 && out + 4 < size;) {
		const char *glyph = " ";
		int level;

		value = gmt_history_at(history, series, rate, (uint64_t)i);
		if (value > 0) {
			/* What is there at all is seen: the lowest block from just above zero. */
			level = (int)(value * 8 / largest);
			level = level > 7 ? 7 : level;
			glyph = look->unicode ? blocks[level] : levels[level];
		} else if (value == 0) {
			glyph = look->unicode ? "·" : "_";
		}
		memcpy(text + out, glyph, strlen(glyph));
		out += strlen(glyph);
	}
	text[out] = '\0';
	return largest;
}

void gmt_look_bar(char *text, size_t size, const struct gmt_look *look, double part, double whole,
		  int width)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	double share = whole > 0 ? part / whole : 0;
	int filled = (int)(share * width * 8 + 0.5);
	size_t out = 0;

	/* As with sparklines: more than nothing is seen. */
	if (!filled && part > 0)
		filled = 1;
	if (filled > width * 8)
		filled = width * 8;
	if (!look->unicode)
		filled = (filled + 7) / 8 * 8;
	for (; filled >= 8 && out + 4 < size; filled -= 8) {
		const char *glyph = look->unicode ? "█" : "#";

		memcpy(text + out, glyph, strlen(glyph));
		out += strlen(glyph);
	}
	snprintf(text + out, size - out, "%s", eighths[filled > 0 ? filled : 0]);
}

const char *gmt_look_map(const struct gmt_look *look, enum gmt_map_cell cell, enum gmt_role *role)
{
	static const struct {
		const char *unicode;
		const char *ascii;
		enum gmt_role role;
	} cells[GMT_MAP_CELLS] = {
		[GMT_MAP_PRIVATE] = { "█", "P", GMT_ROLE_PRIVATE },
		[GMT_MAP_SHARED] = { "▒", "S", GMT_ROLE_SHARED },
		[GMT_MAP_MIXED] = { "▓", "X", GMT_ROLE_WARN },
		[GMT_MAP_PRIVATE_EMPTY] = { "·", ".", GMT_ROLE_PRIVATE },
		[GMT_MAP_SHARED_EMPTY] = { "-", "-", GMT_ROLE_SHARED },
		[GMT_MAP_UNKNOWN] = { "?", "?", GMT_ROLE_DIM },
	};

	if (role)
		*role = cells[cell].role;
	return look->unicode ? cells[cell].unicode : cells[cell].ascii;
}
