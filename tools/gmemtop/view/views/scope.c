// SPDX-License-Identifier: GPL-2.0-only
/* Opening a group: which gmems are in it. Used by the view of gmems. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/cells.h"
#include "view/views/views.h"

bool gmt_views_scope(struct gmt_scope *scope, const struct gmt_ui *ui,
		     const struct gmt_grid_row *row)
{
	const struct gmt_group *group = row->data;
	char name[256];

	scope->by = gmt_ui_view(ui)->group;
	if (scope->by == GMT_GROUP_KINDS)
		return false;
	scope->path[0] = '\0';
	if (scope->by == GMT_GROUP_CGROUP) {
		const char *path = gmt_cgroups_path_of(row->data);

		if (strlen(path) >= sizeof(scope->path))
			return false;
		strcpy(scope->path, path);
		gmt_clean(name, sizeof(name), path, SIZE_MAX);
		snprintf(scope->title, sizeof(scope->title), "of cgroup %.70s",
			 path[0] ? name : "not known");
	} else {
		scope->key = group->key;
		gmt_group_title(name, sizeof(name), scope->by, group);
		if (scope->by == GMT_GROUP_PROCESS && !group->key.what)
			snprintf(scope->title, sizeof(scope->title), "of %.60s %" PRIu64, name,
				 group->key.number);
		else
			snprintf(scope->title, sizeof(scope->title), "of %.80s", name);
	}
	scope->on = true;
	return true;
}

static bool held_by(const struct gmt_scope *scope, const struct gmt_live *live,
		    const struct gmt_row *row)
{
	const struct gmt_holders *holders = &live->holders;
	size_t low = 0, high = holders->count;

	if (live->why[GMT_NEED_HOLDERS][0]) {
		if (scope->key.what)
			return !(row->rec.known & GMT_KNOWN_CREATOR);
		return row->rec.creator_pid == scope->key.number &&
		       row->rec.creator_start_ns == scope->key.more[0];
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holders->list[middle].id < row->rec.id)
			low = middle + 1;
		else
			high = middle;
	}
	if (scope->key.what)
		return low == holders->count || holders->list[low].id != row->rec.id;
	for (; low < holders->count && holders->list[low].id == row->rec.id; low++)
		if (holders->list[low].pid == scope->key.number &&
		    holders->list[low].start_ns == scope->key.more[0])
			return true;
	return false;
}

static bool bound_by(const struct gmt_scope *scope, const struct gmt_row *row)
{
	if (scope->key.what)
		return !row->vms.count && row->vms.known == (scope->key.what == GMT_GROUP_NONE);
	for (size_t i = 0; i < row->vms.count; i++)
		if (row->vms.list[i].vm == scope->key.number &&
		    !strncmp(row->vms.list[i].consumer, (const char *)scope->key.more,
			     GMT_CONSUMER_MAX))
			return true;
	return false;
}

static bool on_node(const struct gmt_scope *scope, const struct gmt_live *live,
		    const struct gmt_row *row)
{
	const struct gmt_nodes *nodes = &live->nodes;
	size_t low = 0, high = nodes->count;
	uint64_t told = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes->list[middle].id < row->rec.id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < nodes->count && nodes->list[low].id == row->rec.id; low++) {
		told += nodes->list[low].resident_bytes;
		if (!scope->key.what && nodes->list[low].nid == scope->key.number)
			return true;
	}
	return scope->key.what &&
	       told < row->rec.resident_private_bytes + row->rec.resident_shared_bytes;
}

static bool in_cgroup(const struct gmt_scope *scope, const struct gmt_row *row)
{
	size_t length = strlen(scope->path);

	if (!strcmp(scope->path, "/"))
		return row->cgroup[0] == '/';
	if (!length)
		return row->cgroup[0] != '/';
	return !strncmp(row->cgroup, scope->path, length) &&
	       (!row->cgroup[length] || row->cgroup[length] == '/');
}

bool gmt_scope_has(const struct gmt_scope *scope, const struct gmt_live *live,
		   const struct gmt_row *row)
{
	switch (scope->by) {
	case GMT_GROUP_PROCESS:
		return held_by(scope, live, row);
	case GMT_GROUP_VM:
		return bound_by(scope, row);
	case GMT_GROUP_NODE:
		return on_node(scope, live, row);
	case GMT_GROUP_CGROUP:
		return in_cgroup(scope, row);
	default:
		return true;
	}
}
