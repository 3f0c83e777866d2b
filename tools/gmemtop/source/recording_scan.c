// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the frames of a file without an index, one that broke off above all: by the headers of
 * frames and blocks (RFC 8878), or in plain text by lines. Of each frame the first line is read.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/recording_scan.h"

#define ZSTD_MAGIC	  0xFD2FB528U
#define FRAME_HEADER_MAX  18
#define BLOCK_HEADER	  3
#define BLOCK_RLE	  1
#define CHECKSUM_BYTES	  4
#define PLAIN_FRAME_BYTES (8 << 20) /* where no line says that one begins */

static void note(struct gmt_recording *recording, const char *what, uint64_t at)
{
	snprintf(recording->note, sizeof(recording->note), "%s byte %llu of %llu", what,
		 (unsigned long long)at, (unsigned long long)recording->size_bytes);
}

static int add_frame(struct gmt_recording *recording, uint64_t at, uint64_t size)
{
	if (recording->count == recording->capacity) {
		size_t capacity = recording->capacity ? recording->capacity * 2 : 64;
		void *frames = reallocarray(recording->frames, capacity, sizeof(struct gmt_frame));

		if (!frames)
			return -ENOMEM;
		recording->frames = frames;
		recording->capacity = capacity;
	}
	recording->frames[recording->count++] = (struct gmt_frame){ at, size, 0, 0 };
	return 0;
}

