// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes every allocation and every user copy that a call of the ABI reaches fail in turn: the call gives an errno
 * that its contract knows, state and counters are as before, and the same call succeeds afterwards. kmemleak and
 * the module's references, which the runner looks at, tell whether anything was left behind. One row a call.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "hv.h"
#include "inject.h"

#define PAGES	   16
#define BYTES	   (PAGES * PAGE)
#define MAX_FAULTS 500
#define ALL_FLAGS  (MMAP_IO | GMEM_CREATE_POPULATE | GMEM_CREATE_INSPECT)

/* One gmem and what a row does to it; made anew for each fault. */
struct subject {
	int fd;
	char *map;
	char *buffer;
	int vm; /* that has it bound, or may bind it; 0 for none */
};

struct row {
	const char *name;
	unsigned int flags;
	void (*prepare)(struct subject *s);
	long (*call)(struct subject *s);
	unsigned int may; /* enum snap_may: counters that a failure raises */
	bool partial;	  /* may stop short, keeping what was done */
	int errnos[4];	  /* that a failure may give */
};

static void mixed(struct subject *s)
{
	/* Shared, private, shared, private..., every second page resident. */
	for (int i = 0; i < PAGES; i += 4)
		gmem_share(s->fd, i * PAGE, 2 * PAGE, GMEM_CONTENT_ZERO);
	for (int i = 0; i < PAGES; i += 4)
		s->map[i * PAGE] = 1;
}

static void nothing(struct subject *s)
{
	(void)s;
}

static void shared(struct subject *s)
{
	gmem_share(s->fd, 0, BYTES, GMEM_CONTENT_ZERO);
}

static void resident(struct subject *s)
{
	shared(s);
	memset(s->map, 1, BYTES);
}

static void populated(struct subject *s)
{
	memset(s->buffer, 5, BYTES);
	if (pwrite(s->fd, s->buffer, BYTES, 0) != BYTES)
		tap_bail("populate: %s", strerror(errno));
}

static void with_vm(struct subject *s)
{
	s->vm = hv_open();
}

static void bound(struct subject *s)
{
	with_vm(s);
	hv_bind(s->vm, 0, s->fd, 0, BYTES, 0);
}

static void bound_resident(struct subject *s)
{
	resident(s);
	bound(s);
	if (guest_read(s->vm, 0, s->buffer, BYTES))
		tap_bail("guest: %s", strerror(errno));
}

static long get_info(struct subject *s)
{
	struct gmem_info info = { .size = sizeof(info) };

	(void)s;
	return ioctl(gmem_dev(), GMEM_GET_INFO, &info);
}

static long get_stats(struct subject *s)
{
	struct gmem_stats stats = { .size = sizeof(stats) };

	return ioctl(s->fd, GMEM_GET_STATS, &stats);
}

static long query(struct subject *s)
{
	struct gmem_range ranges[PAGES];
	struct gmem_query_ranges q = {
		.size = sizeof(q),
		.bytes = BYTES,
		.ranges = (uintptr_t)ranges,
		.count = PAGES,
	};

	return ioctl(s->fd, GMEM_QUERY_RANGES, &q);
}

static long share_all(struct subject *s)
{
	return try_convert(s->fd, 0, BYTES, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP);
}

static long share_middle(struct subject *s)
{
	return try_convert(s->fd, 5 * PAGE, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO);
}

static long hide_all(struct subject *s)
{
	return try_convert(s->fd, 0, BYTES, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO);
}

static long hide_middle(struct subject *s)
{
	return try_convert(s->fd, 5 * PAGE, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP);
}

static long allocate(struct subject *s)
{
	return fallocate(s->fd, 0, 0, BYTES);
}

static long punch(struct subject *s)
{
	return fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 9 * PAGE);
}

static long write_all(struct subject *s)
{
	memset(s->buffer, 7, BYTES);
	return pwrite(s->fd, s->buffer, BYTES, 0);
}

