/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gmem.ko's types and iterators as CO-RE programs see them, included first by every
 * program here. The types come from the module's own headers and are relocated to the
 * loaded module's BTF, so neither a vmlinux.h nor one kernel's layout is built in.
 */
#ifndef _GMEM_CORE_BPF_H
#define _GMEM_CORE_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#include <linux/gmem_event.h>
#include <linux/gmem_policy.h>
#pragma clang attribute pop

#include "gmem_records.h"

_Static_assert(GMT_NAME_MAX == GMEM_NAME_MAX, "a record holds a whole name");
_Static_assert(GMT_CONSUMER_MAX == sizeof(((struct gmem_binding_info *)0)->consumer),
	       "a record holds a hypervisor's whole name");

_Static_assert(GMT_POLICY_MAX == GMEM_POLICY_NAME_MAX, "a record holds a policy's whole name");

/*
 * Copies what an iterator hands out by plain loads, where bpf_core_read() would call a helper that
 * costs a hundred of them.
 */
static __always_inline void copy_words(void *to, const void *from, __u32 bytes)
{
	__u64 *word = to;

#pragma unroll
	for (__u32 i = 0; i < bytes / sizeof(*word); i++)
		word[i] = ((const __u64 *)from)[i];
}

struct bpf_iter_gmem {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_gmem_range {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_gmem_binding {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_gmem_node {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

/* gmems with id >= from_id, ascending */
extern int bpf_iter_gmem_new(struct bpf_iter_gmem *it, __u64 from_id) __ksym;
extern struct gmem_snapshot *bpf_iter_gmem_next(struct bpf_iter_gmem *it) __ksym;
extern void bpf_iter_gmem_destroy(struct bpf_iter_gmem *it) __ksym;

/* runs of pages of one gmem from an offset on; -ENOENT without such a gmem */
extern int bpf_iter_gmem_range_new(struct bpf_iter_gmem_range *it, __u64 id,
				   __u64 from_offset_bytes) __ksym;
extern struct gmem_range *bpf_iter_gmem_range_next(struct bpf_iter_gmem_range *it) __ksym;
extern void bpf_iter_gmem_range_destroy(struct bpf_iter_gmem_range *it) __ksym;

/* bindings of all gmems, by id and offset, from the ones given on; not in the first gmem.ko */
extern int bpf_iter_gmem_binding_new(struct bpf_iter_gmem_binding *it, __u64 from_id,
				     __u64 from_offset_bytes) __ksym __weak;
extern struct gmem_binding_info *
bpf_iter_gmem_binding_next(struct bpf_iter_gmem_binding *it) __ksym __weak;
extern void bpf_iter_gmem_binding_destroy(struct bpf_iter_gmem_binding *it) __ksym __weak;

/* bytes by gmem and NUMA node, from the ones given on, empty nodes left out; weak as the bindings */
extern int bpf_iter_gmem_node_new(struct bpf_iter_gmem_node *it, __u64 from_id,
				  __u32 from_nid) __ksym __weak;
extern struct gmem_node_info *bpf_iter_gmem_node_next(struct bpf_iter_gmem_node *it) __ksym __weak;
extern void bpf_iter_gmem_node_destroy(struct bpf_iter_gmem_node *it) __ksym __weak;

struct bpf_iter_gmem_policy {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

/* attached policies with policy_id >= from_policy_id, in the order they were attached */
extern int bpf_iter_gmem_policy_new(struct bpf_iter_gmem_policy *it,
				    __u64 from_policy_id) __ksym __weak;
extern struct gmem_policy_info *
bpf_iter_gmem_policy_next(struct bpf_iter_gmem_policy *it) __ksym __weak;
extern void bpf_iter_gmem_policy_destroy(struct bpf_iter_gmem_policy *it) __ksym __weak;

/*
 * For policies' programs. Each fills as much of the buffer as there is to tell; -ENOENT where there is no such
 * gmem or binding. The binding is the one that holds the offset, or the next one behind it; may sleep.
 */
extern int bpf_gmem_get_stats(__u64 id, void *stats, __u32 stats__sz) __ksym __weak;
extern int bpf_gmem_get_range(__u64 id, __u64 offset_bytes, void *range,
			      __u32 range__sz) __ksym __weak;
extern int bpf_gmem_get_binding(__u64 id, __u64 offset_bytes, void *info,
				__u32 info__sz) __ksym __weak;

#endif /* _GMEM_CORE_BPF_H */
