// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop show ID: one gmem in full, with its ranges. */
#include <errno.h>
#include <stdlib.h>

#include "cmd.h"
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
	.doc = "One gmem in full: creator, sizes, counts since creation, and its ranges.",
};

struct ranges {
	struct gmt_rec_range *ranges;
	size_t count;
	size_t capacity;
};

static int keep_range(void *ctx, const struct gmt_rec_range *range)
{
	struct ranges *kept = ctx;

	if (kept->count == kept->capacity) {
		size_t capacity = kept->capacity ? kept->capacity * 2 : 256;
		void *ranges = reallocarray(kept->ranges, capacity, sizeof(*kept->ranges));

		if (!ranges)
			return -ENOMEM;
		kept->ranges = ranges;
		kept->capacity = capacity;
	}
	kept->ranges[kept->count++] = *range;
	return 0;
}

static int print(const struct gmt_row *row, bool alive, const struct ranges *ranges, bool json)
{
	if (json)
		return gmt_json_gmem(stdout, row, alive, ranges->ranges, ranges->count);
	gmt_text_gmem(stdout, row, alive);
	gmt_text_range_head(stdout);
	for (size_t i = 0; i < ranges->count; i++)
		gmt_text_range(stdout, &ranges->ranges[i]);
	return 0;
}

static int run(struct gmt_source *source, const struct show_options *show, struct gmt_error *error)
{
	struct gmt_row row = { .cgroup = "" };
	struct ranges ranges = { 0 };
	int err;

	err = source->ops->find(source, show->id, &row.rec, error);
	if (err)
		return err;
	row.cgroup = source->ops->cgroup_path(source, row.rec.creator_cgroup_id);
	err = source->ops->ranges(source, show->id, keep_range, &ranges, error);
	if (!err)
		err = print(&row, source->ops->creator_alive(source, &row.rec), &ranges,
			    show->json);
	free(ranges.ranges);
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
	err = gmt_bpf_open(&source, error);
	if (err)
		return err;
	err = run(source, &show, error);
	source->ops->close(source);
	return err;
}
