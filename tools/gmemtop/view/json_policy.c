// SPDX-License-Identifier: GPL-2.0-only
/* Policies, their parameters, and the report of a trial as JSON. */
#include <errno.h>

#include "view/format.h"
#include "view/json_common.h"
#include "view/policy.h"

static void add_hooks(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint32_t hooks)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, key);

	for (unsigned int hook = 0; hook < 32; hook++) {
		if (!(hooks & 1U << hook))
			continue;
		if (gmt_hook_name(hook))
			yyjson_mut_arr_add_str(doc, list, gmt_hook_name(hook));
		else
			yyjson_mut_arr_add_uint(doc, list, hook);
	}
}

static void add_error(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint32_t error)
{
	char name[24];

	gmt_format_errno(name, sizeof(name), -(int)error);
	yyjson_mut_obj_add_strcpy(doc, object, key, name);
}

static void add_lockdown(yyjson_mut_doc *doc, yyjson_mut_val *object,
			 const struct gmt_lockdown_params *params)
{
	yyjson_mut_obj_add_uint(doc, object, "grace_ns", params->grace_ns);
	yyjson_mut_obj_add_bool(doc, object, "lock_at_bind", params->lock_at_bind);
	yyjson_mut_obj_add_uint(doc, object, "settle_ns", params->settle_ns);
}

static void add_rule(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_allow_rule *rule)
{
	add_hooks(doc, object, "hooks", rule->hooks);
	if (rule->error)
		add_error(doc, object, "refuse", rule->error);
	if (!rule->match)
		yyjson_mut_obj_add_bool(doc, object, "anyone", true);
	if (rule->match & GMT_ALLOW_UID)
		yyjson_mut_obj_add_uint(doc, object, "uid", rule->uid);
	if (rule->match & GMT_ALLOW_GID)
		yyjson_mut_obj_add_uint(doc, object, "gid", rule->gid);
	if (rule->match & GMT_ALLOW_CGROUP)
		yyjson_mut_obj_add_uint(doc, object, "cgroup_id", rule->cgroup_id);
	if (rule->match & GMT_ALLOW_COMM)
		gmt_json_add_chars(doc, object, "comm", rule->comm, sizeof(rule->comm));
	if (rule->match & GMT_ALLOW_EXE) {
		yyjson_mut_obj_add_uint(doc, object, "exe_major", rule->exe_dev >> 20);
		yyjson_mut_obj_add_uint(doc, object, "exe_minor", rule->exe_dev & 0xfffff);
		yyjson_mut_obj_add_uint(doc, object, "exe_inode", rule->exe_inode);
	}
}

static void add_rates(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
		      const struct gmt_budget_rates *rates)
{
	yyjson_mut_val *of = yyjson_mut_obj_add_obj(doc, object, key);

	/* null: no limit */
	if (rates->shared_bytes_per_s)
		yyjson_mut_obj_add_uint(doc, of, "shared_bytes_per_second",
					rates->shared_bytes_per_s);
	else
		yyjson_mut_obj_add_null(doc, of, "shared_bytes_per_second");
	if (rates->conversions_per_s)
		yyjson_mut_obj_add_uint(doc, of, "conversions_per_second",
					rates->conversions_per_s);
	else
		yyjson_mut_obj_add_null(doc, of, "conversions_per_second");
}

static void add_range(yyjson_mut_doc *doc, yyjson_mut_val *object,
		      const struct gmt_tripwire_range *range)
{
	if (range->id)
		yyjson_mut_obj_add_uint(doc, object, "gmem", range->id);
	else if (range->name[0])
		gmt_json_add_chars(doc, object, "name", range->name, sizeof(range->name));
	yyjson_mut_obj_add_uint(doc, object, "offset_bytes", range->offset_bytes);
	if (range->size_bytes)
		yyjson_mut_obj_add_uint(doc, object, "size_bytes", range->size_bytes);
	else
		yyjson_mut_obj_add_null(doc, object, "size_bytes");
	if (range->hooks)
		add_hooks(doc, object, "hooks", range->hooks);
}

