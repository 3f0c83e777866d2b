/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The web config file: TLS, client certificates, users and headers, in the format that Prometheus's
 * exporters share (exporter-toolkit). docs/metrics.md tells what of it is understood; all else
 * is refused. Read by export, used by the server.
 */
#ifndef GMT_HTTP_WEBCONFIG_H
#define GMT_HTTP_WEBCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define GMT_WEB_USERS	 64
#define GMT_WEB_HEADERS	 5
#define GMT_WEB_NAME_MAX 128
/* What a bcrypt hash takes, terminated. */
#define GMT_WEB_HASH_MAX 64

enum gmt_web_clients {
	GMT_WEB_CLIENTS_ANY,	/* no certificate is asked for */
	GMT_WEB_CLIENTS_GIVEN,	/* one that is given must be good */
	GMT_WEB_CLIENTS_VERIFY, /* a good one must be given */
};

struct gmt_web_user {
	char name[GMT_WEB_NAME_MAX];
	char hash[GMT_WEB_HASH_MAX];
};

struct gmt_web_header {
	const char *name;
	char value[512];
};

/**
 * struct gmt_web_config - All zero: plain HTTP for everybody
 * @cert: PEM; owned, and so are @key and @ca. NULL without TLS
 * @priorities: GnuTLS's words for the versions
 */
struct gmt_web_config {
	char *cert;
	char *key;
	char *ca;
	enum gmt_web_clients clients;
	char priorities[128];
	struct gmt_web_user users[GMT_WEB_USERS];
	size_t user_count;
	struct gmt_web_header headers[GMT_WEB_HEADERS];
	size_t header_count;
};

/**
 * gmt_web_load() - Read and check a web config file, and the files it names
 *
 * Files named in it are relative to its directory. Return: 0 or -errno with @error filled in
 */
int gmt_web_load(struct gmt_web_config *config, const char *path, struct gmt_error *error);

/* gmt_web_exit() - Free it, and wipe what is secret */
void gmt_web_exit(struct gmt_web_config *config);

#endif /* GMT_HTTP_WEBCONFIG_H */
