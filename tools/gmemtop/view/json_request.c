// SPDX-License-Identifier: GPL-2.0-only
/* The lines of a recording that tell what policies were asked (docs/recordings.md). */
#include <errno.h>
#include <linux/gmem.h>
#include <stdio.h>

#include "model/policy.h"
#include "view/json_common.h"
#include "view/json_recording.h"

static void add_word(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
		     enum gmt_request_words which, uint32_t value)
{
	const char *word = gmt_request_word(which, value);

	if (word)
		yyjson_mut_obj_add_str(doc, root, key, word);
	else
		yyjson_mut_obj_add_uint(doc, root, key, value);
}

/* What belongs to this hook only. */
static void add_asked(yyjson_mut_doc *doc, yyjson_mut_val *root,
		      const struct gmt_rec_request *request)
{
	switch (request->hook) {
	case GMEM_HOOK_MMAP:
	case GMEM_HOOK_IO:
	case GMEM_HOOK_INSPECT:
		add_word(doc, root, "act", GMT_REQUEST_ACT, request->act);
		yyjson_mut_obj_add_bool(doc, root, "write", request->write);
		break;
	case GMEM_HOOK_FAULT:
		add_word(doc, root, "kind", GMT_REQUEST_KIND, request->kind);
		yyjson_mut_obj_add_bool(doc, root, "write", request->write);
		break;
	case GMEM_HOOK_CONVERT:
		add_word(doc, root, "to", GMT_REQUEST_TO, request->to);
		add_word(doc, root, "content", GMT_REQUEST_CONTENT, request->content);
		break;
	case GMEM_HOOK_BIND:
		gmt_json_add_chars(doc, root, "consumer", request->consumer,
				   sizeof(request->consumer));
		yyjson_mut_obj_add_uint(doc, root, "vm", request->vm);
		yyjson_mut_obj_add_uint(doc, root, "slot", request->slot);
		yyjson_mut_obj_add_uint(doc, root, "guest_address", request->guest_address);
		break;
	default:
		break;
	}
}

static void add_gmem(yyjson_mut_doc *doc, yyjson_mut_val *root,
		     const struct gmt_rec_request *request, const char *creator_cgroup)
{
	yyjson_mut_obj_add_uint(doc, root, "memory_bytes", request->memory_bytes);
	yyjson_mut_obj_add_uint(doc, root, "create_flags", request->create_flags);
	if (request->unknown & GMT_REQUEST_NO_BINDINGS)
		yyjson_mut_obj_add_null(doc, root, "bindings");
	else
		yyjson_mut_obj_add_uint(doc, root, "bindings", request->bindings);
	yyjson_mut_obj_add_uint(doc, root, "created_ns", request->created_ns);
	yyjson_mut_obj_add_uint(doc, root, "creator_pid", request->creator_pid);
	yyjson_mut_obj_add_uint(doc, root, "creator_start_ns", request->creator_start_ns);
	yyjson_mut_obj_add_uint(doc, root, "creator_uid", request->creator_uid);
	if (creator_cgroup[0] == '/')
		gmt_json_add_chars(doc, root, "creator_cgroup", creator_cgroup, SIZE_MAX);
	else
		yyjson_mut_obj_add_null(doc, root, "creator_cgroup");
	yyjson_mut_obj_add_uint(doc, root, "creator_cgroup_id", request->creator_cgroup_id);
}

static void add_number(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key, uint64_t number,
		       bool unknown)
{
	if (unknown)
		yyjson_mut_obj_add_null(doc, root, key);
	else
		yyjson_mut_obj_add_uint(doc, root, key, number);
}

static void add_groups(yyjson_mut_doc *doc, yyjson_mut_val *root,
		       const struct gmt_rec_request *request)
{
	yyjson_mut_val *list;

	if (request->unknown & GMT_REQUEST_NO_GROUPS) {
		yyjson_mut_obj_add_null(doc, root, "groups");
		return;
	}
	list = yyjson_mut_obj_add_arr(doc, root, "groups");
	for (uint32_t i = 0; i < request->group_count && i < GMT_REQUEST_GROUPS; i++)
		yyjson_mut_arr_add_uint(doc, list, request->groups[i]);
}

