// SPDX-License-Identifier: GPL-2.0-only
/*
 * One scan of the guest_memfd source: every descriptor that a process has of a guest_memfd
 * or of a VM, then the memory slots of all these VMs. What both together tell is sorted
 * into the lists of struct gmt_kvm. A slot also tells of a guest_memfd that no process has open.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/kvm_source.h"
#include "view/format.h"

#define READ_BYTES (256 << 10)

static void *list_add(struct gmt_list *list, size_t bytes)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		void *items = reallocarray(list->items, capacity, bytes);

		if (!items)
			return NULL;
		list->items = items;
		list->capacity = capacity;
	}
	return (char *)list->items + list->count++ * bytes;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_gmems(const void *a, const void *b)
{
	const struct gmt_kvm_inode *x = a, *y = b;

	return compare(x->id, y->id);
}

static int compare_bindings(const void *a, const void *b)
{
	const struct gmt_rec_binding *x = a, *y = b;
	int result = compare(x->id, y->id);

	if (!result)
		result = compare(x->offset_bytes, y->offset_bytes);
	return result ? result : compare(x->slot, y->slot);
}

static int compare_holders(const void *a, const void *b)
{
	const struct gmt_rec_holder *x = a, *y = b;
	int result = compare(x->id, y->id);

	return result ? result : compare(x->pid, y->pid);
}

static int compare_vms(const void *a, const void *b)
{
	return compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* Sorts, and keeps the first of those that are alike; @merge, where given, is told of the others. */
static void list_sort(struct gmt_list *list, size_t bytes,
		      int (*order)(const void *a, const void *b),
		      void (*merge)(void *kept, const void *other))
{
	char *items = list->items;
	size_t kept = 0;

	if (!list->count)
		return;
	qsort(items, list->count, bytes, order);
	for (size_t i = 1; i < list->count; i++) {
		if (order(items + kept * bytes, items + i * bytes)) {
			kept++;
			memmove(items + kept * bytes, items + i * bytes, bytes);
		} else if (merge) {
			merge(items + kept * bytes, items + i * bytes);
		}
	}
	list->count = kept + 1;
}

static void merge_holders(void *kept, const void *other)
{
	struct gmt_rec_holder *holder = kept;
	const struct gmt_rec_holder *same = other;

	holder->fds += same->fds;
}

static int add_holder(struct gmt_kvm *kvm, const struct gmt_kvm_fd *fd)
{
	struct gmt_rec_holder *holder = list_add(&kvm->holders, sizeof(*holder));

	if (!holder)
		return -ENOMEM;
	*holder = (struct gmt_rec_holder){
		.id = fd->inode.id,
		.start_ns = fd->holder.start_ns,
		.cgroup_id = fd->holder.cgroup_id,
		.pid = fd->holder.pid,
		.uid = fd->holder.uid,
		.fds = 1,
	};
	memcpy(holder->comm, fd->holder.comm, sizeof(holder->comm));
	return 0;
}

static int add_fd(struct gmt_kvm *kvm, const struct gmt_kvm_fd *fd)
{
	uint64_t *vm = list_add(&kvm->vms, sizeof(*vm));
	struct gmt_kvm_inode *gmem;

	if (!vm)
		return -ENOMEM;
	*vm = fd->inode.kvm;
	if (fd->kind != GMT_KVM_FILE)
		return 0;
	gmem = list_add(&kvm->gmems, sizeof(*gmem));
	if (!gmem)
		return -ENOMEM;
	*gmem = fd->inode;
	return add_holder(kvm, fd);
}

/* The kernel hands over whole records, but may cut one where the buffer ends. */
static int read_fds(struct gmt_kvm *kvm, int iter)
{
	char *buffer = kvm->buffer.items;
	size_t have = 0, used;
	ssize_t got;
	int err;

	for (;;) {
		got = read(iter, buffer + have, READ_BYTES - have);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return have ? -EIO : 0;
		have += got;
		for (used = 0; have - used >= sizeof(struct gmt_kvm_fd);
		     used += sizeof(struct gmt_kvm_fd)) {
			struct gmt_kvm_fd fd;

			memcpy(&fd, buffer + used, sizeof(fd));
			err = add_fd(kvm, &fd);
			if (err)
				return err;
		}
		have -= used;
		memmove(buffer, buffer + used, have);
	}
}

