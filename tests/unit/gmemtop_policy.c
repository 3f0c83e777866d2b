// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of policies: what a good one comes to, each way to be wrong with its line, and thousands
 * of files that were good before bytes of them changed.
 * sources: tools/gmemtop/policy/file.c tools/gmemtop/policy/params.c tools/gmemtop/policy/read.c
 * sources: tools/gmemtop/policy/schema.c tools/gmemtop/policy/values.c tools/gmemtop/policy/yaml.c
 * sources: tools/gmemtop/model/policy.c tools/gmemtop/model/refusals.c
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c
 * cflags: -Ibpf -Itools/gmemtop -Wno-unused-parameter
 * libs: -lcyaml -lyaml
 */
#include <linux/gmem.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/refusals.h"
#include "policy/file.h"
#include "policy/values.h"
#include "tap.h"

#define S 1000000000ULL

static const uint32_t host_hooks = GMT_HOOK_BIT(GMEM_HOOK_MMAP) | GMT_HOOK_BIT(GMEM_HOOK_FAULT) |
				   GMT_HOOK_BIT(GMEM_HOOK_IO) | GMT_HOOK_BIT(GMEM_HOOK_CONVERT) |
				   GMT_HOOK_BIT(GMEM_HOOK_INSPECT);

static int defaults(void *ctx, enum gmt_policy_kind kind, union gmt_policy_params *params,
		    struct gmt_error *error)
{
	memset(params, 0, sizeof(*params));
	switch (kind) {
	case GMT_POLICY_LOCKDOWN:
		params->on = (struct gmt_policy_on){ host_hooks, EPERM };
		params->lockdown.grace_ns = 60 * S;
		params->lockdown.lock_at_bind = 1;
		break;
	case GMT_POLICY_ALLOW:
		params->on = (struct gmt_policy_on){ GMT_ALLOW_HOOKS, EACCES };
		break;
	case GMT_POLICY_BUDGET:
		params->on = (struct gmt_policy_on){ GMT_BUDGET_HOOKS, EDQUOT };
		params->budget.cgroup.conversions_per_s = 100;
		params->budget.burst_ns = S;
		break;
	default:
		params->on = (struct gmt_policy_on){ host_hooks, EPERM };
	}
	return 0;
}

static int cgroup(void *ctx, const char *path, uint64_t *id, struct gmt_error *error)
{
	*id = 77;
	if (!strcmp(path, "/machine.slice"))
		return 0;
	return gmt_fail(error, GMT_EXIT_USAGE, -ENOENT, "cgroup %s: there is none", path);
}

static int gmem(void *ctx, const char *name, uint64_t *id, struct gmt_error *error)
{
	if (name ? !strcmp(name, "db-vm") : *id == 5) {
		*id = 5;
		return 0;
	}
	return gmt_fail(error, GMT_EXIT_NO_SUCH, -ENOENT, "there is no such gmem");
}

static const struct gmt_policy_env env = { NULL, defaults, cgroup, gmem };

static int load(const char *text, struct gmt_policy_specs *specs, struct gmt_error *error)
{
	return gmt_policy_text_load("f", text, strlen(text), &env, specs, error);
}

static const char good[] =
	"# all that there is\n"
	"policies:\n"
	"  - name: lock-vms\n"
	"    scope: cgroup:/machine.slice\n"
	"    mode: monitor\n"
	"    hooks: [mmap, fault, bind]\n"
	"    error: EACCES\n"
	"    report_allowed: yes\n"
	"    time: on\n"
	"    lockdown:\n"
	"      grace: 2m\n"
	"      settle: 1500ms\n"
	"      lock_at_bind: true\n"
	"  - name: who\n"
	"    scope: gmem-name:db-vm\n"
	"    mode: enforce\n"
	"    kill: yes\n"
	"    allow:\n"
	"      rules:\n"
	"        - {uid: root, gid: 0, comm: qemu, hooks: [mmap]}\n"
	"        - cgroup: /machine.slice\n"
	"          exe: /bin/sh\n"
	"          refuse: ENOENT\n"
	"        - anyone: yes\n"
	"          refuse: 1\n"
	"  - name: slow\n"
	"    scope: gmem:5\n"
	"    mode: enforce\n"
	"    budget:\n"
	"      gmem: {shared_bytes_per_second: 64MiB, conversions_per_second: 1000}\n"
	"      cgroup: {conversions_per_second: unlimited}\n"
	"      burst: 250ms\n"
	"      cgroup_level: 2\n"
	"  - name: wire\n"
	"    scope: all\n"
	"    mode: enforce\n"
	"    tripwire:\n"
	"      ranges:\n"
	"        - {name: canary, offset: 0x1000, size: 4KiB, hooks: [fault]}\n"
	"        - {gmem: 9}\n";

