// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policies are told of each request, field by field, for every way to make it: the
 * memory, who made it, the range as the caller gave it, and what belongs to the hook alone.
 */
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hv.h"
#include "policy.h"

#define CGROUP "policy-request"

static struct policy policy;

static bool same(const char *field, uint64_t got, uint64_t want)
{
	if (got == want)
		return true;
	diag("  %s is %#llx, want %#llx", field, (unsigned long long)got, (unsigned long long)want);
	return false;
}

#define SAME(field) same(#field, got->field, want->field)

/* What the hook is asked, and how often since @calls. */
static bool asked_so(const struct seen *want, uint64_t calls)
{
	const struct seen *got = policy_saw(&policy, want->hook);
	bool good = same("calls", policy_calls(&policy, want->hook) - calls, 1);

	good &= SAME(offset_bytes) & SAME(size_bytes) & SAME(hook) & SAME(act) & SAME(kind) &
		SAME(write) & SAME(to) & SAME(content) & SAME(slot) & SAME(vm) &
		SAME(guest_address);
	if (strcmp(got->consumer, want->consumer)) {
		diag("  consumer is \"%s\", want \"%s\"", got->consumer, want->consumer);
		good = false;
	}
	return good & same("by", got->by >> 32, getpid());
}

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Start time of this process, in clock ticks since the boot. */
static uint64_t start_ticks(void)
{
	char text[1024], *at;
	unsigned long long ticks;

	if (!read_text("/proc/self/stat", text, sizeof(text)))
		tap_bail("/proc/self/stat: %s", strerror(errno));
	at = strrchr(text, ')');
	if (!at || sscanf(at,
			  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			  "%*d %*d %*d %llu",
			  &ticks) != 1)
		tap_bail("/proc/self/stat: \"%s\"", text);
	return ticks;
}

/* The memory and its maker, in the request of a hook. */
static bool memory_told(struct memory *m, unsigned int hook, uint64_t since, uint64_t until)
{
	const struct seen *got = policy_saw(&policy, hook);
	bool creation = hook == GMEM_HOOK_CREATE, good = true;

	good &= same("id", got->id, creation ? m->made : m->id);
	good &= same("memory_bytes", got->memory_bytes, creation ? 3 * PAGE : MEMORY_BYTES);
	good &= same("create_flags", got->create_flags,
		     creation ? GMEM_CREATE_MMAP | GMEM_CREATE_INSPECT : m->flags);
	good &= same("creator_pid", got->creator_pid, getpid());
	good &= same("creator_uid", got->creator_uid, getuid());
	good &= same("creator_cgroup_id", got->creator_cgroup_id, cgroup_id(m->cgroup));
	good &= same("creator_start", got->creator_start_ns / (1000000000 / sysconf(_SC_CLK_TCK)),
		     start_ticks());
	if (strcmp(got->name, creation ? "attempt" : m->name)) {
		diag("  name is \"%s\"", got->name);
		good = false;
	}
	if (!creation && (got->created_ns < since || got->created_ns > until)) {
		diag("  created_ns is %llu", (unsigned long long)got->created_ns);
		good = false;
	}
	return good;
}

static void check_usual(struct memory *m, uint64_t since, uint64_t until)
{
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		struct seen want = act_asks(hook);
		uint64_t calls = policy_calls(&policy, hook);

		if (hook == GMEM_HOOK_CONVERT)
			want.to = m->to;
		if (hook == GMEM_HOOK_BIND)
			want.vm = hv_count(m->vm, 0).vm;
		if (act_try(m, hook))
			tap_bail("%s: %s", hook_names[hook], strerror(errno));
		ok(asked_so(&want, calls), "%s: what is asked for", hook_names[hook]);
		ok(memory_told(m, hook, since, until), "%s: of which memory", hook_names[hook]);
	}
}

static long do_map_to_read(struct memory *m)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m->fd, 3 * PAGE);

	return at == MAP_FAILED ? -1 : munmap(at, PAGE);
}

static long do_load(struct memory *m)
{
	madvise(m->map, MEMORY_BYTES, MADV_DONTNEED);
	errno = -trap_load(m->map + 2 * PAGE + 120).signo;
	return errno ? -1 : 0;
}

