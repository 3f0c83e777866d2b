// SPDX-License-Identifier: GPL-2.0-only
/* The view of attached policies: what they cover, how often they are asked and refuse. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/format.h"
#include "view/policy.h"
#include "view/views/views.h"

enum {
	NAME,
	KIND,
	MODE,
	SCOPE,
	CALLS,
	REFUSALS,
	CALL_RATE,
	REFUSAL_RATE,
	RUN,
	PINNED,
	HOOKS,
	COLUMNS,
};

static const struct gmt_grid_column columns[COLUMNS] = {
	[NAME] = { "name", "NAME", 8, 31, GMT_ALIGN_LEFT, 0, .text = true },
	[KIND] = { "policy", "POLICY", 8, 0, GMT_ALIGN_LEFT, 5, .text = true },
	[MODE] = { "mode", "MODE", 7, 0, GMT_ALIGN_LEFT, 2, .text = true },
	[SCOPE] = { "scope", "SCOPE", 8, 60, GMT_ALIGN_TAIL, 6, .text = true },
	[CALLS] = { "calls", "CALLS", 5, 0, GMT_ALIGN_RIGHT, 7, .descends = true },
	[REFUSALS] = { "refusals", "REFUS", 5, 0, GMT_ALIGN_RIGHT, 1, .descends = true },
	[CALL_RATE] = { "calls-rate", "CALL/S", 6, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
	[REFUSAL_RATE] = { "refusals-rate", "REF/S", 5, 0, GMT_ALIGN_RIGHT, 3, .descends = true },
	[RUN] = { "time", "NS/CALL", 7, 0, GMT_ALIGN_RIGHT, 8, .descends = true },
	[PINNED] = { "pinned", "PINNED", 6, 0, GMT_ALIGN_LEFT, 10, .text = true },
	[HOOKS] = { "hooks", "HOOKS", 8, 80, GMT_ALIGN_LEFT, 9, .text = true },
};

/* A second; below 0 where the policy was not there in the refresh before. */
static double rate(const struct gmt_policy_row *row, const struct gmt_live *live, bool refusals)
{
	const struct gmt_policy_rows *before = &live->policies_before;
	uint64_t now = refusals ? row->rec.refusals : row->rec.calls;

	for (size_t i = 0; i < before->count && live->policies_s > 0; i++) {
		const struct gmt_rec_policy *old = &before->list[i].rec;
		uint64_t was = refusals ? old->refusals : old->calls;

		if (old->policy_id == row->rec.policy_id)
			return now > was ? (double)(now - was) / live->policies_s : 0;
	}
	return -1;
}

static void format(char *text, size_t size, const void *data, int column, const struct gmt_ui *ui)
{
	const struct gmt_policy_row *row = data;
	const struct gmt_rec_policy *rec = &row->rec;
	const char *kind = gmt_policy_kind_name(row->kind);
	double a_second;

	switch (column) {
	case NAME:
		gmt_clean(text, size, rec->name, sizeof(rec->name));
		break;
	case KIND:
		snprintf(text, size, "%s", kind ? kind : row->pins_unknown ? "?" : "-");
		break;
	case MODE:
		snprintf(text, size, "%s",
			 rec->flags & GMEM_POLICY_MONITOR ? "monitor" : "enforce");
		break;
	case SCOPE:
		gmt_policy_scope_format(text, size, row);
		break;
	case CALLS:
		gmt_format_count(text, size, rec->calls);
		break;
	case REFUSALS:
		gmt_format_count(text, size, rec->refusals);
		break;
	case CALL_RATE:
	case REFUSAL_RATE:
		a_second = rate(row, ui->live, column == REFUSAL_RATE);
		if (a_second < 0)
			snprintf(text, size, "-");
		else
			gmt_format_rate(text, size, a_second);
		break;
	case RUN:
		if (rec->flags & GMEM_POLICY_TIME && rec->calls)
			gmt_format_count(text, size, rec->run_ns / rec->calls);
		else
			snprintf(text, size, "-");
		break;
	case PINNED:
		snprintf(text, size, "%s", row->pins_unknown ? "?" : row->pinned ? "yes" : "no");
		break;
	default:
		gmt_hooks_format(text, size, rec->hooks);
	}
}

static enum gmt_role role(const void *data, int column, const struct gmt_ui *ui)
{
	const struct gmt_policy_row *row = data;

	if (column == REFUSAL_RATE && rate(row, ui->live, true) > 0)
		return GMT_ROLE_ALARM;
	if (column == REFUSALS && row->rec.refusals)
		return GMT_ROLE_WARN;
	return GMT_ROLE_TEXT;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *a, const void *b, int column)
{
	const struct gmt_policy_row *x = a, *y = b;

	switch (column) {
	case KIND:
		return (int)x->kind - (int)y->kind;
	case MODE:
		return compare_u64(x->rec.flags & GMEM_POLICY_MONITOR,
				   y->rec.flags & GMEM_POLICY_MONITOR);
	case SCOPE:
		if (x->rec.scope != y->rec.scope)
			return compare_u64(x->rec.scope, y->rec.scope);
		return compare_u64(x->rec.scope_id, y->rec.scope_id);
	case CALLS:
	case CALL_RATE:
		return compare_u64(x->rec.calls, y->rec.calls);
	case REFUSALS:
	case REFUSAL_RATE:
		return compare_u64(x->rec.refusals, y->rec.refusals);
	case RUN:
		return compare_u64(x->rec.calls ? x->rec.run_ns / x->rec.calls : 0,
				   y->rec.calls ? y->rec.run_ns / y->rec.calls : 0);
	case PINNED:
		return (int)x->pinned - (int)y->pinned;
	case HOOKS:
		return compare_u64(x->rec.hooks, y->rec.hooks);
	default:
		return strncmp(x->rec.name, y->rec.name, sizeof(x->rec.name));
	}
}

const struct gmt_grid_type gmt_policies_type = {
	.name = "policies",
	.columns = columns,
	.count = COLUMNS,
	.sort = NAME,
	.tree = -1,
	.format = format,
	.role = role,
	.compare = compare,
};

void gmt_policies_build(struct gmt_ui *ui)
{
	const struct gmt_policy_rows *policies = &ui->live->policies;
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_POLICIES];

	gmt_grid_begin(grid);
	for (size_t i = 0; i < policies->count; i++)
		if (!gmt_grid_add(grid, &policies->list[i], policies->list[i].rec.policy_id + 1))
			break;
	gmt_grid_end(grid, ui, true, true);
}