static uint32_t le32_at(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

/* Return: how long the header of a frame is, by its descriptor */
static unsigned int header_bytes(unsigned int descriptor)
{
	static const unsigned int dictionary[] = { 0, 1, 2, 4 };
	static const unsigned int content[] = { 0, 2, 4, 8 };
	bool single = descriptor & 0x20;
	unsigned int size = content[descriptor >> 6];

	return 5 + !single + dictionary[descriptor & 3] + (single && !size ? 1 : size);
}

/*
 * How long the frame at @at is, by its blocks.
 * Return: 1; 0 where it breaks off, *size is what is there then; -errno
 */
static int frame_bytes(const struct gmt_recording *recording, uint64_t at, uint64_t *size)
{
	unsigned char head[5], block[BLOCK_HEADER];
	uint64_t next;
	int err;

	*size = recording->size_bytes - at;
	err = gmt_recording_read(recording, at, head, sizeof(head));
	if (err)
		return err == -EBADMSG ? 0 : err;
	next = at + header_bytes(head[4]);
	for (;;) {
		uint32_t told, bytes;

		err = gmt_recording_read(recording, next, block, sizeof(block));
		if (err)
			return err == -EBADMSG ? 0 : err;
		told = block[0] | block[1] << 8 | (uint32_t)block[2] << 16;
		bytes = (told >> 1 & 3) == BLOCK_RLE ? 1 : told >> 3;
		next += BLOCK_HEADER + bytes;
		if (next > recording->size_bytes)
			return 0;
		if (told & 1)
			break;
	}
	if (head[4] & 4)
		next += CHECKSUM_BYTES;
	if (next > recording->size_bytes)
		return 0;
	*size = next - at;
	return 1;
}

/*
 * Keeps the frame that was added last if its first line says that it goes on with what is there.
 * Return: 1; 0 if all ends before it, which is noted; -errno
 */
static int check_frame(struct gmt_recording *recording, struct gmt_line_head *first)
{
	struct gmt_frame *frame = &recording->frames[recording->count - 1];
	const char *what = NULL;
	struct gmt_line_head head;
	int err = gmt_recording_head(recording, recording->count - 1, &head);

	if (err && err != -EBADMSG)
		return err;
	if (recording->count == 1) {
		if (err)
			return err;
		*first = head;
	} else if (err) {
		what = "it is damaged at";
	} else if (head.version > GMT_RECORDING_VERSION) {
		what = "it has a newer version of the format from";
	} else if (strcmp(head.boot_id, first->boot_id) ||
		   head.time_ns < recording->frames[recording->count - 2].first_ns) {
		what = "it is another boot's, or not in order, from";
	}
	if (what) {
		note(recording, what, frame->offset_bytes);
		recording->count--;
		return 0;
	}
	frame->first_ns = head.time_ns;
	return 1;
}

static int scan_frames(struct gmt_recording *recording)
{
	struct gmt_line_head first;
	uint64_t at = 0, size = 0;
	unsigned char head[8];
	int err;

	while (at < recording->size_bytes && recording->count < GMT_FRAMES_MAX) {
		err = gmt_recording_read(recording, at, head, sizeof(head));
		if (!err && (le32_at(head) & GMT_SKIPPABLE_MASK) == GMT_SKIPPABLE_MAGIC) {
			at += GMT_SKIPPABLE_HEAD + (uint64_t)le32_at(head + 4);
			continue;
		}
		if (err == -EBADMSG || (!err && le32_at(head) != ZSTD_MAGIC)) {
			note(recording, err ? "it breaks off at" : "it is damaged at", at);
			return 0;
		}
		if (!err)
			err = frame_bytes(recording, at, &size);
		if (err < 0)
			return err;
		if (!err)
			note(recording, "it breaks off at", recording->size_bytes);
		err = add_frame(recording, at, size);
		if (!err)
			err = check_frame(recording, &first);
		if (err <= 0)
			return err;
		at += size;
	}
	return 0;
}

/* Where frames begin in plain lines: at each line `recording`, or where it is time for one. */
static int scan_plain(struct gmt_recording *recording)
{
	struct gmt_recording whole = { .fd = recording->fd, .plain = true };
	struct gmt_frame frame = { 0, recording->size_bytes, 0, 0 };
	struct gmt_line_head first;
	struct gmt_lines lines;
	uint64_t at = 0, began = 0, time_ns;
	enum gmt_line_kind kind;
	const char *line;
	bool headed = false;
	size_t length;
	int err;

	whole.frames = &frame;
	whole.size_bytes = recording->size_bytes;
	err = gmt_lines_open(&lines, &whole, 0);
	while (!err && (err = gmt_lines_next(&lines, &line, &length)) == 1) {
		err = gmt_line_peek(line, length, &kind, &time_ns);
		if (err)
			break;
		headed |= kind == GMT_LINE_RECORDING;
		if (!recording->count || kind == GMT_LINE_RECORDING ||
		    (!headed && kind == GMT_LINE_SNAPSHOT && at - began >= PLAIN_FRAME_BYTES)) {
			if (recording->count)
				recording->frames[recording->count - 1].size_bytes = at - began;
			err = recording->count < GMT_FRAMES_MAX ?
				      add_frame(recording, at, recording->size_bytes - at) :
				      -E2BIG;
			if (!err)
				err = check_frame(recording, &first);
			if (err <= 0)
				break;
			began = at;
		}
		at += length + 1;
		err = 0;
	}
	gmt_lines_close(&lines);
	if (err == -EBADMSG && recording->count) {
		note(recording, "it breaks off, or is damaged, at", at);
		err = 0;
	}
	return err > 0 ? 0 : err;
}

/* The last moment, and whether it was the end: only its last frame tells. */
static int read_end(struct gmt_recording *recording)
{
	enum gmt_line_kind kind;
	struct gmt_lines lines;
	const char *line;
	uint64_t time_ns;
	size_t length;
	int err;

	recording->last_ns = recording->frames[recording->count - 1].first_ns;
	err = gmt_lines_open(&lines, recording, recording->count - 1);
	if (err)
		return err;
	while ((err = gmt_lines_next(&lines, &line, &length)) == 1) {
		if (gmt_line_peek(line, length, &kind, &time_ns))
			break;
		if (kind != GMT_LINE_OTHER && time_ns > recording->last_ns)
			recording->last_ns = time_ns;
		recording->ended = kind == GMT_LINE_END;
	}
	if (err && err != -ENOMEM && !recording->note[0])
		note(recording, "it is damaged in the frame from",
		     recording->frames[recording->count - 1].offset_bytes);
	gmt_lines_close(&lines);
	return err == -ENOMEM ? err : 0;
}

int gmt_recording_scan(struct gmt_recording *recording)
{
	unsigned char first;
	int err = gmt_recording_read(recording, 0, &first, 1);

	if (err)
		return err;
	recording->plain = first == '{';
	err = recording->plain ? scan_plain(recording) : scan_frames(recording);
	if (!err && !recording->count)
		err = -EBADMSG;
	return err ? err : read_end(recording);
}