static long do_populate(struct memory *m)
{
	madvise(m->map, MEMORY_BYTES, MADV_DONTNEED);
	return madvise(m->map + 6 * PAGE, PAGE, MADV_POPULATE_WRITE);
}

/* By way of another process's mapping: the fault is the reader's. */
static long do_remote(struct memory *m, bool write)
{
	struct iovec there = { m->map + 4 * PAGE + 8, 8 };
	uint64_t word = 0;
	struct iovec here = { &word, sizeof(word) };
	long ret;
	pid_t child = fork();

	if (child < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!child)
		for (;;)
			pause();
	ret = write ? process_vm_writev(child, &here, 1, &there, 1, 0) :
		      process_vm_readv(child, &here, 1, &there, 1, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return ret;
}

static long do_remote_read(struct memory *m)
{
	return do_remote(m, false);
}

static long do_remote_write(struct memory *m)
{
	return do_remote(m, true);
}

static char buffer[2 * PAGE];

static long do_pread(struct memory *m)
{
	return pread(m->fd, buffer, 5000, 77);
}

static long do_read(struct memory *m)
{
	return lseek(m->fd, 33, SEEK_SET) == 33 ? read(m->fd, buffer, 10) : -1;
}

static long do_uring(struct memory *m)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	long res;

	if (io_uring_queue_init(2, &ring, 0))
		tap_bail("io_uring_queue_init: %s", strerror(errno));
	io_uring_prep_read(io_uring_get_sqe(&ring), m->fd, buffer, 300, PAGE + 1);
	io_uring_submit_and_wait(&ring, 1);
	if (io_uring_wait_cqe(&ring, &cqe))
		tap_bail("io_uring_wait_cqe");
	res = cqe->res;
	io_uring_queue_exit(&ring);
	errno = res < 0 ? -res : 0;
	return res < 0 ? -1 : res;
}

static long do_preadv(struct memory *m)
{
	struct iovec v[2] = { { buffer, 100 }, { buffer + PAGE, 200 } };

	return preadv2(m->fd, v, 2, PAGE, 0);
}

static long do_pwritev(struct memory *m)
{
	struct iovec v[2] = { { buffer, 100 }, { buffer + PAGE, 200 } };

	return pwritev2(m->fd, v, 2, PAGE, 0);
}

static long do_inspect_write(struct memory *m)
{
	return try_inspect(m->fd, GMEM_DIRECTION_WRITE, 5 * PAGE - 4, buffer, 8);
}

static long do_hide(struct memory *m)
{
	return try_convert(m->fd, 0, MEMORY_BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO);
}

static long do_share(struct memory *m)
{
	return try_convert(m->fd, 0, MEMORY_BYTES, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP);
}

/* Half of it is shared already. */
static long do_share_again(struct memory *m)
{
	return try_convert(m->fd, PAGE, 2 * PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
}

static long do_guest_convert(struct memory *m)
{
	int ret;

	hv_bind(m->vm, 1, m->fd, 2 * PAGE, 4 * PAGE, MEMORY_GUEST);
	ret = guest_convert(m->vm, MEMORY_GUEST + PAGE, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP,
			    NULL);
	hv_unbind(m->vm, 1);
	return ret;
}

static long do_discard_all(struct memory *m)
{
	return fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, MEMORY_BYTES);
}

