// SPDX-License-Identifier: GPL-2.0-only
/* Private memory by touching a mapping: whichever, however made, in whichever process. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vector.h"

#define RW (PROT_READ | PROT_WRITE)

/* A load of page 1 at @at: keeps what came, and the signal. */
static long load(struct target *t, const char *at)
{
	t->trap = trap_load(at + 64);
	memcpy(t->out, &t->trap.value, sizeof(t->trap.value));
	return 0;
}

static long attack_load(struct target *t)
{
	return load(t, t->secret);
}

static long attack_store(struct target *t)
{
	t->trap = trap_store(t->secret, 0x5555);
	return 0;
}

static long attack_load_last(struct target *t)
{
	t->trap = trap_load(t->secret + PAGE - 8);
	memcpy(t->out, &t->trap.value, sizeof(t->trap.value));
	return 0;
}

static long attack_touch_twice(struct target *t)
{
	load(t, t->secret);
	t->trap = trap_store(t->secret + 128, 1);
	return 0;
}

/* A mapping made after the conversion. */
static long attack_new_mapping(struct target *t)
{
	char *map = gmem_map(t->fd, VECTOR_BYTES);

	load(t, map + VECTOR_AT);
	munmap(map, VECTOR_BYTES);
	return 0;
}

static long attack_new_mapping_store(struct target *t)
{
	char *map = gmem_map(t->fd, VECTOR_BYTES);

	t->trap = trap_store(map + VECTOR_AT, 1);
	munmap(map, VECTOR_BYTES);
	return 0;
}

/* Fault-around and MAP_POPULATE may map neighbours of a private page, never the page. */
static long attack_populated_mapping(struct target *t)
{
	char *map = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_POPULATE, t->fd, VECTOR_AT);

	if (map == MAP_FAILED)
		return -1;
	load(t, map);
	munmap(map, PAGE);
	return 0;
}

static long attack_mprotect(struct target *t)
{
	if (mprotect(t->secret, PAGE, PROT_NONE) || mprotect(t->secret, PAGE, RW))
		return -1;
	return load(t, t->secret);
}

static void *thread_load(void *arg)
{
	load(arg, ((struct target *)arg)->secret);
	return NULL;
}

static long attack_thread(struct target *t)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_load, t))
		tap_bail("pthread_create");
	pthread_join(thread, NULL);
	return 0;
}

/* The child's verdict: the signal's number, and its code beside it. */
static int child_load(void *arg)
{
	struct target *t = arg;

	load(t, t->secret);
	return t->trap.signo << 4 | t->trap.code;
}

static long attack_fork(struct target *t)
{
	int status;

	/* What the child loads is to be seen here. */
	if (mmap(t->out, VECTOR_BYTES, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != t->out)
		tap_bail("mmap: %s", strerror(errno));
	status = in_child(child_load, t);
	t->trap.signo = WEXITSTATUS(status) >> 4;
	t->trap.code = WEXITSTATUS(status) & 15;
	return 0;
}

static int child_dies(void *arg)
{
	struct target *t = arg;

	signal(SIGBUS, SIG_DFL);
	return *(volatile char *)t->secret;
}

/* Without a handler the touch ends the process. */
static long attack_default_action(struct target *t)
{
	int status = in_child(child_dies, t);

	t->trap.signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	t->trap.code = BUS_ADRERR;
	return 0;
}

static long attack_mremap_moved(struct target *t)
{
	char *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved = mremap(t->secret, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (moved == MAP_FAILED)
		return -1;
	load(t, moved);
	munmap(moved, PAGE);
	return 0;
}

/* A mapping of page 0 grown over page 1. */
static long attack_mremap_grown(struct target *t)
{
	char *map = gmem_map(t->fd, PAGE);
	char *grown = mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE);

	if (grown == MAP_FAILED)
		return -1;
	load(t, grown + PAGE);
	munmap(grown, 2 * PAGE);
	return 0;
}

/* An old length of 0 makes a second mapping of shared memory. */
static long attack_mremap_doubled(struct target *t)
{
	char *doubled = mremap(t->secret, 0, PAGE, MREMAP_MAYMOVE);

	if (doubled == MAP_FAILED)
		return -1;
	load(t, doubled);
	munmap(doubled, PAGE);
	return 0;
}

static long attack_remap_file_pages(struct target *t)
{
	/* Page 1 in the place of page 0: to the kernel a new mapping, which it also populates. */
	if (syscall(SYS_remap_file_pages, t->map, PAGE, 0, 1, 0))
		return -1;
	return load(t, t->map);
}

static long attack_mergeable(struct target *t)
{
	/* The kernel takes shared mappings as not mergeable, and says 0 to it. */
	if (madvise(t->map, VECTOR_BYTES, MADV_MERGEABLE))
		return -1;
	return load(t, t->secret);
}

static int uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		tap_bail("userfaultfd: %s", strerror(errno));
	return fd;
}

