/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal: taken, waited at, and given back whatever ends the program. What is drawn on it
 * is the business of ui.h.
 */
#ifndef GMT_VIEW_TUI_H
#define GMT_VIEW_TUI_H

#include "error.h"
#include "view/ui.h"

/* gmt_tui_open() - Take the terminal. Return: 0 or -errno, with @error filled */
int gmt_tui_open(const struct gmt_ui *ui, struct gmt_error *error);

/* gmt_tui_close() - Give it back as it was */
void gmt_tui_close(void);

/* gmt_tui_signal() - Return: the signal that ended the last wait with GMT_ACT_QUIT, or 0 */
int gmt_tui_signal(void);

/* gmt_tui_wait() - Wait for a key, at most @timeout_ms (below 0: without end) */
enum gmt_act gmt_tui_wait(struct gmt_ui *ui, int timeout_ms);

/* gmt_tui_unicode() - Return: whether the locale has more than ASCII */
bool gmt_tui_unicode(void);

#endif /* GMT_VIEW_TUI_H */