static long write_one(struct subject *s)
{
	return pwrite(s->fd, s->buffer, 100, PAGE + 17);
}

static long write_vector(struct subject *s)
{
	struct iovec v[3] = { { s->buffer, 100 }, { s->buffer + 500, PAGE }, { s->buffer, 9 } };

	return pwritev(s->fd, v, 3, 50);
}

static long read_all(struct subject *s)
{
	return pread(s->fd, s->buffer, BYTES, 0);
}

static long read_one(struct subject *s)
{
	return pread(s->fd, s->buffer, 100, PAGE + 17);
}

static long inspect_read(struct subject *s)
{
	return try_inspect(s->fd, GMEM_DIRECTION_READ, 3, s->buffer, BYTES - 3);
}

static long inspect_write(struct subject *s)
{
	return try_inspect(s->fd, GMEM_DIRECTION_WRITE, 3, s->buffer, 90);
}

static long touch_write(struct subject *s)
{
	return madvise(s->map, BYTES, MADV_POPULATE_WRITE);
}

static long touch_read(struct subject *s)
{
	return madvise(s->map, BYTES, MADV_POPULATE_READ);
}

/* A fault that finds no memory is tried again: the store succeeds at last. */
static long store(struct subject *s)
{
	*(volatile char *)(s->map + 3 * PAGE) = 3;
	return 0;
}

static long map_again(struct subject *s)
{
	char *map = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, s->fd, 0);

	return map == MAP_FAILED ? -1 : munmap(map, BYTES);
}

static long bind_all(struct subject *s)
{
	return try_bind(s->vm, 0, s->fd, 0, BYTES, 0);
}

static long guest_touch(struct subject *s)
{
	return guest_write(s->vm, 0, s->buffer, 3 * PAGE);
}

static long guest_share(struct subject *s)
{
	return guest_convert(s->vm, 5 * PAGE, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_KEEP, NULL);
}

static long guest_hide(struct subject *s)
{
	return guest_convert(s->vm, 5 * PAGE, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_KEEP, NULL);
}

static long guest_fill(struct subject *s)
{
	return try_hv_populate(s->vm, PAGE, s->buffer, 0);
}

