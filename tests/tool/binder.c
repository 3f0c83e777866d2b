// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gmems and VMs of the make-believe hypervisor that bind them, for the tests of gmemtop to look
 * at: does what each line of standard input says, and keeps all of it until that ends.
 */
#include <fcntl.h>
#include <unistd.h>

#include "hv.h"

#define SIZE	 (64UL << 20)
#define MAX_VMS	 256
#define MAX_ARGS 6

static int gmems[256], vms[MAX_VMS];

/* VM SLOT GMEM PAGE PAGES GUEST_PAGE: the number of the VM, as events have it */
static long do_bind(const unsigned long *arg)
{
	int vm = vms[arg[0]];

	if (try_bind(vm, arg[1], gmems[arg[2]], arg[3] * PAGE, arg[4] * PAGE, arg[5] * PAGE))
		return -errno;
	return hv_count(vm, arg[1]).vm;
}

/* VM SLOT */
static long do_unbind(const unsigned long *arg)
{
	return try_unbind(vms[arg[0]], arg[1]) ? -errno : 0;
}

/* VM SLOT PAGE: of the gmem */
static long do_look(const unsigned long *arg)
{
	return try_lookup_page(vms[arg[0]], arg[1], arg[2], WANT_ANY) ? -errno : 0;
}

/* VM MILLISECONDS */
static long do_slow(const unsigned long *arg)
{
	hv_behave(vms[arg[0]], (struct testhv_behave){ .slow_ms = arg[1] });
	return 0;
}

/* GMEM PAGE PAGES */
static long do_hide(const unsigned long *arg)
{
	gmem_hide(gmems[arg[0]], arg[1] * PAGE, arg[2] * PAGE, GMEM_CONTENT_ZERO);
	return 0;
}

/* GMEM PAGE PAGES */
static long do_punch(const unsigned long *arg)
{
	return fallocate(gmems[arg[0]], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, arg[1] * PAGE,
			 arg[2] * PAGE) ?
		       -errno :
		       0;
}

/* GMEM */
static long do_close(const unsigned long *arg)
{
	return close(gmems[arg[0]]) ? -errno : 0;
}

static const struct {
	const char *word;
	long (*act)(const unsigned long *arg);
	int args;
} acts[] = {
	{ "bind", do_bind, 6 },	  { "unbind", do_unbind, 2 }, { "look", do_look, 3 },
	{ "slow", do_slow, 2 },	  { "hide", do_hide, 3 },     { "punch", do_punch, 3 },
	{ "close", do_close, 1 },
};

static long act(const char *line)
{
	unsigned long arg[MAX_ARGS];
	char word[16];
	int n = sscanf(line, "%15s %lu %lu %lu %lu %lu %lu", word, &arg[0], &arg[1], &arg[2],
		       &arg[3], &arg[4], &arg[5]);

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (n == acts[i].args + 1 && !strcmp(word, acts[i].word))
			return acts[i].act(arg);
	tap_bail("what is '%s'?", line);
}

/* binder GMEMS VMS: tells the ids, then answers each line by a number, below 0 an error. */
int main(int argc, char **argv)
{
	int n_gmems = argc == 3 ? atoi(argv[1]) : 0, n_vms = argc == 3 ? atoi(argv[2]) : 0;
	char line[256];

	if (n_gmems < 1 || n_gmems > (int)ARRAY_SIZE(gmems) || n_vms < 1 || n_vms > MAX_VMS)
		tap_bail("usage: binder GMEMS VMS");
	hv_load();
	for (int i = 0; i < n_vms; i++)
		vms[i] = hv_open();
	for (int i = 0; i < n_gmems; i++) {
		gmems[i] = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, SIZE, "bound");
		printf("%llu\n", (unsigned long long)gmem_id(gmems[i]));
	}
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%ld\n", act(line));
		fflush(stdout);
	}
	for (int i = 0; i < n_vms; i++)
		close(vms[i]);
	return 0;
}
