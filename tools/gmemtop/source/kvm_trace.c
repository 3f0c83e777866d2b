// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracing by the guest_memfd source: loads the programs that the events asked for need, as
 * far as this KVM has the functions, reads their ring buffer, and accounts for what is lost.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm_records.h" /* the skeleton speaks of its types */

#include "kvm_events.skel.h"
#include "model/event_fields.h"
#include "source/kvm_attached.h"
#include "source/kvm_probe.h"
#include "source/kvm_source.h"
#include "source/kvm_trace.h"

#define BIT(event) (1U << GMT_EVENT_##event)

/**
 * One program of the object
 * @where: what it is attached to; a tracepoint's BTF type
 * @events: those it is needed for; what it misses is counted as the first one's
 */
static const struct {
	const char *name;
	const char *where;
	unsigned int kind;
	uint32_t events;
} programs[] = {
	{ "inode_made", "anon_inode_make_secure_inode", BTF_KIND_FUNC, BIT(CREATE) },
	{ "create", "kvm_gmem_create", BTF_KIND_FUNC, BIT(CREATE) },
	{ "bind", "kvm_gmem_commit_memory_region", BTF_KIND_FUNC, BIT(BIND) },
	{ "unbind", "kvm_gmem_unbind", BTF_KIND_FUNC, BIT(UNBIND) },
	{ "release", "kvm_gmem_release", BTF_KIND_FUNC,
	  BIT(RELEASE) | BIT(FREE) | BIT(INVALIDATE) | BIT(UNBIND) },
	{ "freed", "kvm_gmem_destroy_inode", BTF_KIND_FUNC, BIT(FREE) },
	{ "punch_begin", "kvm_gmem_fallocate", BTF_KIND_FUNC, BIT(FREE) | BIT(INVALIDATE) },
	{ "punch_end", "kvm_gmem_fallocate", BTF_KIND_FUNC, BIT(FREE) | BIT(INVALIDATE) },
	{ "page_added", "btf_trace_mm_filemap_add_to_page_cache", BTF_KIND_TYPEDEF,
	  BIT(ALLOC) | BIT(FAULT) },
	{ "page_removed", "btf_trace_mm_filemap_delete_from_page_cache", BTF_KIND_TYPEDEF,
	  BIT(FREE) },
	{ "host_begin", "kvm_gmem_fault_user_mapping", BTF_KIND_FUNC, BIT(FAULT) },
	{ "host_fault", "kvm_gmem_fault_user_mapping", BTF_KIND_FUNC, BIT(FAULT) },
	{ "guest_begin", "kvm_gmem_get_pfn", BTF_KIND_FUNC, BIT(FAULT) },
	{ "guest_fault", "kvm_gmem_get_pfn", BTF_KIND_FUNC, BIT(FAULT) },
	{ "memory_fault", "kvm_arch_vcpu_ioctl_run", BTF_KIND_FUNC, BIT(FAULT) },
	{ "ioctl_begin", "kvm_vm_ioctl", BTF_KIND_FUNC, BIT(CONVERT) },
	{ "attributes", "btf_trace_kvm_vm_set_mem_attributes", BTF_KIND_TYPEDEF, BIT(CONVERT) },
	{ "ioctl_end", "kvm_vm_ioctl", BTF_KIND_FUNC, BIT(CONVERT) },
	{ "invalidate", "__kvm_gmem_invalidate_start", BTF_KIND_FUNC, BIT(INVALIDATE) },
	{ "error", "kvm_gmem_error_folio", BTF_KIND_FUNC, BIT(ERROR) },
	{ "mapped", "kvm_gmem_mmap", BTF_KIND_FUNC, BIT(ACCESS) },
};

#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))
_Static_assert(PROGRAMS <= GMT_FUNCTIONS_MAX, "each may be at a function of its own");

