// SPDX-License-Identifier: GPL-2.0-only
/* Policies that are no good, each in one way, and some that look alike but are. See tests/policy/refused.c. */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct;

/* Not for policies: one for other programs, in the shapes that it has on one kernel or another. */
extern bool bpf_session_is_return___bare(void) __ksym __weak;
extern bool bpf_session_is_return___ctx(void *ctx) __ksym __weak;

static struct task_struct *task(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

#define POLICY(kind, hook, program)                 \
	SEC(kind)                                   \
	struct gmem_policy_ops policy_##program = { \
		.hook = (void *)program,            \
		.name = #program,                   \
		.scope = GMEM_SCOPE_ALL,            \
	}
#define LINKED	 ".struct_ops.link"
#define UNLINKED ".struct_ops"

SEC("struct_ops.s/fault")
int BPF_PROG(fault_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, fault, fault_sleeps);

SEC("struct_ops.s/mmap")
int BPF_PROG(mmap_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, mmap, mmap_sleeps);

/* The others may. */
SEC("struct_ops.s")
int BPF_PROG(create_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, create, create_sleeps);

SEC("struct_ops.s")
int BPF_PROG(io_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, io, io_sleeps);

SEC("struct_ops.s")
int BPF_PROG(convert_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, convert, convert_sleeps);

SEC("struct_ops.s")
int BPF_PROG(bind_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, bind, bind_sleeps);

SEC("struct_ops.s")
int BPF_PROG(inspect_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, inspect, inspect_sleeps);

SEC("struct_ops.s")
int BPF_PROG(discard_sleeps, const struct gmem_request *request)
{
	return 0;
}
POLICY(LINKED, discard, discard_sleeps);

/* Verdicts of other types than int. */
SEC("struct_ops")
struct task_struct *BPF_PROG(gives_pointer, const struct gmem_request *request)
{
	return task();
}
POLICY(LINKED, fault, gives_pointer);

SEC("struct_ops")
const struct gmem_request *BPF_PROG(gives_request, const struct gmem_request *request)
{
	return request;
}
POLICY(LINKED, io, gives_request);

SEC("struct_ops")
__u64 BPF_PROG(gives_wide, const struct gmem_request *request)
{
	return 1ULL << 32;
}
POLICY(LINKED, convert, gives_wide);

SEC("struct_ops")
bool BPF_PROG(gives_bool, const struct gmem_request *request)
{
	return true;
}
POLICY(LINKED, bind, gives_bool);

SEC("struct_ops")
int BPF_PROG(writes_request, const struct gmem_request *request)
{
	((struct gmem_request *)request)->write = 0;
	return 0;
}
POLICY(LINKED, fault, writes_request);

SEC("struct_ops")
int BPF_PROG(reads_beyond, const struct gmem_request *request)
{
	return ((const int *)(request + 1))[16];
}
POLICY(LINKED, io, reads_beyond);

SEC("struct_ops")
int BPF_PROG(other_kfunc, const struct gmem_request *request)
{
	if (bpf_session_is_return___bare)
		return bpf_session_is_return___bare();
	if (bpf_session_is_return___ctx)
		return bpf_session_is_return___ctx(ctx);
	return 0;
}
POLICY(LINKED, io, other_kfunc);

SEC("struct_ops")
int BPF_PROG(writes_user, const struct gmem_request *request)
{
	int value = 0;

	return bpf_probe_write_user((void *)request->offset_bytes, &value, sizeof(value));
}
POLICY(LINKED, io, writes_user);

SEC("struct_ops")
int BPF_PROG(never_ends, const struct gmem_request *request)
{
	while (request->id)
		;
	return 0;
}
POLICY(LINKED, fault, never_ends);

SEC("struct_ops")
int BPF_PROG(without_link, const struct gmem_request *request)
{
	return 0;
}
POLICY(UNLINKED, io, without_link);
