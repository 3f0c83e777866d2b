/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gmem's tracepoints: an interface, documented in docs/events.md. Values only, id=
 * first, one name and unit per meaning. tp_btf programs get the struct of
 * linux/gmem_event.h, everyone else the fields below.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gmem

#if !defined(_TRACE_GMEM_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_GMEM_H

#include <linux/tracepoint.h>
#include <linux/gmem_event.h>

#define GMEM_STATES \
	{ GMEM_STATE_PRIVATE, "private" }, \
	{ GMEM_STATE_SHARED, "shared" }

#define GMEM_CONTENTS \
	{ GMEM_CONTENT_ZERO, "zero" }, \
	{ GMEM_CONTENT_KEEP, "keep" }

#define GMEM_FAULT_KINDS \
	{ GMEM_FAULT_HOST, "host" }, \
	{ GMEM_FAULT_REMOTE, "remote" }, \
	{ GMEM_FAULT_GUEST, "guest" }

#define GMEM_FREE_CAUSES \
	{ GMEM_FREE_PUNCH, "punch" }, \
	{ GMEM_FREE_RELEASE, "release" }

#define GMEM_ACTS \
	{ GMEM_ACT_MMAP, "mmap" }, \
	{ GMEM_ACT_READ, "read" }, \
	{ GMEM_ACT_WRITE, "write" }, \
	{ GMEM_ACT_POPULATE, "populate" }, \
	{ GMEM_ACT_INSPECT_READ, "inspect_read" }, \
	{ GMEM_ACT_INSPECT_WRITE, "inspect_write" }, \
	{ GMEM_ACT_SPLICE_READ, "splice_read" }, \
	{ GMEM_ACT_SPLICE_WRITE, "splice_write" }, \
	{ GMEM_ACT_OPEN, "open" }, \
	{ GMEM_ACT_CREATE, "create" }, \
	{ GMEM_ACT_DISCARD, "discard" }

#define GMEM_HOOKS \
	{ GMEM_HOOK_CREATE, "create" }, \
	{ GMEM_HOOK_MMAP, "mmap" }, \
	{ GMEM_HOOK_FAULT, "fault" }, \
	{ GMEM_HOOK_IO, "io" }, \
	{ GMEM_HOOK_CONVERT, "convert" }, \
	{ GMEM_HOOK_BIND, "bind" }, \
	{ GMEM_HOOK_INSPECT, "inspect" }, \
	{ GMEM_HOOK_DISCARD, "discard" }

#define GMEM_UNBIND_CAUSES \
	{ GMEM_UNBIND_CONSUMER, "consumer" }, \
	{ GMEM_UNBIND_RELEASE, "release" }

#define GMEM_INVALIDATE_CAUSES \
	{ GMEM_INVALIDATE_PUNCH, "punch" }, \
	{ GMEM_INVALIDATE_CONVERT, "convert" }, \
	{ GMEM_INVALIDATE_ERROR, "error" }, \
	{ GMEM_INVALIDATE_RELEASE, "release" }

/* Lets trace-cmd and perf, which read the formats as text, know the values. */
TRACE_DEFINE_ENUM(GMEM_STATE_PRIVATE);
TRACE_DEFINE_ENUM(GMEM_STATE_SHARED);
TRACE_DEFINE_ENUM(GMEM_CONTENT_ZERO);
TRACE_DEFINE_ENUM(GMEM_CONTENT_KEEP);
TRACE_DEFINE_ENUM(GMEM_FAULT_HOST);
TRACE_DEFINE_ENUM(GMEM_FAULT_REMOTE);
TRACE_DEFINE_ENUM(GMEM_FAULT_GUEST);
TRACE_DEFINE_ENUM(GMEM_FREE_PUNCH);
TRACE_DEFINE_ENUM(GMEM_FREE_RELEASE);
TRACE_DEFINE_ENUM(GMEM_ACT_MMAP);
TRACE_DEFINE_ENUM(GMEM_ACT_READ);
TRACE_DEFINE_ENUM(GMEM_ACT_WRITE);
TRACE_DEFINE_ENUM(GMEM_ACT_POPULATE);
TRACE_DEFINE_ENUM(GMEM_ACT_INSPECT_READ);
TRACE_DEFINE_ENUM(GMEM_ACT_INSPECT_WRITE);
TRACE_DEFINE_ENUM(GMEM_ACT_SPLICE_READ);
TRACE_DEFINE_ENUM(GMEM_ACT_SPLICE_WRITE);
TRACE_DEFINE_ENUM(GMEM_ACT_OPEN);
TRACE_DEFINE_ENUM(GMEM_ACT_CREATE);
TRACE_DEFINE_ENUM(GMEM_ACT_DISCARD);
TRACE_DEFINE_ENUM(GMEM_HOOK_CREATE);
TRACE_DEFINE_ENUM(GMEM_HOOK_MMAP);
TRACE_DEFINE_ENUM(GMEM_HOOK_FAULT);
TRACE_DEFINE_ENUM(GMEM_HOOK_IO);
TRACE_DEFINE_ENUM(GMEM_HOOK_CONVERT);
TRACE_DEFINE_ENUM(GMEM_HOOK_BIND);
TRACE_DEFINE_ENUM(GMEM_HOOK_INSPECT);
TRACE_DEFINE_ENUM(GMEM_HOOK_DISCARD);
TRACE_DEFINE_ENUM(GMEM_UNBIND_CONSUMER);
TRACE_DEFINE_ENUM(GMEM_UNBIND_RELEASE);
TRACE_DEFINE_ENUM(GMEM_INVALIDATE_PUNCH);
TRACE_DEFINE_ENUM(GMEM_INVALIDATE_CONVERT);
TRACE_DEFINE_ENUM(GMEM_INVALIDATE_ERROR);
TRACE_DEFINE_ENUM(GMEM_INVALIDATE_RELEASE);

