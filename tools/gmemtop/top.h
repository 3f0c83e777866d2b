/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dashboard's commands: options and batch mode in cmd_top.c, the loop on a terminal in
 * top_live.c, what is read for the open view in top_poll.c, the past in top_past.c.
 */
#ifndef GMT_TOP_H
#define GMT_TOP_H

#include "cmd.h"
#include "model/live.h"
#include "model/past.h"
#include "view/ui.h"

/**
 * struct gmt_top - One run
 * @history_s: seconds of past to keep; 0: none
 * @attached: GMT_NEED_BIT()s of what listens in the kernel now, for @attached_id (0: all gmems)
 * @wanted: what the open view wants to listen, attached or refused
 * @polled: events taken in the poll under way
 * @past: what was, if it is kept; @present: the table as it is now, while the past is shown
 * @due: when the next refresh is, CLOCK_MONOTONIC seconds; @refreshed when the last one was
 */
struct gmt_top {
	bool batch;
	bool json;
	uint64_t refreshes;
	enum gmt_column sort;
	bool descending;
	char filter[GMT_FILTER_TEXT_MAX];
	bool sort_given;
	bool reverse_given;
	bool interval_given;
	double interval;
	const char *view;
	const char *theme;
	bool ascii;
	bool readonly;
	bool no_mouse;
	double history_s;
	struct gmt_source *source;
	struct gmt_live live;
	struct gmt_ui ui;
	unsigned int attached;
	unsigned int wanted;
	size_t polled;
	uint64_t attached_id;
	double due;
	double refreshed;
	struct gmt_past past;
	struct gmt_table present;
};

/* gmt_top_select() - Filter, order and total the gmems for the open view. Return: 0 or -errno */
int gmt_top_select(struct gmt_top *top, struct gmt_error *error);

/* gmt_top_live() - The dashboard on a terminal, until the user ends it */
int gmt_top_live(struct gmt_top *top, struct gmt_error *error);

/* gmt_top_refresh() - Read all gmems, and what the open view needs. Return: 0 or -errno */
int gmt_top_refresh(struct gmt_top *top, bool leapt, struct gmt_error *error);

/* gmt_top_read() - Only what the open view needs, as of the last refresh. Return: 0 or -errno */
int gmt_top_read(struct gmt_top *top, struct gmt_error *error);

/* gmt_top_arrive() - Read a recording where it stands, with the rates up to there */
int gmt_top_arrive(struct gmt_top *top, struct gmt_error *error);

/* gmt_top_attach() - Listen to what the open view needs, and to nothing else */
void gmt_top_attach(struct gmt_top *top);
void gmt_top_detach(struct gmt_top *top);

/* gmt_top_poll() - Take the events that have come. Return: how many */
size_t gmt_top_poll(struct gmt_top *top);

/* gmt_top_refresh_behind() - Read all gmems while the past is shown. Return: 0 or -errno */
int gmt_top_refresh_behind(struct gmt_top *top, struct gmt_error *error);

/* gmt_top_keep() - After a refresh: keep it, where the past is. Return: 0 or -ENOMEM */
int gmt_top_keep(struct gmt_top *top);

/* gmt_top_ask() - What the user wants of a recording or the past. Return: 0 or -errno */
int gmt_top_ask(struct gmt_top *top, struct gmt_error *error);

#endif /* GMT_TOP_H */
