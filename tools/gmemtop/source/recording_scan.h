/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files that open a recording: recording_open.c and recording_scan.c. */
#ifndef GMT_SOURCE_RECORDING_SCAN_H
#define GMT_SOURCE_RECORDING_SCAN_H

#include "source/recording.h"
#include "source/recording_line.h"

/* gmt_recording_scan() - Find the frames of a file without an index. Return: 0, -EBADMSG, ... */
int gmt_recording_scan(struct gmt_recording *recording);

/* gmt_recording_head() - Read the first line of a frame. Return: 0, -EBADMSG, ... */
int gmt_recording_head(const struct gmt_recording *recording, size_t frame,
		       struct gmt_line_head *head);

/* gmt_recording_read() - All of these bytes. Return: 0, -EBADMSG behind the end, -errno */
int gmt_recording_read(const struct gmt_recording *recording, uint64_t at, void *to, size_t size);

#endif /* GMT_SOURCE_RECORDING_SCAN_H */
