/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dashboard's state that is the user's: which view, its table's settings, what is being typed,
 * and what is asked of the command. Keys change it, the command reads it, views draw by it.
 */
#ifndef GMT_VIEW_UI_H
#define GMT_VIEW_UI_H

#include "model/live.h"
#include "view/grid.h"
#include "view/look.h"

#define GMT_INTERVAL_MIN 0.1
#define GMT_INTERVAL_MAX 3600.0

enum gmt_view_id {
	GMT_VIEW_GMEMS,
	GMT_VIEW_PROCESSES,
	GMT_VIEW_VMS,
	GMT_VIEW_CGROUPS,
	GMT_VIEW_NODES,
	GMT_VIEW_LATENCY,
	GMT_VIEW_EVENTS,
	GMT_VIEW_POLICIES,
	GMT_VIEW_TABS,
	GMT_VIEW_DETAIL = GMT_VIEW_TABS,
	GMT_VIEWS,
};

enum gmt_mode {
	GMT_MODE_NORMAL,
	GMT_MODE_HELP,
	GMT_MODE_SEARCH,
	GMT_MODE_FILTER,
	GMT_MODE_COLUMNS,
	GMT_MODE_SORT,
};

/* enum gmt_act - What the command has to do; the strongest of several keys' counts */
enum gmt_act {
	GMT_ACT_NONE,	 /* time for the next refresh */
	GMT_ACT_DRAW,	 /* the picture changed */
	GMT_ACT_BUILD,	 /* the rows to be shown changed */
	GMT_ACT_REFRESH, /* the user wants fresh figures now */
	GMT_ACT_QUIT,
};

/* enum gmt_ask - What the user asks for that only the command can do */
enum gmt_ask {
	GMT_ASK_NOTHING,
	GMT_ASK_STEP,	/* ask_value snapshots on, or back */
	GMT_ASK_SEEK,	/* ask_value seconds on, or back */
	GMT_ASK_BEGIN,	/* to the recording's or the history's first snapshot */
	GMT_ASK_END,	/* to the last, or back to now */
	GMT_ASK_FASTER, /* by ask_value */
	GMT_ASK_STOP,	/* or go on */
	GMT_ASK_SAVE,	/* the settings */
};

/**
 * struct gmt_view - One view
 * @needs: GMT_NEED_BIT()s; @group: what the command sums up by before @build; else GMT_GROUP_KINDS
 * @type: of its table; NULL where it has none
 * @build: fill in the table's rows from the model
 * @draw: draw @lines lines from @y on; NULL: the table is all
 * @empty: what is said where there are no rows
 */
struct gmt_view {
	const char *name;
	const char *title;
	unsigned int needs;
	enum gmt_group_by group;
	const struct gmt_grid_type *type;
	void (*build)(struct gmt_ui *ui);
	void (*draw)(struct gmt_ui *ui, int y, int lines);
	const char *empty;
};

/**
 * struct gmt_scope - Only the gmems of one group are shown
 * @on: there is one; @title tells which
 */
struct gmt_scope {
	bool on;
	enum gmt_group_by by;
	struct gmt_group_key key;
	char path[512];
	char title[96];
};

/**
 * struct gmt_ui - The dashboard
 * @live: what is shown; never changed from here but for acknowledged denials
 * @gmems_select: orders and filters the table of gmems; by the command, so that batch does alike
 * @paused: no refresh until asked for
 * @readonly: nothing is attached, no settings are written
 * @typed: what is being typed; @typed_before: what to go back to when it is given up
 * @typed_error: why that is no filter
 * @menu: the line chosen in a menu
 * @scroll: lines scrolled past in help or detail
 * @note: said in the last line until the next key
 * @head_y, @rows_y, @rows, @tabs_y, @alarm_y: where things were drawn, for the mouse; below 0: not
 */
struct gmt_ui {
	struct gmt_live *live;
	enum gmt_view_id view;
	enum gmt_view_id back;
	enum gmt_mode mode;
	struct gmt_look look;
	struct gmt_grid grids[GMT_VIEWS];
	struct gmt_scope scope;
	double interval;
	bool paused;
	bool readonly;
	bool mouse;
	bool since_last;
	char typed[GMT_GRID_TEXT_MAX];
	char typed_before[GMT_GRID_TEXT_MAX];
	char typed_error[64];
	size_t cursor_before;
	int menu;
	size_t scroll;
	uint64_t detail_id;
	char note[128];
	enum gmt_ask ask;
	double ask_value;
	int head_y;
	int rows_y;
	int rows;
	int tabs_y;
	int alarm_y;
	int tab_x[GMT_VIEW_TABS + 1];
};

extern const struct gmt_view gmt_views[GMT_VIEWS];

static inline const struct gmt_view *gmt_ui_view(const struct gmt_ui *ui)
{
	return &gmt_views[ui->view];
}

static inline struct gmt_grid *gmt_ui_grid(struct gmt_ui *ui)
{
	return &ui->grids[ui->view];
}

void gmt_ui_init(struct gmt_ui *ui, struct gmt_live *live);
void gmt_ui_exit(struct gmt_ui *ui);

/* gmt_ui_needs() - Return: GMT_NEED_BIT()s of what the open view wants read */
unsigned int gmt_ui_needs(const struct gmt_ui *ui);

/* gmt_ui_build() - Fill in the open view's rows, after a refresh or a change */
void gmt_ui_build(struct gmt_ui *ui);

/* gmt_ui_draw() - Draw it all, and send what changed to the terminal */
void gmt_ui_draw(struct gmt_ui *ui);

/* gmt_ui_key() - What one key does */
enum gmt_act gmt_ui_key(struct gmt_ui *ui, bool is_function, unsigned int key);

/* gmt_ui_mouse() - What the mouse did that curses told of last */
enum gmt_act gmt_ui_mouse(struct gmt_ui *ui);

/* What keys, mouse and views share. */
enum gmt_act gmt_ui_open(struct gmt_ui *ui, enum gmt_view_id view);
enum gmt_act gmt_ui_enter(struct gmt_ui *ui);
enum gmt_act gmt_ui_leave(struct gmt_ui *ui);
enum gmt_act gmt_ui_move(struct gmt_ui *ui, long rows);
enum gmt_act gmt_ui_acknowledge(struct gmt_ui *ui);
enum gmt_act gmt_ui_collapse(struct gmt_ui *ui);

/* gmt_ui_help_draw() - The keys, and gmt_ui_menu_draw() the columns to choose or to sort by */
void gmt_ui_help_draw(struct gmt_ui *ui);
void gmt_ui_menu_draw(struct gmt_ui *ui);
enum gmt_act gmt_ui_menu_key(struct gmt_ui *ui, bool is_function, unsigned int key);
enum gmt_act gmt_ui_typed_key(struct gmt_ui *ui, bool is_function, unsigned int key);
enum gmt_act gmt_ui_type(struct gmt_ui *ui, enum gmt_mode mode);

/* gmt_ui_line() - One whole line, cut to the screen */
void gmt_ui_line(int y, const char *text, enum gmt_role role);

/* gmt_ui_filter() - Return: the filter of the gmems' table, for the command's selection */
const char *gmt_ui_gmems_filter(const struct gmt_ui *ui);

#endif /* GMT_VIEW_UI_H */
