/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies, and the report of a trial, as text and as JSON. Called by cmd_policy*.c. */
#ifndef GMT_VIEW_POLICY_H
#define GMT_VIEW_POLICY_H

#include <stdio.h>

#include "model/policy.h"
#include "model/refusals.h"

/* gmt_text_policies() - All attached policies as a table */
void gmt_text_policies(FILE *out, const struct gmt_policy_rows *rows);

/* gmt_text_policy() - One in full, with its parameters where they are known */
void gmt_text_policy(FILE *out, const struct gmt_policy_row *row);

/* gmt_text_trial() - What would have been refused: how often, what, by whom */
void gmt_text_trial(FILE *out, const struct gmt_trial_report *report);

/* gmt_hooks_format() - Words parted by commas; "none" for 0 */
void gmt_hooks_format(char *text, size_t size, uint32_t hooks);

/* gmt_policy_scope_format() - As in files of policies: all, cgroup:PATH, gmem:ID */
void gmt_policy_scope_format(char *text, size_t size, const struct gmt_policy_row *row);

/* gmt_duration_format() - The shortest exact way to write it: 500ms, 10s */
void gmt_duration_format(char *text, size_t size, uint64_t ns);

/* These return 0 or -ENOMEM. */

/* {"type":"policies",...,"policies":[...]} */
int gmt_json_policies(FILE *out, const struct gmt_policy_rows *rows);

/* {"type":"policy",...,"parameters":{...}} */
int gmt_json_policy(FILE *out, const struct gmt_policy_row *row);

/* {"type":"trial",...,"would_refuse":[...]} */
int gmt_json_trial(FILE *out, const struct gmt_trial_report *report);

#endif /* GMT_VIEW_POLICY_H */
