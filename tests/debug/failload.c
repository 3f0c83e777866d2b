// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes every allocation of the module's init fail in turn: the load fails with ENOMEM and leaves nothing that a
 * later load could trip over, or it does without; the next load succeeds and the module works.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "../stress/module.h"
#include "inject.h"

#define MAX_FAULTS 500

/* The kernel's caller of every module's init. */
static void find_initcall(unsigned long *start, unsigned long *end)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	unsigned long address;
	char name[128];

	*start = 0;
	*end = ~0UL;
	while (f && fscanf(f, "%lx %*c %127s%*[^\n]", &address, name) == 2) {
		if (!strcmp(name, "do_one_initcall")) {
			*start = address;
			rewind(f);
			break;
		}
	}
	while (f && *start && fscanf(f, "%lx %*c %127s%*[^\n]", &address, name) == 2) {
		if (address > *start && address < *end)
			*end = address;
	}
	if (!*start)
		tap_bail("/proc/kallsyms has no do_one_initcall");
	fclose(f);
}

/* Without debugging information a load costs a third; type information stays, init registers functions by it. */
static int strip(void *to)
{
	execlp("objcopy", "objcopy", "-g", module_path(), (char *)to, NULL);
	return 127;
}

static int open_stripped(void)
{
	const char *dir = getenv("TMPDIR");
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/gmem.ko", dir ? dir : "/tmp");
	if (in_child(strip, path))
		tap_bail("objcopy failed");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	return fd;
}

static bool works(void)
{
	struct gmem_create c = { .size = sizeof(c), .flags = MMAP_IO, .bytes = PAGE };
	int dev = open("/dev/gmem", O_RDWR | O_CLOEXEC);
	int fd = dev < 0 ? -1 : ioctl(dev, GMEM_CREATE, &c);

	if (fd >= 0)
		close(fd);
	close(dev);
	return fd >= 0;
}

int main(void)
{
	bool known = true, gone = true, again = true;
	unsigned long start, end;
	int ko = open_stripped();
	unsigned int nth, refused = 0;

	tap_plan(4);
	find_initcall(&start, &end);
	inject_init(start, end);
	if (module_unload())
		tap_bail("the module is in use: %s", strerror(errno));
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		int ret, err, left;

		inject_arm(nth);
		ret = module_load(ko);
		err = errno;
		left = inject_disarm();
		if (left) {
			again &= !ret && works();
			break;
		}
		if (ret) {
			refused++;
			known &= err == ENOMEM;
			if (err != ENOMEM)
				diag("fault %u: %s", nth, strerror(err));
			gone &= access("/sys/module/gmem", F_OK) && access("/dev/gmem", F_OK);
			ret = module_load(ko);
		}
		if (ret || !works()) {
			diag("fault %u: the next load does not work", nth);
			again = false;
		}
		if (module_unload())
			tap_bail("fault %u: unload: %s", nth, strerror(errno));
	}
	diag("%u faults, %u loads refused", nth - 1, refused);
	ok(nth > 1 && nth < MAX_FAULTS && refused, "init has allocations that can fail");
	ok(known, "each refused load gives ENOMEM");
	ok(gone, "and leaves neither module nor device");
	ok(again, "a load without a fault works");
	return tap_done();
}
