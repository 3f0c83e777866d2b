/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the C tests of gmem.ko share: making and driving a gmem, what it holds and counts,
 * touches that may end in a signal, recognisable contents, and the events that were raised.
 * Implemented in tests/lib/; everything here bails out where the test's own footing breaks.
 */
#ifndef GMEM_TEST_H
#define GMEM_TEST_H

#include <linux/gmem.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tap.h"

#define PAGE	      4096UL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The flags most tests want: mapping and system calls; memory begins private. */
#define MMAP_IO (GMEM_CREATE_MMAP | GMEM_CREATE_IO)

/* gmem.c: a gmem and its ioctls. Calls named try_* give -1 and errno, the others bail out. */
int gmem_dev(void);
int try_create(unsigned int flags, uint64_t bytes, const char *name);
int gmem_new(unsigned int flags, uint64_t bytes, const char *name);
char *gmem_map(int fd, uint64_t bytes);
int try_convert(int fd, uint64_t offset, uint64_t bytes, unsigned int to, unsigned int content);
int try_convert_at(int fd, uint64_t offset, uint64_t bytes, unsigned int to, unsigned int content,
		   uint64_t *error_offset);
void gmem_share(int fd, uint64_t offset, uint64_t bytes, unsigned int content);
void gmem_hide(int fd, uint64_t offset, uint64_t bytes, unsigned int content);
struct gmem_stats gmem_stats_of(int fd);
uint64_t gmem_id(int fd);
ssize_t try_inspect(int fd, unsigned int direction, uint64_t offset, void *buffer, uint64_t bytes);

/*
 * gmem.c: the ranges of [offset, offset + bytes), neighbours with equal flags joined. Returns
 * how many; bails out on an answer that has gaps, overlaps or does not come to an end.
 */
int gmem_ranges(int fd, uint64_t offset, uint64_t bytes, struct gmem_range *out, int max);

/* snap.c: all that a gmem tells about itself, to prove that a refused call changed nothing. */
#define SNAP_RANGES 64
struct snap {
	struct gmem_stats stats;
	struct gmem_range ranges[SNAP_RANGES];
	int count;
};

/* What may differ and still count as "nothing changed". */
enum snap_may {
	SNAP_DENIED = 1 << 0, /* denied_* counters, which a refusal is there to raise */
	SNAP_FAULTS = 1 << 1, /* faults_host */
	SNAP_FAILED = 1 << 2, /* conversions_failed */
};

struct snap snap_take(int fd);
bool snap_same(int fd, const struct snap *before, unsigned int may);

/* trap.c: one load or store that may raise SIGBUS or SIGSEGV; signo is 0 when it did not. */
struct trap {
	int signo;
	int code; /* si_code */
	void *addr;
	uint64_t value; /* what was loaded */
};

void trap_init(void);
struct trap trap_load(const volatile void *at);
struct trap trap_store(volatile void *at, uint64_t value);
/* Calls @fn, which may be ended by such a signal. */
struct trap trap_call(void (*fn)(void *arg), void *arg);

/*
 * secret.c: contents that can be recognised anywhere. Each 8-byte word carries 6 bytes that
 * only the seed gives, and its own index, so that a leaked part of a page is found too.
 */
void secret_fill(void *at, size_t bytes, uint64_t seed);
bool secret_intact(const void *at, size_t bytes, uint64_t seed);
size_t secret_words_in(const void *at, size_t bytes, uint64_t seed);
bool all_zero(const void *at, size_t bytes);

/* trace.c: the gmem events, collected in a trace instance of this test's own. */
struct tracer {
	char dir[96];
};

void tracer_open(struct tracer *t);
void tracer_close(struct tracer *t);
void tracer_clear(struct tracer *t);

/*
 * The events of gmem @id since the last clear, in order, must be as many as @want has entries
 * (up to NULL) and each contain all words of its entry: "gmem_fault err=-13 kind=host".
 */
bool tracer_saw(struct tracer *t, uint64_t id, const char *const *want);
/* How many events of gmem @id contain all words of @words. */
int tracer_count(struct tracer *t, uint64_t id, const char *words);

/* misc.c */
/* Of @full rounds, as many as a slow kernel (GMEM_SLOW) gets done in the time. */
unsigned long slow_rounds(unsigned long full);
/* Of @full rounds, which make soak does, the @usual ones, or what a slow kernel gets done. */
unsigned long some_rounds(unsigned long usual, unsigned long full);
/* How long a test goes on that may go on for any time: GMEM_SECONDS (make soak), or @usual. */
unsigned long test_seconds(unsigned long usual);
/*
 * Before several vCPUs run at once: each thread that runs one stays on the last CPU. Only
 * where QEMU emulates the CPUs: two of them inside guests at once break the host
 * (docs/testing.md).
 */
void vcpus_share_cpu(void);
long read_long(const char *path);
void write_text(const char *path, const char *text);
bool read_text(const char *path, char *out, size_t size);
/* Two pages, the second not mapped: gives the address of the second one. */
char *page_end(void);
/* Runs @fn in a child and gives its wait status. */
int in_child(int (*fn)(void *arg), void *arg);

#endif /* GMEM_TEST_H */
