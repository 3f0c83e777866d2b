// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source guest_memfd: KVM's own, on a kernel without gmem.ko. Tells what the last scan
 * found; what KVM keeps no account of is left unknown. docs/guest_memfd.md has the whole list.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/gmem.h>
#include <stdlib.h>
#include <string.h>

#include "kvm_records.h" /* the skeletons speak of its types */

#include "kvm_ranges.skel.h"
#include "source/join.h"
#include "source/kvm_source.h"
#include "source/probe.h"
#include "view/format.h"

#define FLAG_MMAP	 (1ULL << 0)
#define FLAG_INIT_SHARED (1ULL << 1)

static struct gmt_kvm *kvm_source(struct gmt_source *source)
{
	return (struct gmt_kvm *)source; /* embedded first */
}

int gmt_kvm_load_failed(struct gmt_error *error, const char *what, int err)
{
	return gmt_fail(error, err == -EPERM ? GMT_EXIT_PRIVILEGE : GMT_EXIT_FAILURE, err,
			"gmemtop's %s program for guest_memfd cannot be loaded (%s): `gmemtop "
			"doctor` tells what is missing, and with -v libbpf's words",
			what, strerror(-err));
}

/* The whole file is of one state; it follows neither conversions nor attributes. */
static void tell_gmem(struct gmt_rec_gmem *rec, const struct gmt_kvm_inode *gmem)
{
	memset(rec, 0, sizeof(*rec));
	rec->id = gmem->id;
	rec->size_bytes = gmem->size_bytes;
	if (gmem->flags & FLAG_INIT_SHARED)
		rec->resident_shared_bytes = gmem->resident_bytes;
	else
		rec->resident_private_bytes = gmem->resident_bytes;
	rec->create_flags = (gmem->flags & FLAG_MMAP ? GMEM_CREATE_MMAP : 0) |
			    (gmem->flags & FLAG_INIT_SHARED ? GMEM_CREATE_INIT_SHARED : 0);
	rec->created_ns = gmem->created_ns - gmt_clock_offset_ns();
	rec->known = GMT_KNOWN_FLAGS | GMT_KNOWN_CREATED | GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES |
		     GMT_KNOWN_BINDINGS;
	if (!gmem->has_owner)
		return;
	/* Only a process with the VM's address space can have made it. */
	rec->known |= GMT_KNOWN_CREATOR | GMT_KNOWN_CGROUP;
	rec->creator_pid = gmem->owner.pid;
	rec->creator_uid = gmem->owner.uid;
	rec->creator_start_ns = gmem->owner.start_ns;
	rec->creator_cgroup_id = gmem->owner.cgroup_id;
	memcpy(rec->creator_comm, gmem->owner.comm, sizeof(rec->creator_comm));
}

/* Those of one gmem, from @at on: both lists are by id. */
static uint32_t count_bindings(const struct gmt_kvm *kvm, uint64_t id, size_t *at)
{
	const struct gmt_rec_binding *list = kvm->bindings.items;
	uint32_t count = 0;

	while (*at < kvm->bindings.count && list[*at].id < id)
		++*at;
	for (; *at < kvm->bindings.count && list[*at].id == id; ++*at)
		count++;
	return count;
}

static int kvm_snapshot(struct gmt_source *source, gmt_gmem_fn fn, void *ctx,
			struct gmt_error *error)
{
	struct gmt_kvm *kvm = kvm_source(source);
	const struct gmt_kvm_inode *gmems;
	struct gmt_rec_gmem rec;
	size_t binding = 0;
	int err;

	err = gmt_kvm_scan(kvm, error);
	gmems = kvm->gmems.items;
	for (size_t i = 0; !err && i < kvm->gmems.count; i++) {
		tell_gmem(&rec, &gmems[i]);
		rec.bindings = count_bindings(kvm, rec.id, &binding);
		err = fn(ctx, &rec, kvm->taken_ns);
	}
	return err;
}

static int kvm_find(struct gmt_source *source, uint64_t id, struct gmt_rec_gmem *rec,
		    struct gmt_error *error)
{
	struct gmt_kvm *kvm = kvm_source(source);
	const struct gmt_kvm_inode *gmem;
	size_t binding = 0;
	int err;

	err = gmt_kvm_scan(kvm, error);
	if (err)
		return err;
	gmem = gmt_kvm_find(kvm, id);
	if (!gmem)
		return gmt_source_no_such(id, error);
	tell_gmem(rec, gmem);
	rec->bindings = count_bindings(kvm, id, &binding);
	return 0;
}

/* The first to ask after a snapshot is told what belongs to it; whoever asks again, what is now. */
static int scan_unless_fresh(struct gmt_kvm *kvm, enum gmt_kvm_fresh what, struct gmt_error *error)
{
	int err = 0;

	if (!(kvm->fresh & what))
		err = gmt_kvm_scan(kvm, error);
	kvm->fresh &= ~what;
	return err;
}

