/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of recordings as files: setting aside, writing all of it, the index at the end. For
 * recording_write.c. Errors are told with the file's name.
 */
#ifndef GMT_SOURCE_RECORDING_FILE_H
#define GMT_SOURCE_RECORDING_FILE_H

#include <stdint.h>

#include "error.h"
#include "source/recording.h"

/* gmt_recording_fail() - Describe what errno says of the file. Return: -errno */
int gmt_recording_fail(struct gmt_error *error, const char *path, const char *verb, int err);

/**
 * gmt_recording_create() - A new file beside @path, under a name of its own
 * @temp: set to that name, to be freed; it is removed if it is not put in place
 *
 * Return: its descriptor, locked, or -errno with @error filled in
 */
int gmt_recording_create(const char *path, char **temp, struct gmt_error *error);

/**
 * gmt_recording_place() - Give a new file its name
 * @keep: what has the name becomes FILE.1, and so on up to this number; what is beyond is removed
 */
int gmt_recording_place(const char *path, const char *temp, unsigned int keep,
			struct gmt_error *error);

/* gmt_recording_check() - May what is there under this name be set aside? It must be ours to. */
int gmt_recording_check(const char *path, struct gmt_error *error);

/* gmt_recording_append() - Write all of it at the end. Return: 0 or -errno, not described */
int gmt_recording_append(int fd, const void *bytes, size_t size);

/* gmt_recording_index() - Append the index of these frames. Return: 0 or -errno, not described */
int gmt_recording_index(int fd, const struct gmt_frame *frames, size_t count);

/* gmt_recording_copy() - Copy all from an offset on to another file. Return: 0 or -errno */
int gmt_recording_copy(int from, uint64_t offset, uint64_t size, int to);

#endif /* GMT_SOURCE_RECORDING_FILE_H */