static void test_common(const struct gmt_policy_specs *specs)
{
	const struct gmt_policy_spec *lock = &specs->list[0], *who = &specs->list[1];

	is_str(lock->name, "lock-vms", "a policy has its name");
	is_int(lock->line, 3, "and its line");
	ok(lock->kind == GMT_POLICY_LOCKDOWN && lock->scope == GMEM_SCOPE_CGROUP &&
		   lock->scope_id == 77,
	   "its kind and its scope, a cgroup");
	is_int(lock->flags, GMEM_POLICY_MONITOR | GMEM_POLICY_REPORT_ALLOWED | GMEM_POLICY_TIME,
	       "its mode and options");
	is_int(lock->params.on.hooks,
	       GMT_HOOK_BIT(GMEM_HOOK_MMAP) | GMT_HOOK_BIT(GMEM_HOOK_FAULT) |
		       GMT_HOOK_BIT(GMEM_HOOK_BIND),
	       "the hooks it names");
	is_int(lock->params.on.error, EACCES, "and its error");
	ok(who->scope == GMEM_SCOPE_GMEM && who->scope_id == 5 && who->flags == GMEM_POLICY_KILL,
	   "a gmem by its name");
	is_int(who->params.on.hooks, GMT_ALLOW_HOOKS & ~GMT_HOOK_BIT(GMEM_HOOK_CREATE),
	       "a policy of one gmem is not asked about its creation");
	ok(specs->list[2].scope == GMEM_SCOPE_GMEM && specs->list[2].scope_id == 5,
	   "a gmem by its id");
	ok(specs->list[3].scope == GMEM_SCOPE_ALL && !specs->list[3].scope_id, "all gmems");
}

static void test_lockdown_and_allow(const struct gmt_policy_specs *specs)
{
	const struct gmt_lockdown_params *lockdown = &specs->list[0].params.lockdown;
	const struct gmt_allow_params *allow = &specs->list[1].params.allow;
	const struct gmt_allow_rule *rule = allow->rules;
	struct stat st;

	is_int(lockdown->grace_ns, 120 * S, "lockdown: grace");
	is_int(lockdown->settle_ns, 1500000000, "lockdown: settle");
	is_int(lockdown->lock_at_bind, 1, "lockdown: lock_at_bind");
	is_int(allow->count, 3, "allow: its rules");
	ok(rule->match == (GMT_ALLOW_UID | GMT_ALLOW_GID | GMT_ALLOW_COMM) && !rule->uid &&
		   !rule->gid && !strcmp(rule->comm, "qemu") && !rule->error &&
		   rule->hooks == GMT_HOOK_BIT(GMEM_HOOK_MMAP),
	   "allow: a rule by user, group and command, for one hook");
	if (stat("/bin/sh", &st))
		tap_bail("/bin/sh");
	rule++;
	ok(rule->match == (GMT_ALLOW_CGROUP | GMT_ALLOW_EXE) && rule->cgroup_id == 77 &&
		   rule->exe_inode == st.st_ino &&
		   rule->exe_dev == GMT_ALLOW_DEV(major(st.st_dev), minor(st.st_dev)) &&
		   rule->error == ENOENT,
	   "allow: a rule that refuses, by cgroup and executable");
	is_int(rule->hooks, allow->on.hooks, "allow: for all hooks, where it names none");
	rule++;
	ok(!rule->match && rule->error == 1, "allow: a rule for anyone");
}

static void test_budget_and_tripwire(const struct gmt_policy_specs *specs)
{
	const struct gmt_budget_params *budget = &specs->list[2].params.budget;
	const struct gmt_tripwire_params *tripwire = &specs->list[3].params.tripwire;
	const struct gmt_tripwire_range *range = tripwire->ranges;

	ok(budget->gmem.shared_bytes_per_s == 64 << 20 && budget->gmem.conversions_per_s == 1000,
	   "budget: rates of a gmem");
	is_int(budget->cgroup.conversions_per_s, 0, "budget: a default that is lifted");
	ok(budget->burst_ns == 250000000 && budget->cgroup_level == 2, "budget: the rest of it");
	ok(tripwire->count == 2 && !strcmp(range->name, "canary") && range->offset_bytes == 4096 &&
		   range->size_bytes == 4096 && range->hooks == GMT_HOOK_BIT(GMEM_HOOK_FAULT),
	   "tripwire: a range by name");
	range++;
	ok(range->id == 9 && !range->offset_bytes && !range->size_bytes && !range->hooks,
	   "tripwire: all of a gmem by id");
}