static const struct {
	const char *what;
	long (*act)(struct memory *m);
	int refused; /* errno of the call, or a signal, where the policy refuses with EDQUOT */
	struct seen asks;
} others[] = {
	{ "a load",
	  do_load,
	  -SIGBUS,
	  { .hook = GMEM_HOOK_FAULT,
	    .offset_bytes = 2 * PAGE,
	    .size_bytes = PAGE,
	    .kind = GMEM_FAULT_HOST } },
	{ "MADV_POPULATE_WRITE",
	  do_populate,
	  EFAULT,
	  { .hook = GMEM_HOOK_FAULT,
	    .offset_bytes = 6 * PAGE,
	    .size_bytes = PAGE,
	    .kind = GMEM_FAULT_HOST,
	    .write = 1 } },
	{ "process_vm_readv",
	  do_remote_read,
	  EFAULT,
	  { .hook = GMEM_HOOK_FAULT,
	    .offset_bytes = 4 * PAGE,
	    .size_bytes = PAGE,
	    .kind = GMEM_FAULT_REMOTE } },
	{ "process_vm_writev",
	  do_remote_write,
	  EFAULT,
	  { .hook = GMEM_HOOK_FAULT,
	    .offset_bytes = 4 * PAGE,
	    .size_bytes = PAGE,
	    .kind = GMEM_FAULT_REMOTE,
	    .write = 1 } },
	{ "pread over two pages",
	  do_pread,
	  EDQUOT,
	  { .hook = GMEM_HOOK_IO, .offset_bytes = 77, .size_bytes = 5000, .act = GMEM_ACT_READ } },
	{ "read",
	  do_read,
	  EDQUOT,
	  { .hook = GMEM_HOOK_IO, .offset_bytes = 33, .size_bytes = 10, .act = GMEM_ACT_READ } },
	{ "io_uring read",
	  do_uring,
	  EDQUOT,
	  { .hook = GMEM_HOOK_IO,
	    .offset_bytes = PAGE + 1,
	    .size_bytes = 300,
	    .act = GMEM_ACT_READ } },
	{ "preadv",
	  do_preadv,
	  EDQUOT,
	  { .hook = GMEM_HOOK_IO, .offset_bytes = PAGE, .size_bytes = 300, .act = GMEM_ACT_READ } },
	{ "pwritev",
	  do_pwritev,
	  EDQUOT,
	  { .hook = GMEM_HOOK_IO,
	    .offset_bytes = PAGE,
	    .size_bytes = 300,
	    .act = GMEM_ACT_WRITE,
	    .write = 1 } },
	{ "inspecting to write",
	  do_inspect_write,
	  EDQUOT,
	  { .hook = GMEM_HOOK_INSPECT,
	    .offset_bytes = 5 * PAGE - 4,
	    .size_bytes = 8,
	    .act = GMEM_ACT_INSPECT_WRITE,
	    .write = 1 } },
	{ "hiding all",
	  do_hide,
	  EDQUOT,
	  { .hook = GMEM_HOOK_CONVERT,
	    .size_bytes = MEMORY_BYTES,
	    .to = GMEM_STATE_PRIVATE,
	    .content = GMEM_CONTENT_ZERO } },
	{ "sharing all",
	  do_share,
	  EDQUOT,
	  { .hook = GMEM_HOOK_CONVERT,
	    .size_bytes = MEMORY_BYTES,
	    .to = GMEM_STATE_SHARED,
	    .content = GMEM_CONTENT_KEEP } },
	{ "sharing what is shared",
	  do_share_again,
	  EDQUOT,
	  { .hook = GMEM_HOOK_CONVERT,
	    .offset_bytes = PAGE,
	    .size_bytes = 2 * PAGE,
	    .to = GMEM_STATE_SHARED,
	    .content = GMEM_CONTENT_ZERO } },
	{ "a guest's conversion",
	  do_guest_convert,
	  EDQUOT,
	  { .hook = GMEM_HOOK_CONVERT,
	    .offset_bytes = 3 * PAGE,
	    .size_bytes = PAGE,
	    .to = GMEM_STATE_PRIVATE,
	    .content = GMEM_CONTENT_KEEP } },
	{ "discarding all",
	  do_discard_all,
	  EDQUOT,
	  { .hook = GMEM_HOOK_DISCARD, .size_bytes = MEMORY_BYTES } },
};

static void check_others(struct memory *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		unsigned int hook = others[i].asks.hook;
		uint64_t calls = policy_calls(&policy, hook);

		errno = 0;
		if (others[i].act(m) < 0)
			tap_bail("%s: %s", others[i].what, strerror(errno));
		ok(asked_so(&others[i].asks, calls), "%s: what is asked for", others[i].what);
		policy_says(&policy, hook, -EDQUOT);
		errno = 0;
		ok(others[i].act(m) < 0 && errno == others[i].refused, "%s: refused",
		   others[i].what);
		policy_says(&policy, hook, 0);
	}
}

