/* SPDX-License-Identifier: GPL-2.0-only */
/* Which programs of kvm_events.bpf.c tell which events, and which this kernel has. */
#ifndef GMT_SOURCE_KVM_TRACE_H
#define GMT_SOURCE_KVM_TRACE_H

#include <stdint.h>

/**
 * gmt_kvm_events() - Look up which events this kernel's KVM can tell
 * @lacks: set to the first function or tracepoint that is not there, NULL when all are
 *
 * Return: bit N is enum gmt_event N
 */
uint32_t gmt_kvm_events(const char **lacks);

#endif /* GMT_SOURCE_KVM_TRACE_H */
