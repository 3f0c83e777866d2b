/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dashboard's settings, kept in the user's config directory: lines of KEY=VALUE. What cannot
 * be read or written is never a failure; a reason is told where there is somebody to tell.
 */
#ifndef GMT_VIEW_SETTINGS_H
#define GMT_VIEW_SETTINGS_H

#include "view/ui.h"

/* gmt_settings_load() - Read them, as far as they can be understood */
void gmt_settings_load(struct gmt_ui *ui);

/**
 * gmt_settings_save() - Write them, whole or not at all
 * @where: set to the file's path, or why it was not written
 *
 * Return: 0 or -errno
 */
int gmt_settings_save(const struct gmt_ui *ui, char *where, size_t size);

#endif /* GMT_VIEW_SETTINGS_H */
