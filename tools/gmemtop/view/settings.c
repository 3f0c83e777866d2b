// SPDX-License-Identifier: GPL-2.0-only
/* Settings from and to $XDG_CONFIG_HOME/gmemtop/settings, by default ~/.config. Called by the command. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view/settings.h"

#define LINES_MAX 256

/* The directory, made where @make; false where there is none to be. */
static bool directory(char *path, size_t size, bool make)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int length;

	/* As the XDG base directories have it, a relative path counts as none. */
	if (config && config[0] == '/')
		length = snprintf(path, size, "%s", config);
	else if (home && home[0] == '/')
		length = snprintf(path, size, "%s/.config", home);
	else
		return false;
	if (length < 0 || (size_t)length + sizeof("/gmemtop/settings.XXXXXX") >= size)
		return false;
	if (make)
		mkdir(path, 0700);
	strcat(path, "/gmemtop");
	if (make)
		mkdir(path, 0700);
	return true;
}

static void set_columns(struct gmt_grid *grid, char *list)
{
	uint32_t hidden = ~0U;
	char *name, *save = NULL;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int column = gmt_grid_find_column(grid->type, name);

		if (column >= 0)
			hidden &= ~(1U << column);
	}
	/* None at all is no table. */
	if (hidden != ~0U)
		grid->hidden = hidden;
}

static void set_grid(struct gmt_grid *grid, const char *key, char *value)
{
	if (!strcmp(key, "sort")) {
		bool descending = value[0] == '-';
		int column = gmt_grid_find_column(grid->type, value + descending);

		if (column < 0)
			return;
		grid->sort = column;
		grid->descending = descending;
	} else if (!strcmp(key, "columns")) {
		set_columns(grid, value);
	}
}

static void set(struct gmt_ui *ui, char *key, char *value)
{
	char *dot = strchr(key, '.'), *end;
	double number;

	if (!strcmp(key, "theme")) {
		ui->look.theme = gmt_theme_find(value);
	} else if (!strcmp(key, "unicode")) {
		/* It may be given up by a setting, not claimed against the locale. */
		ui->look.unicode = ui->look.unicode && strcmp(value, "no");
	} else if (!strcmp(key, "units")) {
		ui->look.units = gmt_units_find(value);
	} else if (!strcmp(key, "mouse")) {
		ui->mouse = strcmp(value, "no");
	} else if (!strcmp(key, "interval")) {
		number = strtod(value, &end);
		if (!*end && number >= GMT_INTERVAL_MIN && number <= GMT_INTERVAL_MAX)
			ui->interval = number;
	}
	for (int i = 0; i < GMT_VIEW_TABS; i++) {
		/* What listens is opened by its user, never by itself. */
		if (!strcmp(key, "view") && !strcmp(value, gmt_views[i].name) &&
		    !(gmt_views[i].needs & (GMT_NEED_BIT(LATENCY) | GMT_NEED_BIT(EVENTS))))
			ui->view = i;
		if (dot && !strncmp(key, gmt_views[i].name, (size_t)(dot - key)) &&
		    strlen(gmt_views[i].name) == (size_t)(dot - key))
			set_grid(&ui->grids[i], dot + 1, value);
	}
}

void gmt_settings_load(struct gmt_ui *ui)
{
	char path[4096], line[1024], *equals;
	FILE *in;

	if (!directory(path, sizeof(path), false))
		return;
	strcat(path, "/settings");
	in = fopen(path, "re");
	for (int i = 0; in && i < LINES_MAX && fgets(line, sizeof(line), in); i++) {
		line[strcspn(line, "\n")] = '\0';
		equals = strchr(line, '=');
		if (line[0] == '#' || !equals)
			continue;
		*equals = '\0';
		set(ui, line, equals + 1);
	}
	if (in)
		fclose(in);
}

static void write_settings(FILE *out, const struct gmt_ui *ui)
{
	fprintf(out,
		"# Written by gmemtop; see gmemtop(1).\n"
		"view=%s\ntheme=%s\nunicode=%s\nunits=%s\nmouse=%s\ninterval=%.3g\n",
		gmt_views[ui->view < GMT_VIEW_TABS ? ui->view : ui->back].name,
		gmt_theme_name(ui->look.theme), ui->look.unicode ? "yes" : "no",
		gmt_units_name(ui->look.units), ui->mouse ? "yes" : "no", ui->interval);
	for (int i = 0; i < GMT_VIEW_TABS; i++) {
		const struct gmt_grid *grid = &ui->grids[i];
		const char *comma = "";

		fprintf(out, "%s.sort=%s%s\n%s.columns=", gmt_views[i].name,
			grid->descending ? "-" : "", grid->type->columns[grid->sort].name,
			gmt_views[i].name);
		for (int column = 0; column < grid->type->count; column++) {
			if (!gmt_grid_shows(grid, column))
				continue;
			fprintf(out, "%s%s", comma, grid->type->columns[column].name);
			comma = ",";
		}
		fputc('\n', out);
	}
}

int gmt_settings_save(const struct gmt_ui *ui, char *where, size_t size)
{
	char path[4096], temporary[4096 + 32];
	FILE *out = NULL;
	int fd, err = 0;

	if (!directory(path, sizeof(path), true)) {
		snprintf(where, size, "settings are not kept: neither XDG_CONFIG_HOME nor HOME");
		return -ENOENT;
	}
	snprintf(temporary, sizeof(temporary), "%s/settings.XXXXXX", path);
	strcat(path, "/settings");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		snprintf(where, size, "settings are not kept: %s: %s", path, strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	write_settings(out, ui);
	if (fflush(out) || ferror(out) || fsync(fd))
		err = errno ? -errno : -EIO;
	fclose(out);
	/* Whoever reads it meanwhile sees the old ones or the new ones. */
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		snprintf(where, size, "settings are not kept: %s: %s", path, strerror(-err));
	} else {
		snprintf(where, size, "settings: %s", path);
	}
	return err;
}
