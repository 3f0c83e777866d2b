// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events to a ring buffer: one tp_btf program a tracepoint of gmem. The filter is
 * applied here, before anything is reserved; what does not fit is counted by event.
 * Loaded by the tool's source/bpf_trace.c, which leaves out the events not asked for.
 */
#include "gmem_core.bpf.h"
#include "ring.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* A field that the first gmem.ko does not have is 0 there. */
#define NEW(field) (bpf_core_field_exists(field) ? (field) : 0)

/* gmem.ko never passes NULL, but to the verifier a module's tracepoint may. */

SEC("tp_btf/gmem_create")
int gmem_create(__u64 *ctx)
{
	const struct gmem_ev_create *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_CREATE, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = 0;
	rec->size_bytes = ev->size_bytes;
	rec->create.flags = ev->flags;
	bpf_core_read(rec->create.name, sizeof(rec->create.name), &ev->name);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_release")
int gmem_release(__u64 *ctx)
{
	const struct gmem_ev_release *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_RELEASE, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = 0;
	rec->size_bytes = ev->size_bytes;
	rec->release.resident_private_bytes = ev->resident_private_bytes;
	rec->release.resident_shared_bytes = ev->resident_shared_bytes;
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_alloc")
int gmem_alloc(__u64 *ctx)
{
	const struct gmem_ev_alloc *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_ALLOC, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->alloc.state = ev->state;
	rec->alloc.nid = ev->nid;
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_free")
int gmem_free(__u64 *ctx)
{
	const struct gmem_ev_free *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_FREE, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->free.resident_bytes = ev->resident_bytes;
	rec->free.cause = ev->cause;
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_fault")
int gmem_fault(__u64 *ctx)
{
	const struct gmem_ev_fault *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_FAULT, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->fault.kind = ev->kind;
	rec->fault.state = ev->state;
	rec->fault.err = ev->err;
	rec->fault.write = ev->write;
	rec->fault.allocated = ev->allocated;
	rec->fault.total_ns = ev->total_ns;
	rec->fault.lookup_ns = ev->lookup_ns;
	rec->fault.policy_ns = NEW(ev->policy_ns);
	rec->fault.alloc_ns = ev->alloc_ns;
	rec->fault.zero_ns = ev->zero_ns;
	rec->fault.policy_id = NEW(ev->policy_id);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_convert")
int gmem_convert(__u64 *ctx)
{
	const struct gmem_ev_convert *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_CONVERT, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->convert.to = ev->to;
	rec->convert.content = ev->content;
	rec->convert.err = ev->err;
	rec->convert.error_offset_bytes = ev->error_offset_bytes;
	rec->convert.changed_bytes = ev->changed_bytes;
	rec->convert.total_ns = ev->total_ns;
	rec->convert.policy_id = NEW(ev->policy_id);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_access")
int gmem_access(__u64 *ctx)
{
	const struct gmem_ev_access *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_ACCESS, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->access.done_bytes = ev->done_bytes;
	rec->access.act = ev->act;
	rec->access.err = ev->err;
	rec->access.policy_id = NEW(ev->policy_id);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_error")
int gmem_error(__u64 *ctx)
{
	const struct gmem_ev_error *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_ERROR, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->error.err = ev->err;
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_bind")
int gmem_bind(__u64 *ctx)
{
	const struct gmem_ev_bind *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_BIND, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->bind.vm = ev->vm;
	rec->bind.slot = ev->slot;
	rec->bind.err = ev->err;
	rec->bind.guest_address = ev->guest_address;
	bpf_core_read(rec->bind.consumer, sizeof(rec->bind.consumer), &ev->consumer);
	rec->bind.policy_id = NEW(ev->policy_id);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_unbind")
int gmem_unbind(__u64 *ctx)
{
	const struct gmem_ev_unbind *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_UNBIND, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->unbind.vm = ev->vm;
	rec->unbind.slot = ev->slot;
	rec->unbind.cause = ev->cause;
	bpf_core_read(rec->unbind.consumer, sizeof(rec->unbind.consumer), &ev->consumer);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_invalidate")
int gmem_invalidate(__u64 *ctx)
{
	const struct gmem_ev_invalidate *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_INVALIDATE, ev->id, 0) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->invalidate.vm = ev->vm;
	rec->invalidate.slot = ev->slot;
	rec->invalidate.cause = ev->cause;
	rec->invalidate.begin_ns = ev->begin_ns;
	rec->invalidate.total_ns = ev->total_ns;
	bpf_core_read(rec->invalidate.consumer, sizeof(rec->invalidate.consumer), &ev->consumer);
	submit(rec);
	return 0;
}

SEC("tp_btf/gmem_policy")
int gmem_policy(__u64 *ctx)
{
	const struct gmem_ev_policy *ev = (const void *)ctx[0];
	struct gmt_rec_event *rec = ev ? reserve(GMT_EVENT_POLICY, ev->id, ev->err) : NULL;

	if (!rec)
		return 0;
	rec->offset_bytes = ev->offset_bytes;
	rec->size_bytes = ev->size_bytes;
	rec->policy.policy_id = ev->policy_id;
	rec->policy.hook = ev->hook;
	rec->policy.err = ev->err;
	rec->policy.monitor = ev->monitor;
	bpf_core_read(rec->policy.policy, sizeof(rec->policy.policy), &ev->policy);
	submit(rec);
	return 0;
}
