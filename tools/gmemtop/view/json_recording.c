// SPDX-License-Identifier: GPL-2.0-only
/* The lines that only recordings have: what heads a frame, and the lists beside a snapshot. */
#include <errno.h>
#include <linux/gmem.h>
#include <string.h>
#include <sys/utsname.h>

#include "model/event_fields.h"
#include "view/json_common.h"
#include "view/json_recording.h"

static void add_boot_id(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	char id[64] = "";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file) {
		if (!fgets(id, sizeof(id), file))
			id[0] = '\0';
		fclose(file);
	}
	id[strcspn(id, "\n")] = '\0';
	gmt_json_add_chars(doc, root, "boot_id", id, sizeof(id));
}

int gmt_json_recording(FILE *out, const struct gmt_json_head *head)
{
	yyjson_mut_doc *doc = gmt_json_new("recording");
	yyjson_mut_val *root, *events;
	struct utsname name;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_uint(doc, root, "version", head->version);
	yyjson_mut_obj_add_uint(doc, root, "minor", head->minor);
	yyjson_mut_obj_add_str(doc, root, "tool", "gmemtop " GMT_VERSION);
	yyjson_mut_obj_add_str(doc, root, "source", head->source);
	if (!head->elsewhere && !uname(&name)) {
		gmt_json_add_chars(doc, root, "host", name.nodename, sizeof(name.nodename));
		gmt_json_add_chars(doc, root, "kernel", name.release, sizeof(name.release));
	}
	if (!head->elsewhere)
		add_boot_id(doc, root);
	yyjson_mut_obj_add_uint(doc, root, "frame", head->frame);
	gmt_json_add_time(doc, root, "time", "time_ns", head->time_ns, head->offset_ns);
	yyjson_mut_obj_add_int(doc, root, "offset_ns", head->offset_ns);
	yyjson_mut_obj_add_uint(doc, root, "interval_ns", head->interval_ns);
	yyjson_mut_obj_add_bool(doc, root, "requests", head->requests);
	if (!head->events) {
		yyjson_mut_obj_add_null(doc, root, "events");
		return gmt_json_put(out, doc);
	}
	events = yyjson_mut_obj_add_arr(doc, root, "events");
	for (int i = 0; i < GMT_EVENT_MAX; i++)
		if (head->events & 1U << i)
			yyjson_mut_arr_add_str(doc, events, gmt_event_name(i));
	return gmt_json_put(out, doc);
}

/* The line, with its array still empty; no array where nobody could tell. */
static yyjson_mut_doc *begin(const char *type, const struct gmt_json_list *list,
			     yyjson_mut_val **array)
{
	yyjson_mut_doc *doc = gmt_json_new(type);
	yyjson_mut_val *root;

	*array = NULL;
	if (!doc)
		return NULL;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_uint(doc, root, "time_ns", list->time_ns);
	if (list->list)
		*array = yyjson_mut_obj_add_arr(doc, root, type);
	else
		yyjson_mut_obj_add_null(doc, root, type);
	return doc;
}

int gmt_json_bindings(FILE *out, const struct gmt_json_list *bindings)
{
	const struct gmt_rec_binding *rec = bindings->list;
	yyjson_mut_val *array, *object;
	yyjson_mut_doc *doc = begin("bindings", bindings, &array);

	if (!doc)
		return -ENOMEM;
	for (size_t i = 0; array && i < bindings->count; i++, rec++) {
		object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "id", rec->id);
		gmt_json_add_chars(doc, object, "consumer", rec->consumer, sizeof(rec->consumer));
		yyjson_mut_obj_add_uint(doc, object, "vm", rec->vm);
		yyjson_mut_obj_add_uint(doc, object, "slot", rec->slot);
		yyjson_mut_obj_add_uint(doc, object, "offset_bytes", rec->offset_bytes);
		yyjson_mut_obj_add_uint(doc, object, "size_bytes", rec->size_bytes);
		yyjson_mut_obj_add_uint(doc, object, "guest_address", rec->guest_address);
		yyjson_mut_obj_add_uint(doc, object, "bound_ns", rec->bound_ns);
	}
	return gmt_json_put(out, doc);
}

int gmt_json_holders(FILE *out, const struct gmt_json_list *holders)
{
	const struct gmt_rec_holder *rec = holders->list;
	yyjson_mut_val *array, *object;
	yyjson_mut_doc *doc = begin("holders", holders, &array);

	if (!doc)
		return -ENOMEM;
	for (size_t i = 0; array && i < holders->count; i++, rec++) {
		object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "id", rec->id);
		yyjson_mut_obj_add_uint(doc, object, "pid", rec->pid);
		yyjson_mut_obj_add_uint(doc, object, "start_ns", rec->start_ns);
		yyjson_mut_obj_add_uint(doc, object, "uid", rec->uid);
		gmt_json_add_chars(doc, object, "comm", rec->comm, sizeof(rec->comm));
		yyjson_mut_obj_add_uint(doc, object, "fds", rec->fds);
		gmt_json_add_cgroup(doc, object, holders->cgroups[i]);
		yyjson_mut_obj_add_uint(doc, object, "cgroup_id", rec->cgroup_id);
	}
	return gmt_json_put(out, doc);
}