/* Registration in @mode must be refused, by the kernel: it knows anonymous memory, shmem, hugetlb. */
static long uffd(struct target *t, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)t->map, VECTOR_BYTES },
		.mode = mode,
	};
	int fd = uffd_open(), ret = ioctl(fd, UFFDIO_REGISTER, &reg), err = errno;

	close(fd);
	if (ret != -1 || err != EINVAL)
		tap_bail("UFFDIO_REGISTER gave %d, errno %d", ret, err);
	return load(t, t->secret);
}

static long attack_uffd_missing(struct target *t)
{
	return uffd(t, UFFDIO_REGISTER_MODE_MISSING);
}

static long attack_uffd_minor(struct target *t)
{
	return uffd(t, UFFDIO_REGISTER_MODE_MINOR);
}

static long attack_uffd_wp(struct target *t)
{
	return uffd(t, UFFDIO_REGISTER_MODE_WP);
}

static const struct vector vectors[] = {
	{ "load", attack_load, VECTOR_SIGBUS, .events = { FAULT_HOST_READ } },
	{ "load of the last word", attack_load_last, VECTOR_SIGBUS, .events = { FAULT_HOST_READ } },
	{ "store", attack_store, VECTOR_SIGBUS, .events = { FAULT_HOST_WRITE } },
	{ "load and store", attack_touch_twice, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ, FAULT_HOST_WRITE } },
	{ "load, mapped after the conversion", attack_new_mapping, VECTOR_SIGBUS,
	  .events = { MAPPED_OK, FAULT_HOST_READ } },
	{ "store, mapped after the conversion", attack_new_mapping_store, VECTOR_SIGBUS,
	  .events = { MAPPED_OK, FAULT_HOST_WRITE } },
	{ "load, after MAP_POPULATE", attack_populated_mapping, VECTOR_SIGBUS,
	  .events = { MAPPED_OK, FAULT_HOST_READ, FAULT_HOST_READ } },
	{ "load, after mprotect", attack_mprotect, VECTOR_SIGBUS, .events = { FAULT_HOST_READ } },
	{ "load in a thread", attack_thread, VECTOR_SIGBUS, .events = { FAULT_HOST_READ } },
	{ "load in a forked child", attack_fork, VECTOR_SIGBUS, .events = { FAULT_HOST_READ } },
	{ "load without a handler", attack_default_action, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, mapping moved by mremap", attack_mremap_moved, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, mapping grown by mremap", attack_mremap_grown, VECTOR_SIGBUS,
	  .events = { MAPPED_OK, FAULT_HOST_READ } },
	{ "load, mapping doubled by mremap", attack_mremap_doubled, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, after remap_file_pages", attack_remap_file_pages, VECTOR_SIGBUS,
	  .events = { MAPPED_OK, FAULT_HOST_READ, FAULT_HOST_READ } },
	{ "load, after MADV_MERGEABLE", attack_mergeable, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, userfaultfd missing refused", attack_uffd_missing, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, userfaultfd minor refused", attack_uffd_minor, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "load, userfaultfd write-protect refused", attack_uffd_wp, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
};

/* Whether the page is in the page table: what no signal handler can gloss over. */
static bool present(const char *at)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	if (pagemap < 0 || pread(pagemap, &entry, 8, (uintptr_t)at / PAGE * 8) != 8)
		tap_bail("pagemap: %s", strerror(errno));
	close(pagemap);
	return entry >> 63;
}

/* A read fault maps what is resident around it: a private page among shared ones is left out. */
static void check_fault_around(void)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, 16 * PAGE, "around");
	char *map = gmem_map(fd, 16 * PAGE);
	bool hidden = true, served = true;
	struct trap t;

	secret_fill(map, 16 * PAGE, 3);
	for (int page = 1; page < 16; page += 4)
		gmem_hide(fd, page * PAGE, 2 * PAGE, GMEM_CONTENT_KEEP);
	munmap(map, 16 * PAGE);
	map = gmem_map(fd, 16 * PAGE);
	for (int page = 0; page < 16; page++) {
		bool is_private = page % 4 == 1 || page % 4 == 2;

		t = trap_load(map + page * PAGE);
		served = served && (t.signo == SIGBUS) == is_private;
		for (int other = 0; other < 16; other++)
			hidden = hidden && !((other % 4 == 1 || other % 4 == 2) &&
					     present(map + other * PAGE));
	}
	ok(served, "loads of all pages: the shared ones are served, the private ones refused");
	ok(hidden, "no private page was ever in the page table");
	ok(present(map) && present(map + 3 * PAGE), "shared ones are");
	gmem_hide(fd, 0, 16 * PAGE, GMEM_CONTENT_KEEP);
	hidden = true;
	for (int page = 0; page < 16; page++)
		hidden = hidden && !present(map + page * PAGE);
	ok(hidden, "and none after all became private");
	munmap(map, 16 * PAGE);
	close(fd);
}

int main(void)
{
	tap_plan(VECTOR_CHECKS * ARRAY_SIZE(vectors) + 4);
	vectors_run(vectors, ARRAY_SIZE(vectors));
	check_fault_around();
	return tap_done();
}
