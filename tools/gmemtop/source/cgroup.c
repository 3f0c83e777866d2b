// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroup ids to paths. cgroupfs gives a cgroup's id as its directory's inode number and
 * takes it as a file handle, so one call finds a cgroup among any number; without the
 * capability for that the tree is walked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "source/cgroup.h"
#include "source/source.h"

/* From the kernel's exportfs.h: the handle is the node's 64-bit id. */
#define FILEID_KERNFS 0xfe
/* A walk of the whole tree is not repeated sooner. */
#define WALK_EVERY_S   5
#define WALK_DEPTH_MAX 32
/* Whoever tells paths may be hostile. */
#define TOLD_BYTES_MAX (32 << 20)

static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

struct entry {
	struct entry *next;
	uint64_t id;
	char path[];
};

#define BUCKETS 4096

struct gmt_cgroups {
	struct entry *buckets[BUCKETS];
	const char *mount; /* NULL when not mounted */
	int mount_fd;
	time_t walked;
	size_t told_bytes;
};

static const char *find_mount(void)
{
	struct statfs fs;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (!statfs(mounts[i], &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return mounts[i];
	return NULL;
}

struct gmt_cgroups *gmt_cgroups_new_apart(void)
{
	struct gmt_cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (cgroups)
		cgroups->mount_fd = -1;
	return cgroups;
}

struct gmt_cgroups *gmt_cgroups_new(void)
{
	struct gmt_cgroups *cgroups = gmt_cgroups_new_apart();

	if (!cgroups)
		return NULL;
	cgroups->mount = find_mount();
	if (cgroups->mount)
		cgroups->mount_fd = open(cgroups->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cgroups;
}

void gmt_cgroups_free(struct gmt_cgroups *cgroups)
{
	struct entry *entry, *next;

	if (!cgroups)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (entry = cgroups->buckets[i]; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	free(cgroups);
}

static struct entry **bucket(struct gmt_cgroups *cgroups, uint64_t id)
{
	return &cgroups->buckets[id % BUCKETS];
}

static const char *remembered(struct gmt_cgroups *cgroups, uint64_t id)
{
	for (struct entry *entry = *bucket(cgroups, id); entry; entry = entry->next)
		if (entry->id == id)
			return entry->path;
	return NULL;
}

static const char *remember(struct gmt_cgroups *cgroups, uint64_t id, const char *path)
{
	struct entry **head = bucket(cgroups, id);
	struct entry *entry = malloc(sizeof(*entry) + strlen(path) + 1);

	if (!entry)
		return "";
	entry->id = id;
	strcpy(entry->path, path);
	entry->next = *head;
	*head = entry;
	return entry->path;
}

void gmt_cgroups_tell(struct gmt_cgroups *cgroups, uint64_t id, const char *path)
{
	const size_t bytes = sizeof(struct entry) + strlen(path) + 1;

	if (path[0] != '/' || bytes > PATH_MAX || cgroups->told_bytes + bytes > TOLD_BYTES_MAX ||
	    remembered(cgroups, id))
		return;
	cgroups->told_bytes += bytes;
	remember(cgroups, id, path);
}

/* An absolute path without the mount point; the root's becomes "/". */
static const char *below_mount(const char *mount, const char *path)
{
	size_t length = strlen(mount);

	if (strncmp(path, mount, length) || (path[length] && path[length] != '/'))
		return NULL;
	return path[length] ? path + length : "/";
}

/*
 * Asks the file system for the node of that id.
 * Return: 0 with the path, -ESTALE when it is gone, another error when that cannot be told
 */
static int path_by_handle(struct gmt_cgroups *cgroups, uint64_t id, char *path, size_t size)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + sizeof(id)];
	} h = { 0 };
	char link[64];
	const char *below;
	ssize_t length;
	int fd;

	h.handle.handle_bytes = sizeof(id);
	h.handle.handle_type = FILEID_KERNFS;
	memcpy(h.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(cgroups->mount_fd, &h.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, size - 1);
	close(fd);
	if (length < 0)
		return -errno;
	path[length] = '\0';
	below = below_mount(cgroups->mount, path);
	if (!below)
		return -EXDEV;
	memmove(path, below, strlen(below) + 1);
	return 0;
}

/* Remembers every cgroup below @path, which is a buffer of PATH_MAX. */
static void walk(struct gmt_cgroups *cgroups, char *path, int depth)
{
	size_t length = strlen(path);
	struct dirent *dirent;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) || depth > WALK_DEPTH_MAX)
		return;
	if (!remembered(cgroups, st.st_ino))
		remember(cgroups, st.st_ino, below_mount(cgroups->mount, path));
	dir = opendir(path);
	if (!dir)
		return;
	while ((dirent = readdir(dir))) {
		if (dirent->d_type != DT_DIR || dirent->d_name[0] == '.')
			continue;
		if (snprintf(path + length, PATH_MAX - length, "/%s", dirent->d_name) >=
		    (int)(PATH_MAX - length))
			continue;
		walk(cgroups, path, depth + 1);
	}
	path[length] = '\0';
	closedir(dir);
}

static const char *path_by_walk(struct gmt_cgroups *cgroups, uint64_t id)
{
	char path[PATH_MAX];
	struct timespec now;
	const char *known;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (cgroups->walked && now.tv_sec - cgroups->walked < WALK_EVERY_S)
		return NULL;
	cgroups->walked = now.tv_sec;
	snprintf(path, sizeof(path), "%s", cgroups->mount);
	walk(cgroups, path, 0);
	known = remembered(cgroups, id);
	/* It was there before the walk: asked for again, it would cost another one. */
	return known ? known : remember(cgroups, id, "(removed)");
}

const char *gmt_cgroups_path(struct gmt_cgroups *cgroups, uint64_t id)
{
	const char *known = remembered(cgroups, id);
	char path[PATH_MAX];
	int err;

	if (known)
		return known;
	if (cgroups->mount_fd < 0)
		return "";
	err = path_by_handle(cgroups, id, path, sizeof(path));
	if (!err)
		return remember(cgroups, id, path);
	if (err == -ESTALE || err == -ENOENT)
		return remember(cgroups, id, "(removed)");
	known = path_by_walk(cgroups, id);
	return known ? known : "";
}

int gmt_cgroup_find(const char *path, uint64_t *id, uint32_t *level, struct gmt_error *error)
{
	const char *mount = find_mount();
	char full[PATH_MAX], resolved[PATH_MAX];
	const char *below;
	struct stat st;

	if (!mount)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENODEV,
				"cgroup %s: the unified hierarchy is not mounted at /sys/fs/cgroup",
				path);
	if (below_mount(mount, path))
		snprintf(full, sizeof(full), "%s", path);
	else
		snprintf(full, sizeof(full), "%s/%s", mount, path);
	below = realpath(full, resolved) ? below_mount(mount, resolved) : NULL;
	if (!below || stat(resolved, &st) || !S_ISDIR(st.st_mode))
		return gmt_fail(error, GMT_EXIT_USAGE, -ENOENT,
				"cgroup %s: there is none of that path below %s", path, mount);
	*id = st.st_ino;
	*level = 0;
	for (const char *c = below; *c; c++)
		*level += *c == '/' && c[1];
	return 0;
}
