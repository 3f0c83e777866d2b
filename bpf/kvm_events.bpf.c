// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of KVM's own guest_memfd, which has no tracepoints: programs at the entry and exit
 * of its functions, and on two of the page cache's tracepoints. Loaded by the tool's
 * source/kvm_trace.c, which leaves out what is not asked for and what this kernel has not.
 */
#include "kvm_tell.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define KVM_SET_MEMORY_ATTRIBUTES 0x4020aed2
#define KVM_EXIT_MEMORY_FAULT	  39
#define FALLOC_FL_PUNCH_HOLE	  0x02
#define VM_FAULT_OOM		  0x0001
#define VM_FAULT_HWPOISON	  0x0010
#define VM_FAULT_RETRY		  0x0400
#define VM_FAULT_LOCKED		  0x0200

/* Creation: its inode is made first, and is known by the call's success. */

SEC("fexit/anon_inode_make_secure_inode")
int inode_made(__u64 *ctx)
{
	struct inode *inode = (struct inode *)ctx[3];
	struct state *state;

	if ((long)inode >= -4095L && (long)inode < 0)
		return 0;
	if (!is_guest_memfd(inode))
		return 0;
	state = state_of_task(GMT_EVENT_CREATE);
	if (state)
		state->created = (u64)inode;
	return 0;
}

SEC("fexit/kvm_gmem_create")
int create(__u64 *ctx)
{
	struct state *state = state_there();
	struct gmt_rec_event *rec;
	struct inode *inode;

	if (!state)
		return 0;
	inode = (struct inode *)state->created;
	state->created = 0;
	if ((int)ctx[2] < 0 || !inode)
		return 0;
	rec = reserve(GMT_EVENT_CREATE, inode_id(inode), 0);
	if (!rec)
		return 0;
	rec->unknown = GMT_UNKNOWN_NAME;
	rec->offset_bytes = 0;
	rec->size_bytes = BPF_CORE_READ(inode, i_size);
	rec->create.flags = create_flags(inode_flags(inode));
	__builtin_memset(rec->create.name, 0, sizeof(rec->create.name));
	submit(rec);
	return 0;
}

SEC("fexit/kvm_gmem_commit_memory_region")
int bind(__u64 *ctx)
{
	struct kvm *kvm = (struct kvm *)ctx[0];
	struct kvm_memory_slot *slot = (struct kvm_memory_slot *)ctx[1];
	struct inode *inode = BPF_CORE_READ(slot, gmem.file, f_inode);
	s32 err = (s32)ctx[2];
	struct gmt_rec_event *rec = reserve(GMT_EVENT_BIND, inode_id(inode), err);

	if (!rec)
		return 0;
	rec->unknown = GMT_UNKNOWN_POLICY;
	rec->offset_bytes = (u64)BPF_CORE_READ(slot, gmem.pgoff) << PAGE_SHIFT;
	rec->size_bytes = (u64)BPF_CORE_READ(slot, npages) << PAGE_SHIFT;
	rec->bind.vm = BPF_CORE_READ(kvm, userspace_pid);
	rec->bind.slot = slot_number(slot);
	rec->bind.err = err;
	rec->bind.guest_address = BPF_CORE_READ(slot, base_gfn) << PAGE_SHIFT;
	rec->bind.policy_id = 0;
	tell_consumer(rec->bind.consumer);
	submit(rec);
	return 0;
}

SEC("fentry/kvm_gmem_unbind")
int unbind(__u64 *ctx)
{
	struct kvm_memory_slot *slot = (struct kvm_memory_slot *)ctx[0];
	struct file *file = BPF_CORE_READ(slot, gmem.file);

	/* NULL: the descriptors went first, and that was told then. */
	if (file)
		tell_unbind(BPF_CORE_READ(file, f_inode), slot, GMEM_UNBIND_CONSUMER);
	return 0;
}

/* The end: the last descriptor, and the last mapping, are gone. */

static __always_inline void tell_release(struct inode *inode)
{
	u64 resident = (u64)BPF_CORE_READ(inode, i_mapping, nrpages) << PAGE_SHIFT;
	bool shared = inode_state(inode) == GMEM_STATE_SHARED;
	struct gmt_rec_event *rec = reserve(GMT_EVENT_RELEASE, inode_id(inode), 0);

	if (!rec)
		return;
	rec->offset_bytes = 0;
	rec->size_bytes = BPF_CORE_READ(inode, i_size);
	rec->release.resident_private_bytes = shared ? 0 : resident;
	rec->release.resident_shared_bytes = shared ? resident : 0;
	submit(rec);
}

