// SPDX-License-Identifier: GPL-2.0-only
/* What kind a line is, what heads a frame, events and losses. Lists are in recording_list.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/event_fields.h"
#include "source/recording_json.h"
#include "source/recording_line.h"

/* A value of JSON takes 16 bytes and at least two of the text; the text is copied. */
#define PARSED_PER_BYTE 10
#define PARSED_SPARED	(64 << 10)

struct budget {
	size_t left;
};

static void *budget_malloc(void *ctx, size_t size)
{
	struct budget *budget = ctx;

	if (size > budget->left)
		return NULL;
	budget->left -= size;
	return malloc(size);
}

static void *budget_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
	struct budget *budget = ctx;
	void *new;

	if (size > old_size && size - old_size > budget->left)
		return NULL;
	new = realloc(ptr, size);
	if (new)
		budget->left += old_size - size;
	return new;
}

static void budget_free(void *ctx, void *ptr)
{
	free(ptr);
}

int gmt_line_parse(const char *line, size_t length, yyjson_doc **doc)
{
	struct budget budget = { length * PARSED_PER_BYTE + PARSED_SPARED };
	const yyjson_alc alc = { budget_malloc, budget_realloc, budget_free, &budget };
	yyjson_read_err err;

	*doc = yyjson_read_opts((char *)line, length, YYJSON_READ_NOFLAG, &alc, &err);
	if (!*doc)
		return err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? -ENOMEM : -EBADMSG;
	/* The allocator of a document is called once more, by free, with what is gone by then. */
	(*doc)->alc.ctx = NULL;
	if (yyjson_is_obj(yyjson_doc_get_root(*doc)))
		return 0;
	yyjson_doc_free(*doc);
	*doc = NULL;
	return -EBADMSG;
}

bool gmt_json_s32(yyjson_val *object, const char *key, int32_t *value)
{
	yyjson_val *member = yyjson_obj_get(object, key);
	int64_t number = yyjson_get_sint(member);

	*value = 0;
	if (!yyjson_is_int(member) || number < INT32_MIN || number > INT32_MAX ||
	    (yyjson_is_uint(member) && yyjson_get_uint(member) > INT32_MAX))
		return false;
	*value = (int32_t)number;
	return true;
}

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bytes that no string of JSON can have. */
static bool hex_chars(yyjson_val *object, const char *key, char *chars, size_t size)
{
	char hex_key[64];
	yyjson_val *member;
	const char *text;
	size_t length;

	snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	member = yyjson_obj_get(object, hex_key);
	text = yyjson_get_str(member);
	length = yyjson_get_len(member);
	if (!text || length % 2 || length / 2 > size)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		chars[i] = (char)(high << 4 | low);
	}
	return true;
}

bool gmt_json_chars(yyjson_val *object, const char *key, char *chars, size_t size)
{
	yyjson_val *member = yyjson_obj_get(object, key);
	const char *text = yyjson_get_str(member);

	memset(chars, 0, size);
	if (!text)
		return false;
	if (hex_chars(object, key, chars, size))
		return true;
	memset(chars, 0, size);
	memcpy(chars, text, strnlen(text, size));
	return true;
}

static const char *const kinds[GMT_LINE_OTHER] = {
	[GMT_LINE_BINDINGS] = "bindings",
	[GMT_LINE_HOLDERS] = "holders",
	[GMT_LINE_NODES] = "nodes",
	[GMT_LINE_POLICIES] = "policies",
	[GMT_LINE_CREATORS] = "creators",
	[GMT_LINE_SNAPSHOT] = "snapshot",
	[GMT_LINE_RECORDING] = "recording",
	[GMT_LINE_RANGES] = "ranges",
	[GMT_LINE_EVENT] = "event",
	[GMT_LINE_LOSSES] = "losses",
	[GMT_LINE_REQUEST] = "request",
	[GMT_LINE_REQUESTS] = "requests",
	[GMT_LINE_END] = "end",
};

static enum gmt_line_kind kind_of(const char *type, size_t length)
{
	enum gmt_line_kind kind;

	for (kind = 0; kind < GMT_LINE_OTHER; kind++)
		if (strlen(kinds[kind]) == length && !memcmp(kinds[kind], type, length))
			break;
	return kind;
}

/* A string without escapes: sets what is in it. Return: what is behind it, NULL for none */
static const char *plain_string(const char *at, const char *end, const char **text, size_t *length)
{
	if (at == end || *at != '"')
		return NULL;
	*text = ++at;
	while (at < end && *at != '"' && *at != '\\')
		at++;
	if (at == end || *at != '"')
		return NULL;
	*length = at - *text;
	return at + 1;
}

