// SPDX-License-Identifier: GPL-2.0-only
/*
 * The views of gmems by process, by VM and by NUMA node: each a table of what can be told of a
 * group. The tree of cgroups is in cgroups.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/views/groups.h"

static const struct gmt_grid_column process_columns[] = {
	{ "command", "COMMAND", 8, 40, GMT_ALIGN_LEFT, 0, .text = true },
	{ "pid", "PID", 5, 10, GMT_ALIGN_RIGHT, 1, .text = true },
	{ "uid", "UID", 5, 10, GMT_ALIGN_RIGHT, 11, .text = true },
	{ "gmems", "GMEMS", 5, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	{ "fds", "FDS", 5, 0, GMT_ALIGN_RIGHT, 10, .descends = true },
	{ "size", "SIZE", 5, 0, GMT_ALIGN_RIGHT, 8, .descends = true, .bytes = true },
	{ "private", "PRIV", 5, 0, GMT_ALIGN_RIGHT, 2, .descends = true, .bytes = true },
	{ "shared", "SHARE", 5, 0, GMT_ALIGN_RIGHT, 3, .descends = true, .bytes = true },
	{ "faults", "FLT/S", 5, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
	{ "conversions", "CNV/S", 5, 0, GMT_ALIGN_RIGHT, 7, .descends = true },
	{ "denied", "DEN/S", 5, 0, GMT_ALIGN_RIGHT, 5, .descends = true },
	{ "all-denied", "DENY", 5, 0, GMT_ALIGN_RIGHT, 9, .descends = true },
	{ "history", "FLT/S OVER TIME", 15, 60, GMT_ALIGN_LEFT, 12, .fill = true,
	  .descends = true },
};
static const int process_shows[] = {
	GMT_SHOWS_WHO,	  GMT_SHOWS_PID,	 GMT_SHOWS_USER,    GMT_SHOWS_GMEMS,
	GMT_SHOWS_FDS,	  GMT_SHOWS_SIZE,	 GMT_SHOWS_PRIVATE, GMT_SHOWS_SHARED,
	GMT_SHOWS_FAULTS, GMT_SHOWS_CONVERSIONS, GMT_SHOWS_DENIED,  GMT_SHOWS_ALL_DENIED,
	GMT_SHOWS_SPARK,
};

static const struct gmt_grid_column vm_columns[] = {
	{ "vm", "VM", 8, 40, GMT_ALIGN_LEFT, 0, .text = true },
	{ "gmems", "GMEMS", 5, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	{ "bindings", "BIND", 5, 0, GMT_ALIGN_RIGHT, 10, .descends = true },
	{ "bound", "BOUND", 5, 0, GMT_ALIGN_RIGHT, 9, .descends = true, .bytes = true },
	{ "size", "SIZE", 5, 0, GMT_ALIGN_RIGHT, 8, .descends = true, .bytes = true },
	{ "private", "PRIV", 5, 0, GMT_ALIGN_RIGHT, 2, .descends = true, .bytes = true },
	{ "shared", "SHARE", 5, 0, GMT_ALIGN_RIGHT, 3, .descends = true, .bytes = true },
	{ "faults", "FLT/S", 5, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
	{ "conversions", "CNV/S", 5, 0, GMT_ALIGN_RIGHT, 7, .descends = true },
	{ "denied", "DEN/S", 5, 0, GMT_ALIGN_RIGHT, 5, .descends = true },
	{ "all-denied", "DENY", 5, 0, GMT_ALIGN_RIGHT, 9, .descends = true },
	{ "history", "FLT/S OVER TIME", 15, 60, GMT_ALIGN_LEFT, 12, .fill = true,
	  .descends = true },
};
static const int vm_shows[] = {
	GMT_SHOWS_WHO,	       GMT_SHOWS_GMEMS,	  GMT_SHOWS_BINDINGS,	GMT_SHOWS_BOUND,
	GMT_SHOWS_SIZE,	       GMT_SHOWS_PRIVATE, GMT_SHOWS_SHARED,	GMT_SHOWS_FAULTS,
	GMT_SHOWS_CONVERSIONS, GMT_SHOWS_DENIED,  GMT_SHOWS_ALL_DENIED, GMT_SHOWS_SPARK,
};

static const struct gmt_grid_column node_columns[] = {
	{ "node", "NODE", 8, 20, GMT_ALIGN_LEFT, 0, .text = true },
	{ "gmems", "GMEMS", 5, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	{ "bytes", "BYTES", 5, 0, GMT_ALIGN_RIGHT, 1, .descends = true, .bytes = true },
	{ "share", "SHARE OF ALL", 12, 60, GMT_ALIGN_LEFT, 7, .fill = true, .descends = true },
};
static const int node_shows[] = {
	GMT_SHOWS_WHO,
	GMT_SHOWS_GMEMS,
	GMT_SHOWS_ON_NODE,
	GMT_SHOWS_SHARE,
};

void gmt_group_title(char *text, size_t size, enum gmt_group_by by, const struct gmt_group *group)
{
	if (group->key.what == GMT_GROUP_UNKNOWN) {
		snprintf(text, size, "? not known");
		return;
	}
	if (group->key.what == GMT_GROUP_NONE) {
		snprintf(text, size, by == GMT_GROUP_VM ? "- not bound" : "- nobody");
		return;
	}
	switch (by) {
	case GMT_GROUP_PROCESS:
		gmt_clean(text, size, group->comm, sizeof(group->comm));
		break;
	case GMT_GROUP_VM:
		gmt_vm_format(text, size, (const char *)group->key.more, group->key.number);
		break;
	case GMT_GROUP_NODE:
		snprintf(text, size, "node %" PRIu64, group->key.number);
		break;
	default:
		snprintf(text, size, "%" PRIu64, group->key.number);
	}
}

/* What must be known of every gmem of a group to tell a column. */
static uint32_t needed(int shows)
{
	switch (shows) {
	case GMT_SHOWS_PRIVATE:
	case GMT_SHOWS_SHARED:
		return GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES;
	case GMT_SHOWS_FAULTS:
	case GMT_SHOWS_SPARK:
		return GMT_KNOWN_FAULTS_HOST | GMT_KNOWN_FAULTS_GUEST;
	case GMT_SHOWS_CONVERSIONS:
		return GMT_KNOWN_CONVERSIONS;
	case GMT_SHOWS_DENIED:
	case GMT_SHOWS_ALL_DENIED:
		return GMT_KNOWN_DENIED;
	case GMT_SHOWS_BINDINGS:
	case GMT_SHOWS_BOUND:
		return GMT_KNOWN_BINDINGS;
	default:
		return 0;
	}
}

