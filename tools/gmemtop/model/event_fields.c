// SPDX-License-Identifier: GPL-2.0-only
/* The tables of event fields; a new field of a tracepoint is one line here. */
#include <linux/gmem.h>
#include <string.h>

#include "model/policy.h"
#include "model/event_fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(kind, event, member) \
	{ #member, GMT_FIELD_##kind, offsetof(struct gmt_rec_event, event.member), NULL, 0, 0 }
/* One that a source may not be able to tell. */
#define MAYBE(kind, event, member, bit)                                                  \
	{ #member, GMT_FIELD_##kind, offsetof(struct gmt_rec_event, event.member), NULL, \
	  0,	   GMT_UNKNOWN_##bit }
#define CHARS(event, member, bit)                               \
	{ #member,                                              \
	  GMT_FIELD_CHARS,                                      \
	  offsetof(struct gmt_rec_event, event.member),         \
	  NULL,                                                 \
	  sizeof(((struct gmt_rec_event *)NULL)->event.member), \
	  bit }
#define COMMON(member) \
	{ #member, GMT_FIELD_U64, offsetof(struct gmt_rec_event, member), NULL, 0, 0 }
#define ENUM(event, member, values, bit)                                         \
	{ #member, GMT_FIELD_ENUM, offsetof(struct gmt_rec_event, event.member), \
	  values,  COUNT(values),  bit }

static const char *const states[] = {
	[GMEM_STATE_PRIVATE] = "private",
	[GMEM_STATE_SHARED] = "shared",
};
static const char *const contents[] = {
	[GMEM_CONTENT_ZERO] = "zero",
	[GMEM_CONTENT_KEEP] = "keep",
};
static const char *const fault_kinds[] = {
	[GMEM_FAULT_HOST] = "host",
	[GMEM_FAULT_REMOTE] = "remote",
	[GMEM_FAULT_GUEST] = "guest",
};
static const char *const free_causes[] = {
	[GMEM_FREE_PUNCH] = "punch",
	[GMEM_FREE_RELEASE] = "release",
};
static const char *const acts[] = {
	[GMEM_ACT_MMAP] = "mmap",
	[GMEM_ACT_READ] = "read",
	[GMEM_ACT_WRITE] = "write",
	[GMEM_ACT_POPULATE] = "populate",
	[GMEM_ACT_INSPECT_READ] = "inspect_read",
	[GMEM_ACT_INSPECT_WRITE] = "inspect_write",
	[GMEM_ACT_SPLICE_READ] = "splice_read",
	[GMEM_ACT_SPLICE_WRITE] = "splice_write",
	[GMEM_ACT_OPEN] = "open",
	[GMEM_ACT_CREATE] = "create",
	[GMEM_ACT_DISCARD] = "discard",
};
static const char *const unbind_causes[] = {
	[GMEM_UNBIND_CONSUMER] = "consumer",
	[GMEM_UNBIND_RELEASE] = "release",
};
static const char *const invalidate_causes[] = {
	[GMEM_INVALIDATE_PUNCH] = "punch",
	[GMEM_INVALIDATE_CONVERT] = "convert",
	[GMEM_INVALIDATE_ERROR] = "error",
	[GMEM_INVALIDATE_RELEASE] = "release",
};

static const struct gmt_field create_fields[] = {
	COMMON(size_bytes),
	FIELD(FLAGS, create, flags),
	CHARS(create, name, GMT_UNKNOWN_NAME),
};
static const struct gmt_field release_fields[] = {
	COMMON(size_bytes),
	MAYBE(U64, release, resident_private_bytes, RESIDENT),
	MAYBE(U64, release, resident_shared_bytes, RESIDENT),
};
static const struct gmt_field alloc_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	ENUM(alloc, state, states, GMT_UNKNOWN_STATE),
	MAYBE(S32, alloc, nid, NODE),
};
static const struct gmt_field free_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	MAYBE(U64, free, resident_bytes, RESIDENT),
	ENUM(free, cause, free_causes, 0),
};
static const struct gmt_field fault_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	ENUM(fault, kind, fault_kinds, 0),
	ENUM(fault, state, states, GMT_UNKNOWN_STATE),
	FIELD(ERR, fault, err),
	MAYBE(U8, fault, write, WRITE),
	MAYBE(U8, fault, allocated, ALLOCATED),
	MAYBE(U64, fault, total_ns, TOTAL),
	MAYBE(U64, fault, lookup_ns, PHASES),
	MAYBE(U64, fault, policy_ns, PHASES),
	MAYBE(U64, fault, alloc_ns, PHASES),
	MAYBE(U64, fault, zero_ns, PHASES),
	MAYBE(U64, fault, policy_id, POLICY),
};
static const struct gmt_field convert_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	ENUM(convert, to, states, 0),
	ENUM(convert, content, contents, GMT_UNKNOWN_CONTENT),
	FIELD(ERR, convert, err),
	MAYBE(U64, convert, error_offset_bytes, CONTENT),
	MAYBE(U64, convert, changed_bytes, CONTENT),
	MAYBE(U64, convert, total_ns, TOTAL),
	MAYBE(U64, convert, policy_id, POLICY),
};
static const struct gmt_field access_fields[] = {
	COMMON(offset_bytes),	    COMMON(size_bytes),	     MAYBE(U64, access, done_bytes, DONE),
	ENUM(access, act, acts, 0), FIELD(ERR, access, err), MAYBE(U64, access, policy_id, POLICY),
};
static const struct gmt_field error_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	FIELD(ERR, error, err),
};
static const struct gmt_field bind_fields[] = {
	COMMON(offset_bytes),	  COMMON(size_bytes),
	CHARS(bind, consumer, 0), FIELD(U64, bind, vm),
	FIELD(U32, bind, slot),	  FIELD(ADDR, bind, guest_address),
	FIELD(ERR, bind, err),	  MAYBE(U64, bind, policy_id, POLICY),
};
static const struct gmt_field unbind_fields[] = {
	COMMON(offset_bytes),	COMMON(size_bytes),	  CHARS(unbind, consumer, 0),
	FIELD(U64, unbind, vm), FIELD(U32, unbind, slot), ENUM(unbind, cause, unbind_causes, 0),
};
static const struct gmt_field invalidate_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	CHARS(invalidate, consumer, 0),
	FIELD(U64, invalidate, vm),
	FIELD(U32, invalidate, slot),
	ENUM(invalidate, cause, invalidate_causes, 0),
	MAYBE(U64, invalidate, begin_ns, PHASES),
	MAYBE(U64, invalidate, total_ns, TOTAL),
};
static const struct gmt_field policy_fields[] = {
	COMMON(offset_bytes),
	COMMON(size_bytes),
	FIELD(U64, policy, policy_id),
	CHARS(policy, policy, 0),
	ENUM(policy, hook, gmt_hook_names, 0),
	FIELD(ERR, policy, err),
	FIELD(U8, policy, monitor),
};

