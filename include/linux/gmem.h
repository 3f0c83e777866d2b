/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The in-kernel API of guarded memory, for hypervisors: bind ranges of a gmem, look up
 * their pages, be told before and after pages go away or change state.
 * docs/hypervisors.md is the guide; tests/testhv/ and kernel/kvm/ are two users.
 */
#ifndef _LINUX_GMEM_H
#define _LINUX_GMEM_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <uapi/linux/gmem.h>

struct gmem_binding;
struct mempolicy;
struct module;

/* Bytes of a consumer's name, terminating NUL included. */
#define GMEM_CONSUMER_MAX 16

/**
 * struct gmem_binding_ops - how a hypervisor is told
 * @owner: THIS_MODULE; held while a range is bound
 * @invalidate_begin: pages [first, last] of the memory, all of them bound by @b, are about
 *	to go away or to change state. On return the hypervisor uses none of them, and
 *	maps none of them until the invalidate_end that belongs to it: pairs may nest
 *	and overlap, so it counts them.
 * @invalidate_end: the change was carried out, or given up. Comes once for each
 *	invalidate_begin, with the same range.
 * @error: pages [first, last] were lost to a memory failure. They were announced by
 *	invalidate_begin already, whose end follows; a look-up gives -EHWPOISON from now on.
 * @release: optional; the last file descriptor and mapping of the memory are gone, and the
 *	memory with them. All pages of the binding were announced as gone. Look-ups give
 *	-ENODEV from now on; gmem_unbind() remains to be called.
 *
 * Each may sleep, and is called with locks of gmem held: none of them may call a function
 * declared here, but gmem_binding_private(), nor take a lock that is held around such a call,
 * nor touch user memory.
 */
struct gmem_binding_ops {
	struct module *owner;
	void (*invalidate_begin)(struct gmem_binding *b, pgoff_t first, pgoff_t last);
	void (*invalidate_end)(struct gmem_binding *b, pgoff_t first, pgoff_t last);
	void (*error)(struct gmem_binding *b, pgoff_t first, pgoff_t last);
	void (*release)(struct gmem_binding *b);
};

/**
 * struct gmem_bind_args - what to bind, and what people see of it
 * @offset: first byte, a multiple of the page size
 * @bytes: length, likewise, over 0
 * @ops: the hypervisor's; must outlive the binding
 * @private: for gmem_binding_private()
 * @consumer: name of the hypervisor, as events and tools show it
 * @vm: number of the VM, as the hypervisor's users know it (KVM: pid of the VMM)
 * @slot: number of the memory slot or region in it
 * @guest_address: where the range begins in the guest
 */
struct gmem_bind_args {
	u64 offset;
	u64 bytes;
	const struct gmem_binding_ops *ops;
	void *private;
	char consumer[GMEM_CONSUMER_MAX];
	u64 vm;
	u32 slot;
	u64 guest_address;
};

/* enum gmem_want - Which pages a look-up is content with. */
enum gmem_want {
	GMEM_WANT_ANY,
	GMEM_WANT_PRIVATE,
	GMEM_WANT_SHARED,
};

/**
 * struct gmem_page - what a look-up finds
 * @page: the page; referenced, to be put by put_page() or folio_put() within moments:
 *	while it is held, a conversion to private waits, and then fails with -EAGAIN
 * @pfn: its page frame number
 * @order: pages of the naturally aligned block around it that may be mapped at once, as
 *	a power of two
 * @state: private or shared
 */
struct gmem_page {
	struct page *page;
	unsigned long pfn;
	unsigned int order;
	enum gmem_state state;
};

struct file *gmem_file_get(int fd);
bool gmem_file_is(const struct file *file);
u64 gmem_file_bytes(const struct file *file);

struct gmem_binding *gmem_bind(struct file *file, const struct gmem_bind_args *args);
void gmem_unbind(struct gmem_binding *b);
void *gmem_binding_private(const struct gmem_binding *b);
int gmem_binding_get_page(struct gmem_binding *b, pgoff_t index, enum gmem_want want, bool write,
			  struct gmem_page *page);
int gmem_binding_populate(struct gmem_binding *b, pgoff_t index,
			  int (*fill)(struct page *page, void *arg), void *arg);
int gmem_binding_convert(struct gmem_binding *b, u64 offset, u64 bytes, enum gmem_state to,
			 enum gmem_content content, u64 *error_offset);

/*
 * Memory that a hypervisor makes by an ioctl of its own. Its file operations are the
 * hypervisor's, built from the functions below; all else is as with GMEM_CREATE.
 */

/**
 * struct gmem_owner - a hypervisor's part of a gmem that it made; embed it
 * @fops: operations of the file, with an owner; release must call gmem_file_release()
 * @name: of the file, as /proc/PID/maps shows it
 * @policy: optional; the NUMA policy for a page about to be allocated, or NULL
 * @policy_put: optional; drops what @policy returned
 * @free_folio: optional; a folio, no longer anyone's, is about to be given back to the kernel
 * @destroy: the memory is gone, no other callback follows; may sleep
 */
struct gmem_owner {
	const struct file_operations *fops;
	const char *name;
	struct mempolicy *(*policy)(struct gmem_owner *owner, pgoff_t index);
	void (*policy_put)(struct mempolicy *policy);
	void (*free_folio)(struct folio *folio);
	void (*destroy)(struct gmem_owner *owner);
	/* private: gmem's */
	struct address_space_operations aops;
};

struct file *gmem_file_create(u64 bytes, u32 flags, const char *name, struct gmem_owner *owner);
struct gmem_owner *gmem_file_owner(const struct file *file);

int gmem_file_release(struct inode *inode, struct file *file);
int gmem_file_mmap(struct file *file, struct vm_area_struct *vma,
		   const struct vm_operations_struct *vm_ops);
long gmem_file_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
void gmem_file_show_fdinfo(struct seq_file *m, struct file *file);
vm_fault_t gmem_vm_fault(struct vm_fault *vmf);
vm_fault_t gmem_vm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last);

#endif /* _LINUX_GMEM_H */
