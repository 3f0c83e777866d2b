// SPDX-License-Identifier: GPL-2.0-only
/*
 * many GMEMS BINDINGS: makes so many gmems, each bound so many times by make-believe VMs, says
 * so, and keeps all until its standard input ends. What tests/bench/tool.py has gmemtop look at.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "hv.h"

/* Bindings are two pages apart, so that none is the neighbour of the next. */
#define STEP (2 * PAGE)

static int vm = -1;
static unsigned int slot = TESTHV_SLOTS;

/* A VM has few slots: a range goes to the VM of the one before, while it has one. */
static void bind_one(int fd, uint64_t offset)
{
	if (slot == TESTHV_SLOTS) {
		vm = hv_open();
		slot = 0;
	}
	hv_bind(vm, slot, fd, offset, PAGE, slot * STEP);
	slot++;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	unsigned long gmems, bindings;
	char line[8];

	if (argc != 3)
		tap_bail("usage: many GMEMS BINDINGS");
	gmems = strtoul(argv[1], NULL, 10);
	bindings = strtoul(argv[2], NULL, 10);
	if (setrlimit(RLIMIT_NOFILE, &files))
		tap_bail("setrlimit: %s", strerror(errno));
	if (bindings)
		hv_load();
	for (unsigned long i = 0; i < gmems; i++) {
		int fd = gmem_new(MMAP_IO, 1UL << 30, "many");

		for (unsigned long b = 0; b < bindings; b++)
			bind_one(fd, b * STEP);
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	/* The module is unloaded at the end, when nothing of it is open. */
	if (bindings)
		close_range(3, ~0U, 0);
	return 0;
}
