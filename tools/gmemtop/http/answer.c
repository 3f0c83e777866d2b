// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: who may ask, what for, and the answer. Everything is refused that is not GET or HEAD
 * of the two pages, has no body, and comes from somebody who may.
 */
#include <stdlib.h>
#include <string.h>

#include "http/accept.h"
#include "http/answer.h"
#include "http/library.h"

enum state {
	STATE_NEW,
	STATE_WAITING, /* for its password to be checked */
	STATE_RIGHT,
	STATE_WRONG,
};

/**
 * struct request - One request
 * @connection: suspended while it waits
 */
struct request {
	struct MHD_Connection *connection;
	enum state state;
};

static const struct {
	unsigned int code;
	const char *text;
} answers[GMT_ANSWER_MAX] = {
	[GMT_ANSWER_OK] = { MHD_HTTP_OK, "" },
	[GMT_ANSWER_BAD] = { MHD_HTTP_BAD_REQUEST, "a request has no body here\n" },
	[GMT_ANSWER_UNAUTHORIZED] = { MHD_HTTP_UNAUTHORIZED, "Unauthorized\n" },
	[GMT_ANSWER_FORBIDDEN] = { MHD_HTTP_FORBIDDEN, "a good client certificate is wanted\n" },
	[GMT_ANSWER_NOT_FOUND] = { MHD_HTTP_NOT_FOUND, "there is / and /metrics\n" },
	[GMT_ANSWER_METHOD] = { MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD is wanted\n" },
	[GMT_ANSWER_FAILED] = { MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n" },
	[GMT_ANSWER_BUSY] = { MHD_HTTP_SERVICE_UNAVAILABLE, "too many at once: try again\n" },
};

static const char landing[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>gmemtop export"
	"</title></head>\n<body><h1>gmemtop export</h1>\n<p>Guarded memory of this host, for "
	"Prometheus.</p>\n<p><a href=\"/metrics\">Metrics</a></p>\n<p>gmemtop " GMT_VERSION
	"</p></body></html>\n";

static enum MHD_Result send_response(struct gmt_server *server, struct MHD_Connection *connection,
				     enum gmt_answer answer, struct MHD_Response *response,
				     const char *type)
{
	const struct gmt_web_config *web = server->web;
	enum MHD_Result result;
	bool nosniff = true;

	if (!response)
		return MHD_NO;
	gmt_library.MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	gmt_library.MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	for (size_t i = 0; i < web->header_count; i++) {
		gmt_library.MHD_add_response_header(response, web->headers[i].name,
						    web->headers[i].value);
		nosniff &= strcmp(web->headers[i].name, "X-Content-Type-Options") != 0;
	}
	if (nosniff)
		gmt_library.MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (answer == GMT_ANSWER_METHOD)
		gmt_library.MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (answer == GMT_ANSWER_BUSY)
		gmt_library.MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (answer == GMT_ANSWER_UNAUTHORIZED)
		result = gmt_library.MHD_queue_basic_auth_required_response3(connection, "gmemtop",
									     MHD_YES, response);
	else
		result = gmt_library.MHD_queue_response(connection, answers[answer].code, response);
	gmt_library.MHD_destroy_response(response);
	server->answers[answer]++;
	return result;
}

static enum MHD_Result send_text(struct gmt_server *server, struct MHD_Connection *connection,
				 enum gmt_answer answer)
{
	const char *text = answers[answer].text;

	return send_response(server, connection, answer,
			     gmt_library.MHD_create_response_from_buffer_static(strlen(text), text),
			     "text/plain; charset=utf-8");
}

/* A page that its reader has, or has given up. */
struct sent {
	struct gmt_server *server;
	struct gmt_page page;
};

static void free_sent(void *cls)
{
	struct sent *sent = cls;

	sent->server->pages--;
	gmt_page_exit(&sent->page);
	free(sent);
}

static enum MHD_Result send_metrics(struct gmt_server *server, struct MHD_Connection *connection)
{
	bool openmetrics = gmt_accept_openmetrics(gmt_library.MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	struct MHD_Response *response;
	struct sent *sent;

	if (server->pages >= GMT_SERVER_PAGES)
		return send_text(server, connection, GMT_ANSWER_BUSY);
	sent = calloc(1, sizeof(*sent));
	if (!sent)
		return send_text(server, connection, GMT_ANSWER_FAILED);
	sent->server = server;
	server->pages++;
	if (server->options.page(server->options.ctx, openmetrics, &sent->page)) {
		free_sent(sent);
		return send_text(server, connection, GMT_ANSWER_FAILED);
	}
	response = gmt_library.MHD_create_response_from_buffer_with_free_callback_cls(
		sent->page.length, sent->page.data, free_sent, sent);
	if (!response)
		free_sent(sent);
	return send_response(server, connection, GMT_ANSWER_OK, response,
			     openmetrics ? GMT_TYPE_OPENMETRICS : GMT_TYPE_TEXT);
}

static enum MHD_Result send_landing(struct gmt_server *server, struct MHD_Connection *connection)
{
	return send_response(server, connection, GMT_ANSWER_OK,
			     gmt_library.MHD_create_response_from_buffer_static(sizeof(landing) - 1,
										landing),
			     "text/html; charset=utf-8");
}

/* A certificate is asked for in the handshake; what it is worth is found out here. */
static bool client_is_good(struct gmt_server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	struct gmt_client *client;
	unsigned int status = 0;
	gnutls_session_t session;

	if (server->web->clients == GMT_WEB_CLIENTS_ANY)
		return true;
	info = gmt_library.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	client = info ? info->socket_context : NULL;
	if (client && client->verified)
		return true;
	info = gmt_library.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!info || !info->tls_session)
		return false;
	session = info->tls_session;
	if (!gmt_library.gnutls_certificate_get_peers(session, NULL))
		return server->web->clients == GMT_WEB_CLIENTS_GIVEN;
	if (gmt_library.gnutls_certificate_verify_peers3(session, NULL, &status) < 0 || status)
		return false;
	if (client)
		client->verified = true;
	return true;
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = gmt_library.MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0")) ||
	       gmt_library.MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

/* What there is against an answer; GMT_ANSWER_OK for nothing. */
static enum gmt_answer check_user(struct gmt_server *server, struct MHD_Connection *connection,
				  struct request *request)
{
	enum gmt_auth_verdict verdict = GMT_AUTH_NO;
	struct MHD_BasicAuthInfo *info;

	if (!server->auth || request->state == STATE_RIGHT)
		return GMT_ANSWER_OK;
	if (request->state == STATE_WRONG)
		return GMT_ANSWER_UNAUTHORIZED;
	info = gmt_library.MHD_basic_auth_get_username_password3(connection);
	if (info && info->password && strlen(info->username) == info->username_len) {
		/* Before it is handed to another thread, which may be done at once. */
		request->state = STATE_WAITING;
		verdict = gmt_auth_check(server->auth, info->username, info->password,
					 info->password_len, request);
		explicit_bzero(info->password, info->password_len);
	}
	gmt_library.MHD_free(info);
	switch (verdict) {
	case GMT_AUTH_YES:
		request->state = STATE_RIGHT;
		return GMT_ANSWER_OK;
	case GMT_AUTH_WAIT:
		return GMT_ANSWER_OK;
	case GMT_AUTH_BUSY:
		return GMT_ANSWER_BUSY;
	default:
		return GMT_ANSWER_UNAUTHORIZED;
	}
}

void gmt_answer_checked(void *cookie, bool right)
{
	struct request *request = cookie;

	request->state = right ? STATE_RIGHT : STATE_WRONG;
	gmt_library.MHD_resume_connection(request->connection);
}

static enum MHD_Result route(struct gmt_server *server, struct MHD_Connection *connection,
			     const char *url)
{
	if (!strcmp(url, "/metrics"))
		return send_metrics(server, connection);
	if (!strcmp(url, "/"))
		return send_landing(server, connection);
	return send_text(server, connection, GMT_ANSWER_NOT_FOUND);
}

enum MHD_Result gmt_answer(void *cls, struct MHD_Connection *connection, const char *url,
			   const char *method, const char *version, const char *upload,
			   size_t *upload_size, void **cookie)
{
	struct gmt_server *server = cls;
	struct request *request = *cookie;
	enum gmt_answer against = GMT_ANSWER_OK;
	bool first = !request;

	if (first) {
		request = calloc(1, sizeof(*request));
		if (!request)
			return MHD_NO;
		request->connection = connection;
		*cookie = request;
		if (!client_is_good(server, connection))
			against = GMT_ANSWER_FORBIDDEN;
		else if (strcmp(method, MHD_HTTP_METHOD_GET) &&
			 strcmp(method, MHD_HTTP_METHOD_HEAD))
			against = GMT_ANSWER_METHOD;
		else if (has_body(connection))
			against = GMT_ANSWER_BAD;
	}
	if (against == GMT_ANSWER_OK)
		against = check_user(server, connection, request);
	if (against != GMT_ANSWER_OK)
		return send_text(server, connection, against);
	if (request->state == STATE_WAITING) {
		gmt_library.MHD_suspend_connection(connection);
		return MHD_YES;
	}
	/* An answer to the first call would end the connection; refusals may. */
	if (first)
		return MHD_YES;
	return route(server, connection, url);
}

void gmt_answer_end(void *cls, struct MHD_Connection *connection, void **cookie,
		    enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info =
		gmt_library.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct gmt_client *client = info ? info->socket_context : NULL;

	if (client)
		client->since_ms = gmt_server_now_ms();
	free(*cookie);
	*cookie = NULL;
}
