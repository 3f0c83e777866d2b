// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: taken from the sockets that listen and handed to libmicrohttpd, which is run from
 * gmt_server_poll(). What takes too long in all is cut off here; silence, by libmicrohttpd.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/answer.h"
#include "http/library.h"
#include "http/listen.h"

#define CONNECTIONS_MAX	   64
#define CONNECTIONS_PER_IP 32
/* Of one connection: its request with all headers, and what is sent of the answer at a time. */
#define CONNECTION_BYTES (32 << 10)

int64_t gmt_server_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct gmt_server *server = cls;
	struct gmt_client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = gmt_library.MHD_get_connection_info(
			connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		server->client_count++;
		client = calloc(1, sizeof(*client));
		if (!client || !info) {
			free(client);
			return;
		}
		client->fd = info->connect_fd;
		client->since_ms = gmt_server_now_ms();
		client->next = server->clients;
		if (client->next)
			client->next->prev = client;
		server->clients = client;
		*context = client;
		return;
	}
	server->client_count--;
	if (!client)
		return;
	if (client->next)
		client->next->prev = client->prev;
	if (client->prev)
		client->prev->next = client->next;
	else
		server->clients = client->next;
	free(client);
	*context = NULL;
}

/* Whoever sends or reads a byte now and then is not silent, but has had time enough. */
static void cut_off(struct gmt_server *server)
{
	int64_t limit = gmt_server_now_ms() - 2000 * (int64_t)server->options.timeout_s;

	for (struct gmt_client *client = server->clients; client; client = client->next)
		if (client->since_ms < limit)
			shutdown(client->fd, SHUT_RDWR);
}

static int start_daemon(struct gmt_server *server, struct gmt_error *error)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	const struct gmt_web_config *web = server->web;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, web->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, web->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)web->priorities },
		{ web->ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, web->ca },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (web->cert)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	server->daemon = gmt_library.MHD_start_daemon(
		flags, 0, NULL, NULL, gmt_answer, server, MHD_OPTION_NOTIFY_COMPLETED,
		gmt_answer_end, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_PER_IP,
		MHD_OPTION_CONNECTION_TIMEOUT, server->options.timeout_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		/* Bare line feeds, folded lines, blanks before colons: no client of ours does that. */
		MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (server->daemon)
		return 0;
	return gmt_fail(error, GMT_EXIT_FAILURE, -EIO, "the web server cannot be started%s",
			web->cert ? " with TLS" : "");
}

static int start_auth(struct gmt_server *server, struct gmt_error *error)
{
	if (!server->web->user_count)
		return 0;
	server->auth = gmt_auth_new(server->web);
	if (server->auth)
		return 0;
	return gmt_fail(error, GMT_EXIT_FAILURE, -errno, "passwords cannot be checked: %s",
			strerror(errno));
}

/* Without what its caller may not see half done. */
static void stop_daemon(struct gmt_server *server)
{
	gmt_auth_free(server->auth, gmt_answer_checked);
	server->auth = NULL;
	if (server->daemon)
		gmt_library.MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}

static struct gmt_web_config *load(const char *path, struct gmt_error *error)
{
	struct gmt_web_config *web = calloc(1, sizeof(*web));

	if (!web)
		gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	else if (!path || !gmt_web_load(web, path, error))
		return web;
	free(web);
	return NULL;
}

static void unload(struct gmt_web_config *web)
{
	if (web)
		gmt_web_exit(web);
	free(web);
}

int gmt_server_open(struct gmt_server **server, const struct gmt_server_options *options,
		    struct gmt_error *error)
{
	struct gmt_server *new = calloc(1, sizeof(*new));

	if (!new)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	new->web = load(options->web_config, error);
	if (!new->web) {
		free(new);
		return -EINVAL;
	}
	new->options = *options;
	memcpy(new->fds, options->fds, options->fd_count * sizeof(*new->fds));
	*server = new;
	return 0;
}