static void add_params(yyjson_mut_doc *doc, yyjson_mut_val *object,
		       const struct gmt_policy_row *row)
{
	const union gmt_policy_params *params = &row->params;
	yyjson_mut_val *of, *list;

	if (!row->has_params) {
		yyjson_mut_obj_add_null(doc, object, "parameters");
		return;
	}
	of = yyjson_mut_obj_add_obj(doc, object, "parameters");
	add_hooks(doc, of, "hooks", params->on.hooks);
	add_error(doc, of, "error", params->on.error);
	switch (row->kind) {
	case GMT_POLICY_LOCKDOWN:
		add_lockdown(doc, of, &params->lockdown);
		break;
	case GMT_POLICY_ALLOW:
		list = yyjson_mut_obj_add_arr(doc, of, "rules");
		for (uint32_t i = 0; i < params->allow.count && i < GMT_ALLOW_RULES; i++)
			add_rule(doc, yyjson_mut_arr_add_obj(doc, list), &params->allow.rules[i]);
		break;
	case GMT_POLICY_BUDGET:
		add_rates(doc, of, "gmem", &params->budget.gmem);
		add_rates(doc, of, "cgroup", &params->budget.cgroup);
		yyjson_mut_obj_add_uint(doc, of, "burst_ns", params->budget.burst_ns);
		yyjson_mut_obj_add_uint(doc, of, "cgroup_level", params->budget.cgroup_level);
		break;
	default:
		list = yyjson_mut_obj_add_arr(doc, of, "ranges");
		for (uint32_t i = 0; i < params->tripwire.count && i < GMT_TRIPWIRE_RANGES; i++)
			add_range(doc, yyjson_mut_arr_add_obj(doc, list),
				  &params->tripwire.ranges[i]);
	}
}

static void add_scope(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_policy_row *row)
{
	const struct gmt_rec_policy *rec = &row->rec;

	switch (rec->scope) {
	case GMEM_SCOPE_ALL:
		yyjson_mut_obj_add_str(doc, object, "scope", "all");
		break;
	case GMEM_SCOPE_CGROUP:
		yyjson_mut_obj_add_str(doc, object, "scope", "cgroup");
		gmt_json_add_cgroup(doc, object, row->scope_path);
		yyjson_mut_obj_add_uint(doc, object, "cgroup_id", rec->scope_id);
		break;
	case GMEM_SCOPE_GMEM:
		yyjson_mut_obj_add_str(doc, object, "scope", "gmem");
		yyjson_mut_obj_add_uint(doc, object, "gmem", rec->scope_id);
		break;
	default:
		yyjson_mut_obj_add_uint(doc, object, "scope", rec->scope);
	}
}

static void add_policy(yyjson_mut_doc *doc, yyjson_mut_val *object,
		       const struct gmt_policy_row *row, int64_t offset_ns)
{
	const struct gmt_rec_policy *rec = &row->rec;

	gmt_json_add_chars(doc, object, "name", rec->name, sizeof(rec->name));
	yyjson_mut_obj_add_uint(doc, object, "policy_id", rec->policy_id);
	/* null where gmemtop has not attached it */
	if (gmt_policy_kind_name(row->kind))
		yyjson_mut_obj_add_str(doc, object, "policy", gmt_policy_kind_name(row->kind));
	else
		yyjson_mut_obj_add_null(doc, object, "policy");
	yyjson_mut_obj_add_str(doc, object, "mode",
			       rec->flags & GMEM_POLICY_MONITOR ? "monitor" : "enforce");
	add_scope(doc, object, row);
	add_hooks(doc, object, "hooks", rec->hooks);
	yyjson_mut_obj_add_bool(doc, object, "report_allowed",
				rec->flags & GMEM_POLICY_REPORT_ALLOWED);
	yyjson_mut_obj_add_bool(doc, object, "kill", rec->flags & GMEM_POLICY_KILL);
	gmt_json_add_time(doc, object, "attached", "attached_ns", rec->attached_ns, offset_ns);
	if (row->pins_unknown)
		yyjson_mut_obj_add_null(doc, object, "pinned");
	else
		yyjson_mut_obj_add_bool(doc, object, "pinned", row->pinned);
	yyjson_mut_obj_add_uint(doc, object, "calls", rec->calls);
	yyjson_mut_obj_add_uint(doc, object, "refusals", rec->refusals);
	if (rec->flags & GMEM_POLICY_TIME)
		yyjson_mut_obj_add_uint(doc, object, "run_ns", rec->run_ns);
	else
		yyjson_mut_obj_add_null(doc, object, "run_ns");
	add_params(doc, object, row);
}

int gmt_json_policies(FILE *out, const struct gmt_policy_rows *rows)
{
	yyjson_mut_doc *doc = gmt_json_new("policies");
	yyjson_mut_val *root, *list;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	gmt_json_add_time(doc, root, "time", "time_ns", rows->now_ns, rows->offset_ns);
	list = yyjson_mut_obj_add_arr(doc, root, "policies");
	for (size_t i = 0; i < rows->count; i++)
		add_policy(doc, yyjson_mut_arr_add_obj(doc, list), &rows->list[i], rows->offset_ns);
	return gmt_json_put(out, doc);
}