double gmt_group_number(const struct gmt_group *group, int shows)
{
	switch (shows) {
	case GMT_SHOWS_PID:
		return (double)group->key.number;
	case GMT_SHOWS_USER:
		return group->uid;
	case GMT_SHOWS_GMEMS:
		return (double)group->gmems;
	case GMT_SHOWS_FDS:
		return group->fds;
	case GMT_SHOWS_SIZE:
		return (double)group->size_bytes;
	case GMT_SHOWS_PRIVATE:
		return (double)group->resident_private_bytes;
	case GMT_SHOWS_SHARED:
		return (double)group->resident_shared_bytes;
	case GMT_SHOWS_BOUND:
		return (double)group->bound_bytes;
	case GMT_SHOWS_BINDINGS:
		return (double)group->bindings;
	case GMT_SHOWS_ON_NODE:
	case GMT_SHOWS_SHARE:
		return (double)group->node_bytes;
	case GMT_SHOWS_FAULTS:
	case GMT_SHOWS_SPARK:
		return group->rates.faults;
	case GMT_SHOWS_CONVERSIONS:
		return group->rates.conversions;
	case GMT_SHOWS_DENIED:
		return group->rates.denied;
	case GMT_SHOWS_ALL_DENIED:
		return (double)group->denied;
	default:
		return 0;
	}
}

