/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest_memfd source's own struct, shared by its files: kvm.c, kvm_scan.c and kvm_trace.c. */
#ifndef GMT_SOURCE_KVM_SOURCE_H
#define GMT_SOURCE_KVM_SOURCE_H

#include "kvm_records.h"
#include "source/cgroup.h"
#include "source/kvm_programs.h"
#include "source/source.h"

/* An array that grows; @bytes of each element are the caller's to know. */
struct gmt_list {
	void *items;
	size_t count;
	size_t capacity;
};

/* What of a scan has not been told yet, and so is as fresh as the last snapshot. */
enum gmt_kvm_fresh {
	GMT_KVM_FRESH_BINDINGS = 1U << 0,
	GMT_KVM_FRESH_HOLDERS = 1U << 1,
};

/**
 * struct gmt_kvm - KVM on this host
 * @source: embedded first
 * @programs: loaded with the first scan; @ranges and @events when first used
 * @buffer: what is read from the iterator over files
 * @gmems: struct gmt_kvm_inode by id, of the last scan; so are the other lists
 * @bindings: struct gmt_rec_binding by id and offset
 * @holders: struct gmt_rec_holder by id and pid
 * @vms: addresses of VMs, each once
 * @missed_faults, @missed_ioctls: calls that a trace's kprobes could not follow, once it is detached
 * @fresh: enum gmt_kvm_fresh
 * @taken_ns: when the scan began
 * @ring: reads @events' ring buffer
 * @fn: who is told of events while a poll runs, with @ctx and the last answer @stop
 * @cgroups: owned
 */
struct gmt_kvm {
	struct gmt_source source;
	struct gmt_kvm_programs programs;
	struct gmt_kvm_ranges *ranges;
	struct gmt_kvm_events *events;
	struct gmt_list buffer;
	struct gmt_list gmems;
	struct gmt_list bindings;
	struct gmt_list holders;
	struct gmt_list vms;
	uint64_t missed_faults;
	uint64_t missed_ioctls;
	uint32_t fresh;
	uint64_t taken_ns;
	struct ring_buffer *ring;
	gmt_event_fn fn;
	void *ctx;
	int stop;
	struct gmt_cgroups *cgroups;
};

/**
 * gmt_kvm_scan() - Read all guest_memfds, their bindings and their holders into the lists
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_kvm_scan(struct gmt_kvm *kvm, struct gmt_error *error);

/* gmt_kvm_find() - Return: the guest_memfd of that id in the last scan, or NULL */
const struct gmt_kvm_inode *gmt_kvm_find(struct gmt_kvm *kvm, uint64_t id);

/* gmt_kvm_scan_close() - Free what scans used */
void gmt_kvm_scan_close(struct gmt_kvm *kvm);

/* gmt_kvm_load_failed() - Fills @error for a program that did not load. Return: @err */
int gmt_kvm_load_failed(struct gmt_error *error, const char *what, int err);

/* The trace operations of struct gmt_source_ops. */
int gmt_kvm_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			struct gmt_error *error);
int gmt_kvm_trace_functions(struct gmt_source *source, struct gmt_functions *functions);
int gmt_kvm_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
		       struct gmt_error *error);
int gmt_kvm_trace_detach(struct gmt_source *source, struct gmt_error *error);
int gmt_kvm_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			 struct gmt_error *error);
void gmt_kvm_trace_close(struct gmt_kvm *kvm);

#endif /* GMT_SOURCE_KVM_SOURCE_H */