static const struct row rows[] = {
	{ "GMEM_GET_INFO", 0, nothing, get_info, 0, false, { EFAULT } },
	{ "GMEM_GET_STATS", 0, nothing, get_stats, 0, false, { EFAULT } },
	{ "GMEM_QUERY_RANGES", MMAP_IO, mixed, query, 0, false, { EFAULT, ENOMEM } },
	{ "convert all to shared", MMAP_IO, nothing, share_all, 0, false, { EFAULT, ENOMEM } },
	{ "convert a mix to shared", MMAP_IO, mixed, share_all, 0, false, { EFAULT, ENOMEM } },
	{ "convert a page to shared",
	  MMAP_IO,
	  nothing,
	  share_middle,
	  0,
	  false,
	  { EFAULT, ENOMEM } },
	{ "convert all to private", MMAP_IO, resident, hide_all, 0, false, { EFAULT, ENOMEM } },
	{ "convert a mix to private", MMAP_IO, mixed, hide_all, 0, false, { EFAULT, ENOMEM } },
	{ "convert a page to private",
	  MMAP_IO,
	  resident,
	  hide_middle,
	  0,
	  false,
	  { EFAULT, ENOMEM } },
	{ "fallocate", 0, nothing, allocate, 0, true, { ENOMEM } },
	{ "punch a hole", MMAP_IO, resident, punch, 0, false, { ENOMEM } },
	{ "write", ALL_FLAGS, shared, write_all, 0, true, { EFAULT, ENOMEM } },
	{ "write within a page", ALL_FLAGS, shared, write_one, 0, true, { EFAULT, ENOMEM } },
	{ "write from a vector", ALL_FLAGS, shared, write_vector, 0, true, { EFAULT, ENOMEM } },
	{ "populate", ALL_FLAGS, nothing, write_all, 0, true, { EFAULT, ENOMEM } },
	{ "read", ALL_FLAGS, resident, read_all, 0, true, { EFAULT, ENOMEM } },
	{ "read within a page", ALL_FLAGS, resident, read_one, 0, true, { EFAULT, ENOMEM } },
	{ "inspect, reading", ALL_FLAGS, populated, inspect_read, 0, true, { EFAULT, ENOMEM } },
	{ "inspect, writing", ALL_FLAGS, nothing, inspect_write, 0, true, { EFAULT, ENOMEM } },
	{ "MADV_POPULATE_WRITE", ALL_FLAGS, shared, touch_write, SNAP_FAULTS, true, { ENOMEM } },
	{ "MADV_POPULATE_READ", ALL_FLAGS, resident, touch_read, SNAP_FAULTS, true, { ENOMEM } },
	{ "a store", ALL_FLAGS, shared, store, SNAP_FAULTS, true, { 0 } },
	{ "mmap", ALL_FLAGS, shared, map_again, 0, false, { ENOMEM } },
	{ "bind", MMAP_IO, with_vm, bind_all, 0, false, { EFAULT, ENOMEM } },
	{ "a guest's store", MMAP_IO, bound, guest_touch, 0, true, { EFAULT, ENOMEM } },
	{ "first contents", MMAP_IO, bound, guest_fill, 0, true, { EFAULT, ENOMEM } },
	{ "a hypercall to share", MMAP_IO, bound, guest_share, 0, true, { EFAULT, ENOMEM } },
	{ "a hypercall to hide", MMAP_IO, bound_resident, guest_hide, 0, true, { EFAULT, ENOMEM } },
};

static void subject_make(struct subject *s, const struct row *row)
{
	s->fd = gmem_new(row->flags, BYTES, "failnth");
	s->map = row->flags & GMEM_CREATE_MMAP ? gmem_map(s->fd, BYTES) : NULL;
	s->vm = 0;
	s->buffer = malloc(BYTES);
	if (!s->buffer)
		tap_bail("malloc: %s", strerror(errno));
	memset(s->buffer, 9, BYTES);
	row->prepare(s);
}

/* Told soundly of whatever failed. */
static void subject_drop(struct subject *s)
{
	if (s->vm && !hv_close(s->vm))
		tap_bail("a VM was told amiss");
	if (s->map)
		munmap(s->map, BYTES);
	free(s->buffer);
	close(s->fd);
}

static bool known_errno(const struct row *row, int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->errnos) && row->errnos[i]; i++) {
		if (row->errnos[i] == err)
			return true;
	}
	return false;
}

/* What must hold of any gmem at rest: what was allocated and not freed is resident. */
static bool consistent(int fd)
{
	struct gmem_stats s = gmem_stats_of(fd);

	return s.resident_private_bytes + s.resident_shared_bytes ==
	       s.allocated_bytes - s.freed_bytes;
}

struct verdict {
	bool errno_known;
	bool unchanged;
	bool retried;
	int faults; /* fault points that the call has */
};

/* The call once more, without a fault: it succeeds, and reaches the state that it is there to reach. */
static bool retry(const struct row *row, struct subject *s, long full, const struct snap *after)
{
	struct snap want = *after, now;
	long ret = row->call(s);

	if (ret != full) {
		diag("  the retry gave %ld (%s)", ret, ret < 0 ? strerror(errno) : "short");
		return false;
	}
	if (!row->partial) {
		want.stats.id = gmem_id(s->fd);
		return snap_same(s->fd, &want, row->may);
	}
	now = snap_take(s->fd);
	return now.count == want.count &&
	       !memcmp(now.ranges, want.ranges, sizeof(now.ranges[0]) * now.count);
}

