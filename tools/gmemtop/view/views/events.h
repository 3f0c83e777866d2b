/* SPDX-License-Identifier: GPL-2.0-only */
/* An event in short: shared by the views of events and of one gmem. */
#ifndef GMT_VIEW_EVENTS_H
#define GMT_VIEW_EVENTS_H

#include "view/views/views.h"

/* gmt_event_err() - Return: its outcome, 0 or -errno */
int gmt_event_err(const struct gmt_rec_event *event);

/* gmt_event_time() - Local time with milliseconds */
void gmt_event_time(char *text, size_t size, uint64_t time_ns, int64_t offset_ns);

/* gmt_event_details() - NAME=VALUE of what is not zero, sizes and times in units */
void gmt_event_details(char *text, size_t size, const struct gmt_rec_event *event);

/* gmt_duration_short() - At most seven characters: 512ns, 1.5us, 20.0ms */
void gmt_duration_short(char *text, size_t size, uint64_t ns);

#endif /* GMT_VIEW_EVENTS_H */
