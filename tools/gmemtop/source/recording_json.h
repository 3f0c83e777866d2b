/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the JSON of one line, of which nothing is taken for granted. For recording_*.c. */
#ifndef GMT_SOURCE_RECORDING_JSON_H
#define GMT_SOURCE_RECORDING_JSON_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

/**
 * gmt_line_parse() - Parse a line
 * @doc: set; free it with yyjson_doc_free()
 *
 * However a line is nested, its values take at most a few times the bytes of their text.
 *
 * Return: 0; -EBADMSG when it is no object; -ENOMEM
 */
int gmt_line_parse(const char *line, size_t length, yyjson_doc **doc);

/* gmt_json_u64() - Return: whether the member is there and a number up to @max; else *value is 0 */
static inline bool gmt_json_u64(yyjson_val *object, const char *key, uint64_t max, uint64_t *value)
{
	yyjson_val *member = yyjson_obj_get(object, key);

	*value = 0;
	if (!yyjson_is_uint(member) || yyjson_get_uint(member) > max)
		return false;
	*value = yyjson_get_uint(member);
	return true;
}

static inline bool gmt_json_u32(yyjson_val *object, const char *key, uint32_t *value)
{
	uint64_t number;
	bool there = gmt_json_u64(object, key, UINT32_MAX, &number);

	*value = (uint32_t)number;
	return there;
}

/* gmt_json_s32() - The same with a sign, no less than INT32_MIN and no more than INT32_MAX */
bool gmt_json_s32(yyjson_val *object, const char *key, int32_t *value);

/**
 * gmt_json_chars() - Copy a string, the bytes of KEY_hex rather, as a record has it
 * @chars: filled with zeros behind it; it may fill the array without a terminator
 *
 * Return: whether it is there
 */
bool gmt_json_chars(yyjson_val *object, const char *key, char *chars, size_t size);

#endif /* GMT_SOURCE_RECORDING_JSON_H */
