/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing recordings (docs/recordings.md): frames to a file of bounded size, or kept in memory
 * until they are wanted. What the lines say is record's business.
 */
#ifndef GMT_SOURCE_RECORDING_WRITE_H
#define GMT_SOURCE_RECORDING_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

/**
 * struct gmt_writer_limits - How much is kept
 * @bytes: of compressed frames; 0: no limit
 * @age_ns: frames that are older altogether are dropped; 0: no limit
 * @frame_ns: a frame is as long
 * @keep: how many files of that name from before are kept, as FILE.1, FILE.2 ...
 * @memory: frames stay in memory until gmt_writer_dump()
 */
struct gmt_writer_limits {
	uint64_t bytes;
	uint64_t age_ns;
	uint64_t frame_ns;
	unsigned int keep;
	bool memory;
};

/**
 * struct gmt_written - What a recording has come to
 * @cut: the limit of bytes has cost frames that were not too old
 */
struct gmt_written {
	uint64_t bytes;
	uint64_t frames;
	uint64_t first_ns;
	uint64_t last_ns;
	bool cut;
};

struct gmt_writer;

/**
 * gmt_writer_open() - Begin a recording
 * @path: a file that is there is set aside, unless somebody is recording to it
 *
 * With frames in memory, whether the file can be written is tried, and nothing is left of it.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_writer_open(struct gmt_writer **writer, const char *path,
		    const struct gmt_writer_limits *limits, struct gmt_error *error);

/* gmt_writer_due() - Return: whether a frame should begin with the next snapshot */
bool gmt_writer_due(const struct gmt_writer *writer, uint64_t now_ns);

/**
 * gmt_writer_begin() - End the frame before, drop what the limits say, begin the next
 * @line_bytes: about how long a snapshot is
 */
int gmt_writer_begin(struct gmt_writer *writer, uint64_t now_ns, size_t line_bytes,
		     struct gmt_error *error);

/* gmt_writer_out() - Return: where its lines go; whoever prints there checks by flushing */
FILE *gmt_writer_out(struct gmt_writer *writer);

/* gmt_writer_printed() - Return: bytes of lines of this frame, as of the last fflush() */
uint64_t gmt_writer_printed(const struct gmt_writer *writer);

/* gmt_writer_flush() - What was printed can be read from the file from now on */
int gmt_writer_flush(struct gmt_writer *writer, uint64_t now_ns, struct gmt_error *error);

/* gmt_writer_end() - End the frame, if there is one */
int gmt_writer_end(struct gmt_writer *writer, struct gmt_error *error);

/* gmt_writer_dump() - Write the frames in memory to the file; they are still kept */
int gmt_writer_dump(struct gmt_writer *writer, struct gmt_written *written,
		    struct gmt_error *error);

/* gmt_writer_finish() - End the file, with its index */
int gmt_writer_finish(struct gmt_writer *writer, struct gmt_written *written,
		      struct gmt_error *error);

void gmt_writer_free(struct gmt_writer *writer);

#endif /* GMT_SOURCE_RECORDING_WRITE_H */
