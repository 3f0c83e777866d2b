// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames as they are written: compressed as lines are printed, flushed after each snapshot, dropped
 * whole when they are too old or too many. On disk that is by a new file in the place of the old.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "source/recording_file.h"
#include "source/recording_write.h"

#define LEVEL		3
#define FRAME_RAW_BYTES (64ULL << 20) /* of lines; a frame that has more ends with its snapshot */
#define OUT_BYTES	(128 << 10)
#define PRINT_BYTES	(64 << 10)

/* A frame, and in memory what is in it. */
struct kept {
	struct gmt_frame frame;
	unsigned char *bytes;
	size_t capacity;
};

/**
 * struct gmt_writer - A recording that is being written
 * @fd: of the file; -1 in memory
 * @out: lines go in here; what comes out is compressed by @stream
 * @frames: owned; the last one is open if @open
 * @raw_bytes: of lines, in the open frame
 * @bytes: of all frames
 * @err: the first failure of the lines' way out
 */
struct gmt_writer {
	struct gmt_writer_limits limits;
	char *path;
	int fd;
	FILE *out;
	ZSTD_CCtx *stream;
	unsigned char *buffer;
	struct kept *frames;
	size_t count;
	size_t capacity;
	bool open;
	bool cut;
	uint64_t raw_bytes;
	uint64_t bytes;
	int err;
};

static int keep_bytes(struct gmt_writer *writer, const void *bytes, size_t size)
{
	struct kept *last = &writer->frames[writer->count - 1];
	int err = 0;

	if (!size)
		return 0;
	if (!writer->limits.memory) {
		err = gmt_recording_append(writer->fd, bytes, size);
	} else {
		size_t wanted = last->frame.size_bytes + size;

		if (wanted > last->capacity) {
			size_t capacity = wanted + wanted / 4;
			void *more = realloc(last->bytes, capacity);

			if (!more)
				return -ENOMEM;
			last->bytes = more;
			last->capacity = capacity;
		}
		memcpy(last->bytes + last->frame.size_bytes, bytes, size);
	}
	if (!err) {
		last->frame.size_bytes += size;
		writer->bytes += size;
	}
	return err;
}

static int compress(struct gmt_writer *writer, const void *text, size_t size,
		    ZSTD_EndDirective directive)
{
	ZSTD_inBuffer in = { text, size, 0 };
	size_t left;
	int err;

	do {
		ZSTD_outBuffer out = { writer->buffer, OUT_BYTES, 0 };

		left = ZSTD_compressStream2(writer->stream, &out, &in, directive);
		if (ZSTD_isError(left))
			return -EIO;
		err = keep_bytes(writer, writer->buffer, out.pos);
		if (err)
			return err;
	} while (directive == ZSTD_e_continue ? in.pos < in.size : left);
	return 0;
}

/* What stdio has printed. It is told that all went well; the next flush tells the truth. */
static ssize_t on_print(void *cookie, const char *text, size_t size)
{
	struct gmt_writer *writer = cookie;

	writer->raw_bytes += size;
	if (!writer->err && writer->open)
		writer->err = compress(writer, text, size, ZSTD_e_continue);
	return (ssize_t)size;
}

