// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line `request` of a recording, as a record. What no policy can do without has to be there;
 * of the rest it is remembered what is not, for the policy that asks.
 */
#include <linux/gmem.h>
#include <stdio.h>
#include <string.h>

#include "model/policy.h"
#include "source/recording_json.h"
#include "source/recording_line.h"

#define WORDS_MAX 32

/* A word, or the number of what had none. Return: whether it is there and known */
static bool read_word(yyjson_val *root, const char *key, enum gmt_request_words which,
		      uint32_t *value)
{
	yyjson_val *member = yyjson_obj_get(root, key);
	const char *text = yyjson_get_str(member);

	for (uint32_t i = 0; text && i < WORDS_MAX; i++) {
		const char *word = gmt_request_word(which, i);

		if (!word || strcmp(word, text))
			continue;
		*value = i;
		return true;
	}
	return gmt_json_u32(root, key, value);
}

/* Of a hook that we do not know no policy of ours decides, whatever its number. */
static bool read_hook(yyjson_val *root, uint32_t *hook)
{
	const char *text = yyjson_get_str(yyjson_obj_get(root, "hook"));

	if (!text)
		return gmt_json_u32(root, "hook", hook);
	*hook = gmt_hook_find(text);
	return true;
}

static bool read_asked(yyjson_val *root, struct gmt_rec_request *request)
{
	uint64_t number;

	request->write = yyjson_is_true(yyjson_obj_get(root, "write"));
	switch (request->hook) {
	case GMEM_HOOK_MMAP:
	case GMEM_HOOK_IO:
	case GMEM_HOOK_INSPECT:
		return read_word(root, "act", GMT_REQUEST_ACT, &request->act);
	case GMEM_HOOK_FAULT:
		return read_word(root, "kind", GMT_REQUEST_KIND, &request->kind);
	case GMEM_HOOK_CONVERT:
		read_word(root, "content", GMT_REQUEST_CONTENT, &request->content);
		return read_word(root, "to", GMT_REQUEST_TO, &request->to);
	case GMEM_HOOK_BIND:
		gmt_json_chars(root, "consumer", request->consumer, sizeof(request->consumer));
		gmt_json_u64(root, "vm", UINT64_MAX, &number);
		request->vm = number;
		gmt_json_u64(root, "guest_address", UINT64_MAX, &number);
		request->guest_address = number;
		gmt_json_u32(root, "slot", &request->slot);
		return true;
	default:
		return true;
	}
}

static bool read_u64(yyjson_val *root, const char *key, uint64_t max, __u64 *value)
{
	uint64_t number;
	bool there = gmt_json_u64(root, key, max, &number);

	*value = number;
	return there;
}

static bool read_needed(yyjson_val *root, struct gmt_rec_request *request)
{
	return read_u64(root, "seq", UINT64_MAX - 1, &request->seq) && request->seq &&
	       read_u64(root, "time_ns", GMT_LINE_TIME_MAX, &request->time_ns) &&
	       read_u64(root, "monotonic_ns", GMT_LINE_TIME_MAX, &request->monotonic_ns) &&
	       read_hook(root, &request->hook) && read_u64(root, "id", UINT64_MAX, &request->id) &&
	       read_u64(root, "offset_bytes", UINT64_MAX, &request->offset_bytes) &&
	       read_u64(root, "size_bytes", UINT64_MAX, &request->size_bytes) &&
	       gmt_json_chars(root, "name", request->name, sizeof(request->name)) &&
	       (read_u64(root, "created_ns", GMT_LINE_TIME_MAX, &request->created_ns) ||
		request->hook == GMEM_HOOK_CREATE) &&
	       gmt_json_u32(root, "pid", &request->pid) &&
	       gmt_json_u32(root, "uid", &request->uid) &&
	       read_u64(root, "cgroup_id", UINT64_MAX, &request->cgroup_id) &&
	       read_asked(root, request);
}

static void read_gmem(yyjson_val *root, struct gmt_rec_request *request)
{
	read_u64(root, "memory_bytes", UINT64_MAX, &request->memory_bytes);
	gmt_json_u32(root, "create_flags", &request->create_flags);
	if (!read_u64(root, "bindings", UINT64_MAX, &request->bindings))
		request->unknown |= GMT_REQUEST_NO_BINDINGS;
	gmt_json_u32(root, "creator_pid", &request->creator_pid);
	read_u64(root, "creator_start_ns", GMT_LINE_TIME_MAX, &request->creator_start_ns);
	gmt_json_u32(root, "creator_uid", &request->creator_uid);
	read_u64(root, "creator_cgroup_id", UINT64_MAX, &request->creator_cgroup_id);
}

