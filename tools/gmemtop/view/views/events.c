// SPDX-License-Identifier: GPL-2.0-only
/* The view of events, the newest at the end; and what detail shares with it: an event in short. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/event_fields.h"
#include "view/format.h"
#include "view/views/events.h"

enum {
	TIME,
	EVENT,
	ID,
	ERR,
	PID,
	COMMAND,
	CGROUP,
	DETAILS,
	COLUMNS,
};

static const struct gmt_grid_column columns[COLUMNS] = {
	[TIME] = { "time", "TIME", 12, 0, GMT_ALIGN_LEFT, 3 },
	[EVENT] = { "event", "EVENT", 10, 0, GMT_ALIGN_LEFT, 0, .text = true },
	[ID] = { "id", "ID", 3, 20, GMT_ALIGN_RIGHT, 1, .text = true },
	[ERR] = { "err", "ERR", 6, 12, GMT_ALIGN_LEFT, 2, .text = true },
	[PID] = { "pid", "PID", 5, 10, GMT_ALIGN_RIGHT, 6, .text = true },
	[COMMAND] = { "command", "COMMAND", 8, 30, GMT_ALIGN_LEFT, 4, .text = true },
	[CGROUP] = { "cgroup", "CGROUP", 8, 60, GMT_ALIGN_TAIL, 7, .text = true, .hidden = true },
	[DETAILS] = { "details", "DETAILS", 10, 300, GMT_ALIGN_LEFT, 5, .text = true },
};

int gmt_event_err(const struct gmt_rec_event *event)
{
	const struct gmt_field *fields;
	size_t count;

	fields = gmt_event_fields(event->event, &count);
	for (size_t i = 0; i < count; i++)
		if (fields[i].kind == GMT_FIELD_ERR)
			return (int32_t)gmt_field_u32(event, &fields[i]);
	return 0;
}

void gmt_event_time(char *text, size_t size, uint64_t time_ns, int64_t offset_ns)
{
	uint64_t wall_ms = (uint64_t)((int64_t)time_ns + offset_ns) / 1000000;
	size_t length;

	gmt_format_clock(text, size, time_ns, offset_ns);
	length = strlen(text);
	snprintf(text + length, size - length, ".%03u", (unsigned int)(wall_ms % 1000));
}

void gmt_duration_short(char *text, size_t size, uint64_t ns)
{
	if (ns < 1000)
		snprintf(text, size, "%" PRIu64 "ns", ns);
	else if (ns < 99950)
		snprintf(text, size, "%.1fus", (double)ns / 1e3);
	else if (ns < 999500)
		snprintf(text, size, "%.0fus", (double)ns / 1e3);
	else if (ns < 99950000)
		snprintf(text, size, "%.1fms", (double)ns / 1e6);
	else if (ns < 999500000)
		snprintf(text, size, "%.0fms", (double)ns / 1e6);
	else
		snprintf(text, size, "%.1fs", (double)ns / 1e9);
}

static bool ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && !strcmp(name + length - tail, end);
}

/* NAME=VALUE of one field; nothing of what is zero, and of the error, which has a column. */
static void add_field(char *text, size_t size, const struct gmt_rec_event *event,
		      const struct gmt_field *field)
{
	char value[GMT_NAME_MAX * 4 + 1] = "";
	size_t length = strlen(text), name = strlen(field->name);
	uint64_t number = 0;

	if (field->unknown & event->unknown)
		return;
	switch (field->kind) {
	case GMT_FIELD_U64:
	case GMT_FIELD_ADDR:
		number = gmt_field_u64(event, field);
		break;
	case GMT_FIELD_U8:
		number = gmt_field_u8(event, field);
		break;
	case GMT_FIELD_ERR:
		return;
	case GMT_FIELD_CHARS:
		gmt_clean_word(value, sizeof(value), gmt_field_chars(event, field), field->count);
		break;
	case GMT_FIELD_ENUM:
		number = gmt_field_u32(event, field);
		if (gmt_field_value(event, field))
			snprintf(value, sizeof(value), "%s", gmt_field_value(event, field));
		break;
	default:
		number = gmt_field_u32(event, field);
	}
	if (!value[0] && !number)
		return;
	if (!value[0] && ends_in(field->name, "_ns")) {
		gmt_duration_short(value, sizeof(value), number);
		name -= 3;
	} else if (!value[0] && ends_in(field->name, "_bytes")) {
		gmt_format_bytes(value, sizeof(value), number);
		name -= 6;
	} else if (!value[0] && (field->kind == GMT_FIELD_ADDR || field->kind == GMT_FIELD_FLAGS)) {
		snprintf(value, sizeof(value), "%#" PRIx64, number);
	} else if (!value[0]) {
		snprintf(value, sizeof(value), "%" PRIu64, number);
	}
	snprintf(text + length, size - length, "%s%.*s=%s", length ? " " : "", (int)name,
		 field->name, value);
}

