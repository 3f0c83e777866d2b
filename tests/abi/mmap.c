// SPDX-License-Identifier: GPL-2.0-only
/* mmap(2) of a gmem: which mappings there may be, what they are like, each refused one. */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gmem_test.h"

#define PAGES 4
#define BYTES (PAGES * PAGE)
#define RW    (PROT_READ | PROT_WRITE)

static struct tracer tracer;

static const struct {
	const char *what;
	bool without; /* of a gmem without GMEM_CREATE_MMAP */
	int prot, flags;
	off_t offset;
	int err;
	const char *event; /* NULL: the kernel refuses before it asks gmem */
} refused[] = {
	{ "without the flag", true, RW, MAP_SHARED, 0, ENODEV, "err=-19" },
	{ "without the flag, PROT_NONE", true, PROT_NONE, MAP_SHARED, 0, ENODEV, "err=-19" },
	{ "MAP_PRIVATE", false, RW, MAP_PRIVATE, 0, EINVAL, "err=-22" },
	{ "MAP_PRIVATE to read", false, PROT_READ, MAP_PRIVATE, 0, EINVAL, "err=-22" },
	{ "neither shared nor private", false, RW, 0, 0, EINVAL, NULL },
	{ "offset unaligned", false, RW, MAP_SHARED, 1, EINVAL, NULL },
	{ "MAP_SYNC", false, RW, MAP_SHARED_VALIDATE | MAP_SYNC, 0, EOPNOTSUPP, NULL },
	{ "MAP_HUGETLB", false, RW, MAP_SHARED | MAP_HUGETLB, 0, EINVAL, NULL },
};

static void check_refused(void)
{
	int with = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "with");
	int without = gmem_new(GMEM_CREATE_IO | GMEM_CREATE_INIT_SHARED, BYTES, "without");

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int fd = refused[i].without ? without : with;
		struct snap before = snap_take(fd);
		char want[96] = "";

		if (refused[i].event)
			snprintf(want, sizeof(want), "gmem_access act=mmap done_bytes=0 %s",
				 refused[i].event);
		before.stats.denied_flags += !!refused[i].event;
		tracer_clear(&tracer);
		is_errno(mmap(NULL, BYTES, refused[i].prot, refused[i].flags, fd,
			      refused[i].offset),
			 refused[i].err, "refused: %s", refused[i].what);
		ok(tracer_saw(&tracer, gmem_id(fd), (const char *[]){ *want ? want : NULL, NULL }),
		   "event: %s", refused[i].what);
		ok(snap_same(fd, &before, 0), "nothing changed: %s", refused[i].what);
	}
	close(with);
	close(without);
}

/* Memory of a gmem is data: it cannot be made executable, now or later. */
static void check_exec(int fd)
{
	char *map = gmem_map(fd, BYTES);
	struct snap before = snap_take(fd);

	is_errno(mmap(NULL, BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0), EPERM, "PROT_EXEC");
	is_errno(mprotect(map, BYTES, PROT_READ | PROT_EXEC), EACCES, "mprotect with PROT_EXEC");
	ok(snap_same(fd, &before, 0), "nothing changed");
	munmap(map, BYTES);
}

/* The line VmFlags of the mapping in smaps. */
static bool vm_flag(const void *map, const char *flag)
{
	char line[512], start[32], want[8];
	bool here = false, found = false;
	FILE *f = fopen("/proc/self/smaps", "re");

	if (!f)
		tap_bail("smaps: %s", strerror(errno));
	snprintf(start, sizeof(start), "%lx-", (unsigned long)map);
	snprintf(want, sizeof(want), " %s ", flag);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, start, strlen(start)))
			here = true;
		if (here && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, want);
			break;
		}
	}
	fclose(f);
	if (!here)
		tap_bail("the mapping is not in smaps");
	return found;
}

static void check_mappings(int fd)
{
	uint64_t id = gmem_id(fd);
	char *a, *b, *ro, *longer;

	tracer_clear(&tracer);
	a = gmem_map(fd, BYTES);
	ok(tracer_saw(&tracer, id,
		      (const char *[]){
			      "gmem_access offset_bytes=0 size_bytes=16384 act=mmap err=0", NULL }),
	   "one event");
	tracer_clear(&tracer);
	b = mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 2 * PAGE);
	ok(b != MAP_FAILED, "MAP_SHARED_VALIDATE of a part");
	ok(tracer_saw(
		   &tracer, id,
		   (const char *[]){ "gmem_access offset_bytes=8192 size_bytes=4096 act=mmap err=0",
				     NULL }),
	   "its event tells which");
	trap_store(a + 2 * PAGE, 0x1234);
	is_int(trap_load(b).value, 0x1234, "two mappings show the same memory");

	ro = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	is_int(trap_load(ro + 2 * PAGE).value, 0x1234, "a read-only mapping too");
	is_int(trap_store(ro, 1).signo, SIGSEGV, "and refuses a store");

	longer = mmap(NULL, BYTES + 2 * PAGE, RW, MAP_SHARED, fd, 0);
	ok(longer != MAP_FAILED, "a mapping may be longer than the memory");
	tracer_clear(&tracer);
	struct trap t = trap_load(longer + BYTES + PAGE);

	ok(t.signo == SIGBUS && t.code == BUS_ADRERR && t.addr == longer + BYTES + PAGE,
	   "a touch past the end is SIGBUS, BUS_ADRERR");
	t = trap_store(longer + BYTES, 1);
	ok(t.signo == SIGBUS && t.code == BUS_ADRERR, "a store too");
	ok(tracer_saw(
		   &tracer, id,
		   (const char *[]){
			   "gmem_fault offset_bytes=20480 size_bytes=0 kind=host err=-22 write=0",
			   "gmem_fault offset_bytes=16384 size_bytes=0 kind=host err=-22 write=1",
			   NULL }),
	   "each is an event");

	ok(vm_flag(a, "dd"), "left out of core dumps");
	is_success(madvise(a, BYTES, MADV_DODUMP), "MADV_DODUMP");
	ok(!vm_flag(a, "dd"), "opts in");
	munmap(a, BYTES);
	munmap(b, PAGE);
	munmap(ro, BYTES);
	munmap(longer, BYTES + 2 * PAGE);
}

/* The fd may go: the mapping holds the memory. */
static void check_lifetime(void)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "lifetime");
	uint64_t id = gmem_id(fd);
	char *map = gmem_map(fd, BYTES);

	tracer_clear(&tracer);
	close(fd);
	is_int(trap_store(map, 5).signo, 0, "usable after close");
	is_int(tracer_count(&tracer, id, "gmem_release"), 0, "not released");
	munmap(map, BYTES);
	is_int(tracer_count(&tracer, id,
			    "gmem_release resident_shared_bytes=4096 resident_private_bytes=0"),
	       1, "released with the mapping");
	is_int(tracer_count(&tracer, id, "gmem_free resident_bytes=4096 cause=release"), 1,
	       "and its memory freed");
}

int main(void)
{
	int fd;

	tap_plan(3 * ARRAY_SIZE(refused) + 3 + 13 + 4);
	trap_init();
	tracer_open(&tracer);
	check_refused();
	fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, BYTES, "mmap");
	check_exec(fd);
	check_mappings(fd);
	check_lifetime();
	tracer_close(&tracer);
	return tap_done();
}
