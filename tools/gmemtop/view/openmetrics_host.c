// SPDX-License-Identifier: GPL-2.0-only
/* Policies, times, and the exporter itself as metrics: what a host has once. */
#include <stdio.h>

#include "model/hist.h"
#include "view/openmetrics.h"

#define METRIC(its_name, its_type, its_unit, about) \
	{ .name = its_name, .type = GMT_METRIC_##its_type, .unit = its_unit, .help = about }

static const struct gmt_metric policies_attached =
	METRIC("gmem_policies", GAUGE, NULL, "Policies that are attached.");
static const struct gmt_metric policy_calls =
	METRIC("gmem_policy_calls", COUNTER, NULL, "Times that policies were asked.");
static const struct gmt_metric policy_refusals =
	METRIC("gmem_policy_refusals", COUNTER, NULL,
	       "Refusals by policies; in mode monitor they were let pass.");
static const struct gmt_metric policy_seconds =
	METRIC("gmem_policy_run_seconds", COUNTER, "seconds",
	       "Time that policies took, of those that are timed.");

/* The labels of a policy: three words, escaped twice as long at most. */
static void policy_labels(const struct gmt_policy_account *account, char *text, size_t size)
{
	struct gmt_page page = { .data = text, .capacity = size };

	gmt_page_text(&page, "policy=\"");
	gmt_page_label(&page, account->name);
	gmt_page_text(&page, "\",mode=\"");
	gmt_page_text(&page, account->mode);
	gmt_page_text(&page, "\",scope=\"");
	gmt_page_text(&page, account->scope);
	gmt_page_put(&page, "\"", 2);
}

void gmt_openmetrics_policies(struct gmt_metric_writer *writer,
			      const struct gmt_policy_accounts *policies)
{
	static const struct gmt_metric *const families[] = { &policies_attached, &policy_calls,
							     &policy_refusals, &policy_seconds };
	char labels[sizeof(policies->list[0].name) * 2 + 128];

	for (unsigned int f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		const struct gmt_metric *metric = families[f];

		gmt_metric_begin(writer, metric);
		for (size_t i = 0; i < policies->count; i++) {
			const struct gmt_policy_account *account = &policies->list[i];

			if (metric == &policy_seconds && !account->timed)
				continue;
			policy_labels(account, labels, sizeof(labels));
			if (metric == &policy_seconds)
				gmt_metric_ns(writer, metric, labels, "", account->run_ns);
			else
				gmt_metric_u64(writer, metric, labels, "",
					       metric == &policies_attached ? account->attached :
					       metric == &policy_calls	    ? account->calls :
									      account->refusals);
			if (metric->type == GMT_METRIC_COUNTER)
				gmt_metric_created(writer, metric, labels, "", account->created_ns);
		}
	}
}

static const struct gmt_metric fault_seconds =
	METRIC("gmem_fault_duration_seconds", HISTOGRAM, "seconds",
	       "Time that page faults took, from the fault to its page.");
static const struct gmt_metric phase_seconds =
	METRIC("gmem_fault_phase_duration_seconds", HISTOGRAM, "seconds",
	       "Time that a phase of page faults took.");
static const struct gmt_metric convert_seconds = METRIC(
	"gmem_conversion_duration_seconds", HISTOGRAM, "seconds", "Time that conversions took.");

static const struct {
	const struct gmt_metric *metric;
	const char *labels;
} times[GMT_LATENCY_MAX] = {
	[GMT_LATENCY_FAULT_HOST] = { &fault_seconds, "kind=\"host\"" },
	[GMT_LATENCY_FAULT_REMOTE] = { &fault_seconds, "kind=\"remote\"" },
	[GMT_LATENCY_FAULT_GUEST] = { &fault_seconds, "kind=\"guest\"" },
	[GMT_LATENCY_LOOKUP] = { &phase_seconds, "phase=\"lookup\"" },
	[GMT_LATENCY_POLICY] = { &phase_seconds, "phase=\"policy\"" },
	[GMT_LATENCY_ALLOC] = { &phase_seconds, "phase=\"alloc\"" },
	[GMT_LATENCY_ZERO] = { &phase_seconds, "phase=\"zero\"" },
	[GMT_LATENCY_CONVERT] = { &convert_seconds, "" },
};

static void write_hist(struct gmt_metric_writer *writer, const struct gmt_metric *metric,
		       const char *labels, const struct gmt_hist *hist, uint64_t created_ns)
{
	const char *comma = labels[0] ? "," : "";
	unsigned int bucket = 0;
	uint64_t count = 0;
	char more[48];

	for (unsigned int bound = GMT_METRIC_BOUND_FIRST; bound <= GMT_METRIC_BOUND_LAST; bound++) {
		uint64_t ns = (1ULL << bound) - 1;

		for (; bucket < gmt_hist_bucket(ns + 1); bucket++)
			count += hist->buckets[bucket];
		snprintf(more, sizeof(more), "%sle=\"%llu.%09llu\"", comma,
			 (unsigned long long)ns / 1000000000, (unsigned long long)ns % 1000000000);
		gmt_metric_name(writer, metric, "_bucket", labels, more);
		gmt_page_u64(writer->page, count);
		gmt_page_put(writer->page, "\n", 1);
	}
	for (; bucket < GMT_HIST_BUCKETS; bucket++)
		count += hist->buckets[bucket];
	snprintf(more, sizeof(more), "%sle=\"+Inf\"", comma);
	gmt_metric_name(writer, metric, "_bucket", labels, more);
	gmt_page_u64(writer->page, count);
	/* It is being counted on: the sum of what was read is what fits together. */
	gmt_page_text(writer->page, "\n");
	gmt_metric_name(writer, metric, "_count", labels, "");
	gmt_page_u64(writer->page, count);
	gmt_page_text(writer->page, "\n");
	gmt_metric_name(writer, metric, "_sum", labels, "");
	gmt_page_seconds(writer->page, hist->sum_ns);
	gmt_page_text(writer->page, "\n");
	gmt_metric_created(writer, metric, labels, "", created_ns);
}

void gmt_openmetrics_times(struct gmt_metric_writer *writer, const struct gmt_hist *hists,
			   uint64_t created_ns)
{
	for (unsigned int i = 0; i < GMT_LATENCY_MAX; i++) {
		if (!i || times[i].metric != times[i - 1].metric)
			gmt_metric_begin(writer, times[i].metric);
		write_hist(writer, times[i].metric, times[i].labels, &hists[i], created_ns);
	}
}

static const char *const parts[GMT_PART_MAX] = {
	[GMT_PART_GMEMS] = "part=\"gmems\"",	 [GMT_PART_BINDINGS] = "part=\"bindings\"",
	[GMT_PART_NODES] = "part=\"nodes\"",	 [GMT_PART_POLICIES] = "part=\"policies\"",
	[GMT_PART_LATENCY] = "part=\"latency\"",
};

static const char *const answers[GMT_ANSWER_MAX] = {
	[GMT_ANSWER_OK] = "code=\"200\"",	    [GMT_ANSWER_BAD] = "code=\"400\"",
	[GMT_ANSWER_UNAUTHORIZED] = "code=\"401\"", [GMT_ANSWER_FORBIDDEN] = "code=\"403\"",
	[GMT_ANSWER_NOT_FOUND] = "code=\"404\"",    [GMT_ANSWER_METHOD] = "code=\"405\"",
	[GMT_ANSWER_FAILED] = "code=\"500\"",	    [GMT_ANSWER_BUSY] = "code=\"503\"",
};

static void one(struct gmt_metric_writer *writer, const struct gmt_metric metric, uint64_t value,
		uint64_t created_ns)
{
	gmt_metric_begin(writer, &metric);
	gmt_metric_u64(writer, &metric, "", "", value);
	if (metric.type == GMT_METRIC_COUNTER)
		gmt_metric_created(writer, &metric, "", "", created_ns);
}

#define ONE(writer, value, created_ns, ...) \
	one(writer, (struct gmt_metric)METRIC(__VA_ARGS__), value, created_ns)

static void write_parts(struct gmt_metric_writer *writer, const struct gmt_self *self)
{
	static const struct gmt_metric told =
		METRIC("gmem_exporter_part_success", GAUGE, NULL,
		       "Whether a part of this scrape could be told.");
	static const struct gmt_metric seconds =
		METRIC("gmem_exporter_part_duration_seconds", GAUGE, "seconds",
		       "Time that reading a part took in this scrape.");

	gmt_metric_begin(writer, &told);
	for (unsigned int i = 0; i < GMT_PART_MAX; i++)
		if (self->parts[i].asked)
			gmt_metric_u64(writer, &told, parts[i], "", self->parts[i].told);
	gmt_metric_begin(writer, &seconds);
	for (unsigned int i = 0; i < GMT_PART_MAX; i++)
		if (self->parts[i].asked)
			gmt_metric_ns(writer, &seconds, parts[i], "", self->parts[i].ns);
}

static void write_limits(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics,
			 size_t account_series)
{
	const struct gmt_accounts *accounts = metrics->accounts;

	ONE(writer, account_series, 0, "gmem_exporter_series", GAUGE, NULL,
	    "Series of gmems on this page.");
	ONE(writer, metrics->self->series_max, 0, "gmem_exporter_series_limit", GAUGE, NULL,
	    "Series that a page may have, as --max-series says.");
	if (!accounts)
		return;
	ONE(writer, accounts->count, 0, "gmem_exporter_groups", GAUGE, NULL,
	    "Sets of labels that gmems are told by, but for the overflow.");
	ONE(writer, accounts->dropped, metrics->self->started_ns, "gmem_exporter_groups_dropped",
	    COUNTER, NULL, "Sets of labels given up, having had no gmem for long enough.");
	ONE(writer, accounts->rest.gmems, 0, "gmem_exporter_overflow_objects", GAUGE, NULL,
	    "Gmems that are told by the overflow's series, there being no room for more.");
}

static void write_server(struct gmt_metric_writer *writer, const struct gmt_self *self)
{
	static const struct gmt_metric seconds =
		METRIC("gmem_exporter_scrape_duration_seconds", SUMMARY, "seconds",
		       "Time that the scrapes before this one took, page included.");
	static const struct gmt_metric requests =
		METRIC("gmem_exporter_http_requests", COUNTER, NULL,
		       "Requests answered, by the code of the answer.");

	gmt_metric_begin(writer, &seconds);
	gmt_metric_name(writer, &seconds, "_count", "", "");
	gmt_page_u64(writer->page, self->scrapes);
	gmt_page_text(writer->page, "\n");
	gmt_metric_name(writer, &seconds, "_sum", "", "");
	gmt_page_seconds(writer->page, self->scrape_ns);
	gmt_page_text(writer->page, "\n");
	gmt_metric_created(writer, &seconds, "", "", self->started_ns);
	gmt_metric_begin(writer, &requests);
	for (unsigned int i = 0; i < GMT_ANSWER_MAX; i++) {
		gmt_metric_u64(writer, &requests, answers[i], "", self->answers[i]);
		gmt_metric_created(writer, &requests, answers[i], "", self->started_ns);
	}
	ONE(writer, self->connections, 0, "gmem_exporter_http_connections", GAUGE, NULL,
	    "Connections that are open.");
}

/* The names that Prometheus's own client libraries use. */
static void write_process(struct gmt_metric_writer *writer, const struct gmt_process *process)
{
	static const struct gmt_metric cpu =
		METRIC("process_cpu_seconds", COUNTER, "seconds",
		       "CPU time that the exporter took, user and system.");
	static const struct gmt_metric start = METRIC("process_start_time_seconds", GAUGE,
						      "seconds", "When it started, since 1970.");

	gmt_metric_begin(writer, &cpu);
	gmt_metric_ns(writer, &cpu, "", "", process->cpu_ns);
	gmt_metric_created(writer, &cpu, "", "", process->start_ns);
	ONE(writer, process->resident_bytes, 0, "process_resident_memory_bytes", GAUGE, "bytes",
	    "Memory of the exporter that is resident.");
	ONE(writer, process->virtual_bytes, 0, "process_virtual_memory_bytes", GAUGE, "bytes",
	    "Size of its address space.");
	gmt_metric_begin(writer, &start);
	gmt_metric_name(writer, &start, "", "", "");
	gmt_metric_moment(writer, process->start_ns);
	ONE(writer, process->open_fds, 0, "process_open_fds", GAUGE, NULL,
	    "Descriptors that it has open.");
	ONE(writer, process->max_fds, 0, "process_max_fds", GAUGE, NULL,
	    "Descriptors that it may have open.");
	ONE(writer, process->threads, 0, "process_threads", GAUGE, NULL, "Threads that it has.");
}

void gmt_openmetrics_self(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics,
			  size_t account_series)
{
	static const struct gmt_metric build =
		METRIC("gmem_exporter_build", INFO, NULL, "Version, and the source it reads.");
	const struct gmt_self *self = metrics->self;
	char labels[128];

	snprintf(labels, sizeof(labels), "version=\"%.40s\",source=\"%.40s\"", self->version,
		 self->source);
	gmt_metric_begin(writer, &build);
	gmt_metric_u64(writer, &build, labels, "", 1);
	write_parts(writer, self);
	write_limits(writer, metrics, account_series);
	ONE(writer, self->lost, self->started_ns, "gmem_exporter_lost_events", COUNTER, NULL,
	    "Events that the aggregation of times did not see.");
	ONE(writer, self->programs_loaded, 0, "gmem_exporter_programs_loaded", GAUGE, NULL,
	    "BPF programs held, which run at a scrape.");
	ONE(writer, self->programs_attached, 0, "gmem_exporter_programs_attached", GAUGE, NULL,
	    "BPF programs attached, which run at every event.");
	if (!self->serves)
		return;
	write_server(writer, self);
	write_process(writer, &self->process);
}
