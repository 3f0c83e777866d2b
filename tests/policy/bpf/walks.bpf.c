// SPDX-License-Identifier: GPL-2.0-only
/* A walk by each of the module's iterators: how it began, and how much it found. See tests/debug/failpolicy.c. */
#include "gmem_core.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Of the gmem whose ranges are walked; the other walks are over all. */
__u64 id;

__s32 began;
__u32 found;

#define WALK(kind, from...)                               \
	SEC("syscall")                                    \
	int walk_##kind(void *context)                    \
	{                                                 \
		struct bpf_iter_##kind it;                \
		__u32 count = 0;                          \
                                                          \
		began = bpf_iter_##kind##_new(&it, from); \
		while (bpf_iter_##kind##_next(&it))       \
			count++;                          \
		bpf_iter_##kind##_destroy(&it);           \
		found = count;                            \
		return 0;                                 \
	}

WALK(gmem, 0)
WALK(gmem_range, id, 0)
WALK(gmem_binding, 0, 0)
WALK(gmem_node, 0, 0)
WALK(gmem_policy, 0)
