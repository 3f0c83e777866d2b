/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this kernel offers gmemtop. doctor asks for all of it, opening the bpf source for
 * the first thing that is missing.
 */
#ifndef GMT_SOURCE_PROBE_H
#define GMT_SOURCE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "model/capability.h"
#include "model/check.h"

/**
 * gmt_probe() - Look at everything that gmemtop needs, short of loading a program
 * @checks: filled in, in the order in which things are to be mended
 *
 * Return: how many of the GMT_CHECKS_MAX entries were filled in
 */
size_t gmt_probe(struct gmt_check checks[GMT_CHECKS_MAX]);

/**
 * gmt_probe_source() - Find the first thing missing, cheaply
 * @source: "gmem" or "guest_memfd"
 *
 * Return: 0 when nothing is, else -errno
 */
int gmt_probe_source(const char *source, struct gmt_error *error);

/* gmt_probe_programs() - Load, and run once, what the other commands use; at most three checks. */
size_t gmt_probe_programs(struct gmt_check *checks);

/* gmt_probe_sources() - What each source can tell, and whether this host has it */
void gmt_probe_sources(struct gmt_source_summary sources[GMT_SOURCES]);

/* gmt_log_init() - Take over libbpf's messages: shown when verbose, else dropped. */
void gmt_log_init(bool verbose);

#endif /* GMT_SOURCE_PROBE_H */
