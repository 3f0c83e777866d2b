// SPDX-License-Identifier: GPL-2.0-only
/* Moving between the views, and what keys and the mouse share. Drawing is in frame.c, keys in keys.c. */
#include <string.h>

#include "view/ui.h"
#include "view/views/views.h"

const struct gmt_view gmt_views[GMT_VIEWS] = {
	[GMT_VIEW_GMEMS] = { "gmems", "gmems", 0, GMT_GROUP_KINDS, &gmt_gmems_type, gmt_gmems_build,
			     NULL, "there is no gmem" },
	[GMT_VIEW_PROCESSES] = { "processes", "procs", GMT_NEED_BIT(HOLDERS), GMT_GROUP_PROCESS,
				 &gmt_processes_type, gmt_groups_build, NULL,
				 "no process holds a gmem" },
	[GMT_VIEW_VMS] = { "vms", "VMs", 0, GMT_GROUP_VM, &gmt_vms_type, gmt_groups_build, NULL,
			   "there is no gmem, so no VM has one" },
	[GMT_VIEW_CGROUPS] = { "cgroups", "cgroups", 0, GMT_GROUP_CGROUP, &gmt_cgroups_type,
			       gmt_cgroups_build, NULL, "there is no gmem, so no cgroup has one" },
	[GMT_VIEW_NODES] = { "nodes", "nodes", GMT_NEED_BIT(NODES), GMT_GROUP_NODE, &gmt_nodes_type,
			     gmt_groups_build, NULL, "no gmem has memory on any node" },
	[GMT_VIEW_LATENCY] = { "latency", "latency", GMT_NEED_BIT(LATENCY), GMT_GROUP_KINDS,
			       &gmt_latency_type, gmt_latency_build, gmt_latency_draw,
			       "nothing is measured" },
	[GMT_VIEW_EVENTS] = { "events", "events", GMT_NEED_BIT(EVENTS), GMT_GROUP_KINDS,
			      &gmt_events_type, gmt_events_build, NULL,
			      "listening; no event has come" },
	[GMT_VIEW_POLICIES] = { "policies", "policies", GMT_NEED_BIT(POLICIES), GMT_GROUP_KINDS,
				&gmt_policies_type, gmt_policies_build, NULL,
				"no policy is attached" },
	[GMT_VIEW_DETAIL] = { "detail", "gmem",
			      GMT_NEED_BIT(DETAIL) | GMT_NEED_BIT(HOLDERS) | GMT_NEED_BIT(NODES) |
				      GMT_NEED_BIT(DENIALS),
			      GMT_GROUP_KINDS, NULL, NULL, gmt_detail_draw, "" },
};

void gmt_ui_init(struct gmt_ui *ui, struct gmt_live *live)
{
	memset(ui, 0, sizeof(*ui));
	ui->live = live;
	ui->interval = 1;
	ui->mouse = true;
	for (int i = 0; i < GMT_VIEWS; i++)
		if (gmt_views[i].type)
			gmt_grid_init(&ui->grids[i], gmt_views[i].type);
	/* New events come at the end, and that is what is looked at. */
	ui->grids[GMT_VIEW_EVENTS].stick = true;
	ui->grids[GMT_VIEW_EVENTS].follow = true;
}

void gmt_ui_exit(struct gmt_ui *ui)
{
	gmt_cgroups_tree_free();
	for (int i = 0; i < GMT_VIEWS; i++)
		gmt_grid_exit(&ui->grids[i]);
}

unsigned int gmt_ui_needs(const struct gmt_ui *ui)
{
	unsigned int needs = gmt_ui_view(ui)->needs;

	/* Whose gmems they are, and which are on the node, must be known to tell them. */
	if (ui->view == GMT_VIEW_GMEMS && ui->scope.on && ui->scope.by == GMT_GROUP_PROCESS)
		needs |= GMT_NEED_BIT(HOLDERS);
	if (ui->view == GMT_VIEW_GMEMS && ui->scope.on && ui->scope.by == GMT_GROUP_NODE)
		needs |= GMT_NEED_BIT(NODES);
	return needs;
}