static void test_good(void)
{
	struct gmt_policy_specs specs;
	struct gmt_error error = { .text = "" };

	if (load(good, &specs, &error))
		tap_bail("%s", error.text);
	is_int(specs.count, 4, "all policies of a file");
	test_common(&specs);
	test_lockdown_and_allow(&specs);
	test_budget_and_tripwire(&specs);
	gmt_policy_specs_free(&specs);
}

#define P "policies:\n  - name: a\n    scope: all\n    mode: enforce\n"
#define Q "  - name: b\n    scope: all\n    mode: enforce\n    lockdown: {}\n"

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	/* no YAML, or more than there should be */
	{ "", "f:1: it is empty" },
	{ "# nothing\n", "f:1: it is empty" },
	{ P "    lockdown: {grace: 1s\n", "f:6: did not find expected ',' or '}'" },
	{ "policies:\n\t- name: a\n", "f:2: found character that cannot start any token" },
	{ P "    lockdown: {}\n---\n" P "    lockdown: {}\n", "f:7: a second document" },
	{ "policies: \xff\xff\n", "f:1: invalid leading UTF-8 octet" },
	{ P "    lockdown: &x {}\n    allow: *x\n", "f:6: aliases" },
	{ P "    lockdown: {grace: !!int 1s}\n", "f:5: tags" },
	{ P "    lockdown: {grace: \"1s\\0\"}\n", "f:5: a value may hold no control character" },
	/* keys and shapes */
	{ "policy: []\n", "f:1: 'policy' is no key" },
	{ "policies: {}\n", "f:1: a list is wanted" },
	{ "policies: []\n", "f:1: the list is empty" },
	{ "policies:\n  - lockdown\n", "f:2: a mapping" },
	{ P "    lokdown: {}\n", "f:5: 'lokdown' is no key" },
	{ P "    lockdown: {grce: 1s}\n", "f:5: 'grce' is no key" },
	{ P "    lockdown:\n      grace: 1s\n      sttle: 1s\n", "f:7: 'sttle' is no key" },
	{ P "    lockdown: {grace: [1s]}\n", "f:5: one word" },
	{ P "    lockdown: 1s\n", "f:5: a mapping" },
	{ "policies:\n  - name: a\n    scope: all\n    lockdown: {}\n", "f:4: 'mode' is missing" },
	{ P "    lockdown: {}\n    mode: monitor\n",
	  "f:6: 'mode' is given twice, first in line 4" },
	{ P "    lockdown: {}\n    lockdown: {}\n", "f:6: 'lockdown' is given twice" },
	{ P "    hooks: [mmap, mmap]\n    lockdown: {}\n", "f:5: 'mmap' is given twice" },
	{ P "    hooks: []\n    lockdown: {}\n", "f:5: the list is empty" },
	/* what all policies have */
	{ P, "f:2: which policy?" },
	{ P "    lockdown: {}\n    budget: {}\n", "f:6: both lockdown and budget" },
	{ P "    lockdown: {}\n" Q Q, "f:10: there is a policy 'b' in line 6" },
	{ "policies:\n  - name: a.b\n    scope: all\n    mode: enforce\n    lockdown: {}\n",
	  "f:2: name 'a.b'" },
	{ "policies:\n  - name: ../a\n    scope: all\n    mode: enforce\n    lockdown: {}\n",
	  "f:2: name '../a'" },
	{ "policies:\n  - name: ''\n    scope: all\n    mode: enforce\n    lockdown: {}\n",
	  "f:2: name ''" },
	{ "policies:\n  - name: a2345678901234567890123456789012\n    scope: all\n    mode: enforce\n"
	  "    lockdown: {}\n",
	  "f:2: name 'a2345678901234567890123456789012'" },
	{ "policies:\n  - name: a\n    scope: everything\n    mode: enforce\n    lockdown: {}\n",
	  "f:3: scope 'everything'" },
	{ "policies:\n  - name: a\n    scope: cgroup:/none\n    mode: enforce\n    lockdown: {}\n",
	  "f:3: cgroup /none: there is none" },
	{ "policies:\n  - name: a\n    scope: gmem:6\n    mode: enforce\n    lockdown: {}\n",
	  "f:3: there is no such gmem" },
	{ "policies:\n  - name: a\n    scope: gmem:x\n    mode: enforce\n    lockdown: {}\n",
	  "f:3: scope 'x'" },
	{ "policies:\n  - name: a\n    scope: gmem-name:other\n    mode: enforce\n    lockdown: {}\n",
	  "f:3: there is no such gmem" },
	{ "policies:\n  - name: a\n    scope: all\n    mode: enforced\n    lockdown: {}\n",
	  "f:4: mode 'enforced'" },
	{ P "    kill: maybe\n    lockdown: {}\n", "f:5: kill 'maybe': yes or no" },
	{ P "    error: EWHAT\n    lockdown: {}\n", "f:5: error 'EWHAT'" },
	{ P "    error: 134\n    lockdown: {}\n", "f:5: error '134'" },
	{ P "    error: 0\n    lockdown: {}\n", "f:5: error '0'" },
	{ P "    hooks: [touch]\n    lockdown: {}\n", "f:5: hook 'touch'" },
	{ P "    hooks: [create]\n    lockdown: {}\n", "f:5: hook 'create': lockdown does not" },
	{ P "    hooks:\n      - convert\n      - mmap\n    budget: {}\n",
	  "f:7: hook 'mmap': budget" },
	{ "policies:\n  - name: a\n    scope: gmem:5\n    mode: enforce\n    hooks: [create]\n"
	  "    allow: {rules: []}\n",
	  "f:5: hook 'create': allow for one gmem" },
	/* lockdown */
	{ P "    lockdown: {grace: 60}\n", "f:5: grace '60'" },
	{ P "    lockdown: {grace: -1s}\n", "f:5: grace '-1s'" },
	{ P "    lockdown: {grace: 99999d}\n", "f:5: grace '99999d': out of range" },
	{ P "    lockdown: {grace: 99999999999999999999s}\n",
	  "f:5: grace '99999999999999999999s': out" },
	{ P "    lockdown: {grace: 1s, settle: 2s}\n", "f:5: settle is longer than grace" },
	{ P "    lockdown: {lock_at_bind: no, settle: 2s}\n", "f:5: settle without lock_at_bind" },
	/* allow */
	{ P "    allow: {}\n", "f:5: 'rules' is missing" },
	{ P "    allow: {rules: [{}]}\n", "f:5: whom does the rule mean?" },
	{ P "    allow: {rules: [{hooks: [mmap]}]}\n", "f:5: whom does the rule mean?" },
	{ P "    allow: {rules: [{anyone: yes, uid: 0}]}\n", "f:5: anyone, and yet a condition" },
	{ P "    allow: {rules: [{uid: nobody-at-all}]}\n", "f:5: uid 'nobody-at-all'" },
	{ P "    allow: {rules: [{uid: -1}]}\n", "f:5: uid '-1'" },
	{ P "    allow: {rules: [{uid: 4294967295}]}\n", "f:5: uid '4294967295'" },
	{ P "    allow: {rules: [{gid: nobody-at-all}]}\n", "f:5: gid 'nobody-at-all'" },
	{ P "    allow: {rules: [{cgroup: /none}]}\n", "f:5: cgroup /none" },
	{ P "    allow: {rules: [{exe: sh}]}\n", "f:5: exe: an absolute path" },
	{ P "    allow: {rules: [{exe: /no/such}]}\n", "f:5: exe /no/such: No such file" },
	{ P "    allow: {rules: [{exe: /}]}\n", "f:5: exe /: it is no file" },
	{ P "    allow: {rules: [{comm: sixteen-and-more}]}\n", "f:5: comm: 1 to 15" },
	{ P "    hooks: [mmap]\n    allow: {rules: [{uid: 0, hooks: [io]}]}\n",
	  "f:6: hook 'io': this" },
	{ P "    allow:\n      rules:\n        - anyone: yes\n        - uid: 0\n",
	  "f:8: this rule decides on nothing" },
	/* budget */
	{ P "    budget: {cgroup: {conversions_per_second: unlimited}}\n",
	  "f:5: this budget limits" },
	{ P "    budget: {cgroup: {conversions_per_second: 0}}\n",
	  "f:5: conversions_per_second '0': 1 to 1000000000" },
	{ P "    budget:\n      gmem:\n        shared_bytes_per_second: 4095\n",
	  "f:7: shared_bytes_per_second '4095': 4096 to" },
	{ P "    budget: {gmem: {shared_bytes_per_second: 2PiB}}\n",
	  "f:5: shared_bytes_per_second" },
	{ P "    budget: {burst: 2h}\n", "f:5: burst '2h': out of range" },
	{ P "    budget: {burst: 0}\n", "f:5: burst '0': out of range" },
	{ P "    budget: {cgroup_level: 64}\n", "f:5: cgroup_level '64': out of range" },
	/* tripwire */
	{ P "    tripwire: {ranges: []}\n", "f:5: the list is empty" },
	{ P "    tripwire: {ranges: [{gmem: 5, name: db-vm}]}\n", "f:5: both gmem and name" },
	{ P "    tripwire: {ranges: [{gmem: 0}]}\n", "f:5: gmem '0'" },
	{ P "    tripwire: {ranges: [{size: 0}]}\n", "f:5: size 0" },
	{ P "    tripwire: {ranges: [{offset: 0xffffffffffffffff, size: 2}]}\n",
	  "f:5: offset and size" },
	{ P "    tripwire: {ranges: [{offset: 1.5MiB}]}\n", "f:5: offset '1.5MiB'" },
	{ P "    tripwire: {ranges: [{offset: 17179869184GiB}]}\n",
	  "f:5: offset '17179869184GiB': out" },
	{ P "    tripwire: {ranges: [{name: n2345678901234567890123456789012}]}\n",
	  "f:5: name: 1 to 31" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_bad(void)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct gmt_error error = { .text = "" };
		struct gmt_policy_specs specs = { .count = 7 };
		int err = load(bad[i].text, &specs, &error);

		ok(err < 0 && error.exit_code == GMT_EXIT_POLICY && !specs.list && !specs.count &&
			   !strncmp(error.text, bad[i].error, strlen(bad[i].error)),
		   "refused: %s", bad[i].error);
		if (strncmp(error.text, bad[i].error, strlen(bad[i].error)))
			diag("%d: %s", err, error.text);
		if (!err)
			gmt_policy_specs_free(&specs);
	}
}

