// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines to a file of limited size and age. It is ours alone (mode 0600, locked), reached
 * through no symbolic link, and set aside by renaming: FILE.1 is the youngest of those kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "view/audit.h"
#include "view/format.h"

struct file {
	struct gmt_sink sink;
	struct gmt_file_limits limits;
	char *name; /* within dir */
	int dir;
	int fd; /* -1 while it cannot be opened */
	uint64_t bytes;
	uint64_t born_ns;   /* CLOCK_REALTIME */
	uint64_t synced_ns; /* CLOCK_BOOTTIME */
	bool dirty;
};

static struct file *file_of(struct gmt_sink *sink)
{
	return (struct file *)sink; /* embedded first */
}

static uint64_t realtime_ns(void)
{
	return gmt_boottime_ns() + gmt_clock_offset_ns();
}

static int open_no_links(int dir, const char *path, uint64_t flags, mode_t mode)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* When the file was made; file systems that do not tell let its age begin now. */
static uint64_t birth_ns(int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) || !(stx.stx_mask & STATX_BTIME))
		return realtime_ns();
	return stx.stx_btime.tv_sec * 1000000000ULL + stx.stx_btime.tv_nsec;
}

/* A line that a crash left unfinished is ended, so that it spoils none of ours. */
static int end_last_line(int fd, uint64_t *bytes)
{
	char last;

	if (!*bytes)
		return 0;
	if (pread(fd, &last, 1, (off_t)*bytes - 1) != 1)
		return -EIO;
	if (last == '\n')
		return 0;
	if (write(fd, "\n", 1) != 1)
		return errno ? -errno : -EIO;
	++*bytes;
	return 0;
}

static int take_over(int fd, uint64_t *bytes)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return -errno;
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600))
		return -errno;
	*bytes = st.st_size;
	return end_last_line(fd, bytes);
}

static int open_file(struct file *file)
{
	/* O_NONBLOCK: never wait for the reader of a FIFO somebody put there. */
	int fd = open_no_links(file->dir, file->name, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK,
			       0600);
	int err;

	if (fd < 0)
		return -errno;
	err = take_over(fd, &file->bytes);
	if (err) {
		close(fd);
		return err;
	}
	file->fd = fd;
	file->born_ns = birth_ns(fd);
	/* The name is to outlive a crash, as its contents are. */
	fsync(file->dir);
	return 0;
}

static int sync_file(struct file *file, uint64_t now_ns)
{
	file->synced_ns = now_ns;
	if (!file->dirty || file->fd < 0)
		return 0;
	file->dirty = false;
	return fdatasync(file->fd) ? -errno : 0;
}

static void close_file(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}

/* FILE.n of those kept, or FILE itself. */
static void name_of(const struct file *file, unsigned int n, char *name)
{
	if (n)
		snprintf(name, NAME_MAX + 1, "%s.%u", file->name, n);
	else
		snprintf(name, NAME_MAX + 1, "%s", file->name);
}

/* Each renaming is atomic; an end in the middle of it leaves a number out, and loses nothing. */
static int rotate(struct file *file)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];
	int err = sync_file(file, gmt_boottime_ns());

	if (err)
		return err;
	for (unsigned int n = file->limits.keep; n; n--) {
		name_of(file, n - 1, from);
		name_of(file, n, to);
		if (renameat(file->dir, from, file->dir, to) && errno != ENOENT)
			return -errno;
	}
	if (!file->limits.keep && unlinkat(file->dir, file->name, 0) && errno != ENOENT)
		return -errno;
	close_file(file);
	return open_file(file);
}

static bool is_full(const struct file *file, size_t more)
{
	if (!file->bytes)
		return false;
	if (file->limits.bytes && file->bytes + more > file->limits.bytes)
		return true;
	return file->limits.age_ns && realtime_ns() >= file->born_ns + file->limits.age_ns;
}

static int file_put(struct gmt_sink *sink, struct gmt_audit_line *line)
{
	struct file *file = file_of(sink);
	ssize_t written;
	int err = 0;

	if (file->fd < 0)
		err = open_file(file);
	else if (is_full(file, line->length))
		err = rotate(file);
	if (err)
		return err;
	written = write(file->fd, line->json, line->length);
	if (written == (ssize_t)line->length) {
		file->bytes += written;
		file->dirty = true;
		return file->limits.sync_ns ? 0 : sync_file(file, 0);
	}
	err = written < 0 ? -errno : -ENOSPC;
	/* No half lines. */
	if (written > 0 && ftruncate(file->fd, (off_t)file->bytes))
		close_file(file); /* opened again, the line is ended */
	return err;
}

static int file_tick(struct gmt_sink *sink, uint64_t now_ns)
{
	struct file *file = file_of(sink);

	if (file->fd >= 0 && is_full(file, 0))
		return rotate(file);
	if (now_ns - file->synced_ns >= file->limits.sync_ns)
		return sync_file(file, now_ns);
	return 0;
}

static int file_reopen(struct gmt_sink *sink)
{
	struct file *file = file_of(sink);
	int err = sync_file(file, gmt_boottime_ns());

	close_file(file);
	return err ? err : open_file(file);
}

static int file_close(struct gmt_sink *sink)
{
	struct file *file = file_of(sink);
	int err = sync_file(file, 0);

	close_file(file);
	close(file->dir);
	free(file->name);
	free(file);
	return err;
}

static const struct gmt_sink_ops file_ops = {
	.put = file_put,
	.tick = file_tick,
	.reopen = file_reopen,
	.close = file_close,
};

static int open_failed(const char *path, int err, struct gmt_error *error)
{
	switch (err) {
	case -ELOOP:
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"%s: there is a symbolic link in it, and none is followed", path);
	case -EPERM:
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"%s is no regular file of one name that belongs to us", path);
	case -EWOULDBLOCK:
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "%s: another audit writes to it",
				path);
	default:
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "%s cannot be written: %s", path,
				strerror(-err));
	}
}

static int open_path(struct file *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";

	file->name = strdup(slash ? slash + 1 : path);
	if (!file->name)
		return -ENOMEM;
	/* Room for the number of a file set aside. */
	if (!file->name[0] || strlen(file->name) > NAME_MAX - 11)
		return -EINVAL;
	if (slash &&
	    snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	file->dir = open_no_links(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	return file->dir < 0 ? -errno : open_file(file);
}

struct gmt_sink *gmt_sink_file(const char *path, const struct gmt_file_limits *limits,
			       struct gmt_error *error)
{
	struct file *file = calloc(1, sizeof(*file));
	int err;

	if (!file) {
		gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
		return NULL;
	}
	file->sink.ops = &file_ops;
	file->limits = *limits;
	file->dir = -1;
	file->fd = -1;
	err = open_path(file, path);
	if (!err)
		return &file->sink;
	open_failed(path, err, error);
	if (file->dir >= 0)
		close(file->dir);
	free(file->name);
	free(file);
	return NULL;
}
