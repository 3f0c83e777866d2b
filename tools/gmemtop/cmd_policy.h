/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs below `gmemtop policy`: their functions, and what they share in reading a file. */
#ifndef GMT_CMD_POLICY_H
#define GMT_CMD_POLICY_H

#include "cmd.h"
#include "policy/file.h"

/* As the verbs of cmd.h. */
int cmd_policy_list(int argc, char **argv, struct gmt_error *error);
int cmd_policy_show(int argc, char **argv, struct gmt_error *error);
int cmd_policy_detach(int argc, char **argv, struct gmt_error *error);
int cmd_policy_apply(int argc, char **argv, struct gmt_error *error);
int cmd_policy_check(int argc, char **argv, struct gmt_error *error);
int cmd_policy_try(int argc, char **argv, struct gmt_error *error);

/* gmt_policy_replay() - What the policies of @file would have refused of a recording, as a report */
int gmt_policy_replay(const char *file, const char *recording, bool json, struct gmt_error *error);

/**
 * struct gmt_policy_input - A file of policies, and the source that it was checked against
 * @file: for messages
 * @source: open once the file is loaded
 */
struct gmt_policy_input {
	const char *file;
	struct gmt_source *source;
	struct gmt_policy_specs specs;
};

/**
 * gmt_policy_input_open() - Read and check a file, which wants no gmem.ko yet, and open the source
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_policy_input_open(struct gmt_policy_input *input, const char *file,
			  struct gmt_error *error);
void gmt_policy_input_close(struct gmt_policy_input *input);

#endif /* GMT_CMD_POLICY_H */