static int scan_files(struct gmt_kvm *kvm, struct gmt_error *error)
{
	int iter = bpf_iter_create(kvm->programs.kvm_fds);
	int err = iter < 0 ? -errno : read_fds(kvm, iter);

	if (iter >= 0)
		close(iter);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the open files of all processes cannot be read: %s",
				strerror(-err));
	list_sort(&kvm->vms, sizeof(uint64_t), compare_vms, NULL);
	return 0;
}

static int add_slot(struct gmt_kvm *kvm, const struct gmt_kvm_slot *slot)
{
	struct gmt_rec_binding *binding = list_add(&kvm->bindings, sizeof(*binding));
	struct gmt_kvm_inode *gmem = list_add(&kvm->gmems, sizeof(*gmem));

	if (!binding || !gmem)
		return -ENOMEM;
	*binding = slot->binding;
	*gmem = slot->inode;
	return 0;
}

static int scan_some_vms(struct gmt_kvm *kvm, const uint64_t *vms, uint32_t count,
			 struct gmt_error *error)
{
	struct gmt_kvm_scan__bss *bss = kvm->programs.bss;
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	memcpy(bss->vms, vms, count * sizeof(*vms));
	bss->vm_count = count;
	bss->vm_index = 0;
	bss->bucket = 0;
	while (bss->vm_index < count) {
		err = bpf_prog_test_run_opts(kvm->programs.sys_slots, &opts);
		if (err)
			return gmt_fail(error, GMT_EXIT_FAILURE, err,
					"the slots program cannot be run: %s", strerror(-err));
		for (uint32_t i = 0; i < bss->count; i++) {
			err = add_slot(kvm, &bss->slots[i]);
			if (err)
				return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
		}
	}
	return 0;
}

static int scan_slots(struct gmt_kvm *kvm, struct gmt_error *error)
{
	const uint64_t *vms = kvm->vms.items;
	int err = 0;

	for (size_t i = 0; !err && i < kvm->vms.count; i += GMT_KVM_VMS) {
		size_t left = kvm->vms.count - i;

		err = scan_some_vms(kvm, vms + i, left < GMT_KVM_VMS ? left : GMT_KVM_VMS, error);
	}
	return err;
}

static int load(struct gmt_kvm *kvm, struct gmt_error *error)
{
	int err;

	if (kvm->programs.bss)
		return 0;
	kvm->buffer.items = kvm->buffer.items ? kvm->buffer.items : malloc(READ_BYTES);
	if (!kvm->buffer.items)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	err = gmt_kvm_programs_load(&kvm->programs);
	return err ? gmt_kvm_load_failed(error, "scan", err) : 0;
}

int gmt_kvm_scan(struct gmt_kvm *kvm, struct gmt_error *error)
{
	int err = load(kvm, error);

	if (err)
		return err;
	kvm->gmems.count = kvm->bindings.count = kvm->holders.count = kvm->vms.count = 0;
	kvm->taken_ns = gmt_boottime_ns();
	err = scan_files(kvm, error);
	if (!err)
		err = scan_slots(kvm, error);
	kvm->fresh = err ? 0 : GMT_KVM_FRESH_BINDINGS | GMT_KVM_FRESH_HOLDERS;
	if (err)
		return err;
	list_sort(&kvm->gmems, sizeof(struct gmt_kvm_inode), compare_gmems, NULL);
	list_sort(&kvm->bindings, sizeof(struct gmt_rec_binding), compare_bindings, NULL);
	list_sort(&kvm->holders, sizeof(struct gmt_rec_holder), compare_holders, merge_holders);
	return 0;
}

const struct gmt_kvm_inode *gmt_kvm_find(struct gmt_kvm *kvm, uint64_t id)
{
	struct gmt_kvm_inode key = { .id = id };

	if (!kvm->gmems.count)
		return NULL;
	return bsearch(&key, kvm->gmems.items, kvm->gmems.count, sizeof(key), compare_gmems);
}

void gmt_kvm_scan_close(struct gmt_kvm *kvm)
{
	gmt_kvm_programs_unload(&kvm->programs);
	free(kvm->buffer.items);
	free(kvm->gmems.items);
	free(kvm->bindings.items);
	free(kvm->holders.items);
	free(kvm->vms.items);
}
