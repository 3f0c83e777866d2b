// SPDX-License-Identifier: GPL-2.0-only
/*
 * A known number of each gmem event, for the tests that record them with other tools; what
 * exactly is in gmem_events.py. Prints the id of its gmem.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)

int main(void)
{
	static char buffer[PAGE];
	char *map;
	int fd;

	trap_init();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INSPECT, BYTES, "traced");
	map = gmem_map(fd, BYTES);
	gmem_share(fd, 0, 4 * PAGE, GMEM_CONTENT_ZERO);
	for (int i = 0; i < 4; i++)
		trap_store(map + i * PAGE, 1);
	trap_load(map + 5 * PAGE);
	(void)!pread(fd, buffer, PAGE, 0);
	(void)!pread(fd, buffer, PAGE, 5 * PAGE);
	try_inspect(fd, GMEM_DIRECTION_READ, 5 * PAGE, buffer, 100);
	gmem_hide(fd, 0, 2 * PAGE, GMEM_CONTENT_KEEP);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE);
	printf("workload gmem %llu\n", (unsigned long long)gmem_id(fd));
	fflush(stdout);
	munmap(map, BYTES);
	close(fd);
	return 0;
}
