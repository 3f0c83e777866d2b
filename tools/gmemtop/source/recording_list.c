// SPDX-License-Identifier: GPL-2.0-only
/* The lines that are lists: snapshots, bindings, holders, nodes, policies, creators, ranges. */
#include <linux/gmem.h>
#include <stdlib.h>
#include <string.h>

#include "model/flags.h"
#include "source/recording_json.h"
#include "source/recording_line.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Told of each member of an array. Return: 0, -EBADMSG to refuse the line */
typedef int (*read_fn)(yyjson_val *member, void *rec, gmt_line_cgroup_fn fn, void *ctx);
typedef int (*compare_fn)(const void *a, const void *b);

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Sorted by its key, each key once: the first one counts. */
static void order(struct gmt_line_list *list, size_t size, compare_fn compare)
{
	char *recs = list->list;
	size_t kept = 0;

	for (size_t i = 1; i < list->count; i++) {
		if (compare(recs + (i - 1) * size, recs + i * size) < 0)
			continue;
		qsort(recs, list->count, size, compare);
		break;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (kept && !compare(recs + (kept - 1) * size, recs + i * size))
			continue;
		if (kept != i)
			memcpy(recs + kept * size, recs + i * size, size);
		kept++;
	}
	list->count = kept;
}

static int read_array(yyjson_val *array, size_t size, read_fn read, struct gmt_line_list *list,
		      gmt_line_cgroup_fn fn, void *ctx)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(array);
	yyjson_val *member;
	int err = 0;

	*list = (struct gmt_line_list){ .count = 0 };
	if (yyjson_is_null(array))
		return -EOPNOTSUPP;
	if (!yyjson_is_arr(array))
		return -EBADMSG;
	list->list = calloc(yyjson_arr_size(array) + 1, size);
	if (!list->list)
		return -ENOMEM;
	while (!err && (member = yyjson_arr_iter_next(&iter)))
		err = read(member, (char *)list->list + size * list->count++, fn, ctx);
	if (err) {
		free(list->list);
		*list = (struct gmt_line_list){ .count = 0 };
	}
	return err;
}

static void tell_cgroup(yyjson_val *member, uint64_t id, gmt_line_cgroup_fn fn, void *ctx)
{
	const char *path = yyjson_get_str(yyjson_obj_get(member, "cgroup"));

	if (path && fn)
		fn(ctx, id, path);
}

/* The words of flags, and numbers for those without one. Return: whether they are there */
static bool read_flags(yyjson_val *member, uint32_t *flags)
{
	yyjson_val *list = yyjson_obj_get(member, "flags"), *flag;
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	*flags = 0;
	while ((flag = yyjson_arr_iter_next(&iter))) {
		if (yyjson_is_uint(flag) && yyjson_get_uint(flag) <= UINT32_MAX)
			*flags |= (uint32_t)yyjson_get_uint(flag);
		for (unsigned int bit = 0; yyjson_is_str(flag) && bit < 32; bit++)
			if (gmt_flag_name(bit) && yyjson_equals_str(flag, gmt_flag_name(bit)))
				*flags |= 1U << bit;
	}
	return yyjson_is_arr(list);
}

/* Numbers of a gmem, and what is not known without each of them. */
static const struct {
	const char *name;
	size_t offset;
	uint32_t known;
} gmem_numbers[] = {
#define NUMBER(member, bits) { #member, offsetof(struct gmt_rec_gmem, member), bits }
	NUMBER(created_ns, GMT_KNOWN_CREATED),
	NUMBER(bindings, GMT_KNOWN_BINDINGS), /* of 32 bits: see below */
	NUMBER(resident_private_bytes, GMT_KNOWN_STATES),
	NUMBER(resident_shared_bytes, GMT_KNOWN_STATES),
	NUMBER(faults_host, GMT_KNOWN_FAULTS_HOST),
	NUMBER(faults_guest, GMT_KNOWN_FAULTS_GUEST),
	NUMBER(denied_private, GMT_KNOWN_DENIED),
	NUMBER(denied_flags, GMT_KNOWN_DENIED),
	NUMBER(denied_capability, GMT_KNOWN_DENIED),
	NUMBER(denied_policy, GMT_KNOWN_DENIED),
	NUMBER(conversions, GMT_KNOWN_CONVERSIONS),
	NUMBER(conversions_failed, GMT_KNOWN_CONVERSIONS),
	NUMBER(converted_bytes, GMT_KNOWN_CONVERSIONS),
	NUMBER(allocated_bytes, GMT_KNOWN_ALLOCATIONS),
	NUMBER(freed_bytes, GMT_KNOWN_ALLOCATIONS),
	NUMBER(read_bytes, GMT_KNOWN_IO),
	NUMBER(written_bytes, GMT_KNOWN_IO),
	NUMBER(inspected_bytes, GMT_KNOWN_IO),
	NUMBER(invalidations, GMT_KNOWN_INVALIDATIONS),
	NUMBER(memory_failures, GMT_KNOWN_FAILURES),
#undef NUMBER
};

