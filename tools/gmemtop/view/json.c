// SPDX-License-Identifier: GPL-2.0-only
/* The table, one gmem with its bindings and ranges, and findings as JSON. Events are in json_event.c. */
#include <errno.h>
#include <linux/gmem.h>

#include "model/flags.h"
#include "view/capability.h"
#include "view/format.h"
#include "view/json.h"
#include "view/json_common.h"

/* A number, or null where nobody could tell it. */
static void add_known(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint64_t value,
		      bool known)
{
	if (known)
		yyjson_mut_obj_add_uint(doc, object, key, value);
	else
		yyjson_mut_obj_add_null(doc, object, key);
}

static void add_rate(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, double rate,
		     bool known)
{
	if (known)
		yyjson_mut_obj_add_real(doc, object, key, rate);
	else
		yyjson_mut_obj_add_null(doc, object, key);
}

/* @known: enum gmt_known, 0 while there are no rates at all. */
static void add_rates(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_rates *rates,
		      uint32_t known)
{
	add_rate(doc, object, "faults_per_second", rates->faults, !(GMT_KNOWN_FAULTS & ~known));
	add_rate(doc, object, "conversions_per_second", rates->conversions,
		 known & GMT_KNOWN_CONVERSIONS);
	add_rate(doc, object, "denied_per_second", rates->denied, known & GMT_KNOWN_DENIED);
}

static void add_flags(yyjson_mut_doc *doc, yyjson_mut_val *object, uint32_t flags)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "flags");

	for (unsigned int bit = 0; bit < 32; bit++) {
		if (!(flags & 1U << bit))
			continue;
		if (gmt_flag_name(bit))
			yyjson_mut_arr_add_str(doc, list, gmt_flag_name(bit));
		else
			yyjson_mut_arr_add_uint(doc, list, 1U << bit);
	}
}

static void add_creator(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_row *row,
			int64_t offset_ns)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	bool known = rec->known & GMT_KNOWN_CREATOR;

	if (rec->known & GMT_KNOWN_CREATED) {
		gmt_json_add_time(doc, object, "created", "created_ns", rec->created_ns, offset_ns);
	} else {
		yyjson_mut_obj_add_null(doc, object, "created");
		yyjson_mut_obj_add_null(doc, object, "created_ns");
	}
	add_known(doc, object, "pid", rec->creator_pid, known);
	add_known(doc, object, "start_ns", rec->creator_start_ns, known);
	add_known(doc, object, "uid", rec->creator_uid, known);
	if (known)
		gmt_json_add_chars(doc, object, "comm", rec->creator_comm,
				   sizeof(rec->creator_comm));
	else
		yyjson_mut_obj_add_null(doc, object, "comm");
	gmt_json_add_cgroup(doc, object, row->cgroup);
	add_known(doc, object, "cgroup_id", rec->creator_cgroup_id, rec->known & GMT_KNOWN_CGROUP);
}

/* An array that is empty where there is none, null where nobody could tell. */
static yyjson_mut_val *add_list(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
				bool known)
{
	if (known)
		return yyjson_mut_obj_add_arr(doc, object, key);
	yyjson_mut_obj_add_null(doc, object, key);
	return NULL;
}

static void add_vms(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_vms *vms)
{
	yyjson_mut_val *list = add_list(doc, object, "vms", vms->known);

	for (size_t i = 0; list && i < vms->count; i++) {
		yyjson_mut_val *vm = yyjson_mut_arr_add_obj(doc, list);

		gmt_json_add_chars(doc, vm, "consumer", vms->list[i].consumer,
				   sizeof(vms->list[i].consumer));
		yyjson_mut_obj_add_uint(doc, vm, "vm", vms->list[i].vm);
	}
}

