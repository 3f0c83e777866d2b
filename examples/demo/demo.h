/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the demo's programs share: a gmem and its calls, and how a program comes to its end.
 * Each is a small stand-in for a VMM; none needs more of gmem than <linux/gmem.h>.
 */
#ifndef DEMO_H
#define DEMO_H

#include <errno.h>
#include <fcntl.h>
#include <linux/gmem.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KIB  1024UL
#define MIB  (1024 * KIB)
#define PAGE 4096UL

/* Exit status where private memory was read: the demo has shown the opposite of what it should. */
#define DEMO_EXIT_LEAK 3

/* Set by SIGTERM and SIGINT: the loops end, the summary is printed. */
static volatile sig_atomic_t demo_over;

static inline void demo_end(int sig)
{
	(void)sig;
	demo_over = 1;
}

static inline void demo_die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static inline void demo_start(void)
{
	struct sigaction end = { .sa_handler = demo_end };

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
}

/* Makes a gmem that bears the program's name. */
static inline int demo_create(uint64_t bytes, uint32_t flags)
{
	struct gmem_create create = { .size = sizeof(create), .flags = flags, .bytes = bytes };
	int dev = open("/dev/gmem", O_RDWR | O_CLOEXEC), fd;

	if (dev < 0)
		demo_die("/dev/gmem");
	strncpy(create.name, program_invocation_short_name, sizeof(create.name) - 1);
	fd = ioctl(dev, GMEM_CREATE, &create);
	if (fd < 0)
		demo_die("GMEM_CREATE");
	close(dev);
	return fd;
}

static inline char *demo_map(int fd, uint64_t bytes)
{
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		demo_die("mmap");
	return map;
}

static inline void demo_convert(int fd, uint64_t offset, uint64_t bytes, enum gmem_state to,
				enum gmem_content content)
{
	struct gmem_convert convert = {
		.size = sizeof(convert),
		.offset = offset,
		.bytes = bytes,
		.to = to,
		.content = content,
	};

	if (ioctl(fd, GMEM_CONVERT, &convert))
		demo_die("GMEM_CONVERT");
}

static inline void demo_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes)
{
	if (fallocate(fd, mode, offset, bytes) && errno != EINTR)
		demo_die("fallocate");
}

static inline void demo_sleep_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* The program's row of the demo's summary; examples/demo/run prints the heading. */
static inline void demo_summary(int fd)
{
	struct gmem_stats stats = { .size = sizeof(stats) };

	if (ioctl(fd, GMEM_GET_STATS, &stats))
		demo_die("GMEM_GET_STATS");
	printf("  %-10s %5llu MiB %5llu MiB %6llu MiB %8llu %12llu %8llu\n",
	       program_invocation_short_name, stats.size_bytes / MIB,
	       (stats.resident_private_bytes + stats.resident_shared_bytes) / MIB,
	       stats.allocated_bytes / MIB, stats.faults_host, stats.conversions,
	       stats.denied_private + stats.denied_flags + stats.denied_capability);
}

#endif /* DEMO_H */
