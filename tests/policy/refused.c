// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no policy may be: programs that are refused when they are loaded, policies that are
 * refused when they are attached, updates that are refused; each with its errno, and each
 * of them leaves everything as it was.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "policy.h"

#include "refused.skel.h"
#include "unknown.skel.h"
#include "verdict.skel.h"

#define CGROUP "policy-refused"

static struct memory memory;

/* Programs: what loading, and then attaching, one policy of bpf/refused.bpf.c gives. */
static const struct {
	const char *map;
	const char *what;
	int load;
	int attach;
} programs[] = {
	{ "policy_fault_sleeps", "a fault program that may sleep", EINVAL, 0 },
	{ "policy_mmap_sleeps", "an mmap program that may sleep", EINVAL, 0 },
	{ "policy_create_sleeps", "a create program that may sleep", 0, 0 },
	{ "policy_io_sleeps", "an io program that may sleep", 0, 0 },
	{ "policy_convert_sleeps", "a convert program that may sleep", 0, 0 },
	{ "policy_bind_sleeps", "a bind program that may sleep", 0, 0 },
	{ "policy_inspect_sleeps", "an inspect program that may sleep", 0, 0 },
	{ "policy_discard_sleeps", "a discard program that may sleep", 0, 0 },
	{ "policy_gives_pointer", "a verdict that is a pointer", EINVAL, 0 },
	{ "policy_gives_request", "a verdict that is the request", EINVAL, 0 },
	{ "policy_gives_wide", "a verdict of 64 bits", EINVAL, 0 },
	{ "policy_gives_bool", "a verdict that is true or false", EINVAL, 0 },
	{ "policy_writes_request", "a write to the request", EACCES, 0 },
	{ "policy_reads_beyond", "a read beyond the request", EACCES, 0 },
	{ "policy_other_kfunc", "a kfunc that is not for policies", EACCES, 0 },
	{ "policy_writes_user", "a helper that writes to user space", EINVAL, 0 },
	{ "policy_never_ends", "a loop without end", EINVAL, 0 },
	{ "policy_without_link", "no link", 0, EOPNOTSUPP },
};

static int load_one(struct refused *bpf, const char *name, struct bpf_map **found)
{
	struct bpf_map *map;

	*found = NULL;
	bpf_object__for_each_map(map, bpf->obj) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), name));
		if (bpf_map__autocreate(map))
			*found = map;
	}
	if (!*found)
		tap_bail("no policy %s", name);
	return -refused__load(bpf);
}

static void check_program(size_t i)
{
	struct refused *bpf = refused__open();
	struct bpf_map *map;
	struct listed listed;
	struct bpf_link *link;
	int err;

	if (!bpf)
		tap_bail("open: %s", strerror(errno));
	err = load_one(bpf, programs[i].map, &map);
	if (!is_int(err, programs[i].load, "%s: %s", programs[i].what,
		    programs[i].load ? "not loaded" : "loaded") ||
	    err)
		goto out;
	errno = 0;
	link = bpf_map__attach_struct_ops(map);
	is_int(link ? 0 : errno, programs[i].attach, "%s: %s", programs[i].what,
	       programs[i].attach ? "not attached" : "attached");
	if (link)
		bpf_link__destroy(link);
	if (policy_listed(bpf_map__name(map) + strlen("policy_"), &listed))
		tap_bail("%s is attached", listed.name);
out:
	refused__destroy(bpf);
}

static void check_unknown(void)
{
	struct unknown *bpf = unknown__open();

	if (!bpf)
		tap_bail("open: %s", strerror(errno));
	ok(unknown__load(bpf), "a kfunc that there is not: not loaded");
	unknown__destroy(bpf);
}

/* How a policy's values are, and the errno of attaching it. */
static const struct {
	const char *what;
	const char *name;
	uint32_t scope;
	uint32_t flags;
	uint64_t scope_id;
	int err;
} values[] = {
	{ "no name", "", GMEM_SCOPE_ALL, 0, 0, EINVAL },
	{ "a control character in the name", "a\nb", GMEM_SCOPE_ALL, 0, 0, EINVAL },
	{ "a DEL in the name", "a\x7f", GMEM_SCOPE_ALL, 0, 0, EINVAL },
	{ "a byte beyond ASCII in the name", "caf\xe9", GMEM_SCOPE_ALL, 0, 0, EINVAL },
	{ "a name without its end", "0123456789abcdef0123456789abcdef", GMEM_SCOPE_ALL, 0, 0,
	  EINVAL },
	{ "a name of full length", "0123456789abcdef0123456789abcde", GMEM_SCOPE_ALL, 0, 0, 0 },
	{ "the lowest unknown flag", "a", GMEM_SCOPE_ALL, GMEM_POLICY_KILL << 1, 0, EINVAL },
	{ "the highest flag", "a", GMEM_SCOPE_ALL, 1U << 31, 0, EINVAL },
	{ "an unknown flag among known ones", "a", GMEM_SCOPE_ALL, 0x17, 0, EINVAL },
	{ "all flags", "a", GMEM_SCOPE_ALL, 0xf, 0, 0 },
	{ "scope 0", "a", 0, 0, 0, EINVAL },
	{ "scope 4", "a", GMEM_SCOPE_GMEM + 1, 0, 0, EINVAL },
	{ "the largest scope", "a", UINT32_MAX, 0, 0, EINVAL },
	{ "all gmems, and an id", "a", GMEM_SCOPE_ALL, 0, 1, EINVAL },
	{ "cgroup 0", "a", GMEM_SCOPE_CGROUP, 0, 0, EINVAL },
	{ "a cgroup that there is not", "a", GMEM_SCOPE_CGROUP, 0, 0x7fffffffffffULL, ENOENT },
	{ "gmem 0", "a", GMEM_SCOPE_GMEM, 0, 0, EINVAL },
	{ "a gmem that there is not yet", "a", GMEM_SCOPE_GMEM, 0, 1ULL << 62, ENOENT },
};

