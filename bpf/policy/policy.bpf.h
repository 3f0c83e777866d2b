/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policies here begin with: the types of a request, who makes it, the errnos, and macros for
 * the programs of struct gmem_policy_ops, so that one source decides on requests that are made
 * (below) and on those that were recorded (replayed.bpf.h).
 */
#ifndef _GMEM_POLICY_BPF_H
#define _GMEM_POLICY_BPF_H

#ifdef GMEM_POLICY_REPLAYED
#include "policy/replayed.bpf.h"
#else
#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>
#include "policy/actor.bpf.h"

/* Heads the program of one hook, which gets `request`. */
#define GMEM_POLICY_PROG(hook)   \
	SEC("struct_ops/" #hook) \
	int BPF_PROG(hook, const struct gmem_request *request)

/* Declares what is attached. */
#define GMEM_POLICY_OPS(ops)    \
	SEC(".struct_ops.link") \
	struct gmem_policy_ops ops

/* When it is asked, by either clock. */
static __always_inline __u64 request_boot_ns(void)
{
	return bpf_ktime_get_boot_ns();
}

static __always_inline __u64 request_monotonic_ns(void)
{
	return bpf_ktime_get_ns();
}

/* The gmem's name, GMEM_NAME_MAX bytes. */
static __always_inline void request_name(const struct gmem_request *request, char *name)
{
	bpf_core_read(name, GMEM_NAME_MAX, &request->name);
}

/* Has a hypervisor bound any of it? */
static __always_inline bool gmem_is_bound(__u64 id)
{
	struct gmem_stats stats = {};

	return !bpf_gmem_get_stats(id, &stats, sizeof(stats)) && stats.bindings;
}
#endif

#include <linux/errno.h>
#include "policy/params.h"

/* The program of one hook: what @decide says, where the parameters take the hook in. */
#define GMEM_POLICY_PROGRAM(hook, HOOK, decide)                                    \
	GMEM_POLICY_PROG(hook)                                                     \
	{                                                                          \
		return params.on.hooks & GMT_HOOK_BIT(HOOK) ? decide(request) : 0; \
	}

#endif /* _GMEM_POLICY_BPF_H */
