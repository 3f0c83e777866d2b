/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Basic authentication. A bcrypt hash takes a tenth of a second of CPU, so it is computed by a
 * thread of its own, one at a time, and its outcome is remembered: a scrape does not pay for it,
 * and who guesses holds up nobody whose password is known to be right.
 */
#ifndef GMT_HTTP_AUTH_H
#define GMT_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "http/webconfig.h"

struct gmt_auth;

enum gmt_auth_verdict {
	GMT_AUTH_YES,
	GMT_AUTH_NO,
	GMT_AUTH_WAIT, /* gmt_auth_collect() will tell */
	GMT_AUTH_BUSY, /* too many wait */
};

/* gmt_auth_new() - @config must outlive it. Return: NULL with errno set */
struct gmt_auth *gmt_auth_new(const struct gmt_web_config *config);

/**
 * gmt_auth_check() - Is this the password of this user?
 * @name: a string
 * @password: @length bytes
 * @cookie: given to gmt_auth_collect()'s @fn where the answer is GMT_AUTH_WAIT
 */
enum gmt_auth_verdict gmt_auth_check(struct gmt_auth *auth, const char *name, const char *password,
				     size_t length, void *cookie);

/* gmt_auth_fd() - Return: readable when there is something to collect */
int gmt_auth_fd(const struct gmt_auth *auth);

/* gmt_auth_collect() - Tell @fn of those whose wait has ended */
void gmt_auth_collect(struct gmt_auth *auth, void (*fn)(void *cookie, bool right));

/* gmt_auth_free() - End it; whoever waits is told no first. NULL will do */
void gmt_auth_free(struct gmt_auth *auth, void (*fn)(void *cookie, bool right));

#endif /* GMT_HTTP_AUTH_H */
