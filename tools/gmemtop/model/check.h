/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One finding about this system, made by the source's probe; doctor prints all of them,
 * every other command stops at the first that is missing.
 */
#ifndef GMT_MODEL_CHECK_H
#define GMT_MODEL_CHECK_H

enum gmt_check_status {
	GMT_CHECK_OK,
	GMT_CHECK_NOTE,	   /* worth knowing; gmemtop works all the same */
	GMT_CHECK_MISSING, /* gmemtop cannot work */
};

/**
 * struct gmt_check - A finding
 * @name: what was looked at, a word or two
 * @status: the verdict
 * @exit_code: enum gmt_exit, when missing
 * @detail: what was found
 * @advice: what to do about it; empty when nothing
 */
struct gmt_check {
	const char *name;
	enum gmt_check_status status;
	int exit_code;
	char detail[256];
	char advice[256];
};

#define GMT_CHECKS_MAX 16

#endif /* GMT_MODEL_CHECK_H */
