// SPDX-License-Identifier: GPL-2.0-only
/* The schema of a file of policies, for libcyaml; and its complaints, made one line of ours. */
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/params.h"
#include "policy/schema.h"

#include <linux/gmem.h>

#define WORD_MAX     255
#define POLICIES_MAX 64

#define WORD(key, type) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_OPTIONAL, type, key, 0, WORD_MAX)
#define MUST(key, type) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_DEFAULT, type, key, 0, WORD_MAX)
#define HOOKS(type)                                                                          \
	CYAML_FIELD_SEQUENCE("hooks", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, hooks, \
			     &word_value, 1, GMEM_NR_HOOKS)
#define PART(key, type, fields) \
	CYAML_FIELD_MAPPING_PTR(#key, CYAML_FLAG_OPTIONAL, type, key, fields)

static const cyaml_schema_value_t word_value = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, WORD_MAX),
};

static const cyaml_schema_field_t lockdown_fields[] = {
	WORD(grace, struct raw_lockdown),
	WORD(settle, struct raw_lockdown),
	WORD(lock_at_bind, struct raw_lockdown),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t rule_fields[] = {
	HOOKS(struct raw_rule),	    WORD(anyone, struct raw_rule), WORD(uid, struct raw_rule),
	WORD(gid, struct raw_rule), WORD(cgroup, struct raw_rule), WORD(comm, struct raw_rule),
	WORD(exe, struct raw_rule), WORD(refuse, struct raw_rule), CYAML_FIELD_END,
};
static const cyaml_schema_value_t rule_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_rule, rule_fields),
};
static const cyaml_schema_field_t allow_fields[] = {
	CYAML_FIELD_SEQUENCE("rules", CYAML_FLAG_POINTER, struct raw_allow, rules, &rule_value, 0,
			     GMT_ALLOW_RULES),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t rates_fields[] = {
	WORD(shared_bytes_per_second, struct raw_rates),
	WORD(conversions_per_second, struct raw_rates),
	CYAML_FIELD_END,
};
static const cyaml_schema_field_t budget_fields[] = {
	PART(gmem, struct raw_budget, rates_fields),
	PART(cgroup, struct raw_budget, rates_fields),
	WORD(burst, struct raw_budget),
	WORD(cgroup_level, struct raw_budget),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t range_fields[] = {
	HOOKS(struct raw_range),	WORD(gmem, struct raw_range), WORD(name, struct raw_range),
	WORD(offset, struct raw_range), WORD(size, struct raw_range), CYAML_FIELD_END,
};
static const cyaml_schema_value_t range_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_range, range_fields),
};
static const cyaml_schema_field_t tripwire_fields[] = {
	CYAML_FIELD_SEQUENCE("ranges", CYAML_FLAG_POINTER, struct raw_tripwire, ranges,
			     &range_value, 1, GMT_TRIPWIRE_RANGES),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t policy_fields[] = {
	MUST(name, struct raw_policy),
	MUST(scope, struct raw_policy),
	MUST(mode, struct raw_policy),
	HOOKS(struct raw_policy),
	WORD(error, struct raw_policy),
	WORD(report_allowed, struct raw_policy),
	WORD(time, struct raw_policy),
	WORD(kill, struct raw_policy),
	PART(lockdown, struct raw_policy, lockdown_fields),
	PART(allow, struct raw_policy, allow_fields),
	PART(budget, struct raw_policy, budget_fields),
	PART(tripwire, struct raw_policy, tripwire_fields),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_policy, policy_fields),
};
static const cyaml_schema_field_t file_fields[] = {
	CYAML_FIELD_SEQUENCE("policies", CYAML_FLAG_POINTER, struct raw_file, policies,
			     &policy_value, 1, POLICIES_MAX),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t file_value = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_file, file_fields),
};

/**
 * struct complaint - What libcyaml says about a text
 * @reason: its first message
 * @line: of the first place that its backtrace names, 0 for none yet
 */
struct complaint {
	char reason[256];
	unsigned int line;
};

/* libcyaml tells a reason, then "Backtrace:", then where, innermost first, "(line: N, column: M)". */
static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct complaint *complaint = ctx;
	const char *text, *at;
	char message[512];

	if (level < CYAML_LOG_ERROR)
		return;
	vsnprintf(message, sizeof(message), fmt, args);
	at = strstr(message, "(line: ");
	if (at) {
		if (!complaint->line)
			sscanf(at, "(line: %u", &complaint->line);
		return;
	}
	if (complaint->reason[0] || strstr(message, "Backtrace"))
		return;
	text = strncmp(message, "Load: ", 6) ? message : message + 6;
	snprintf(complaint->reason, sizeof(complaint->reason), "%.*s", (int)strcspn(text, "\n"),
		 text);
}

/* libcyaml's words, and ours for them; what follows a colon is a key. */
static const struct {
	const char *theirs;
	const char *ours;
} words[] = {
	{ "Unexpected key: ", "is no key of this mapping" },
	{ "Missing required mapping field: ", "is missing" },
	{ "Expecting MAPPING", "a mapping (key: value) is wanted here" },
	{ "Expecting SEQUENCE", "a list is wanted here" },
	{ "Expecting STRING", "one word is wanted here" },
	{ "Insufficient entries", "the list is empty" },
	{ "Excessive entries", "the list is too long" },
};

static int fail_schema(const struct complaint *complaint, struct gmt_yaml *yaml,
		       struct gmt_error *error)
{
	size_t line = complaint->line ? complaint->line : 1;
	char reason[300];

	snprintf(reason, sizeof(reason), "%s", complaint->reason);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].theirs);
		const char *key = complaint->reason + length;

		if (strncmp(complaint->reason, words[i].theirs, length))
			continue;
		/* The place it names for a key is where the key before ends. */
		if (!i)
			line = gmt_yaml_find_key(yaml, key, line);
		if (words[i].theirs[length - 1] == ' ')
			snprintf(reason, sizeof(reason), "'%s' %s", key, words[i].ours);
		else
			snprintf(reason, sizeof(reason), "%s", words[i].ours);
		break;
	}
	return gmt_fail(error, GMT_EXIT_POLICY, -EINVAL, "%s:%zu: %s", yaml->file, line, reason);
}

static cyaml_config_t config(struct complaint *complaint)
{
	return (cyaml_config_t){
		.log_fn = on_log,
		.log_ctx = complaint,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

int gmt_schema_load(struct raw_file **raw, struct gmt_yaml *yaml, const char *text, size_t length,
		    struct gmt_error *error)
{
	struct complaint complaint = { .line = 0 };
	cyaml_config_t cyaml = config(&complaint);
	cyaml_err_t err;

	*raw = NULL;
	err = cyaml_load_data((const uint8_t *)text, length, &cyaml, &file_value,
			      (cyaml_data_t **)raw, NULL);
	if (err == CYAML_OK && *raw)
		return 0;
	if (err == CYAML_ERR_OOM)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (err == CYAML_ERR_ALIAS)
		snprintf(complaint.reason, sizeof(complaint.reason),
			 "aliases (*name) are not followed here");
	if (!complaint.reason[0])
		snprintf(complaint.reason, sizeof(complaint.reason), "%s", cyaml_strerror(err));
	return fail_schema(&complaint, yaml, error);
}

void gmt_schema_free(struct raw_file *raw)
{
	struct complaint complaint = { .line = 0 };
	cyaml_config_t cyaml = config(&complaint);

	if (raw)
		cyaml_free(&cyaml, &file_value, raw, 0);
}
