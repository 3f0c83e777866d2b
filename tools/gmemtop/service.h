/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What verbs that run for long share: giving up privileges, and the service manager's side of
 * being a daemon, which is two environment variables and no library.
 */
#ifndef GMT_SERVICE_H
#define GMT_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/**
 * gmt_service_drop() - Give up capabilities for good, of this thread and those it makes
 * @keep: those to keep of what there is, a bit each
 * @user: root becomes this user, too, of no other groups; NULL: stays
 *
 * No capability comes back by running another program, either.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_service_drop(uint64_t keep, const char *user, struct gmt_error *error);

/* gmt_service_notify() - Tell the service manager, where it started us and asked for it */
void gmt_service_notify(const char *text);

/**
 * gmt_service_sockets() - Listening sockets that the service manager has opened for us
 * @fds: filled in, close-on-exec
 * @max: room in it
 *
 * Return: how many; 0 where we were not started so; -errno with @error filled in where one is
 * not a stream socket that listens
 */
int gmt_service_sockets(int *fds, unsigned int max, struct gmt_error *error);

#endif /* GMT_SERVICE_H */
