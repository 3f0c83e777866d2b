/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf/kvm_scan.bpf.c, loaded: by its light skeleton, which has the kernel look up the names that its programs use;
 * where that fails, by libbpf, which says what is wrong.
 */
#ifndef GMT_SOURCE_KVM_PROGRAMS_H
#define GMT_SOURCE_KVM_PROGRAMS_H

#include "kvm_records.h" /* the skeleton speaks of its types */

#include "kvm_scan.skel.h"

struct gmt_kvm_scan_light;

/**
 * struct gmt_kvm_programs - its programs and their memory
 * @bss: what they are told and tell; NULL while they are not loaded
 * @sys_slots: descriptor of the program that reads slots
 * @kvm_fds: of the iterator over files, attached
 * @light: what it was loaded by, or NULL
 * @whole: likewise
 */
struct gmt_kvm_programs {
	struct gmt_kvm_scan__bss *bss;
	int sys_slots;
	int kvm_fds;
	struct gmt_kvm_scan_light *light;
	struct gmt_kvm_scan *whole;
};

/**
 * gmt_kvm_programs_load() - Load it
 *
 * Return: 0, or a negative errno
 */
int gmt_kvm_programs_load(struct gmt_kvm_programs *programs);

/* gmt_kvm_programs_unload() - Undo it; nothing where it was not loaded */
void gmt_kvm_programs_unload(struct gmt_kvm_programs *programs);

#endif /* GMT_SOURCE_KVM_PROGRAMS_H */
