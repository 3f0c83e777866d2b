/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exit codes, and how a failure travels: the place that knows it writes one line saying
 * what failed and what to do, returns -errno, and main prints it once.
 */
#ifndef GMT_ERROR_H
#define GMT_ERROR_H

#include <stdarg.h>
#include <stdio.h>

/* enum gmt_exit - Exit codes, documented in gmemtop(1). */
enum gmt_exit {
	GMT_EXIT_OK = 0,
	GMT_EXIT_FAILURE = 1,	/* something failed while running */
	GMT_EXIT_USAGE = 2,	/* the command line is wrong */
	GMT_EXIT_MODULE = 3,	/* gmem.ko is not loaded, or is not one this tool fits */
	GMT_EXIT_BTF = 4,	/* the kernel or gmem.ko has no type information */
	GMT_EXIT_PRIVILEGE = 5, /* a capability is missing, or lockdown forbids it */
	GMT_EXIT_KERNEL = 6,	/* this kernel is not supported */
	GMT_EXIT_NO_SUCH = 7,	/* there is no such gmem or policy */
	GMT_EXIT_POLICY = 8, /* a file of policies is malformed, or does not fit what is attached */
	GMT_EXIT_LOST = 9,   /* an audit lost records; a recording lacks what was tried on it */
};

/**
 * struct gmt_error - The one failure that a command reports
 * @exit_code: enum gmt_exit
 * @text: what failed and how to mend it, one line
 */
struct gmt_error {
	int exit_code;
	char text[512];
};

/**
 * gmt_fail() - Describe a failure
 * @error: filled in
 * @exit_code: enum gmt_exit
 * @err: -errno to hand on
 * @fmt: printf format of one line, without a newline
 *
 * Return: @err
 */
__attribute__((format(printf, 4, 5))) static inline int
gmt_fail(struct gmt_error *error, int exit_code, int err, const char *fmt, ...)
{
	va_list ap;

	error->exit_code = exit_code;
	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return err;
}

#endif /* GMT_ERROR_H */