static void read_creator(yyjson_val *member, struct gmt_rec_gmem *rec)
{
	bool known = gmt_json_u32(member, "pid", &rec->creator_pid) &
		     gmt_json_u32(member, "uid", &rec->creator_uid) &
		     gmt_json_chars(member, "comm", rec->creator_comm, sizeof(rec->creator_comm));

	gmt_json_u64(member, "start_ns", GMT_LINE_TIME_MAX, (uint64_t *)&rec->creator_start_ns);
	if (!known)
		rec->known &= ~GMT_KNOWN_CREATOR;
	if (!gmt_json_u64(member, "cgroup_id", UINT64_MAX, (uint64_t *)&rec->creator_cgroup_id))
		rec->known &= ~GMT_KNOWN_CGROUP;
}

static void read_numbers(yyjson_val *member, struct gmt_rec_gmem *rec)
{
	uint64_t value;

	for (size_t i = 0; i < COUNT(gmem_numbers); i++) {
		const bool wide = gmem_numbers[i].offset != offsetof(struct gmt_rec_gmem, bindings);
		const uint64_t max = gmem_numbers[i].known == GMT_KNOWN_CREATED ?
					     GMT_LINE_TIME_MAX :
				     wide ? INT64_MAX :
					    UINT32_MAX;

		/* Sums over gmems, and of a gmem's own, shall not overflow. */
		if (!gmt_json_u64(member, gmem_numbers[i].name, max, &value))
			rec->known &= ~gmem_numbers[i].known;
		else if (wide)
			memcpy((char *)rec + gmem_numbers[i].offset, &value, sizeof(value));
		else
			rec->bindings = (uint32_t)value;
	}
}

/* Counters of which one is unknown are all unknown, and then zero. */
static void clear_unknown(struct gmt_rec_gmem *rec)
{
	const uint64_t zero = 0;

	for (size_t i = 0; i < COUNT(gmem_numbers); i++) {
		if (!(gmem_numbers[i].known & ~rec->known))
			continue;
		if (gmem_numbers[i].offset == offsetof(struct gmt_rec_gmem, bindings))
			rec->bindings = 0;
		else
			memcpy((char *)rec + gmem_numbers[i].offset, &zero, sizeof(zero));
	}
}

static int read_gmem(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	struct gmt_rec_gmem *rec = to;
	uint64_t resident;

	if (!gmt_json_u64(member, "id", UINT64_MAX, (uint64_t *)&rec->id) ||
	    !gmt_json_u64(member, "size_bytes", INT64_MAX, (uint64_t *)&rec->size_bytes))
		return -EBADMSG;
	rec->known = GMT_KNOWN_ALL;
	if (!gmt_json_chars(member, "name", rec->name, sizeof(rec->name)))
		rec->known &= ~GMT_KNOWN_NAME;
	if (!read_flags(member, &rec->create_flags))
		rec->known &= ~GMT_KNOWN_FLAGS;
	read_creator(member, rec);
	read_numbers(member, rec);
	clear_unknown(rec);
	if (!(rec->known & GMT_KNOWN_STATES)) {
		/* All of it is told as private then, where how much there is is known. */
		if (gmt_json_u64(member, "resident_bytes", INT64_MAX, &resident))
			rec->resident_private_bytes = resident;
		else
			rec->known &= ~GMT_KNOWN_RESIDENT;
	}
	tell_cgroup(member, rec->creator_cgroup_id, fn, ctx);
	return 0;
}

static int compare_gmems(const void *a, const void *b)
{
	return compare_u64(((const struct gmt_rec_gmem *)a)->id,
			   ((const struct gmt_rec_gmem *)b)->id);
}

