// SPDX-License-Identifier: GPL-2.0-only
/* Policies, their parameters, and the report of a trial as plain text. */
#include <inttypes.h>
#include <string.h>

#include "view/format.h"
#include "view/policy.h"

#define CELL_MAX  512
#define PRINT_MAX 100 /* refusals in text; JSON has them all */

void gmt_hooks_format(char *text, size_t size, uint32_t hooks)
{
	size_t at = 0;

	snprintf(text, size, "none");
	for (unsigned int hook = 0; hook < 32 && at < size; hook++) {
		const char *name = gmt_hook_name(hook);

		if (!(hooks & 1U << hook))
			continue;
		if (name)
			at += snprintf(text + at, size - at, "%s%s", at ? "," : "", name);
		else
			at += snprintf(text + at, size - at, "%s%u", at ? "," : "", hook);
	}
}

void gmt_duration_format(char *text, size_t size, uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 1000000000, "s" }, { 1000000, "ms" }, { 1000, "us" }, { 1, "ns" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns % units[i].ns)
			continue;
		snprintf(text, size, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
		return;
	}
}

void gmt_policy_scope_format(char *text, size_t size, const struct gmt_policy_row *row)
{
	char path[CELL_MAX - 32];

	switch (row->rec.scope) {
	case GMEM_SCOPE_ALL:
		snprintf(text, size, "all");
		return;
	case GMEM_SCOPE_GMEM:
		snprintf(text, size, "gmem:%" PRIu64, (uint64_t)row->rec.scope_id);
		return;
	case GMEM_SCOPE_CGROUP:
		gmt_clean_word(path, sizeof(path), row->scope_path, SIZE_MAX);
		if (row->scope_path[0])
			snprintf(text, size, "cgroup:%s", path);
		else
			snprintf(text, size, "cgroup:#%" PRIu64, (uint64_t)row->rec.scope_id);
		return;
	default:
		snprintf(text, size, "%u", row->rec.scope);
	}
}

static const char *pinned_of(const struct gmt_policy_row *row)
{
	return row->pins_unknown ? "?" : row->pinned ? "yes" : "no";
}

static const char *mode_of(const struct gmt_policy_row *row)
{
	return row->rec.flags & GMEM_POLICY_MONITOR ? "monitor" : "enforce";
}

static const char *kind_of(const struct gmt_policy_row *row)
{
	const char *name = gmt_policy_kind_name(row->kind);

	return name ? name : "-";
}

enum { ID, NAME, POLICY, MODE, SCOPE, HOOKS, CALLS, REFUSALS, RUN, PINNED, SINCE, COLUMNS };

static const struct {
	const char *header;
	enum gmt_align align;
} columns[COLUMNS] = {
	[ID] = { "ID", GMT_ALIGN_RIGHT },	 [NAME] = { "NAME", GMT_ALIGN_LEFT },
	[POLICY] = { "POLICY", GMT_ALIGN_LEFT }, [MODE] = { "MODE", GMT_ALIGN_LEFT },
	[SCOPE] = { "SCOPE", GMT_ALIGN_LEFT },	 [HOOKS] = { "HOOKS", GMT_ALIGN_LEFT },
	[CALLS] = { "CALLS", GMT_ALIGN_RIGHT },	 [REFUSALS] = { "REFUSALS", GMT_ALIGN_RIGHT },
	[RUN] = { "NS/CALL", GMT_ALIGN_RIGHT },	 [PINNED] = { "PINNED", GMT_ALIGN_LEFT },
	[SINCE] = { "SINCE", GMT_ALIGN_LEFT },
};

static void cell(char *text, size_t size, const struct gmt_policy_row *row, int column)
{
	const struct gmt_rec_policy *rec = &row->rec;

	switch (column) {
	case ID:
		snprintf(text, size, "%" PRIu64, (uint64_t)rec->policy_id);
		break;
	case NAME:
		gmt_clean_word(text, size, rec->name, sizeof(rec->name));
		break;
	case POLICY:
		snprintf(text, size, "%s", kind_of(row));
		break;
	case MODE:
		snprintf(text, size, "%s", mode_of(row));
		break;
	case SCOPE:
		gmt_policy_scope_format(text, size, row);
		break;
	case HOOKS:
		gmt_hooks_format(text, size, rec->hooks);
		break;
	case CALLS:
		snprintf(text, size, "%" PRIu64, (uint64_t)rec->calls);
		break;
	case REFUSALS:
		snprintf(text, size, "%" PRIu64, (uint64_t)rec->refusals);
		break;
	case RUN:
		if (rec->flags & GMEM_POLICY_TIME && rec->calls)
			snprintf(text, size, "%" PRIu64, (uint64_t)(rec->run_ns / rec->calls));
		else
			snprintf(text, size, "-");
		break;
	case PINNED:
		snprintf(text, size, "%s", pinned_of(row));
		break;
	default:
		gmt_format_time(text, size, rec->attached_ns, row->offset_ns);
		/* To the second. */
		strcpy(text + strcspn(text, "."), "Z");
	}
}

