// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of faults, of their phases, and of conversions, aggregated in histograms of each CPU:
 * nothing is sent to user space, which adds up the CPUs' when it wants to know. Loaded and
 * attached by the tool's source/bpf_latency.c only while somebody looks.
 */
#include "gmem_core.bpf.h"
#include "gmem_hist.h"

char LICENSE[] SEC("license") = "GPL";

/* One gmem, or 0 for all. */
const volatile __u64 gmem_id;

/* enum gmt_latency to histogram; each is written by one program only, whose recursions the kernel skips and counts */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GMT_LATENCY_MAX);
	__type(key, __u32);
	__type(value, struct gmt_hist);
} hists SEC(".maps");

static __always_inline void add(__u32 what, __u64 ns)
{
	struct gmt_hist *hist = bpf_map_lookup_elem(&hists, &what);
	__u32 bucket = gmt_hist_index(ns);

	/* Neither is ever so; the verifier wants to see it. */
	if (!hist || bucket >= GMT_HIST_BUCKETS)
		return;
	hist->buckets[bucket]++;
	hist->sum_ns += ns;
	if (ns > hist->max_ns)
		hist->max_ns = ns;
	hist->count++;
}

/* A phase that a fault did not go through has no time. */
static __always_inline void add_phase(__u32 what, __u64 ns)
{
	if (ns)
		add(what, ns);
}

SEC("tp_btf/gmem_fault")
int latency_fault(__u64 *ctx)
{
	const struct gmem_ev_fault *ev = (const void *)ctx[0];

	if (!ev || (gmem_id && ev->id != gmem_id))
		return 0;
	switch (ev->kind) {
	case GMEM_FAULT_HOST:
		add(GMT_LATENCY_FAULT_HOST, ev->total_ns);
		break;
	case GMEM_FAULT_REMOTE:
		add(GMT_LATENCY_FAULT_REMOTE, ev->total_ns);
		break;
	case GMEM_FAULT_GUEST:
		add(GMT_LATENCY_FAULT_GUEST, ev->total_ns);
		break;
	}
	add_phase(GMT_LATENCY_LOOKUP, ev->lookup_ns);
	/* The first gmem.ko asks no policies. */
	if (bpf_core_field_exists(ev->policy_ns))
		add_phase(GMT_LATENCY_POLICY, ev->policy_ns);
	add_phase(GMT_LATENCY_ALLOC, ev->alloc_ns);
	add_phase(GMT_LATENCY_ZERO, ev->zero_ns);
	return 0;
}

SEC("tp_btf/gmem_convert")
int latency_convert(__u64 *ctx)
{
	const struct gmem_ev_convert *ev = (const void *)ctx[0];

	if (ev && (!gmem_id || ev->id == gmem_id))
		add(GMT_LATENCY_CONVERT, ev->total_ns);
	return 0;
}