/* Fails fault point @nth. Returns false when the call has fewer. */
static bool try_fault(const struct row *row, unsigned int nth, long full, const struct snap *after,
		      struct verdict *v)
{
	struct snap before;
	struct subject s;
	unsigned int left;
	long ret;
	int err;

	subject_make(&s, row);
	before = snap_take(s.fd);
	inject_arm(nth);
	ret = row->call(&s);
	err = errno;
	left = inject_disarm();

	if (ret < 0 && !known_errno(row, err)) {
		diag("%s, fault %u: %s", row->name, nth, strerror(err));
		v->errno_known = false;
	}
	if (!consistent(s.fd) ||
	    (ret < 0 && !row->partial && !snap_same(s.fd, &before, row->may))) {
		diag("%s, fault %u: %s, but it left its traces", row->name, nth, strerror(err));
		v->unchanged = false;
	}
	if (!left && ret != full && !retry(row, &s, full, after)) {
		diag("%s, fault %u: the retry did not do", row->name, nth);
		v->retried = false;
	}
	if (left && ret != full) {
		diag("%s without a fault: %ld, %s", row->name, ret, strerror(err));
		v->errno_known = false;
	}
	subject_drop(&s);
	return !left;
}

static void try_row(const struct row *row)
{
	struct verdict v = { true, true, true, 0 };
	struct subject s;
	struct snap after;
	long full;

	subject_make(&s, row);
	full = row->call(&s);
	if (full < 0)
		tap_bail("%s: %s", row->name, strerror(errno));
	after = snap_take(s.fd);
	subject_drop(&s);

	while (v.faults < MAX_FAULTS && try_fault(row, v.faults + 1, full, &after, &v))
		v.faults++;
	diag("%s: %d faults", row->name, v.faults);
	ok(v.errno_known && v.faults < MAX_FAULTS, "%s: each fault gives an errno of the contract",
	   row->name);
	ok(v.unchanged, "%s: a failure changes nothing", row->name);
	ok(v.retried, "%s: then it succeeds", row->name);
}

/* GMEM_CREATE has no gmem to look at before: neither descriptor nor reference may be left. */
static void try_create_fails(unsigned int flags)
{
	bool known = true, same = true, retried = true;
	unsigned int nth, left;
	int fd, spare;
	long refs;

	/* The device open is a reference too: it must be there before they are counted. */
	spare = dup(gmem_dev());
	close(spare);
	refs = read_long("/sys/module/gmem/refcnt");
	for (nth = 1; nth < MAX_FAULTS; nth++) {
		inject_arm(nth);
		fd = try_create(flags, BYTES, "a name");
		left = inject_disarm();
		if (fd >= 0) {
			close(fd);
			if (left)
				break;
			continue;
		}
		known &= errno == ENOMEM || errno == EFAULT;
		fd = dup(gmem_dev());
		same &= fd == spare && read_long("/sys/module/gmem/refcnt") == refs;
		close(fd);
		fd = try_create(flags, BYTES, "a name");
		retried &= fd >= 0;
		close(fd);
	}
	diag("GMEM_CREATE with flags %#x: %u faults", flags, nth - 1);
	ok(known && nth > 1 && nth < MAX_FAULTS,
	   "GMEM_CREATE %#x: each fault gives an errno of the contract", flags);
	ok(same, "GMEM_CREATE %#x: a failure leaves no descriptor and no reference", flags);
	ok(retried, "GMEM_CREATE %#x: then it succeeds", flags);
}

int main(void)
{
	unsigned long text = module_section(".text");

	tap_plan(3 * ARRAY_SIZE(rows) + 2 * 3 + 1);
	hv_load();
	inject_init(text, text + (1UL << 20));
	try_create_fails(0);
	try_create_fails(ALL_FLAGS | GMEM_CREATE_INIT_SHARED);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		try_row(&rows[i]);
	inject_arm(1);
	ok(get_info(NULL) < 0 && !inject_disarm(), "the kernel does inject faults");
	return tap_done();
}
