// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gmem file: the handle user space has. Its operations check what they are given and
 * hand on; the roads that are closed are here too, so that an attempt is seen.
 */
#include <linux/blk_types.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>

#include "audit.h"
#include "binding.h"
#include "folio.h"
#include "ioctl.h"
#include "policy.h"
#include "states.h"

/* Refuse or permit @act on the memory as a whole; a refusal is counted and seen. */
static int gmem_file_permit(struct gmem *gm, enum gmem_act act, u64 offset, u64 size)
{
	struct gmem_verdict verdict = gmem_access_to_memory(gm->flags, act, false);

	if (verdict.err) {
		gmem_count_denial(gm, verdict.denial);
		gmem_audit_act(gm, act, offset, size, verdict.err);
		gmem_trace_access(gm, act, offset, size, 0, &verdict);
	}
	return verdict.err;
}

/* A private mapping would copy pages, and a copy knows no state. */
static struct gmem_verdict gmem_mmap_permit(struct gmem *gm, const struct vm_area_struct *vma,
					    u64 offset, u64 size)
{
	struct gmem_verdict verdict = { .err = -EINVAL, .denial = GMEM_DENIAL_FLAGS };

	if ((vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) == (VM_SHARED | VM_MAYSHARE))
		return gmem_policy_ask(gm, GMEM_HOOK_MMAP, .offset_bytes = offset,
				       .size_bytes = size, .act = GMEM_ACT_MMAP,
				       .write = !!(vma->vm_flags & VM_MAYWRITE));
	gmem_count_denial(gm, verdict.denial);
	gmem_audit_act(gm, GMEM_ACT_MMAP, offset, size, verdict.err);
	return verdict;
}

/**
 * gmem_file_mmap() - map a gmem
 * @file: the file
 * @vma: the mapping to be
 * @vm_ops: its operations, whose fault is gmem_vm_fault()
 *
 * Return: 0; -ENODEV, -EINVAL as mmap(2) on a gmem fd.
 */
int gmem_file_mmap(struct file *file, struct vm_area_struct *vma,
		   const struct vm_operations_struct *vm_ops)
{
	struct gmem *gm = gmem_of_file(file);
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 size = vma->vm_end - vma->vm_start;
	struct gmem_verdict verdict;
	int err;

	err = gmem_file_permit(gm, GMEM_ACT_MMAP, offset, size);
	if (err)
		return err;

	verdict = gmem_mmap_permit(gm, vma, offset, size);
	if (!verdict.err) {
		/* A guest's memory has no place in its VMM's core, unless asked for. */
		vm_flags_set(vma, VM_DONTDUMP);
		/* Nor does it grow over pages that no policy was asked about, by mremap(2). */
		if (gmem_policy_watches(gm, GMEM_HOOK_MMAP))
			vm_flags_set(vma, VM_DONTEXPAND);
		vma->vm_ops = vm_ops;
	}
	gmem_trace_access(gm, GMEM_ACT_MMAP, offset, size, verdict.err ? 0 : size, &verdict);
	return verdict.err;
}
EXPORT_SYMBOL_GPL(gmem_file_mmap);

static int gmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	return gmem_file_mmap(file, vma, &gmem_vm_ops);
}

static ssize_t gmem_splice_read(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags)
{
	return gmem_file_permit(gmem_of_file(in), GMEM_ACT_SPLICE_READ, *ppos, len);
}

static ssize_t gmem_splice_write(struct pipe_inode_info *pipe, struct file *out, loff_t *ppos,
				 size_t len, unsigned int flags)
{
	return gmem_file_permit(gmem_of_file(out), GMEM_ACT_SPLICE_WRITE, *ppos, len);
}

/* Pages allocated under one hold of the lock; conversions get their turn in between. */
#define GMEM_ALLOCATE_BATCH 512

