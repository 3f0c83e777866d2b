// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of each policy: from a file's words to the struct that its programs read. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "policy/reader.h"
#include "policy/values.h"

#define SECOND_NS 1000000000ULL
#define GRACE_MAX (3650 * 86400 * SECOND_NS)
#define BURST_MIN 1000000ULL
#define BURST_MAX (3600 * SECOND_NS)

#define CONVERSIONS_MAX 1000000000ULL
#define BYTES_MIN	4096ULL
#define BYTES_MAX	(1ULL << 50)

#define LEVEL_MAX 63

static int fail(struct gmt_reader *reader, const yaml_node_t *node, const char *reason)
{
	return gmt_yaml_fail(&reader->yaml, node, reader->error, "%s", reason);
}

static const yaml_node_t *member(struct gmt_reader *reader, const yaml_node_t *node,
				 const char *key)
{
	return gmt_yaml_member(&reader->yaml, node, key);
}

static int read_lockdown(struct gmt_reader *reader, const yaml_node_t *node,
			 const struct raw_lockdown *raw, struct gmt_lockdown_params *params)
{
	uint64_t grace = params->grace_ns, settle = params->settle_ns;
	bool at_bind = params->lock_at_bind;
	int err;

	err = gmt_read_duration(reader, node, "grace", raw->grace, 0, GRACE_MAX, &grace);
	if (!err)
		err = gmt_read_duration(reader, node, "settle", raw->settle, 0, GRACE_MAX, &settle);
	if (!err)
		err = gmt_read_bool(reader, node, "lock_at_bind", raw->lock_at_bind, &at_bind);
	if (err)
		return err;
	if (raw->settle && !at_bind)
		return fail(reader, member(reader, node, "settle"),
			    "settle without lock_at_bind: it is the time after the first bind");
	if (raw->settle && settle > grace)
		return fail(reader, member(reader, node, "settle"),
			    "settle is longer than grace, which ends the setup before");
	params->grace_ns = grace;
	params->settle_ns = settle;
	params->lock_at_bind = at_bind;
	return 0;
}

static int read_exe(struct gmt_reader *reader, const yaml_node_t *node, const char *path,
		    struct gmt_allow_rule *rule)
{
	struct stat st;

	node = member(reader, node, "exe");
	if (path[0] != '/')
		return fail(reader, node, "exe: an absolute path is wanted");
	if (stat(path, &st))
		return gmt_yaml_fail(&reader->yaml, node, reader->error, "exe %.200s: %s", path,
				     strerror(errno));
	if (!S_ISREG(st.st_mode))
		return gmt_yaml_fail(&reader->yaml, node, reader->error,
				     "exe %.200s: it is no file that could be run", path);
	rule->exe_dev = GMT_ALLOW_DEV(major(st.st_dev), minor(st.st_dev));
	rule->exe_inode = st.st_ino;
	rule->match |= GMT_ALLOW_EXE;
	return 0;
}

static int read_ids(struct gmt_reader *reader, const yaml_node_t *node, const struct raw_rule *raw,
		    struct gmt_allow_rule *rule)
{
	if (raw->uid) {
		if (gmt_value_user(raw->uid, &rule->uid))
			return gmt_yaml_fail(&reader->yaml, member(reader, node, "uid"),
					     reader->error, "uid '%.60s': there is no such user",
					     raw->uid);
		rule->match |= GMT_ALLOW_UID;
	}
	if (raw->gid) {
		if (gmt_value_group(raw->gid, &rule->gid))
			return gmt_yaml_fail(&reader->yaml, member(reader, node, "gid"),
					     reader->error, "gid '%.60s': there is no such group",
					     raw->gid);
		rule->match |= GMT_ALLOW_GID;
	}
	return 0;
}

static int read_who(struct gmt_reader *reader, const yaml_node_t *node, const struct raw_rule *raw,
		    struct gmt_allow_rule *rule)
{
	const struct gmt_policy_env *env = reader->env;
	bool anyone = false;
	int err;

