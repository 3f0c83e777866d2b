/* SPDX-License-Identifier: GPL-2.0-only */
/* What this host's KVM offers the guest_memfd source. Asked by open.c, the probe and doctor. */
#ifndef GMT_SOURCE_KVM_PROBE_H
#define GMT_SOURCE_KVM_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/check.h"

struct btf;

/* gmt_kvm_loaded() - Return: whether KVM is there at all */
bool gmt_kvm_loaded(void);

/* gmt_kvm_there() - Return: whether it has a guest_memfd of its own that the source can read */
bool gmt_kvm_there(void);

/* gmt_kvm_btf() - KVM's types, @vmlinux's where it is built in. Return: NULL without any */
struct btf *gmt_kvm_btf(struct btf *vmlinux);

/* gmt_kvm_probe_programs() - Load, and run once, what the source uses; up to three checks. */
size_t gmt_kvm_probe_programs(struct gmt_check *checks);

#endif /* GMT_SOURCE_KVM_PROBE_H */
