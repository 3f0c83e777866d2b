// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM as a consumer of gmem. Stands in the place of KVM's own file of this name when its
 * modules are rebuilt: KVM_CREATE_GUEST_MEMFD makes a gmem of KVM's own, and a memory slot
 * takes any gmem. One made by GMEM_CREATE is converted in place. docs/kvm.md tells the rest.
 */
#include <linux/file.h>
#include <linux/gmem.h>
#include <linux/kvm_host.h>
#include <linux/falloc.h>
#include <linux/mempolicy.h>
#include <linux/slab.h>

#include "guest_memfd.h"
#include "kvm_mm.h"

/**
 * struct kvm_gmem - KVM's part of a gmem made by KVM_CREATE_GUEST_MEMFD
 * @owner: what gmem knows of it
 * @kvm: the only VM that may use it, referenced
 * @flags: GUEST_MEMFD_FLAG_*
 * @policy: NUMA policies set by mbind(2)
 */
struct kvm_gmem {
	struct gmem_owner owner;
	struct kvm *kvm;
	u64 flags;
	struct shared_policy policy;
};

/**
 * struct kvm_gmem_slot - a memory slot that is bound to a gmem
 * @binding: gmem's side of it
 * @kvm: the VM
 * @slot: the slot
 * @filter: which of the slot's mappings are those of the gmem
 * @in_place: the gmem serves shared pages, too, and its states follow the VM's attributes
 */
struct kvm_gmem_slot {
	struct gmem_binding *binding;
	struct kvm *kvm;
	struct kvm_memory_slot *slot;
	enum kvm_gfn_range_filter filter;
	bool in_place;
};

static struct kvm_gmem *kvm_gmem_of_owner(struct gmem_owner *owner)
{
	return container_of(owner, struct kvm_gmem, owner);
}

/* KVM's part of a gmem; NULL for one made by GMEM_CREATE. */
static struct kvm_gmem *kvm_gmem_of_file(const struct file *file)
{
	struct gmem_owner *owner = gmem_file_owner(file);

	return owner ? kvm_gmem_of_owner(owner) : NULL;
}

static pgoff_t kvm_gmem_index(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	return gfn - slot->base_gfn + slot->gmem.pgoff;
}

static gfn_t kvm_gmem_gfn(const struct kvm_memory_slot *slot, pgoff_t index)
{
	return index - slot->gmem.pgoff + slot->base_gfn;
}

/* The memory: making it, and its file. */

#ifdef CONFIG_NUMA
static struct mempolicy *kvm_gmem_policy(struct gmem_owner *owner, pgoff_t index)
{
	return mpol_shared_policy_lookup(&kvm_gmem_of_owner(owner)->policy, index);
}

static int kvm_gmem_set_policy(struct vm_area_struct *vma, struct mempolicy *policy)
{
	return mpol_set_shared_policy(&kvm_gmem_of_file(vma->vm_file)->policy, vma, policy);
}

/* NULL where mbind(2) set none: the caller then says "default", not the task's own policy. */
static struct mempolicy *kvm_gmem_get_policy(struct vm_area_struct *vma, unsigned long addr,
					     pgoff_t *ilx)
{
	*ilx = file_inode(vma->vm_file)->i_ino;
	return mpol_shared_policy_lookup(&kvm_gmem_of_file(vma->vm_file)->policy,
					 linear_page_index(vma, addr));
}
#endif

static const struct vm_operations_struct kvm_gmem_vm_ops = {
	.fault = gmem_vm_fault,
	.map_pages = gmem_vm_map_pages,
#ifdef CONFIG_NUMA
	.set_policy = kvm_gmem_set_policy,
	.get_policy = kvm_gmem_get_policy,
#endif
};

static int kvm_gmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	return gmem_file_mmap(file, vma, &kvm_gmem_vm_ops);
}

