// SPDX-License-Identifier: GPL-2.0-only
/* Opening a recording: by its index, or by looking for its frames (recording_scan.c). */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/recording.h"
#include "source/recording_line.h"
#include "source/recording_scan.h"

uint64_t gmt_index_checksum(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	return hash;
}

/* Return: 0, or -EBADMSG where the file has no so many bytes there */
int gmt_recording_read(const struct gmt_recording *recording, uint64_t at, void *to, size_t size)
{
	char *bytes = to;

	while (size) {
		ssize_t got = pread(recording->fd, bytes, size, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return -EBADMSG;
		bytes += got;
		at += got;
		size -= got;
	}
	return 0;
}

static uint64_t number_at(const unsigned char *at)
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return le64toh(number);
}

/* The entries cover all that is before the index. Return: whether they do */
static bool take_entries(struct gmt_recording *recording, const unsigned char *entries,
			 uint64_t count, uint64_t covered)
{
	uint64_t at = 0, ns = 0;

	for (uint64_t i = 0; i < count; i++, entries += GMT_INDEX_ENTRY) {
		struct gmt_frame *frame = &recording->frames[i];

		*frame = (struct gmt_frame){ number_at(entries), number_at(entries + 8),
					     number_at(entries + 16), number_at(entries + 24) };
		if (frame->offset_bytes != at || !frame->size_bytes ||
		    frame->size_bytes > covered - at || frame->first_ns < ns ||
		    frame->last_ns < frame->first_ns)
			return false;
		at += frame->size_bytes;
		ns = frame->first_ns;
	}
	return at == covered;
}

/* Return: 0, -ENOENT without an index that counts, or another -errno */
static int read_index(struct gmt_recording *recording)
{
	unsigned char head[GMT_SKIPPABLE_HEAD], tail[GMT_INDEX_TAIL], *entries;
	uint64_t count, begin, size;
	uint32_t magic, told;
	int err;

	if (recording->size_bytes < sizeof(head) + sizeof(tail))
		return -ENOENT;
	err = gmt_recording_read(recording, recording->size_bytes - sizeof(tail), tail,
				 sizeof(tail));
	if (err)
		return err == -EBADMSG ? -ENOENT : err;
	count = number_at(tail);
	if (memcmp(tail + 16, GMT_INDEX_ID, 8) || !count || count > GMT_FRAMES_MAX)
		return -ENOENT;
	size = count * GMT_INDEX_ENTRY;
	if (size + sizeof(head) + sizeof(tail) > recording->size_bytes)
		return -ENOENT;
	begin = recording->size_bytes - sizeof(tail) - size - sizeof(head);
	err = gmt_recording_read(recording, begin, head, sizeof(head));
	if (err)
		return err == -EBADMSG ? -ENOENT : err;
	memcpy(&magic, head, 4);
	memcpy(&told, head + 4, 4);
	if (le32toh(magic) != GMT_INDEX_MAGIC || le32toh(told) != size + sizeof(tail))
		return -ENOENT;
	entries = malloc(size);
	recording->frames = calloc(count, sizeof(*recording->frames));
	if (!entries || !recording->frames) {
		free(entries);
		return -ENOMEM;
	}
	err = gmt_recording_read(recording, begin + sizeof(head), entries, size);
	if (!err && (gmt_index_checksum(entries, size) != number_at(tail + 8) ||
		     !take_entries(recording, entries, count, begin)))
		err = -ENOENT;
	free(entries);
	if (!err) {
		recording->count = recording->capacity = count;
		recording->last_ns = recording->frames[count - 1].last_ns;
		recording->ended = true;
		return 0;
	}
	free(recording->frames);
	recording->frames = NULL;
	return err == -EBADMSG ? -ENOENT : err;
}

int gmt_recording_head(const struct gmt_recording *recording, size_t frame,
		       struct gmt_line_head *head)
{
	struct gmt_lines lines;
	const char *line;
	size_t length;
	int err;

	err = gmt_lines_open(&lines, recording, frame);
	if (err)
		return err;
	err = gmt_lines_next(&lines, &line, &length);
	err = err == 1 ? gmt_line_head(line, length, head) : err ? err : -EBADMSG;
	gmt_lines_close(&lines);
	return err;
}

static int find_frames(struct gmt_recording *recording, const char *path, struct gmt_error *error)
{
	struct gmt_line_head head;
	int err;

	err = read_index(recording);
	if (err == -ENOENT)
		err = gmt_recording_scan(recording);
	if (err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	if (err && err != -EBADMSG)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "%.200s cannot be read: %s", path,
				strerror(-err));
	if (err || !recording->count)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EBADMSG,
				"%.200s is no recording of gmemtop, or is damaged from its first "
				"line on",
				path);
	/* Of an index it is not known yet whether its first frame can be read; others may. */
	err = gmt_recording_head(recording, 0, &head);
	if (!err && head.version > GMT_RECORDING_VERSION)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP,
				"%.200s has version %llu of the format, and this gmemtop reads "
				"version %d: replay it with a newer gmemtop",
				path, (unsigned long long)head.version, GMT_RECORDING_VERSION);
	return 0;
}

static int open_file(struct gmt_recording *recording, const char *path, struct gmt_error *error)
{
	struct stat st;

	/* Not to wait for whoever opens a fifo's other end. */
	recording->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (recording->fd < 0 || fstat(recording->fd, &st))
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno, "%.200s cannot be opened: %s",
				path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return gmt_fail(error, GMT_EXIT_FAILURE, -EINVAL,
				"%.200s is no file: a recording is read from any place in it",
				path);
	if (!st.st_size)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EBADMSG, "%.200s is empty", path);
	recording->size_bytes = st.st_size;
	return 0;
}

int gmt_recording_open(struct gmt_recording **recording, const char *path, struct gmt_error *error)
{
	struct gmt_recording *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	new->fd = -1;
	err = open_file(new, path, error);
	if (!err)
		err = find_frames(new, path, error);
	if (err) {
		gmt_recording_close(new);
		return err;
	}
	*recording = new;
	return 0;
}

void gmt_recording_close(struct gmt_recording *recording)
{
	if (!recording)
		return;
	if (recording->fd >= 0)
		close(recording->fd);
	free(recording->frames);
	free(recording);
}

size_t gmt_recording_frame_at(const struct gmt_recording *recording, uint64_t at_ns)
{
	size_t low = 0, high = recording->count;

	/* The first that begins after it; the one before that is meant. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (recording->frames[middle].first_ns <= at_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}
