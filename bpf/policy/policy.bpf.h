/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policies here begin with: the types of a request, the errnos, and a macro for the
 * programs of struct gmem_policy_ops that ask one function of the policy's own.
 */
#ifndef _GMEM_POLICY_BPF_H
#define _GMEM_POLICY_BPF_H

#include "gmem_core.bpf.h"
#include <bpf/bpf_tracing.h>
#include <linux/errno.h>
#include "policy/params.h"

/* The program of one hook: what @decide says, where the parameters take the hook in. */
#define GMEM_POLICY_PROGRAM(hook, HOOK, decide)                                    \
	SEC("struct_ops/" #hook)                                                   \
	int BPF_PROG(hook, const struct gmem_request *request)                     \
	{                                                                          \
		return params.on.hooks & GMT_HOOK_BIT(HOOK) ? decide(request) : 0; \
	}

#endif /* _GMEM_POLICY_BPF_H */