	err = gmt_read_bool(reader, node, "anyone", raw->anyone, &anyone);
	if (!err)
		err = read_ids(reader, node, raw, rule);
	if (!err && raw->cgroup) {
		rule->match |= GMT_ALLOW_CGROUP;
		err = env->cgroup(env->ctx, raw->cgroup, (uint64_t *)&rule->cgroup_id,
				  reader->error);
		err = gmt_read_env(reader, node, "cgroup", err);
	}
	if (!err && raw->exe)
		err = read_exe(reader, node, raw->exe, rule);
	if (err)
		return err;
	if (raw->comm) {
		if (!raw->comm[0] || strlen(raw->comm) >= sizeof(rule->comm))
			return fail(reader, member(reader, node, "comm"),
				    "comm: 1 to 15 bytes are wanted, the kernel keeps no more");
		memcpy(rule->comm, raw->comm, strlen(raw->comm));
		rule->match |= GMT_ALLOW_COMM;
	}
	if (anyone && rule->match)
		return fail(reader, member(reader, node, "anyone"),
			    "anyone, and yet a condition: one of the two");
	if (!anyone && !rule->match)
		return fail(
			reader, node,
			"whom does the rule mean? uid, gid, cgroup, comm or exe; else anyone: yes");
	return 0;
}

static int read_rule(struct gmt_reader *reader, const yaml_node_t *node, const struct raw_rule *raw,
		     uint32_t hooks, struct gmt_allow_rule *rule)
{
	int err;

	rule->hooks = hooks;
	err = gmt_read_hooks(reader, node, raw->hooks, raw->hooks_count, hooks,
			     "this policy, by its own hooks,", &rule->hooks);
	if (!err)
		err = gmt_read_errno(reader, node, "refuse", raw->refuse, &rule->error);
	return err ? err : read_who(reader, node, raw, rule);
}

static int read_allow(struct gmt_reader *reader, const yaml_node_t *node,
		      const struct raw_allow *raw, struct gmt_allow_params *params)
{
	const yaml_node_t *list = member(reader, node, "rules");
	uint32_t decided = 0;

	for (uint32_t i = 0; i < raw->rules_count; i++) {
		const yaml_node_t *item = gmt_yaml_item(&reader->yaml, list, i);
		struct gmt_allow_rule *rule = &params->rules[i];
		int err;

		memset(rule, 0, sizeof(*rule));
		err = read_rule(reader, item, &raw->rules[i], params->on.hooks, rule);
		if (err)
			return err;
		if (!(rule->hooks & ~decided))
			return fail(reader, item,
				    "this rule decides on nothing: rules before it mean anyone");
		if (!rule->match)
			decided |= rule->hooks;
	}
	params->count = raw->rules_count;
	return 0;
}

static int read_rate(struct gmt_reader *reader, const yaml_node_t *node, const char *key,
		     const char *word, uint64_t min, uint64_t max,
		     int (*value)(const char *text, uint64_t *rate), __u64 *rate)
{
	uint64_t number = 0;

	if (!word)
		return 0;
	if (!strcmp(word, "unlimited")) {
		*rate = 0;
		return 0;
	}
	if (value(word, &number) || number < min || number > max)
		return gmt_yaml_fail(&reader->yaml, member(reader, node, key), reader->error,
				     "%s '%.60s': %llu to %llu is wanted, or unlimited", key, word,
				     (unsigned long long)min, (unsigned long long)max);
	*rate = number;
	return 0;
}

static int read_rates(struct gmt_reader *reader, const yaml_node_t *node,
		      const struct raw_rates *raw, struct gmt_budget_rates *rates)
{
	int err;

	if (!raw)
		return 0;
	err = read_rate(reader, node, "shared_bytes_per_second", raw->shared_bytes_per_second,
			BYTES_MIN, BYTES_MAX, gmt_value_bytes, &rates->shared_bytes_per_s);
	if (err)
		return err;
	return read_rate(reader, node, "conversions_per_second", raw->conversions_per_second, 1,
			 CONVERSIONS_MAX, gmt_value_number, &rates->conversions_per_s);
}

