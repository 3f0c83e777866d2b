// SPDX-License-Identifier: GPL-2.0-only
/* One act for each hook, each on pages of its own of a gmem that is shared throughout. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hv.h"
#include "policy.h"

/* Pages. */
enum { FAULT_AT = 1, IO_AT = 2, CONVERT_AT = 3, INSPECT_AT = 4, DISCARD_AT = 5, BIND_AT = 6 };

#define CREATE_BYTES (3 * PAGE)
#define IO_BYTES     100
#define BIND_SLOT    5

static int result(long ret)
{
	return ret == -1 ? errno : 0;
}

static int try_to_create(struct memory *m)
{
	int fd, err;

	if (*m->cgroup)
		cgroup_enter(m->cgroup);
	fd = try_create(GMEM_CREATE_MMAP | GMEM_CREATE_INSPECT, CREATE_BYTES, "attempt");
	err = result(fd);
	if (*m->cgroup)
		cgroup_enter("");
	if (fd >= 0) {
		m->made = gmem_id(fd);
		close(fd);
	}
	return err;
}

static int try_to_map(struct memory *m)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, PAGE);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, 2 * PAGE);
	return 0;
}

static int try_to_touch(struct memory *m)
{
	char *at = m->map + FAULT_AT * PAGE;
	struct trap t;

	if (madvise(at, PAGE, MADV_DONTNEED))
		tap_bail("madvise: %s", strerror(errno));
	t = trap_store(at, 1);
	if (t.signo && (t.signo != SIGBUS || t.code != BUS_ADRERR || t.addr != at))
		tap_bail("signal %d, code %d, at %p", t.signo, t.code, t.addr);
	return -t.signo;
}

static int try_to_write(struct memory *m)
{
	static const char bytes[IO_BYTES];

	return result(pwrite(m->fd, bytes, IO_BYTES, IO_AT * PAGE + 8));
}

static int try_to_convert(struct memory *m)
{
	int err = result(try_convert(m->fd, CONVERT_AT * PAGE, PAGE, m->to, GMEM_CONTENT_KEEP));

	if (!err)
		m->to = !m->to;
	return err;
}

static int try_to_bind(struct memory *m)
{
	int err = result(try_bind(m->vm, BIND_SLOT, m->fd, BIND_AT * PAGE, 2 * PAGE, MEMORY_GUEST));

	if (!err)
		hv_unbind(m->vm, BIND_SLOT);
	return err;
}

static int try_to_inspect(struct memory *m)
{
	uint64_t word;

	return result(try_inspect(m->fd, GMEM_DIRECTION_READ, INSPECT_AT * PAGE + 16, &word,
				  sizeof(word)));
}

static int try_to_discard(struct memory *m)
{
	return result(fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				DISCARD_AT * PAGE, PAGE));
}

static const struct {
	int (*try)(struct memory *m);
	struct seen asks;
} acts[GMEM_NR_HOOKS] = {
	[GMEM_HOOK_CREATE] = { try_to_create, { .size_bytes = CREATE_BYTES } },
	[GMEM_HOOK_MMAP] = { try_to_map,
			     { .offset_bytes = PAGE,
			       .size_bytes = 2 * PAGE,
			       .act = GMEM_ACT_MMAP,
			       .write = 1 } },
	[GMEM_HOOK_FAULT] = { try_to_touch,
			      { .offset_bytes = FAULT_AT * PAGE,
				.size_bytes = PAGE,
				.kind = GMEM_FAULT_HOST,
				.write = 1 } },
	[GMEM_HOOK_IO] = { try_to_write,
			   { .offset_bytes = IO_AT * PAGE + 8,
			     .size_bytes = IO_BYTES,
			     .act = GMEM_ACT_WRITE,
			     .write = 1 } },
	[GMEM_HOOK_CONVERT] = { try_to_convert,
				{ .offset_bytes = CONVERT_AT * PAGE,
				  .size_bytes = PAGE,
				  .content = GMEM_CONTENT_KEEP } },
	[GMEM_HOOK_BIND] = { try_to_bind,
			     { .offset_bytes = BIND_AT * PAGE,
			       .size_bytes = 2 * PAGE,
			       .slot = BIND_SLOT,
			       .guest_address = MEMORY_GUEST,
			       .consumer = "testhv" } },
	[GMEM_HOOK_INSPECT] = { try_to_inspect,
				{ .offset_bytes = INSPECT_AT * PAGE + 16,
				  .size_bytes = 8,
				  .act = GMEM_ACT_INSPECT_READ } },
	[GMEM_HOOK_DISCARD] = { try_to_discard,
				{ .offset_bytes = DISCARD_AT * PAGE, .size_bytes = PAGE } },
};

void acts_init(void)
{
	trap_init();
	hv_load();
}

struct memory memory_new(const char *name, unsigned int more_flags, const char *cgroup)
{
	struct memory m = {
		.vm = hv_open(),
		.flags = MMAP_IO | GMEM_CREATE_INIT_SHARED | GMEM_CREATE_INSPECT | more_flags,
		.to = GMEM_STATE_PRIVATE,
	};

	snprintf(m.name, sizeof(m.name), "%s", name);
	snprintf(m.cgroup, sizeof(m.cgroup), "%s", cgroup);
	cgroup_enter(cgroup);
	m.fd = gmem_new(m.flags, MEMORY_BYTES, name);
	cgroup_enter("");
	m.id = gmem_id(m.fd);
	if (!(more_flags & GMEM_CREATE_POLICY_REQUIRED))
		memory_map(&m);
	return m;
}

void memory_map(struct memory *m)
{
	m->map = gmem_map(m->fd, MEMORY_BYTES);
}

void memory_drop(struct memory *m)
{
	if (!hv_close(m->vm))
		tap_bail("the VM was told amiss");
	if (m->map)
		munmap(m->map, MEMORY_BYTES);
	close(m->fd);
}

int act_try(struct memory *m, unsigned int hook)
{
	return acts[hook].try(m);
}

int act_refused(unsigned int hook, int err)
{
	return hook == GMEM_HOOK_FAULT ? -SIGBUS : err;
}

struct seen act_asks(unsigned int hook)
{
	struct seen s = acts[hook].asks;

	s.hook = hook;
	return s;
}

bool act_gives(struct memory *m, unsigned int hook, int want)
{
	int got = act_try(m, hook);

	if (got != want)
		diag("  %s gave %d, want %d", hook_names[hook], got, want);
	return got == want;
}