/* A mapping that was asked for does not become one of other pages. */
static void check_mremap(struct memory *m)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m->fd, 0), *grown;
	uint64_t calls = policy_calls(&policy, GMEM_HOOK_MMAP);

	if (at == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	grown = mremap(at, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	ok(grown == MAP_FAILED || policy_calls(&policy, GMEM_HOOK_MMAP) > calls,
	   "a mapping of one page does not grow over others without a question");
	if (grown == MAP_FAILED)
		munmap(at, PAGE);
	else
		munmap(grown, 4 * PAGE);
}

/* Nobody is asked any more, so there is nobody to go round. */
static void check_mremap_again(struct memory *m)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m->fd, 0), *grown;

	if (at == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	grown = mremap(at, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
	ok(grown != MAP_FAILED, "after the policy went, mappings grow as ever");
	munmap(grown != MAP_FAILED ? grown : at, grown != MAP_FAILED ? 4 * PAGE : PAGE);
}

/* What a mapping may not be at first, it may not become behind the policy's back. */
static void check_mprotect(struct memory *m)
{
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, m->fd, 0);
	uint64_t calls = policy_calls(&policy, GMEM_HOOK_MMAP);
	bool may_write = policy_saw(&policy, GMEM_HOOK_MMAP)->write;

	if (at == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	ok(may_write || mprotect(at, PAGE, PROT_READ | PROT_WRITE) ||
		   policy_calls(&policy, GMEM_HOOK_MMAP) > calls,
	   "a mapping that was not asked for writing is not made writable");
	munmap(at, PAGE);
	policy_says(&policy, GMEM_HOOK_MMAP, -EDQUOT);
	is_errno(do_map_to_read(m), EDQUOT, "a mapping to read only: refused");
	policy_says(&policy, GMEM_HOOK_MMAP, 0);
}

/* Contents from the start, and what the module itself refuses: that is never put to policies. */
static void check_private(void)
{
	int fd = gmem_new(MMAP_IO | GMEM_CREATE_POPULATE, 4 * PAGE, "private");
	char *map = gmem_map(fd, 4 * PAGE);
	struct seen want = { .hook = GMEM_HOOK_IO,
			     .offset_bytes = PAGE,
			     .size_bytes = PAGE,
			     .act = GMEM_ACT_POPULATE,
			     .write = 1 };
	uint64_t calls = policy_calls(&policy, GMEM_HOOK_IO), all;

	ok(pwrite(fd, buffer, PAGE, PAGE) == (ssize_t)PAGE && asked_so(&want, calls),
	   "initial contents: what is asked for");
	policy_says(&policy, GMEM_HOOK_IO, -EDQUOT);
	is_errno(pwrite(fd, buffer, PAGE, PAGE), EDQUOT, "initial contents: refused");
	policy_says_always(&policy, -EDQUOT);
	all = policy_all_calls(&policy);
	ok(trap_load(map).signo == SIGBUS, "a private page: SIGBUS");
	is_errno(try_convert(fd, 1, PAGE, GMEM_STATE_SHARED, 0), EINVAL,
		 "a malformed range: EINVAL");
	is_errno(try_inspect(fd, GMEM_DIRECTION_READ, 0, buffer, 8), EACCES,
		 "not made to be inspected: EACCES");
	is_errno(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, PAGE), EINVAL,
		 "an unaligned hole: EINVAL");
	is_errno((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL,
		 "a private mapping: EINVAL");
	is_errno(try_create(1U << 31, PAGE, ""), EOPNOTSUPP, "an unknown flag: EOPNOTSUPP");
	is_int(policy_all_calls(&policy) - all, 0, "no policy was asked about any of these");
	policy_says_always(&policy, 0);
	munmap(map, 4 * PAGE);
	close(fd);
}

int main(void)
{
	uint64_t since;
	struct memory m;

	tap_plan(2 * GMEM_NR_HOOKS + 2 * ARRAY_SIZE(others) + 2 + 1 + 9 + 1);
	acts_init();
	cgroup_new(CGROUP);
	since = boot_ns();
	m = memory_new("asked about", 0, CGROUP);
	policy = policy_new((struct policy_is){ .name = "request" });
	check_usual(&m, since, boot_ns());
	check_mprotect(&m);
	check_mremap(&m);
	check_others(&m);
	check_private();
	policy_drop(&policy);
	check_mremap_again(&m);
	memory_drop(&m);
	cgroup_drop(CGROUP);
	return tap_done();
}