static void test_values(void)
{
	uint64_t value = 0;

	ok(!gmt_value_bytes("3GiB", &value) && value == 3ULL << 30, "bytes with a unit");
	ok(!gmt_value_bytes("5 KiB", &value) && value == 5 << 10, "and with a blank");
	ok(!gmt_value_number("010", &value) && value == 10, "there are no octal numbers");
	ok(!gmt_value_duration("0", &value) && !value, "no time needs no unit");
	is_int(gmt_value_bytes("16777216TiB", &value), -ERANGE, "too many bytes");
	is_int(gmt_value_number("1 ", &value) | gmt_value_number("", &value) |
		       gmt_value_number("0x", &value) | gmt_value_number("+1", &value),
	       -EINVAL, "what is no number");
}

static uint64_t random_state = 88172645463325252ULL;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16) % limit;
}

/* One change: a byte, a piece cut out, a piece doubled, or a line moved to another place. */
static size_t mutate(char *text, size_t length, size_t room)
{
	static const char bytes[] = "\n :-[]{},'\"#&*!|>%@`~0x9aAyY\t\r\0\x80\xff\xc3";
	size_t at = random_below((uint32_t)length), piece = 1 + random_below(24);

	if (piece > length - at)
		piece = length - at;
	switch (random_below(4)) {
	case 0:
		text[at] = bytes[random_below(sizeof(bytes))];
		return length;
	case 1:
		memmove(text + at, text + at + piece, length - at - piece);
		return length - piece;
	case 2:
		if (length + piece > room)
			return length;
		memmove(text + at + piece, text + at, length - at);
		return length + piece;
	default:
		text[at] = (char)(text[at] ^ (1 << random_below(8)));
		return length;
	}
}