void gmt_text_policies(FILE *out, const struct gmt_policy_rows *rows)
{
	char text[CELL_MAX], padded[CELL_MAX * 2];
	int widths[COLUMNS];

	for (int c = 0; c < COLUMNS; c++) {
		widths[c] = (int)strlen(columns[c].header);
		for (size_t i = 0; i < rows->count; i++) {
			cell(text, sizeof(text), &rows->list[i], c);
			if (gmt_width(text) > widths[c])
				widths[c] = gmt_width(text);
		}
	}
	for (size_t i = 0; i <= rows->count; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			if (i)
				cell(text, sizeof(text), &rows->list[i - 1], c);
			else
				snprintf(text, sizeof(text), "%s", columns[c].header);
			gmt_fit(padded, sizeof(padded), text, widths[c], columns[c].align);
			fprintf(out, "%s%c", c + 1 < COLUMNS ? padded : text,
				c + 1 < COLUMNS ? ' ' : '\n');
		}
	}
}

static void put(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%-24s %s\n", name, value);
}

static void put_number(FILE *out, const char *name, uint64_t number)
{
	fprintf(out, "%-24s %" PRIu64 "\n", name, number);
}

static void put_duration(FILE *out, const char *name, uint64_t ns)
{
	char text[32];

	gmt_duration_format(text, sizeof(text), ns);
	put(out, name, text);
}

static void put_rate(FILE *out, const char *name, uint64_t rate)
{
	if (rate)
		put_number(out, name, rate);
	else
		put(out, name, "unlimited");
}

static void put_rules(FILE *out, const struct gmt_allow_params *params)
{
	char text[CELL_MAX];

	for (uint32_t i = 0; i < params->count && i < GMT_ALLOW_RULES; i++) {
		const struct gmt_allow_rule *rule = &params->rules[i];

		fprintf(out, "rule %-19u", i + 1);
		gmt_format_errno(text, sizeof(text), -(int)rule->error);
		fprintf(out, " %s%s", rule->error ? "refuse=" : "allow", rule->error ? text : "");
		gmt_hooks_format(text, sizeof(text), rule->hooks);
		fprintf(out, " hooks=%s", text);
		if (!rule->match)
			fprintf(out, " anyone");
		if (rule->match & GMT_ALLOW_UID)
			fprintf(out, " uid=%u", rule->uid);
		if (rule->match & GMT_ALLOW_GID)
			fprintf(out, " gid=%u", rule->gid);
		if (rule->match & GMT_ALLOW_CGROUP)
			fprintf(out, " cgroup_id=%" PRIu64, (uint64_t)rule->cgroup_id);
		if (rule->match & GMT_ALLOW_COMM) {
			gmt_clean_word(text, sizeof(text), rule->comm, sizeof(rule->comm));
			fprintf(out, " comm=%s", text);
		}
		if (rule->match & GMT_ALLOW_EXE)
			fprintf(out, " exe_device=%u:%u exe_inode=%" PRIu64, rule->exe_dev >> 20,
				rule->exe_dev & 0xfffff, (uint64_t)rule->exe_inode);
		fputc('\n', out);
	}
}

static void put_ranges(FILE *out, const struct gmt_tripwire_params *params)
{
	char text[CELL_MAX];

	for (uint32_t i = 0; i < params->count && i < GMT_TRIPWIRE_RANGES; i++) {
		const struct gmt_tripwire_range *range = &params->ranges[i];

		fprintf(out, "range %-18u", i + 1);
		if (range->id) {
			fprintf(out, " gmem=%" PRIu64, (uint64_t)range->id);
		} else if (range->name[0]) {
			gmt_clean_word(text, sizeof(text), range->name, sizeof(range->name));
			fprintf(out, " name=%s", text);
		}
		fprintf(out, " offset=%" PRIu64, (uint64_t)range->offset_bytes);
		if (range->size_bytes)
			fprintf(out, " size=%" PRIu64, (uint64_t)range->size_bytes);
		if (range->hooks) {
			gmt_hooks_format(text, sizeof(text), range->hooks);
			fprintf(out, " hooks=%s", text);
		}
		fputc('\n', out);
	}
}

static void put_params(FILE *out, const struct gmt_policy_row *row)
{
	const union gmt_policy_params *params = &row->params;
	char text[CELL_MAX];

	gmt_hooks_format(text, sizeof(text), params->on.hooks);
	put(out, "decides on", text);
	gmt_format_errno(text, sizeof(text), -(int)params->on.error);
	put(out, "error", text);
	switch (row->kind) {
	case GMT_POLICY_LOCKDOWN:
		put_duration(out, "grace", params->lockdown.grace_ns);
		put(out, "lock at bind", params->lockdown.lock_at_bind ? "yes" : "no");
		put_duration(out, "settle", params->lockdown.settle_ns);
		break;
	case GMT_POLICY_ALLOW:
		put_rules(out, &params->allow);
		break;
	case GMT_POLICY_BUDGET:
		put_rate(out, "gmem: bytes shared/s", params->budget.gmem.shared_bytes_per_s);
		put_rate(out, "gmem: conversions/s", params->budget.gmem.conversions_per_s);
		put_rate(out, "cgroup: bytes shared/s", params->budget.cgroup.shared_bytes_per_s);
		put_rate(out, "cgroup: conversions/s", params->budget.cgroup.conversions_per_s);
		put_duration(out, "burst", params->budget.burst_ns);
		put_number(out, "cgroup level", params->budget.cgroup_level);
		break;
	default:
		put_ranges(out, &params->tripwire);
	}
}