static bool is_rate(int shows)
{
	return shows == GMT_SHOWS_FAULTS || shows == GMT_SHOWS_CONVERSIONS ||
	       shows == GMT_SHOWS_DENIED;
}

static bool is_bytes(int shows)
{
	return shows == GMT_SHOWS_SIZE || shows == GMT_SHOWS_PRIVATE || shows == GMT_SHOWS_SHARED ||
	       shows == GMT_SHOWS_BOUND || shows == GMT_SHOWS_ON_NODE;
}

void gmt_group_format(char *text, size_t size, const struct gmt_group *group, int shows,
		      const struct gmt_ui *ui)
{
	double number = gmt_group_number(group, shows);

	if (needed(shows) & ~group->known)
		snprintf(text, size, "?");
	else if (is_rate(shows) && !group->has_rates)
		snprintf(text, size, "-");
	else if (is_rate(shows))
		gmt_format_rate(text, size, number);
	else if (is_bytes(shows))
		gmt_look_bytes(text, size, (uint64_t)number, &ui->look);
	else
		gmt_format_count(text, size, (uint64_t)number);
}

enum gmt_role gmt_group_role(const struct gmt_group *group, int shows)
{
	switch (shows) {
	case GMT_SHOWS_DENIED:
		return group->rates.denied > 0 ? GMT_ROLE_ALARM : GMT_ROLE_TEXT;
	case GMT_SHOWS_ALL_DENIED:
		return group->denied ? GMT_ROLE_WARN : GMT_ROLE_TEXT;
	case GMT_SHOWS_PRIVATE:
		return GMT_ROLE_PRIVATE;
	case GMT_SHOWS_SHARED:
		return GMT_ROLE_SHARED;
	case GMT_SHOWS_SPARK:
	case GMT_SHOWS_SHARE:
		return GMT_ROLE_SPARK;
	default:
		return GMT_ROLE_TEXT;
	}
}

static void format_share(char *text, size_t size, const struct gmt_group *group, int width,
			 const struct gmt_ui *ui)
{
	const struct gmt_groups *groups = &ui->live->groups[GMT_GROUP_NODE];
	uint64_t all = 0;
	char bar[512];

	for (size_t i = 0; i < groups->count; i++)
		all += groups->list[i].node_bytes;
	gmt_look_bar(bar, sizeof(bar), &ui->look, (double)group->node_bytes, (double)all,
		     width - 7);
	snprintf(text, size, "%5.1f%% %s",
		 all ? 100.0 * (double)group->node_bytes / (double)all : 0, bar);
}

static void format(char *text, size_t size, const struct gmt_group *group, enum gmt_group_by by,
		   int shows, int width, const struct gmt_ui *ui)
{
	const struct gmt_history *recent = &ui->live->recent_groups[by];

	if (shows == GMT_SHOWS_WHO)
		gmt_group_title(text, size, by, group);
	else if ((shows == GMT_SHOWS_PID || shows == GMT_SHOWS_USER) && group->key.what)
		snprintf(text, size, "-");
	else if (shows == GMT_SHOWS_PID || shows == GMT_SHOWS_USER)
		snprintf(text, size, "%.0f", gmt_group_number(group, shows));
	else if (shows == GMT_SHOWS_FDS && by == GMT_GROUP_PROCESS && ui->live->by_creator)
		snprintf(text, size, "?");
	else if (shows == GMT_SHOWS_SPARK && !(needed(shows) & ~group->known))
		gmt_look_spark(text, size, &ui->look, recent,
			       gmt_history_find(recent, gmt_group_hash(&group->key)),
			       GMT_HISTORY_FAULTS, width);
	else if (shows == GMT_SHOWS_SHARE)
		format_share(text, size, group, width, ui);
	else
		gmt_group_format(text, size, group, shows, ui);
}

