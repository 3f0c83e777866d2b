/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies into the kernel, out of it, and what is there: all of a file or nothing. Called by
 * cmd_policy*.c; policies stay attached by their pins in bpffs, but for those of a trial.
 */
#ifndef GMT_SOURCE_POLICIES_H
#define GMT_SOURCE_POLICIES_H

#include "model/policy.h"
#include "source/source.h"

/* enum gmt_applied - What became of a policy that was applied. */
enum gmt_applied {
	GMT_APPLIED_ATTACHED,
	GMT_APPLIED_REPLACED,
};

/**
 * gmt_policies_list() - All attached policies, pinned or not, in the order they were attached
 * @rows: filled on success; free it with gmt_policy_rows_free()
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_policies_list(struct gmt_source *source, struct gmt_policy_rows *rows,
		      struct gmt_error *error);
void gmt_policy_rows_free(struct gmt_policy_rows *rows);

/* gmt_policies_check() - Have the verifier look at policies; nothing is attached */
int gmt_policies_check(const struct gmt_policy_specs *specs, struct gmt_error *error);

/**
 * gmt_policies_apply() - Attach and pin policies; replace those that are pinned by their names
 * @file: for messages
 * @applied: one entry a policy, filled in
 *
 * All or nothing; what is replaced, is replaced atomically.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_policies_apply(struct gmt_source *source, const char *file,
		       const struct gmt_policy_specs *specs, enum gmt_applied *applied,
		       struct gmt_error *error);

/* gmt_policy_detach() - Detach a policy that is pinned; -ENOENT without one */
int gmt_policy_detach(const char *name, struct gmt_error *error);

/* gmt_policies_detach() - Detach all that are pinned; @fn is told each name, and may be NULL */
int gmt_policies_detach(void (*fn)(const char *name), struct gmt_error *error);

/**
 * gmt_trial_start() - Attach policies that only watch, for as long as we run
 * @trial: set on success; end it with gmt_trial_end()
 *
 * They have names of their own, "try.PID." and as much of the policy's as fits.
 *
 * Return: 0 or -errno with @error filled in
 */
struct gmt_trial;
int gmt_trial_start(struct gmt_trial **trial, const struct gmt_policy_specs *specs,
		    struct gmt_error *error);

/* gmt_trial_name() - Return: the name that the policy @index of the file has while tried */
const char *gmt_trial_name(const struct gmt_trial *trial, size_t index);

/* gmt_trial_detach() - Detach all of them; what they have said is still to be read */
void gmt_trial_detach(struct gmt_trial *trial);
void gmt_trial_end(struct gmt_trial *trial);

#endif /* GMT_SOURCE_POLICIES_H */
