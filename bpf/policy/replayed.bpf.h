/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policies once more, built with GMEM_POLICY_REPLAYED: the same source decides on a request that
 * was recorded, with who made it and when, in SEC("syscall") programs named for the hooks. They
 * need no gmem.ko. In the place of gmem_core.bpf.h and actor.bpf.h; run by source/policy_judge.c.
 */
#ifndef _GMEM_REPLAYED_BPF_H
#define _GMEM_REPLAYED_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;

/* As they are here, not as a loaded module has them: nothing is relocated. */
#include <linux/gmem_policy.h>

#include "request_records.h"

_Static_assert(GMT_NAME_MAX == GMEM_NAME_MAX, "a record holds a whole name");

struct gmt_replayed replayed SEC(GMT_REPLAYED_MAP) = {};

/* The request as the kernel would hand it to a program. */
static struct gmem_request handed;

static __always_inline const struct gmem_request *request_replayed(void)
{
	const struct gmt_rec_request *from = &replayed.request;

	handed.id = from->id;
	handed.offset_bytes = from->offset_bytes;
	handed.size_bytes = from->size_bytes;
	handed.memory_bytes = from->memory_bytes;
	handed.hook = from->hook;
	handed.create_flags = from->create_flags;
	handed.act = from->act;
	handed.kind = from->kind;
	handed.write = from->write;
	handed.to = from->to;
	handed.content = from->content;
	handed.slot = from->slot;
	handed.vm = from->vm;
	handed.guest_address = from->guest_address;
	handed.created_ns = from->created_ns;
	handed.creator_cgroup_id = from->creator_cgroup_id;
	handed.creator_start_ns = from->creator_start_ns;
	handed.creator_pid = from->creator_pid;
	handed.creator_uid = from->creator_uid;
	__builtin_memcpy(handed.consumer, from->consumer, sizeof(handed.consumer));
	__builtin_memcpy(handed.name, from->name, sizeof(handed.name));
	return &handed;
}

#define GMEM_POLICY_PROG(hook)                                                 \
	static __always_inline int hook##_asked(const struct gmem_request *r); \
	SEC("syscall")                                                         \
	int hook(void *ctx)                                                    \
	{                                                                      \
		return hook##_asked(request_replayed());                       \
	}                                                                      \
	static __always_inline int hook##_asked(const struct gmem_request *request)

/* There is nothing to attach. */
#define GMEM_POLICY_OPS(ops) static struct gmem_policy_ops ops __attribute__((unused))

static __always_inline bool is_told(__u32 unknown)
{
	if (!(replayed.request.unknown & unknown))
		return true;
	replayed.unsure = 1;
	return false;
}

static __always_inline __u64 request_boot_ns(void)
{
	return replayed.request.time_ns;
}

static __always_inline __u64 request_monotonic_ns(void)
{
	return replayed.request.monotonic_ns;
}

static __always_inline void request_name(const struct gmem_request *request, char *name)
{
	__builtin_memcpy(name, request->name, GMEM_NAME_MAX);
}

static __always_inline bool gmem_is_bound(__u64 id)
{
	return is_told(GMT_REQUEST_NO_BINDINGS) && replayed.request.bindings;
}

static __always_inline __u32 actor_uid(void)
{
	is_told(GMT_REQUEST_NO_EUID);
	return replayed.request.euid;
}

static __always_inline bool actor_in_group(__u32 gid)
{
	__u32 i;

	if (is_told(GMT_REQUEST_NO_EGID) && replayed.request.egid == gid)
		return true;
	bpf_for(i, 0, GMT_REQUEST_GROUPS) {
		if (i >= replayed.request.group_count)
			break;
		if (replayed.request.groups[i] == gid)
			return true;
	}
	is_told(GMT_REQUEST_NO_GROUPS);
	return false;
}

static __always_inline bool actor_in_cgroup(__u64 cgroup_id)
{
	__u32 level;

	/* Not known by its path, it could be one of which nobody has learnt the path. */
	if (cgroup_id == GMT_CGROUP_NOWHERE) {
		is_told(GMT_REQUEST_NO_PATH);
		return false;
	}
	bpf_for(level, 0, GMT_REQUEST_LEVELS) {
		if (level >= replayed.request.level_count)
			break;
		if (replayed.request.cgroup_ids[level] == cgroup_id)
			return true;
	}
	is_told(GMT_REQUEST_NO_LEVELS);
	return false;
}

static __always_inline __u64 actor_cgroup(__u32 level)
{
	__u32 count = replayed.request.level_count;

	if (level && level < count && level < GMT_REQUEST_LEVELS)
		return replayed.request.cgroup_ids[level];
	if (level)
		is_told(GMT_REQUEST_NO_LEVELS);
	return replayed.request.cgroup_id;
}

static __always_inline bool actor_is_comm(const volatile char *comm)
{
	int i;

	if (!is_told(GMT_REQUEST_NO_COMM))
		return false;
	for (i = 0; i < GMT_COMM_MAX; i++)
		if (replayed.request.process_comm[i] != comm[i])
			return false;
	return true;
}

static __always_inline bool actor_is_exe(__u32 dev, __u64 inode)
{
	return is_told(GMT_REQUEST_NO_EXE) && replayed.request.exe_ino == inode &&
	       replayed.request.exe_dev == dev;
}

#endif /* _GMEM_REPLAYED_BPF_H */
