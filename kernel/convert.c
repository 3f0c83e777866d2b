// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conversion between private and shared, in place. With invalidate_lock held for
 * writing no fault and no copy is under way; what remains to be proven before a page may
 * become private is that nobody holds it. Validate, allocate, publish: all or nothing.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <trace/events/gmem.h>

#include "binding.h"
#include "compat.h"
#include "folio.h"
#include "policy.h"
#include "states.h"

struct gmem_conversion {
	struct gmem *gm;
	pgoff_t first;
	pgoff_t last;
	enum gmem_state to;
	enum gmem_content content;
	int drained;		/* how thoroughly LRU batches were drained */
	int patience;		/* how often to wait for a guest's look-up under way */
	bool poisoned;		/* a folio with a memory failure was seen */
	pgoff_t error_index;
	u64 changed_bytes;
};

enum { GMEM_DRAINED_NONE, GMEM_DRAINED_LOCAL, GMEM_DRAINED_ALL };

typedef int (*gmem_folio_fn)(struct gmem_conversion *conv, struct folio *folio, pgoff_t first,
			     pgoff_t last);

/* The next run of pages in [*first, conv->last] that are to change; false at the end. */
static bool gmem_conversion_run(struct gmem_conversion *conv, pgoff_t *first, pgoff_t *last)
{
	while (*first <= conv->last) {
		*last = conv->last;
		if (gmem_states_run(conv->gm, *first, last) != conv->to)
			return true;
		*first = *last + 1;
	}
	return false;
}

static int gmem_conversion_each_folio(struct gmem_conversion *conv, pgoff_t first, pgoff_t last,
				      gmem_folio_fn fn)
{
	struct folio_batch batch;
	pgoff_t next = first;
	unsigned int i;
	int err = 0;

	folio_batch_init(&batch);
	while (!err && next <= last &&
	       filemap_get_folios(conv->gm->inode.i_mapping, &next, last, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++) {
			if (!err)
				err = fn(conv, batch.folios[i], first, last);
			folio_put(batch.folios[i]);
		}
		/* folio_batch_release() would drain the LRU batches each time. */
		folio_batch_reinit(&batch);
		cond_resched();
	}
	return err;
}

/*
 * The page cache's references and the batch's are all there may be. A fault that was
 * served just before we got invalidate_lock may have mapped the folio after it was taken
 * out of the page tables; it did so with the folio locked.
 */
static bool gmem_folio_is_held(struct gmem_conversion *conv, struct folio *folio)
{
	bool held;

	folio_lock(folio);
	if (folio_mapped(folio))
		gmem_folios_unmap(conv->gm, folio->index, folio_next_index(folio) - 1);
	held = folio_ref_count(folio) != folio_nr_pages(folio) + 1;
	folio_unlock(folio);
	return held;
}

/* A fresh folio is also held by the per-CPU LRU batch it waits in: drain before giving up. */
static int gmem_check_folio(struct gmem_conversion *conv, struct folio *folio, pgoff_t first,
			    pgoff_t last)
{
	if (fatal_signal_pending(current))
		return -EINTR;

	/* memory_failure() keeps its reference; nobody else can have one and use it. */
	if (unlikely(folio_test_hwpoison(folio))) {
		conv->poisoned = true;
		if (conv->content == GMEM_CONTENT_ZERO)
			return 0;
		conv->error_index = max(first, folio->index);
		return -EHWPOISON;
	}
	if (conv->to == GMEM_STATE_SHARED)
		return 0;

	while (gmem_folio_is_held(conv, folio)) {
		switch (conv->drained) {
		case GMEM_DRAINED_NONE:
			gmem_lru_drain_local();
			break;
		case GMEM_DRAINED_LOCAL:
			gmem_lru_drain_all();
			break;
		default:
			if (conv->patience-- > 0) {
				usleep_range(50, 200);
				continue;
			}
			conv->error_index = max(first, folio->index);
			return -EAGAIN;
		}
		conv->drained++;
	}
	return 0;
}

/* Nobody can reach the folio now; what is zeroed is so when somebody next gets it. */
static int gmem_convert_folio(struct gmem_conversion *conv, struct folio *folio, pgoff_t first,
			      pgoff_t last)
{
	u64 bytes = gmem_folio_overlap(folio, first, last);
	enum gmem_state from = conv->to == GMEM_STATE_SHARED ? GMEM_STATE_PRIVATE :
								GMEM_STATE_SHARED;

	gmem_count_resident(conv->gm, from, -(s64)bytes);
	gmem_count_resident(conv->gm, conv->to, bytes);
	gmem_folio_set_handed(folio);
	if (conv->content == GMEM_CONTENT_ZERO) {
		if (bytes == folio_size(folio))
			folio_clear_uptodate(folio);
		else if (folio_test_uptodate(folio))
			folio_zero_range(folio,
					 offset_in_folio(folio, max_t(loff_t, folio_pos(folio),
								      (loff_t)first << PAGE_SHIFT)),
					 bytes);
	}
	return 0;
}

/* A poisoned page whose contents are not wanted makes room for a sound one. */
static int gmem_drop_poisoned(struct gmem_conversion *conv, struct folio *folio, pgoff_t first,
			      pgoff_t last)
{
	if (unlikely(folio_test_hwpoison(folio)))
		gmem_folios_discard(conv->gm, folio->index,
				    folio->index + folio_nr_pages(folio) - 1);
	return 0;
}

