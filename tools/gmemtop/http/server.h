/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exporter's server: /metrics and a landing page, over libmicrohttpd, in the caller's thread.
 * Whoever is at the other end is not trusted: connections, their time, and the pages under way
 * are limited.
 */
#ifndef GMT_HTTP_SERVER_H
#define GMT_HTTP_SERVER_H

#include <signal.h>
#include <stdbool.h>

#include "error.h"
#include "model/self.h"
#include "view/page.h"

struct gmt_server;

/**
 * struct gmt_server_options - What it serves
 * @fds: sockets that listen, @fd_count of them; closed with the server
 * @web_config: path; NULL for plain HTTP for everybody
 * @timeout_s: how long a connection may be silent; a request may take twice as long in all
 * @page: writes the page of one scrape; answers 0, or -errno: then nothing of it is sent
 */
struct gmt_server_options {
	const int *fds;
	unsigned int fd_count;
	const char *web_config;
	unsigned int timeout_s;
	int (*page)(void *ctx, bool openmetrics, struct gmt_page *page);
	void *ctx;
};

/**
 * gmt_server_open() - Read the web config file, with the files that it names
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_server_open(struct gmt_server **server, const struct gmt_server_options *options,
		    struct gmt_error *error);

/**
 * gmt_server_start() - Serve
 *
 * May make a thread: give up privileges before. Return: 0 or -errno with @error filled in
 */
int gmt_server_start(struct gmt_server *server, struct gmt_error *error);

/**
 * gmt_server_poll() - Wait for something to do and do it
 * @timeout_ms: how long at most
 * @mask: signals that are blocked meanwhile
 *
 * Return: 0, also where a signal has ended the wait, or -errno with @error filled in
 */
int gmt_server_poll(struct gmt_server *server, int timeout_ms, const sigset_t *mask,
		    struct gmt_error *error);

/**
 * gmt_server_reload() - Read the web config file anew, with the files that it names
 *
 * Connections are closed, but not the sockets that listen. On failure all stays as it was.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_server_reload(struct gmt_server *server, struct gmt_error *error);

/* gmt_server_tell() - Fill in the answers and the connections */
void gmt_server_tell(const struct gmt_server *server, struct gmt_self *self);

/* gmt_server_has_tls(), gmt_server_has_users() - As the web config file says */
bool gmt_server_has_tls(const struct gmt_server *server);
bool gmt_server_has_users(const struct gmt_server *server);

void gmt_server_stop(struct gmt_server *server);

#endif /* GMT_HTTP_SERVER_H */
