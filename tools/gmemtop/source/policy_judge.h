/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policies of a file, asked about requests that were recorded: their own programs decide, run
 * on this kernel one request at a time, with maps of their own. Called by cmd_policy_replay.c.
 */
#ifndef GMT_SOURCE_POLICY_JUDGE_H
#define GMT_SOURCE_POLICY_JUDGE_H

#include "error.h"
#include "model/policy.h"
#include "model/request.h"

struct gmt_judges;

/**
 * gmt_judges_open() - Load the programs of each policy; nothing is attached, no gmem.ko is needed
 * @judges: set on success; free it with gmt_judges_close()
 * @specs: stays in use
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_judges_open(struct gmt_judges **judges, const struct gmt_policy_specs *specs,
		    struct gmt_error *error);
void gmt_judges_close(struct gmt_judges *judges);

/* enum gmt_verdict - What became of asking. */
enum gmt_verdict {
	GMT_VERDICT_NOT_ASKED, /* it has no program for this hook */
	GMT_VERDICT_ALLOWED,
	GMT_VERDICT_REFUSED,
	GMT_VERDICT_UNSURE, /* it looked at what the recording does not tell */
};

/**
 * gmt_judge() - Ask the policy @index about a request that it covers
 * @verdict: set on success
 * @error_number: of a refusal, -errno; set on success
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_judge(struct gmt_judges *judges, size_t index, const struct gmt_rec_request *request,
	      enum gmt_verdict *verdict, int *error_number, struct gmt_error *error);

#endif /* GMT_SOURCE_POLICY_JUDGE_H */
