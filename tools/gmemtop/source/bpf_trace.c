// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracing by the bpf source: loads the programs of the events asked for, reads their
 * ring buffer, and accounts for every event that did not come through.
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

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "events.skel.h"
#include "source/bpf_source.h"
#include "source/probe.h"

static bool log_verbose;

static int on_libbpf_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!log_verbose || level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
}

void gmt_log_init(bool verbose)
{
	log_verbose = verbose;
	libbpf_set_print(on_libbpf_print);
}

static struct bpf_program *program_of(struct gmt_events *events, enum gmt_event event)
{
	switch (event) {
	case GMT_EVENT_CREATE:
		return events->progs.gmem_create;
	case GMT_EVENT_RELEASE:
		return events->progs.gmem_release;
	case GMT_EVENT_ALLOC:
		return events->progs.gmem_alloc;
	case GMT_EVENT_FREE:
		return events->progs.gmem_free;
	case GMT_EVENT_FAULT:
		return events->progs.gmem_fault;
	case GMT_EVENT_CONVERT:
		return events->progs.gmem_convert;
	case GMT_EVENT_ACCESS:
		return events->progs.gmem_access;
	case GMT_EVENT_ERROR:
		return events->progs.gmem_error;
	case GMT_EVENT_BIND:
		return events->progs.gmem_bind;
	case GMT_EVENT_UNBIND:
		return events->progs.gmem_unbind;
	case GMT_EVENT_INVALIDATE:
		return events->progs.gmem_invalidate;
	case GMT_EVENT_POLICY:
		return events->progs.gmem_policy;
	default:
		return NULL;
	}
}

/* The events of this gmem.ko, which may be older than we are; all, when it cannot be read. */
static uint32_t events_there(struct gmt_events *events)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *module = vmlinux ? btf__load_module_btf("gmem", vmlinux) : NULL;
	uint32_t there = 0;
	char type[64];

	for (int i = 0; module && i < GMT_EVENT_MAX; i++) {
		snprintf(type, sizeof(type), "btf_trace_%s",
			 bpf_program__name(program_of(events, i)));
		if (btf__find_by_name_kind(module, type, BTF_KIND_TYPEDEF) > 0)
			there |= 1U << i;
	}
	btf__free(module);
	btf__free(vmlinux);
	return there ? there : GMT_EVENTS_ALL;
}

/* Has those programs loaded that are asked for; who asks for all means all there are. */
static int choose_programs(struct gmt_events *events, uint32_t wanted, struct gmt_error *error)
{
	uint32_t there = events_there(events);

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		struct bpf_program *program = program_of(events, i);

		if (wanted != GMT_EVENTS_ALL && wanted & ~there & 1U << i)
			return gmt_fail(error, GMT_EXIT_MODULE, -EOPNOTSUPP,
					"this gmem.ko has no event %s: install it from the same "
					"version as gmemtop",
					bpf_program__name(program));
		bpf_program__set_autoload(program, wanted & there & 1U << i);
	}
	return 0;
}

static int on_sample(void *ctx, void *data, size_t size)
{
	struct gmt_bpf *bpf = ctx;

	if (size < sizeof(struct gmt_rec_event))
		return 0;
	bpf->stop = bpf->fn(bpf->ctx, data);
	/* libbpf takes a negative answer only, and has then consumed the record. */
	return bpf->stop ? -ECANCELED : 0;
}

int gmt_bpf_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct gmt_events *events;
	int err;

	events = gmt_events__open();
	if (!events)
		return gmt_bpf_load_failed(error, "trace", -errno);
	bpf->events = events;
	events->rodata->filter = options->filter;
	events->rodata->wakeup_bytes = options->buffer_bytes / 16;
	bpf_map__set_max_entries(events->maps.ring, options->buffer_bytes);
	err = choose_programs(events, options->events, error);
	if (err)
		goto err_close;
	err = gmt_events__load(events);
	if (err) {
		gmt_bpf_load_failed(error, "trace", err);
		goto err_close;
	}
	bpf->ring = ring_buffer__new(bpf_map__fd(events->maps.ring), on_sample, bpf, NULL);
	if (!bpf->ring) {
		err = gmt_fail(error, GMT_EXIT_FAILURE, -errno,
			       "the ring buffer cannot be mapped: %s", strerror(errno));
		goto err_close;
	}
	err = gmt_events__attach(events);
	if (err) {
		gmt_fail(error, GMT_EXIT_FAILURE, err,
			 "the tracepoints of gmem cannot be attached to: %s", strerror(-err));
		goto err_close;
	}
	return 0;

err_close:
	gmt_bpf_trace_close(bpf);
	return err;
}

int gmt_bpf_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
		       struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	int err;

	bpf->fn = fn;
	bpf->ctx = ctx;
	bpf->stop = 0;
	/* A signal ends the wait; what has come is told all the same. */
	err = timeout_ms ? ring_buffer__poll(bpf->ring, timeout_ms) : 0;
	/* Below the threshold nobody was woken. */
	if (!bpf->stop && (err >= 0 || err == -EINTR))
		err = ring_buffer__consume(bpf->ring);
	if (bpf->stop)
		return bpf->stop;
	if (err < 0 && err != -EINTR)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the ring buffer cannot be read: %s",
				strerror(-err));
	return 0;
}

int gmt_bpf_trace_detach(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;

	gmt_events__detach(bpf->events);
	/*
	 * A program that was running on another CPU may not have submitted yet. The barrier
	 * waits for an RCU grace period, and programs run inside RCU read sections. Where
	 * it is not to be had (nohz_full), wait for as long as no program takes.
	 */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
	return 0;
}

/* How often the program was not run because it was running on that CPU already. */
static int read_missed(struct bpf_program *program, uint64_t *missed, struct gmt_error *error)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int err = bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size);

	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the count of missed events cannot be read: %s", strerror(-err));
	*missed = info.recursion_misses;
	return 0;
}

int gmt_bpf_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			 struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	int err;

	for (int i = 0; i < GMT_EVENT_MAX; i++) {
		struct bpf_program *program = program_of(bpf->events, i);

		totals->ring_full[i] =
			__atomic_load_n(&bpf->events->bss->ring_full[i], __ATOMIC_RELAXED);
		totals->missed[i] = 0;
		if (!bpf_program__autoload(program))
			continue;
		err = read_missed(program, &totals->missed[i], error);
		if (err)
			return err;
	}
	return 0;
}

unsigned int gmt_bpf_trace_count(const struct gmt_bpf *bpf)
{
	unsigned int count = 0;

	for (int i = 0; i < GMT_EVENT_MAX; i++)
		count += bpf_program__autoload(program_of(bpf->events, i));
	return count;
}

void gmt_bpf_trace_close(struct gmt_bpf *bpf)
{
	ring_buffer__free(bpf->ring);
	bpf->ring = NULL;
	gmt_events__destroy(bpf->events);
	bpf->events = NULL;
}