void gmt_event_details(char *text, size_t size, const struct gmt_rec_event *event)
{
	const struct gmt_field *fields;
	size_t count;

	text[0] = '\0';
	fields = gmt_event_fields(event->event, &count);
	for (size_t i = 0; i < count; i++)
		add_field(text, size, event, &fields[i]);
}

static void format(char *text, size_t size, const void *row, int column, const struct gmt_ui *ui)
{
	const struct gmt_seen_event *seen = row;
	const struct gmt_rec_event *event = &seen->rec;

	switch (column) {
	case TIME:
		gmt_event_time(text, size, event->time_ns, ui->live->offset_ns);
		break;
	case EVENT:
		snprintf(text, size, "%s", gmt_event_name(event->event) + strlen("gmem_"));
		break;
	case ID:
		snprintf(text, size, "%" PRIu64, (uint64_t)event->id);
		break;
	case ERR:
		gmt_format_errno(text, size, gmt_event_err(event));
		break;
	case PID:
		snprintf(text, size, "%u", event->pid);
		break;
	case COMMAND:
		gmt_clean(text, size, event->comm, sizeof(event->comm));
		break;
	case CGROUP:
		gmt_clean(text, size, seen->cgroup, SIZE_MAX);
		break;
	default:
		gmt_event_details(text, size, event);
	}
}

static enum gmt_role role(const void *row, int column, const struct gmt_ui *ui)
{
	const struct gmt_seen_event *seen = row;
	int err = column == ERR ? gmt_event_err(&seen->rec) : 0;

	if (column == DETAILS)
		return GMT_ROLE_DIM;
	return err ? GMT_ROLE_ALARM : GMT_ROLE_TEXT;
}

static int compare(const void *a, const void *b, int column)
{
	const struct gmt_rec_event *x = &((const struct gmt_seen_event *)a)->rec;
	const struct gmt_rec_event *y = &((const struct gmt_seen_event *)b)->rec;

	switch (column) {
	case EVENT:
		return (x->event > y->event) - (x->event < y->event);
	case ID:
		return (x->id > y->id) - (x->id < y->id);
	case ERR:
		return gmt_event_err(x) - gmt_event_err(y);
	case PID:
		return (x->pid > y->pid) - (x->pid < y->pid);
	case COMMAND:
		return strncmp(x->comm, y->comm, sizeof(x->comm));
	default:
		return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
	}
}

const struct gmt_grid_type gmt_events_type = {
	.name = "events",
	.columns = columns,
	.count = COLUMNS,
	.sort = TIME,
	.tree = -1,
	.format = format,
	.role = role,
	.compare = compare,
};

void gmt_events_build(struct gmt_ui *ui)
{
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_EVENTS];
	const struct gmt_event_ring *ring = &ui->live->events;
	uint64_t end = ring->next;

	/* While paused, what came later waits. */
	if (ring->held && ring->held + 1 < end)
		end = ring->held + 1;
	gmt_grid_begin(grid);
	for (uint64_t number = ring->first; number < end; number++)
		if (!gmt_grid_add(grid, gmt_events_at(ring, number), number))
			break;
	gmt_grid_end(grid, ui, true, grid->sort != TIME || grid->descending);
	if (ui->paused && ring->held)
		snprintf(ui->note, sizeof(ui->note), "paused: %" PRIu64 " came since%s",
			 ring->next - 1 - ring->held + ring->dropped,
			 ring->dropped ? ", not all of them will be shown" : "");
}