int gmt_json_policy(FILE *out, const struct gmt_policy_row *row)
{
	yyjson_mut_doc *doc = gmt_json_new("policy");

	if (!doc)
		return -ENOMEM;
	add_policy(doc, yyjson_mut_doc_get_root(doc), row, row->offset_ns);
	return gmt_json_put(out, doc);
}

static void add_refusal(yyjson_mut_doc *doc, yyjson_mut_val *object,
			const struct gmt_trial_report *report, const struct gmt_refusal *refusal,
			int64_t offset_ns)
{
	const struct gmt_rec_event *event = &refusal->event;
	const char *hook = gmt_hook_name(event->policy.hook);

	yyjson_mut_obj_add_uint(doc, object, "count", refusal->count);
	yyjson_mut_obj_add_str(doc, object, "policy", report->policies[refusal->policy].name);
	if (hook)
		yyjson_mut_obj_add_str(doc, object, "hook", hook);
	else
		yyjson_mut_obj_add_uint(doc, object, "hook", event->policy.hook);
	yyjson_mut_obj_add_int(doc, object, "err", event->policy.err);
	add_error(doc, object, "errno", (uint32_t)-event->policy.err);
	yyjson_mut_obj_add_uint(doc, object, "id", event->id);
	gmt_json_add_chars(doc, object, "name", refusal->gmem_name, sizeof(refusal->gmem_name));
	yyjson_mut_obj_add_uint(doc, object, "pid", event->pid);
	yyjson_mut_obj_add_uint(doc, object, "uid", event->uid);
	gmt_json_add_chars(doc, object, "comm", event->comm, sizeof(event->comm));
	gmt_json_add_cgroup(doc, object, refusal->cgroup);
	yyjson_mut_obj_add_uint(doc, object, "cgroup_id", event->cgroup_id);
	gmt_json_add_time(doc, object, "first", "first_ns", event->time_ns, offset_ns);
	gmt_json_add_time(doc, object, "last", "last_ns", refusal->last_ns, offset_ns);
	yyjson_mut_obj_add_uint(doc, object, "first_offset_bytes", event->offset_bytes);
	yyjson_mut_obj_add_uint(doc, object, "first_size_bytes", event->size_bytes);
}

/* Of a trial on a recording: which, and what it lacks. */
static void add_recording(yyjson_mut_doc *doc, yyjson_mut_val *root,
			  const struct gmt_trial_report *report)
{
	gmt_json_add_chars(doc, root, "recording", report->recording, SIZE_MAX);
	yyjson_mut_obj_add_uint(doc, root, "requests", report->requests);
	yyjson_mut_obj_add_uint(doc, root, "undecided", gmt_trial_undecided(report));
	yyjson_mut_obj_add_uint(doc, root, "frames_without_requests", report->silent_frames);
	yyjson_mut_obj_add_bool(doc, root, "broken", report->broken);
	yyjson_mut_obj_add_bool(doc, root, "same_boot", !report->elsewhere);
}

int gmt_json_trial(FILE *out, const struct gmt_trial_report *report)
{
	const struct gmt_refusals *refusals = report->refusals;
	yyjson_mut_doc *doc = gmt_json_new("trial");
	yyjson_mut_val *root, *list;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	gmt_json_add_chars(doc, root, "file", report->file, SIZE_MAX);
	yyjson_mut_obj_add_real(doc, root, "seconds", report->seconds);
	yyjson_mut_obj_add_uint(doc, root, "refusals", refusals->total);
	yyjson_mut_obj_add_uint(doc, root, "lost", report->lost);
	yyjson_mut_obj_add_uint(doc, root, "refusals_of_others", refusals->beyond);
	if (report->recording)
		add_recording(doc, root, report);
	list = yyjson_mut_obj_add_arr(doc, root, "policies");
	for (size_t i = 0; i < report->policy_count; i++) {
		const struct gmt_trial_policy *policy = &report->policies[i];
		yyjson_mut_val *of = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, of, "name", policy->name);
		if (policy->known) {
			yyjson_mut_obj_add_uint(doc, of, "calls", policy->calls);
			yyjson_mut_obj_add_uint(doc, of, "refusals", policy->refusals);
		} else {
			yyjson_mut_obj_add_null(doc, of, "calls");
			yyjson_mut_obj_add_null(doc, of, "refusals");
		}
		if (report->recording)
			yyjson_mut_obj_add_uint(doc, of, "undecided", policy->undecided);
	}
	list = yyjson_mut_obj_add_arr(doc, root, "would_refuse");
	for (size_t i = 0; i < refusals->count; i++)
		add_refusal(doc, yyjson_mut_arr_add_obj(doc, list), report, &refusals->list[i],
			    report->offset_ns);
	return gmt_json_put(out, doc);
}
