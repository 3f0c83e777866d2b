// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/gmem_testhv: drives hv.c for the tests, and watches it. Its binding operations stand
 * around hv.c's: they count, are slow on demand, and note for every page which invalidations
 * have begun, so that a use after that is found out, whatever hv.c believes.
 */
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "hv.h"

/* Pages of a region that are watched: all, in a test of reasonable size. */
#define TESTHV_WATCHED 65536

struct testhv {
	struct hv_vm hv;
	struct testhv_behave behave;
	atomic64_t n[TESTHV_COUNTERS];
};

/**
 * struct testhv_region - a region, and what is known of it without hv.c
 * @hv: hv.c's
 * @vm: where it is
 * @told_first: of the last invalidate_begin
 * @told_last: of the last invalidate_begin
 * @gone: for each page, invalidations whose begin has returned and whose end has not come
 */
struct testhv_region {
	struct hv_region hv;
	struct testhv *vm;
	pgoff_t told_first;
	pgoff_t told_last;
	atomic_t *gone;
};

static void testhv_inc(struct testhv *vm, enum testhv_counter nr)
{
	atomic64_inc(&vm->n[nr]);
}

static void testhv_be_slow(struct testhv *vm)
{
	unsigned int ms = READ_ONCE(vm->behave.slow_ms);

	if (ms)
		msleep(ms);
}

static pgoff_t testhv_first(const struct testhv_region *r)
{
	return r->hv.offset >> PAGE_SHIFT;
}

static atomic_t *testhv_gone(struct testhv_region *r, pgoff_t index)
{
	index -= testhv_first(r);
	return index < TESTHV_WATCHED ? &r->gone[index] : NULL;
}

/* Are these pages of the region? It is told of no others. */
static bool testhv_has(struct testhv_region *r, pgoff_t first, pgoff_t last)
{
	bool has = first <= last && first >= testhv_first(r) &&
		   last < testhv_first(r) + (r->hv.bytes >> PAGE_SHIFT);

	if (!has)
		testhv_inc(r->vm, TESTHV_STRAYS);
	return has;
}

static void testhv_invalidate_begin(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct testhv_region *r = gmem_binding_private(b);
	pgoff_t index;

	testhv_inc(r->vm, TESTHV_BEGINS);
	testhv_inc(r->vm, TESTHV_IN_PROGRESS);
	testhv_be_slow(r->vm);
	if (!testhv_has(r, first, last))
		return;
	if (!READ_ONCE(r->vm->behave.deaf))
		hv_binding_ops.invalidate_begin(b, first, last);

	WRITE_ONCE(r->told_first, first);
	WRITE_ONCE(r->told_last, last);
	for (index = first; index <= last && testhv_gone(r, index); index++)
		atomic_inc(testhv_gone(r, index));
}

static void testhv_invalidate_end(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct testhv_region *r = gmem_binding_private(b);
	bool balanced = true;
	pgoff_t index;

	testhv_be_slow(r->vm);
	testhv_inc(r->vm, TESTHV_ENDS);
	atomic64_dec(&r->vm->n[TESTHV_IN_PROGRESS]);
	if (!testhv_has(r, first, last))
		return;
	for (index = first; index <= last && testhv_gone(r, index); index++)
		balanced &= atomic_dec_return(testhv_gone(r, index)) >= 0;
	if (!balanced)
		testhv_inc(r->vm, TESTHV_UNBALANCED);
	if (!READ_ONCE(r->vm->behave.deaf))
		hv_binding_ops.invalidate_end(b, first, last);
}

static void testhv_error(struct gmem_binding *b, pgoff_t first, pgoff_t last)
{
	struct testhv_region *r = gmem_binding_private(b);

	testhv_be_slow(r->vm);
	testhv_inc(r->vm, TESTHV_ERRORS);
	if (testhv_has(r, first, last))
		hv_binding_ops.error(b, first, last);
}

static void testhv_release(struct gmem_binding *b)
{
	struct testhv_region *r = gmem_binding_private(b);

	testhv_be_slow(r->vm);
	testhv_inc(r->vm, TESTHV_RELEASES);
}

static const struct gmem_binding_ops testhv_binding_ops = {
	.owner = THIS_MODULE,
	.invalidate_begin = testhv_invalidate_begin,
	.invalidate_end = testhv_invalidate_end,
	.error = testhv_error,
	.release = testhv_release,
};

static void testhv_region_free(struct testhv_region *r)
{
	kvfree(r->gone);
	kfree(r);
}

static struct testhv_region *testhv_region_alloc(struct testhv *vm, u64 bytes)
{
	struct testhv_region *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	r->vm = vm;
	r->gone = kvcalloc(min_t(u64, bytes >> PAGE_SHIFT, TESTHV_WATCHED) ?: 1, sizeof(*r->gone),
			   GFP_KERNEL_ACCOUNT);
	if (!r->gone) {
		kfree(r);
		return NULL;
	}
	return r;
}