static bool read_groups(yyjson_val *root, struct gmt_rec_request *request)
{
	yyjson_val *list = yyjson_obj_get(root, "groups"), *gid;
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	if (!yyjson_is_arr(list) || yyjson_arr_size(list) > GMT_REQUEST_GROUPS)
		return false;
	while ((gid = yyjson_arr_iter_next(&iter))) {
		if (!yyjson_is_uint(gid) || yyjson_get_uint(gid) > UINT32_MAX)
			return false;
		request->groups[request->group_count++] = (uint32_t)yyjson_get_uint(gid);
	}
	return true;
}

static bool read_levels(yyjson_val *root, struct gmt_rec_request *request)
{
	yyjson_val *list = yyjson_obj_get(root, "cgroup_ids"), *id;
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	if (!yyjson_is_arr(list) || yyjson_arr_size(list) > GMT_REQUEST_LEVELS)
		return false;
	while ((id = yyjson_arr_iter_next(&iter))) {
		if (!yyjson_is_uint(id))
			return false;
		request->cgroup_ids[request->level_count++] = yyjson_get_uint(id);
	}
	return true;
}

static bool read_exe(yyjson_val *root, struct gmt_rec_request *request)
{
	const char *device = yyjson_get_str(yyjson_obj_get(root, "exe_dev"));
	unsigned int major, minor;
	char more;

	if (!read_u64(root, "exe_ino", UINT64_MAX, &request->exe_ino) || !device ||
	    sscanf(device, "%4u:%7u%c", &major, &minor, &more) != 2 || major > 0xfff ||
	    minor > 0xfffff)
		return false;
	request->exe_dev = major << 20 | minor;
	return true;
}

static void read_task(yyjson_val *root, struct gmt_rec_request *request)
{
	gmt_json_u32(root, "tid", &request->tid);
	gmt_json_chars(root, "comm", request->comm, sizeof(request->comm));
	if (!gmt_json_u32(root, "euid", &request->euid))
		request->unknown |= GMT_REQUEST_NO_EUID;
	if (!gmt_json_u32(root, "egid", &request->egid))
		request->unknown |= GMT_REQUEST_NO_EGID;
	if (!gmt_json_chars(root, "process_comm", request->process_comm,
			    sizeof(request->process_comm)))
		request->unknown |= GMT_REQUEST_NO_COMM;
	if (!read_exe(root, request))
		request->unknown |= GMT_REQUEST_NO_EXE;
	if (!read_groups(root, request)) {
		request->unknown |= GMT_REQUEST_NO_GROUPS;
		request->group_count = 0;
	}
	if (!read_levels(root, request)) {
		request->unknown |= GMT_REQUEST_NO_LEVELS;
		request->level_count = 0;
	}
}

static void tell_paths(yyjson_val *root, struct gmt_rec_request *request, gmt_line_cgroup_fn fn,
		       void *ctx)
{
	const char *cgroup = yyjson_get_str(yyjson_obj_get(root, "cgroup"));
	const char *creator = yyjson_get_str(yyjson_obj_get(root, "creator_cgroup"));

	if (!cgroup || cgroup[0] != '/')
		request->unknown |= GMT_REQUEST_NO_PATH;
	else if (fn)
		fn(ctx, request->cgroup_id, cgroup);
	if (creator && fn)
		fn(ctx, request->creator_cgroup_id, creator);
}

int gmt_line_request(const char *line, size_t length, struct gmt_rec_request *request,
		     gmt_line_cgroup_fn fn, void *ctx)
{
	yyjson_val *root;
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	if (err)
		return err;
	memset(request, 0, sizeof(*request));
	root = yyjson_doc_get_root(doc);
	if (read_needed(root, request)) {
		read_gmem(root, request);
		read_task(root, request);
		tell_paths(root, request, fn, ctx);
	} else {
		err = -EBADMSG;
	}
	yyjson_doc_free(doc);
	return err;
}

int gmt_line_requests(const char *line, size_t length, uint64_t *last_seq)
{
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	if (err)
		return err;
	if (!gmt_json_u64(yyjson_doc_get_root(doc), "last_seq", UINT64_MAX, last_seq))
		err = -EBADMSG;
	yyjson_doc_free(doc);
	return err;
}
