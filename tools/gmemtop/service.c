// SPDX-License-Identifier: GPL-2.0-only
/* Privileges given up, and the service manager's environment. Used by audit and export. */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service.h"

/* sd_listen_fds(3) */
#define FIRST_FD 3

static int become(const char *name, struct gmt_error *error)
{
	const struct passwd *user = getpwnam(name);

	if (!user || !user->pw_uid)
		return gmt_fail(error, GMT_EXIT_USAGE, -ENOENT,
				"there is no user %s to run as, or it is root", name);
	if (setgroups(0, NULL) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return gmt_fail(error, GMT_EXIT_PRIVILEGE, -errno, "cannot become user %s: %s",
				name, strerror(errno));
	return 0;
}

int gmt_service_drop(uint64_t keep, const char *user, struct gmt_error *error)
{
	int err = 0;

	/* The bounding set, where we may; it is of no use without the others. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep & 1ULL << cap))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Leaving uid 0 takes all capabilities along, those to keep too: none is kept with it. */
	if (user && !geteuid())
		err = become(user, error);
	if (err)
		return err;
	capng_clear(CAPNG_SELECT_BOTH);
	for (unsigned int cap = 0; keep >> cap && cap < 64; cap++)
		if (keep & 1ULL << cap)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return gmt_fail(error, GMT_EXIT_PRIVILEGE, -EPERM,
				"capabilities cannot be given up");
	return 0;
}

void gmt_service_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, length);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
	       offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
}

static bool listens(int fd)
{
	int type = 0, accepts = 0;
	socklen_t size = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_STREAM &&
	       !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) && accepts;
}

int gmt_service_sockets(int *fds, unsigned int max, struct gmt_error *error)
{
	const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
	unsigned int count;

	/* Meant for another process, whose environment we have inherited? */
	if (!pid || !number || strtol(pid, NULL, 10) != getpid())
		return 0;
	count = (unsigned int)strtoul(number, NULL, 10);
	if (count > max)
		return gmt_fail(error, GMT_EXIT_USAGE, -E2BIG,
				"%u sockets were handed over, %u at most are listened on", count,
				max);
	for (unsigned int i = 0; i < count; i++) {
		fds[i] = FIRST_FD + (int)i;
		if (!listens(fds[i]))
			return gmt_fail(error, GMT_EXIT_USAGE, -ENOTSOCK,
					"descriptor %d, handed over, is no stream socket that "
					"listens: the socket unit wants ListenStream=",
					fds[i]);
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, fcntl(fds[i], F_GETFL) | O_NONBLOCK);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)count;
}
