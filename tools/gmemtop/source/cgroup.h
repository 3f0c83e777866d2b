/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths of cgroups by their ids, remembered. Used by the sources; an id is never
 * given to another cgroup, so an answer stays true as long as the tool runs.
 */
#ifndef GMT_SOURCE_CGROUP_H
#define GMT_SOURCE_CGROUP_H

#include <stdint.h>

struct gmt_cgroups;

/* Return: an empty cache, or NULL without memory */
struct gmt_cgroups *gmt_cgroups_new(void);

/* Return: a cache that knows what it is told, and nothing of this host */
struct gmt_cgroups *gmt_cgroups_new_apart(void);

/* gmt_cgroups_tell() - Remember a path, the first one told of an id, unless there are too many */
void gmt_cgroups_tell(struct gmt_cgroups *cgroups, uint64_t id, const char *path);

void gmt_cgroups_free(struct gmt_cgroups *cgroups);

/**
 * gmt_cgroups_path() - Look up a path
 * @id: cgroup id of the unified hierarchy
 *
 * Return: the path below the hierarchy's root, "/" for the root; "(removed)" when there
 * is no such cgroup any more; "" when it cannot be told. Valid until the cache is freed.
 */
const char *gmt_cgroups_path(struct gmt_cgroups *cgroups, uint64_t id);

#endif /* GMT_SOURCE_CGROUP_H */