static void add_gmem(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_row *row,
		     int64_t offset_ns)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	const struct {
		const char *name;
		uint64_t value;
		uint32_t needed;
	} numbers[] = {
		{ "size_bytes", rec->size_bytes, 0 },
		{ "resident_private_bytes", rec->resident_private_bytes,
		  GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES },
		{ "resident_shared_bytes", rec->resident_shared_bytes,
		  GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES },
		{ "resident_bytes", rec->resident_private_bytes + rec->resident_shared_bytes,
		  GMT_KNOWN_RESIDENT },
		{ "bindings", rec->bindings, GMT_KNOWN_BINDINGS },
		{ "faults_host", rec->faults_host, GMT_KNOWN_FAULTS_HOST },
		{ "faults_guest", rec->faults_guest, GMT_KNOWN_FAULTS_GUEST },
		{ "denied_private", rec->denied_private, GMT_KNOWN_DENIED },
		{ "denied_flags", rec->denied_flags, GMT_KNOWN_DENIED },
		{ "denied_capability", rec->denied_capability, GMT_KNOWN_DENIED },
		{ "denied_policy", rec->denied_policy, GMT_KNOWN_DENIED },
		{ "conversions", rec->conversions, GMT_KNOWN_CONVERSIONS },
		{ "conversions_failed", rec->conversions_failed, GMT_KNOWN_CONVERSIONS },
		{ "converted_bytes", rec->converted_bytes, GMT_KNOWN_CONVERSIONS },
		{ "allocated_bytes", rec->allocated_bytes, GMT_KNOWN_ALLOCATIONS },
		{ "freed_bytes", rec->freed_bytes, GMT_KNOWN_ALLOCATIONS },
		{ "read_bytes", rec->read_bytes, GMT_KNOWN_IO },
		{ "written_bytes", rec->written_bytes, GMT_KNOWN_IO },
		{ "inspected_bytes", rec->inspected_bytes, GMT_KNOWN_IO },
		{ "invalidations", rec->invalidations, GMT_KNOWN_INVALIDATIONS },
		{ "memory_failures", rec->memory_failures, GMT_KNOWN_FAILURES },
	};

	yyjson_mut_obj_add_uint(doc, object, "id", rec->id);
	if (rec->known & GMT_KNOWN_NAME)
		gmt_json_add_chars(doc, object, "name", rec->name, sizeof(rec->name));
	else
		yyjson_mut_obj_add_null(doc, object, "name");
	add_creator(doc, object, row, offset_ns);
	if (rec->known & GMT_KNOWN_FLAGS)
		add_flags(doc, object, rec->create_flags);
	else
		yyjson_mut_obj_add_null(doc, object, "flags");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add_known(doc, object, numbers[i].name, numbers[i].value,
			  !(numbers[i].needed & ~rec->known));
	add_vms(doc, object, &row->vms);
	add_rates(doc, object, &row->rates, row->has_rates ? rec->known : 0);
}

static void add_totals(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_totals *totals)
{
	const uint32_t resident = GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES;

	yyjson_mut_obj_add_uint(doc, object, "gmems", totals->gmems);
	yyjson_mut_obj_add_uint(doc, object, "size_bytes", totals->size_bytes);
	add_known(doc, object, "resident_private_bytes", totals->resident_private_bytes,
		  !(resident & ~totals->known));
	add_known(doc, object, "resident_shared_bytes", totals->resident_shared_bytes,
		  !(resident & ~totals->known));
	add_known(doc, object, "faults", totals->faults, !(GMT_KNOWN_FAULTS & ~totals->known));
	add_known(doc, object, "conversions", totals->conversions,
		  totals->known & GMT_KNOWN_CONVERSIONS);
	add_known(doc, object, "denied", totals->denied, totals->known & GMT_KNOWN_DENIED);
	add_rates(doc, object, &totals->rates, totals->has_rates ? totals->known : 0);
}

int gmt_json_table(FILE *out, const struct gmt_table *table)
{
	yyjson_mut_doc *doc = gmt_json_new("snapshot");
	int64_t offset_ns = table->offset_ns;
	yyjson_mut_val *root, *list;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	gmt_json_add_time(doc, root, "time", "time_ns", table->last_ns, offset_ns);
	yyjson_mut_obj_add_uint(doc, root, "lost", table->totals.lost);
	list = yyjson_mut_obj_add_arr(doc, root, "gmems");
	for (size_t i = 0; i < table->shown_count; i++)
		add_gmem(doc, yyjson_mut_arr_add_obj(doc, list), table->shown[i], offset_ns);
	add_totals(doc, yyjson_mut_obj_add_obj(doc, root, "totals"), &table->totals);
	return gmt_json_put(out, doc);
}

static void add_binding(yyjson_mut_doc *doc, yyjson_mut_val *object,
			const struct gmt_rec_binding *binding, int64_t offset_ns)
{
	gmt_json_add_chars(doc, object, "consumer", binding->consumer, sizeof(binding->consumer));
	yyjson_mut_obj_add_uint(doc, object, "vm", binding->vm);
	yyjson_mut_obj_add_uint(doc, object, "slot", binding->slot);
	yyjson_mut_obj_add_uint(doc, object, "offset_bytes", binding->offset_bytes);
	yyjson_mut_obj_add_uint(doc, object, "size_bytes", binding->size_bytes);
	yyjson_mut_obj_add_uint(doc, object, "guest_address", binding->guest_address);
	if (binding->bound_ns) {
		gmt_json_add_time(doc, object, "bound", "bound_ns", binding->bound_ns, offset_ns);
	} else {
		yyjson_mut_obj_add_null(doc, object, "bound");
		yyjson_mut_obj_add_null(doc, object, "bound_ns");
	}
}

