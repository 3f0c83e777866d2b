// SPDX-License-Identifier: GPL-2.0-only
/* Policies in bpffs: what is pinned where, put there and taken away. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "source/pins.h"

#define LINK  "link"
#define STAGE "new_"

static void path_of(char path[PATH_MAX], const char *name, const char *prefix, const char *entry)
{
	snprintf(path, PATH_MAX, "%s/%s%s%s%s", GMT_PINS_PATH, name, entry ? "/" : "",
		 prefix ? prefix : "", entry ? entry : "");
}

static int fail(struct gmt_error *error, const char *what, const char *path, int err)
{
	int exit_code = err == -EPERM || err == -EACCES ? GMT_EXIT_PRIVILEGE : GMT_EXIT_FAILURE;

	return gmt_fail(error, exit_code, err, "%s cannot be %s: %s", path, what, strerror(-err));
}

int gmt_pins_lock(struct gmt_error *error)
{
	struct statfs fs;
	int fd, err;

	if (statfs(GMT_PINS_ROOT, &fs) || fs.f_type != BPF_FS_MAGIC)
		return gmt_fail(
			error, GMT_EXIT_FAILURE, -ENODEV,
			"the BPF file system, which keeps policies attached, is not mounted: "
			"mount -t bpf bpf " GMT_PINS_ROOT);
	fd = open(GMT_PINS_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(error, "opened", GMT_PINS_ROOT, -errno);
	while (flock(fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		err = -errno;
		close(fd);
		return fail(error, "locked", GMT_PINS_ROOT, err);
	}
	return fd;
}

int gmt_pins_link(const char *name, struct gmt_error *error)
{
	char path[PATH_MAX];
	int fd;

	path_of(path, name, NULL, LINK);
	fd = bpf_obj_get(path);
	if (fd < 0 && fd != -ENOENT)
		fail(error, "opened", path, fd);
	return fd;
}

uint32_t gmt_pins_link_id(int fd, uint32_t *map_id)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	*map_id = 0;
	if (bpf_link_get_info_by_fd(fd, &info, &size) || info.type != BPF_LINK_TYPE_STRUCT_OPS)
		return 0;
	*map_id = info.struct_ops.map_id;
	return info.id;
}

bool gmt_pins_params(const char *name, enum gmt_policy_kind *kind, union gmt_policy_params *params)
{
	struct bpf_map_info info;
	uint32_t size, zero = 0;
	char path[PATH_MAX];
	bool known = false;
	int fd = -1;

	for (*kind = 0; *kind < GMT_POLICY_KINDS; ++*kind) {
		path_of(path, name, NULL, gmt_policy_kind_name(*kind));
		fd = bpf_obj_get(path);
		if (fd >= 0)
			break;
	}
	if (fd < 0)
		return false;
	memset(&info, 0, sizeof(info));
	size = sizeof(info);
	memset(params, 0, sizeof(*params));
	if (!bpf_map_get_info_by_fd(fd, &info, &size) &&
	    info.value_size == gmt_policy_kind_bytes(*kind))
		known = !bpf_map_lookup_elem(fd, &zero, params);
	close(fd);
	return known;
}

int gmt_pins_each(int (*fn)(void *ctx, const char *name), void *ctx, struct gmt_error *error)
{
	DIR *dir = opendir(GMT_PINS_PATH);
	struct dirent *dirent;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : fail(error, "read", GMT_PINS_PATH, -errno);
	while (!err && (dirent = readdir(dir)))
		if (dirent->d_name[0] != '.')
			err = fn(ctx, dirent->d_name);
	closedir(dir);
	return err;
}

/* The name to pin a map under; NULL for one that is not pinned. */
static const char *pin_name(const struct gmt_policy_object *policy, const struct bpf_map *map)
{
	if (map == policy->ops)
		return NULL;
	if (map == policy->params)
		return gmt_policy_kind_name(policy->spec->kind);
	return bpf_map__is_internal(map) ? NULL : bpf_map__name(map);
}

static int pin_maps(const struct gmt_policy_object *policy, const char *prefix,
		    struct gmt_error *error)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int err;

	bpf_object__for_each_map(map, policy->object) {
		const char *name = pin_name(policy, map);

		if (!name)
			continue;
		path_of(path, policy->spec->name, prefix, name);
		err = bpf_obj_pin(bpf_map__fd(map), path);
		if (err)
			return fail(error, "pinned", path, err);
	}
	return 0;
}

