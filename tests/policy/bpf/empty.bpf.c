// SPDX-License-Identifier: GPL-2.0-only
/* A policy that has nothing against anything: what it costs to be asked. */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/fault")
int BPF_PROG(fault, const struct gmem_request *request)
{
	return 0;
}

SEC("struct_ops/convert")
int BPF_PROG(convert, const struct gmem_request *request)
{
	return 0;
}

SEC(".struct_ops.link")
struct gmem_policy_ops empty = {
	.fault = (void *)fault,
	.convert = (void *)convert,
	.name = "empty",
	.scope = GMEM_SCOPE_ALL,
};
