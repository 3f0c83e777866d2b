/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vector is one road by which the host's user space might reach private memory. Tests list
 * them in tables and vectors_run() proves for each: the exact outcome, nothing leaked, exactly
 * the events expected, the counters agree with them, and memory is as it was.
 */
#ifndef GMEM_VECTOR_H
#define GMEM_VECTOR_H

#include "gmem_test.h"

/* The memory under attack: page 1 is private and holds the secret, 0, 2 and 3 are shared. */
#define VECTOR_PAGES 4
#define VECTOR_BYTES (VECTOR_PAGES * PAGE)
#define VECTOR_AT    PAGE

struct target {
	int fd;
	uint64_t id;
	char *map;    /* mapped and touched while page 1 was still shared */
	char *secret; /* page 1 in it */
	char *out;    /* where an attack puts what it got; VECTOR_BYTES, without the secret */
	struct trap trap;
};

struct vector {
	const char *name;
	/* Gives what the call gave, with errno; a touch leaves its signal in target->trap. */
	long (*attack)(struct target *t);
	int err; /* expected errno, the call giving -1; 0: expected @ret */
	long ret;
	int signo; /* expected signal, with @code; 0: none */
	int code;
	/* What gmem must tell, in order. None: the kernel refuses before it asks gmem. */
	const char *events[4];
};

/* Checks made for each vector; for tap_plan(). */
#define VECTOR_CHECKS 5

/* A touch of page 1 by a load or a store of the process itself. */
#define VECTOR_SIGBUS .signo = SIGBUS, .code = BUS_ADRERR
#define FAULT_HOST_READ                                                                      \
	"gmem_fault offset_bytes=4096 size_bytes=0 kind=host state=private err=-13 write=0 " \
	"allocated=0"
#define FAULT_HOST_WRITE                                                                     \
	"gmem_fault offset_bytes=4096 size_bytes=0 kind=host state=private err=-13 write=1 " \
	"allocated=0"
#define FAULT_REMOTE_READ                                                                      \
	"gmem_fault offset_bytes=4096 size_bytes=0 kind=remote state=private err=-13 write=0 " \
	"allocated=0"
#define FAULT_REMOTE_WRITE                                                                     \
	"gmem_fault offset_bytes=4096 size_bytes=0 kind=remote state=private err=-13 write=1 " \
	"allocated=0"
#define MAPPED_OK "gmem_access act=mmap err=0"

void vectors_run(const struct vector *vectors, size_t count);

#endif /* GMEM_VECTOR_H */
