// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop show ID: one gmem in full, with its NUMA nodes, holders, bindings and ranges. */
#include <errno.h>

#include "cmd.h"
#include "model/detail.h"
#include "source/probe.h"
#include "view/format.h"
#include "view/json.h"
#include "view/text.h"

struct show_options {
	bool json;
	bool has_id;
	uint64_t id;
};

static const struct argp_option options[] = {
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_options *show = state->input;

	switch (key) {
	case 'j':
		show->json = true;
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		if (show->has_id)
			argp_error(state, "too many arguments: '%s'", arg);
		show->id = gmt_parse_number(state, arg, "ID", UINT64_MAX);
		show->has_id = true;
		return 0;
	case ARGP_KEY_END:
		if (!show->has_id)
			argp_error(state, "which gmem? `gmemtop list` tells the ids");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "ID",
	.doc = "One gmem in full: creator, sizes, counts since creation, its memory by NUMA "
	       "node, who holds descriptors of it, its bindings and its ranges.",
};

static int keep_range(void *ctx, const struct gmt_rec_range *range)
{
	return gmt_detail_add_range(ctx, range);
}

static int keep_binding(void *ctx, const struct gmt_rec_binding *binding)
{
	return gmt_detail_add_binding(ctx, binding);
}

static int keep_node(void *ctx, const struct gmt_rec_node *node)
{
	return gmt_detail_add_node(ctx, node);
}

/* A callback's way to the source, which knows the paths of cgroups. */
struct keeper {
	struct gmt_source *source;
	struct gmt_detail *detail;
};

static int keep_holder(void *ctx, const struct gmt_rec_holder *holder)
{
	struct keeper *keeper = ctx;
	struct gmt_source *source = keeper->source;

	return gmt_detail_add_holder(keeper->detail, holder,
				     source->ops->cgroup_path(source, holder->cgroup_id));
}

static void print_text(const struct gmt_detail *detail)
{
	gmt_text_gmem(stdout, &detail->row, detail->creator_alive, detail->offset_ns);
	gmt_text_nodes(stdout, detail);
	gmt_text_holders(stdout, detail);
	if (!detail->row.vms.known)
		gmt_text_bindings_unknown(stdout);
	else if (detail->binding_count)
		gmt_text_binding_head(stdout);
	for (size_t i = 0; i < detail->binding_count; i++)
		gmt_text_binding(stdout, &detail->bindings[i]);
	if (detail->ranges_unknown)
		gmt_text_ranges_unknown(stdout);
	else
		gmt_text_range_head(stdout);
	for (size_t i = 0; i < detail->range_count; i++)
		gmt_text_range(stdout, &detail->ranges[i]);
}

static int read_bindings(struct gmt_source *source, struct gmt_detail *detail,
			 struct gmt_error *error)
{
	uint64_t id = detail->row.rec.id;
	int err = 0;

	if (!(detail->row.rec.known & GMT_KNOWN_BINDINGS))
		return 0;
	if (detail->row.rec.bindings)
		err = gmt_source_bindings(source, id, id, keep_binding, detail, error);
	detail->row.vms.known = !err;
	return err == -EOPNOTSUPP ? 0 : err;
}

/* What a source cannot tell is unknown, and the rest is told. */
static int read_whole(struct gmt_source *source, struct gmt_detail *detail, struct gmt_error *error)
{
	struct keeper keeper = { .source = source, .detail = detail };
	uint64_t id = detail->row.rec.id;
	int err;

	err = gmt_source_nodes(source, id, id, keep_node, detail, error);
	detail->nodes_known = !err;
	if (err && err != -EOPNOTSUPP)
		return err;
	err = gmt_source_holders(source, id, id, keep_holder, &keeper, error);
	detail->holders_known = !err;
	return err == -EOPNOTSUPP ? 0 : err;
}

static int read_detail(struct gmt_source *source, uint64_t id, struct gmt_detail *detail,
		       struct gmt_error *error)
{
	struct gmt_row *row = &detail->row;
	int err;

	detail->offset_ns = gmt_source_offset_ns(source);
	err = source->ops->find(source, id, &row->rec, error);
	if (err)
		return err;
	row->cgroup = source->ops->cgroup_path(source, row->rec.creator_cgroup_id);
	detail->creator_alive = source->ops->creator_alive(source, &row->rec);
	err = source->ops->ranges(source, id, keep_range, detail, error);
	detail->ranges_unknown = err == -EOPNOTSUPP;
	if (err && !detail->ranges_unknown)
		return err;
	err = read_bindings(source, detail, error);
	return err ? err : read_whole(source, detail, error);
}

static int run(struct gmt_source *source, const struct show_options *show, struct gmt_error *error)
{
	struct gmt_detail detail = { .row = { .cgroup = "" } };
	int err;

	err = read_detail(source, show->id, &detail, error);
	if (!err && show->json)
		err = gmt_json_gmem(stdout, &detail);
	else if (!err)
		print_text(&detail);
	gmt_detail_exit(&detail);
	if (err == -ENOMEM)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	return err;
}

int cmd_show(int argc, char **argv, struct gmt_error *error)
{
	struct show_options show = { 0 };
	struct gmt_source *source;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &show);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	err = run(source, &show, error);
	source->ops->close(source);
	return err;
}
