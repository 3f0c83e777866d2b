// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying bytes in and out: read(2), write(2), initial contents, GMEM_INSPECT. Each page
 * is decided on and copied under the lock, through a bounce buffer, since touching the
 * caller's memory there could fault on this very gmem.
 */
#include <linux/capability.h>
#include <linux/highmem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "audit.h"
#include "folio.h"
#include "policy.h"
#include "states.h"

/* One call that copies; the event and the counters come out of it. */
struct gmem_io {
	struct gmem *gm;
	enum gmem_act act;
	u64 offset;
	u64 size;
	u64 done;
	struct iov_iter *iter;
	void *bounce;
};

static bool gmem_act_writes(enum gmem_act act)
{
	return act == GMEM_ACT_WRITE || act == GMEM_ACT_POPULATE || act == GMEM_ACT_INSPECT_WRITE;
}

static int gmem_io_decide(struct gmem_io *io, enum gmem_state state, bool handed)
{
	struct gmem_verdict verdict = gmem_access_to_page(io->gm->flags, io->act, state, handed);

	/* Also where the call succeeds with the bytes that passed before. */
	if (unlikely(verdict.err)) {
		gmem_count_denial(io->gm, verdict.denial);
		gmem_audit_act(io->gm, io->act, io->offset + io->done, io->size - io->done,
			       verdict.err);
	}
	return verdict.err;
}

/* Page to bounce buffer. A page without contents reads as zeroes, and stays so. */
static int gmem_io_read_page(struct gmem_io *io, u64 pos, size_t len)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	struct folio *folio;
	int err;

	err = gmem_io_decide(io, gmem_states_get(io->gm, index), false);
	if (err)
		return err;
	folio = gmem_folio_find(io->gm, index);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	if (!folio) {
		memset(io->bounce, 0, len);
		return 0;
	}
	memcpy_from_folio(io->bounce, folio, offset_in_folio(folio, pos), len);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/* Bounce buffer to page. Handing out takes the folio lock: decide under it. */
static int gmem_io_write_page(struct gmem_io *io, u64 pos, size_t len)
{
	pgoff_t index = pos >> PAGE_SHIFT;
	enum gmem_state state = gmem_states_get(io->gm, index);
	struct folio *folio;
	int err;

	/* Allocate nothing for an act that no page in this state would permit. */
	err = gmem_io_decide(io, state, false);
	if (err)
		return err;
	folio = gmem_folio_reserve(io->gm, index, state, NULL);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	err = gmem_io_decide(io, state, gmem_folio_handed(folio));
	if (!err)
		gmem_folio_write(folio, state, offset_in_folio(folio, pos), io->bounce, len);
	folio_unlock(folio);
	folio_put(folio);
	return err;
}

static int gmem_io_step(struct gmem_io *io, size_t len)
{
	struct address_space *mapping = io->gm->inode.i_mapping;
	bool writes = gmem_act_writes(io->act);
	u64 pos = io->offset + io->done;
	size_t copied;
	int err;

	if (writes) {
		copied = copy_from_iter(io->bounce, len, io->iter);
		if (!copied)
			return -EFAULT;
		len = copied;
	}

	filemap_invalidate_lock_shared(mapping);
	err = writes ? gmem_io_write_page(io, pos, len) : gmem_io_read_page(io, pos, len);
	filemap_invalidate_unlock_shared(mapping);
	if (err) {
		if (writes)
			iov_iter_revert(io->iter, len);
		return err;
	}

	if (!writes) {
		copied = copy_to_iter(io->bounce, len, io->iter);
		if (!copied)
			return -EFAULT;
		len = copied;
	}
	io->done += len;
	return 0;
}

/* Copy until all is done, or the first error; io->done tells how far it came. */
static int gmem_io_copy(struct gmem_io *io)
{
	int err = 0;

	io->bounce = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!io->bounce)
		return -ENOMEM;
	while (!err && io->done < io->size) {
		u64 pos = io->offset + io->done;

		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		err = gmem_io_step(io, min_t(u64, io->size - io->done,
					     PAGE_SIZE - offset_in_page(pos)));
		cond_resched();
	}
	kfree_sensitive(io->bounce);
	return err;
}

/* The gmem's own rules for the act as a whole, then those of policies. */
static struct gmem_verdict gmem_io_permit(struct gmem_io *io, bool capable)
{
	struct gmem_verdict verdict = gmem_access_to_memory(io->gm->flags, io->act, capable);
	bool writes = gmem_act_writes(io->act);

