/* SPDX-License-Identifier: GPL-2.0-only */
/* The bpf source's own struct, shared by its two files: bpf.c and bpf_trace.c. */
#ifndef GMT_SOURCE_BPF_SOURCE_H
#define GMT_SOURCE_BPF_SOURCE_H

#include "source/cgroup.h"
#include "source/source.h"

/**
 * struct gmt_bpf - gmem.ko on this host
 * @source: embedded first
 * @snapshot: loaded when first used; so are @ranges, @bindings, @policies and @events
 * @ring: reads @events' ring buffer
 * @fn: who is told of events while a poll runs, with @ctx and the last answer @stop
 * @cgroups: owned
 */
struct gmt_bpf {
	struct gmt_source source;
	struct gmt_snapshot *snapshot;
	struct gmt_ranges *ranges;
	struct gmt_bindings *bindings;
	bool bindings_refused; /* they did not load; not tried again */
	struct gmt_policies *policies;
	struct gmt_events *events;
	struct ring_buffer *ring;
	gmt_event_fn fn;
	void *ctx;
	int stop;
	struct gmt_cgroups *cgroups;
};

/* Fills @error for a program that did not load. Return: @err */
int gmt_bpf_load_failed(struct gmt_error *error, const char *what, int err);

/* The trace operations of struct gmt_source_ops. */
int gmt_bpf_trace_start(struct gmt_source *source, const struct gmt_trace_options *options,
			struct gmt_error *error);
int gmt_bpf_trace_poll(struct gmt_source *source, int timeout_ms, gmt_event_fn fn, void *ctx,
		       struct gmt_error *error);
int gmt_bpf_trace_detach(struct gmt_source *source, struct gmt_error *error);
int gmt_bpf_trace_losses(struct gmt_source *source, struct gmt_trace_totals *totals,
			 struct gmt_error *error);
/* gmt_bpf_trace_count() - Return: how many of the events are listened to */
unsigned int gmt_bpf_trace_count(const struct gmt_bpf *bpf);
void gmt_bpf_trace_close(struct gmt_bpf *bpf);

#endif /* GMT_SOURCE_BPF_SOURCE_H */