int gmt_line_snapshot(const char *line, size_t length, struct gmt_line_list *gmems,
		      gmt_line_cgroup_fn fn, void *ctx)
{
	yyjson_val *root;
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	*gmems = (struct gmt_line_list){ .count = 0 };
	if (err)
		return err;
	root = yyjson_doc_get_root(doc);
	err = read_array(yyjson_obj_get(root, "gmems"), sizeof(struct gmt_rec_gmem), read_gmem,
			 gmems, fn, ctx);
	if (!err) {
		order(gmems, sizeof(struct gmt_rec_gmem), compare_gmems);
		gmt_json_u64(root, "lost", UINT64_MAX, &gmems->lost);
	}
	yyjson_doc_free(doc);
	return err == -EOPNOTSUPP ? -EBADMSG : err;
}

/* A range of bytes that ends where bytes can be counted. */
static bool read_extent(yyjson_val *member, uint64_t *offset, uint64_t *size)
{
	return gmt_json_u64(member, "offset_bytes", INT64_MAX, offset) &&
	       gmt_json_u64(member, "size_bytes", INT64_MAX - *offset, size);
}

static int read_binding(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	struct gmt_rec_binding *rec = to;

	if (!gmt_json_u64(member, "id", UINT64_MAX, (uint64_t *)&rec->id) ||
	    !read_extent(member, (uint64_t *)&rec->offset_bytes, (uint64_t *)&rec->size_bytes))
		return -EBADMSG;
	gmt_json_chars(member, "consumer", rec->consumer, sizeof(rec->consumer));
	gmt_json_u64(member, "vm", UINT64_MAX, (uint64_t *)&rec->vm);
	gmt_json_u32(member, "slot", &rec->slot);
	gmt_json_u64(member, "guest_address", UINT64_MAX, (uint64_t *)&rec->guest_address);
	gmt_json_u64(member, "bound_ns", GMT_LINE_TIME_MAX, (uint64_t *)&rec->bound_ns);
	return 0;
}

static int compare_bindings(const void *a, const void *b)
{
	const struct gmt_rec_binding *one = a, *other = b;
	int by_id = compare_u64(one->id, other->id);

	return by_id ? by_id : compare_u64(one->offset_bytes, other->offset_bytes);
}

static int read_holder(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	struct gmt_rec_holder *rec = to;

	if (!gmt_json_u64(member, "id", UINT64_MAX, (uint64_t *)&rec->id) ||
	    !gmt_json_u32(member, "pid", &rec->pid))
		return -EBADMSG;
	gmt_json_u64(member, "start_ns", GMT_LINE_TIME_MAX, (uint64_t *)&rec->start_ns);
	gmt_json_u32(member, "uid", &rec->uid);
	gmt_json_chars(member, "comm", rec->comm, sizeof(rec->comm));
	gmt_json_u32(member, "fds", &rec->fds);
	gmt_json_u64(member, "cgroup_id", UINT64_MAX, (uint64_t *)&rec->cgroup_id);
	tell_cgroup(member, rec->cgroup_id, fn, ctx);
	return 0;
}

static int compare_holders(const void *a, const void *b)
{
	const struct gmt_rec_holder *one = a, *other = b;
	int by_id = compare_u64(one->id, other->id);

	return by_id ? by_id : compare_u64(one->pid, other->pid);
}

static int read_node(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	struct gmt_rec_node *rec = to;

	if (!gmt_json_u64(member, "id", UINT64_MAX, (uint64_t *)&rec->id) ||
	    !gmt_json_u32(member, "nid", &rec->nid) ||
	    !gmt_json_u64(member, "resident_bytes", INT64_MAX, (uint64_t *)&rec->resident_bytes))
		return -EBADMSG;
	return 0;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct gmt_rec_node *one = a, *other = b;
	int by_id = compare_u64(one->id, other->id);

	return by_id ? by_id : compare_u64(one->nid, other->nid);
}

