// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gmem whose pages are on NUMA nodes as told, for the tests of gmemtop to look at: does what
 * each line of standard input says, and keeps it until that ends.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gmem_test.h"

#define SIZE	 (64UL << 20)
#define PAGES	 (SIZE / PAGE)
#define MAX_ARGS 3

static int fd;
static char *map;

/* NODE FIRST PAGES: allocated while this task may take memory of that node only */
static long do_allocate(const unsigned long *arg)
{
	unsigned long node = 1UL << arg[0];

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node)) ||
	    fallocate(fd, 0, arg[1] * PAGE, arg[2] * PAGE) ||
	    syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0))
		return -errno;
	return 0;
}

/* NODE FIRST PAGES: by stores to the mapping */
static long do_touch(const unsigned long *arg)
{
	unsigned long node = 1UL << arg[0];

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node)))
		return -errno;
	for (unsigned long i = arg[1]; i < arg[1] + arg[2]; i++)
		if (trap_store(map + i * PAGE, 1).signo)
			return -EFAULT;
	return syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0) ? -errno : 0;
}

/* FIRST PAGES */
static long do_share(const unsigned long *arg)
{
	gmem_share(fd, arg[0] * PAGE, arg[1] * PAGE, GMEM_CONTENT_KEEP);
	return 0;
}

/* FIRST PAGES */
static long do_hide(const unsigned long *arg)
{
	gmem_hide(fd, arg[0] * PAGE, arg[1] * PAGE, GMEM_CONTENT_ZERO);
	return 0;
}

/* FIRST PAGES */
static long do_punch(const unsigned long *arg)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, arg[0] * PAGE,
			 arg[1] * PAGE) ?
		       -errno :
		       0;
}

/* NODE FIRST PAGES: how many of these, all shared and resident, the kernel says are there */
static long do_count(const unsigned long *arg)
{
	static void *pages[PAGES];
	static int status[PAGES];
	long count = 0;

	for (unsigned long i = 0; i < arg[2]; i++) {
		pages[i] = map + (arg[1] + i) * PAGE;
		if (trap_load(pages[i]).signo)
			return -EFAULT;
	}
	if (syscall(SYS_move_pages, 0, arg[2], pages, NULL, status, 0))
		return -errno;
	for (unsigned long i = 0; i < arg[2]; i++)
		count += status[i] == (int)arg[0];
	return count;
}

/* End the mapping and the descriptor */
static long do_close(const unsigned long *arg)
{
	(void)arg;
	munmap(map, SIZE);
	close(fd);
	return 0;
}

static const struct {
	const char *word;
	long (*act)(const unsigned long *arg);
} acts[] = {
	{ "allocate", do_allocate }, { "touch", do_touch }, { "share", do_share },
	{ "hide", do_hide },	     { "punch", do_punch }, { "count", do_count },
	{ "close", do_close },
};

static long act(const char *line)
{
	unsigned long arg[MAX_ARGS] = { 0 };
	char word[16];

	if (sscanf(line, "%15s %lu %lu %lu", word, &arg[0], &arg[1], &arg[2]) < 1)
		tap_bail("an empty line");
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (!strcmp(acts[i].word, word))
			return acts[i].act(arg);
	tap_bail("what is '%s'?", word);
}

int main(void)
{
	char line[128];

	trap_init();
	fd = gmem_new(MMAP_IO, SIZE, "placed");
	map = gmem_map(fd, SIZE);
	printf("%llu\n", (unsigned long long)gmem_id(fd));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%ld\n", act(line));
		fflush(stdout);
	}
	return 0;
}