/* While the slots still name the file: KVM makes them forget it, tells them, and unbinds them. */
SEC("fentry/kvm_gmem_release")
int release(__u64 *ctx)
{
	struct inode *inode = (struct inode *)ctx[0];
	struct file *file = (struct file *)ctx[1];
	struct gmem_file *gmem = BPF_CORE_READ(file, private_data);
	struct state *state = NULL;
	struct slot_walk walk = {
		.kvm = BPF_CORE_READ(gmem, kvm),
		.file = file,
		.what = WALK_RELEASE,
		.cause = GMEM_INVALIDATE_RELEASE,
		.last = ~0ULL,
	};

	if (events & 1U << GMT_EVENT_FREE)
		state = state_of_task(GMT_EVENT_FREE);
	if (state) {
		state->gone = ctx[0];
		state->removed = 0;
	}
	if (events & (1U << GMT_EVENT_INVALIDATE | 1U << GMT_EVENT_UNBIND))
		walk_all(&walk);
	if (events & 1U << GMT_EVENT_RELEASE)
		tell_release(inode);
	return 0;
}

/* After its pages went. */
SEC("fentry/kvm_gmem_destroy_inode")
int freed(__u64 *ctx)
{
	struct inode *inode = (struct inode *)ctx[0];
	struct state *state = state_there();
	struct gmt_rec_event *rec;
	u64 removed;

	if (!state || state->gone != (u64)inode)
		return 0;
	state->gone = 0;
	removed = state->removed;
	if (!removed)
		return 0;
	rec = reserve(GMT_EVENT_FREE, inode_id(inode), 0);
	if (!rec)
		return 0;
	rec->offset_bytes = 0;
	rec->size_bytes = BPF_CORE_READ(inode, i_size);
	rec->free.resident_bytes = removed << PAGE_SHIFT;
	rec->free.cause = GMEM_FREE_RELEASE;
	submit(rec);
	return 0;
}

/* Holes. */

SEC("fentry/kvm_gmem_fallocate")
int punch_begin(__u64 *ctx)
{
	struct state *state;

	if (!(ctx[1] & FALLOC_FL_PUNCH_HOLE))
		return 0;
	state = state_of_task(GMT_EVENT_FREE);
	if (!state)
		return 0;
	state->cause = GMEM_INVALIDATE_PUNCH + 1;
	state->removed = 0;
	return 0;
}

SEC("fexit/kvm_gmem_fallocate")
int punch_end(__u64 *ctx)
{
	struct inode *inode = BPF_CORE_READ((struct file *)ctx[0], f_inode);
	struct state *state = state_there();
	struct gmt_rec_event *rec;

	if (!(ctx[1] & FALLOC_FL_PUNCH_HOLE) || !state)
		return 0;
	state->cause = 0;
	if ((long)ctx[4] || !(events & 1U << GMT_EVENT_FREE))
		return 0;
	rec = reserve(GMT_EVENT_FREE, inode_id(inode), 0);
	if (!rec)
		return 0;
	rec->unknown = pages_told ? 0 : GMT_UNKNOWN_RESIDENT;
	rec->offset_bytes = ctx[2];
	rec->size_bytes = ctx[3];
	rec->free.resident_bytes = state->removed << PAGE_SHIFT;
	rec->free.cause = GMEM_FREE_PUNCH;
	submit(rec);
	return 0;
}

/* Pages, wherever in the system: most are of other files. */

static __always_inline struct inode *inode_of_folio(struct folio *folio)
{
	struct inode *inode = BPF_CORE_READ(folio, mapping, host);

	return is_guest_memfd(inode) ? inode : NULL;
}

SEC("tp_btf/mm_filemap_add_to_page_cache")
int page_added(__u64 *ctx)
{
	struct folio *folio = (struct folio *)ctx[0];
	struct inode *inode = inode_of_folio(folio);
	struct gmt_rec_event *rec;
	struct state *state;

	if (!inode)
		return 0;
	state = state_there();
	if (state)
		state->added++;
	if (!(events & 1U << GMT_EVENT_ALLOC))
		return 0;
	rec = reserve(GMT_EVENT_ALLOC, inode_id(inode), 0);
	if (!rec)
		return 0;
	rec->unknown = one_node ? 0 : GMT_UNKNOWN_NODE;
	rec->offset_bytes = (u64)BPF_CORE_READ(folio, index) << PAGE_SHIFT;
	rec->size_bytes = 1 << PAGE_SHIFT;
	rec->alloc.state = inode_state(inode);
	rec->alloc.nid = 0;
	submit(rec);
	return 0;
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int page_removed(__u64 *ctx)
{
	struct state *state;

	if (!inode_of_folio((struct folio *)ctx[0]))
		return 0;
	state = state_there();
	if (state)
		state->removed++;
	return 0;
}

/* Faults: of a mapping, then of the guest. */

SEC("fentry/kvm_gmem_fault_user_mapping")
int host_begin(__u64 *ctx)
{
	struct state *state = state_of_task(GMT_EVENT_FAULT);

	if (!state)
		return 0;
	state->fault_ns = bpf_ktime_get_ns();
	state->added = 0;
	return 0;
}

/* KVM hands over a page that failed, too: it is its caller who looks, and kills. */
static __always_inline bool is_poisoned(struct vm_fault *vmf)
{
	if (!bpf_core_enum_value_exists(enum pageflags, PG_hwpoison))
		return false;
	return BPF_CORE_READ(vmf, page, flags.f) >>
		       bpf_core_enum_value(enum pageflags, PG_hwpoison) &
	       1;
}

static __always_inline s32 fault_error(u32 ret, struct vm_fault *vmf, struct inode *inode, u64 page)
{
	if (ret & VM_FAULT_LOCKED)
		return is_poisoned(vmf) ? -EHWPOISON : 0;
	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & VM_FAULT_HWPOISON)
		return -EHWPOISON;
	if (page << PAGE_SHIFT >= (u64)BPF_CORE_READ(inode, i_size))
		return -EINVAL;
	return inode_state(inode) == GMEM_STATE_PRIVATE ? -EACCES : -EFAULT;
}