static int read_policy(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	static const char *const scopes[] = {
		[GMEM_SCOPE_ALL] = "all",
		[GMEM_SCOPE_CGROUP] = "cgroup",
		[GMEM_SCOPE_GMEM] = "gmem",
	};
	yyjson_val *scope = yyjson_obj_get(member, "scope");
	struct gmt_rec_policy *rec = to;

	if (!gmt_json_u64(member, "policy_id", UINT64_MAX, (uint64_t *)&rec->policy_id))
		return -EBADMSG;
	rec->scope = UINT32_MAX;
	for (uint32_t i = 0; i < COUNT(scopes); i++)
		if (scopes[i] && yyjson_equals_str(scope, scopes[i]))
			rec->scope = i;
	gmt_json_chars(member, "name", rec->name, sizeof(rec->name));
	gmt_json_u64(member, "scope_id", UINT64_MAX, (uint64_t *)&rec->scope_id);
	gmt_json_u32(member, "flags", &rec->flags);
	gmt_json_u32(member, "hooks", &rec->hooks);
	gmt_json_u32(member, "link_id", &rec->link_id);
	gmt_json_u64(member, "attached_ns", GMT_LINE_TIME_MAX, (uint64_t *)&rec->attached_ns);
	gmt_json_u64(member, "calls", INT64_MAX, (uint64_t *)&rec->calls);
	gmt_json_u64(member, "refusals", INT64_MAX, (uint64_t *)&rec->refusals);
	gmt_json_u64(member, "run_ns", INT64_MAX, (uint64_t *)&rec->run_ns);
	tell_cgroup(member, rec->scope_id, fn, ctx);
	return 0;
}

static int compare_policies(const void *a, const void *b)
{
	return compare_u64(((const struct gmt_rec_policy *)a)->policy_id,
			   ((const struct gmt_rec_policy *)b)->policy_id);
}

static int read_creator_id(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	if (!yyjson_is_uint(member))
		return -EBADMSG;
	*(uint64_t *)to = yyjson_get_uint(member);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

static const struct {
	const char *key;
	size_t size;
	read_fn read;
	compare_fn compare;
} held[GMT_LINE_HELD] = {
	[GMT_LINE_BINDINGS] = { "bindings", sizeof(struct gmt_rec_binding), read_binding,
				compare_bindings },
	[GMT_LINE_HOLDERS] = { "holders", sizeof(struct gmt_rec_holder), read_holder,
			       compare_holders },
	[GMT_LINE_NODES] = { "nodes", sizeof(struct gmt_rec_node), read_node, compare_nodes },
	[GMT_LINE_POLICIES] = { "policies", sizeof(struct gmt_rec_policy), read_policy,
				compare_policies },
	[GMT_LINE_CREATORS] = { "creators", sizeof(uint64_t), read_creator_id, compare_ids },
};

int gmt_line_held(const char *line, size_t length, enum gmt_line_kind kind,
		  struct gmt_line_list *list, gmt_line_cgroup_fn fn, void *ctx)
{
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	*list = (struct gmt_line_list){ .count = 0 };
	if (err)
		return err;
	err = read_array(yyjson_obj_get(yyjson_doc_get_root(doc), held[kind].key), held[kind].size,
			 held[kind].read, list, fn, ctx);
	if (!err)
		order(list, held[kind].size, held[kind].compare);
	yyjson_doc_free(doc);
	return err;
}

static int read_range(yyjson_val *member, void *to, gmt_line_cgroup_fn fn, void *ctx)
{
	yyjson_val *state = yyjson_obj_get(member, "state");
	struct gmt_rec_range *rec = to;

	if (!read_extent(member, (uint64_t *)&rec->offset_bytes, (uint64_t *)&rec->size_bytes) ||
	    !rec->size_bytes)
		return -EBADMSG;
	if (yyjson_equals_str(state, "shared"))
		rec->flags |= GMEM_RANGE_SHARED;
	if (yyjson_get_bool(yyjson_obj_get(member, "resident")))
		rec->flags |= GMEM_RANGE_RESIDENT;
	return 0;
}

int gmt_line_ranges(const char *line, size_t length, uint64_t id, struct gmt_line_list *ranges)
{
	const struct gmt_rec_range *list;
	uint64_t told;
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	*ranges = (struct gmt_line_list){ .count = 0 };
	if (err)
		return err;
	if (!gmt_json_u64(yyjson_doc_get_root(doc), "id", UINT64_MAX, &told))
		err = -EBADMSG;
	else if (told != id)
		err = -ENOENT;
	else
		err = read_array(yyjson_obj_get(yyjson_doc_get_root(doc), "ranges"),
				 sizeof(struct gmt_rec_range), read_range, ranges, NULL, NULL);
	yyjson_doc_free(doc);
	list = ranges->list;
	/* Views take them for a map without gaps. */
	for (size_t i = 1; !err && i < ranges->count; i++)
		if (list[i].offset_bytes != list[i - 1].offset_bytes + list[i - 1].size_bytes)
			err = -EBADMSG;
	if (err) {
		free(ranges->list);
		*ranges = (struct gmt_line_list){ .count = 0 };
	}
	return err;
}
