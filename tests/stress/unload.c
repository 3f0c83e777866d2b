// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmem.ko is not unloaded while anything of it lives, however it is held; and when it is
 * unloaded, nothing of it is left. One row a way to hold it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "module.h"

#define BYTES (4 * PAGE)

static int held = -1, ends[2];
static char *map;
static pid_t child;

static void hold_device(void)
{
	held = open("/dev/gmem", O_RDWR | O_CLOEXEC);
	if (held < 0)
		tap_bail("/dev/gmem: %s", strerror(errno));
}

static void hold_fd(void)
{
	held = module_gmem(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES);
}

static void release_fd(void)
{
	close(held);
}

static void hold_mapping(void)
{
	int fd = module_gmem(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES);

	map = gmem_map(fd, BYTES);
	close(fd);
	memset(map, 1, BYTES);
}

static void release_mapping(void)
{
	munmap(map, BYTES);
}

/* The fd is on its way through a socket, and open nowhere. */
static void hold_in_flight(void)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec v = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	int fd = module_gmem(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || sendmsg(ends[0], &msg, 0) != 1)
		tap_bail("sendmsg: %s", strerror(errno));
	close(fd);
}

static void release_in_flight(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void hold_by_child(void)
{
	int fd = module_gmem(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES);

	child = fork();
	if (child < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!child)
		for (;;)
			pause();
	close(fd);
}

static void release_by_kill(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static const struct {
	const char *what;
	void (*hold)(void);
	void (*release)(void);
} rows[] = {
	{ "/dev/gmem is open", hold_device, release_fd },
	{ "a gmem is open", hold_fd, release_fd },
	{ "a gmem is mapped only", hold_mapping, release_mapping },
	{ "a gmem's fd is in flight", hold_in_flight, release_in_flight },
	{ "another process has a gmem", hold_by_child, release_by_kill },
};

/* The last reference may be dropped by a worker of the kernel's: it gets a few seconds. */
static int unload_in_time(void)
{
	for (int i = 0; i < 300; i++) {
		if (!module_unload())
			return 0;
		if (errno != EWOULDBLOCK)
			return -1;
		usleep(10000);
	}
	return -1;
}

static const char *const places[] = {
	"/dev/gmem",
	"/sys/module/gmem",
	"/sys/class/misc/gmem",
	"/sys/kernel/tracing/events/gmem",
	"/sys/kernel/btf/gmem",
};

/* Any line of @path that names gmem. */
static bool names_gmem(const char *path)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "re");

	if (!f)
		tap_bail("%s: %s", path, strerror(errno));
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, "gmem");
	fclose(f);
	return found;
}

static void check_gone(void)
{
	/* kvm.ko of some kernels has a guest_memfd, which kallsyms and slabs may name: it is not loaded. */
	static const char *const lists[] = { "/proc/modules", "/proc/misc", "/proc/slabinfo",
					     "/proc/filesystems" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		ok(access(places[i], F_OK) && errno == ENOENT, "gone: %s", places[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		ok(!names_gmem(lists[i]), "not in %s", lists[i]);
}

/* A page that was held when its gmem went away outlives the module. */
static void check_held_page(int ko)
{
	static char buffer[PAGE];
	int fd;

	if (module_load(ko))
		tap_bail("load: %s", strerror(errno));
	fd = module_gmem(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES);
	map = gmem_map(fd, BYTES);
	secret_fill(map, PAGE, 5);
	if (pipe(ends) || vmsplice(ends[1], &(struct iovec){ map, PAGE }, 1, 0) != (ssize_t)PAGE)
		tap_bail("vmsplice: %s", strerror(errno));
	munmap(map, BYTES);
	close(fd);
	is_success(unload_in_time(), "unloaded while a pipe holds a page that was shared");
	ok(read(ends[0], buffer, PAGE) == (ssize_t)PAGE && secret_intact(buffer, PAGE, 5),
	   "which is the pipe's own now");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	int ko = module_open();

	tap_plan(2 * ARRAY_SIZE(rows) + ARRAY_SIZE(places) + 4 + 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (module_load(ko) && errno != EEXIST)
			tap_bail("load: %s", strerror(errno));
		rows[i].hold();
		is_errno(module_unload(), EWOULDBLOCK, "refused while %s", rows[i].what);
		rows[i].release();
		is_success(unload_in_time(), "unloaded afterwards: %s", rows[i].what);
	}
	check_gone();
	check_held_page(ko);
	if (module_load(ko))
		tap_bail("load: %s", strerror(errno));
	return tap_done();
}