SEC("fexit/kvm_gmem_fault_user_mapping")
int host_fault(__u64 *ctx)
{
	struct vm_fault *vmf = (struct vm_fault *)ctx[0];
	struct inode *inode = BPF_CORE_READ(vmf, vma, vm_file, f_inode);
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u64 page = BPF_CORE_READ(vmf, pgoff);
	struct state *state = state_there();
	struct gmt_rec_event *rec;

	/* It comes again. */
	if (!state || !state->fault_ns || (u32)ctx[1] & VM_FAULT_RETRY)
		return 0;
	rec = reserve_fault(inode, page, fault_error(ctx[1], vmf, inode, page));
	if (rec) {
		rec->unknown |= pages_told ? 0 : GMT_UNKNOWN_ALLOCATED;
		rec->fault.kind = BPF_CORE_READ(vmf, vma, vm_mm) == BPF_CORE_READ(task, mm) ?
					  GMEM_FAULT_HOST :
					  GMEM_FAULT_REMOTE;
		rec->fault.write = BPF_CORE_READ(vmf, flags) & FAULT_FLAG_WRITE;
		rec->fault.allocated = state->added != 0;
		rec->fault.total_ns = bpf_ktime_get_ns() - state->fault_ns;
		submit(rec);
	}
	state->fault_ns = 0;
	return 0;
}

/*
 * Through kprobes, as kvm_vm_ioctl below: on 7.3.4, fentry on these two functions, and on none of
 * the others here, is accepted and then never runs; docs/guest_memfd.md tells more.
 */
enum { REG_AX = 10, REG_DX = 12, REG_SI = 13, REG_DI = 14 }; /* in struct pt_regs of x86-64 */

SEC("kprobe/kvm_gmem_get_pfn")
int guest_begin(__u64 *regs)
{
	struct state *state = state_of_task(GMT_EVENT_FAULT);

	if (!state)
		return 0;
	state->guest_slot = regs[REG_SI];
	state->guest_gfn = regs[REG_DX];
	state->guest_ns = bpf_ktime_get_ns();
	state->guest_failed = 0;
	state->added = 0;
	return 0;
}

SEC("kretprobe/kvm_gmem_get_pfn")
int guest_fault(__u64 *regs)
{
	struct state *state = state_there();
	struct kvm_memory_slot *slot;
	struct gmt_rec_event *rec;
	s32 err = (s32)regs[REG_AX];
	struct file *file;
	u64 page;

	if (!state || !state->guest_ns)
		return 0;
	slot = (struct kvm_memory_slot *)state->guest_slot;
	file = BPF_CORE_READ(slot, gmem.file);
	page = state->guest_gfn - BPF_CORE_READ(slot, base_gfn) + BPF_CORE_READ(slot, gmem.pgoff);
	/* Without a file, nobody can tell which it was. */
	rec = file ? reserve_fault(BPF_CORE_READ(file, f_inode), page, err) : NULL;
	if (rec) {
		rec->unknown |= GMT_UNKNOWN_WRITE | (pages_told ? 0 : GMT_UNKNOWN_ALLOCATED);
		rec->fault.kind = GMEM_FAULT_GUEST;
		rec->fault.allocated = state->added != 0;
		rec->fault.total_ns = bpf_ktime_get_ns() - state->guest_ns;
		submit(rec);
	}
	state->guest_ns = 0;
	state->guest_failed = err < 0;
	return 0;
}

