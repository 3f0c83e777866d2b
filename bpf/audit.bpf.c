// SPDX-License-Identifier: GPL-2.0-only
/*
 * One record an access attempt to a ring buffer: what was attempted, what came of it, and who
 * it was, taken while the task is there. Each has its number before it has room, so that what
 * finds none leaves a gap, and is counted. Loaded by the tool's source/bpf_audit.c.
 */
#include "gmem_core.bpf.h"
#include "audit_records.h"
#include "audit_who.bpf.h"
#include "filter.bpf.h"

char LICENSE[] SEC("license") = "GPL";

_Static_assert(GMT_POLICY_MAX == GMEM_POLICY_NAME_MAX, "a record holds a policy's whole name");
_Static_assert((int)GMT_ACT_DISCARD == (int)GMEM_ACT_DISCARD, "gmem_access' acts are ours");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* set anew before loading */
} ring SEC(".maps");

struct name {
	char text[GMT_NAME_MAX];
};

/* Names of the gmems there are: events carry the id alone. Filled in by user space, then here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 18);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct name);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, GMT_LOSS_KERNEL * 2);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/* What a policy said of the act whose event is about to come. */
struct verdict {
	u64 id;
	u64 offset_bytes;
	u64 policy_id;
	u32 said;
	u32 hook;
	s32 err;
	char policy[GMT_POLICY_MAX];
};

/*
 * What is kept of a task: the record it is told in, of which the parts that seldom change
 * stay as they are for as long as what they were learnt of is the same.
 */
struct known {
	struct learnt learnt;
	struct verdict refusal;
	struct verdict would;
	struct gmt_rec_audit rec;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct known);
} tasks SEC(".maps");

const volatile struct gmt_audit_filter filter;
/* Data waiting that is worth waking the reader for; it looks by itself now and then. */
const volatile __u64 wakeup_bytes = 64 << 10;

/* The number of the last attempt, and how many gmems' names found no room. */
__u64 last_seq;
__u64 names_lost;

static __always_inline bool is_refused(s32 err)
{
	return err < 0;
}

static __always_inline bool wanted(u64 id, enum gmt_act act, bool refused)
{
	if (!((refused ? filter.refused : filter.allowed) & 1U << act))
		return false;
	return passes(&filter.task, id);
}

static __always_inline void count_loss(enum gmt_audit_loss cause, bool refused)
{
	__u32 key = gmt_loss_key(cause, refused);
	__u64 *count = bpf_map_lookup_elem(&losses, &key);

	/* Atomic all the same: a task may be preempted here by another one. */
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline bool said(const struct verdict *verdict, u64 id, u32 hook)
{
	return verdict->said && verdict->id == id && verdict->hook == hook;
}

/*
 * What policies said of this act, and forgets it. Their event came in this very task right
 * before; what an act without an event of its own has left is told apart by its place.
 */
static __always_inline void tell_policy(struct known *known, u64 policy_id, u32 hook)
{
	struct gmt_rec_audit *rec = &known->rec;
	const struct verdict *refusal = &known->refusal, *would = &known->would;
	bool here = said(refusal, rec->id, hook) && refusal->offset_bytes == rec->offset_bytes;

	rec->policy_id = policy_id;
	if (here && is_refused(rec->err) && refusal->policy_id == policy_id) {
		__builtin_memcpy(rec->policy, refusal->policy, sizeof(rec->policy));
		rec->flags |= policy_id ? GMT_AUDIT_POLICY_NAMED : GMT_AUDIT_REQUIRED;
	}
	if (said(would, rec->id, hook) && would->offset_bytes == rec->offset_bytes) {
		rec->would_policy_id = would->policy_id;
		rec->would_err = would->err;
		__builtin_memcpy(rec->would_policy, would->policy, sizeof(rec->would_policy));
		rec->flags |= GMT_AUDIT_WOULD;
	}
	known->refusal.said = 0;
	known->would.said = 0;
}

static __always_inline void tell_name(struct gmt_rec_audit *rec)
{
	__u64 id = rec->id;
	const struct name *name = bpf_map_lookup_elem(&names, &id);

	if (!name)
		return;
	__builtin_memcpy(rec->name, name->text, sizeof(rec->name));
	rec->flags |= GMT_AUDIT_NAME;
}

struct attempt {
	u64 id;
	u64 offset_bytes;
	u64 size_bytes;
	u64 policy_id;
	s32 err;
	u32 hook;
	enum gmt_act act;
};

/* What the events of acts have in common. The first gmem.ko told of no policies. */
#define ATTEMPT_OF(ev)                                                                      \
	.id = (ev)->id, .offset_bytes = (ev)->offset_bytes, .size_bytes = (ev)->size_bytes, \
	.err = (ev)->err,                                                                   \
	.policy_id = bpf_core_field_exists((ev)->policy_id) ? (ev)->policy_id : 0

/* Begins a record. Return: NULL when it is not wanted, or was lost. */
static __always_inline struct known *begin(const struct attempt *a)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct known *known = bpf_task_storage_get(&tasks, task, NULL, 0);
	struct gmt_rec_audit *rec;
	bool refused = is_refused(a->err);

	if (known && known->would.said && said(&known->would, a->id, a->hook))
		refused = true;
	if (!wanted(a->id, a->act, refused)) {
		if (known) {
			known->refusal.said = 0;
			known->would.said = 0;
		}
		return NULL;
	}
	if (!known)
		known = bpf_task_storage_get(&tasks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!known) {
		__sync_fetch_and_add(&last_seq, 1);
		count_loss(GMT_LOSS_MEMORY, refused);
		return NULL;
	}
	rec = &known->rec;
	tell_task(&known->learnt, rec);
	rec->time_ns = bpf_ktime_get_boot_ns();
	rec->id = a->id;
	rec->offset_bytes = a->offset_bytes;
	rec->size_bytes = a->size_bytes;
	rec->done_bytes = 0;
	rec->act = a->act;
	rec->err = a->err;
	rec->kind = 0;
	tell_name(rec);
	tell_policy(known, a->policy_id, a->hook);
	return known;
}