static int compare(const struct gmt_group *a, const struct gmt_group *b, enum gmt_group_by by,
		   int shows)
{
	double x = gmt_group_number(a, shows), y = gmt_group_number(b, shows);
	char first[128], second[128];

	if (shows == GMT_SHOWS_WHO && by == GMT_GROUP_PROCESS)
		return strncmp(a->comm, b->comm, sizeof(a->comm));
	if (shows == GMT_SHOWS_WHO) {
		gmt_group_title(first, sizeof(first), by, a);
		gmt_group_title(second, sizeof(second), by, b);
		return strverscmp(first, second);
	}
	return (x > y) - (x < y);
}

static void format_process(char *text, size_t size, const void *row, int column,
			   const struct gmt_ui *ui)
{
	format(text, size, row, GMT_GROUP_PROCESS, process_shows[column],
	       ui->grids[GMT_VIEW_PROCESSES].widths[column], ui);
}

static enum gmt_role role_process(const void *row, int column, const struct gmt_ui *ui)
{
	return gmt_group_role(row, process_shows[column]);
}

static int compare_process(const void *a, const void *b, int column)
{
	return compare(a, b, GMT_GROUP_PROCESS, process_shows[column]);
}

const struct gmt_grid_type gmt_processes_type = {
	.name = "processes",
	.columns = process_columns,
	.count = sizeof(process_columns) / sizeof(process_columns[0]),
	.sort = 6,
	.tree = -1,
	.format = format_process,
	.role = role_process,
	.compare = compare_process,
};

static void format_vm(char *text, size_t size, const void *row, int column, const struct gmt_ui *ui)
{
	format(text, size, row, GMT_GROUP_VM, vm_shows[column],
	       ui->grids[GMT_VIEW_VMS].widths[column], ui);
}

static enum gmt_role role_vm(const void *row, int column, const struct gmt_ui *ui)
{
	return gmt_group_role(row, vm_shows[column]);
}

static int compare_vm(const void *a, const void *b, int column)
{
	return compare(a, b, GMT_GROUP_VM, vm_shows[column]);
}

const struct gmt_grid_type gmt_vms_type = {
	.name = "vms",
	.columns = vm_columns,
	.count = sizeof(vm_columns) / sizeof(vm_columns[0]),
	.sort = 5,
	.tree = -1,
	.format = format_vm,
	.role = role_vm,
	.compare = compare_vm,
};

static void format_node(char *text, size_t size, const void *row, int column,
			const struct gmt_ui *ui)
{
	format(text, size, row, GMT_GROUP_NODE, node_shows[column],
	       ui->grids[GMT_VIEW_NODES].widths[column], ui);
}

static enum gmt_role role_node(const void *row, int column, const struct gmt_ui *ui)
{
	return gmt_group_role(row, node_shows[column]);
}

static int compare_node(const void *a, const void *b, int column)
{
	return compare(a, b, GMT_GROUP_NODE, node_shows[column]);
}

const struct gmt_grid_type gmt_nodes_type = {
	.name = "nodes",
	.columns = node_columns,
	.count = sizeof(node_columns) / sizeof(node_columns[0]),
	.sort = 0,
	.tree = -1,
	.format = format_node,
	.role = role_node,
	.compare = compare_node,
};

void gmt_groups_build(struct gmt_ui *ui)
{
	const struct gmt_groups *groups = &ui->live->groups[gmt_ui_view(ui)->group];
	struct gmt_grid *grid = gmt_ui_grid(ui);

	gmt_grid_begin(grid);
	for (size_t i = 0; i < groups->count; i++)
		if (!gmt_grid_add(grid, &groups->list[i], gmt_group_hash(&groups->list[i].key)))
			break;
	gmt_grid_end(grid, ui, true, true);
}