static const char *plain_number(const char *at, const char *end, uint64_t *number)
{
	const char *begin = at;

	*number = 0;
	for (; at < end && isdigit((unsigned char)*at) && at - begin < 20; at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
			return NULL;
	return at > begin && at < end && (*at == ',' || *at == '}') ? at : NULL;
}

/*
 * The lines that recorders write begin so that neither the whole line nor its numbers have to be
 * parsed for it. Return: whether this is such a line
 */
static bool peek_fast(const char *at, const char *end, enum gmt_line_kind *kind, uint64_t *time_ns)
{
	bool typed = false;

	if (at == end || *at++ != '{')
		return false;
	for (;;) {
		const char *key, *text;
		size_t key_length, length;
		uint64_t number = 0;

		at = plain_string(at, end, &key, &key_length);
		if (!at || at == end || *at++ != ':')
			return false;
		if (at < end && *at == '"')
			at = plain_string(at, end, &text, &length);
		else if ((at = plain_number(at, end, &number)))
			text = NULL;
		if (!at || at == end || *at != ',')
			return false;
		at++;
		if (text && key_length == 4 && !memcmp(key, "type", 4)) {
			*kind = kind_of(text, length);
			typed = true;
		} else if (!text && key_length == 7 && !memcmp(key, "time_ns", 7)) {
			*time_ns = number;
			return typed;
		}
	}
}

int gmt_line_peek(const char *line, size_t length, enum gmt_line_kind *kind, uint64_t *time_ns)
{
	yyjson_val *root, *type;
	yyjson_doc *doc;
	int err;

	if (peek_fast(line, line + length, kind, time_ns))
		return *time_ns <= GMT_LINE_TIME_MAX ? 0 : -EBADMSG;
	err = gmt_line_parse(line, length, &doc);
	if (err)
		return err;
	root = yyjson_doc_get_root(doc);
	type = yyjson_obj_get(root, "type");
	if (!yyjson_is_str(type))
		err = -EBADMSG;
	else
		*kind = kind_of(yyjson_get_str(type), yyjson_get_len(type));
	/* What is not known yet may have no time. */
	if (!err && !gmt_json_u64(root, "time_ns", GMT_LINE_TIME_MAX, time_ns) &&
	    *kind != GMT_LINE_OTHER)
		err = -EBADMSG;
	yyjson_doc_free(doc);
	return err;
}

/* ISO 8601 in UTC, as in every line. Return: ns since 1970, 0 for none */
static int64_t wall_ns(yyjson_val *root)
{
	const char *text = yyjson_get_str(yyjson_obj_get(root, "time"));
	struct tm tm = { 0 };
	unsigned int us = 0;

	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6uZ", &tm.tm_year, &tm.tm_mon,
			    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &us) < 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (tm.tm_year < 70 || tm.tm_year > 290)
		return 0;
	return timegm(&tm) * 1000000000LL + us * 1000LL;
}

static uint32_t read_events(yyjson_val *root)
{
	yyjson_val *list = yyjson_obj_get(root, "events"), *name;
	uint32_t events = 0;
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);

	while ((name = yyjson_arr_iter_next(&iter))) {
		enum gmt_event event =
			yyjson_is_str(name) ? gmt_event_find(yyjson_get_str(name)) : GMT_EVENT_MAX;

		if (event < GMT_EVENT_MAX)
			events |= 1U << event;
	}
	return events;
}

int gmt_line_head(const char *line, size_t length, struct gmt_line_head *head)
{
	yyjson_val *root, *offset;
	enum gmt_line_kind kind;
	yyjson_doc *doc;
	int64_t wall;
	int err;

	*head = (struct gmt_line_head){ .version = 0 };
	err = gmt_line_peek(line, length, &kind, &head->time_ns);
	if (!err && kind != GMT_LINE_RECORDING && kind != GMT_LINE_SNAPSHOT)
		err = -EBADMSG;
	if (err)
		return err;
	err = gmt_line_parse(line, length, &doc);
	if (err)
		return err;
	root = yyjson_doc_get_root(doc);
	offset = yyjson_obj_get(root, "offset_ns");
	wall = wall_ns(root);
	if (yyjson_is_int(offset))
		head->offset_ns = yyjson_get_sint(offset);
	else if (wall)
		head->offset_ns = wall - (int64_t)head->time_ns;
	if (head->offset_ns > 2 * (int64_t)GMT_LINE_TIME_MAX ||
	    head->offset_ns < -2 * (int64_t)GMT_LINE_TIME_MAX)
		head->offset_ns = 0;
	if (kind == GMT_LINE_SNAPSHOT) {
		/* Nobody has said which events were recorded. */
		head->events = GMT_EVENTS_ALL;
	} else {
		if (!gmt_json_u64(root, "version", UINT64_MAX, &head->version) || !head->version)
			err = -EBADMSG;
		head->events = read_events(root);
		gmt_json_u64(root, "frame", UINT64_MAX, &head->frame);
		head->requests = yyjson_is_true(yyjson_obj_get(root, "requests"));
		gmt_json_chars(root, "boot_id", head->boot_id, sizeof(head->boot_id) - 1);
	}
	yyjson_doc_free(doc);
	return err;
}

