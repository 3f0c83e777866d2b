// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM that has been taken over, and wants its guest's secrets: it tries every road to a
 * private page, over and over. A road that yields anything, or does not end in a refusal,
 * ends the demo with an error.
 */
#include <setjmp.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "demo.h"

#define SIZE   (32 * MIB)
#define SECRET "the guest's disk key is 8f3a-55d1-c09e"

static char *map;
static int fd, mem_fd;
static sigjmp_buf on_sigbus;

/* What came of an attempt: refused, or let through. What was read, if anything, is in @got. */
typedef bool (*road_fn)(uint64_t offset, char *got, size_t bytes);

static void sigbus(int sig)
{
	(void)sig;
	siglongjmp(on_sigbus, 1);
}

/* An ordinary load, by the VMM's own mapping: SIGBUS. */
static bool by_load(uint64_t offset, char *got, size_t bytes)
{
	size_t i;

	if (sigsetjmp(on_sigbus, 1))
		return true;
	for (i = 0; i < bytes; i++)
		got[i] = ((volatile char *)map)[offset + i];
	return false;
}

static bool by_store(uint64_t offset, char *got, size_t bytes)
{
	(void)got;
	if (sigsetjmp(on_sigbus, 1))
		return true;
	memset(map + offset, 0, bytes);
	return false;
}

/* The fd permits read(2) on shared ranges; this one is private. */
static bool by_pread(uint64_t offset, char *got, size_t bytes)
{
	return pread(fd, got, bytes, offset) < 0 && errno == EACCES;
}

/* The secret was shared once, so nobody may plant new contents any more. */
static bool by_pwrite(uint64_t offset, char *got, size_t bytes)
{
	return pwrite(fd, got, bytes, offset) < 0 && errno == EACCES;
}

static bool by_write_from_it(uint64_t offset, char *got, size_t bytes)
{
	int pipes[2];
	ssize_t n;

	if (pipe2(pipes, O_CLOEXEC))
		demo_die("pipe");
	n = write(pipes[1], map + offset, bytes);
	if (n > 0)
		n = read(pipes[0], got, n);
	close(pipes[0]);
	close(pipes[1]);
	return n < 0;
}

static bool by_vmsplice(uint64_t offset, char *got, size_t bytes)
{
	struct iovec from = { .iov_base = map + offset, .iov_len = bytes };
	int pipes[2];
	ssize_t n;

	if (pipe2(pipes, O_CLOEXEC))
		demo_die("pipe");
	n = vmsplice(pipes[1], &from, 1, 0);
	if (n > 0)
		n = read(pipes[0], got, n);
	close(pipes[0]);
	close(pipes[1]);
	return n < 0;
}

static bool by_proc_mem(uint64_t offset, char *got, size_t bytes)
{
	return pread(mem_fd, got, bytes, (off_t)(uintptr_t)(map + offset)) < 0;
}

static bool by_reopen(uint64_t offset, char *got, size_t bytes)
{
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	if (again < 0)
		return true;
	if (pread(again, got, bytes, offset) < 0)
		memset(got, 0, bytes);
	close(again);
	return false;
}

/* A process of its own that reads the VMM's memory, as a debugger would. */
static bool by_process_vm_readv(uint64_t offset, char *got, size_t bytes)
{
	struct iovec to = { .iov_base = got, .iov_len = bytes };
	struct iovec from = { .iov_base = map + offset, .iov_len = bytes };
	pid_t vmm = getpid(), pid = fork();
	int status;

	if (pid < 0)
		demo_die("fork");
	if (!pid)
		_exit(process_vm_readv(vmm, &to, 1, &from, 1, 0) < 0 ? 0 : DEMO_EXIT_LEAK);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			demo_die("waitpid");
	}
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static const struct road {
	const char *name;
	road_fn attempt;
} roads[] = {
	{ "a load", by_load },
	{ "a store", by_store },
	{ "pread", by_pread },
	{ "pwrite", by_pwrite },
	{ "write() out of it", by_write_from_it },
	{ "vmsplice", by_vmsplice },
	{ "/proc/self/mem", by_proc_mem },
	{ "reopening the fd", by_reopen },
	{ "process_vm_readv", by_process_vm_readv },
};
#define ROADS (sizeof(roads) / sizeof(roads[0]))

/* Private memory that has been shared before, with something in it worth having. */
static void hide_secret(uint64_t offset)
{
	demo_convert(fd, offset, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
	memcpy(map + offset, SECRET, sizeof(SECRET));
	demo_convert(fd, offset, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP);
}

static int leak(const struct road *road, const char *got)
{
	fprintf(stderr, "intruder: PRIVATE MEMORY WAS REACHED by %s: \"%.40s\"\n", road->name, got);
	return DEMO_EXIT_LEAK;
}

/* The one road there is, for debuggers: it needs a capability, and is always audited. */
static bool secret_is_there(uint64_t offset)
{
	char got[sizeof(SECRET)] = "";
	struct gmem_inspect inspect = {
		.size = sizeof(inspect),
		.offset = offset,
		.bytes = sizeof(got),
		.buffer = (uintptr_t)got,
		.direction = GMEM_DIRECTION_READ,
	};
	int copied = ioctl(fd, GMEM_INSPECT, &inspect);

	if (copied < 0)
		demo_die("GMEM_INSPECT");
	return copied == sizeof(got) && !memcmp(got, SECRET, sizeof(SECRET));
}

int main(void)
{
	struct sigaction trap = { .sa_handler = sigbus };
	unsigned long nr;

	demo_start();
	sigaction(SIGBUS, &trap, NULL);
	fd = demo_create(SIZE, GMEM_CREATE_MMAP | GMEM_CREATE_IO | GMEM_CREATE_POPULATE |
				       GMEM_CREATE_INSPECT);
	map = demo_map(fd, SIZE);
	mem_fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	if (mem_fd < 0)
		demo_die("/proc/self/mem");

	for (nr = 0; !demo_over; nr++) {
		const struct road *road = &roads[nr % ROADS];
		uint64_t offset = nr / ROADS * PAGE % SIZE;
		char got[sizeof(SECRET)] = "";

		if (nr % ROADS == 0)
			hide_secret(offset);
		if (!road->attempt(offset, got, sizeof(got)) || got[0])
			return leak(road, got);
		if (nr % ROADS == ROADS - 1 && !secret_is_there(offset))
			return leak(road, "the secret is gone");
		demo_sleep_ms(40);
	}
	demo_summary(fd);
	printf("  %lu attempts on private memory by %zu roads: none read or changed a byte.\n", nr,
	       ROADS);
	return 0;
}
