// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums of the per-CPU counters of a gmem. Counting itself is inline in gmem.h and
 * costs one add; readers pay.
 */
#include "binding.h"

/*
 * A reader may see the CPU where a page was freed after, and the one where it was
 * allocated before: never tell less than nothing.
 */
static u64 gmem_sum_resident(u64 sum)
{
	return (s64)sum < 0 ? 0 : sum;
}

/**
 * gmem_stats_fill() - statistics of a gmem as of now
 * @gm: the memory
 * @stats: filled; the size field is left alone
 *
 * Context: any; @gm must not go away (reference or RCU).
 */
void gmem_stats_fill(const struct gmem *gm, struct gmem_stats *stats)
{
	u64 sum[GMEM_NR_COUNTERS] = {};
	int cpu, i;

	for_each_possible_cpu(cpu) {
		const struct gmem_counters *c = per_cpu_ptr(gm->counters, cpu);

		for (i = 0; i < GMEM_NR_COUNTERS; i++)
			sum[i] += READ_ONCE(c->n[i]);
	}

	stats->id = gm->id;
	stats->size_bytes = gmem_size_bytes(gm);
	stats->create_flags = gm->flags;
	stats->resident_private_bytes = gmem_sum_resident(sum[GMEM_NR_RESIDENT_PRIVATE]);
	stats->resident_shared_bytes = gmem_sum_resident(sum[GMEM_NR_RESIDENT_SHARED]);
	stats->bindings = READ_ONCE(gm->bindings->count);
	stats->faults_host = sum[GMEM_NR_FAULTS_HOST];
	stats->faults_guest = sum[GMEM_NR_FAULTS_GUEST];
	stats->denied_private = sum[GMEM_NR_DENIED_PRIVATE];
	stats->denied_flags = sum[GMEM_NR_DENIED_FLAGS];
	stats->denied_capability = sum[GMEM_NR_DENIED_CAPABILITY];
	stats->conversions = sum[GMEM_NR_CONVERSIONS];
	stats->conversions_failed = sum[GMEM_NR_CONVERSIONS_FAILED];
	stats->converted_bytes = sum[GMEM_NR_CONVERTED_BYTES];
	stats->allocated_bytes = sum[GMEM_NR_ALLOCATED_BYTES];
	stats->freed_bytes = sum[GMEM_NR_FREED_BYTES];
	stats->read_bytes = sum[GMEM_NR_READ_BYTES];
	stats->written_bytes = sum[GMEM_NR_WRITTEN_BYTES];
	stats->inspected_bytes = sum[GMEM_NR_INSPECTED_BYTES];
	stats->invalidations = sum[GMEM_NR_INVALIDATIONS];
	stats->memory_failures = sum[GMEM_NR_MEMORY_FAILURES];
	stats->denied_policy = sum[GMEM_NR_DENIED_POLICY];
}

/**
 * gmem_node_next() - the next NUMA node that has any of a gmem's memory
 * @gm: the memory
 * @nid: in, lowest node of interest; out, the node
 * @bytes: resident there, over 0
 *
 * Context: any; @gm must not go away (reference or RCU).
 * Return: false when there is none.
 */
bool gmem_node_next(const struct gmem *gm, u32 *nid, u64 *bytes)
{
	for (; *nid < nr_node_ids; ++*nid) {
		*bytes = atomic64_read(&gm->node_bytes[*nid]);
		if (*bytes)
			return true;
	}
	return false;
}

/**
 * gmem_stats_denied() - refusals of every cause
 * @stats: from gmem_stats_fill()
 *
 * Return: their number.
 */
u64 gmem_stats_denied(const struct gmem_stats *stats)
{
	return stats->denied_private + stats->denied_flags + stats->denied_capability +
	       stats->denied_policy;
}

/**
 * gmem_count_denial() - count a refusal by its cause
 * @gm: the memory
 * @denial: the cause; GMEM_DENIAL_NONE counts nothing
 */
void gmem_count_denial(struct gmem *gm, enum gmem_denial denial)
{
	switch (denial) {
	case GMEM_DENIAL_NONE:
		break;
	case GMEM_DENIAL_PRIVATE:
		gmem_count(gm, GMEM_NR_DENIED_PRIVATE, 1);
		break;
	case GMEM_DENIAL_FLAGS:
		gmem_count(gm, GMEM_NR_DENIED_FLAGS, 1);
		break;
	case GMEM_DENIAL_CAPABILITY:
		gmem_count(gm, GMEM_NR_DENIED_CAPABILITY, 1);
		break;
	case GMEM_DENIAL_POLICY:
		gmem_count(gm, GMEM_NR_DENIED_POLICY, 1);
		break;
	}
}
