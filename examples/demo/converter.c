// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM whose guest does I/O through bounce buffers: a window is shared, filled by the
 * guest's device, and made private again. Kept contents go both ways; every other window is
 * scrubbed instead, and must then read as zeroes.
 */
#include "demo.h"

#define SIZE   (64 * MIB)
#define WINDOW (64 * KIB)

static void check(const char *at, char want)
{
	size_t i;

	for (i = 0; i < WINDOW; i += PAGE) {
		if (at[i] != want) {
			fprintf(stderr, "converter: a window holds %d, not %d\n", at[i], want);
			exit(1);
		}
	}
}

static void one_transfer(int fd, char *map, uint64_t offset, unsigned int nr)
{
	enum gmem_content content = nr % 2 ? GMEM_CONTENT_ZERO : GMEM_CONTENT_KEEP;
	char byte = nr % 127 + 1;

	demo_convert(fd, offset, WINDOW, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
	memset(map + offset, byte, WINDOW);
	demo_convert(fd, offset, WINDOW, GMEM_STATE_PRIVATE, content);
	/* The guest has read it and answers; nobody else could have. */
	demo_convert(fd, offset, WINDOW, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP);
	check(map + offset, content == GMEM_CONTENT_KEEP ? byte : 0);
	demo_convert(fd, offset, WINDOW, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO);
}

int main(void)
{
	unsigned int nr;
	char *map;
	int fd;

	demo_start();
	fd = demo_create(SIZE, GMEM_CREATE_MMAP);
	map = demo_map(fd, SIZE);
	for (nr = 0; !demo_over; nr++) {
		one_transfer(fd, map, (uint64_t)nr * WINDOW % SIZE, nr);
		demo_sleep_ms(60);
	}
	demo_summary(fd);
	return 0;
}