uint32_t gmt_kvm_events(const char **lacks)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *kvm = vmlinux ? gmt_kvm_btf(vmlinux) : NULL;
	uint32_t there = GMT_EVENTS_ALL & ~BIT(POLICY);

	*lacks = NULL;
	for (size_t i = 0; i < PROGRAMS; i++) {
		/* A module's BTF has the kernel's under it. */
		if (kvm && btf__find_by_name_kind(kvm, programs[i].where, programs[i].kind) > 0)
			continue;
		there &= ~programs[i].events;
		if (!*lacks)
			*lacks = programs[i].where;
	}
	if (kvm != vmlinux)
		btf__free(kvm);
	btf__free(vmlinux);
	return there;
}

static int choose_programs(struct gmt_kvm_events *events, uint32_t wanted, struct gmt_error *error)
{
	const char *lacks;
	uint32_t there = gmt_kvm_events(&lacks);

	for (int i = 0; i < GMT_EVENT_MAX; i++)
		if (wanted != GMT_EVENTS_ALL && wanted & ~there & 1U << i)
			return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP,
					"this kernel's guest_memfd does not tell the event %s: "
					"`gmemtop doctor` tells which there are",
					gmt_event_name(i));
	wanted &= there;
	for (size_t i = 0; i < PROGRAMS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(events->obj, programs[i].name);

		bpf_program__set_autoload(program, programs[i].events & wanted);
	}
	events->rodata->events = wanted;
	events->rodata->pages_told = wanted & (BIT(FAULT) | BIT(FREE));
	return 0;
}

static bool has_one_node(void)
{
	FILE *file = fopen("/sys/devices/system/node/possible", "re");
	char line[16] = "";
	bool one;

	if (!file)
		return false;
	one = fgets(line, sizeof(line), file) && !strcmp(line, "0\n");
	fclose(file);
	return one;
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct gmt_kvm *kvm = ctx;

	if (size < sizeof(struct gmt_rec_event))
		return 0;
	kvm->stop = kvm->fn(kvm->ctx, data);
	return kvm->stop;
}

/* Calls that a kprobe could not follow: the kernel counts them by link. */
static uint64_t probe_missed(const struct bpf_link *link)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (!link || bpf_link_get_info_by_fd(bpf_link__fd(link), &info, &size) ||
	    info.type != BPF_LINK_TYPE_PERF_EVENT)
		return 0;
	return info.perf_event.kprobe.missed;
}

static int start(struct gmt_kvm *kvm, const struct gmt_trace_options *options,
		 struct gmt_error *error)
{
	struct gmt_kvm_events *events = kvm->events;
	int err;

	events->rodata->filter = options->filter;
	events->rodata->wakeup_bytes = options->buffer_bytes / 16;
	events->rodata->one_node = has_one_node();
	bpf_map__set_max_entries(events->maps.ring, options->buffer_bytes);
	err = choose_programs(events, options->events, error);
	if (err)
		return err;
	err = gmt_kvm_events__load(events);
	if (err)
		return gmt_kvm_load_failed(error, "events", err);
	kvm->ring = ring_buffer__new(bpf_map__fd(events->maps.ring), on_sample, kvm, NULL);
	if (!kvm->ring)
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
				"the ring buffer cannot be mapped: %s", strerror(errno));
	err = gmt_kvm_events__attach(events);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the functions of KVM cannot be attached to: %s", strerror(-err));
	return 0;
}

int gmt_kvm_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			struct gmt_error *error)
{
	struct gmt_kvm *kvm = (struct gmt_kvm *)source;
	int err;

	kvm->events = gmt_kvm_events__open();
	if (!kvm->events)
		return gmt_kvm_load_failed(error, "events", -errno);
	err = start(kvm, options, error);
	if (err)
		gmt_kvm_trace_close(kvm);
	return err;
}

static bool at_function(const struct bpf_program *program)
{
	enum bpf_attach_type type = bpf_program__expected_attach_type(program);

	return bpf_program__autoload(program) &&
	       (type == BPF_TRACE_FENTRY || type == BPF_TRACE_FEXIT);
}