int gmt_json_nodes(FILE *out, const struct gmt_json_list *nodes)
{
	const struct gmt_rec_node *rec = nodes->list;
	yyjson_mut_val *array, *object;
	yyjson_mut_doc *doc = begin("nodes", nodes, &array);

	if (!doc)
		return -ENOMEM;
	for (size_t i = 0; array && i < nodes->count; i++, rec++) {
		object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "id", rec->id);
		yyjson_mut_obj_add_uint(doc, object, "nid", rec->nid);
		yyjson_mut_obj_add_uint(doc, object, "resident_bytes", rec->resident_bytes);
	}
	return gmt_json_put(out, doc);
}

static void add_scope(yyjson_mut_doc *doc, yyjson_mut_val *object, uint32_t scope)
{
	static const char *const words[] = {
		[GMEM_SCOPE_ALL] = "all",
		[GMEM_SCOPE_CGROUP] = "cgroup",
		[GMEM_SCOPE_GMEM] = "gmem",
	};

	if (scope < sizeof(words) / sizeof(words[0]) && words[scope])
		yyjson_mut_obj_add_str(doc, object, "scope", words[scope]);
	else
		yyjson_mut_obj_add_null(doc, object, "scope");
}

int gmt_json_attached(FILE *out, const struct gmt_json_list *policies)
{
	const struct gmt_rec_policy *rec = policies->list;
	yyjson_mut_val *array, *object;
	yyjson_mut_doc *doc = begin("policies", policies, &array);

	if (!doc)
		return -ENOMEM;
	for (size_t i = 0; array && i < policies->count; i++, rec++) {
		object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "policy_id", rec->policy_id);
		gmt_json_add_chars(doc, object, "name", rec->name, sizeof(rec->name));
		add_scope(doc, object, rec->scope);
		yyjson_mut_obj_add_uint(doc, object, "scope_id", rec->scope_id);
		gmt_json_add_cgroup(doc, object, policies->cgroups[i]);
		yyjson_mut_obj_add_uint(doc, object, "flags", rec->flags);
		yyjson_mut_obj_add_uint(doc, object, "hooks", rec->hooks);
		yyjson_mut_obj_add_uint(doc, object, "link_id", rec->link_id);
		yyjson_mut_obj_add_uint(doc, object, "attached_ns", rec->attached_ns);
		yyjson_mut_obj_add_uint(doc, object, "calls", rec->calls);
		yyjson_mut_obj_add_uint(doc, object, "refusals", rec->refusals);
		yyjson_mut_obj_add_uint(doc, object, "run_ns", rec->run_ns);
	}
	return gmt_json_put(out, doc);
}

int gmt_json_creators(FILE *out, const struct gmt_json_list *ids)
{
	const uint64_t *id = ids->list;
	yyjson_mut_val *array;
	yyjson_mut_doc *doc = begin("creators", ids, &array);

	if (!doc)
		return -ENOMEM;
	for (size_t i = 0; array && i < ids->count; i++)
		yyjson_mut_arr_add_uint(doc, array, id[i]);
	return gmt_json_put(out, doc);
}

int gmt_json_ranges(FILE *out, uint64_t id, const struct gmt_json_list *ranges)
{
	const struct gmt_rec_range *rec = ranges->list;
	yyjson_mut_doc *doc = gmt_json_new("ranges");
	yyjson_mut_val *root, *array, *object;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_uint(doc, root, "time_ns", ranges->time_ns);
	yyjson_mut_obj_add_uint(doc, root, "id", id);
	if (!rec) {
		yyjson_mut_obj_add_null(doc, root, "ranges");
		return gmt_json_put(out, doc);
	}
	array = yyjson_mut_obj_add_arr(doc, root, "ranges");
	for (size_t i = 0; i < ranges->count; i++, rec++) {
		object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "offset_bytes", rec->offset_bytes);
		yyjson_mut_obj_add_uint(doc, object, "size_bytes", rec->size_bytes);
		yyjson_mut_obj_add_str(doc, object, "state",
				       rec->flags & GMEM_RANGE_SHARED ? "shared" : "private");
		yyjson_mut_obj_add_bool(doc, object, "resident", rec->flags & GMEM_RANGE_RESIDENT);
	}
	return gmt_json_put(out, doc);
}

int gmt_json_losses(FILE *out, uint64_t time_ns, const struct gmt_trace_totals *totals)
{
	yyjson_mut_doc *doc = gmt_json_new("losses");

	if (!doc)
		return -ENOMEM;
	yyjson_mut_obj_add_uint(doc, yyjson_mut_doc_get_root(doc), "time_ns", time_ns);
	gmt_json_add_totals(doc, yyjson_mut_doc_get_root(doc), totals);
	return gmt_json_put(out, doc);
}

int gmt_json_end(FILE *out, uint64_t time_ns, int64_t offset_ns, const char *reason)
{
	yyjson_mut_doc *doc = gmt_json_new("end");
	yyjson_mut_val *root;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	gmt_json_add_time(doc, root, "time", "time_ns", time_ns, offset_ns);
	yyjson_mut_obj_add_str(doc, root, "reason", reason);
	return gmt_json_put(out, doc);
}