static int read_budget(struct gmt_reader *reader, const yaml_node_t *node,
		       const struct raw_budget *raw, struct gmt_budget_params *params)
{
	uint64_t burst = params->burst_ns, level = params->cgroup_level;
	int err;

	err = read_rates(reader, member(reader, node, "gmem"), raw->gmem, &params->gmem);
	if (!err)
		err = read_rates(reader, member(reader, node, "cgroup"), raw->cgroup,
				 &params->cgroup);
	if (!err)
		err = gmt_read_duration(reader, node, "burst", raw->burst, BURST_MIN, BURST_MAX,
					&burst);
	if (!err)
		err = gmt_read_number(reader, node, "cgroup_level", raw->cgroup_level, LEVEL_MAX,
				      &level);
	if (err)
		return err;
	if (!params->gmem.shared_bytes_per_s && !params->gmem.conversions_per_s &&
	    !params->cgroup.shared_bytes_per_s && !params->cgroup.conversions_per_s)
		return fail(reader, node, "this budget limits nothing");
	params->burst_ns = burst;
	params->cgroup_level = (uint32_t)level;
	return 0;
}

static int read_range(struct gmt_reader *reader, const yaml_node_t *node,
		      const struct raw_range *raw, uint32_t hooks, struct gmt_tripwire_range *range)
{
	uint64_t id = 0, offset = 0, size = 0;
	int err;

	err = gmt_read_hooks(reader, node, raw->hooks, raw->hooks_count, hooks,
			     "this policy, by its own hooks,", &range->hooks);
	if (!err)
		err = gmt_read_number(reader, node, "gmem", raw->gmem, UINT64_MAX, &id);
	if (!err)
		err = gmt_read_bytes(reader, node, "offset", raw->offset, &offset);
	if (!err)
		err = gmt_read_bytes(reader, node, "size", raw->size, &size);
	if (err)
		return err;
	if (raw->gmem && raw->name)
		return fail(reader, member(reader, node, "name"),
			    "both gmem and name: one of them says which gmem");
	if (raw->gmem && !id)
		return fail(reader, member(reader, node, "gmem"), "gmem '0': no gmem has this id");
	if (raw->name && (!raw->name[0] || strlen(raw->name) >= sizeof(range->name)))
		return fail(reader, member(reader, node, "name"), "name: 1 to 31 bytes are wanted");
	if (raw->size && !size)
		return fail(reader, member(reader, node, "size"),
			    "size 0: leave it out for all that follows the offset");
	if (offset + size < offset)
		return fail(reader, member(reader, node, "size"), "offset and size overflow");
	range->id = id;
	range->offset_bytes = offset;
	range->size_bytes = size;
	if (raw->name)
		memcpy(range->name, raw->name, strlen(raw->name));
	return 0;
}

static int read_tripwire(struct gmt_reader *reader, const yaml_node_t *node,
			 const struct raw_tripwire *raw, struct gmt_tripwire_params *params)
{
	const yaml_node_t *list = member(reader, node, "ranges");

	for (uint32_t i = 0; i < raw->ranges_count; i++) {
		int err;

		memset(&params->ranges[i], 0, sizeof(params->ranges[i]));
		err = read_range(reader, gmt_yaml_item(&reader->yaml, list, i), &raw->ranges[i],
				 params->on.hooks, &params->ranges[i]);
		if (err)
			return err;
	}
	params->count = raw->ranges_count;
	return 0;
}

int gmt_read_params(struct gmt_reader *reader, const yaml_node_t *node,
		    const struct raw_policy *raw, struct gmt_policy_spec *spec)
{
	union gmt_policy_params *params = &spec->params;

	node = member(reader, node, gmt_policy_kind_name(spec->kind));
	switch (spec->kind) {
	case GMT_POLICY_LOCKDOWN:
		return read_lockdown(reader, node, raw->lockdown, &params->lockdown);
	case GMT_POLICY_ALLOW:
		return read_allow(reader, node, raw->allow, &params->allow);
	case GMT_POLICY_BUDGET:
		return read_budget(reader, node, raw->budget, &params->budget);
	default:
		return read_tripwire(reader, node, raw->tripwire, &params->tripwire);
	}
}
