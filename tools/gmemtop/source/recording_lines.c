// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of a frame, decompressed as they are asked for: at most a line, a window of zstd's
 * and a buffer are in memory, whatever the frame claims to be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "source/recording.h"

#define IN_BYTES    (64 << 10)
#define TEXT_BYTES  (64 << 10)
#define TEXT_SPARED (1 << 20) /* what is kept of a buffer that one long line has made long */

int gmt_lines_open(struct gmt_lines *lines, const struct gmt_recording *recording, size_t frame)
{
	*lines = (struct gmt_lines){
		.recording = recording,
		.at = recording->frames[frame].offset_bytes,
		.end = recording->frames[frame].offset_bytes + recording->frames[frame].size_bytes,
		.in = malloc(IN_BYTES),
	};
	if (!recording->plain)
		lines->stream = ZSTD_createDCtx();
	if (!lines->in || (!recording->plain && !lines->stream)) {
		gmt_lines_close(lines);
		return -ENOMEM;
	}
	if (lines->stream)
		ZSTD_DCtx_setParameter(lines->stream, ZSTD_d_windowLogMax, GMT_FRAME_WINDOW_LOG);
	return 0;
}

void gmt_lines_close(struct gmt_lines *lines)
{
	ZSTD_freeDCtx(lines->stream);
	free(lines->in);
	free(lines->text);
	*lines = (struct gmt_lines){ .over = true };
}

/* Has there be input that was not used yet. Return: 1, 0 at the end of the frame, or -errno */
static int fill_in(struct gmt_lines *lines)
{
	size_t wanted = IN_BYTES;
	ssize_t got;

	if (lines->in_at < lines->in_count)
		return 1;
	if (lines->end - lines->at < wanted)
		wanted = lines->end - lines->at;
	if (!wanted)
		return 0;
	do
		got = pread(lines->recording->fd, lines->in, wanted, (off_t)lines->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	/* Somebody has made it shorter since. */
	if (!got)
		return -EBADMSG;
	lines->at += got;
	lines->in_at = 0;
	lines->in_count = got;
	return 1;
}

/* Room behind what is there: what was told already goes first. */
static int make_room(struct gmt_lines *lines)
{
	size_t capacity;
	char *text;

	if (lines->from) {
		memmove(lines->text, lines->text + lines->from, lines->to - lines->from);
		lines->to -= lines->from;
		lines->from = 0;
	}
	if (lines->to < lines->capacity)
		return 0;
	if (lines->capacity >= GMT_LINE_BYTES_MAX)
		return -EBADMSG;
	capacity = lines->capacity ? lines->capacity * 2 : TEXT_BYTES;
	text = realloc(lines->text, capacity);
	if (!text)
		return -ENOMEM;
	lines->text = text;
	lines->capacity = capacity;
	return 0;
}

static int take_plain(struct gmt_lines *lines)
{
	size_t room = lines->capacity - lines->to, count = lines->in_count - lines->in_at;

	if (count > room)
		count = room;
	memcpy(lines->text + lines->to, lines->in + lines->in_at, count);
	lines->in_at += count;
	lines->to += count;
	return 0;
}

static int take_compressed(struct gmt_lines *lines)
{
	ZSTD_inBuffer in = { lines->in, lines->in_count, lines->in_at };
	ZSTD_outBuffer out = { lines->text, lines->capacity, lines->to };
	size_t left = ZSTD_decompressStream(lines->stream, &out, &in);

	if (ZSTD_isError(left))
		return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
	lines->total += out.pos - lines->to;
	lines->in_at = in.pos;
	lines->to = out.pos;
	if (!left)
		lines->over = true;
	return lines->total > GMT_FRAME_BYTES_MAX ? -EBADMSG : 0;
}

/* Return: 1 with more text, 0 at the end of the frame, or -errno */
static int take_more(struct gmt_lines *lines)
{
	int err = make_room(lines);
	const size_t before = lines->to;

	while (!err && !lines->over && lines->to == before) {
		const int filled = fill_in(lines);

		if (filled < 0 || (!filled && lines->recording->plain))
			return filled;
		err = lines->recording->plain ? take_plain(lines) : take_compressed(lines);
		/* zstd keeps nothing back while there is room: the frame has broken off. */
		if (!err && !filled && !lines->over && lines->to == before)
			return -EBADMSG;
	}
	return err ? err : lines->to > before;
}

int gmt_lines_next(struct gmt_lines *lines, const char **line, size_t *length)
{
	size_t searched = 0;
	int err;

	lines->last = lines->from;
	if (lines->from == lines->to && lines->capacity > TEXT_SPARED) {
		free(lines->text);
		lines->text = NULL;
		lines->capacity = lines->from = lines->to = lines->last = 0;
	}
	for (;;) {
		char *begin = lines->text + lines->from, *newline = NULL;
		size_t count = lines->to - lines->from;

		if (count > searched)
			newline = memchr(begin + searched, '\n', count - searched);
		if (newline) {
			*line = begin;
			*length = newline - begin;
			lines->last = lines->from;
			lines->from += *length + 1;
			return 1;
		}
		searched = count;
		err = take_more(lines);
		if (err < 0)
			return err;
		/* A line that was not ended has broken off. */
		if (!err)
			return lines->to > lines->from ? -EBADMSG : 0;
	}
}

void gmt_lines_unread(struct gmt_lines *lines)
{
	lines->from = lines->last;
}
