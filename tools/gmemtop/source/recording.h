/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings as files (docs/recordings.md): their frames, and the lines in them. The replay
 * source reads, record writes. Nothing in a recording is trusted; what a line says is read by
 * source/recording_line.c.
 */
#ifndef GMT_SOURCE_RECORDING_H
#define GMT_SOURCE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define GMT_RECORDING_VERSION 1
#define GMT_RECORDING_MINOR   1

/* Limits that a reader enforces and a writer keeps. */
#define GMT_FRAME_BYTES_MAX  (1ULL << 30) /* decompressed */
#define GMT_LINE_BYTES_MAX   (64UL << 20)
#define GMT_FRAME_WINDOW_LOG 27
#define GMT_FRAMES_MAX	     (1UL << 20)

/* The index: a skippable frame at the end of the file. */
#define GMT_INDEX_MAGIC	    0x184D2A5DU
#define GMT_INDEX_ID	    "gmemidx1"
#define GMT_INDEX_TAIL	    24 /* count, checksum, id */
#define GMT_INDEX_ENTRY	    32
#define GMT_SKIPPABLE_MAGIC 0x184D2A50U
#define GMT_SKIPPABLE_MASK  0xFFFFFFF0U
#define GMT_SKIPPABLE_HEAD  8

/**
 * struct gmt_frame - Where a frame is, and when
 * @offset_bytes: in the file
 * @size_bytes: as it is there
 * @first_ns: when it begins
 * @last_ns: its last moment, where the index tells; else 0
 */
struct gmt_frame {
	uint64_t offset_bytes;
	uint64_t size_bytes;
	uint64_t first_ns;
	uint64_t last_ns;
};

/* gmt_index_checksum() - 64-bit FNV-1a */
uint64_t gmt_index_checksum(const void *data, size_t size);

/**
 * struct gmt_recording - An open recording
 * @plain: it is not compressed
 * @frames: owned, by their place and time; @count of them, at least one
 * @last_ns: the last moment
 * @ended: it has its last line
 * @note: what of it cannot be read, a line for the user; "" when all can be
 */
struct gmt_recording {
	int fd;
	bool plain;
	uint64_t size_bytes;
	struct gmt_frame *frames;
	size_t count;
	size_t capacity;
	uint64_t last_ns;
	bool ended;
	char note[200];
};

/**
 * gmt_recording_open() - Open a recording and find its frames
 * @recording: set on success; free it with gmt_recording_close()
 *
 * What is broken at its end is left out, and noted.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_recording_open(struct gmt_recording **recording, const char *path, struct gmt_error *error);
void gmt_recording_close(struct gmt_recording *recording);

/* gmt_recording_frame_at() - Return: the last frame that begins not after @at_ns, or the first */
size_t gmt_recording_frame_at(const struct gmt_recording *recording, uint64_t at_ns);

/**
 * struct gmt_lines - The lines of one frame, one after the other; all zero: closed
 * @at, @end: what is still to be read of the file
 * @text: owned; decompressed from @from to @to, @next is where the next line begins
 */
struct gmt_lines {
	const struct gmt_recording *recording;
	struct ZSTD_DCtx_s *stream;
	unsigned char *in;
	size_t in_at;
	size_t in_count;
	uint64_t at;
	uint64_t end;
	char *text;
	size_t capacity;
	size_t from;
	size_t to;
	size_t last;
	uint64_t total;
	bool over;
};

/* gmt_lines_open() - Begin to read a frame. Return: 0 or -errno */
int gmt_lines_open(struct gmt_lines *lines, const struct gmt_recording *recording, size_t frame);

/**
 * gmt_lines_next() - Read a line
 * @line: set; valid until the next call, not terminated, without its newline
 *
 * Return: 1; 0 at the end; -EBADMSG when what follows is damaged or beyond a limit; -EIO or other
 * errors of the file; -ENOMEM
 */
int gmt_lines_next(struct gmt_lines *lines, const char **line, size_t *length);

/* gmt_lines_unread() - Have the next call tell the last line again */
void gmt_lines_unread(struct gmt_lines *lines);

void gmt_lines_close(struct gmt_lines *lines);

#endif /* GMT_SOURCE_RECORDING_H */
