// SPDX-License-Identifier: GPL-2.0-only
/* Files of recordings: new ones beside the old, put in their place by renaming, never half. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/recording_file.h"

#define COPY_BYTES (1 << 20)

int gmt_recording_fail(struct gmt_error *error, const char *path, const char *verb, int err)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, err, "%.300s cannot be %s: %s", path, verb,
			strerror(-err));
}

int gmt_recording_check(const char *path, struct gmt_error *error)
{
	struct stat st;
	int fd, err;

	if (lstat(path, &st)) {
		err = errno;
		return err == ENOENT ? 0 : gmt_recording_fail(error, path, "looked at", -err);
	}
	/* Renaming /dev/null would be remembered. */
	if (!S_ISREG(st.st_mode))
		return gmt_fail(error, GMT_EXIT_FAILURE, -EINVAL,
				"%.300s is there and no regular file: it is left alone", path);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return gmt_recording_fail(error, path, "opened", -errno);
	err = flock(fd, LOCK_EX | LOCK_NB) ? errno : 0;
	close(fd);
	if (err == EWOULDBLOCK)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EBUSY,
				"%.300s is being recorded to by another gmemtop", path);
	return 0;
}

int gmt_recording_create(const char *path, char **temp, struct gmt_error *error)
{
	int fd, err;

	if (asprintf(temp, "%s.new-%d", path, getpid()) < 0) {
		*temp = NULL;
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	/* What a process of this number has left when it was killed. */
	unlink(*temp);
	fd = open(*temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	err = gmt_recording_fail(error, *temp, "created", -errno);
	if (fd >= 0)
		close(fd);
	free(*temp);
	*temp = NULL;
	return err;
}

static int kept_name(char **name, const char *path, unsigned int number)
{
	return asprintf(name, number ? "%s.%u" : "%s", path, number) < 0 ? -ENOMEM : 0;
}

/* FILE.6 becomes FILE.7, and so on; FILE becomes FILE.1. */
static int set_aside(const char *path, unsigned int keep)
{
	char *from, *to;
	int err = 0;

	for (unsigned int number = keep; !err && number; number--) {
		from = to = NULL;
		err = kept_name(&from, path, number - 1);
		if (!err)
			err = kept_name(&to, path, number);
		if (!err && rename(from, to) && errno != ENOENT)
			err = -errno;
		free(from);
		free(to);
	}
	return err;
}

/* So that names last as what they name does. */
static void sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash ? strndup(path, slash - path + 1) : strdup(".");
	int fd = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(name);
}

int gmt_recording_place(const char *path, const char *temp, unsigned int keep,
			struct gmt_error *error)
{
	int err = gmt_recording_check(path, error);

	if (err)
		return err;
	err = set_aside(path, keep);
	if (err)
		return gmt_recording_fail(error, path, "set aside", err);
	if (rename(temp, path))
		return gmt_recording_fail(error, path, "put in its place", -errno);
	sync_directory(path);
	return 0;
}

int gmt_recording_append(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size) {
		ssize_t done = write(fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += done;
		size -= done;
	}
	return 0;
}

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
	number = htole64(number);
	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

int gmt_recording_index(int fd, const struct gmt_frame *frames, size_t count)
{
	size_t entries = count * GMT_INDEX_ENTRY,
	       size = GMT_SKIPPABLE_HEAD + entries + GMT_INDEX_TAIL;
	unsigned char *index = malloc(size), *at = index;
	uint32_t head[2] = { htole32(GMT_INDEX_MAGIC), htole32(size - GMT_SKIPPABLE_HEAD) };
	int err;

	if (!index)
		return -ENOMEM;
	memcpy(at, head, sizeof(head));
	at += sizeof(head);
	for (size_t i = 0; i < count; i++) {
		at = put_number(at, frames[i].offset_bytes);
		at = put_number(at, frames[i].size_bytes);
		at = put_number(at, frames[i].first_ns);
		at = put_number(at, frames[i].last_ns);
	}
	at = put_number(at, count);
	at = put_number(at, gmt_index_checksum(index + GMT_SKIPPABLE_HEAD, entries));
	memcpy(at, GMT_INDEX_ID, 8);
	err = gmt_recording_append(fd, index, size);
	free(index);
	return err;
}

/* By the file system where it can, which then may share the blocks. */
int gmt_recording_copy(int from, uint64_t offset, uint64_t size, int to)
{
	off_t at = (off_t)offset;
	ssize_t done;
	char *buffer;
	int err = 0;

	while (size) {
		done = copy_file_range(from, &at, to, NULL, size, 0);
		if (done <= 0)
			break;
		size -= done;
	}
	if (!size)
		return 0;
	buffer = malloc(COPY_BYTES);
	if (!buffer)
		return -ENOMEM;
	while (!err && size) {
		done = pread(from, buffer, size < COPY_BYTES ? size : COPY_BYTES, at);
		if (done <= 0) {
			err = done ? -errno : -EIO;
			break;
		}
		err = gmt_recording_append(to, buffer, done);
		at += done;
		size -= done;
	}
	free(buffer);
	return err;
}