static int told(struct gmt_writer *writer, struct gmt_error *error)
{
	if (writer->err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (writer->err)
		return gmt_recording_fail(error, writer->path, "written", writer->err);
	return 0;
}

static int open_file(struct gmt_writer *writer, struct gmt_error *error)
{
	char *temp;
	int fd, err = gmt_recording_check(writer->path, error);

	if (err)
		return err;
	fd = gmt_recording_create(writer->path, &temp, error);
	if (fd < 0)
		return fd;
	if (writer->limits.memory) {
		/* Better now than when it is wanted. */
		close(fd);
		unlink(temp);
	} else {
		writer->fd = fd;
		err = gmt_recording_place(writer->path, temp, writer->limits.keep, error);
		if (err)
			unlink(temp);
	}
	free(temp);
	return err;
}

int gmt_writer_open(struct gmt_writer **writer, const char *path,
		    const struct gmt_writer_limits *limits, struct gmt_error *error)
{
	static const cookie_io_functions_t functions = { .write = on_print };
	struct gmt_writer *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	new->fd = -1;
	new->limits = *limits;
	new->path = strdup(path);
	new->stream = ZSTD_createCCtx();
	new->buffer = malloc(OUT_BYTES);
	new->out = fopencookie(new, "w", functions);
	if (!new->path || !new->stream || !new->buffer || !new->out) {
		gmt_writer_free(new);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	setvbuf(new->out, NULL, _IOFBF, PRINT_BYTES);
	err = open_file(new, error);
	if (err) {
		gmt_writer_free(new);
		return err;
	}
	*writer = new;
	return 0;
}

void gmt_writer_free(struct gmt_writer *writer)
{
	if (!writer)
		return;
	if (writer->out)
		fclose(writer->out);
	if (writer->fd >= 0)
		close(writer->fd);
	for (size_t i = 0; i < writer->count; i++)
		free(writer->frames[i].bytes);
	free(writer->frames);
	ZSTD_freeCCtx(writer->stream);
	free(writer->buffer);
	free(writer->path);
	free(writer);
}

FILE *gmt_writer_out(struct gmt_writer *writer)
{
	return writer->out;
}

uint64_t gmt_writer_printed(const struct gmt_writer *writer)
{
	return writer->raw_bytes;
}

/* In a file a half is dropped at once, so that what stays is not copied over and over. */
static uint64_t bytes_wanted(const struct gmt_writer *writer)
{
	return writer->limits.bytes - writer->limits.bytes / (writer->limits.memory ? 8 : 2);
}

bool gmt_writer_due(const struct gmt_writer *writer, uint64_t now_ns)
{
	const struct gmt_frame *last;

	if (!writer->open)
		return true;
	last = &writer->frames[writer->count - 1].frame;
	if (now_ns - last->first_ns >= writer->limits.frame_ns ||
	    writer->raw_bytes >= FRAME_RAW_BYTES)
		return true;
	/* A frame can be dropped as a whole only: none shall be a large part of what may be. */
	return writer->limits.bytes &&
	       (writer->bytes >= writer->limits.bytes - writer->limits.bytes / 8 ||
		last->size_bytes >= writer->limits.bytes / 8);
}

/* Return: how many of the oldest frames the limits want dropped */
static size_t count_dropped(struct gmt_writer *writer, uint64_t now_ns)
{
	const struct gmt_writer_limits *limits = &writer->limits;
	uint64_t bytes = writer->bytes, slack = limits->memory ? 0 : limits->age_ns / 4;
	size_t old = 0, many = 0;

	/* One that ends where the next begins: that must be too old, too, for it to be so. */
	while (limits->age_ns && old + 1 < writer->count &&
	       now_ns - writer->frames[old + 1].frame.first_ns >= limits->age_ns)
		old++;
	/* A file is not copied for each frame. */
	if (old && now_ns - writer->frames[0].frame.first_ns < limits->age_ns + slack)
		old = 0;
	if (limits->bytes && bytes >= limits->bytes - limits->bytes / 8)
		for (; many < writer->count && bytes > bytes_wanted(writer); many++)
			bytes -= writer->frames[many].frame.size_bytes;
	if (many > old) {
		writer->cut = true;
		return many;
	}
	return old;
}

/* The frames that stay go to a new file, which takes the place of the old one. */
static int rewrite(struct gmt_writer *writer, size_t dropped, struct gmt_error *error)
{
	uint64_t from = dropped < writer->count ? writer->frames[dropped].frame.offset_bytes :
						  writer->bytes;
	char *temp;
	int fd = gmt_recording_create(writer->path, &temp, error), err;

	if (fd < 0)
		return fd;
	err = gmt_recording_copy(writer->fd, from, writer->bytes - from, fd);
	if (!err && fsync(fd))
		err = -errno;
	if (!err && rename(temp, writer->path))
		err = -errno;
	if (err) {
		unlink(temp);
		close(fd);
		err = gmt_recording_fail(error, temp, "written", err);
	} else {
		close(writer->fd);
		writer->fd = fd;
	}
	free(temp);
	return err;
}

static int drop(struct gmt_writer *writer, uint64_t now_ns, struct gmt_error *error)
{
	size_t dropped = count_dropped(writer, now_ns);
	uint64_t bytes = 0;
	int err = 0;

	if (dropped && !writer->limits.memory)
		err = rewrite(writer, dropped, error);
	if (err || !dropped)
		return err;
	for (size_t i = 0; i < dropped; i++) {
		bytes += writer->frames[i].frame.size_bytes;
		free(writer->frames[i].bytes);
	}
	writer->count -= dropped;
	memmove(writer->frames, writer->frames + dropped, writer->count * sizeof(struct kept));
	writer->bytes -= bytes;
	for (size_t i = 0; i < writer->count; i++)
		writer->frames[i].frame.offset_bytes -= bytes;
	return 0;
}

/*
 * A snapshot is much like the one before: the window has room for two, so that what has not changed
 * costs next to nothing. Beyond what the level looks back to, long matches are looked for.
 */
static void choose_window(ZSTD_CCtx *stream, size_t line_bytes)
{
	int log = 20;

	while (log < 26 && (1UL << log) < line_bytes * 5 / 2)
		log++;
	ZSTD_CCtx_reset(stream, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(stream, ZSTD_c_windowLog, log);
	if (line_bytes > 64 << 10)
		ZSTD_CCtx_setParameter(stream, ZSTD_c_enableLongDistanceMatching, 1);
}

int gmt_writer_begin(struct gmt_writer *writer, uint64_t now_ns, size_t line_bytes,
		     struct gmt_error *error)
{
	int err = gmt_writer_end(writer, error);

	if (!err)
		err = drop(writer, now_ns, error);
	if (err)
		return err;
	if (writer->count == writer->capacity) {
		size_t capacity = writer->capacity ? writer->capacity * 2 : 64;
		void *frames = reallocarray(writer->frames, capacity, sizeof(struct kept));

		if (!frames)
			return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
		writer->frames = frames;
		writer->capacity = capacity;
	}
	writer->frames[writer->count++] = (struct kept){
		.frame = { writer->bytes, 0, now_ns, now_ns },
	};
	writer->open = true;
	writer->raw_bytes = 0;
	choose_window(writer->stream, line_bytes);
	return 0;
}

int gmt_writer_flush(struct gmt_writer *writer, uint64_t now_ns, struct gmt_error *error)
{
	struct gmt_frame *last = &writer->frames[writer->count - 1].frame;

	fflush(writer->out);
	if (!writer->err)
		writer->err = compress(writer, NULL, 0, ZSTD_e_flush);
	if (now_ns > last->last_ns)
		last->last_ns = now_ns;
	return told(writer, error);
}

int gmt_writer_end(struct gmt_writer *writer, struct gmt_error *error)
{
	struct kept *last;
	void *less;

	if (!writer->open)
		return 0;
	fflush(writer->out);
	if (!writer->err)
		writer->err = compress(writer, NULL, 0, ZSTD_e_end);
	writer->open = false;
	if (!writer->err && !writer->limits.memory && fdatasync(writer->fd) && errno != EINVAL)
		writer->err = -errno;
	last = &writer->frames[writer->count - 1];
	less = last->bytes ? realloc(last->bytes, last->frame.size_bytes) : NULL;
	if (less) {
		last->bytes = less;
		last->capacity = last->frame.size_bytes;
	}
	return told(writer, error);
}

static void tell(const struct gmt_writer *writer, struct gmt_written *written)
{
	*written = (struct gmt_written){
		.bytes = writer->bytes,
		.frames = writer->count,
		.cut = writer->cut,
	};
	if (!writer->count)
		return;
	written->first_ns = writer->frames[0].frame.first_ns;
	written->last_ns = writer->frames[writer->count - 1].frame.last_ns;
}

static int put_index(struct gmt_writer *writer, int fd)
{
	struct gmt_frame *frames = calloc(writer->count + 1, sizeof(*frames));
	int err;

	if (!frames)
		return -ENOMEM;
	for (size_t i = 0; i < writer->count; i++)
		frames[i] = writer->frames[i].frame;
	err = gmt_recording_index(fd, frames, writer->count);
	free(frames);
	if (!err && fsync(fd) && errno != EINVAL)
		err = -errno;
	return err;
}

int gmt_writer_dump(struct gmt_writer *writer, struct gmt_written *written, struct gmt_error *error)
{
	int fd, err = gmt_writer_end(writer, error);
	char *temp;

	tell(writer, written);
	if (err || !writer->count)
		return err;
	fd = gmt_recording_create(writer->path, &temp, error);
	if (fd < 0)
		return fd;
	for (size_t i = 0; !err && i < writer->count; i++)
		err = gmt_recording_append(fd, writer->frames[i].bytes,
					   writer->frames[i].frame.size_bytes);
	if (!err)
		err = put_index(writer, fd);
	if (err)
		err = gmt_recording_fail(error, temp, "written", err);
	else
		err = gmt_recording_place(writer->path, temp, writer->limits.keep, error);
	if (err)
		unlink(temp);
	close(fd);
	free(temp);
	writer->cut = false;
	return err;
}

int gmt_writer_finish(struct gmt_writer *writer, struct gmt_written *written,
		      struct gmt_error *error)
{
	int err;

	if (writer->limits.memory)
		return gmt_writer_dump(writer, written, error);
	err = gmt_writer_end(writer, error);
	tell(writer, written);
	if (err || !writer->count)
		return err;
	err = put_index(writer, writer->fd);
	return err ? gmt_recording_fail(error, writer->path, "written", err) : 0;
}
