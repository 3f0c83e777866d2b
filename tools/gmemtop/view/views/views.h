/* SPDX-License-Identifier: GPL-2.0-only */
/* The views, a file each: their tables, how rows are filled in, what is drawn beside them. */
#ifndef GMT_VIEW_VIEWS_H
#define GMT_VIEW_VIEWS_H

#include "model/column.h"
#include "view/ui.h"

extern const struct gmt_grid_type gmt_gmems_type;
extern const struct gmt_grid_type gmt_processes_type;
extern const struct gmt_grid_type gmt_vms_type;
extern const struct gmt_grid_type gmt_cgroups_type;
extern const struct gmt_grid_type gmt_nodes_type;
extern const struct gmt_grid_type gmt_latency_type;
extern const struct gmt_grid_type gmt_events_type;
extern const struct gmt_grid_type gmt_policies_type;

void gmt_gmems_build(struct gmt_ui *ui);
void gmt_groups_build(struct gmt_ui *ui);
void gmt_cgroups_build(struct gmt_ui *ui);
void gmt_latency_build(struct gmt_ui *ui);
void gmt_events_build(struct gmt_ui *ui);
void gmt_policies_build(struct gmt_ui *ui);

void gmt_latency_draw(struct gmt_ui *ui, int y, int lines);
void gmt_detail_draw(struct gmt_ui *ui, int y, int lines);

/* gmt_cgroups_tree_free() - Free the tree that gmt_cgroups_build() keeps */
void gmt_cgroups_tree_free(void);

/* gmt_cgroups_path_of() - Return: the path of a row of the tree */
const char *gmt_cgroups_path_of(const void *row);

/* gmt_gmems_column() - Return: what the gmems' table is sorted by, for the command's selection */
enum gmt_column gmt_gmems_column(const struct gmt_grid *grid);

/* gmt_gmems_sort_by() - Sort by a column of the command line */
void gmt_gmems_sort_by(struct gmt_grid *grid, enum gmt_column column);

/* gmt_views_scope() - Only the gmems of a row of a group. Return: false where it has none */
bool gmt_views_scope(struct gmt_scope *scope, const struct gmt_ui *ui,
		     const struct gmt_grid_row *row);

/* gmt_scope_has() - Return: whether a gmem is in the scope */
bool gmt_scope_has(const struct gmt_scope *scope, const struct gmt_live *live,
		   const struct gmt_row *row);

/* gmt_group_title() - What a group is called: "kvm 7", "qemu 1234" */
void gmt_group_title(char *text, size_t size, enum gmt_group_by by, const struct gmt_group *group);

#endif /* GMT_VIEW_VIEWS_H */
