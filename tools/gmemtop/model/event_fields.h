/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of each event, once, for text, JSON and recordings. Names and units are those of
 * the tracepoints (docs/events.md).
 */
#ifndef GMT_MODEL_EVENT_FIELDS_H
#define GMT_MODEL_EVENT_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

enum gmt_field_kind {
	GMT_FIELD_U64,
	GMT_FIELD_U32,
	GMT_FIELD_U8,
	GMT_FIELD_S32,
	GMT_FIELD_ERR,	 /* 0 or -errno */
	GMT_FIELD_ENUM,	 /* u32, shown as its name */
	GMT_FIELD_FLAGS, /* u32, shown in hexadecimal */
	GMT_FIELD_ADDR,	 /* u64, shown in hexadecimal */
	GMT_FIELD_CHARS, /* char[], GMT_NAME_MAX at most */
};

/**
 * struct gmt_field - One field of an event
 * @name: the tracepoint's
 * @kind: how it is stored and shown
 * @offset: in struct gmt_rec_event
 * @values: names of a GMT_FIELD_ENUM's values, NULL where there is none
 * @count: entries in @values, or bytes of a GMT_FIELD_CHARS
 * @unknown: enum gmt_unknown: not known where the record has this bit
 */
struct gmt_field {
	const char *name;
	enum gmt_field_kind kind;
	size_t offset;
	const char *const *values;
	size_t count;
	uint32_t unknown;
};

/* gmt_event_name() - Return: the tracepoint's name, "gmem_fault" */
const char *gmt_event_name(enum gmt_event event);

/**
 * gmt_event_find() - Look up an event by name, with or without "gmem_"
 *
 * Return: the event, or GMT_EVENT_MAX
 */
enum gmt_event gmt_event_find(const char *name);

/* gmt_event_fields() - Return: the fields after id, in the tracepoint's order; *count is set */
const struct gmt_field *gmt_event_fields(enum gmt_event event, size_t *count);

/* gmt_field_u32() - Return: the value of a field of 32 bits; there are kin for the others */
static inline uint32_t gmt_field_u32(const struct gmt_rec_event *rec, const struct gmt_field *field)
{
	return *(const uint32_t *)((const char *)rec + field->offset);
}

static inline uint64_t gmt_field_u64(const struct gmt_rec_event *rec, const struct gmt_field *field)
{
	return *(const uint64_t *)((const char *)rec + field->offset);
}

static inline uint8_t gmt_field_u8(const struct gmt_rec_event *rec, const struct gmt_field *field)
{
	return *((const uint8_t *)rec + field->offset);
}

static inline const char *gmt_field_chars(const struct gmt_rec_event *rec,
					  const struct gmt_field *field)
{
	return (const char *)rec + field->offset;
}

/* gmt_field_value() - Return: the name of an enum field's value, NULL for one unknown */
const char *gmt_field_value(const struct gmt_rec_event *rec, const struct gmt_field *field);

#endif /* GMT_MODEL_EVENT_FIELDS_H */