static long testhv_ioctl_bind(struct testhv *vm, void *arg)
{
	const struct testhv_bind *args = arg;
	struct testhv_region *r;
	int err;

	if (args->slot >= TESTHV_SLOTS)
		return -ENOSPC;
	r = testhv_region_alloc(vm, args->bytes);
	if (!r)
		return -ENOMEM;
	r->hv.slot = args->slot;
	r->hv.offset = args->offset;
	r->hv.bytes = args->bytes;
	r->hv.guest_address = args->guest_address;
	r->hv.ops = &testhv_binding_ops;
	err = hv_region_bind(&vm->hv, &r->hv, args->fd);
	if (err)
		testhv_region_free(r);
	return err;
}

static int testhv_unbind(struct testhv *vm, u32 slot)
{
	struct hv_region *hv = hv_region_unbind(&vm->hv, slot);
	struct testhv_region *r;

	if (!hv)
		return -ENOENT;
	r = container_of(hv, struct testhv_region, hv);
	atomic64_add(r->hv.retries, &vm->n[TESTHV_RETRIES]);
	testhv_region_free(r);
	return 0;
}

static long testhv_ioctl_unbind(struct testhv *vm, void *arg)
{
	const struct testhv_unbind *args = arg;

	return args->slot < TESTHV_SLOTS ? testhv_unbind(vm, args->slot) : -ENOENT;
}

static long testhv_ioctl_lookup(struct testhv *vm, void *arg)
{
	struct testhv_lookup *args = arg;
	struct gmem_page page;
	struct hv_region *r;
	int err = -ENOENT;

	if (args->slot >= TESTHV_SLOTS)
		return -ENOENT;
	down_read(&vm->hv.regions_lock);
	r = vm->hv.regions[args->slot];
	if (r)
		err = gmem_binding_get_page(r->binding, args->index, args->want, args->write,
					    &page);
	if (!err) {
		args->pfn = page.pfn;
		args->order = page.order;
		args->state = page.state;
		if (args->hold_ms)
			msleep(args->hold_ms);
		put_page(page.page);
	}
	up_read(&vm->hv.regions_lock);
	return err;
}

struct testhv_run {
	struct testhv_access *args;
	void *data;
};

/* By what gmem said, or by the page itself, which has left the memory. */
static bool testhv_is_gone(struct testhv_region *r, pgoff_t index, const struct page *page)
{
	const struct folio *folio = page_folio(page);
	atomic_t *gone = testhv_gone(r, index);

	return (gone && atomic_read(gone)) || !READ_ONCE(folio->mapping) ||
	       READ_ONCE(folio->index) > index ||
	       index - READ_ONCE(folio->index) >= folio_nr_pages(folio);
}

static int testhv_run(struct hv_region *hv, pgoff_t index, struct page *page,
		      enum gmem_state state, void *arg)
{
	struct testhv_region *r = container_of(hv, struct testhv_region, hv);
	struct testhv_run *run = arg;
	struct testhv_access *args = run->args;
	void *at;

	testhv_inc(r->vm, TESTHV_ACCESSES);
	args->state = state;
	if (!testhv_is_gone(r, index, page)) {
		at = kmap_local_page(page) + offset_in_page(args->guest_address);
		if (args->write)
			memcpy(at, run->data, args->bytes);
		else
			memcpy(run->data, at, args->bytes);
		kunmap_local(at);
		if (!testhv_is_gone(r, index, page))
			return 0;
	}
	testhv_inc(r->vm, TESTHV_USES_AFTER);
	return -ESTALE;
}

/* User memory is touched with no lock held: the buffer may be a mapping of this very gmem. */
static long testhv_ioctl_access(struct testhv *vm, void *arg)
{
	struct testhv_access *args = arg;
	void __user *buffer = u64_to_user_ptr(args->buffer);
	struct testhv_run run = { .args = args };
	int err = -EFAULT;

	if (!args->bytes || args->bytes > PAGE_SIZE - offset_in_page(args->guest_address))
		return -EINVAL;
	run.data = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!run.data)
		return -ENOMEM;
	if (args->write && copy_from_user(run.data, buffer, args->bytes))
		goto out_free;
	err = hv_guest_run(&vm->hv, args->guest_address, args->write, testhv_run, &run);
	if (!err && !args->write && copy_to_user(buffer, run.data, args->bytes))
		err = -EFAULT;
out_free:
	kfree(run.data);
	return err;
}

static long testhv_ioctl_convert(struct testhv *vm, void *arg)
{
	struct testhv_convert *args = arg;
	u64 error_offset = 0;
	int err;

	err = hv_guest_convert(&vm->hv, args->guest_address, args->bytes, args->to, args->content,
			       &error_offset);
	args->error_offset = error_offset;
	return err;
}

struct testhv_fill {
	void *data;
	int fail;
};

static int testhv_fill(struct page *page, void *arg)
{
	const struct testhv_fill *fill = arg;

	memcpy_to_page(page, 0, fill->data, fill->fail ? PAGE_SIZE / 2 : PAGE_SIZE);
	return -fill->fail;
}