/* KVM asked nobody for a page: the VMM is to see to it. */
SEC("fexit/kvm_arch_vcpu_ioctl_run")
int memory_fault(__u64 *ctx)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)ctx[0];
	struct kvm_run *run = BPF_CORE_READ(vcpu, run);
	struct slot_walk walk = { .what = WALK_FAULT, .err = (s32)ctx[1] };

	struct state *state = state_there();

	if (walk.err >= 0 || BPF_CORE_READ(run, exit_reason) != KVM_EXIT_MEMORY_FAULT)
		return 0;
	if (state && state->guest_failed) {
		state->guest_failed = 0;
		return 0;
	}
	walk.kvm = BPF_CORE_READ(vcpu, kvm);
	walk.first = BPF_CORE_READ(run, memory_fault.gpa) >> PAGE_SHIFT;
	walk.last = walk.first;
	walk_all(&walk);
	return 0;
}

/* Attributes of a VM's memory: the tracepoint has what KVM made of the call, the call its end. */

SEC("kprobe/kvm_vm_ioctl")
int ioctl_begin(__u64 *regs)
{
	struct file *file = (struct file *)regs[REG_DI];
	struct state *state = state_there();

	/* One whose end was missed must not end with this one. */
	if (state)
		state->ioctl_ns = 0;
	if ((u32)regs[REG_SI] != KVM_SET_MEMORY_ATTRIBUTES)
		return 0;
	state = state_of_task(GMT_EVENT_CONVERT);
	if (!state)
		return 0;
	state->ioctl_kvm = (u64)BPF_CORE_READ(file, private_data);
	state->ioctl_ns = bpf_ktime_get_ns();
	state->has_range = 0;
	return 0;
}

SEC("tp_btf/kvm_vm_set_mem_attributes")
int attributes(__u64 *ctx)
{
	struct state *state = state_there();

	if (!state || !state->ioctl_ns)
		return 0;
	state->first_gfn = ctx[0];
	state->last_gfn = ctx[1] - 1;
	state->attributes = ctx[2];
	state->has_range = 1;
	return 0;
}

/* Of every ioctl of the VM: one that sets attributes has a time. */
SEC("kretprobe/kvm_vm_ioctl")
int ioctl_end(__u64 *regs)
{
	struct state *state = state_there();
	struct slot_walk walk = { .what = WALK_CONVERT, .err = (s32)regs[REG_AX] };

	if (!state || !state->ioctl_ns)
		return 0;
	walk.kvm = (struct kvm *)state->ioctl_kvm;
	walk.first = state->first_gfn;
	walk.last = state->last_gfn;
	walk.arg = state->attributes;
	walk.total_ns = bpf_ktime_get_ns() - state->ioctl_ns;
	state->ioctl_ns = 0;
	/* Refused for its arguments: no memory is meant. */
	if (state->has_range)
		walk_all(&walk);
	return 0;
}

/* Bindings are told. */

SEC("fentry/__kvm_gmem_invalidate_start")
int invalidate(__u64 *ctx)
{
	struct gmem_file *gmem = (struct gmem_file *)ctx[0];
	struct state *state = state_there();
	struct slot_walk walk = {
		.kvm = BPF_CORE_READ(gmem, kvm),
		.what = WALK_INVALIDATE,
		.gmem = (u64)gmem,
		.first = ctx[1],
		.last = ctx[2] - 1,
	};

	walk.cause = state && state->cause ? state->cause - 1 : GMEM_INVALIDATE_ERROR;
	walk_all(&walk);
	return 0;
}

SEC("fentry/kvm_gmem_error_folio")
int error(__u64 *ctx)
{
	struct inode *inode = BPF_CORE_READ((struct address_space *)ctx[0], host);
	u64 page = BPF_CORE_READ((struct folio *)ctx[1], index);
	struct gmt_rec_event *rec = reserve(GMT_EVENT_ERROR, inode_id(inode), -EHWPOISON);

	if (!rec)
		return 0;
	rec->offset_bytes = page << PAGE_SHIFT;
	rec->size_bytes = 1 << PAGE_SHIFT;
	rec->error.err = -EHWPOISON;
	submit(rec);
	return 0;
}

SEC("fexit/kvm_gmem_mmap")
int mapped(__u64 *ctx)
{
	struct inode *inode = BPF_CORE_READ((struct file *)ctx[0], f_inode);
	struct vm_area_struct *vma = (struct vm_area_struct *)ctx[1];
	s32 err = (s32)ctx[2];
	struct gmt_rec_event *rec = reserve(GMT_EVENT_ACCESS, inode_id(inode), err);

	if (!rec)
		return 0;
	rec->unknown = GMT_UNKNOWN_POLICY;
	rec->offset_bytes = (u64)BPF_CORE_READ(vma, vm_pgoff) << PAGE_SHIFT;
	rec->size_bytes = BPF_CORE_READ(vma, vm_end) - BPF_CORE_READ(vma, vm_start);
	rec->access.done_bytes = err ? 0 : rec->size_bytes;
	rec->access.act = GMEM_ACT_MMAP;
	rec->access.err = err;
	rec->access.policy_id = 0;
	submit(rec);
	return 0;
}