static __always_inline void end(struct known *known)
{
	struct gmt_rec_audit *rec = &known->rec;
	u64 flags = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= wakeup_bytes ?
			    BPF_RB_FORCE_WAKEUP :
			    BPF_RB_NO_WAKEUP;
	u64 size = sizeof(*rec) - sizeof(rec->paths) + rec->exe_bytes + rec->cgroup_bytes;

	if (size > sizeof(*rec))
		size = sizeof(*rec);
	rec->seq = __sync_fetch_and_add(&last_seq, 1) + 1;
	if (bpf_ringbuf_output(&ring, rec, size, flags))
		count_loss(GMT_LOSS_BUFFER, is_refused(rec->err) || rec->flags & GMT_AUDIT_WOULD);
}

/* gmem.ko never passes NULL, but to the verifier a module's tracepoint may. */

SEC("tp_btf/gmem_policy")
int gmem_policy(__u64 *ctx)
{
	const struct gmem_ev_policy *ev = (const void *)ctx[0];
	struct verdict *verdict;
	struct known *known;

	if (!ev || !ev->err)
		return 0;
	known = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), NULL,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	/* Not lost: the act's own event tells the policy's id, or is lost and counted itself. */
	if (!known)
		return 0;
	verdict = ev->monitor ? &known->would : &known->refusal;
	/* Of several monitors the first one is told. */
	if (said(verdict, ev->id, ev->hook) && verdict->offset_bytes == ev->offset_bytes &&
	    ev->monitor)
		return 0;
	verdict->id = ev->id;
	verdict->offset_bytes = ev->offset_bytes;
	verdict->policy_id = ev->policy_id;
	verdict->hook = ev->hook;
	verdict->err = ev->err;
	bpf_core_read(verdict->policy, sizeof(verdict->policy), &ev->policy);
	verdict->said = 1;
	return 0;
}

static __always_inline u32 hook_of(u32 act)
{
	switch (act) {
	case GMEM_ACT_MMAP:
		return GMEM_HOOK_MMAP;
	case GMEM_ACT_INSPECT_READ:
	case GMEM_ACT_INSPECT_WRITE:
		return GMEM_HOOK_INSPECT;
	case GMEM_ACT_CREATE:
		return GMEM_HOOK_CREATE;
	case GMEM_ACT_DISCARD:
		return GMEM_HOOK_DISCARD;
	default:
		return GMEM_HOOK_IO;
	}
}

