/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access attempts as they come from gmem.ko on this host. Called by cmd_audit.c; everything
 * that needs a capability is done when it is opened.
 */
#ifndef GMT_SOURCE_AUDIT_SOURCE_H
#define GMT_SOURCE_AUDIT_SOURCE_H

#include "error.h"
#include "model/audit.h"

struct gmt_listener;

/* Told of each record as it comes, of so many bytes. */
typedef int (*gmt_audit_raw_fn)(void *ctx, const struct gmt_rec_audit *rec, size_t size);

/**
 * gmt_audit_open() - Begin to listen
 *
 * Return: 0 or -errno, then @error is filled in, as with all of these
 */
int gmt_audit_open(struct gmt_listener **audit, const struct gmt_audit_options *options,
		   struct gmt_error *error);

/* gmt_audit_poll() - Wait up to @timeout_ms and tell @fn of what came. Return: 0, @fn's answer, -errno */
int gmt_audit_poll(struct gmt_listener *audit, int timeout_ms, gmt_audit_raw_fn fn, void *ctx,
		   struct gmt_error *error);

/* gmt_audit_detach() - Stop listening; what was recorded before is still there to be polled */
void gmt_audit_detach(struct gmt_listener *audit);

/* gmt_audit_losses() - The kernel's counts, exact once detached; what user space lost is left alone */
int gmt_audit_losses(struct gmt_listener *audit, struct gmt_audit_losses *losses,
		     struct gmt_error *error);

/* gmt_audit_last_seq() - Return: the number given last, exact once detached */
uint64_t gmt_audit_last_seq(const struct gmt_listener *audit);

void gmt_audit_close(struct gmt_listener *audit);

#endif /* GMT_SOURCE_AUDIT_SOURCE_H */