static void add_holders(yyjson_mut_doc *doc, yyjson_mut_val *object,
			const struct gmt_detail *detail, int64_t offset_ns)
{
	yyjson_mut_val *list = add_list(doc, object, "holders", detail->holders_known);

	for (size_t i = 0; list && i < detail->holder_count; i++) {
		const struct gmt_rec_holder *rec = &detail->holders[i].rec;
		yyjson_mut_val *holder = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_uint(doc, holder, "pid", rec->pid);
		yyjson_mut_obj_add_uint(doc, holder, "uid", rec->uid);
		gmt_json_add_chars(doc, holder, "comm", rec->comm, sizeof(rec->comm));
		gmt_json_add_time(doc, holder, "started", "start_ns", rec->start_ns, offset_ns);
		gmt_json_add_cgroup(doc, holder, detail->holders[i].cgroup);
		yyjson_mut_obj_add_uint(doc, holder, "cgroup_id", rec->cgroup_id);
		yyjson_mut_obj_add_uint(doc, holder, "fds", rec->fds);
	}
}

static void add_nodes(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct gmt_detail *detail)
{
	yyjson_mut_val *list = add_list(doc, object, "nodes", detail->nodes_known);

	for (size_t i = 0; list && i < detail->node_count; i++) {
		yyjson_mut_val *node = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_uint(doc, node, "nid", detail->nodes[i].nid);
		yyjson_mut_obj_add_uint(doc, node, "resident_bytes",
					detail->nodes[i].resident_bytes);
	}
}

static void add_range(yyjson_mut_doc *doc, yyjson_mut_val *object,
		      const struct gmt_rec_range *range)
{
	yyjson_mut_obj_add_uint(doc, object, "offset_bytes", range->offset_bytes);
	yyjson_mut_obj_add_uint(doc, object, "size_bytes", range->size_bytes);
	yyjson_mut_obj_add_str(doc, object, "state",
			       range->flags & GMEM_RANGE_SHARED ? "shared" : "private");
	yyjson_mut_obj_add_bool(doc, object, "resident", range->flags & GMEM_RANGE_RESIDENT);
}

int gmt_json_gmem(FILE *out, const struct gmt_detail *detail)
{
	yyjson_mut_doc *doc = gmt_json_new("gmem");
	int64_t offset_ns = detail->offset_ns;
	yyjson_mut_val *root, *list;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	add_gmem(doc, root, &detail->row, offset_ns);
	if (detail->row.rec.known & GMT_KNOWN_CREATOR)
		yyjson_mut_obj_add_bool(doc, root, "creator_alive", detail->creator_alive);
	else
		yyjson_mut_obj_add_null(doc, root, "creator_alive");
	yyjson_mut_obj_add_uint(doc, root, "lost", 0);
	add_holders(doc, root, detail, offset_ns);
	add_nodes(doc, root, detail);
	list = add_list(doc, root, "binding_list", detail->row.vms.known);
	for (size_t i = 0; list && i < detail->binding_count; i++)
		add_binding(doc, yyjson_mut_arr_add_obj(doc, list), &detail->bindings[i],
			    offset_ns);
	list = add_list(doc, root, "ranges", !detail->ranges_unknown);
	for (size_t i = 0; list && i < detail->range_count; i++)
		add_range(doc, yyjson_mut_arr_add_obj(doc, list), &detail->ranges[i]);
	return gmt_json_put(out, doc);
}

static void add_sources(yyjson_mut_doc *doc, yyjson_mut_val *object,
			const struct gmt_source_summary *sources)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, object, "sources");

	for (int i = 0; i < GMT_SOURCES; i++) {
		yyjson_mut_val *source = yyjson_mut_arr_add_obj(doc, list), *can;

		yyjson_mut_obj_add_str(doc, source, "name", sources[i].name);
		yyjson_mut_obj_add_bool(doc, source, "available", sources[i].available);
		can = yyjson_mut_obj_add_obj(doc, source, "can");
		for (int c = 0; c < GMT_CAPABILITY_MAX; c++)
			yyjson_mut_obj_add_str(doc, can, gmt_capability_name(c),
					       gmt_can_word(sources[i].can[c]));
	}
}

int gmt_json_checks(FILE *out, const struct gmt_check *checks, size_t count,
		    const struct gmt_source_summary *sources, int exit_code)
{
	static const char *const words[] = {
		[GMT_CHECK_OK] = "ok",
		[GMT_CHECK_NOTE] = "note",
		[GMT_CHECK_MISSING] = "missing",
	};
	yyjson_mut_doc *doc = gmt_json_new("doctor");
	yyjson_mut_val *root, *list;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_bool(doc, root, "ok", !exit_code);
	yyjson_mut_obj_add_int(doc, root, "exit_code", exit_code);
	list = yyjson_mut_obj_add_arr(doc, root, "checks");
	for (size_t i = 0; i < count; i++) {
		yyjson_mut_val *check = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, check, "name", checks[i].name);
		yyjson_mut_obj_add_str(doc, check, "status", words[checks[i].status]);
		gmt_json_add_chars(doc, check, "detail", checks[i].detail,
				   sizeof(checks[i].detail));
		gmt_json_add_chars(doc, check, "advice", checks[i].advice,
				   sizeof(checks[i].advice));
	}
	add_sources(doc, root, sources);
	return gmt_json_put(out, doc);
}
