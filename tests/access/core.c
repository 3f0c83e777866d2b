// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core dump of a process that maps a gmem: left out by default, even where the process
 * asks for every kind of mapping; after MADV_DODUMP, private pages are holes in it.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gmem_test.h"

/* Page 1 is private and holds the secret, page 2 is shared and holds what may be seen. */
#define PAGES  4
#define BYTES  (PAGES * PAGE)
#define SECRET 61
#define OPEN   62

#define PATTERN "/proc/sys/kernel/core_pattern"
#define CORES	"/tmp/gmem-core"

static struct tracer tracer;
static char *map;

static int die(void *arg)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	bool *dump = arg;

	if (*dump && madvise(map, BYTES, MADV_DODUMP))
		return 1;
	setrlimit(RLIMIT_CORE, &all);
	/* Anonymous and file, private and shared, and all others. */
	write_text("/proc/self/coredump_filter", "0x1ff");
	signal(SIGABRT, SIG_DFL);
	abort();
}

struct core {
	char *data;
	size_t bytes;
	const Elf64_Phdr *segment; /* of the mapping */
};

static struct core core_read(const char *path)
{
	struct core c = {};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const Elf64_Ehdr *head;
	const Elf64_Phdr *segments;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(*head))
		tap_bail("%s: %s", path, strerror(errno));
	c.bytes = st.st_size;
	c.data = mmap(NULL, c.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (c.data == MAP_FAILED)
		tap_bail("mmap of the core: %s", strerror(errno));
	close(fd);
	head = (void *)c.data;
	segments = (void *)(c.data + head->e_phoff);
	for (int i = 0; i < head->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr == (uintptr_t)map)
			c.segment = &segments[i];
	return c;
}

static struct core core_of(bool dump, char *path, size_t size)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(die(&dump));
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && WCOREDUMP(status),
	   "the process dumped core");
	snprintf(path, size, CORES ".%d", pid);
	return core_read(path);
}

/* Words of the secret that follow each other: one may lie on the stack of who wrote it. */
static bool holds_secret(const struct core *c)
{
	for (size_t at = 0; at + 64 <= c->bytes; at += 64)
		if (secret_words_in(c->data + at, 64, SECRET) > 1)
			return true;
	return false;
}

static void check_default(uint64_t id)
{
	char path[64];
	struct core c;

	tracer_clear(&tracer);
	c = core_of(false, path, sizeof(path));
	ok(c.segment && c.segment->p_filesz == 0 && c.segment->p_memsz == BYTES,
	   "the mapping is listed, and none of it dumped");
	ok(!holds_secret(&c), "the secret is nowhere in the core");
	is_int(secret_words_in(c.data, c.bytes, OPEN) > 8, 0, "nor is shared memory");
	ok(tracer_saw(&tracer, id, (const char *[]){ NULL }), "nobody asked for it");
	munmap(c.data, c.bytes);
	unlink(path);
}

static void check_opted_in(uint64_t id)
{
	char path[64];
	const char *dumped;
	struct core c;

	tracer_clear(&tracer);
	c = core_of(true, path, sizeof(path));
	ok(c.segment && c.segment->p_filesz == BYTES, "after MADV_DODUMP the mapping is dumped");
	dumped = c.segment ? c.data + c.segment->p_offset : c.data;
	ok(secret_intact(dumped + 2 * PAGE, PAGE, OPEN), "its shared page is there");
	ok(all_zero(dumped + PAGE, PAGE), "its private page is a hole");
	ok(!holds_secret(&c), "the secret is nowhere in the core");
	is_int(tracer_count(&tracer, id, "gmem_fault offset_bytes=4096 state=private err=-13"), 1,
	       "one refused fault");
	is_int(tracer_count(&tracer, id, "err=-13"), 3, "and one for each other private page");
	munmap(c.data, c.bytes);
	unlink(path);
}

int main(void)
{
	char old[256];
	uint64_t id;
	int fd;

	tap_plan(5 + 7 + 1);
	tracer_open(&tracer);
	fd = gmem_new(MMAP_IO, BYTES, "core");
	id = gmem_id(fd);
	map = gmem_map(fd, BYTES);
	gmem_share(fd, PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	secret_fill(map + PAGE, PAGE, SECRET);
	secret_fill(map + 2 * PAGE, PAGE, OPEN);
	gmem_hide(fd, PAGE, PAGE, GMEM_CONTENT_KEEP);

	prctl(PR_SET_DUMPABLE, 1);
	if (!read_text(PATTERN, old, sizeof(old)))
		tap_bail("%s: %s", PATTERN, strerror(errno));
	write_text(PATTERN, CORES ".%p");
	check_default(id);
	check_opted_in(id);
	write_text(PATTERN, old);

	gmem_share(fd, PAGE, PAGE, GMEM_CONTENT_KEEP);
	ok(secret_intact(map + PAGE, PAGE, SECRET), "memory is as it was");
	tracer_close(&tracer);
	return tap_done();
}
