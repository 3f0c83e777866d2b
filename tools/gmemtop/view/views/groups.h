/* SPDX-License-Identifier: GPL-2.0-only */
/* What the views of groups share: numbers of a group as text. */
#ifndef GMT_VIEW_GROUPS_H
#define GMT_VIEW_GROUPS_H

#include "view/cells.h"
#include "view/views/views.h"

enum gmt_group_shows {
	GMT_SHOWS_WHO,
	GMT_SHOWS_PID,
	GMT_SHOWS_USER,
	GMT_SHOWS_GMEMS,
	GMT_SHOWS_FDS,
	GMT_SHOWS_SIZE,
	GMT_SHOWS_PRIVATE,
	GMT_SHOWS_SHARED,
	GMT_SHOWS_BOUND,
	GMT_SHOWS_BINDINGS,
	GMT_SHOWS_ON_NODE,
	GMT_SHOWS_SHARE,
	GMT_SHOWS_FAULTS,
	GMT_SHOWS_CONVERSIONS,
	GMT_SHOWS_DENIED,
	GMT_SHOWS_SPARK,
	GMT_SHOWS_ALL_DENIED,
};

double gmt_group_number(const struct gmt_group *group, int shows);
void gmt_group_format(char *text, size_t size, const struct gmt_group *group, int shows,
		      const struct gmt_ui *ui);
enum gmt_role gmt_group_role(const struct gmt_group *group, int shows);

#endif /* GMT_VIEW_GROUPS_H */
