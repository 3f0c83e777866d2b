// SPDX-License-Identifier: GPL-2.0-only
/* The order of audit records, and containers by their cgroups' paths. */
#include "model/audit.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID 64

static int hold(struct gmt_audit_order *order, const struct gmt_rec_audit *rec, size_t size,
		uint64_t now_ns)
{
	struct gmt_rec_audit *copy = calloc(1, sizeof(*copy));
	unsigned int at = order->count;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, rec, size);
	while (at && order->held[at - 1].rec->seq > rec->seq)
		at--;
	memmove(&order->held[at + 1], &order->held[at],
		(order->count - at) * sizeof(order->held[0]));
	order->held[at].since_ns = now_ns;
	order->held[at].rec = copy;
	order->count++;
	return 0;
}

/* Tells the first of those held, whether or not it was expected. */
static int tell_first(struct gmt_audit_order *order, gmt_audit_fn fn, void *ctx)
{
	struct gmt_rec_audit *rec = order->held[0].rec;
	int err;

	order->count--;
	memmove(&order->held[0], &order->held[1], order->count * sizeof(order->held[0]));
	order->next = rec->seq + 1;
	err = fn(ctx, rec);
	free(rec);
	return err;
}

static int tell_due(struct gmt_audit_order *order, gmt_audit_fn fn, void *ctx)
{
	int err = 0;

	while (!err && order->count && order->held[0].rec->seq == order->next)
		err = tell_first(order, fn, ctx);
	return err;
}

int gmt_audit_order_put(struct gmt_audit_order *order, const struct gmt_rec_audit *rec, size_t size,
			uint64_t now_ns, gmt_audit_fn fn, void *ctx)
{
	int err;

	if (rec->seq < order->next) {
		order->late++;
		return fn(ctx, rec);
	}
	if (rec->seq == order->next) {
		order->next++;
		err = fn(ctx, rec);
		return err ? err : tell_due(order, fn, ctx);
	}
	err = hold(order, rec, size, now_ns);
	if (!err && order->count == GMT_ORDER_MAX)
		err = tell_first(order, fn, ctx);
	return err ? err : tell_due(order, fn, ctx);
}

static bool waited(const struct gmt_audit_order *order, uint64_t now_ns)
{
	for (unsigned int i = 0; i < order->count; i++)
		if (now_ns - order->held[i].since_ns >= GMT_ORDER_WAIT_NS)
			return true;
	return false;
}

int gmt_audit_order_settle(struct gmt_audit_order *order, uint64_t now_ns, gmt_audit_fn fn,
			   void *ctx)
{
	int err = 0;

	while (!err && waited(order, now_ns)) {
		err = tell_first(order, fn, ctx);
		if (!err)
			err = tell_due(order, fn, ctx);
	}
	return err;
}

void gmt_audit_order_clear(struct gmt_audit_order *order)
{
	while (order->count)
		free(order->held[--order->count].rec);
}

/* The id in one component: the 64 digits, or what ends in -64 digits; podman's monitor has none. */
static const char *id_in(const char *part, size_t length)
{
	static const char scope[] = ".scope";
	const size_t suffix = sizeof(scope) - 1;
	const char *id;

	if (length > suffix && !memcmp(part + length - suffix, scope, suffix))
		length -= suffix;
	if (length < CONTAINER_ID)
		return NULL;
	id = part + length - CONTAINER_ID;
	for (size_t i = 0; i < CONTAINER_ID; i++)
		if (!isdigit((unsigned char)id[i]) && (id[i] < 'a' || id[i] > 'f'))
			return NULL;
	if (id == part)
		return id;
	return id[-1] == '-' && !memmem(part, id - part, "conmon", 6) ? id : NULL;
}

const char *gmt_container_id(const char *path, size_t *length)
{
	static const char lxc[] = "lxc.payload.";
	const char *end = path + strlen(path);

	while (end > path) {
		const char *slash = memrchr(path, '/', end - path);
		const char *part = slash ? slash + 1 : path;
		const char *id = id_in(part, end - part);

		if (id) {
			*length = CONTAINER_ID;
			return id;
		}
		if ((size_t)(end - part) >= sizeof(lxc) && !memcmp(part, lxc, sizeof(lxc) - 1)) {
			*length = end - part - (sizeof(lxc) - 1);
			return part + sizeof(lxc) - 1;
		}
		end = slash ? slash : path;
	}
	return NULL;
}
