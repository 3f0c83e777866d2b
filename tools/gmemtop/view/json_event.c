// SPDX-License-Identifier: GPL-2.0-only
/* Events and the account of a trace as JSON, and what both JSON files share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/event_fields.h"
#include "view/format.h"
#include "view/json.h"
#include "view/json_common.h"

static void add_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *chars,
		    size_t length)
{
	yyjson_mut_val *name;
	char hex_key[64], *hex = malloc(length * 2 + 1);

	if (!hex)
		return;
	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	for (size_t i = 0; i < length; i++)
		snprintf(hex + i * 2, 3, "%02x", (unsigned char)chars[i]);
	name = yyjson_mut_strcpy(doc, hex_key);
	yyjson_mut_obj_add(object, name, yyjson_mut_strcpy(doc, hex));
	free(hex);
}

void gmt_json_add_chars(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
			const char *chars, size_t max)
{
	size_t length = strnlen(chars, max), size = length * 3 + 1;
	char small[256], *text = size <= sizeof(small) ? small : malloc(size);

	if (!text)
		return;
	gmt_utf8(text, size, chars, length);
	yyjson_mut_obj_add_strcpy(doc, object, key, text);
	/* Whoever needs to know what was there instead. */
	if (strlen(text) != length || memcmp(text, chars, length))
		add_hex(doc, object, key, chars, length);
	if (text != small)
		free(text);
}

void gmt_json_add_cgroup(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *path)
{
	if (path[0] == '/')
		gmt_json_add_chars(doc, object, "cgroup", path, SIZE_MAX);
	else
		yyjson_mut_obj_add_null(doc, object, "cgroup");
}

void gmt_json_add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
		       const char *key_ns, uint64_t boot_ns, int64_t offset_ns)
{
	char time[40];

	gmt_format_time(time, sizeof(time), boot_ns, offset_ns);
	yyjson_mut_obj_add_strcpy(doc, object, key, time);
	yyjson_mut_obj_add_uint(doc, object, key_ns, boot_ns);
}

yyjson_mut_doc *gmt_json_new(const char *type)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!doc)
		return NULL;
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, yyjson_mut_doc_get_root(doc), "type", type);
	return doc;
}

int gmt_json_put(FILE *out, yyjson_mut_doc *doc)
{
	size_t length;
	char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, &length);

	yyjson_mut_doc_free(doc);
	if (!text)
		return -ENOMEM;
	fwrite(text, 1, length, out);
	putc('\n', out);
	free(text);
	return 0;
}

static void add_err(yyjson_mut_doc *doc, yyjson_mut_val *object, int err)
{
	char name[24];

	yyjson_mut_obj_add_int(doc, object, "err", err);
	if (!err)
		return;
	gmt_format_errno(name, sizeof(name), err);
	yyjson_mut_obj_add_strcpy(doc, object, "errno", name);
}

static void add_field(yyjson_mut_doc *doc, yyjson_mut_val *object,
		      const struct gmt_rec_event *event, const struct gmt_field *field)
{
	const char *value;

	if (event->unknown & field->unknown) {
		yyjson_mut_obj_add_null(doc, object, field->name);
		return;
	}
	switch (field->kind) {
	case GMT_FIELD_U64:
	case GMT_FIELD_ADDR:
		yyjson_mut_obj_add_uint(doc, object, field->name, gmt_field_u64(event, field));
		break;
	case GMT_FIELD_U8:
		yyjson_mut_obj_add_uint(doc, object, field->name, gmt_field_u8(event, field));
		break;
	case GMT_FIELD_S32:
		yyjson_mut_obj_add_int(doc, object, field->name,
				       (int32_t)gmt_field_u32(event, field));
		break;
	case GMT_FIELD_ERR:
		add_err(doc, object, (int32_t)gmt_field_u32(event, field));
		break;
	case GMT_FIELD_ENUM:
		value = gmt_field_value(event, field);
		if (value)
			yyjson_mut_obj_add_str(doc, object, field->name, value);
		else
			yyjson_mut_obj_add_uint(doc, object, field->name,
						gmt_field_u32(event, field));
		break;
	case GMT_FIELD_U32:
	case GMT_FIELD_FLAGS:
		yyjson_mut_obj_add_uint(doc, object, field->name, gmt_field_u32(event, field));
		break;
	case GMT_FIELD_CHARS:
		gmt_json_add_chars(doc, object, field->name, gmt_field_chars(event, field),
				   field->count);
		break;
	}
}

int gmt_json_event(FILE *out, const struct gmt_rec_event *event, const char *cgroup,
		   int64_t offset_ns)
{
	yyjson_mut_doc *doc = gmt_json_new("event");
	const struct gmt_field *fields;
	yyjson_mut_val *root;
	size_t count;

	if (!doc)
		return -ENOMEM;
	root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_obj_add_str(doc, root, "event", gmt_event_name(event->event));
	gmt_json_add_time(doc, root, "time", "time_ns", event->time_ns, offset_ns);
	if (event->unknown & GMT_UNKNOWN_ID)
		yyjson_mut_obj_add_null(doc, root, "id");
	else
		yyjson_mut_obj_add_uint(doc, root, "id", event->id);
	fields = gmt_event_fields(event->event, &count);
	for (size_t i = 0; i < count; i++)
		add_field(doc, root, event, &fields[i]);
	yyjson_mut_obj_add_uint(doc, root, "pid", event->pid);
	yyjson_mut_obj_add_uint(doc, root, "tid", event->tid);
	yyjson_mut_obj_add_uint(doc, root, "uid", event->uid);
	gmt_json_add_chars(doc, root, "comm", event->comm, sizeof(event->comm));
	gmt_json_add_cgroup(doc, root, cgroup);
	yyjson_mut_obj_add_uint(doc, root, "cgroup_id", event->cgroup_id);
	return gmt_json_put(out, doc);
}

static void add_account(yyjson_mut_doc *doc, yyjson_mut_val *object, uint64_t received,
			uint64_t ring_full, uint64_t missed)
{
	yyjson_mut_obj_add_uint(doc, object, "received", received);
	yyjson_mut_obj_add_uint(doc, object, "lost", ring_full + missed);
	yyjson_mut_obj_add_uint(doc, object, "lost_buffer_full", ring_full);
	yyjson_mut_obj_add_uint(doc, object, "lost_program_busy", missed);
}

void gmt_json_add_totals(yyjson_mut_doc *doc, yyjson_mut_val *root,
			 const struct gmt_trace_totals *totals)
{
	struct gmt_trace_sums sums = gmt_trace_sum(totals);
	yyjson_mut_val *events;

	add_account(doc, root, sums.received, sums.ring_full, sums.missed);
	events = yyjson_mut_obj_add_obj(doc, root, "events");
	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		if (!totals->received[i] && !totals->ring_full[i] && !totals->missed[i])
			continue;
		add_account(doc, yyjson_mut_obj_add_obj(doc, events, gmt_event_name(i)),
			    totals->received[i], totals->ring_full[i], totals->missed[i]);
	}
}

int gmt_json_totals(FILE *out, const struct gmt_trace_totals *totals)
{
	yyjson_mut_doc *doc = gmt_json_new("totals");

	if (!doc)
		return -ENOMEM;
	gmt_json_add_totals(doc, yyjson_mut_doc_get_root(doc), totals);
	return gmt_json_put(out, doc);
}
