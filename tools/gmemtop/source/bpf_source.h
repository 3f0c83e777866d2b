/* SPDX-License-Identifier: GPL-2.0-only */
/* The bpf source's own struct, shared by its files: bpf.c and bpf_*.c. */
#ifndef GMT_SOURCE_BPF_SOURCE_H
#define GMT_SOURCE_BPF_SOURCE_H

#include "source/bpf_snapshot.h"
#include "source/cgroup.h"
#include "source/source.h"

/**
 * struct gmt_bpf - gmem.ko on this host
 * @source: embedded first
 * @scan: loaded when first used; so are @places, @policies, @holders and @events
 * @ring: reads @events' ring buffer
 * @fn: who is told of events while a poll runs, with @ctx and the last answer @stop
 * @cgroups: owned
 */
struct gmt_bpf {
	struct gmt_source source;
	struct gmt_scan scan;
	struct gmt_places *places;
	bool no_nodes; /* their program did not load */
	struct gmt_policies *policies;
	struct gmt_holders *holders;
	struct gmt_times *times;       /* while times are aggregated */
	struct gmt_hist *latency_cpus; /* one of each CPU, to read into */
	struct gmt_events *events;
	struct ring_buffer *ring;
	gmt_event_fn fn;
	void *ctx;
	int stop;
	struct gmt_bpf_requests *requests; /* while they are told */
	struct gmt_cgroups *cgroups;
};

/* Fills @error for a program that did not load. Return: @err */
int gmt_bpf_load_failed(struct gmt_error *error, const char *what, int err);

/* Runs a SEC("syscall") program, by its descriptor. Return: its own verdict, -ENOENT and -EOPNOTSUPP without @error */
int gmt_bpf_run(int program, const char *what, struct gmt_error *error);

/* bpf_places.c */
int gmt_bpf_ranges(struct gmt_source *source, uint64_t id, gmt_range_fn fn, void *ctx,
		   struct gmt_error *error);
int gmt_bpf_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		  void *ctx, struct gmt_error *error);

/* bpf_holders.c */
int gmt_bpf_holders(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		    void *ctx, struct gmt_error *error);
void gmt_bpf_holders_close(struct gmt_bpf *bpf);

/* bpf_latency.c */
int gmt_bpf_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error);
int gmt_bpf_latency_read(struct gmt_source *source, struct gmt_hist *hists, uint64_t *missed,
			 struct gmt_error *error);
int gmt_bpf_latency_stop(struct gmt_source *source, struct gmt_error *error);

/* bpf_requests.c */
int gmt_bpf_requests_start(struct gmt_source *source, size_t buffer_bytes, struct gmt_error *error);
int gmt_bpf_requests_poll(struct gmt_source *source, int timeout_ms, gmt_request_fn fn, void *ctx,
			  struct gmt_error *error);
int gmt_bpf_requests_detach(struct gmt_source *source, struct gmt_error *error);
int gmt_bpf_requests_account(struct gmt_source *source, struct gmt_request_account *account,
			     struct gmt_error *error);
void gmt_bpf_requests_close(struct gmt_bpf *bpf);

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
