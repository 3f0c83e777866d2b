// SPDX-License-Identifier: GPL-2.0-only
/* A policy that asks gmem.ko for what it may know, and allows all. See tests/policy/kfuncs.c. */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>

#include "seen.h"

char LICENSE[] SEC("license") = "GPL";

/* What to ask about. */
__u64 id;
__u64 offset_bytes;

__u64 asked;
__s32 stats_ret, part_ret, range_ret, binding_ret, fault_stats_ret, fault_range_ret;
struct gmem_stats stats;
char part[24];
struct gmem_range range;
struct binding binding;

SEC("struct_ops.s/io")
int BPF_PROG(on_io, const struct gmem_request *request)
{
	stats_ret = bpf_gmem_get_stats(id, &stats, sizeof(stats));
	part_ret = bpf_gmem_get_stats(id, part, sizeof(part));
	range_ret = bpf_gmem_get_range(id, offset_bytes, &range, sizeof(range));
	binding_ret = bpf_gmem_get_binding(id, offset_bytes, &binding, sizeof(binding));
	asked++;
	return 0;
}

SEC("struct_ops/fault")
int BPF_PROG(on_fault, const struct gmem_request *request)
{
	fault_stats_ret = bpf_gmem_get_stats(id, &stats, sizeof(stats));
	fault_range_ret = bpf_gmem_get_range(id, request->offset_bytes, &range, sizeof(range));
	return 0;
}

SEC("struct_ops/fault")
int BPF_PROG(sleeps_in_fault, const struct gmem_request *request)
{
	return bpf_gmem_get_binding(id, 0, &binding, sizeof(binding));
}

SEC(".struct_ops.link")
struct gmem_policy_ops facts = {
	.io = (void *)on_io,
	.fault = (void *)on_fault,
	.name = "facts",
	.scope = GMEM_SCOPE_ALL,
};

SEC(".struct_ops.link")
struct gmem_policy_ops sleeps = {
	.fault = (void *)sleeps_in_fault,
	.name = "sleeps",
	.scope = GMEM_SCOPE_ALL,
};
