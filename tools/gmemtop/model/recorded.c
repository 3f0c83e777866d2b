// SPDX-License-Identifier: GPL-2.0-only
/* Names in recorded requests: cgroups by path and by id, gmems by id, in binary trees. */
#include "model/recorded.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define MOUNT "/sys/fs/cgroup"

/**
 * struct cgroup - A path, and the cgroup that had it first
 * @again: another one had it, too
 */
struct cgroup {
	uint64_t id;
	bool again;
	char path[];
};

struct gmem {
	uint64_t id;
	char name[GMT_NAME_MAX];
};

/**
 * struct gmt_recorded - What is known by name
 * @paths: struct cgroup by path; owned
 * @known: ids of cgroups whose path was taken apart already
 * @gmems: struct gmem by id; owned
 */
struct gmt_recorded {
	void *paths;
	void *known;
	void *gmems;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct cgroup *)a)->path, ((const struct cgroup *)b)->path);
}

/* All that is looked up by id begins with it. */
static int by_id(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct gmt_recorded *gmt_recorded_new(void)
{
	return calloc(1, sizeof(struct gmt_recorded));
}

void gmt_recorded_free(struct gmt_recorded *recorded)
{
	if (!recorded)
		return;
	tdestroy(recorded->paths, free);
	tdestroy(recorded->known, free);
	tdestroy(recorded->gmems, free);
	free(recorded);
}

static int add_path(struct gmt_recorded *recorded, uint64_t id, const char *path, size_t length)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup) + length + 1);
	struct cgroup **there;

	if (!cgroup)
		return -ENOMEM;
	cgroup->id = id;
	memcpy(cgroup->path, path, length);
	there = tsearch(cgroup, &recorded->paths, by_path);
	if (!there || *there != cgroup) {
		free(cgroup);
		if (there && (*there)->id != id)
			(*there)->again = true;
		return there ? 0 : -ENOMEM;
	}
	return 0;
}

/* Return: 1 the first time, else 0; -ENOMEM */
static int is_new(struct gmt_recorded *recorded, uint64_t id)
{
	uint64_t *key;

	if (tfind(&id, &recorded->known, by_id))
		return 0;
	key = malloc(sizeof(*key));
	if (!key)
		return -ENOMEM;
	*key = id;
	if (tsearch(key, &recorded->known, by_id))
		return 1;
	free(key);
	return -ENOMEM;
}

/* The path's beginnings are those of the cgroups above it. */
static int add_levels(struct gmt_recorded *recorded, const struct gmt_rec_request *request,
		      const char *path)
{
	const char *at = path;
	int err;

	if (path[0] != '/' || !request->level_count)
		return 0;
	err = is_new(recorded, request->cgroup_id);
	if (err <= 0)
		return err;
	err = add_path(recorded, request->cgroup_ids[0], "/", 1);
	for (uint32_t i = 1; !err && *at && i < request->level_count; i++) {
		at += 1 + strcspn(at + 1, "/");
		err = add_path(recorded, request->cgroup_ids[i], path, at - path);
	}
	return err;
}

int gmt_recorded_add_gmem(struct gmt_recorded *recorded, uint64_t id, const char *name)
{
	struct gmem **there = tfind(&id, &recorded->gmems, by_id), *gmem;

	/* A creation that came to nothing may have had the name of another one before. */
	if (there) {
		memcpy((*there)->name, name, sizeof((*there)->name));
		return 0;
	}
	gmem = calloc(1, sizeof(*gmem));
	if (!gmem)
		return -ENOMEM;
	gmem->id = id;
	memcpy(gmem->name, name, sizeof(gmem->name));
	if (tsearch(gmem, &recorded->gmems, by_id))
		return 0;
	free(gmem);
	return -ENOMEM;
}

int gmt_recorded_add(struct gmt_recorded *recorded, const struct gmt_rec_request *request,
		     const char *cgroup, const char *creator_cgroup)
{
	int err = add_levels(recorded, request, cgroup);

	if (!err && creator_cgroup[0] == '/' && request->creator_cgroup_id)
		err = add_path(recorded, request->creator_cgroup_id, creator_cgroup,
			       strlen(creator_cgroup));
	return err ? err : gmt_recorded_add_gmem(recorded, request->id, request->name);
}

/* What counts of a path: without the mount point, and slashes at either end. Return: its length */
static size_t normal(const char **path)
{
	const size_t mount = strlen(MOUNT);
	size_t length;

	if (!strncmp(*path, MOUNT, mount) && (!(*path)[mount] || (*path)[mount] == '/'))
		*path += mount;
	*path += strspn(*path, "/");
	length = strlen(*path);
	while (length && (*path)[length - 1] == '/')
		length--;
	return length;
}

uint64_t gmt_recorded_cgroup(const struct gmt_recorded *recorded, const char *path, bool *again)
{
	const size_t length = normal(&path);
	struct cgroup *wanted, **found;
	uint64_t id = GMT_CGROUP_NOWHERE;

	*again = false;
	wanted = calloc(1, sizeof(*wanted) + length + 2);
	if (!wanted)
		return id;
	wanted->path[0] = '/';
	memcpy(wanted->path + 1, path, length);
	found = tfind(wanted, &recorded->paths, by_path);
	if (found) {
		id = (*found)->id;
		*again = (*found)->again;
	}
	free(wanted);
	return id;
}

struct named {
	const char *name;
	uint64_t id;
	size_t count;
};

static void compare_name(const void *node, VISIT visit, void *ctx)
{
	const struct gmem *gmem = *(const struct gmem *const *)node;
	struct named *named = ctx;

	if ((visit != postorder && visit != leaf) ||
	    strncmp(gmem->name, named->name, sizeof(gmem->name)))
		return;
	named->id = gmem->id;
	named->count++;
}

size_t gmt_recorded_gmem(const struct gmt_recorded *recorded, const char *name, uint64_t *id)
{
	struct named named = { .name = name };

	twalk_r(recorded->gmems, compare_name, &named);
	*id = named.id;
	return named.count;
}

bool gmt_recorded_has(const struct gmt_recorded *recorded, uint64_t id)
{
	return tfind(&id, &recorded->gmems, by_id);
}

enum gmt_path_below gmt_path_below(const char *path, const char *above)
{
	const size_t length = normal(&above);

	path += path[0] == '/';
	if (!length)
		return *path ? GMT_PATH_BELOW : GMT_PATH_SAME;
	if (strncmp(path, above, length) || (path[length] && path[length] != '/'))
		return GMT_PATH_ELSEWHERE;
	return path[length] ? GMT_PATH_BELOW : GMT_PATH_SAME;
}