static int gmem_allocate_batch(struct gmem *gm, pgoff_t *index, pgoff_t last)
{
	struct address_space *mapping = gm->inode.i_mapping;
	int i, err = 0;

	filemap_invalidate_lock_shared(mapping);
	for (i = 0; i < GMEM_ALLOCATE_BATCH && *index <= last; i++) {
		struct folio *folio;

		if (signal_pending(current)) {
			err = -EINTR;
			break;
		}
		folio = gmem_folio_reserve(gm, *index, gmem_states_get(gm, *index), NULL);
		if (IS_ERR(folio)) {
			err = PTR_ERR(folio);
			break;
		}
		*index = folio_next_index(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
	filemap_invalidate_unlock_shared(mapping);
	return err;
}

static int gmem_allocate(struct gmem *gm, pgoff_t first, pgoff_t last)
{
	pgoff_t index = first;
	int err = 0;

	while (!err && index <= last) {
		err = gmem_allocate_batch(gm, &index, last);
		cond_resched();
	}
	return err;
}

static int gmem_punch_permit(struct gmem *gm, u64 offset, u64 size)
{
	struct gmem_verdict verdict = gmem_policy_ask(gm, GMEM_HOOK_DISCARD,
						      .offset_bytes = offset, .size_bytes = size);

	if (verdict.err)
		gmem_trace_access(gm, GMEM_ACT_DISCARD, offset, size, 0, &verdict);
	return verdict.err;
}

static int gmem_punch(struct gmem *gm, u64 offset, u64 size)
{
	pgoff_t first = offset >> PAGE_SHIFT, last = ((offset + size) >> PAGE_SHIFT) - 1;
	struct address_space *mapping = gm->inode.i_mapping;
	struct gmem_invalidation inv;
	int err;

	err = gmem_punch_permit(gm, offset, size);
	if (err)
		return err;

	filemap_invalidate_lock(mapping);
	gmem_invalidate_begin(&inv, gm, first, last, GMEM_INVALIDATE_PUNCH);
	gmem_folios_discard(gm, first, last);
	gmem_invalidate_end(&inv);
	filemap_invalidate_unlock(mapping);
	return 0;
}

/**
 * gmem_file_fallocate() - allocate or free a range
 * @file: the file
 * @mode: of fallocate(2)
 * @offset: first byte
 * @len: length
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP, -EINVAL, -EINTR, -ENOMEM, -EHWPOISON as fallocate(2) on a gmem fd.
 */
long gmem_file_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct gmem *gm = gmem_of_file(file);
	loff_t size = gmem_size_bytes(gm);

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(len))
		return -EINVAL;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (offset >= size)
			return 0;
		len = min(len, size - offset);
		return gmem_punch(gm, offset, len);
	}

	if (offset + len > size)
		return -EINVAL;
	return gmem_allocate(gm, offset >> PAGE_SHIFT, ((offset + len) >> PAGE_SHIFT) - 1);
}
EXPORT_SYMBOL_GPL(gmem_file_fallocate);

static loff_t gmem_llseek(struct file *file, loff_t offset, int whence)
{
	struct gmem *gm = gmem_of_file(file);
	loff_t size = gmem_size_bytes(gm);

	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		offset = gmem_seek(gm, offset, whence);
		if (offset < 0)
			return offset;
		whence = SEEK_SET;
	}
	return generic_file_llseek_size(file, offset, whence, size, size);
}

/**
 * gmem_file_show_fdinfo() - the gmem-* lines of /proc/PID/fdinfo/FD
 * @m: where to write
 * @file: the file
 */
void gmem_file_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct gmem *gm = gmem_of_file(file);
	struct gmem_stats stats = {};

	gmem_stats_fill(gm, &stats);
	seq_printf(m, "gmem-id:\t%llu\n", stats.id);
	seq_printf(m, "gmem-name:\t%s\n", gm->name);
	seq_printf(m, "gmem-size:\t%llu\n", stats.size_bytes);
	seq_printf(m, "gmem-resident-private:\t%llu\n", stats.resident_private_bytes);
	seq_printf(m, "gmem-resident-shared:\t%llu\n", stats.resident_shared_bytes);
	seq_printf(m, "gmem-bindings:\t%u\n", stats.bindings);
	seq_printf(m, "gmem-faults:\t%llu\n", stats.faults_host + stats.faults_guest);
	seq_printf(m, "gmem-denied:\t%llu\n", gmem_stats_denied(&stats));
	seq_printf(m, "gmem-conversions:\t%llu\n", stats.conversions);
}
EXPORT_SYMBOL_GPL(gmem_file_show_fdinfo);

/* The range an ioctl names: pages, inside the memory, not empty. */
static bool gmem_range_valid(const struct gmem *gm, u64 offset, u64 bytes)
{
	u64 end;

	return bytes && PAGE_ALIGNED(offset) && PAGE_ALIGNED(bytes) &&
	       !check_add_overflow(offset, bytes, &end) && end <= gmem_size_bytes(gm);
}

static long gmem_ioctl_convert(struct file *file, void *arg)
{
	struct gmem *gm = gmem_of_file(file);
	struct gmem_convert *args = arg;

	if (!gmem_range_valid(gm, args->offset, args->bytes))
		return -EINVAL;
	if (args->to != GMEM_STATE_PRIVATE && args->to != GMEM_STATE_SHARED)
		return -EINVAL;
	if (args->content != GMEM_CONTENT_ZERO && args->content != GMEM_CONTENT_KEEP)
		return -EINVAL;
	return gmem_convert(gm, args);
}