TRACE_EVENT(gmem_create,
	TP_PROTO(const struct gmem_ev_create *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, size_bytes)
		__field(u32, flags)
		__array(char, name, GMEM_NAME_MAX)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->size_bytes = ev->size_bytes;
		__entry->flags = ev->flags;
		memcpy(__entry->name, ev->name, GMEM_NAME_MAX);
	),
	TP_printk("id=%llu size_bytes=%llu flags=0x%x name=%s", __entry->id,
		  __entry->size_bytes, __entry->flags, __entry->name)
);

TRACE_EVENT(gmem_release,
	TP_PROTO(const struct gmem_ev_release *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, size_bytes)
		__field(u64, resident_private_bytes)
		__field(u64, resident_shared_bytes)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->size_bytes = ev->size_bytes;
		__entry->resident_private_bytes = ev->resident_private_bytes;
		__entry->resident_shared_bytes = ev->resident_shared_bytes;
	),
	TP_printk("id=%llu size_bytes=%llu resident_private_bytes=%llu resident_shared_bytes=%llu",
		  __entry->id, __entry->size_bytes, __entry->resident_private_bytes,
		  __entry->resident_shared_bytes)
);

TRACE_EVENT(gmem_alloc,
	TP_PROTO(const struct gmem_ev_alloc *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u32, state)
		__field(s32, nid)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->state = ev->state;
		__entry->nid = ev->nid;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu state=%s nid=%d", __entry->id,
		  __entry->offset_bytes, __entry->size_bytes,
		  __print_symbolic(__entry->state, GMEM_STATES), __entry->nid)
);

TRACE_EVENT(gmem_free,
	TP_PROTO(const struct gmem_ev_free *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, resident_bytes)
		__field(u32, cause)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->resident_bytes = ev->resident_bytes;
		__entry->cause = ev->cause;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu resident_bytes=%llu cause=%s",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes,
		  __entry->resident_bytes,
		  __print_symbolic(__entry->cause, GMEM_FREE_CAUSES))
);

TRACE_EVENT(gmem_fault,
	TP_PROTO(const struct gmem_ev_fault *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u32, kind)
		__field(u32, state)
		__field(s32, err)
		__field(u8, write)
		__field(u8, allocated)
		__field(u64, total_ns)
		__field(u64, lookup_ns)
		__field(u64, policy_ns)
		__field(u64, alloc_ns)
		__field(u64, zero_ns)
		__field(u64, policy_id)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->kind = ev->kind;
		__entry->state = ev->state;
		__entry->err = ev->err;
		__entry->write = ev->write;
		__entry->allocated = ev->allocated;
		__entry->total_ns = ev->total_ns;
		__entry->lookup_ns = ev->lookup_ns;
		__entry->policy_ns = ev->policy_ns;
		__entry->alloc_ns = ev->alloc_ns;
		__entry->zero_ns = ev->zero_ns;
		__entry->policy_id = ev->policy_id;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu kind=%s state=%s err=%d write=%u allocated=%u total_ns=%llu lookup_ns=%llu policy_ns=%llu alloc_ns=%llu zero_ns=%llu policy_id=%llu",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes,
		  __print_symbolic(__entry->kind, GMEM_FAULT_KINDS),
		  __print_symbolic(__entry->state, GMEM_STATES), __entry->err, __entry->write,
		  __entry->allocated, __entry->total_ns, __entry->lookup_ns, __entry->policy_ns,
		  __entry->alloc_ns, __entry->zero_ns, __entry->policy_id)
);

TRACE_EVENT(gmem_convert,
	TP_PROTO(const struct gmem_ev_convert *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u32, to)
		__field(u32, content)
		__field(s32, err)
		__field(u64, error_offset_bytes)
		__field(u64, changed_bytes)
		__field(u64, total_ns)
		__field(u64, policy_id)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->to = ev->to;
		__entry->content = ev->content;
		__entry->err = ev->err;
		__entry->error_offset_bytes = ev->error_offset_bytes;
		__entry->changed_bytes = ev->changed_bytes;
		__entry->total_ns = ev->total_ns;
		__entry->policy_id = ev->policy_id;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu to=%s content=%s err=%d error_offset_bytes=%llu changed_bytes=%llu total_ns=%llu policy_id=%llu",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes,
		  __print_symbolic(__entry->to, GMEM_STATES),
		  __print_symbolic(__entry->content, GMEM_CONTENTS), __entry->err,
		  __entry->error_offset_bytes, __entry->changed_bytes, __entry->total_ns,
		  __entry->policy_id)
);

