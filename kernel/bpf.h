/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's kfuncs: what a BPF program declares as extern ... __ksym. bpf.c and
 * policy_kfuncs.c document them.
 */
#ifndef _GMEM_BPF_H
#define _GMEM_BPF_H

#include <linux/gmem_event.h>
#include <linux/gmem_policy.h>

/* These stand on the program's stack; what they point to is the module's. */
struct bpf_iter_gmem {
	u64 __opaque[1];
} __aligned(8);

struct bpf_iter_gmem_range {
	u64 __opaque[1];
} __aligned(8);

struct bpf_iter_gmem_binding {
	u64 __opaque[1];
} __aligned(8);

struct bpf_iter_gmem_node {
	u64 __opaque[1];
} __aligned(8);

struct bpf_iter_gmem_policy {
	u64 __opaque[1];
} __aligned(8);

int bpf_iter_gmem_new(struct bpf_iter_gmem *it, u64 from_id);
struct gmem_snapshot *bpf_iter_gmem_next(struct bpf_iter_gmem *it);
void bpf_iter_gmem_destroy(struct bpf_iter_gmem *it);

int bpf_iter_gmem_range_new(struct bpf_iter_gmem_range *it, u64 id, u64 offset);
struct gmem_range *bpf_iter_gmem_range_next(struct bpf_iter_gmem_range *it);
void bpf_iter_gmem_range_destroy(struct bpf_iter_gmem_range *it);

int bpf_iter_gmem_binding_new(struct bpf_iter_gmem_binding *it, u64 from_id, u64 from_offset);
struct gmem_binding_info *bpf_iter_gmem_binding_next(struct bpf_iter_gmem_binding *it);
void bpf_iter_gmem_binding_destroy(struct bpf_iter_gmem_binding *it);

int bpf_iter_gmem_node_new(struct bpf_iter_gmem_node *it, u64 from_id, u32 from_nid);
struct gmem_node_info *bpf_iter_gmem_node_next(struct bpf_iter_gmem_node *it);
void bpf_iter_gmem_node_destroy(struct bpf_iter_gmem_node *it);

/* policy_kfuncs.c */
int bpf_gmem_get_stats(u64 id, void *stats, u32 stats__sz);
int bpf_gmem_get_range(u64 id, u64 offset, void *range, u32 range__sz);
int bpf_gmem_get_binding(u64 id, u64 offset, void *info, u32 info__sz);

int bpf_iter_gmem_policy_new(struct bpf_iter_gmem_policy *it, u64 from_id);
struct gmem_policy_info *bpf_iter_gmem_policy_next(struct bpf_iter_gmem_policy *it);
void bpf_iter_gmem_policy_destroy(struct bpf_iter_gmem_policy *it);

#endif /* _GMEM_BPF_H */
