// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockdown: once a gmem is set up, the host is out: no mapping of it, no touch through one, no
 * system call, no page made shared, no inspection. Setup ends with a gmem's first binding or
 * at an age, whichever comes first; nothing that happens later opens it again.
 */
#include "policy/policy.bpf.h"

#define BOUND_MAX 16384

char LICENSE[] SEC("license") = "GPL";

const volatile struct gmt_lockdown_params params = {
	.on = { .hooks = GMT_HOOK_BIT(GMEM_HOOK_MMAP) | GMT_HOOK_BIT(GMEM_HOOK_FAULT) |
			 GMT_HOOK_BIT(GMEM_HOOK_IO) | GMT_HOOK_BIT(GMEM_HOOK_CONVERT) |
			 GMT_HOOK_BIT(GMEM_HOOK_INSPECT),
		.error = EPERM },
	.grace_ns = 60000000000,
	.lock_at_bind = 1,
};

/*
 * When a gmem was first bound (CLOCK_BOOTTIME), by its id. Which entry goes when it is full does
 * not matter for long: its gmem is locked by age.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, BOUND_MAX);
	__type(key, __u64);
	__type(value, __u64);
} bound_ns SEC(".maps");

/* When this policy was first asked. The bindings of a gmem that is younger were all seen. */
__u64 asked_ns;

/* One that was bound before this policy came counts as bound when that is seen. */
static __always_inline __u64 *first_bound(__u64 id, __u64 created_ns, __u64 now)
{
	__u64 *at = bpf_map_lookup_elem(&bound_ns, &id);

	if (!asked_ns)
		__sync_val_compare_and_swap(&asked_ns, 0, now);
	if (at || created_ns > asked_ns)
		return at;
	if (!gmem_is_bound(id))
		return NULL;
	bpf_map_update_elem(&bound_ns, &id, &now, BPF_NOEXIST);
	return bpf_map_lookup_elem(&bound_ns, &id);
}

static __noinline int decide(__u64 id, __u64 created_ns)
{
	__u64 now = request_boot_ns(), *at;

	if (now - created_ns >= params.grace_ns)
		return -(int)params.on.error;
	if (!params.lock_at_bind)
		return 0;
	at = first_bound(id, created_ns, now);
	return at && now >= *at + params.settle_ns ? -(int)params.on.error : 0;
}

#define ONCE_SET_UP(request) decide((request)->id, (request)->created_ns)

GMEM_POLICY_PROGRAM(mmap, GMEM_HOOK_MMAP, ONCE_SET_UP)
GMEM_POLICY_PROGRAM(fault, GMEM_HOOK_FAULT, ONCE_SET_UP)
GMEM_POLICY_PROGRAM(io, GMEM_HOOK_IO, ONCE_SET_UP)
GMEM_POLICY_PROGRAM(inspect, GMEM_HOOK_INSPECT, ONCE_SET_UP)
GMEM_POLICY_PROGRAM(discard, GMEM_HOOK_DISCARD, ONCE_SET_UP)

/* Taking memory back from the host is always welcome. */
#define TO_SHARED(request) ((request)->to == GMEM_STATE_SHARED ? ONCE_SET_UP(request) : 0)

GMEM_POLICY_PROGRAM(convert, GMEM_HOOK_CONVERT, TO_SHARED)

GMEM_POLICY_PROG(bind)
{
	__u64 id = request->id, now = request_boot_ns();
	int err = 0;

	if (params.on.hooks & GMT_HOOK_BIT(GMEM_HOOK_BIND))
		err = ONCE_SET_UP(request);
	if (!err && params.lock_at_bind)
		bpf_map_update_elem(&bound_ns, &id, &now, BPF_NOEXIST);
	return err;
}

GMEM_POLICY_OPS(policy) = {
	.mmap = (void *)mmap,
	.fault = (void *)fault,
	.io = (void *)io,
	.convert = (void *)convert,
	.bind = (void *)bind,
	.inspect = (void *)inspect,
	.discard = (void *)discard,
	.name = "lockdown",
	.scope = GMEM_SCOPE_ALL,
};
