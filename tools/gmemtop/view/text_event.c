// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as lines of text, key=value after the time and the event's name; no value holds
 * a blank, so that the lines split on them. And the account at the end of a trace.
 */
#include <inttypes.h>

#include "view/event_fields.h"
#include "view/format.h"
#include "view/text.h"

static void put_field(FILE *out, const struct gmt_rec_event *event, const struct gmt_field *field)
{
	char text[GMT_NAME_MAX * 4 + 1];
	const char *value;

	fprintf(out, " %s=", field->name);
	switch (field->kind) {
	case GMT_FIELD_U64:
		fprintf(out, "%" PRIu64, gmt_field_u64(event, field));
		break;
	case GMT_FIELD_U8:
		fprintf(out, "%u", gmt_field_u8(event, field));
		break;
	case GMT_FIELD_S32:
		fprintf(out, "%d", (int32_t)gmt_field_u32(event, field));
		break;
	case GMT_FIELD_ERR:
		gmt_format_errno(text, sizeof(text), (int32_t)gmt_field_u32(event, field));
		fputs(text, out);
		break;
	case GMT_FIELD_ENUM:
		value = gmt_field_value(event, field);
		if (value)
			fputs(value, out);
		else
			fprintf(out, "%u", gmt_field_u32(event, field));
		break;
	case GMT_FIELD_FLAGS:
		fprintf(out, "%#x", gmt_field_u32(event, field));
		break;
	case GMT_FIELD_NAME:
		gmt_clean_word(text, sizeof(text), gmt_field_chars(event, field), GMT_NAME_MAX);
		fputs(text, out);
		break;
	}
}

void gmt_text_event(FILE *out, const struct gmt_rec_event *event, const char *cgroup,
		    int64_t offset_ns)
{
	char time[40], comm[GMT_COMM_MAX * 4 + 1], path[1024];
	const struct gmt_field *fields;
	size_t count;

	gmt_format_time(time, sizeof(time), event->time_ns, offset_ns);
	fields = gmt_event_fields(event->event, &count);
	fprintf(out, "%s %s id=%" PRIu64, time, gmt_event_name(event->event), (uint64_t)event->id);
	for (size_t i = 0; i < count; i++)
		put_field(out, event, &fields[i]);
	gmt_clean_word(comm, sizeof(comm), event->comm, sizeof(event->comm));
	gmt_clean_word(path, sizeof(path), cgroup, SIZE_MAX);
	fprintf(out, " pid=%u tid=%u uid=%u comm=%s cgroup=%s\n", event->pid, event->tid,
		event->uid, comm, path);
}

void gmt_text_totals(FILE *out, const struct gmt_trace_totals *totals)
{
	struct gmt_trace_sums sums = gmt_trace_sum(totals);

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		uint64_t lost = totals->ring_full[i] + totals->missed[i];

		if (totals->received[i] || lost)
			fprintf(out, "%-13s received %" PRIu64 "  lost %" PRIu64 "\n",
				gmt_event_name(i), totals->received[i], lost);
	}
	fprintf(out,
		"total: received %" PRIu64 "  lost %" PRIu64 " (buffer full %" PRIu64
		", program busy %" PRIu64 ")\n",
		sums.received, sums.ring_full + sums.missed, sums.ring_full, sums.missed);
}