/*
 * What holds of every policy that is taken, whatever the file was; so a file that came through has
 * said something that could have been meant.
 */
static bool sound(const struct gmt_policy_spec *spec)
{
	const union gmt_policy_params *p = &spec->params;
	bool is_sound = gmt_policy_name_valid(spec->name) && spec->kind < GMT_POLICY_KINDS &&
			spec->scope >= GMEM_SCOPE_ALL && spec->scope <= GMEM_SCOPE_GMEM &&
			(spec->scope == GMEM_SCOPE_ALL) == !spec->scope_id && p->on.hooks &&
			p->on.error >= 1 && p->on.error <= GMT_ERRNO_MAX;

	if (!is_sound || p->on.hooks & ~gmt_policy_kind_hooks(spec->kind))
		return false;
	switch (spec->kind) {
	case GMT_POLICY_LOCKDOWN:
		return p->lockdown.lock_at_bind <= 1;
	case GMT_POLICY_ALLOW:
		for (uint32_t i = 0; i < p->allow.count; i++)
			is_sound &= p->allow.rules[i].hooks &&
				    p->allow.rules[i].error <= GMT_ERRNO_MAX &&
				    !p->allow.rules[i].comm[GMT_ALLOW_COMM_BYTES - 1];
		return is_sound && p->allow.count <= GMT_ALLOW_RULES;
	case GMT_POLICY_BUDGET:
		return p->budget.burst_ns && p->budget.cgroup_level < 64;
	default:
		for (uint32_t i = 0; i < p->tripwire.count; i++)
			is_sound &= !p->tripwire.ranges[i].name[GMT_TRIPWIRE_NAME_BYTES - 1];
		return is_sound && p->tripwire.count && p->tripwire.count <= GMT_TRIPWIRE_RANGES;
	}
}

