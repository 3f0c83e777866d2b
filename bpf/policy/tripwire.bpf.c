// SPDX-License-Identifier: GPL-2.0-only
/*
 * tripwire: ranges that nobody has any business with. A touch of one is refused, which is an event
 * in itself; whether it is let pass (GMEM_POLICY_MONITOR) or ends the process that did it
 * (GMEM_POLICY_KILL) is up to the policy's flags.
 */
#include "policy/policy.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct gmt_tripwire_params params = {
	.on = { .hooks = GMT_TRIPWIRE_HOOKS & ~GMT_HOOK_BIT(GMEM_HOOK_BIND), .error = EPERM },
};

/* Touches of each range of the parameters. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GMT_TRIPWIRE_RANGES);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

/* What was touched, on the stack, where it can be compared at leisure. */
struct touch {
	__u64 id;
	__u64 begin;
	__u64 end;
	__u32 hook;
	char name[GMEM_NAME_MAX];
};

static __always_inline bool same_name(const char *name, const volatile char *wanted)
{
	int i;

	for (i = 0; i < GMEM_NAME_MAX && name[i] == wanted[i]; i++)
		if (!name[i])
			return true;
	return i == GMEM_NAME_MAX;
}

static __always_inline bool touches(const struct touch *touch,
				    const volatile struct gmt_tripwire_range *range)
{
	__u64 end = range->offset_bytes + range->size_bytes;

	if (range->hooks && !(range->hooks & GMT_HOOK_BIT(touch->hook)))
		return false;
	if (touch->end <= range->offset_bytes || (range->size_bytes && touch->begin >= end))
		return false;
	if (range->id)
		return range->id == touch->id;
	return !range->name[0] || same_name(touch->name, range->name);
}

static __noinline int decide(const struct touch *touch __arg_nonnull)
{
	__u64 *count;
	__u32 i;

	bpf_for(i, 0, GMT_TRIPWIRE_RANGES) {
		if (i >= params.count)
			break;
		if (!touches(touch, &params.ranges[i]))
			continue;
		count = bpf_map_lookup_elem(&hits, &i);
		if (count)
			__sync_fetch_and_add(count, 1);
		return -(int)params.on.error;
	}
	return 0;
}

static __always_inline int on_touch(const struct gmem_request *request)
{
	struct touch touch = {
		.id = request->id,
		.begin = request->offset_bytes,
		.end = request->offset_bytes + request->size_bytes,
		.hook = request->hook,
	};

	/* A length that goes round the end of numbers is cut by the module later. */
	if (touch.end < touch.begin)
		touch.end = -1ULL;
	request_name(request, touch.name);
	return decide(&touch);
}

GMEM_POLICY_PROGRAM(mmap, GMEM_HOOK_MMAP, on_touch)
GMEM_POLICY_PROGRAM(fault, GMEM_HOOK_FAULT, on_touch)
GMEM_POLICY_PROGRAM(io, GMEM_HOOK_IO, on_touch)
GMEM_POLICY_PROGRAM(convert, GMEM_HOOK_CONVERT, on_touch)
GMEM_POLICY_PROGRAM(bind, GMEM_HOOK_BIND, on_touch)
GMEM_POLICY_PROGRAM(inspect, GMEM_HOOK_INSPECT, on_touch)
GMEM_POLICY_PROGRAM(discard, GMEM_HOOK_DISCARD, on_touch)

GMEM_POLICY_OPS(policy) = {
	.mmap = (void *)mmap,
	.fault = (void *)fault,
	.io = (void *)io,
	.convert = (void *)convert,
	.bind = (void *)bind,
	.inspect = (void *)inspect,
	.discard = (void *)discard,
	.name = "tripwire",
	.scope = GMEM_SCOPE_ALL,
};
