/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the dashboard looks: colour themes, the characters it draws with, units. Views name
 * roles, never colours.
 */
#ifndef GMT_VIEW_LOOK_H
#define GMT_VIEW_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/history.h"

enum gmt_role {
	GMT_ROLE_TEXT,
	GMT_ROLE_TITLE,
	GMT_ROLE_DIM,
	GMT_ROLE_HEAD,
	GMT_ROLE_SORTED,
	GMT_ROLE_CURSOR,
	GMT_ROLE_MARK,
	GMT_ROLE_MATCH,
	GMT_ROLE_ALARM,
	GMT_ROLE_WARN,
	GMT_ROLE_PRIVATE,
	GMT_ROLE_SHARED,
	GMT_ROLE_SPARK,
	GMT_ROLE_TAB,
	GMT_ROLE_TAB_ON,
	GMT_ROLES,
};

enum gmt_units {
	GMT_UNITS_IEC,	 /* 1.5M is 1.5 * 1024 * 1024 */
	GMT_UNITS_SI,	 /* 1.5M is 1,500,000 */
	GMT_UNITS_BYTES, /* every digit */
	GMT_UNITS_MAX,
};

/**
 * struct gmt_look - What the user has set
 * @theme: index into the themes
 * @unicode: else ASCII only
 * @units: of bytes
 */
struct gmt_look {
	size_t theme;
	bool unicode;
	enum gmt_units units;
};

/* gmt_theme_name() - Return: the name of a theme, NULL beyond the last */
const char *gmt_theme_name(size_t theme);

/* gmt_theme_find() - Return: its index, or that of the one with colours by default */
size_t gmt_theme_find(const char *name);

/* gmt_theme_use() - Make a theme the one that gmt_role_use() draws with */
void gmt_theme_use(size_t theme);

/* gmt_role_use() - Draw what follows in a role; gmt_role_attr() is its attributes */
void gmt_role_use(enum gmt_role role);
unsigned long gmt_role_attr(enum gmt_role role);

const char *gmt_units_name(enum gmt_units units);
enum gmt_units gmt_units_find(const char *name);

/* gmt_look_bytes() - A size in the user's units; needs gmt_look_bytes_width() columns */
void gmt_look_bytes(char *text, size_t size, uint64_t bytes, const struct gmt_look *look);
int gmt_look_bytes_width(const struct gmt_look *look);

/**
 * gmt_look_spark() - The last rates as a sparkline of @width columns, the newest at the right
 * @series: may be NULL
 *
 * Return: the largest of the rates shown, below 0 where none is known
 */
double gmt_look_spark(char *text, size_t size, const struct gmt_look *look,
		      const struct gmt_history *history, const struct gmt_series *series,
		      enum gmt_history_rate rate, int width);

/* gmt_look_bar() - A bar of @part by @whole in @width columns, blank beyond it */
void gmt_look_bar(char *text, size_t size, const struct gmt_look *look, double part, double whole,
		  int width);

/* What a cell of the map of a gmem's ranges is. */
enum gmt_map_cell {
	GMT_MAP_PRIVATE,
	GMT_MAP_SHARED,
	GMT_MAP_MIXED,
	GMT_MAP_PRIVATE_EMPTY,
	GMT_MAP_SHARED_EMPTY,
	GMT_MAP_UNKNOWN,
	GMT_MAP_CELLS,
};

/* gmt_look_map() - Return: the character of a cell of a map; its role too, which may be NULL */
const char *gmt_look_map(const struct gmt_look *look, enum gmt_map_cell cell, enum gmt_role *role);

#endif /* GMT_VIEW_LOOK_H */