static const struct {
	const char *name;
	const struct gmt_field *fields;
	size_t count;
} events[GMT_EVENT_MAX] = {
	[GMT_EVENT_CREATE] = { "gmem_create", create_fields, COUNT(create_fields) },
	[GMT_EVENT_RELEASE] = { "gmem_release", release_fields, COUNT(release_fields) },
	[GMT_EVENT_ALLOC] = { "gmem_alloc", alloc_fields, COUNT(alloc_fields) },
	[GMT_EVENT_FREE] = { "gmem_free", free_fields, COUNT(free_fields) },
	[GMT_EVENT_FAULT] = { "gmem_fault", fault_fields, COUNT(fault_fields) },
	[GMT_EVENT_CONVERT] = { "gmem_convert", convert_fields, COUNT(convert_fields) },
	[GMT_EVENT_ACCESS] = { "gmem_access", access_fields, COUNT(access_fields) },
	[GMT_EVENT_ERROR] = { "gmem_error", error_fields, COUNT(error_fields) },
	[GMT_EVENT_BIND] = { "gmem_bind", bind_fields, COUNT(bind_fields) },
	[GMT_EVENT_UNBIND] = { "gmem_unbind", unbind_fields, COUNT(unbind_fields) },
	[GMT_EVENT_INVALIDATE] = { "gmem_invalidate", invalidate_fields, COUNT(invalidate_fields) },
	[GMT_EVENT_POLICY] = { "gmem_policy", policy_fields, COUNT(policy_fields) },
};

const char *gmt_event_name(enum gmt_event event)
{
	return events[event].name;
}

enum gmt_event gmt_event_find(const char *name)
{
	for (int i = 0; i < GMT_EVENT_MAX; i++)
		if (!strcmp(events[i].name, name) ||
		    !strcmp(events[i].name + strlen("gmem_"), name))
			return i;
	return GMT_EVENT_MAX;
}

const struct gmt_field *gmt_event_fields(enum gmt_event event, size_t *count)
{
	*count = events[event].count;
	return events[event].fields;
}

const char *gmt_field_value(const struct gmt_rec_event *rec, const struct gmt_field *field)
{
	uint32_t value = gmt_field_u32(rec, field);

	return value < field->count ? field->values[value] : NULL;
}