static int try_values(const char *name, uint32_t scope, uint32_t flags, uint64_t scope_id)
{
	struct policy p = policy_open((struct policy_is){});
	struct policy_ops *ops = policy_ops(&p);
	int ret, err;

	memset(ops->name, 0, sizeof(ops->name));
	memcpy(ops->name, name, strnlen(name, sizeof(ops->name)));
	ops->scope = scope;
	ops->flags = flags;
	ops->scope_id = scope_id;
	if (try_load(&p))
		tap_bail("load: %s", strerror(errno));
	ret = try_attach(&p);
	err = errno;
	policy_drop(&p);
	errno = err;
	return ret;
}

static void check_values(void)
{
	uint64_t gone = cgroup_new(CGROUP);
	struct memory other = memory_new("gone", 0, "");

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (values[i].err)
			is_errno(try_values(values[i].name, values[i].scope, values[i].flags,
					    values[i].scope_id),
				 values[i].err, "%s: refused", values[i].what);
		else
			is_success(try_values(values[i].name, values[i].scope, values[i].flags,
					      values[i].scope_id),
				   "%s: attached", values[i].what);
	}
	cgroup_drop(CGROUP);
	is_errno(try_values("a", GMEM_SCOPE_CGROUP, 0, gone), ENOENT,
		 "a cgroup that was removed: ENOENT");
	memory_drop(&other);
	is_errno(try_values("a", GMEM_SCOPE_GMEM, 0, other.id), ENOENT,
		 "a gmem that was closed: ENOENT");
}

/* A link update keeps name and scope; one that is refused changes nothing. */
static void check_updates(void)
{
	uint64_t cgroup = cgroup_new(CGROUP);
	const struct {
		const char *what;
		struct policy_is is, by;
	} rows[] = {
		{ "another name", { .name = "a" }, { .name = "b" } },
		{ "a longer name", { .name = "a" }, { .name = "ab" } },
		{ "a cgroup instead of all",
		  { .name = "a" },
		  { .name = "a", .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup } },
		{ "all instead of a cgroup",
		  { .name = "a", .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup },
		  { .name = "a" } },
		{ "another cgroup",
		  { .name = "a", .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup_id("") },
		  { .name = "a", .scope = GMEM_SCOPE_CGROUP, .scope_id = cgroup } },
		{ "all instead of a gmem",
		  { .name = "a", .scope = GMEM_SCOPE_GMEM, .scope_id = memory.id },
		  { .name = "a" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy p = policy_new(rows[i].is), by = policy_load(rows[i].by);
		struct listed before = policy_info(&p), after;
		bool covers = rows[i].is.scope_id != cgroup;

		policy_says_always(&p, -EXDEV);
		policy_says_always(&by, -EDQUOT);
		is_errno(try_replace(&p, &by), EINVAL, "an update to %s: EINVAL", rows[i].what);
		after = policy_info(&p);
		ok(!memcmp(&before, &after, sizeof(before)) &&
			   act_gives(&memory, GMEM_HOOK_IO, covers ? EXDEV : 0) &&
			   !policy_all_calls(&by),
		   "an update to %s: it stays as it was", rows[i].what);
		policy_drop(&p);
		policy_drop(&by);
	}
	cgroup_drop(CGROUP);
}
#define UPDATES 6

/* Two links of one policy, where there can be two, are two policies. */
static void check_twice(void)
{
	struct policy p = policy_new((struct policy_is){ .name = "twice" });
	struct bpf_link *second = bpf_map__attach_struct_ops(p.bpf->maps.policy);
	struct listed all[LISTED_MAX];
	unsigned int count = policies_listed(0, all);

	policy_says_always(&p, -EXDEV);
	is_int(count, second ? 2 : 1, "attached once more: %s",
	       second ? "a policy of its own" : strerror(errno));
	policy_detach(&p);
	is_int(act_try(&memory, GMEM_HOOK_IO), second ? EXDEV : 0, "the first link goes");
	if (second)
		bpf_link__destroy(second);
	is_int(act_try(&memory, GMEM_HOOK_IO), 0, "both are gone");
	policy_drop(&p);
}

int main(void)
{
	struct listed none[LISTED_MAX];
	int checks = 0;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		checks += programs[i].load ? 1 : 2;
	tap_plan(checks + 1 + ARRAY_SIZE(values) + 2 + 2 * UPDATES + 3 + 1);
	/* The verifier's logs, of which there are many. */
	libbpf_set_print(NULL);
	acts_init();
	memory = memory_new("refused", 0, "");
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		check_program(i);
	check_unknown();
	check_values();
	check_updates();
	check_twice();
	is_int(policies_listed(0, none), 0, "nothing is left attached");
	memory_drop(&memory);
	return tap_done();
}
