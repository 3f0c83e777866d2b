// SPDX-License-Identifier: GPL-2.0-only
/* A policy that calls what gmem.ko has not: the object as a whole is refused. */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern int bpf_gmem_set_stats(__u64 id) __ksym;

SEC("struct_ops")
int BPF_PROG(on_io, const struct gmem_request *request)
{
	return bpf_gmem_set_stats(request->id);
}

SEC(".struct_ops.link")
struct gmem_policy_ops policy = {
	.io = (void *)on_io,
	.name = "unknown",
	.scope = GMEM_SCOPE_ALL,
};
