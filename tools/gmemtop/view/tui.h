/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live table on a terminal. The command owns the loop: it refreshes the model, has
 * it drawn, and waits here for a key or the next refresh.
 */
#ifndef GMT_VIEW_TUI_H
#define GMT_VIEW_TUI_H

#include <stdbool.h>

#include "error.h"
#include "model/table.h"

#define GMT_INTERVAL_MIN 0.1
#define GMT_INTERVAL_MAX 3600.0

/**
 * struct gmt_screen - What the user has set; the command reads it, keys change it
 * @sort: column the rows are ordered by
 * @descending: largest first
 * @interval: seconds between refreshes
 * @filter: text of the filter in force
 * @filter_error: why that text is no filter, "" when it is one; set by the command
 * @typing: the filter is being typed
 * @before_typing: the filter to go back to when typing is given up
 * @help: the keys are shown instead of the table
 * @paused: no refresh until asked for
 * @top: rows scrolled past
 */
struct gmt_screen {
	enum gmt_column sort;
	bool descending;
	double interval;
	char filter[GMT_FILTER_TEXT_MAX];
	char filter_error[64];
	bool typing;
	char before_typing[GMT_FILTER_TEXT_MAX];
	bool help;
	bool paused;
	size_t top;
};

/* enum gmt_tui_action - What the command has to do after a wait */
enum gmt_tui_action {
	GMT_TUI_TIMEOUT,  /* time for the next refresh */
	GMT_TUI_REDRAW,	  /* the picture changed */
	GMT_TUI_RESELECT, /* the filter or the order changed */
	GMT_TUI_REFRESH,  /* the user wants fresh figures now */
	GMT_TUI_QUIT,
};

/* gmt_tui_open() - Take the terminal. Return: 0 or -errno, with @error filled */
int gmt_tui_open(struct gmt_error *error);

/* gmt_tui_close() - Give it back as it was */
void gmt_tui_close(void);

/* gmt_tui_signal() - Return: the signal that ended the last wait with GMT_TUI_QUIT, or 0 */
int gmt_tui_signal(void);

/* gmt_tui_draw() - Draw the selection */
void gmt_tui_draw(const struct gmt_table *table, struct gmt_screen *screen);

/* gmt_tui_wait() - Wait for a key, at most @timeout_ms (below 0: without end) */
enum gmt_tui_action gmt_tui_wait(struct gmt_screen *screen, int timeout_ms);

/* gmt_tui_key() - What one key does; exported to tui.c by tui_keys.c */
enum gmt_tui_action gmt_tui_key(struct gmt_screen *screen, bool is_function, unsigned int key);

#endif /* GMT_VIEW_TUI_H */