	if (verdict.err) {
		gmem_count_denial(io->gm, verdict.denial);
		gmem_audit_act(io->gm, io->act, io->offset, io->size, verdict.err);
		return verdict;
	}
	if (io->act == GMEM_ACT_INSPECT_READ || io->act == GMEM_ACT_INSPECT_WRITE)
		return gmem_policy_ask(io->gm, GMEM_HOOK_INSPECT, .offset_bytes = io->offset,
				       .size_bytes = io->size, .act = io->act, .write = writes);
	/* At the end of the memory there is nothing to ask about. */
	if (!io->size)
		return verdict;
	return gmem_policy_ask(io->gm, GMEM_HOOK_IO, .offset_bytes = io->offset,
			       .size_bytes = io->size, .act = io->act, .write = writes);
}

/* The whole of an act: permission, copying, counters, event. 0 when any byte passed. */
static int gmem_io_run(struct gmem_io *io, bool capable, enum gmem_counter counter)
{
	struct gmem_verdict verdict = gmem_io_permit(io, capable);
	struct gmem *gm = io->gm;

	if (!verdict.err)
		verdict.err = gmem_act_writes(io->act) && !io->size ? -EFBIG : gmem_io_copy(io);
	gmem_count(gm, counter, io->done);
	gmem_trace_access(gm, io->act, io->offset, io->size, io->done, &verdict);
	return io->done ? 0 : verdict.err;
}

/**
 * gmem_read_iter() - read(2) and kin
 * @iocb: position
 * @to: destination
 *
 * Return: bytes read, 0 at the end, -errno as the uapi header says.
 */
ssize_t gmem_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct gmem *gm = gmem_of_file(iocb->ki_filp);
	u64 size = gmem_size_bytes(gm);
	struct gmem_io io = {
		.gm = gm,
		.act = GMEM_ACT_READ,
		.offset = iocb->ki_pos,
		.iter = to,
	};
	int err;

	if (iocb->ki_pos < size)
		io.size = min_t(u64, iov_iter_count(to), size - iocb->ki_pos);
	err = gmem_io_run(&io, false, GMEM_NR_READ_BYTES);
	if (err)
		return err;
	iocb->ki_pos += io.done;
	return io.done;
}

/**
 * gmem_write_iter() - write(2) and kin; initial contents too
 * @iocb: position
 * @from: source
 *
 * Return: bytes written, -errno as the uapi header says.
 */
ssize_t gmem_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct gmem *gm = gmem_of_file(iocb->ki_filp);
	u64 size = gmem_size_bytes(gm);
	struct gmem_io io = {
		.gm = gm,
		.act = GMEM_ACT_WRITE,
		.iter = from,
	};
	int err;

	/* The size is fixed: the end of the memory is where appending would begin. */
	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = size;
	io.offset = iocb->ki_pos;
	if (!iov_iter_count(from))
		return 0;
	if (io.offset < size)
		io.size = min_t(u64, iov_iter_count(from), size - io.offset);
	if (io.size && (gm->flags & GMEM_CREATE_POPULATE) &&
	    gmem_states_get(gm, io.offset >> PAGE_SHIFT) == GMEM_STATE_PRIVATE)
		io.act = GMEM_ACT_POPULATE;

	err = gmem_io_run(&io, false, GMEM_NR_WRITTEN_BYTES);
	if (err)
		return err;
	iocb->ki_pos += io.done;
	return io.done;
}

/**
 * gmem_inspect() - the audited window, for GMEM_INSPECT
 * @gm: the memory
 * @args: checked
 *
 * Return: bytes copied, or -errno as the uapi header says.
 */
long gmem_inspect(struct gmem *gm, const struct gmem_inspect *args)
{
	bool writes = args->direction == GMEM_DIRECTION_WRITE;
	struct iov_iter iter;
	struct gmem_io io = {
		.gm = gm,
		.act = writes ? GMEM_ACT_INSPECT_WRITE : GMEM_ACT_INSPECT_READ,
		.offset = args->offset,
		.iter = &iter,
	};
	int err;

	io.size = min_t(u64, args->bytes, MAX_RW_COUNT);
	err = import_ubuf(writes ? ITER_SOURCE : ITER_DEST, u64_to_user_ptr(args->buffer), io.size,
			  &iter);
	if (err) {
		struct gmem_verdict verdict = { .err = err };

		gmem_trace_access(gm, io.act, io.offset, args->bytes, 0, &verdict);
		return err;
	}
	err = gmem_io_run(&io, capable(CAP_SYS_PTRACE), GMEM_NR_INSPECTED_BYTES);
	return err ?: io.done;
}