static int gmem_conversion_each_run(struct gmem_conversion *conv, gmem_folio_fn fn)
{
	pgoff_t first, last;
	int err;

	for (first = conv->first; gmem_conversion_run(conv, &first, &last); first = last + 1) {
		err = gmem_conversion_each_folio(conv, first, last, fn);
		if (err)
			return err;
	}
	return 0;
}

/* Everything that may fail comes before anything that changes. */
static int gmem_convert_runs(struct gmem_conversion *conv)
{
	MA_STATE(mas, &conv->gm->states, 0, 0);
	struct gmem *gm = conv->gm;
	int err;

	if (conv->to == GMEM_STATE_PRIVATE)
		gmem_folios_unmap(gm, conv->first, conv->last);
	err = gmem_conversion_each_run(conv, gmem_check_folio);
	if (err)
		return err;
	err = gmem_states_prepare(gm, &mas, conv->first, conv->last, conv->to);
	if (err)
		return err;

	if (unlikely(conv->poisoned))
		gmem_conversion_each_run(conv, gmem_drop_poisoned);
	gmem_conversion_each_run(conv, gmem_convert_folio);
	gmem_states_commit(&mas, conv->to);
	return 0;
}

/* Times to wait for guests' look-ups in one conversion, 50 to 200 microseconds each. */
#define GMEM_CONVERT_PATIENCE 100

static int gmem_convert_locked(struct gmem_conversion *conv)
{
	struct gmem_invalidation inv;
	pgoff_t first, last, changed_first = 0, changed_last = 0;
	int err;

	for (first = conv->first; gmem_conversion_run(conv, &first, &last); first = last + 1) {
		if (!conv->changed_bytes)
			changed_first = first;
		changed_last = last;
		conv->changed_bytes += (u64)(last - first + 1) << PAGE_SHIFT;
	}
	if (!conv->changed_bytes)
		return 0;

	gmem_invalidate_begin(&inv, conv->gm, changed_first, changed_last, GMEM_INVALIDATE_CONVERT);
	/* A look-up that was served before we got the lock lets go of its page soon. */
	conv->patience = inv.told ? GMEM_CONVERT_PATIENCE : 0;
	err = gmem_convert_runs(conv);
	gmem_invalidate_end(&inv);
	return err;
}

static void gmem_trace_convert(const struct gmem *gm, const struct gmem_convert *args,
			       const struct gmem_conversion *conv,
			       const struct gmem_verdict *verdict, u64 start_ns)
{
	struct gmem_ev_convert ev = {
		.id = gm->id,
		.offset_bytes = args->offset,
		.size_bytes = args->bytes,
		.to = args->to,
		.content = args->content,
		.err = verdict->err,
		.error_offset_bytes = args->error_offset,
		.changed_bytes = verdict->err ? 0 : conv->changed_bytes,
		.total_ns = ktime_get_ns() - start_ns,
		.policy_id = verdict->policy_id,
	};

	gmem_emit(convert, &ev);
}

static int gmem_convert_permitted(struct gmem_conversion *conv, struct gmem_convert *args)
{
	struct gmem *gm = conv->gm;
	int err;

	err = down_write_killable(&gm->inode.i_mapping->invalidate_lock);
	if (!err) {
		err = gmem_convert_locked(conv);
		up_write(&gm->inode.i_mapping->invalidate_lock);
	}

	if (!err) {
		gmem_count(gm, GMEM_NR_CONVERSIONS, 1);
		gmem_count(gm, GMEM_NR_CONVERTED_BYTES, conv->changed_bytes);
	} else if (err == -EAGAIN || err == -EHWPOISON) {
		args->error_offset = (u64)conv->error_index << PAGE_SHIFT;
		gmem_count(gm, GMEM_NR_CONVERSIONS_FAILED, 1);
	}
	return err;
}

/**
 * gmem_convert() - carry out GMEM_CONVERT
 * @gm: the memory
 * @args: checked; error_offset is filled in on -EAGAIN and -EHWPOISON
 *
 * Context: may sleep.
 * Return: 0; -EAGAIN, -EHWPOISON, -EINTR, -ENOMEM, what a policy says; then nothing has changed.
 */
int gmem_convert(struct gmem *gm, struct gmem_convert *args)
{
	u64 start_ns = trace_gmem_convert_enabled() ? ktime_get_ns() : 0;
	struct gmem_conversion conv = {
		.gm = gm,
		.first = args->offset >> PAGE_SHIFT,
		.last = ((args->offset + args->bytes) >> PAGE_SHIFT) - 1,
		.to = args->to,
		.content = args->content,
	};
	struct gmem_verdict verdict;

	args->error_offset = 0;
	verdict = gmem_policy_ask(gm, GMEM_HOOK_CONVERT, .offset_bytes = args->offset,
				  .size_bytes = args->bytes, .to = args->to,
				  .content = args->content);
	if (!verdict.err)
		verdict.err = gmem_convert_permitted(&conv, args);
	if (start_ns)
		gmem_trace_convert(gm, args, &conv, &verdict, start_ns);
	return verdict.err;
}
