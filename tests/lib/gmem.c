// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and driving a gmem, for all C tests: thin wrappers over the ioctls that fill in
 * the sizes, and check the shape of what comes back.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

int gmem_dev(void)
{
	static int dev = -1;

	if (dev < 0)
		dev = open("/dev/gmem", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		tap_bail("open /dev/gmem: %s; is gmem.ko loaded?", strerror(errno));
	return dev;
}

int try_create(unsigned int flags, uint64_t bytes, const char *name)
{
	struct gmem_create c = { .size = sizeof(c), .flags = flags, .bytes = bytes };

	memcpy(c.name, name, strnlen(name, sizeof(c.name)));
	return ioctl(gmem_dev(), GMEM_CREATE, &c);
}

int gmem_new(unsigned int flags, uint64_t bytes, const char *name)
{
	int fd = try_create(flags, bytes, name);

	if (fd < 0)
		tap_bail("GMEM_CREATE %s: %s", name, strerror(errno));
	return fd;
}

char *gmem_map(int fd, uint64_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		tap_bail("mmap of a gmem: %s", strerror(errno));
	return map;
}

int try_convert_at(int fd, uint64_t offset, uint64_t bytes, unsigned int to, unsigned int content,
		   uint64_t *error_offset)
{
	struct gmem_convert c = {
		.size = sizeof(c),
		.offset = offset,
		.bytes = bytes,
		.to = to,
		.content = content,
		.error_offset = UINT64_MAX,
	};
	int ret = ioctl(fd, GMEM_CONVERT, &c);

	*error_offset = c.error_offset;
	return ret;
}

int try_convert(int fd, uint64_t offset, uint64_t bytes, unsigned int to, unsigned int content)
{
	uint64_t ignored;

	return try_convert_at(fd, offset, bytes, to, content, &ignored);
}

void gmem_share(int fd, uint64_t offset, uint64_t bytes, unsigned int content)
{
	if (try_convert(fd, offset, bytes, GMEM_STATE_SHARED, content))
		tap_bail("convert to shared: %s", strerror(errno));
}

void gmem_hide(int fd, uint64_t offset, uint64_t bytes, unsigned int content)
{
	uint64_t where;

	if (try_convert_at(fd, offset, bytes, GMEM_STATE_PRIVATE, content, &where))
		tap_bail("convert to private: %s, error_offset %#llx", strerror(errno),
			 (unsigned long long)where);
}

struct gmem_stats gmem_stats_of(int fd)
{
	struct gmem_stats s = { .size = sizeof(s) };

	if (ioctl(fd, GMEM_GET_STATS, &s))
		tap_bail("GMEM_GET_STATS: %s", strerror(errno));
	return s;
}

uint64_t gmem_id(int fd)
{
	return gmem_stats_of(fd).id;
}

/* Bytes copied, which may be short; -1 and errno when none was. */
ssize_t try_inspect(int fd, unsigned int direction, uint64_t offset, void *buffer, uint64_t bytes)
{
	struct gmem_inspect i = {
		.size = sizeof(i),
		.offset = offset,
		.bytes = bytes,
		.buffer = (uintptr_t)buffer,
		.direction = direction,
	};

	return ioctl(fd, GMEM_INSPECT, &i);
}

/* Appends one run, joined with the last one where their flags are equal. */
static int range_append(const struct gmem_range *run, struct gmem_range *out, int count, int max)
{
	if (count && out[count - 1].flags == run->flags) {
		out[count - 1].bytes += run->bytes;
		return count;
	}
	if (count == max)
		tap_bail("more than %d ranges", max);
	out[count] = *run;
	return count + 1;
}

int gmem_ranges(int fd, uint64_t offset, uint64_t bytes, struct gmem_range *out, int max)
{
	uint64_t at = offset, end = offset + bytes;
	struct gmem_range got[32];
	int count = 0;

	while (at < end) {
		struct gmem_query_ranges q = {
			.size = sizeof(q),
			.offset = at,
			.bytes = end - at,
			.ranges = (uintptr_t)got,
			.count = ARRAY_SIZE(got),
		};

		if (ioctl(fd, GMEM_QUERY_RANGES, &q))
			tap_bail("GMEM_QUERY_RANGES: %s", strerror(errno));
		if (!q.count || q.count > ARRAY_SIZE(got))
			tap_bail("GMEM_QUERY_RANGES gave %u entries", q.count);
		for (unsigned int i = 0; i < q.count; i++) {
			if (got[i].offset != at || !got[i].bytes || got[i].bytes > end - at)
				tap_bail(
					"range %u: offset %#llx bytes %#llx, expected to begin at %#llx",
					i, (unsigned long long)got[i].offset,
					(unsigned long long)got[i].bytes, (unsigned long long)at);
			count = range_append(&got[i], out, count, max);
			at += got[i].bytes;
		}
		if (q.next_offset != at)
			tap_bail("next_offset %#llx, expected %#llx",
				 (unsigned long long)q.next_offset, (unsigned long long)at);
	}
	return count;
}