static int kvm_bindings(struct gmt_source *source, uint64_t first, uint64_t last, gmt_binding_fn fn,
			void *ctx, struct gmt_error *error)
{
	struct gmt_kvm *kvm = kvm_source(source);
	const struct gmt_rec_binding *list;
	int err;

	err = scan_unless_fresh(kvm, GMT_KVM_FRESH_BINDINGS, error);
	list = kvm->bindings.items;
	for (size_t i = 0; !err && i < kvm->bindings.count && list[i].id <= last; i++)
		if (list[i].id >= first)
			err = fn(ctx, &list[i]);
	return err;
}

static int kvm_holders(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		       void *ctx, struct gmt_error *error)
{
	struct gmt_kvm *kvm = kvm_source(source);
	const struct gmt_rec_holder *list;
	int err;

	err = scan_unless_fresh(kvm, GMT_KVM_FRESH_HOLDERS, error);
	list = kvm->holders.items;
	for (size_t i = 0; !err && i < kvm->holders.count && list[i].id <= last; i++)
		if (list[i].id >= first)
			err = fn(ctx, &list[i]);
	return err;
}

static int run_ranges(struct gmt_kvm *kvm, struct gmt_error *error)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	err = bpf_prog_test_run_opts(bpf_program__fd(kvm->ranges->progs.sys_kvm_ranges), &opts);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the ranges program cannot be run: %s", strerror(-err));
	if ((int)opts.retval)
		return gmt_source_no_such(kvm->ranges->bss->gmem_id, error);
	return 0;
}

static int kvm_ranges(struct gmt_source *source, uint64_t id, gmt_range_fn fn, void *ctx,
		      struct gmt_error *error)
{
	struct gmt_joiner joiner = { .fn = fn, .ctx = ctx };
	struct gmt_kvm *kvm = kvm_source(source);
	struct gmt_kvm_ranges__bss *bss;
	const struct gmt_kvm_inode *gmem;
	int err = 0;

	gmem = gmt_kvm_find(kvm, id);
	if (!gmem)
		err = gmt_kvm_scan(kvm, error);
	gmem = err ? NULL : gmt_kvm_find(kvm, id);
	if (!gmem)
		return err ? err : gmt_source_no_such(id, error);
	if (!kvm->ranges)
		kvm->ranges = gmt_kvm_ranges__open_and_load();
	if (!kvm->ranges)
		return gmt_kvm_load_failed(error, "ranges", -errno);
	bss = kvm->ranges->bss;
	bss->gmem_id = id;
	bss->inode_address = gmem->inode;
	bss->at_page = 0;
	do {
		err = run_ranges(kvm, error);
		for (uint32_t i = 0; !err && i < bss->count; i++)
			err = gmt_join(&joiner, &bss->ranges[i]);
		if (err)
			return err;
	} while (bss->count && bss->at_page < bss->pages);
	return gmt_join_end(&joiner);
}

static const char *kvm_cgroup_path(struct gmt_source *source, uint64_t cgroup_id)
{
	return cgroup_id ? gmt_cgroups_path(kvm_source(source)->cgroups, cgroup_id) : "";
}

/* It was read from the process itself. */
static bool kvm_creator_alive(struct gmt_source *source, const struct gmt_rec_gmem *rec)
{
	return rec->known & GMT_KNOWN_CREATOR;
}

static void kvm_close(struct gmt_source *source)
{
	struct gmt_kvm *kvm = kvm_source(source);

	gmt_kvm_trace_close(kvm);
	gmt_kvm_scan_close(kvm);
	gmt_kvm_ranges__destroy(kvm->ranges);
	gmt_cgroups_free(kvm->cgroups);
	free(kvm);
}

static const struct gmt_source_ops kvm_ops = {
	.name = "guest_memfd",
	.snapshot = kvm_snapshot,
	.find = kvm_find,
	.ranges = kvm_ranges,
	.bindings = kvm_bindings,
	.holders = kvm_holders,
	.cgroup_path = kvm_cgroup_path,
	.creator_alive = kvm_creator_alive,
	.trace_start = gmt_kvm_trace_start,
	.trace_functions = gmt_kvm_trace_functions,
	.trace_poll = gmt_kvm_trace_poll,
	.trace_detach = gmt_kvm_trace_detach,
	.trace_losses = gmt_kvm_trace_losses,
	.close = kvm_close,
};

int gmt_kvm_open(struct gmt_source **source, struct gmt_error *error)
{
	struct gmt_kvm *kvm;
	int err;

	err = gmt_probe_source("guest_memfd", error);
	if (err)
		return err;
	kvm = calloc(1, sizeof(*kvm));
	if (kvm)
		kvm->cgroups = gmt_cgroups_new();
	if (!kvm || !kvm->cgroups) {
		free(kvm);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	kvm->source.ops = &kvm_ops;
	*source = &kvm->source;
	return 0;
}
