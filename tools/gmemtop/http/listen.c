// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that listen. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/listen.h"

#define BACKLOG 64

/* Parts HOST:PORT; the host is "" where all addresses are meant. */
static int part(const char *text, char *host, size_t size, const char **port)
{
	const char *end = text + strcspn(text, ":"), *begin = text;

	*port = GMT_LISTEN_PORT;
	if (text[0] == '[') {
		begin++;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		if (end[1])
			*port = end + 2;
	} else if (*end) {
		*port = end + 1;
	}
	if (!(*port)[0] || strspn(*port, "0123456789") != strlen(*port) || strlen(*port) > 5 ||
	    (size_t)(end - begin) >= size)
		return -EINVAL;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';
	return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_in *four = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

static int open_one(const struct addrinfo *info)
{
	const int on = 1;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* The other family has a socket of its own. */
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	close(fd);
	return -errno;
}

int gmt_listen(const char *text, int *fds, unsigned int *count, bool *outside,
	       struct gmt_error *error)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list, *info;
	unsigned int before = *count;
	const char *port;
	char host[256];
	int err, first_err = 0;

	if (part(text, host, sizeof(host), &port) || strtoul(port, NULL, 10) > 65535)
		return gmt_fail(error, GMT_EXIT_USAGE, -EINVAL,
				"'%.100s' is no address: HOST:PORT, [IPV6]:PORT or :PORT is wanted",
				text);
	err = getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
	if (err)
		return gmt_fail(error, GMT_EXIT_USAGE, -EINVAL, "%.100s cannot be listened on: %s",
				text, gai_strerror(err));
	for (info = list; info && *count < GMT_LISTEN_MAX; info = info->ai_next) {
		int fd = open_one(info);

		/* A host without IPv6 has a name for it all the same. */
		if (fd < 0 && fd != -EADDRNOTAVAIL && fd != -EAFNOSUPPORT)
			first_err = fd;
		else if (fd < 0 && !first_err && !info->ai_next && *count == before)
			first_err = fd;
		if (fd < 0)
			continue;
		*outside |= !is_loopback(info->ai_addr);
		fds[(*count)++] = fd;
	}
	freeaddrinfo(list);
	if (!first_err && *count > before)
		return 0;
	return gmt_fail(error, GMT_EXIT_FAILURE, first_err ? first_err : -E2BIG,
			"%.100s cannot be listened on: %s", text,
			first_err ? strerror(-first_err) : "too many addresses");
}

void gmt_listen_address(int fd, char *text, unsigned int size)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char host[INET6_ADDRSTRLEN + 32], port[8];

	snprintf(text, size, "a socket");
	if (getsockname(fd, (struct sockaddr *)&address, &length) ||
	    getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(text, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
