// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM whose guest grows at a steady pace: a few pages a step, half of them private, half
 * shared and touched through the mapping. When all is resident it frees everything, as a
 * balloon would, and begins anew.
 */
#include "demo.h"

#define SIZE (96 * MIB)
#define STEP (256 * KIB)

/* The first half of a step stays private, the second is shared with the host. */
static void populate(int fd, char *map, uint64_t offset)
{
	uint64_t at;

	demo_fallocate(fd, 0, offset, STEP / 2);
	for (at = offset + STEP / 2; at < offset + STEP; at += PAGE)
		map[at] = 1;
}

int main(void)
{
	uint64_t offset;
	char *map;
	int fd;

	demo_start();
	fd = demo_create(SIZE, GMEM_CREATE_MMAP);
	map = demo_map(fd, SIZE);
	for (offset = STEP / 2; offset < SIZE; offset += STEP)
		demo_convert(fd, offset, STEP / 2, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);

	for (offset = 0; !demo_over; offset += STEP) {
		if (offset == SIZE) {
			demo_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE);
			offset = 0;
		}
		populate(fd, map, offset);
		demo_sleep_ms(50);
	}
	demo_summary(fd);
	return 0;
}