void gmt_text_policy(FILE *out, const struct gmt_policy_row *row)
{
	const struct gmt_rec_policy *rec = &row->rec;
	char text[CELL_MAX];

	gmt_clean_word(text, sizeof(text), rec->name, sizeof(rec->name));
	put(out, "name", text);
	put_number(out, "id", rec->policy_id);
	put(out, "policy", kind_of(row));
	put(out, "mode", mode_of(row));
	gmt_policy_scope_format(text, sizeof(text), row);
	put(out, "scope", text);
	gmt_hooks_format(text, sizeof(text), rec->hooks);
	put(out, "hooks", text);
	put(out, "reports what it allows", rec->flags & GMEM_POLICY_REPORT_ALLOWED ? "yes" : "no");
	put(out, "kills", rec->flags & GMEM_POLICY_KILL ? "yes" : "no");
	gmt_format_time(text, sizeof(text), rec->attached_ns, row->offset_ns);
	put(out, "attached", text);
	put(out, "pinned", pinned_of(row));
	put_number(out, "calls", rec->calls);
	put_number(out, "refusals", rec->refusals);
	if (rec->flags & GMEM_POLICY_TIME)
		put_duration(out, "time in its programs", rec->run_ns);
	else
		put(out, "time in its programs", "not measured");
	if (row->has_params)
		put_params(out, row);
}

static void put_refusal(FILE *out, const struct gmt_trial_report *report,
			const struct gmt_refusal *refusal)
{
	const struct gmt_rec_event *event = &refusal->event;
	char err[24], name[CELL_MAX], comm[CELL_MAX], cgroup[CELL_MAX];
	const char *hook = gmt_hook_name(event->policy.hook);

	gmt_format_errno(err, sizeof(err), event->policy.err);
	gmt_clean_word(name, sizeof(name), refusal->gmem_name, sizeof(refusal->gmem_name));
	gmt_clean_word(comm, sizeof(comm), event->comm, sizeof(event->comm));
	gmt_clean_word(cgroup, sizeof(cgroup), refusal->cgroup, SIZE_MAX);
	fprintf(out,
		"%" PRIu64 " times policy=%s hook=%s err=%s id=%" PRIu64
		" name=%s pid=%u uid=%u comm=%s cgroup=%s offset_bytes=%" PRIu64
		" size_bytes=%" PRIu64 "\n",
		refusal->count, report->policies[refusal->policy].name, hook ? hook : "?", err,
		(uint64_t)event->id, name, event->pid, event->uid, comm, cgroup,
		(uint64_t)event->offset_bytes, (uint64_t)event->size_bytes);
}

void gmt_text_trial(FILE *out, const struct gmt_trial_report *report)
{
	const struct gmt_refusals *refusals = report->refusals;
	size_t shown = refusals->count < PRINT_MAX ? refusals->count : PRINT_MAX;

	for (size_t i = 0; i < report->policy_count; i++) {
		const struct gmt_trial_policy *policy = &report->policies[i];

		if (policy->known && policy->undecided)
			fprintf(out,
				"policy %s: asked %" PRIu64 " times, would have refused %" PRIu64
				", undecided %" PRIu64
				": the recording does not tell what it looked at\n",
				policy->name, policy->calls, policy->refusals, policy->undecided);
		else if (policy->known)
			fprintf(out,
				"policy %s: asked %" PRIu64 " times, would have refused %" PRIu64
				"\n",
				policy->name, policy->calls, policy->refusals);
		else
			fprintf(out, "policy %s: its counts could not be read\n", policy->name);
	}
	for (size_t i = 0; i < shown; i++)
		put_refusal(out, report, &refusals->list[i]);
	if (refusals->count > shown)
		fprintf(out, "and %zu more such lines: --json has them all\n",
			refusals->count - shown);
	if (refusals->beyond)
		fprintf(out, "and %" PRIu64 " refusals of others, for which there was no room\n",
			refusals->beyond);
	if (report->recording) {
		fprintf(out,
			"total: %.1f s recorded, requests %" PRIu64
			"  would have been refused %" PRIu64 "  undecided %" PRIu64
			"  lost %" PRIu64 "\n",
			report->seconds, report->requests, refusals->total,
			gmt_trial_undecided(report), report->lost);
		return;
	}
	fprintf(out,
		"total: %.1f s  would have been refused %" PRIu64 "  lost %" PRIu64
		"  nothing was refused\n",
		report->seconds, refusals->total, report->lost);
}