static long gmem_ioctl_query_ranges(struct file *file, void *arg)
{
	struct gmem *gm = gmem_of_file(file);
	struct gmem_query_ranges *args = arg;

	if (!gmem_range_valid(gm, args->offset, args->bytes))
		return -EINVAL;
	if (!args->count || args->__reserved)
		return -EINVAL;
	return gmem_query(gm, args);
}

static long gmem_ioctl_get_stats(struct file *file, void *arg)
{
	struct gmem_stats *stats = arg;
	u32 size = stats->size;

	memset(stats, 0, sizeof(*stats));
	stats->size = size;
	gmem_stats_fill(gmem_of_file(file), stats);
	return 0;
}

static long gmem_ioctl_inspect(struct file *file, void *arg)
{
	struct gmem *gm = gmem_of_file(file);
	const struct gmem_inspect *args = arg;
	u64 end;

	if (!args->bytes || check_add_overflow(args->offset, args->bytes, &end) ||
	    end > gmem_size_bytes(gm))
		return -EINVAL;
	if (args->direction != GMEM_DIRECTION_READ && args->direction != GMEM_DIRECTION_WRITE)
		return -EINVAL;
	if (args->__reserved)
		return -EINVAL;
	return gmem_inspect(gm, args);
}

static const struct gmem_ioctl gmem_file_ioctls[] = {
	GMEM_IOCTL(GMEM_CONVERT, gmem_convert, error_offset, 0, GMEM_BACK_ON_ERROR,
		   gmem_ioctl_convert),
	GMEM_IOCTL(GMEM_QUERY_RANGES, gmem_query_ranges, next_offset, 0, GMEM_BACK_ALWAYS,
		   gmem_ioctl_query_ranges),
	GMEM_IOCTL(GMEM_GET_STATS, gmem_stats, memory_failures, 0, GMEM_BACK_ALWAYS,
		   gmem_ioctl_get_stats),
	GMEM_IOCTL(GMEM_INSPECT, gmem_inspect, __reserved, 0, GMEM_BACK_NEVER, gmem_ioctl_inspect),
};

static long gmem_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return gmem_ioctl_dispatch(gmem_file_ioctls, ARRAY_SIZE(gmem_file_ioctls), file, cmd, arg);
}

/**
 * gmem_file_release() - the file goes, and the memory soon
 * @inode: the file's
 * @file: the file
 *
 * Context: may sleep.
 * Return: 0.
 */
int gmem_file_release(struct inode *inode, struct file *file)
{
	/* Pairs with get_file_active(): who still sees the file finds it dead. */
	WRITE_ONCE(gmem_of(inode)->file, NULL);
	gmem_bindings_release(gmem_of(inode)->bindings);
	gmem_policy_close(gmem_of(inode));
	gmem_fs_unpin();
	return 0;
}
EXPORT_SYMBOL_GPL(gmem_file_release);

const struct file_operations gmem_file_ops = {
	.owner = THIS_MODULE,
	.release = gmem_file_release,
	.llseek = gmem_llseek,
	.read_iter = gmem_read_iter,
	.write_iter = gmem_write_iter,
	.splice_read = gmem_splice_read,
	.splice_write = gmem_splice_write,
	.mmap = gmem_mmap,
	.fallocate = gmem_file_fallocate,
	.fsync = noop_fsync,
	.show_fdinfo = gmem_file_show_fdinfo,
	.unlocked_ioctl = gmem_file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Only who made a gmem, and whom they gave it, has it: no way in through /proc/PID/fd. */
static int gmem_reopen(struct inode *inode, struct file *file)
{
	return gmem_file_permit(gmem_of(inode), GMEM_ACT_OPEN, 0, 0);
}

const struct file_operations gmem_reopen_ops = {
	.owner = THIS_MODULE,
	.open = gmem_reopen,
};

/* Size, mode and owner are fixed. */
static int gmem_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	return -EINVAL;
}

static int gmem_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat,
			u32 request_mask, unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct gmem_stats stats = {};

	generic_fillattr(idmap, request_mask, inode, stat);
	gmem_stats_fill(gmem_of(inode), &stats);
	stat->blocks = (stats.resident_private_bytes + stats.resident_shared_bytes) >> SECTOR_SHIFT;
	return 0;
}

const struct inode_operations gmem_inode_ops = {
	.setattr = gmem_setattr,
	.getattr = gmem_getattr,
};