/* Every error names the file; a line is one of the text. */
static bool error_right(const struct gmt_error *error, size_t lines)
{
	size_t line;

	return error->exit_code == GMT_EXIT_POLICY && sscanf(error->text, "f:%zu: ", &line) == 1 &&
	       line >= 1 && line <= lines + 1 && !strchr(error->text, '\n');
}

#define ROUNDS 20000

static void test_fuzz(void)
{
	size_t taken = 0, refused = 0;
	bool all_sound = true, errors_right = true;

	for (int round = 0; round < ROUNDS; round++) {
		/* Exactly as large as the text: the sanitizer sees the first byte read beyond. */
		char space[2 * sizeof(good)], *text;
		size_t length = sizeof(good) - 1, lines = 1;
		struct gmt_policy_specs specs;
		struct gmt_error error = { .text = "" };

		memcpy(space, good, length);
		for (uint32_t changes = 1 + random_below(4); changes; changes--)
			length = mutate(space, length, sizeof(space));
		text = malloc(length);
		memcpy(text, space, length);
		for (size_t i = 0; i < length; i++)
			lines += text[i] == '\n' || text[i] == '\r';
		if (gmt_policy_text_load("f", text, length, &env, &specs, &error)) {
			refused++;
			if (errors_right && !error_right(&error, lines)) {
				errors_right = false;
				diag("'%s' %d", error.text, error.exit_code);
			}
		} else {
			taken++;
			for (size_t i = 0; i < specs.count; i++)
				all_sound &= sound(&specs.list[i]);
			gmt_policy_specs_free(&specs);
		}
		free(text);
	}
	diag("%zu taken, %zu refused", taken, refused);
	ok(all_sound, "whatever changes in a file, what is taken is sound");
	ok(errors_right, "what is refused has its line");
	ok(taken > ROUNDS / 200 && refused > ROUNDS / 2, "both have happened often enough");
}

static void test_refusals(void)
{
	struct gmt_rec_event event = { .event = GMT_EVENT_POLICY, .pid = 1, .time_ns = 5 };
	struct gmt_refusals refusals;
	struct gmt_refusal *first;

	if (gmt_refusals_init(&refusals))
		tap_bail("out of memory");
	event.policy.err = -1;
	first = gmt_refusals_add(&refusals, 0, &event);
	event.pid = 2;
	gmt_refusals_add(&refusals, 0, &event);
	event.time_ns = 9;
	ok(first && !gmt_refusals_add(&refusals, 0, &event) && refusals.count == 2,
	   "refusals of one process in one way are one");
	gmt_refusals_sort(&refusals);
	ok(refusals.list[0].event.pid == 2 && refusals.list[0].count == 2 &&
		   refusals.list[0].event.time_ns == 5 && refusals.list[0].last_ns == 9,
	   "the most frequent comes first");
	for (uint32_t i = 0; i < GMT_REFUSALS_MAX + 5; i++) {
		event.id = i + 1;
		gmt_refusals_add(&refusals, 0, &event);
	}
	ok(refusals.count == GMT_REFUSALS_MAX && refusals.beyond == 7 &&
		   refusals.total == GMT_REFUSALS_MAX + 8,
	   "and what finds no place is counted");
	gmt_refusals_exit(&refusals);
}

int main(void)
{
	tap_plan(24 + (int)COUNT(bad) + 6 + 3 + 3);
	test_good();
	test_bad();
	test_values();
	test_fuzz();
	test_refusals();
	return tap_done();
}
