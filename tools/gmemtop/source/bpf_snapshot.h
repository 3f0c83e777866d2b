/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf/snapshot.bpf.c, loaded: by its light skeleton, which lets the kernel look up the names
 * that its programs use, and costs a fifth of libbpf's own way; where that fails, by libbpf, which can leave
 * out a program and say what is wrong.
 */
#ifndef GMT_SOURCE_BPF_SNAPSHOT_H
#define GMT_SOURCE_BPF_SNAPSHOT_H

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "snapshot.skel.h"

struct gmt_snapshot_light;

/**
 * struct gmt_scan - its programs and their memory
 * @bss: what they are told and tell
 * @sys_snapshot: descriptor of the program that reads gmems
 * @sys_bindings: of the one that reads bindings; -1 where it did not load
 * @light: what it was loaded by, or NULL
 * @whole: likewise
 */
struct gmt_scan {
	struct gmt_snapshot__bss *bss;
	int sys_snapshot;
	int sys_bindings;
	struct gmt_snapshot_light *light;
	struct gmt_snapshot *whole;
};

/**
 * gmt_scan_load() - Load it
 *
 * Return: 0, or a negative errno
 */
int gmt_scan_load(struct gmt_scan *scan);

/* gmt_scan_unload() - Undo it; nothing where it was not loaded */
void gmt_scan_unload(struct gmt_scan *scan);

#endif /* GMT_SOURCE_BPF_SNAPSHOT_H */
