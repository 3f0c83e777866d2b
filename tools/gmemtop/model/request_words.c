// SPDX-License-Identifier: GPL-2.0-only
/* The words of a request, for JSON and for who reads it back: those of the events' fields. */
#include "model/request.h"

#include <string.h>

#include "model/event_fields.h"

static const struct {
	enum gmt_event event;
	const char *field;
} fields[GMT_REQUEST_WORDS] = {
	[GMT_REQUEST_ACT] = { GMT_EVENT_ACCESS, "act" },
	[GMT_REQUEST_KIND] = { GMT_EVENT_FAULT, "kind" },
	[GMT_REQUEST_TO] = { GMT_EVENT_CONVERT, "to" },
	[GMT_REQUEST_CONTENT] = { GMT_EVENT_CONVERT, "content" },
};

const char *gmt_request_word(enum gmt_request_words which, uint32_t value)
{
	size_t count;
	const struct gmt_field *list = gmt_event_fields(fields[which].event, &count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].name, fields[which].field))
			return value < list[i].count ? list[i].values[value] : NULL;
	return NULL;
}
