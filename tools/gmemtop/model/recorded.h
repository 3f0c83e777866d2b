/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroups and gmems that recorded requests speak of: a file of policies is tried with names,
 * and these are what they meant on the host and at the time of the recording.
 */
#ifndef GMT_MODEL_RECORDED_H
#define GMT_MODEL_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "model/request.h"

struct gmt_recorded;

/* gmt_recorded_new() - Return: NULL without memory */
struct gmt_recorded *gmt_recorded_new(void);
void gmt_recorded_free(struct gmt_recorded *recorded);

/**
 * gmt_recorded_add() - Learn the names of a request
 * @cgroup: path of the task's cgroup, @creator_cgroup: of who made the gmem's; "" for unknown
 *
 * Return: 0 or -ENOMEM
 */
int gmt_recorded_add(struct gmt_recorded *recorded, const struct gmt_rec_request *request,
		     const char *cgroup, const char *creator_cgroup);

/* gmt_recorded_add_gmem() - Learn of a gmem that nobody asked about. Return: 0 or -ENOMEM */
int gmt_recorded_add_gmem(struct gmt_recorded *recorded, uint64_t id, const char *name);

/**
 * gmt_recorded_cgroup() - The cgroup that had this path first
 * @path: with or without the mount point of the hierarchy
 * @again: set to whether another one had it later
 *
 * Return: its id, GMT_CGROUP_NOWHERE where nothing was recorded of it
 */
uint64_t gmt_recorded_cgroup(const struct gmt_recorded *recorded, const char *path, bool *again);

/* gmt_recorded_gmem() - Return: how many gmems have had this name; *id is one's */
size_t gmt_recorded_gmem(const struct gmt_recorded *recorded, const char *name, uint64_t *id);

/* gmt_recorded_has() - Was there a gmem with this id? */
bool gmt_recorded_has(const struct gmt_recorded *recorded, uint64_t id);

/* enum gmt_path_below - Where a cgroup is, by its path. */
enum gmt_path_below {
	GMT_PATH_ELSEWHERE,
	GMT_PATH_SAME,
	GMT_PATH_BELOW,
};

/* gmt_path_below() - @above may be as in gmt_recorded_cgroup() */
enum gmt_path_below gmt_path_below(const char *path, const char *above);

#endif /* GMT_MODEL_RECORDED_H */
