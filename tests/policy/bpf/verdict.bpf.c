// SPDX-License-Identifier: GPL-2.0-only
/* A policy that says what it is told to, and remembers what it was asked: tests/policy/lib drives it. */
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>

#include "seen.h"

char LICENSE[] SEC("license") = "GPL";

__s32 verdicts[GMEM_NR_HOOKS];
__u64 calls[GMEM_NR_HOOKS];
struct seen last[GMEM_NR_HOOKS];

static __always_inline int asked(const struct gmem_request *request, u32 hook)
{
	struct seen *s = &last[hook];

	s->id = request->id;
	s->offset_bytes = request->offset_bytes;
	s->size_bytes = request->size_bytes;
	s->memory_bytes = request->memory_bytes;
	s->hook = request->hook;
	s->create_flags = request->create_flags;
	s->act = request->act;
	s->kind = request->kind;
	s->write = request->write;
	s->to = request->to;
	s->content = request->content;
	s->slot = request->slot;
	s->vm = request->vm;
	s->guest_address = request->guest_address;
	s->created_ns = request->created_ns;
	s->creator_cgroup_id = request->creator_cgroup_id;
	s->creator_start_ns = request->creator_start_ns;
	s->creator_pid = request->creator_pid;
	s->creator_uid = request->creator_uid;
	bpf_core_read(s->consumer, sizeof(s->consumer), &request->consumer);
	bpf_core_read(s->name, sizeof(s->name), &request->name);
	s->by = bpf_get_current_pid_tgid();
	__sync_fetch_and_add(&calls[hook], 1);
	return verdicts[hook];
}

#define ASKED(hook, number)                                         \
	SEC("struct_ops/" #hook)                                    \
	int BPF_PROG(on_##hook, const struct gmem_request *request) \
	{                                                           \
		return asked(request, number);                      \
	}

ASKED(create, GMEM_HOOK_CREATE)
ASKED(mmap, GMEM_HOOK_MMAP)
ASKED(fault, GMEM_HOOK_FAULT)
ASKED(io, GMEM_HOOK_IO)
ASKED(convert, GMEM_HOOK_CONVERT)
ASKED(bind, GMEM_HOOK_BIND)
ASKED(inspect, GMEM_HOOK_INSPECT)
ASKED(discard, GMEM_HOOK_DISCARD)

SEC(".struct_ops.link")
struct gmem_policy_ops policy = {
	.create = (void *)on_create,
	.mmap = (void *)on_mmap,
	.fault = (void *)on_fault,
	.io = (void *)on_io,
	.convert = (void *)on_convert,
	.bind = (void *)on_bind,
	.inspect = (void *)on_inspect,
	.discard = (void *)on_discard,
	.name = "verdict",
	.scope = GMEM_SCOPE_ALL,
};
