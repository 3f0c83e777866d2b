// SPDX-License-Identifier: GPL-2.0-only
/* What a gmem fd is as a file: lseek, fstat, ftruncate, sync, and every key of its fdinfo. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 8
#define BYTES (PAGES * (off_t)PAGE)

static char *map;

/* Pages 2, 3 (private) and 5 (shared) are resident. */
static int set_up(void)
{
	int fd = gmem_new(MMAP_IO, BYTES, "file");

	if (fallocate(fd, 0, 2 * PAGE, 2 * PAGE))
		tap_bail("fallocate: %s", strerror(errno));
	gmem_share(fd, 4 * PAGE, 4 * PAGE, GMEM_CONTENT_ZERO);
	map = gmem_map(fd, BYTES);
	trap_store(map + 5 * PAGE, 1);
	return fd;
}

static const struct {
	const char *what;
	off_t from;
	int whence;
	off_t want; /* or -errno */
} seeks[] = {
	{ "SEEK_SET", 123, SEEK_SET, 123 },
	{ "SEEK_END", -10, SEEK_END, BYTES - 10 },
	{ "SEEK_SET -1", -1, SEEK_SET, -EINVAL },
	{ "SEEK_END before the beginning", -BYTES - 1, SEEK_END, -EINVAL },
	{ "an unknown whence", 0, 77, -EINVAL },
	{ "data from 0", 0, SEEK_DATA, 2 * PAGE },
	{ "data from within data", 2 * PAGE + 7, SEEK_DATA, 2 * PAGE + 7 },
	{ "data from a hole", 4 * PAGE + 7, SEEK_DATA, 5 * PAGE },
	{ "no more data", 6 * PAGE, SEEK_DATA, -ENXIO },
	{ "data at the end", BYTES, SEEK_DATA, -ENXIO },
	{ "data behind the end", BYTES + PAGE, SEEK_DATA, -ENXIO },
	{ "data from -1", -1, SEEK_DATA, -ENXIO },
	{ "hole from 0", 0, SEEK_HOLE, 0 },
	{ "hole from within a hole", 7, SEEK_HOLE, 7 },
	{ "hole from data", 2 * PAGE + 7, SEEK_HOLE, 4 * PAGE },
	{ "the last hole", 5 * PAGE, SEEK_HOLE, 6 * PAGE },
	{ "hole at the end", BYTES, SEEK_HOLE, -ENXIO },
};

static void check_seek(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(seeks); i++) {
		off_t got = lseek(fd, seeks[i].from, seeks[i].whence);

		is_int(got < 0 ? -errno : got, seeks[i].want, "lseek: %s", seeks[i].what);
	}
	trap_store(map + 7 * PAGE, 1);
	is_int(lseek(fd, 7 * PAGE, SEEK_HOLE), BYTES, "data to the end: the hole is the end");
}

static void check_stat(int fd)
{
	struct stat st;

	is_success(fstat(fd, &st), "fstat");
	is_int(st.st_size, BYTES, "size");
	is_int(st.st_blocks, 4 * PAGE / 512, "blocks are what is resident");
	ok(S_ISREG(st.st_mode), "a regular file, mode %o", st.st_mode);
}

static void check_truncate(int fd)
{
	static const off_t sizes[] = { 0, PAGE, BYTES - PAGE, BYTES, BYTES + PAGE, -1 };
	struct snap before = snap_take(fd);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		is_errno(ftruncate(fd, sizes[i]), EINVAL, "ftruncate to %lld", (long long)sizes[i]);
	ok(snap_same(fd, &before, 0), "nothing changed");
	is_int(lseek(fd, 0, SEEK_END), BYTES, "nor the size");
}

/* The value of a key of fdinfo; the key must be there once. */
static const char *key(const char *info, const char *name, char *out)
{
	size_t len = strlen(name);
	const char *line, *found = NULL;

	for (line = info; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) || line[len] != ':' || line[len + 1] != '\t')
			continue;
		if (found)
			return "twice";
		found = line + len + 2;
	}
	if (!found)
		return "absent";
	snprintf(out, 64, "%.*s", (int)strcspn(found, "\n"), found);
	return out;
}

static long long number(const char *info, const char *name)
{
	char out[64], *end;
	long long value = strtoll(key(info, name, out), &end, 10);

	return end == out || *end ? -1 : value;
}

static void check_fdinfo(int fd)
{
	char path[64], info[2048], out[64], buffer[8];
	struct gmem_stats s;

	/* Something in every counter: a denied load, a denied read, a refused pread. */
	trap_load(map);
	pread(fd, buffer, 8, 0);
	s = gmem_stats_of(fd);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (!read_text(path, info, sizeof(info)))
		tap_bail("%s: %s", path, strerror(errno));
	is_int(number(info, "gmem-id"), s.id, "gmem-id");
	is_str(key(info, "gmem-name", out), "file", "gmem-name");
	is_int(number(info, "gmem-size"), BYTES, "gmem-size");
	is_int(number(info, "gmem-resident-private"), s.resident_private_bytes,
	       "gmem-resident-private");
	is_int(number(info, "gmem-resident-shared"), s.resident_shared_bytes,
	       "gmem-resident-shared");
	is_int(number(info, "gmem-bindings"), 0, "gmem-bindings");
	is_int(number(info, "gmem-faults"), s.faults_host, "gmem-faults");
	is_int(number(info, "gmem-denied"), 2, "gmem-denied");
	is_int(number(info, "gmem-conversions"), 1, "gmem-conversions");
}

static void check_rest(int fd)
{
	is_success(fsync(fd), "fsync");
	is_errno(fcntl(fd, F_GET_SEALS), EINVAL, "seals are a memfd's");
}

int main(void)
{
	int fd;

	tap_plan(ARRAY_SIZE(seeks) + 1 + 4 + 8 + 9 + 2);
	trap_init();
	fd = set_up();
	check_seek(fd);
	check_stat(fd);
	check_truncate(fd);
	check_fdinfo(fd);
	check_rest(fd);
	return tap_done();
}
