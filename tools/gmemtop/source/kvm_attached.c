// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel may take a program for a function's entry or exit, and never run it: ftrace, by
 * which it is called, then does not name the function. Read once, after attaching.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/kvm_attached.h"

static const char *const paths[] = {
	"/sys/kernel/tracing/enabled_functions",
	"/sys/kernel/debug/tracing/enabled_functions",
};

static FILE *open_list(const char *path)
{
	FILE *file = fopen(path ? path : paths[0], "re");

	return file || path ? file : fopen(paths[1], "re");
}

/*
 * "function [module] (1) R I D M <tab>more": D is a direct call, which a trampoline is; other
 * tracers come by another way. What follows on lines of its own begins with a tab.
 */
static void check_line(struct gmt_attached *list, size_t count, char *line)
{
	size_t length = strcspn(line, " \t\n");
	char *flags = strchr(line, ')');

	if (!length || !flags)
		return;
	flags[strcspn(flags, "\t\n")] = '\0';
	if (!strstr(flags, " D"))
		return;
	for (size_t i = 0; i < count; i++)
		if (!strncmp(list[i].function, line, length) && !list[i].function[length])
			list[i].runs = true;
}

int gmt_attached_check(struct gmt_attached *list, size_t count, const char *path)
{
	FILE *file = open_list(path);
	size_t size = 0;
	char *line = NULL;
	int err = 0;

	if (!file)
		return -errno;
	for (size_t i = 0; i < count; i++)
		list[i].runs = false;
	errno = 0;
	while (getline(&line, &size, file) >= 0)
		check_line(list, count, line);
	if (ferror(file))
		err = errno ? -errno : -EIO;
	free(line);
	fclose(file);
	return err;
}