static void read_enum(yyjson_val *member, const struct gmt_field *field, uint32_t *value)
{
	const char *name = yyjson_get_str(member);

	*value = UINT32_MAX;
	if (yyjson_is_uint(member) && yyjson_get_uint(member) < UINT32_MAX)
		*value = (uint32_t)yyjson_get_uint(member);
	for (uint32_t i = 0; name && i < field->count; i++)
		if (field->values[i] && !strcmp(field->values[i], name))
			*value = i;
}

static void read_field(yyjson_val *root, const struct gmt_field *field, struct gmt_rec_event *event)
{
	yyjson_val *member = yyjson_obj_get(root, field->name);
	char *to = (char *)event + field->offset;
	uint64_t number = 0;
	uint32_t value = 0;
	int32_t err = 0;

	if (!member || yyjson_is_null(member)) {
		event->unknown |= field->unknown;
		return;
	}
	switch (field->kind) {
	case GMT_FIELD_U64:
	case GMT_FIELD_ADDR:
		gmt_json_u64(root, field->name, UINT64_MAX, &number);
		memcpy(to, &number, sizeof(number));
		break;
	case GMT_FIELD_U8:
		gmt_json_u64(root, field->name, UINT8_MAX, &number);
		*to = (char)number;
		break;
	case GMT_FIELD_S32:
	case GMT_FIELD_ERR:
		gmt_json_s32(root, field->name, &err);
		/* Views negate it. */
		if (err == INT32_MIN)
			err = 0;
		memcpy(to, &err, sizeof(err));
		break;
	case GMT_FIELD_ENUM:
		read_enum(member, field, &value);
		memcpy(to, &value, sizeof(value));
		break;
	case GMT_FIELD_U32:
	case GMT_FIELD_FLAGS:
		gmt_json_u32(root, field->name, &value);
		memcpy(to, &value, sizeof(value));
		break;
	case GMT_FIELD_CHARS:
		gmt_json_chars(root, field->name, to, field->count);
		break;
	}
}

int gmt_line_event(const char *line, size_t length, struct gmt_rec_event *event,
		   gmt_line_cgroup_fn fn, void *ctx)
{
	const struct gmt_field *fields;
	const char *name, *cgroup;
	yyjson_val *root;
	yyjson_doc *doc;
	size_t count;
	int err = gmt_line_parse(line, length, &doc);

	if (err)
		return err;
	memset(event, 0, sizeof(*event));
	root = yyjson_doc_get_root(doc);
	name = yyjson_get_str(yyjson_obj_get(root, "event"));
	event->event = name ? gmt_event_find(name) : GMT_EVENT_MAX;
	if (event->event == GMT_EVENT_MAX) {
		yyjson_doc_free(doc);
		return -ENOENT;
	}
	gmt_json_u64(root, "time_ns", GMT_LINE_TIME_MAX, (uint64_t *)&event->time_ns);
	if (!gmt_json_u64(root, "id", UINT64_MAX, (uint64_t *)&event->id))
		event->unknown |= GMT_UNKNOWN_ID;
	fields = gmt_event_fields(event->event, &count);
	for (size_t i = 0; i < count; i++)
		read_field(root, &fields[i], event);
	gmt_json_u32(root, "pid", &event->pid);
	gmt_json_u32(root, "tid", &event->tid);
	gmt_json_u32(root, "uid", &event->uid);
	gmt_json_chars(root, "comm", event->comm, sizeof(event->comm));
	gmt_json_u64(root, "cgroup_id", UINT64_MAX, (uint64_t *)&event->cgroup_id);
	cgroup = yyjson_get_str(yyjson_obj_get(root, "cgroup"));
	if (cgroup && fn)
		fn(ctx, event->cgroup_id, cgroup);
	yyjson_doc_free(doc);
	return 0;
}

int gmt_line_losses(const char *line, size_t length, struct gmt_trace_totals *totals)
{
	yyjson_val *events, *key, *value;
	yyjson_obj_iter iter;
	yyjson_doc *doc;
	int err = gmt_line_parse(line, length, &doc);

	if (err)
		return err;
	events = yyjson_obj_get(yyjson_doc_get_root(doc), "events");
	iter = yyjson_obj_iter_with(events);
	while ((key = yyjson_obj_iter_next(&iter))) {
		enum gmt_event event = gmt_event_find(yyjson_get_str(key));

		value = yyjson_obj_iter_get_val(key);
		if (event == GMT_EVENT_MAX)
			continue;
		gmt_json_u64(value, "lost_buffer_full", UINT64_MAX / 64, &totals->ring_full[event]);
		gmt_json_u64(value, "lost_program_busy", UINT64_MAX / 64, &totals->missed[event]);
	}
	yyjson_doc_free(doc);
	return 0;
}