static long kvm_gmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	long err;

	if (!(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	err = gmem_file_fallocate(file, mode, offset, len);
	if (!err)
		file_modified(file);
	return err;
}

static struct file_operations kvm_gmem_fops = {
	.release = gmem_file_release,
	.mmap = kvm_gmem_mmap,
	.fallocate = kvm_gmem_fallocate,
	.show_fdinfo = gmem_file_show_fdinfo,
};

#ifdef CONFIG_HAVE_KVM_ARCH_GMEM_RECLAIM
static void kvm_gmem_free_folio(struct folio *folio)
{
	kvm_arch_gmem_reclaim(folio_pfn(folio), folio_nr_pages(folio));
}
#endif

static void kvm_gmem_destroy(struct gmem_owner *owner)
{
	struct kvm_gmem *kg = kvm_gmem_of_owner(owner);
	struct kvm *kvm = kg->kvm;

	mpol_free_shared_policy(&kg->policy);
	kfree(kg);
	kvm_put_kvm(kvm);
}

bool __weak kvm_arch_supports_gmem_init_shared(struct kvm *kvm)
{
	return true;
}

static struct file *kvm_gmem_create_file(struct kvm *kvm, u64 size, u64 flags)
{
	char name[GMEM_NAME_MAX];
	struct kvm_gmem *kg;
	struct file *file;
	u32 gmem_flags = 0;

	kg = kzalloc_obj(*kg, GFP_KERNEL_ACCOUNT);
	if (!kg)
		return ERR_PTR(-ENOMEM);
	kg->owner.fops = &kvm_gmem_fops;
	kg->owner.name = "[kvm-gmem]";
#ifdef CONFIG_NUMA
	kg->owner.policy = kvm_gmem_policy;
	kg->owner.policy_put = mpol_cond_put;
#endif
#ifdef CONFIG_HAVE_KVM_ARCH_GMEM_RECLAIM
	kg->owner.free_folio = kvm_gmem_free_folio;
#endif
	kg->owner.destroy = kvm_gmem_destroy;
	kg->kvm = kvm;
	kg->flags = flags;
	mpol_shared_policy_init(&kg->policy, NULL);

	if (flags & GUEST_MEMFD_FLAG_MMAP)
		gmem_flags |= GMEM_CREATE_MMAP;
	if (flags & GUEST_MEMFD_FLAG_INIT_SHARED)
		gmem_flags |= GMEM_CREATE_INIT_SHARED;
	snprintf(name, sizeof(name), "kvm-%d", kvm->userspace_pid);

	kvm_get_kvm(kvm);
	file = gmem_file_create(size, gmem_flags, name, &kg->owner);
	if (IS_ERR(file))
		kvm_gmem_destroy(&kg->owner);
	return file;
}

int kvm_gmem_create(struct kvm *kvm, struct kvm_create_guest_memfd *args)
{
	struct file *file;
	int fd;

	if (args->flags & ~kvm_gmem_get_supported_flags(kvm))
		return -EINVAL;
	if ((loff_t)args->size <= 0 || !PAGE_ALIGNED(args->size))
		return -EINVAL;

	fd = get_unused_fd_flags(0);
	if (fd < 0)
		return fd;
	file = kvm_gmem_create_file(kvm, args->size, args->flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

/* Slots: binding, and being told. */

static void kvm_gmem_invalidate_begin(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct kvm_gmem_slot *bound = gmem_binding_private(b);
	struct kvm *kvm = bound->kvm;
	struct kvm_gfn_range range = {
		.start = kvm_gmem_gfn(bound->slot, first),
		.end = kvm_gmem_gfn(bound->slot, last) + 1,
		.slot = bound->slot,
		.may_block = true,
		.attr_filter = bound->filter,
	};

	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_start(kvm);
	if (kvm_mmu_unmap_gfn_range(kvm, &range))
		kvm_flush_remote_tlbs(kvm);
#ifdef CONFIG_HAVE_KVM_ARCH_GMEM_INVALIDATE
	kvm_arch_gmem_invalidate_range(kvm, &range);
#endif
	KVM_MMU_UNLOCK(kvm);
}

static void kvm_gmem_invalidate_end(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct kvm_gmem_slot *bound = gmem_binding_private(b);

	KVM_MMU_LOCK(bound->kvm);
	kvm_mmu_invalidate_end(bound->kvm);
	KVM_MMU_UNLOCK(bound->kvm);
}

/* The page is out of the guest's page tables; its next access gets -EHWPOISON. */
static void kvm_gmem_error(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
}

static struct gmem_binding_ops kvm_gmem_binding_ops = {
	.invalidate_begin = kvm_gmem_invalidate_begin,
	.invalidate_end = kvm_gmem_invalidate_end,
	.error = kvm_gmem_error,
};

int kvm_gmem_prepare_memory_region(struct kvm *kvm, struct kvm_memory_slot *slot,
				   unsigned int fd, uoff_t offset)
{
	uoff_t size = slot->npages << PAGE_SHIFT;
	struct file *file = gmem_file_get(fd);
	struct kvm_gmem *kg;

	if (IS_ERR(file))
		return PTR_ERR(file);
	kg = kvm_gmem_of_file(file);
	if ((kg && kg->kvm != kvm) || !PAGE_ALIGNED(offset) || offset + size < offset ||
	    offset + size > gmem_file_bytes(file)) {
		fput(file);
		return -EINVAL;
	}

	/* Of the file, only whether there is one counts from now on: the binding has it. */
	WRITE_ONCE(slot->gmem.file, file);
	slot->gmem.pgoff = offset >> PAGE_SHIFT;
	if (!kg || kg->flags & GUEST_MEMFD_FLAG_MMAP)
		slot->flags |= KVM_MEMSLOT_GMEM_ONLY;
	return 0;
}

int kvm_gmem_commit_memory_region(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	struct kvm_gmem *kg = kvm_gmem_of_file(slot->gmem.file);
	struct gmem_bind_args args = {
		.offset = (u64)slot->gmem.pgoff << PAGE_SHIFT,
		.bytes = (u64)slot->npages << PAGE_SHIFT,
		.ops = &kvm_gmem_binding_ops,
		.consumer = "kvm",
		.vm = kvm->userspace_pid,
		.slot = slot->id | (u32)slot->as_id << 16,
		.guest_address = gfn_to_gpa(slot->base_gfn),
	};
	struct kvm_gmem_slot *bound;

	bound = kzalloc_obj(*bound, GFP_KERNEL_ACCOUNT);
	if (!bound)
		return -ENOMEM;
	bound->kvm = kvm;
	bound->slot = slot;
	bound->in_place = !kg;
	if (!kg)
		bound->filter = KVM_FILTER_SHARED | KVM_FILTER_PRIVATE;
	else if (kg->flags & GUEST_MEMFD_FLAG_INIT_SHARED)
		bound->filter = KVM_FILTER_SHARED;
	else
		bound->filter = KVM_FILTER_PRIVATE;

	args.private = bound;
	bound->binding = gmem_bind(slot->gmem.file, &args);
	if (IS_ERR(bound->binding)) {
		int err = PTR_ERR(bound->binding);

		kfree(bound);
		return err;
	}
	/* The slot is published after this. */
	slot->gmem.bound = bound;
	return 0;
}

/* No vCPU can see the slot any more, or ever could. */
void kvm_gmem_unbind(struct kvm_memory_slot *slot)
{
	struct kvm_gmem_slot *bound = slot->gmem.bound;

	if (!bound)
		return;
	gmem_unbind(bound->binding);
	slot->gmem.bound = NULL;
	WRITE_ONCE(slot->gmem.file, NULL);
	kfree(bound);
}

/* Pages for the guest. */

static enum gmem_want kvm_gmem_want(const struct kvm_gmem_slot *bound, gfn_t gfn)
{
	if (!bound->in_place || !kvm_arch_has_private_mem(bound->kvm))
		return GMEM_WANT_ANY;
	return kvm_mem_is_private(bound->kvm, gfn) ? GMEM_WANT_PRIVATE : GMEM_WANT_SHARED;
}

/*
 * Attribute and state disagree while KVM_SET_MEMORY_ATTRIBUTES is at work between them: then
 * this is no refusal, the fault comes again. Whatever is found is looked at once more under
 * mmu_lock, after the caller has seen mmu_invalidate_seq.
 */
static bool kvm_gmem_in_flux(const struct kvm_gmem_slot *bound, gfn_t gfn, enum gmem_want want)
{
	return READ_ONCE(bound->kvm->mmu_invalidate_in_progress) ||
	       kvm_gmem_want(bound, gfn) != want;
}

static int kvm_gmem_look_up(struct kvm_memory_slot *slot, gfn_t gfn, struct gmem_page *page)
{
	struct kvm_gmem_slot *bound = slot->gmem.bound;
	enum gmem_want want;
	int err;

	if (!bound)
		return -EFAULT;
	for (;;) {
		want = kvm_gmem_want(bound, gfn);
		err = gmem_binding_get_page(bound->binding, kvm_gmem_index(slot, gfn), want, false,
					    page);
		if (err != -EACCES || !kvm_gmem_in_flux(bound, gfn, want))
			break;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	/* As with a guest_memfd that was closed, and with a page of the wrong kind. */
	return err == -ENODEV || err == -EACCES ? -EFAULT : err;
}

#ifdef CONFIG_HAVE_KVM_ARCH_GMEM_CONVERT
/* The folio must not be freed, and told to the architecture as free, meanwhile. */
static int kvm_gmem_make_private(struct kvm *kvm, gfn_t gfn, const struct gmem_page *page)
{
	struct folio *folio = page_folio(page->page);
	int err = -EAGAIN;

	if (page->state != GMEM_STATE_PRIVATE)
		return 0;
	folio_lock(folio);
	if (folio->mapping)
		err = kvm_arch_gmem_make_private(kvm, gfn, page->pfn,
						 (kvm_pfn_t)1 << page->order);
	folio_unlock(folio);
	return err;
}
#else
static int kvm_gmem_make_private(struct kvm *kvm, gfn_t gfn, const struct gmem_page *page)
{
	return 0;
}
#endif

int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		     struct page **page, int *max_order)
{
	struct gmem_page found;
	int err;

	do {
		err = kvm_gmem_look_up(slot, gfn, &found);
		if (err)
			return err;
		err = kvm_gmem_make_private(kvm, gfn, &found);
		if (err)
			put_page(found.page);
	} while (err == -EAGAIN);
	if (err)
		return err;

	*pfn = found.pfn;
	*page = found.page;
	if (max_order)
		*max_order = found.order;
	return 0;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_get_pfn);

#ifdef CONFIG_HAVE_KVM_ARCH_GMEM_POPULATE
struct kvm_gmem_fill {
	struct kvm *kvm;
	gfn_t gfn;
	struct page *source;
	kvm_gmem_populate_cb post_populate;
	void *opaque;
};

static int kvm_gmem_fill_page(struct page *page, void *arg)
{
	struct kvm_gmem_fill *fill = arg;

	if (!kvm_range_has_memory_attributes(fill->kvm, fill->gfn, fill->gfn + 1,
					     KVM_MEMORY_ATTRIBUTE_PRIVATE,
					     KVM_MEMORY_ATTRIBUTE_PRIVATE))
		return -EINVAL;
	return fill->post_populate(fill->kvm, fill->gfn, page_to_pfn(page), fill->source,
				   fill->opaque);
}

static int kvm_gmem_get_source(void __user *src, bool may_writeback, struct page **page)
{
	int got;

	*page = NULL;
	if (!src)
		return 0;
	got = get_user_pages_fast((unsigned long)src, 1, may_writeback ? FOLL_WRITE : 0, page);
	if (got < 0)
		return got;
	return got == 1 ? 0 : -ENOMEM;
}

long kvm_gmem_populate(struct kvm *kvm, gfn_t start_gfn, void __user *src, long npages,
		       bool may_writeback_src, kvm_gmem_populate_cb post_populate, void *opaque)
{
	struct kvm_gmem_fill fill = {
		.kvm = kvm,
		.post_populate = post_populate,
		.opaque = opaque,
	};
	struct kvm_memory_slot *slot;
	int err = 0;
	long i;

	lockdep_assert_held(&kvm->slots_lock);
	if (WARN_ON_ONCE(npages <= 0 || !PAGE_ALIGNED(src)))
		return -EINVAL;
	slot = gfn_to_memslot(kvm, start_gfn);
	if (!kvm_slot_has_gmem(slot))
		return -EINVAL;
	if (!slot->gmem.bound)
		return -EFAULT;

	npages = min_t(ulong, slot->npages - (start_gfn - slot->base_gfn), npages);
	for (i = 0; i < npages && !err; i++) {
		if (signal_pending(current)) {
			err = -EINTR;
			break;
		}
		fill.gfn = start_gfn + i;
		err = kvm_gmem_get_source(src ? src + i * PAGE_SIZE : NULL, may_writeback_src,
					  &fill.source);
		if (err)
			break;
		err = gmem_binding_populate(slot->gmem.bound->binding,
					    kvm_gmem_index(slot, fill.gfn), kvm_gmem_fill_page,
					    &fill);
		if (fill.source)
			put_page(fill.source);
		if (err)
			break;
	}
	if (err == -ENODEV)
		err = -EFAULT;
	return err && !i ? err : i;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_populate);
#endif

/* Conversion in place. */

/* The slot in [start, end) whose memory is converted in place; -EINVAL where there are several. */
static int kvm_gmem_find_in_place(struct kvm *kvm, gfn_t start, gfn_t end,
				  struct kvm_memory_slot **found)
{
	struct kvm_memslot_iter iter;
	int i;

	*found = NULL;
	for (i = 0; i < kvm_arch_nr_memslot_as_ids(kvm); i++) {
		kvm_for_each_memslot_in_gfn_range(&iter, __kvm_memslots(kvm, i), start, end) {
			struct kvm_memory_slot *slot = iter.slot;

			if (!kvm_slot_has_gmem(slot) || !slot->gmem.bound ||
			    !slot->gmem.bound->in_place)
				continue;
			if (*found)
				return -EINVAL;
			*found = slot;
		}
	}
	return 0;
}

/**
 * kvm_gmem_set_private() - let the memory follow its attributes
 * @kvm: the VM
 * @start: first guest page
 * @end: behind the last one
 * @private: what they become
 * @keep: keep their contents
 *
 * Does nothing but for slots on a gmem made by GMEM_CREATE, of which one may be touched.
 *
 * Context: slots_lock held.
 * Return: 0; -EINVAL (two such slots; @keep, and a page outside of one), else as GMEM_CONVERT;
 * then nothing has changed.
 */
int kvm_gmem_set_private(struct kvm *kvm, gfn_t start, gfn_t end, bool private, bool keep)
{
	struct kvm_memory_slot *slot;
	gfn_t slot_end;
	u64 ignored;
	int err;

	lockdep_assert_held(&kvm->slots_lock);
	err = kvm_gmem_find_in_place(kvm, start, end, &slot);
	if (err)
		return err;
	if (!slot)
		return keep ? -EINVAL : 0;

	slot_end = slot->base_gfn + slot->npages;
	if (keep && (start < slot->base_gfn || end > slot_end))
		return -EINVAL;
	start = max(start, slot->base_gfn);
	end = min(end, slot_end);
	err = gmem_binding_convert(slot->gmem.bound->binding,
				   (u64)kvm_gmem_index(slot, start) << PAGE_SHIFT,
				   (u64)(end - start) << PAGE_SHIFT,
				   private ? GMEM_STATE_PRIVATE : GMEM_STATE_SHARED,
				   keep ? GMEM_CONTENT_KEEP : GMEM_CONTENT_ZERO, &ignored);
	/* Of a gmem that is gone there is nothing to convert. */
	return err == -ENODEV ? 0 : err;
}

int kvm_gmem_init(struct module *module)
{
	kvm_gmem_fops.owner = module;
	kvm_gmem_binding_ops.owner = module;
	return 0;
}

void kvm_gmem_exit(void)
{
}
