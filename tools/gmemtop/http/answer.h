/* SPDX-License-Identifier: GPL-2.0-only */
/* One request and its answer; server.c has the connections. Private to http/. */
#ifndef GMT_HTTP_ANSWER_H
#define GMT_HTTP_ANSWER_H

#include <microhttpd.h>
#include <stdint.h>
#include <time.h>

#include "http/auth.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/webconfig.h"

/* Pages that may be on their way at once: each is held in memory until its reader has it. */
#define GMT_SERVER_PAGES 8

/**
 * struct gmt_client - One connection
 * @since_ms: when its last request ended, or when it began
 * @verified: its certificate is good
 */
struct gmt_client {
	struct gmt_client *next, *prev;
	int fd;
	int64_t since_ms;
	bool verified;
};

/**
 * struct gmt_server - The server; one thread's, but for @auth's own
 * @web: owned
 * @auth: NULL without users
 * @clients: connections, the newest first
 * @pages: on their way
 */
struct gmt_server {
	struct gmt_server_options options;
	int fds[GMT_LISTEN_MAX];
	struct MHD_Daemon *daemon;
	struct gmt_web_config *web;
	struct gmt_auth *auth;
	struct gmt_client *clients;
	unsigned int client_count;
	unsigned int pages;
	uint64_t answers[GMT_ANSWER_MAX];
};

/* libmicrohttpd's callbacks: a request, its end; and a password's end, for gmt_auth_collect(). */
enum MHD_Result gmt_answer(void *server, struct MHD_Connection *connection, const char *url,
			   const char *method, const char *version, const char *upload,
			   size_t *upload_size, void **request);
void gmt_answer_end(void *server, struct MHD_Connection *connection, void **request,
		    enum MHD_RequestTerminationCode code);
void gmt_answer_checked(void *request, bool right);

int64_t gmt_server_now_ms(void);

#endif /* GMT_HTTP_ANSWER_H */
