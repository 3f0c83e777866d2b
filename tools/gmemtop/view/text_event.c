// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as lines of text, key=value after the time and the event's name; no value holds
 * a blank, so that the lines split on them. And the account at the end of a trace.
 */
#include <inttypes.h>

#include "model/event_fields.h"
#include "view/format.h"
#include "view/line.h"
#include "view/text.h"

static void put_field(struct gmt_line *line, const struct gmt_rec_event *event,
		      const struct gmt_field *field)
{
	char text[GMT_NAME_MAX * 4 + 1];
	const char *value;

	gmt_line_str(line, " ");
	gmt_line_str(line, field->name);
	gmt_line_str(line, "=");
	if (event->unknown & field->unknown) {
		gmt_line_str(line, "?");
		return;
	}
	switch (field->kind) {
	case GMT_FIELD_U64:
		gmt_line_u64(line, gmt_field_u64(event, field));
		break;
	case GMT_FIELD_U32:
		gmt_line_u64(line, gmt_field_u32(event, field));
		break;
	case GMT_FIELD_U8:
		gmt_line_u64(line, gmt_field_u8(event, field));
		break;
	case GMT_FIELD_S32:
		gmt_line_s64(line, (int32_t)gmt_field_u32(event, field));
		break;
	case GMT_FIELD_ERR:
		gmt_format_errno(text, sizeof(text), (int32_t)gmt_field_u32(event, field));
		gmt_line_str(line, text);
		break;
	case GMT_FIELD_ENUM:
		value = gmt_field_value(event, field);
		if (value)
			gmt_line_str(line, value);
		else
			gmt_line_u64(line, gmt_field_u32(event, field));
		break;
	case GMT_FIELD_FLAGS:
		snprintf(text, sizeof(text), "%#x", gmt_field_u32(event, field));
		gmt_line_str(line, text);
		break;
	case GMT_FIELD_ADDR:
		snprintf(text, sizeof(text), "0x%" PRIx64, gmt_field_u64(event, field));
		gmt_line_str(line, text);
		break;
	case GMT_FIELD_CHARS:
		gmt_clean_word(text, sizeof(text), gmt_field_chars(event, field), field->count);
		gmt_line_str(line, text);
		break;
	}
}

static void put_task(struct gmt_line *line, const struct gmt_rec_event *event, const char *cgroup)
{
	char comm[GMT_COMM_MAX * 4 + 1], path[1024];

	gmt_line_str(line, " pid=");
	gmt_line_u64(line, event->pid);
	gmt_line_str(line, " tid=");
	gmt_line_u64(line, event->tid);
	gmt_line_str(line, " uid=");
	gmt_line_u64(line, event->uid);
	gmt_clean_word(comm, sizeof(comm), event->comm, sizeof(event->comm));
	gmt_line_str(line, " comm=");
	gmt_line_str(line, comm);
	gmt_clean_word(path, sizeof(path), cgroup, SIZE_MAX);
	gmt_line_str(line, " cgroup=");
	gmt_line_str(line, path);
}

void gmt_text_event(FILE *out, const struct gmt_rec_event *event, const char *cgroup,
		    int64_t offset_ns)
{
	struct gmt_line line = { .length = 0 };
	const struct gmt_field *fields;
	char time[40];
	size_t count;

	gmt_format_time(time, sizeof(time), event->time_ns, offset_ns);
	gmt_line_str(&line, time);
	gmt_line_str(&line, " ");
	gmt_line_str(&line, gmt_event_name(event->event));
	gmt_line_str(&line, " id=");
	if (event->unknown & GMT_UNKNOWN_ID)
		gmt_line_str(&line, "?");
	else
		gmt_line_u64(&line, event->id);
	fields = gmt_event_fields(event->event, &count);
	for (size_t i = 0; i < count; i++)
		put_field(&line, event, &fields[i]);
	put_task(&line, event, cgroup);
	line.text[line.length++] = '\n';
	fwrite(line.text, 1, line.length, out);
}

void gmt_text_totals(FILE *out, const struct gmt_trace_totals *totals)
{
	struct gmt_trace_sums sums = gmt_trace_sum(totals);

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		uint64_t lost = totals->ring_full[i] + totals->missed[i];

		if (totals->received[i] || lost)
			fprintf(out, "%-15s received %" PRIu64 "  lost %" PRIu64 "\n",
				gmt_event_name(i), totals->received[i], lost);
	}
	fprintf(out,
		"total: received %" PRIu64 "  lost %" PRIu64 " (buffer full %" PRIu64
		", program busy %" PRIu64 ")\n",
		sums.received, sums.ring_full + sums.missed, sums.ring_full, sums.missed);
}