void gmt_ui_build(struct gmt_ui *ui)
{
	const struct gmt_view *view = gmt_ui_view(ui);

	if (view->build)
		view->build(ui);
}

enum gmt_act gmt_ui_open(struct gmt_ui *ui, enum gmt_view_id view)
{
	if (ui->view == view)
		return GMT_ACT_DRAW;
	if (ui->view < GMT_VIEW_TABS)
		ui->back = ui->view;
	ui->view = view;
	ui->scroll = 0;
	/* What it needs is not read before. */
	return GMT_ACT_REFRESH;
}

static enum gmt_act enter_group(struct gmt_ui *ui, const struct gmt_grid_row *row)
{
	if (!gmt_views_scope(&ui->scope, ui, row))
		return GMT_ACT_NONE;
	ui->grids[GMT_VIEW_GMEMS].cursor = ui->grids[GMT_VIEW_GMEMS].top = 0;
	ui->grids[GMT_VIEW_GMEMS].cursor_key = 0;
	return gmt_ui_open(ui, GMT_VIEW_GMEMS);
}

enum gmt_act gmt_ui_enter(struct gmt_ui *ui)
{
	const struct gmt_grid_row *row;

	if (ui->view == GMT_VIEW_DETAIL)
		return GMT_ACT_NONE;
	row = gmt_grid_chosen(gmt_ui_grid(ui));
	if (!row)
		return GMT_ACT_NONE;
	switch (ui->view) {
	case GMT_VIEW_GMEMS:
		ui->detail_id = row->key;
		return gmt_ui_open(ui, GMT_VIEW_DETAIL);
	case GMT_VIEW_EVENTS:
		ui->detail_id = ((const struct gmt_seen_event *)row->data)->rec.id;
		return gmt_ui_open(ui, GMT_VIEW_DETAIL);
	case GMT_VIEW_LATENCY:
	case GMT_VIEW_POLICIES:
		return GMT_ACT_NONE;
	default:
		return enter_group(ui, row);
	}
}

/* One step out: of the detail, of what was searched for, of a scope, of a filter. */
enum gmt_act gmt_ui_leave(struct gmt_ui *ui)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (ui->view == GMT_VIEW_DETAIL)
		return gmt_ui_open(ui, ui->back);
	if (grid->search[0]) {
		grid->search[0] = '\0';
		return GMT_ACT_DRAW;
	}
	if (grid->filter[0]) {
		grid->filter[0] = '\0';
		return GMT_ACT_BUILD;
	}
	if (ui->view == GMT_VIEW_GMEMS && ui->scope.on) {
		ui->scope.on = false;
		return gmt_ui_open(ui, ui->back);
	}
	return GMT_ACT_DRAW;
}

enum gmt_act gmt_ui_move(struct gmt_ui *ui, long rows)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);

	if (ui->view == GMT_VIEW_DETAIL || ui->mode == GMT_MODE_HELP) {
		/* Scrolling past the end is put right when drawing. */
		if (rows < 0 && ui->scroll < (size_t)-rows)
			ui->scroll = 0;
		else
			ui->scroll += rows > 100000 ? 100000 : rows;
		return GMT_ACT_DRAW;
	}
	gmt_grid_move(grid, rows);
	if (ui->view == GMT_VIEW_EVENTS)
		grid->stick = grid->cursor + 1 == grid->count;
	return GMT_ACT_DRAW;
}

enum gmt_act gmt_ui_acknowledge(struct gmt_ui *ui)
{
	ui->live->denied = 0;
	return GMT_ACT_DRAW;
}

enum gmt_act gmt_ui_collapse(struct gmt_ui *ui)
{
	struct gmt_grid *grid = gmt_ui_grid(ui);
	const struct gmt_grid_row *row = gmt_grid_chosen(grid);

	if (ui->view != GMT_VIEW_CGROUPS || !row || !row->parent)
		return GMT_ACT_NONE;
	gmt_keys_toggle(&grid->collapsed, row->key);
	return GMT_ACT_BUILD;
}
