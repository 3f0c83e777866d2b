/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks share: the clock, the peers that memory is measured beside, and the
 * lines that report.c reads. One program a family of operations; each prints one line an
 * operation and peer, "operation TAB peer TAB instructions", or "n/a" and why.
 */
#ifndef BENCH_H
#define BENCH_H

#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gmem_test.h"

#ifndef GUEST_MEMFD_FLAG_MMAP
#define GUEST_MEMFD_FLAG_MMAP	     (1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED (1ULL << 1)
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* Enough pages that the timer's ticks spread evenly, and few enough to stay clear of reclaim. */
#define BENCH_PAGES  1024UL
#define BENCH_BYTES  (BENCH_PAGES * PAGE)
#define BENCH_ROUNDS 5
#define BENCH_2M     (2UL << 20)

enum bench_peer {
	PEER_GMEM,
	PEER_GUEST_MEMFD,
	PEER_MEMFD_SECRET,
	PEER_MEMFD,
	PEER_ANONYMOUS,
	PEER_COUNT
};

static const char *const bench_peer_names[] = {
	"gmem", "guest_memfd", "memfd_secret", "memfd", "anonymous",
};

/* Memory of one kind; fd is -1 for anonymous memory. */
struct bench_area {
	enum bench_peer peer;
	int fd;
	char *map;
};

/*
 * Under QEMU's -icount shift=0 a nanosecond is an instruction. The thread's own clock leaves
 * out what else ran on the one CPU; the monotonic one does not.
 */
static inline uint64_t bench_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return (d > 0) - (d < 0);
}

/* One sample a round; the median is told, since a round may meet a refill of some cache. */
struct bench_samples {
	double per_op[BENCH_ROUNDS];
	int count;
};

static inline void bench_add(struct bench_samples *s, uint64_t start, unsigned long ops)
{
	s->per_op[s->count++] = (double)(bench_clock() - start) / ops;
}

static inline void bench_report(const char *operation, const char *column, struct bench_samples *s)
{
	qsort(s->per_op, s->count, sizeof(s->per_op[0]), bench_compare);
	printf("%s\t%s\t%.1f\n", operation, column, s->per_op[s->count / 2]);
	fflush(stdout);
}

static inline void bench_lacks(const char *operation, enum bench_peer peer, const char *why)
{
	printf("%s\t%s\tn/a\t%s\n", operation, bench_peer_names[peer], why);
}

static inline int bench_guest_memfd(void)
{
	struct kvm_create_guest_memfd args = {
		.size = BENCH_BYTES,
		.flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, fd;

	if (kvm < 0)
		return -1;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	fd = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_GUEST_MEMFD, &args);
	/* The fd keeps its VM. */
	if (vm >= 0)
		close(vm);
	close(kvm);
	return fd;
}

static inline int bench_sized(int fd)
{
	if (fd >= 0 && ftruncate(fd, BENCH_BYTES))
		tap_bail("ftruncate: %s", strerror(errno));
	return fd;
}

/* Fresh memory, nothing of it resident. Gives false where this kernel has no such memory. */
static inline bool bench_open(struct bench_area *area, enum bench_peer peer,
			      unsigned int gmem_flags)
{
	*area = (struct bench_area){ .peer = peer, .fd = -1 };
	switch (peer) {
	case PEER_GMEM:
		area->fd = gmem_new(gmem_flags, BENCH_BYTES, "bench");
		return true;
	case PEER_GUEST_MEMFD:
		area->fd = bench_guest_memfd();
		return area->fd >= 0;
	case PEER_MEMFD_SECRET:
		area->fd = bench_sized(syscall(SYS_memfd_secret, O_CLOEXEC));
		return area->fd >= 0;
	case PEER_MEMFD:
		area->fd = bench_sized(memfd_create("bench", MFD_CLOEXEC));
		return area->fd >= 0;
	default:
		return true;
	}
}

static inline void bench_map(struct bench_area *area)
{
	int flags = area->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	area->map = mmap(NULL, BENCH_BYTES, PROT_READ | PROT_WRITE, flags, area->fd, 0);
	if (area->map == MAP_FAILED)
		tap_bail("mmap of %s: %s", bench_peer_names[area->peer], strerror(errno));
	/* The peers have small pages; a huge one would measure something else. */
	madvise(area->map, BENCH_BYTES, MADV_NOHUGEPAGE);
}

static inline void bench_close(struct bench_area *area)
{
	if (area->map)
		munmap(area->map, BENCH_BYTES);
	if (area->fd >= 0)
		close(area->fd);
}

static inline void bench_touch(const struct bench_area *area, bool write)
{
	volatile char *at = area->map, *end = at + BENCH_BYTES;

	if (write) {
		for (; at < end; at += PAGE)
			*at = 1;
	} else {
		for (; at < end; at += PAGE)
			(void)*at;
	}
}

/* Takes all pages out of the page tables; they stay resident. */
static inline void bench_unmap_pages(const struct bench_area *area)
{
	/* memfd_secret's mappings are locked. */
	int advice = area->peer == PEER_MEMFD_SECRET ? MADV_DONTNEED_LOCKED : MADV_DONTNEED;

	if (madvise(area->map, BENCH_BYTES, advice))
		tap_bail("madvise of %s: %s", bench_peer_names[area->peer], strerror(errno));
}

#endif /* BENCH_H */
