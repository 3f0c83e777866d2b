/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two JSON files share: adding hostile strings, and writing an object as a line. */
#ifndef GMT_VIEW_JSON_COMMON_H
#define GMT_VIEW_JSON_COMMON_H

#include <stdio.h>
#include <yyjson.h>

/* Adds a string of any bytes, at most @max of them; if they are no UTF-8, KEY_hex, too. */
void gmt_json_add_chars(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
			const char *chars, size_t max);

/* Adds a cgroup's path, null when it is not known. */
void gmt_json_add_cgroup(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *path);

/* Adds a moment of CLOCK_BOOTTIME: KEY_ns as it is, KEY on the wall clock. */
void gmt_json_add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key,
		       const char *key_ns, uint64_t boot_ns, int64_t offset_ns);

/* A new document whose root is an object with this "type"; NULL without memory. */
yyjson_mut_doc *gmt_json_new(const char *type);

/* Adds the account of a trace. */
struct gmt_trace_totals;
void gmt_json_add_totals(yyjson_mut_doc *doc, yyjson_mut_val *root,
			 const struct gmt_trace_totals *totals);

/* Writes the document as one line and frees it. Return: 0 or -ENOMEM */
int gmt_json_put(FILE *out, yyjson_mut_doc *doc);

#endif /* GMT_VIEW_JSON_COMMON_H */
