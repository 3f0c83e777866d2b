/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses to sockets that listen. Called by export before it gives up its privileges. */
#ifndef GMT_HTTP_LISTEN_H
#define GMT_HTTP_LISTEN_H

#include <stdbool.h>

#include "error.h"

#define GMT_LISTEN_MAX	8
#define GMT_LISTEN_PORT "10463"

/**
 * gmt_listen() - Listen on an address
 * @text: HOST:PORT, [IPV6]:PORT, HOST, or :PORT for all addresses
 * @fds: those there are, @count of them; more are added
 * @outside: set where one of them is no loopback address
 *
 * A name is listened on by all its addresses of this host. Return: 0 or -errno with @error
 * filled in
 */
int gmt_listen(const char *text, int *fds, unsigned int *count, bool *outside,
	       struct gmt_error *error);

/* gmt_listen_address() - A socket's own address, as HOST:PORT */
void gmt_listen_address(int fd, char *text, unsigned int size);

#endif /* GMT_HTTP_LISTEN_H */
