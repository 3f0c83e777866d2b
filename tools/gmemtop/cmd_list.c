// SPDX-License-Identifier: GPL-2.0-only
/* gmemtop list: every gmem there is, once, with its counts since creation. */
#include <errno.h>

#include "cmd.h"
#include "source/probe.h"
#include "view/json.h"
#include "view/text.h"

struct list_options {
	bool json;
	enum gmt_column sort;
	bool descending;
	struct gmt_filter filter;
};

static const struct argp_option options[] = {
	{ "json", 'j', 0, 0, "One JSON object", 0 },
	{ "sort", 's', "COLUMN", 0,
	  "Sort by id (default), name, command, pid, size, private, shared, faults, "
	  "conversions, denied, bindings, vm or cgroup; numbers largest first",
	  0 },
	{ "reverse", 'r', 0, 0, "Sort the other way round", 0 },
	{ "filter", 'f', "WORDS", 0,
	  "Only gmems in whose id, name, command, pid, vm or cgroup each word is found, or "
	  "COLUMN=TEXT for one of these",
	  0 },
	{ "verbose", 'v', 0, 0, "Show libbpf's messages", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct list_options *list = state->input;

	switch (key) {
	case 'j':
		list->json = true;
		return 0;
	case 's':
		list->sort = gmt_column_find(gmt_columns_list, gmt_columns_list_count, arg);
		if (list->sort == GMT_COLUMN_MAX)
			argp_error(state, "there is no column '%s'", arg);
		list->descending ^= gmt_column_descends(list->sort);
		return 0;
	case 'r':
		list->descending = !list->descending;
		return 0;
	case 'f':
		if (gmt_filter_parse(&list->filter, arg))
			argp_error(state, "'%s' is no filter", arg);
		return 0;
	case 'v':
		gmt_log_init(true);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Every gmem there is, with its counts since creation.",
};

static int run(struct gmt_source *source, struct gmt_table *table, struct list_options *list,
	       struct gmt_error *error)
{
	int err = gmt_refresh(source, table, error);

	if (err)
		return err;
	err = gmt_table_select(table, &list->filter, list->sort, list->descending);
	if (!err && list->json)
		err = gmt_json_table(stdout, table);
	else if (!err)
		gmt_text_table(stdout, table, gmt_columns_list, gmt_columns_list_count, false);
	return err ? gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory") : 0;
}

int cmd_list(int argc, char **argv, struct gmt_error *error)
{
	struct list_options list = { .sort = GMT_COLUMN_ID };
	struct gmt_source *source;
	struct gmt_table table;
	int err;

	argp_parse(&argp, argc, argv, 0, NULL, &list);
	err = gmt_source_open(&source, error);
	if (err)
		return err;
	gmt_table_init(&table);
	err = run(source, &table, &list, error);
	gmt_table_exit(&table);
	source->ops->close(source);
	return err;
}
