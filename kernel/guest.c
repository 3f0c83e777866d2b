// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hypervisor does with the pages of a range it has bound: looks them up when its
 * guest touches them, fills them before the guest begins, converts them.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/overflow.h>

#include "binding.h"
#include "fault.h"
#include "folio.h"
#include "states.h"

/* The memory of a binding that has these pages, kept by a reference to its file. */
static struct file *gmem_binding_file(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	if (!gmem_binding_has(b, first) || !gmem_binding_has(b, last))
		return ERR_PTR(-EINVAL);
	return get_file_active(&b->file) ?: ERR_PTR(-ENODEV);
}

static struct folio *gmem_guest_folio(struct gmem *gm, pgoff_t index, enum gmem_want want,
				      enum gmem_state *state, struct gmem_ev_fault *times)
{
	*state = gmem_states_get(gm, index);
	if (unlikely(want == (*state == GMEM_STATE_SHARED ? GMEM_WANT_PRIVATE :
							    GMEM_WANT_SHARED))) {
		gmem_count_denial(gm, GMEM_DENIAL_PRIVATE);
		return ERR_PTR(-EACCES);
	}
	return gmem_folio_get(gm, index, *state, times);
}

/**
 * gmem_binding_get_page() - the page of a bound range, allocated and zeroed if need be
 * @b: the binding
 * @index: page index in the memory
 * @want: which state it must be in
 * @write: the guest is about to write; for the event only
 * @page: filled in on success
 *
 * The page may be announced as gone the moment this returns. So: note, before the call,
 * how many invalidations began; after it, under the lock that invalidate_begin takes too,
 * map the page only where none has begun since and none is under way, else try again.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL (not a page of the binding), -ENODEV (the memory is gone), -EACCES (not in
 * the state wanted), -EHWPOISON, -ENOMEM.
 */
int gmem_binding_get_page(struct gmem_binding *b, pgoff_t index, enum gmem_want want, bool write,
			  struct gmem_page *page)
{
	enum gmem_state state = GMEM_STATE_PRIVATE;
	struct gmem_fault_trace trace;
	struct folio *folio;
	struct file *file;
	struct gmem *gm;
	int err;

	file = gmem_binding_file(b, index, index);
	if (IS_ERR(file))
		return PTR_ERR(file);

	gm = gmem_of_file(file);
	gmem_fault_begin(&trace, gm, index, GMEM_FAULT_GUEST, write);
	gmem_count(gm, GMEM_NR_FAULTS_GUEST, 1);

	filemap_invalidate_lock_shared(gm->inode.i_mapping);
	folio = gmem_guest_folio(gm, index, want, &state, gmem_fault_times(&trace));
	filemap_invalidate_unlock_shared(gm->inode.i_mapping);

	err = PTR_ERR_OR_ZERO(folio);
	gmem_fault_end(&trace, state, err);
	if (!err) {
		gmem_folio_set_handed(folio);
		page->page = folio_file_page(folio, index);
		page->pfn = page_to_pfn(page->page);
		page->order = 0;
		page->state = state;
		folio_unlock(folio);
	}
	fput(file);
	return err;
}
EXPORT_SYMBOL_GPL(gmem_binding_get_page);

/**
 * gmem_binding_populate() - let a hypervisor give a private page its contents
 * @b: the binding
 * @index: page index in the memory
 * @fill: writes all of the page, whose contents are undefined before; a page that @fill
 *	failed on reads as zeroes
 * @arg: for @fill
 *
 * Context: may sleep; @fill is called with invalidate_lock held for writing.
 * Return: 0; -EINVAL, -ENODEV, -EHWPOISON, -ENOMEM as gmem_binding_get_page(); -EACCES (a
 * shared page); what @fill returned.
 */
int gmem_binding_populate(struct gmem_binding *b, pgoff_t index,
			  int (*fill)(struct page *page, void *arg), void *arg)
{
	struct address_space *mapping;
	struct folio *folio;
	struct file *file;
	struct gmem *gm;
	int err;

	file = gmem_binding_file(b, index, index);
	if (IS_ERR(file))
		return PTR_ERR(file);

	gm = gmem_of_file(file);
	mapping = gm->inode.i_mapping;
	filemap_invalidate_lock(mapping);
	if (gmem_states_get(gm, index) != GMEM_STATE_PRIVATE)
		folio = ERR_PTR(-EACCES);
	else
		folio = gmem_folio_reserve(gm, index, GMEM_STATE_PRIVATE, NULL);
	err = PTR_ERR_OR_ZERO(folio);
	if (!err) {
		gmem_folio_set_handed(folio);
		folio_unlock(folio);
		err = fill(folio_file_page(folio, index), arg);
		/* One that came zeroed from the kernel was up to date before. */
		if (err)
			folio_clear_uptodate(folio);
		else if (!folio_test_uptodate(folio))
			folio_mark_uptodate(folio);
		folio_put(folio);
	}
	filemap_invalidate_unlock(mapping);
	fput(file);
	return err;
}
EXPORT_SYMBOL_GPL(gmem_binding_populate);

/**
 * gmem_binding_convert() - convert a part of a bound range
 * @b: the binding
 * @offset: first byte in the memory, a multiple of the page size
 * @bytes: length, likewise
 * @to: the state to be
 * @content: what becomes of the contents
 * @error_offset: the page in the way, on -EAGAIN and -EHWPOISON
 *
 * As GMEM_CONVERT. The binding itself is told by its callbacks, too.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL, -ENODEV as gmem_binding_get_page(), else as GMEM_CONVERT, where a policy's
 * -ENODEV is -EPERM; then nothing has changed.
 */
int gmem_binding_convert(struct gmem_binding *b, u64 offset, u64 bytes, enum gmem_state to,
			 enum gmem_content content, u64 *error_offset)
{
	struct gmem_convert args = {
		.offset = offset,
		.bytes = bytes,
		.to = to,
		.content = content,
	};
	struct file *file;
	u64 end;
	int err;

	if (!bytes || !PAGE_ALIGNED(offset) || !PAGE_ALIGNED(bytes) ||
	    check_add_overflow(offset, bytes, &end))
		return -EINVAL;
	file = gmem_binding_file(b, offset >> PAGE_SHIFT, (end >> PAGE_SHIFT) - 1);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = gmem_convert(gmem_of_file(file), &args);
	/* A policy may say that, too, and the memory is there. */
	if (err == -ENODEV)
		err = -EPERM;
	*error_offset = args.error_offset;
	fput(file);
	return err;
}
EXPORT_SYMBOL_GPL(gmem_binding_convert);
