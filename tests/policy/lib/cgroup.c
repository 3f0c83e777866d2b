// SPDX-License-Identifier: GPL-2.0-only
/* cgroups of the unified hierarchy, for policies that cover one. */
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"

#define ROOT "/sys/fs/cgroup"

static void path_of(char *path, size_t size, const char *name, const char *file)
{
	snprintf(path, size, ROOT "/%s%s%s", name, *name ? "/" : "", file);
}

uint64_t cgroup_id(const char *name)
{
	char path[160];
	struct stat st;

	path_of(path, sizeof(path), name, "");
	if (stat(path, &st))
		tap_bail("stat %s: %s", path, strerror(errno));
	return st.st_ino;
}

uint64_t cgroup_new(const char *name)
{
	char path[160];

	path_of(path, sizeof(path), name, "");
	/* A test that was killed has left it. */
	if (mkdir(path, 0755) && errno != EEXIST)
		tap_bail("mkdir %s: %s", path, strerror(errno));
	return cgroup_id(name);
}

void cgroup_enter(const char *name)
{
	char path[160];

	path_of(path, sizeof(path), name, "cgroup.procs");
	write_text(path, "0");
}

void cgroup_drop(const char *name)
{
	char path[160];

	path_of(path, sizeof(path), name, "");
	for (int i = 0; rmdir(path); i++) {
		if (errno != EBUSY || i == 300)
			tap_bail("rmdir %s: %s", path, strerror(errno));
		usleep(10000);
	}
}