static void add_cgroups(yyjson_mut_doc *doc, yyjson_mut_val *root,
			const struct gmt_rec_request *request)
{
	yyjson_mut_val *list;

	if (request->unknown & GMT_REQUEST_NO_LEVELS) {
		yyjson_mut_obj_add_null(doc, root, "cgroup_ids");
		return;
	}
	list = yyjson_mut_obj_add_arr(doc, root, "cgroup_ids");
	for (uint32_t i = 0; i < request->level_count && i < GMT_REQUEST_LEVELS; i++)
		yyjson_mut_arr_add_uint(doc, list, request->cgroup_ids[i]);
}

static void add_exe(yyjson_mut_doc *doc, yyjson_mut_val *root,
		    const struct gmt_rec_request *request)
{
	char device[24];

	if (request->unknown & GMT_REQUEST_NO_EXE) {
		yyjson_mut_obj_add_null(doc, root, "exe_dev");
		yyjson_mut_obj_add_null(doc, root, "exe_ino");
		return;
	}
	/* The kernel's own dev_t: 12 bits of major, 20 of minor. */
	snprintf(device, sizeof(device), "%u:%u", request->exe_dev >> 20,
		 request->exe_dev & 0xfffff);
	yyjson_mut_obj_add_strcpy(doc, root, "exe_dev", device);
	yyjson_mut_obj_add_uint(doc, root, "exe_ino", request->exe_ino);
}

static void add_task(yyjson_mut_doc *doc, yyjson_mut_val *root,
		     const struct gmt_rec_request *request, const char *cgroup)
{
	const uint32_t unknown = request->unknown;

	yyjson_mut_obj_add_uint(doc, root, "pid", request->pid);
	yyjson_mut_obj_add_uint(doc, root, "tid", request->tid);
	yyjson_mut_obj_add_uint(doc, root, "uid", request->uid);
	add_number(doc, root, "euid", request->euid, unknown & GMT_REQUEST_NO_EUID);
	add_number(doc, root, "egid", request->egid, unknown & GMT_REQUEST_NO_EGID);
	add_groups(doc, root, request);
	gmt_json_add_chars(doc, root, "comm", request->comm, sizeof(request->comm));
	if (unknown & GMT_REQUEST_NO_COMM)
		yyjson_mut_obj_add_null(doc, root, "process_comm");
	else
		gmt_json_add_chars(doc, root, "process_comm", request->process_comm,
				   sizeof(request->process_comm));
	add_exe(doc, root, request);
	gmt_json_add_cgroup(doc, root, cgroup);
	yyjson_mut_obj_add_uint(doc, root, "cgroup_id", request->cgroup_id);
	add_cgroups(doc, root, request);
}

int gmt_json_request(FILE *out, const struct gmt_rec_request *request, const char *cgroup,
		     const char *creator_cgroup, int64_t offset_ns)
{
	yyjson_mut_doc *doc = gmt_json_new("request");
	const char *hook = gmt_hook_name(request->hook);
	yyjson_mut_val *root;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	gmt_json_add_time(doc, root, "time", "time_ns", request->time_ns, offset_ns);
	yyjson_mut_obj_add_uint(doc, root, "monotonic_ns", request->monotonic_ns);
	yyjson_mut_obj_add_uint(doc, root, "seq", request->seq);
	if (hook)
		yyjson_mut_obj_add_str(doc, root, "hook", hook);
	else
		yyjson_mut_obj_add_uint(doc, root, "hook", request->hook);
	yyjson_mut_obj_add_uint(doc, root, "id", request->id);
	gmt_json_add_chars(doc, root, "name", request->name, sizeof(request->name));
	yyjson_mut_obj_add_uint(doc, root, "offset_bytes", request->offset_bytes);
	yyjson_mut_obj_add_uint(doc, root, "size_bytes", request->size_bytes);
	add_asked(doc, root, request);
	add_gmem(doc, root, request, creator_cgroup);
	add_task(doc, root, request, cgroup);
	return gmt_json_put(out, doc);
}

int gmt_json_requests(FILE *out, uint64_t time_ns, const struct gmt_request_account *account)
{
	yyjson_mut_doc *doc = gmt_json_new("requests");
	yyjson_mut_val *root;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_uint(doc, root, "time_ns", time_ns);
	yyjson_mut_obj_add_uint(doc, root, "last_seq", account->last_seq);
	yyjson_mut_obj_add_uint(doc, root, "lost", account->lost);
	return gmt_json_put(out, doc);
}