SEC("tp_btf/gmem_access")
int gmem_access(__u64 *ctx)
{
	const struct gmem_ev_access *ev = (const void *)ctx[0];
	struct known *known;

	if (!ev || !ev->act || ev->act > GMEM_ACT_DISCARD)
		return 0;
	known = begin(&(struct attempt){
		ATTEMPT_OF(ev),
		.hook = hook_of(ev->act),
		.act = ev->act,
	});
	if (!known)
		return 0;
	known->rec.done_bytes = ev->done_bytes;
	end(known);
	return 0;
}

SEC("tp_btf/gmem_fault")
int gmem_fault(__u64 *ctx)
{
	const struct gmem_ev_fault *ev = (const void *)ctx[0];
	struct known *known;

	/* A guest's look-up is no access by the host. */
	if (!ev || ev->kind == GMEM_FAULT_GUEST)
		return 0;
	known = begin(&(struct attempt){
		ATTEMPT_OF(ev),
		.hook = GMEM_HOOK_FAULT,
		.act = GMT_ACT_FAULT,
	});
	if (!known)
		return 0;
	known->rec.kind = ev->kind;
	known->rec.done_bytes = ev->size_bytes;
	if (ev->write)
		known->rec.flags |= GMT_AUDIT_WRITE;
	end(known);
	return 0;
}

SEC("tp_btf/gmem_convert")
int gmem_convert(__u64 *ctx)
{
	const struct gmem_ev_convert *ev = (const void *)ctx[0];
	struct known *known;

	if (!ev)
		return 0;
	known = begin(&(struct attempt){
		ATTEMPT_OF(ev),
		.hook = GMEM_HOOK_CONVERT,
		.act = GMT_ACT_CONVERT,
	});
	if (!known)
		return 0;
	known->rec.done_bytes = ev->changed_bytes;
	known->rec.to = ev->to;
	known->rec.content = ev->content;
	end(known);
	return 0;
}

SEC("tp_btf/gmem_bind")
int gmem_bind(__u64 *ctx)
{
	const struct gmem_ev_bind *ev = (const void *)ctx[0];
	struct known *known;

	if (!ev)
		return 0;
	known = begin(&(struct attempt){
		ATTEMPT_OF(ev),
		.hook = GMEM_HOOK_BIND,
		.act = GMT_ACT_BIND,
	});
	if (!known)
		return 0;
	known->rec.done_bytes = ev->err ? 0 : ev->size_bytes;
	known->rec.vm = ev->vm;
	known->rec.slot = ev->slot;
	known->rec.guest_address = ev->guest_address;
	bpf_core_read(known->rec.consumer, sizeof(known->rec.consumer), &ev->consumer);
	end(known);
	return 0;
}

SEC("tp_btf/gmem_create")
int gmem_create(__u64 *ctx)
{
	const struct gmem_ev_create *ev = (const void *)ctx[0];
	struct known *known;
	struct name name;
	__u64 id;

	if (!ev)
		return 0;
	id = ev->id;
	bpf_core_read(name.text, sizeof(name.text), &ev->name);
	if (bpf_map_update_elem(&names, &id, &name, BPF_ANY))
		__sync_fetch_and_add(&names_lost, 1);
	known = begin(&(struct attempt){
		.id = id,
		.size_bytes = ev->size_bytes,
		.hook = GMEM_HOOK_CREATE,
		.act = GMT_ACT_CREATE,
	});
	if (!known)
		return 0;
	known->rec.done_bytes = ev->size_bytes;
	end(known);
	return 0;
}

SEC("tp_btf/gmem_release")
int gmem_release(__u64 *ctx)
{
	const struct gmem_ev_release *ev = (const void *)ctx[0];
	__u64 id;

	if (!ev)
		return 0;
	id = ev->id;
	/* The name was counted as lost when it found no room. */
	bpf_map_delete_elem(&names, &id);
	return 0;
}

SEC("tp_btf/gmem_free")
int gmem_free(__u64 *ctx)
{
	const struct gmem_ev_free *ev = (const void *)ctx[0];
	struct known *known;

	/* The end of a gmem is no access. */
	if (!ev || ev->cause != GMEM_FREE_PUNCH)
		return 0;
	known = begin(&(struct attempt){
		.id = ev->id,
		.offset_bytes = ev->offset_bytes,
		.size_bytes = ev->size_bytes,
		.hook = GMEM_HOOK_DISCARD,
		.act = GMT_ACT_DISCARD,
	});
	if (!known)
		return 0;
	known->rec.done_bytes = ev->size_bytes;
	end(known);
	return 0;
}