int gmt_server_start(struct gmt_server *server, struct gmt_error *error)
{
	int err = gmt_library_load(error);

	if (!err)
		err = start_auth(server, error);
	return err ? err : start_daemon(server, error);
}

void gmt_server_stop(struct gmt_server *server)
{
	if (!server)
		return;
	stop_daemon(server);
	for (unsigned int i = 0; i < server->options.fd_count; i++)
		close(server->fds[i]);
	unload(server->web);
	free(server);
}

int gmt_server_reload(struct gmt_server *server, struct gmt_error *error)
{
	struct gmt_web_config *before = server->web, *web = load(server->options.web_config, error);
	struct gmt_error ignored;
	int err;

	if (!web)
		return -EINVAL;
	stop_daemon(server);
	server->web = web;
	err = start_auth(server, error);
	if (!err)
		err = start_daemon(server, error);
	if (!err) {
		unload(before);
		return 0;
	}
	stop_daemon(server);
	server->web = before;
	unload(web);
	if (start_auth(server, &ignored) || start_daemon(server, &ignored))
		stop_daemon(server);
	return err;
}

static void take(struct gmt_server *server, int listener)
{
	struct sockaddr_storage address;
	socklen_t length;
	int fd;

	while (server->client_count < CONNECTIONS_MAX) {
		length = sizeof(address);
		fd = accept4(listener, (struct sockaddr *)&address, &length,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		/* It closes what is beyond a limit, and what it has no memory for. */
		gmt_library.MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address,
					       length);
	}
}

/* What libmicrohttpd waits for: its own epoll, and a time. */
static int wait_ms(struct gmt_server *server, int timeout_ms)
{
	int64_t wanted = gmt_library.MHD_get_timeout64s(server->daemon);

	if (server->clients && timeout_ms > 1000)
		timeout_ms = 1000; /* for cut_off() */
	return wanted >= 0 && wanted < timeout_ms ? (int)wanted : timeout_ms;
}

int gmt_server_poll(struct gmt_server *server, int timeout_ms, const sigset_t *mask,
		    struct gmt_error *error)
{
	struct pollfd fds[GMT_LISTEN_MAX + 2] = { 0 };
	const union MHD_DaemonInfo *info;
	struct timespec timeout;
	nfds_t count = 2;

	if (!server->daemon)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EIO, "the web server is gone");
	info = gmt_library.MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	fds[0] = (struct pollfd){ .fd = info->epoll_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = server->auth ? gmt_auth_fd(server->auth) : -1,
				  .events = POLLIN };
	/* With all connections in use, new ones wait outside. */
	for (unsigned int i = 0;
	     i < server->options.fd_count && server->client_count < CONNECTIONS_MAX; i++)
		fds[count++] = (struct pollfd){ .fd = server->fds[i], .events = POLLIN };
	timeout_ms = wait_ms(server, timeout_ms);
	timeout.tv_sec = timeout_ms / 1000;
	timeout.tv_nsec = (timeout_ms % 1000) * 1000000;
	if (ppoll(fds, count, &timeout, mask) < 0)
		return errno == EINTR ?
			       0 :
			       gmt_fail(error, GMT_EXIT_FAILURE, -errno,
					"waiting for connections failed: %s", strerror(errno));
	for (nfds_t i = 2; i < count; i++)
		if (fds[i].revents)
			take(server, fds[i].fd);
	if (fds[1].revents)
		gmt_auth_collect(server->auth, gmt_answer_checked);
	cut_off(server);
	gmt_library.MHD_run(server->daemon);
	return 0;
}

void gmt_server_tell(const struct gmt_server *server, struct gmt_self *self)
{
	memcpy(self->answers, server->answers, sizeof(self->answers));
	self->connections = server->client_count;
}

bool gmt_server_has_tls(const struct gmt_server *server)
{
	return server->web->cert;
}

bool gmt_server_has_users(const struct gmt_server *server)
{
	return server->web->user_count;
}