int gmt_kvm_trace_functions(struct gmt_source *source, struct gmt_functions *functions)
{
	struct gmt_kvm *kvm = (struct gmt_kvm *)source;
	struct gmt_attached list[PROGRAMS];
	uint32_t events[PROGRAMS];
	int err;

	*functions = (struct gmt_functions){ 0 };
	for (size_t i = 0; i < PROGRAMS; i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(kvm->events->obj, programs[i].name);
		size_t last = functions->attached;

		if (!at_function(program))
			continue;
		/* The two of one function follow each other. */
		if (!last || strcmp(list[last - 1].function, programs[i].where)) {
			list[last].function = programs[i].where;
			events[last] = 0;
			functions->attached++;
		}
		events[functions->attached - 1] |= programs[i].events;
	}
	err = gmt_attached_check(list, functions->attached, NULL);
	for (size_t i = 0; !err && i < functions->attached; i++) {
		if (list[i].runs) {
			functions->run++;
			continue;
		}
		functions->lacking[functions->lacking_count++] = list[i].function;
		functions->events |= events[i] & kvm->events->rodata->events;
	}
	return err;
}

int gmt_kvm_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
		       struct gmt_error *error)
{
	struct gmt_kvm *kvm = (struct gmt_kvm *)source;
	int err;

	kvm->fn = fn;
	kvm->ctx = ctx;
	kvm->stop = 0;
	/* A signal ends the wait; what has come is told all the same. */
	err = timeout_ms ? ring_buffer__poll(kvm->ring, timeout_ms) : 0;
	/* Below the threshold nobody was woken. */
	if (!kvm->stop && (err >= 0 || err == -EINTR))
		err = ring_buffer__consume(kvm->ring);
	if (kvm->stop)
		return kvm->stop;
	if (err < 0 && err != -EINTR)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the ring buffer cannot be read: %s",
				strerror(-err));
	return 0;
}

int gmt_kvm_trace_detach(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_kvm *kvm = (struct gmt_kvm *)source;
	struct gmt_kvm_events *events = kvm->events;

	/* The links go now, and their counts with them. */
	kvm->missed_faults =
		probe_missed(events->links.guest_begin) + probe_missed(events->links.guest_fault);
	kvm->missed_ioctls =
		probe_missed(events->links.ioctl_begin) + probe_missed(events->links.ioctl_end);
	gmt_kvm_events__detach(kvm->events);
	/* As for gmem: whoever is in a program yet has submitted after a grace period. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
	return 0;
}

/* The event that a program's misses are counted as. */
static int first_event(uint32_t events, uint32_t told)
{
	return __builtin_ctz(events & told ? events & told : events);
}

int gmt_kvm_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			 struct gmt_error *error)
{
	struct gmt_kvm *kvm = (struct gmt_kvm *)source;
	struct gmt_kvm_events *events = kvm->events;

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		totals->ring_full[i] =
			__atomic_load_n(&events->bss->ring_full[i], __ATOMIC_RELAXED);
		totals->missed[i] = __atomic_load_n(&events->bss->no_state[i], __ATOMIC_RELAXED);
	}
	totals->missed[GMT_EVENT_FAULT] += kvm->missed_faults;
	totals->missed[GMT_EVENT_CONVERT] += kvm->missed_ioctls;
	for (size_t i = 0; i < PROGRAMS; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(events->obj, programs[i].name);
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int err;

		if (!bpf_program__autoload(program))
			continue;
		err = bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size);
		if (err)
			return gmt_fail(error, GMT_EXIT_FAILURE, err,
					"the count of missed events cannot be read: %s",
					strerror(-err));
		totals->missed[first_event(programs[i].events, events->rodata->events)] +=
			info.recursion_misses;
	}
	return 0;
}

void gmt_kvm_trace_close(struct gmt_kvm *kvm)
{
	ring_buffer__free(kvm->ring);
	kvm->ring = NULL;
	gmt_kvm_events__destroy(kvm->events);
	kvm->events = NULL;
}
