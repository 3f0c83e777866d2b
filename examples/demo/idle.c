// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM whose guest was given much memory, uses some of it, and does nothing: a kernel and an
 * initrd are loaded into private memory, then one page of a shared console is looked at now
 * and then.
 */
#include "demo.h"

#define SIZE	(768 * MIB)
#define LOADED	(80 * MIB)
#define CONSOLE (SIZE - MIB)

static void load(int fd)
{
	static char image[256 * KIB];
	uint64_t offset;

	memset(image, 0x90, sizeof(image));
	for (offset = 0; offset < LOADED && !demo_over; offset += sizeof(image)) {
		if (pwrite(fd, image, sizeof(image), offset) != (ssize_t)sizeof(image))
			demo_die("pwrite");
		demo_sleep_ms(5);
	}
}

int main(void)
{
	char *map;
	int fd;

	demo_start();
	fd = demo_create(SIZE, GMEM_CREATE_MMAP | GMEM_CREATE_POPULATE);
	map = demo_map(fd, SIZE);
	demo_convert(fd, CONSOLE, MIB, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
	load(fd);
	while (!demo_over) {
		map[CONSOLE]++;
		demo_sleep_ms(1000);
	}
	demo_summary(fd);
	return 0;
}