static long testhv_ioctl_populate(struct testhv *vm, void *arg)
{
	const struct testhv_populate *args = arg;
	struct testhv_fill fill = { .fail = args->fail };
	struct hv_region *r;
	int err = -ENOENT;

	if (args->fail > MAX_ERRNO)
		return -EINVAL;
	fill.data = memdup_user(u64_to_user_ptr(args->buffer), PAGE_SIZE);
	if (IS_ERR(fill.data))
		return PTR_ERR(fill.data);
	down_read(&vm->hv.regions_lock);
	r = hv_region_find(&vm->hv, args->guest_address);
	if (r)
		err = gmem_binding_populate(r->binding, hv_region_index(r, args->guest_address),
					    testhv_fill, &fill);
	up_read(&vm->hv.regions_lock);
	kfree(fill.data);
	return err;
}

static long testhv_ioctl_behave(struct testhv *vm, void *arg)
{
	const struct testhv_behave *args = arg;
	int slot;

	WRITE_ONCE(vm->behave.slow_ms, args->slow_ms);
	WRITE_ONCE(vm->behave.deaf, args->deaf);
	down_read(&vm->hv.regions_lock);
	for (slot = 0; slot < TESTHV_SLOTS; slot++)
		if (vm->hv.regions[slot])
			WRITE_ONCE(vm->hv.regions[slot]->dawdle_ms, args->dawdle_ms);
	up_read(&vm->hv.regions_lock);
	return 0;
}

static long testhv_ioctl_count(struct testhv *vm, void *arg)
{
	struct testhv_count *args = arg;
	struct hv_region *hv;
	unsigned int i;

	args->bound = 0;
	args->vm = vm->hv.id;
	for (i = 0; i < TESTHV_COUNTERS; i++)
		args->n[i] = atomic64_read(&vm->n[i]);

	down_read(&vm->hv.regions_lock);
	for (i = 0; i < TESTHV_SLOTS; i++) {
		struct testhv_region *r;

		hv = vm->hv.regions[i];
		if (!hv)
			continue;
		r = container_of(hv, struct testhv_region, hv);
		args->n[TESTHV_RETRIES] += READ_ONCE(hv->retries);
		if (i != args->slot)
			continue;
		args->bound = 1;
		args->told_first = READ_ONCE(r->told_first);
		args->told_last = READ_ONCE(r->told_last);
	}
	up_read(&vm->hv.regions_lock);
	return 0;
}

union testhv_args {
	struct testhv_bind bind;
	struct testhv_unbind unbind;
	struct testhv_lookup lookup;
	struct testhv_access access;
	struct testhv_convert convert;
	struct testhv_populate populate;
	struct testhv_behave behave;
	struct testhv_count count;
};

static const struct {
	unsigned int cmd;
	long (*fn)(struct testhv *vm, void *arg);
} testhv_ioctls[] = {
	{ TESTHV_BIND, testhv_ioctl_bind },
	{ TESTHV_UNBIND, testhv_ioctl_unbind },
	{ TESTHV_LOOKUP, testhv_ioctl_lookup },
	{ TESTHV_ACCESS, testhv_ioctl_access },
	{ TESTHV_CONVERT, testhv_ioctl_convert },
	{ TESTHV_POPULATE, testhv_ioctl_populate },
	{ TESTHV_BEHAVE, testhv_ioctl_behave },
	{ TESTHV_COUNT, testhv_ioctl_count },
};

static long testhv_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *user = (void __user *)arg;
	union testhv_args args = {};
	unsigned int i;
	long ret;

	for (i = 0; i < ARRAY_SIZE(testhv_ioctls); i++)
		if (testhv_ioctls[i].cmd == cmd)
			break;
	if (i == ARRAY_SIZE(testhv_ioctls))
		return -ENOTTY;
	if (copy_from_user(&args, user, _IOC_SIZE(cmd)))
		return -EFAULT;
	ret = testhv_ioctls[i].fn(file->private_data, &args);
	if ((_IOC_DIR(cmd) & _IOC_READ) && copy_to_user(user, &args, _IOC_SIZE(cmd)))
		return -EFAULT;
	return ret;
}

static int testhv_open(struct inode *inode, struct file *file)
{
	static atomic64_t last_id;
	struct testhv *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (!vm)
		return -ENOMEM;
	vm->hv.id = atomic64_inc_return(&last_id);
	init_rwsem(&vm->hv.regions_lock);
	file->private_data = vm;
	return 0;
}

static int testhv_close(struct inode *inode, struct file *file)
{
	struct testhv *vm = file->private_data;
	u32 slot;

	for (slot = 0; slot < TESTHV_SLOTS; slot++)
		testhv_unbind(vm, slot);
	kfree(vm);
	return 0;
}

static const struct file_operations testhv_file_ops = {
	.owner = THIS_MODULE,
	.open = testhv_open,
	.release = testhv_close,
	.unlocked_ioctl = testhv_ioctl,
};

static struct miscdevice testhv_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "gmem_testhv",
	.fops = &testhv_file_ops,
	.mode = 0600,
};
module_misc_device(testhv_device);

MODULE_DESCRIPTION("Make-believe hypervisor on guarded memory, for tests");
MODULE_LICENSE("GPL");
