// SPDX-License-Identifier: GPL-2.0-only
/* This process, as /proc/self tells. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "source/self.h"

/* A link attaches a program to something; an iterator's runs nowhere by itself. */
static bool attaches(const char *fd)
{
	char path[64], text[512];
	bool iterator;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%.20s", fd);
	file = fopen(path, "re");
	if (!file)
		return true;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	iterator = strstr(text, "link_type:\titer");
	return !iterator;
}

/* Held descriptors say what they are. */
static void count_fds(struct gmt_self *self)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[64];

	if (!dir)
		return;
	self->process.open_fds = 0;
	self->programs_loaded = 0;
	self->programs_attached = 0;
	while ((entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (length < 0)
			continue;
		target[length] = '\0';
		self->process.open_fds++;
		self->programs_loaded += !!strstr(target, "bpf-prog");
		self->programs_attached += strstr(target, "bpf_link") && attaches(entry->d_name);
	}
	closedir(dir);
	/* The one that was open for this. */
	self->process.open_fds--;
}

static void read_stat(struct gmt_process *process)
{
	unsigned long long threads, start, virtual_bytes, resident_pages;
	const char *after;
	char line[1024];
	FILE *file = fopen("/proc/self/stat", "re");

	if (!file)
		return;
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	/* The command may hold anything, parentheses too: count fields from the last one. */
	after = strrchr(line, ')');
	if (!after || sscanf(after + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			     "%*d %llu %*d %llu %llu %llu",
			     &threads, &start, &virtual_bytes, &resident_pages) != 4)
		return;
	process->threads = threads;
	process->start_ns = start * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK));
	process->virtual_bytes = virtual_bytes;
	process->resident_bytes = resident_pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

void gmt_self_read(struct gmt_self *self)
{
	struct gmt_process *process = &self->process;
	struct timespec cpu;
	struct rlimit limit;

	read_stat(process);
	count_fds(self);
	if (!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		process->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		process->max_fds = limit.rlim_cur;
}
