/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs, one cmd_*.c each, called by main through its table; and what they share in
 * reading the command line and refreshing the model.
 */
#ifndef GMT_CMD_H
#define GMT_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <time.h>

#include "error.h"
#include "model/table.h"
#include "source/source.h"

/* Each returns 0, or -errno with @error filled in. They exit by themselves for --help only. */
int cmd_top(int argc, char **argv, struct gmt_error *error);
int cmd_list(int argc, char **argv, struct gmt_error *error);
int cmd_show(int argc, char **argv, struct gmt_error *error);
int cmd_trace(int argc, char **argv, struct gmt_error *error);
int cmd_latency(int argc, char **argv, struct gmt_error *error);
int cmd_policy(int argc, char **argv, struct gmt_error *error);
int cmd_audit(int argc, char **argv, struct gmt_error *error);
int cmd_export(int argc, char **argv, struct gmt_error *error);
int cmd_doctor(int argc, char **argv, struct gmt_error *error);
int cmd_record(int argc, char **argv, struct gmt_error *error);
int cmd_replay(int argc, char **argv, struct gmt_error *error);

/**
 * gmt_run_verb() - Run the verb that argv[1] names; the live table without one
 *
 * Of a recording, those only that one can answer.
 */
int gmt_run_verb(int argc, char **argv, struct gmt_error *error);

/* gmt_verbs_help() - Return: the verbs with a line on each, to be freed; for --help */
char *gmt_verbs_help(void);

/* Options that most verbs have; their keys are above those of short options. */
enum {
	GMT_KEY_JSON = 0x100,
	GMT_KEY_BATCH,
	GMT_KEY_DURATION,
};

/* gmt_parse_number() - A whole decimal number up to @max; else prints usage and exits */
uint64_t gmt_parse_number(struct argp_state *state, const char *text, const char *what,
			  uint64_t max);

/* gmt_parse_seconds() - Seconds, decimals allowed; else prints usage and exits */
double gmt_parse_seconds(struct argp_state *state, const char *text, double min, double max);

#define GMT_BUFFER_BYTES_DEFAULT ((size_t)16 << 20)

/**
 * struct gmt_filter_args - What filter_args.c fills in
 * @filter: and @buffer_bytes: the verb's
 * @cgroup: as given, NULL: none
 */
struct gmt_filter_args {
	struct gmt_task_filter *filter;
	size_t *buffer_bytes;
	const char *cgroup;
};

/* gmt_parse_events() - Names of events parted by commas, as bits; else prints usage and exits */
uint32_t gmt_parse_events(struct argp_state *state, char *list);

/* gmt_filter_arg() - Reads -b, -i, -p, -u and -g. Return: 0, or ARGP_ERR_UNKNOWN of any other */
error_t gmt_filter_arg(struct gmt_filter_args *args, int key, char *arg, struct argp_state *state);

/* gmt_filter_finish() - Looks up the cgroup, of @source's host or (NULL) of this one. Return: 0 or -errno */
int gmt_filter_finish(struct gmt_filter_args *args, struct gmt_source *source,
		      struct gmt_error *error);

/**
 * gmt_refresh() - Read all gmems into the table, cgroup paths included
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_refresh(struct gmt_source *source, struct gmt_table *table, struct gmt_error *error);

/**
 * gmt_pass_time() - Wait until the next refresh is due
 * @until: CLOCK_MONOTONIC
 *
 * A recording that is replayed as fast as can be goes on by a snapshot instead.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_pass_time(struct gmt_source *source, const struct timespec *until, struct gmt_error *error);

/* gmt_flush() - Flush standard output. Return: 0 or -errno with @error filled in */
int gmt_flush(struct gmt_error *error);

#endif /* GMT_CMD_H */
