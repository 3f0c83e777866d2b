// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget: how fast memory may be converted, by gmem and by the cgroup that does it. A limit is one
 * number, the time until which its rate is used up: what is asked for moves it on, and passes as
 * long as it is not too far ahead of the clock. One atomic word, so CPUs need no lock.
 */
#include "policy/policy.bpf.h"

#define KEYS_MAX  16384
#define SECOND_NS 1000000000ULL
#define PAGE_BITS 12
/* Nothing costs more time than this, so that no sum wraps. */
#define COST_MAX_S (1ULL << 24)
/* CPUs at one limit at the same moment; one that loses as often as this is refused. */
#define TRIES 64

char LICENSE[] SEC("license") = "GPL";

const volatile struct gmt_budget_params params = {
	.on = { .hooks = GMT_BUDGET_HOOKS, .error = EDQUOT },
	.cgroup = { .conversions_per_s = 100 },
	.burst_ns = SECOND_NS,
};

/* The two limits of a gmem or a cgroup, as CLOCK_MONOTONIC. */
struct used {
	__u64 bytes_until_ns;
	__u64 calls_until_ns;
};

/* By id. The least recently used go first: those whose rate is likely not used up. */
struct ids {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KEYS_MAX);
	__type(key, __u64);
	__type(value, struct used);
};
struct ids gmems SEC(".maps"), cgroups SEC(".maps");

/* What one conversion takes of a gmem's or a cgroup's limits; 0 where there is none. */
struct cost {
	__u64 bytes_ns;
	__u64 calls_ns;
};

static __always_inline struct cost cost_of(const volatile struct gmt_budget_rates *rates,
					   __u64 shared_bytes)
{
	__u64 pages = shared_bytes >> PAGE_BITS, rate = rates->shared_bytes_per_s >> PAGE_BITS;
	struct cost cost = {};

	if (rate && pages / rate < COST_MAX_S)
		cost.bytes_ns = pages / rate * SECOND_NS + pages % rate * SECOND_NS / rate;
	else if (rate)
		cost.bytes_ns = COST_MAX_S * SECOND_NS;
	if (rates->conversions_per_s)
		cost.calls_ns = SECOND_NS / rates->conversions_per_s;
	return cost;
}

static __always_inline bool take_one(__u64 *until, __u64 cost, __u64 now)
{
	int i;

	if (!cost)
		return true;
	bpf_for(i, 0, TRIES) {
		__u64 old = *(volatile __u64 *)until;

		if (old > now + params.burst_ns)
			return false;
		if (__sync_val_compare_and_swap(until, old, (old > now ? old : now) + cost) == old)
			return true;
	}
	return false;
}

static __always_inline void give_back(__u64 *until, __u64 cost)
{
	__sync_fetch_and_sub(until, cost);
}

/* All or nothing of both limits. */
static __always_inline bool take(struct used *used, const struct cost *cost, __u64 now)
{
	if (!take_one(&used->bytes_until_ns, cost->bytes_ns, now))
		return false;
	if (take_one(&used->calls_until_ns, cost->calls_ns, now))
		return true;
	give_back(&used->bytes_until_ns, cost->bytes_ns);
	return false;
}

static __always_inline struct used *used_by(struct ids *ids, __u64 id)
{
	struct used *used = bpf_map_lookup_elem(ids, &id), none = {};

	if (used)
		return used;
	/* Another CPU may have been first: take what is there. */
	bpf_map_update_elem(ids, &id, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(ids, &id);
}

/* The cgroup is asked first: what is refused for its sake must not use up the gmem's rate. */
static __always_inline int spend(const struct gmem_request *request)
{
	__u64 bytes = request->to == GMEM_STATE_SHARED ? request->size_bytes : 0;
	struct cost of_cgroup = cost_of(&params.cgroup, bytes);
	struct cost of_gmem = cost_of(&params.gmem, bytes);
	__u64 now = request_monotonic_ns();
	struct used *cgroup = used_by(&cgroups, actor_cgroup(params.cgroup_level));
	struct used *gmem = used_by(&gmems, request->id);

	if (!cgroup || !gmem || !take(cgroup, &of_cgroup, now))
		return -(int)params.on.error;
	if (take(gmem, &of_gmem, now))
		return 0;
	give_back(&cgroup->bytes_until_ns, of_cgroup.bytes_ns);
	give_back(&cgroup->calls_until_ns, of_cgroup.calls_ns);
	return -(int)params.on.error;
}

GMEM_POLICY_PROGRAM(convert, GMEM_HOOK_CONVERT, spend)

GMEM_POLICY_OPS(policy) = {
	.convert = (void *)convert,
	.name = "budget",
	.scope = GMEM_SCOPE_ALL,
};
