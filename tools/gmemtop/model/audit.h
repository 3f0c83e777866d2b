/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an audit asks for and what it sums up to, and the order in which its records are
 * told. The source fills the losses, the views print them.
 */
#ifndef GMT_MODEL_AUDIT_H
#define GMT_MODEL_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "audit_records.h"

/**
 * struct gmt_audit_options - What to audit
 * @filter: applied in the kernel
 * @buffer_bytes: of the ring buffer: a power of two, at least a page
 */
struct gmt_audit_options {
	struct gmt_audit_filter filter;
	size_t buffer_bytes;
};

/**
 * struct gmt_audit_losses - What was lost, since the beginning
 * @all: by cause
 * @refused: of these the refused attempts; not known of GMT_LOSS_BUSY
 * @names: gmems whose names found no room; their records are whole but for the name
 */
struct gmt_audit_losses {
	uint64_t all[GMT_LOSS_MAX];
	uint64_t refused[GMT_LOSS_MAX];
	uint64_t names;
};

static inline uint64_t gmt_audit_lost(const struct gmt_audit_losses *losses)
{
	uint64_t sum = 0;

	for (int i = 0; i < GMT_LOSS_MAX; i++)
		sum += losses->all[i];
	return sum;
}

/* struct gmt_audit_totals - The account of an audit: @written and @losses are all there was */
struct gmt_audit_totals {
	uint64_t written;
	uint64_t last_seq; /* the number given last, lost ones included */
	uint64_t late;	   /* written out of order */
	struct gmt_audit_losses losses;
};

/* Records that may wait for those before them, and for how long. */
#define GMT_ORDER_MAX	  64
#define GMT_ORDER_WAIT_NS 100000000ULL

/* A callback returns 0 to go on, anything else to stop. */
typedef int (*gmt_audit_fn)(void *ctx, const struct gmt_rec_audit *rec);

/**
 * struct gmt_audit_order - Puts records into the order of their numbers
 * @next: the number expected
 * @count: entries in @held, ordered by number
 * @late: records that came after one with a higher number was told
 *
 * Acts at the same moment on two CPUs may find room in the other order than they were numbered
 * in. A record waits for the numbers before it until they come, many others wait too, or
 * time is up: then they were lost, or nearly always so.
 */
struct gmt_audit_order {
	uint64_t next;
	uint64_t late;
	unsigned int count;
	struct {
		uint64_t since_ns;
		struct gmt_rec_audit *rec;
	} held[GMT_ORDER_MAX];
};

/**
 * gmt_audit_order_put() - Take one record, of @size bytes, and tell those that are due
 *
 * Return: 0, what @fn gave, or -ENOMEM
 */
int gmt_audit_order_put(struct gmt_audit_order *order, const struct gmt_rec_audit *rec, size_t size,
			uint64_t now_ns, gmt_audit_fn fn, void *ctx);

/* gmt_audit_order_settle() - Tell those that waited long enough; all, when @now_ns is UINT64_MAX */
int gmt_audit_order_settle(struct gmt_audit_order *order, uint64_t now_ns, gmt_audit_fn fn,
			   void *ctx);

/* gmt_audit_order_clear() - Forget what still waits */
void gmt_audit_order_clear(struct gmt_audit_order *order);

/**
 * gmt_container_id() - Find the container in a cgroup's path
 * @path: below the hierarchy's root
 * @length: set to the length of the id
 *
 * Docker, containerd, CRI-O and podman all name a container's cgroup by its id, 64
 * hexadecimal digits, alone or as PREFIX-ID.scope; LXC names it lxc.payload.NAME.
 * Return: where the id begins in @path, NULL when there is none
 */
const char *gmt_container_id(const char *path, size_t *length);

#endif /* GMT_MODEL_AUDIT_H */