TRACE_EVENT(gmem_access,
	TP_PROTO(const struct gmem_ev_access *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, done_bytes)
		__field(u32, act)
		__field(s32, err)
		__field(u64, policy_id)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->done_bytes = ev->done_bytes;
		__entry->act = ev->act;
		__entry->err = ev->err;
		__entry->policy_id = ev->policy_id;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu done_bytes=%llu act=%s err=%d policy_id=%llu",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes, __entry->done_bytes,
		  __print_symbolic(__entry->act, GMEM_ACTS), __entry->err,
		  __entry->policy_id)
);

TRACE_EVENT(gmem_error,
	TP_PROTO(const struct gmem_ev_error *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(s32, err)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->err = ev->err;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu err=%d", __entry->id,
		  __entry->offset_bytes, __entry->size_bytes, __entry->err)
);

TRACE_EVENT(gmem_bind,
	TP_PROTO(const struct gmem_ev_bind *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, vm)
		__field(u32, slot)
		__field(s32, err)
		__field(u64, guest_address)
		__array(char, consumer, 16)
		__field(u64, policy_id)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->vm = ev->vm;
		__entry->slot = ev->slot;
		__entry->err = ev->err;
		__entry->guest_address = ev->guest_address;
		memcpy(__entry->consumer, ev->consumer, sizeof(ev->consumer));
		__entry->policy_id = ev->policy_id;
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu consumer=%s vm=%llu slot=%u guest_address=0x%llx err=%d policy_id=%llu",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes, __entry->consumer,
		  __entry->vm, __entry->slot, __entry->guest_address, __entry->err,
		  __entry->policy_id)
);

TRACE_EVENT(gmem_unbind,
	TP_PROTO(const struct gmem_ev_unbind *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, vm)
		__field(u32, slot)
		__field(u32, cause)
		__array(char, consumer, 16)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->vm = ev->vm;
		__entry->slot = ev->slot;
		__entry->cause = ev->cause;
		memcpy(__entry->consumer, ev->consumer, sizeof(ev->consumer));
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu consumer=%s vm=%llu slot=%u cause=%s",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes, __entry->consumer,
		  __entry->vm, __entry->slot,
		  __print_symbolic(__entry->cause, GMEM_UNBIND_CAUSES))
);

TRACE_EVENT(gmem_invalidate,
	TP_PROTO(const struct gmem_ev_invalidate *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, vm)
		__field(u32, slot)
		__field(u32, cause)
		__field(u64, begin_ns)
		__field(u64, total_ns)
		__array(char, consumer, 16)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->vm = ev->vm;
		__entry->slot = ev->slot;
		__entry->cause = ev->cause;
		__entry->begin_ns = ev->begin_ns;
		__entry->total_ns = ev->total_ns;
		memcpy(__entry->consumer, ev->consumer, sizeof(ev->consumer));
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu consumer=%s vm=%llu slot=%u cause=%s begin_ns=%llu total_ns=%llu",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes, __entry->consumer,
		  __entry->vm, __entry->slot,
		  __print_symbolic(__entry->cause, GMEM_INVALIDATE_CAUSES), __entry->begin_ns,
		  __entry->total_ns)
);

TRACE_EVENT(gmem_policy,
	TP_PROTO(const struct gmem_ev_policy *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, offset_bytes)
		__field(u64, size_bytes)
		__field(u64, policy_id)
		__field(u32, hook)
		__field(s32, err)
		__field(u8, monitor)
		__array(char, policy, GMEM_POLICY_NAME_MAX)
	),
	TP_fast_assign(
		__entry->id = ev->id;
		__entry->offset_bytes = ev->offset_bytes;
		__entry->size_bytes = ev->size_bytes;
		__entry->policy_id = ev->policy_id;
		__entry->hook = ev->hook;
		__entry->err = ev->err;
		__entry->monitor = ev->monitor;
		memcpy(__entry->policy, ev->policy, GMEM_POLICY_NAME_MAX);
	),
	TP_printk("id=%llu offset_bytes=%llu size_bytes=%llu policy_id=%llu policy=%s hook=%s err=%d monitor=%u",
		  __entry->id, __entry->offset_bytes, __entry->size_bytes, __entry->policy_id,
		  __entry->policy, __print_symbolic(__entry->hook, GMEM_HOOKS), __entry->err,
		  __entry->monitor)
);

#endif /* _TRACE_GMEM_H */

/* This part must be outside protection. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace/events
#include <trace/define_trace.h>