static int make_dir(const char *path, struct gmt_error *error)
{
	return mkdir(path, 0700) && errno != EEXIST ? fail(error, "made", path, -errno) : 0;
}

int gmt_pins_put(const struct gmt_policy_object *policy, int link_fd, struct gmt_error *error)
{
	const char *name = policy->spec->name;
	struct gmt_error ignored;
	char path[PATH_MAX];
	int err;

	path_of(path, name, NULL, NULL);
	err = make_dir(GMT_PINS_ROOT "/gmem", error);
	if (!err)
		err = make_dir(GMT_PINS_PATH, error);
	if (!err)
		err = gmt_pins_remove(name, error);
	if (!err)
		err = make_dir(path, error);
	if (!err)
		err = pin_maps(policy, NULL, error);
	if (!err) {
		path_of(path, name, NULL, LINK);
		err = bpf_obj_pin(link_fd, path);
		if (err)
			fail(error, "pinned", path, err);
	}
	if (err)
		gmt_pins_remove(name, &ignored);
	return err;
}

static bool alike(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	return !bpf_map_get_info_by_fd(fd, &info, &size) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map);
}

int gmt_pins_share(struct gmt_policy_object *policy, struct gmt_error *error)
{
	struct bpf_map *map;
	char path[PATH_MAX];

	bpf_object__for_each_map(map, policy->object) {
		const char *name = pin_name(policy, map);
		int fd, err = 0;

		if (!name || map == policy->params)
			continue;
		path_of(path, policy->spec->name, NULL, name);
		fd = bpf_obj_get(path);
		/* A policy of an older gmemtop may not have kept it. */
		if (fd < 0)
			continue;
		if (alike(map, fd))
			err = bpf_map__reuse_fd(map, fd);
		close(fd);
		if (err)
			return fail(error, "shared", path, err);
	}
	return 0;
}

int gmt_pins_stage(const struct gmt_policy_object *policy, struct gmt_error *error)
{
	int err;

	/* What a killed apply has left. */
	gmt_pins_drop(policy);
	err = pin_maps(policy, STAGE, error);
	if (err)
		gmt_pins_drop(policy);
	return err;
}

void gmt_pins_drop(const struct gmt_policy_object *policy)
{
	struct bpf_map *map;
	char path[PATH_MAX];

	bpf_object__for_each_map(map, policy->object) {
		const char *name = pin_name(policy, map);

		if (!name)
			continue;
		path_of(path, policy->spec->name, STAGE, name);
		unlink(path);
	}
}

/* Whether an entry of a directory is the pin of something that this policy has. */
static bool is_ours(const struct gmt_policy_object *policy, const char *entry)
{
	struct bpf_map *map;

	if (!strcmp(entry, LINK))
		return true;
	bpf_object__for_each_map(map, policy->object) {
		const char *name = pin_name(policy, map);

		if (name && !strcmp(name, entry))
			return true;
	}
	return false;
}

void gmt_pins_commit(const struct gmt_policy_object *policy)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct dirent *dirent;
	struct bpf_map *map;
	DIR *dir;

	bpf_object__for_each_map(map, policy->object) {
		const char *name = pin_name(policy, map);

		if (!name)
			continue;
		path_of(from, policy->spec->name, STAGE, name);
		path_of(to, policy->spec->name, NULL, name);
		rename(from, to);
	}
	/* Maps of a policy of another kind, which this one has replaced. */
	path_of(to, policy->spec->name, NULL, NULL);
	dir = opendir(to);
	while (dir && (dirent = readdir(dir))) {
		if (dirent->d_name[0] == '.' || is_ours(policy, dirent->d_name))
			continue;
		path_of(from, policy->spec->name, NULL, dirent->d_name);
		unlink(from);
	}
	if (dir)
		closedir(dir);
}

int gmt_pins_remove(const char *name, struct gmt_error *error)
{
	char path[PATH_MAX];
	struct dirent *dirent;
	DIR *dir;

	/* The link first: what is left without it counts as nothing. */
	path_of(path, name, NULL, LINK);
	if (unlink(path) && errno != ENOENT)
		return fail(error, "removed", path, -errno);
	path_of(path, name, NULL, NULL);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : fail(error, "read", path, -errno);
	while ((dirent = readdir(dir))) {
		if (dirent->d_name[0] == '.')
			continue;
		path_of(path, name, NULL, dirent->d_name);
		unlink(path);
	}
	closedir(dir);
	path_of(path, name, NULL, NULL);
	if (rmdir(path))
		return fail(error, "removed", path, -errno);
	return 0;
}
