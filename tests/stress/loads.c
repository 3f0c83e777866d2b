// SPDX-License-Identifier: GPL-2.0-only
/*
 * 300 loads and unloads of gmem.ko (in make soak 1,000), one in twenty used in between. Most are of
 * a copy without debugging and type information: the kernel spends ten times as long on these as on the rest.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "module.h"

#define ROUNDS	   (int)some_rounds(150, 1000)
#define SECOND_CPU "/sys/devices/system/cpu/cpu1/online"
#define WHOLE	   20 /* one in so many is of the whole module, and is used */

static long unreclaimable_kib(void)
{
	char text[8192], *at;

	if (!read_text("/proc/meminfo", text, sizeof(text)) || !(at = strstr(text, "SUnreclaim:")))
		tap_bail("/proc/meminfo");
	return strtol(at + 11, NULL, 10);
}

static int strip(void *to)
{
	execlp("objcopy", "objcopy", "-g", "-R", ".BTF", "-R", ".BTF.base", module_path(),
	       (char *)to, NULL);
	return 127;
}

static int open_stripped(void)
{
	const char *dir = getenv("TMPDIR");
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/gmem-stripped.ko", dir ? dir : "/tmp");
	if (in_child(strip, path))
		tap_bail("objcopy failed");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	if (fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	return fd;
}

static void use(void)
{
	int fd = module_gmem(MMAP_IO, 4 * PAGE);
	char *map;

	map = gmem_map(fd, 4 * PAGE);
	gmem_share(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	if (trap_store(map, 1).signo || !trap_store(map + 3 * PAGE, 1).signo)
		tap_bail("touches after a load");
	munmap(map, 4 * PAGE);
	close(fd);
}

/* In an emulated machine most of a load is interrupts between CPUs: a tenth of them has two. */
static void second_cpu(const char *online)
{
	if (!access(SECOND_CPU, W_OK))
		write_text(SECOND_CPU, online);
}

int main(void)
{
	int whole = module_open(), stripped = open_stripped(), loads = 0, unloads = 0;
	long begin = 0, grown;

	tap_plan(3);
	trap_init();
	if (module_unload())
		tap_bail("the module is in use: %s", strerror(errno));
	for (int i = 0; i < ROUNDS; i++) {
		if (module_load(i % WHOLE ? stripped : whole)) {
			diag("load %d: %s", i, strerror(errno));
			break;
		}
		loads++;
		if (i % WHOLE == 0)
			use();
		if (module_unload()) {
			diag("unload %d: %s", i, strerror(errno));
			break;
		}
		unloads++;
		if (i == ROUNDS / 10) {
			begin = unreclaimable_kib();
			second_cpu("0");
		}
	}
	second_cpu("1");
	is_int(loads, ROUNDS, "%d loads", ROUNDS);
	is_int(unloads, ROUNDS, "%d unloads", ROUNDS);
	grown = unreclaimable_kib() - begin;
	ok(grown < 4096, "nothing stays behind: %ld KiB more in slabs", grown);
	if (module_load(whole) && errno != EEXIST)
		tap_bail("load: %s", strerror(errno));
	return tap_done();
}
