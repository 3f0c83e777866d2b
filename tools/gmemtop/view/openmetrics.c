// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounts, policies and times as metrics. A family's samples must stand together, so each
 * family goes over all accounts; their labels are made once a page.
 */
#include <stdio.h>
#include <stdlib.h>

#include "view/openmetrics.h"

#define SAMPLES_MAX 4

struct count_family {
	struct gmt_metric metric;
	struct {
		const char *more;
		enum gmt_count count;
	} samples[SAMPLES_MAX];
	unsigned int sample_count;
};

#define COUNTER(text, its_unit, about) \
	{ .name = "gmem_" text, .type = GMT_METRIC_COUNTER, .unit = its_unit, .help = about }
#define ONE(text, its_unit, which, about) \
	{ COUNTER(text, its_unit, about), { { "", GMT_COUNT_##which } }, 1 }

static const struct count_family count_families[] = {
	{ COUNTER("faults", NULL, "Page faults, refused ones included."),
	  { { ",kind=\"host\"", GMT_COUNT_FAULTS_HOST },
	    { ",kind=\"guest\"", GMT_COUNT_FAULTS_GUEST } },
	  2 },
	{ COUNTER("denied", NULL, "Refused attempts to reach memory."),
	  { { ",cause=\"private\"", GMT_COUNT_DENIED_PRIVATE },
	    { ",cause=\"flags\"", GMT_COUNT_DENIED_FLAGS },
	    { ",cause=\"capability\"", GMT_COUNT_DENIED_CAPABILITY },
	    { ",cause=\"policy\"", GMT_COUNT_DENIED_POLICY } },
	  4 },
	ONE("conversions", NULL, CONVERSIONS, "Conversions between private and shared."),
	ONE("conversions_failed", NULL, CONVERSIONS_FAILED, "Conversions that failed."),
	ONE("converted_bytes", "bytes", CONVERTED_BYTES, "Memory that changed its state."),
	ONE("allocated_bytes", "bytes", ALLOCATED_BYTES, "Memory that became resident."),
	ONE("freed_bytes", "bytes", FREED_BYTES, "Memory that ceased to be resident."),
	ONE("read_bytes", "bytes", READ_BYTES, "Memory read by system calls."),
	ONE("written_bytes", "bytes", WRITTEN_BYTES, "Memory written by system calls."),
	ONE("inspected_bytes", "bytes", INSPECTED_BYTES,
	    "Memory read or written by GMEM_INSPECT, private memory included."),
	ONE("invalidations", NULL, INVALIDATIONS,
	    "Times a hypervisor was told that memory goes or changes."),
	ONE("memory_failures", NULL, MEMORY_FAILURES, "Hardware memory errors."),
};

#define COUNT_FAMILIES (sizeof(count_families) / sizeof(count_families[0]))

enum gauge {
	GAUGE_OBJECTS,
	GAUGE_SIZE,
	GAUGE_RESIDENT,
	GAUGE_NODE,
	GAUGE_BINDINGS,
	GAUGE_BOUND,
	GAUGE_MAX,
};

#define GAUGE(text, its_unit, about) \
	{ .name = "gmem_" text, .type = GMT_METRIC_GAUGE, .unit = its_unit, .help = about }

static const struct gmt_metric gauges[GAUGE_MAX] = {
	[GAUGE_OBJECTS] = GAUGE("objects", NULL, "Gmems that exist."),
	[GAUGE_SIZE] = GAUGE("size_bytes", "bytes", "Size of the memory, resident or not."),
	[GAUGE_RESIDENT] = GAUGE("resident_bytes", "bytes", "Memory that is resident."),
	[GAUGE_NODE] =
		GAUGE("node_resident_bytes", "bytes", "Memory that is resident on a NUMA node."),
	[GAUGE_BINDINGS] = GAUGE("bindings", NULL, "Ranges that hypervisors have bound."),
	[GAUGE_BOUND] = GAUGE("bound_bytes", "bytes", "Memory that hypervisors have bound."),
};

static const struct gmt_metric gmem_info = { "gmem", GMT_METRIC_INFO, NULL,
					     "One gmem, and the process that made it." };
static const struct gmt_metric gmem_created =
	GAUGE("created_timestamp_seconds", "seconds", "When the gmem was made, since 1970.");

/* Resident memory has three states; nodes are counted apart. */
#define GAUGE_SAMPLES	 (GAUGE_MAX - 1 + 2)
#define PER_GMEM_SAMPLES 2

static size_t count_samples(void)
{
	size_t samples = 0;

	for (size_t i = 0; i < COUNT_FAMILIES; i++)
		samples += count_families[i].sample_count;
	return samples;
}

size_t gmt_openmetrics_account_series(bool per_gmem, bool created)
{
	return count_samples() * (created ? 2 : 1) + GAUGE_SAMPLES +
	       (per_gmem ? PER_GMEM_SAMPLES : 0);
}

size_t gmt_openmetrics_fixed_series(bool latency, bool created)
{
	size_t policies = (size_t)GMT_POLICY_ACCOUNTS * (created ? 7 : 4);
	size_t times = (size_t)GMT_LATENCY_MAX * (GMT_METRIC_BOUNDS + 3 + created);

	return policies + (latency ? times : 0) + 80;
}

/* The labels of every account, one after the other. */
struct labels {
	struct gmt_page text;
	size_t *at;
};

static void put_labels(struct gmt_page *page, const struct gmt_account *account, bool per_gmem)
{
	const struct gmt_account_key *key = &account->key;

	gmt_page_text(page, "consumer=\"");
	gmt_page_label(page, key->consumer);
	gmt_page_text(page, "\",vm=\"");
	if (key->consumer[0])
		gmt_page_u64(page, key->vm);
	gmt_page_text(page, "\",cgroup=\"");
	gmt_page_label(page, key->cgroup);
	if (per_gmem) {
		gmt_page_text(page, "\",gmem=\"");
		if (key->gmem)
			gmt_page_u64(page, key->gmem);
		gmt_page_text(page, "\",name=\"");
		gmt_page_label(page, key->name);
	}
	gmt_page_put(page, "\"", 2);
}

/* An account to be told, the one for the rest last; NULL at the end. */
static const struct gmt_account *next_account(const struct gmt_accounts *accounts,
					      const struct gmt_account *account)
{
	if (account == &accounts->rest)
		return NULL;
	account = account ? account->next : accounts->first;
	return account || !accounts->rest_used ? account : &accounts->rest;
}

#define each_account(accounts, account, i)                       \
	(account = next_account(accounts, NULL), i = 0; account; \
	 account = next_account(accounts, account), i++)

static bool make_labels(struct labels *labels, const struct gmt_metrics *metrics)
{
	const struct gmt_account *account;
	size_t i;

	labels->at = calloc(metrics->accounts->count + 1, sizeof(*labels->at));
	if (!labels->at)
		return false;
	for
		each_account(metrics->accounts, account, i)
		{
			labels->at[i] = labels->text.length;
			put_labels(&labels->text, account, metrics->per_gmem);
		}
	return !labels->text.failed;
}

static void write_counts(struct gmt_metric_writer *writer, const struct gmt_accounts *accounts,
			 const struct labels *labels, const struct count_family *family)
{
	const struct gmt_account *account;
	size_t i;

	gmt_metric_begin(writer, &family->metric);
	for
		each_account(accounts, account, i)
		{
			const char *text = labels->text.data + labels->at[i];

			for (unsigned int n = 0; n < family->sample_count; n++) {
				enum gmt_count count = family->samples[n].count;
				const char *more = family->samples[n].more;

				if (!(account->counted & 1U << count))
					continue;
				gmt_metric_u64(writer, &family->metric, text, more,
					       account->counts[count]);
				gmt_metric_created(writer, &family->metric, text, more,
						   account->created_ns);
			}
		}
}

static void write_resident(struct gmt_metric_writer *writer, const struct gmt_account *account,
			   const char *labels)
{
	const struct gmt_metric *metric = &gauges[GAUGE_RESIDENT];

	if (!(account->known & GMT_KNOWN_RESIDENT))
		return;
	if (account->known & GMT_KNOWN_STATES) {
		gmt_metric_u64(writer, metric, labels, ",state=\"private\"",
			       account->private_bytes);
		gmt_metric_u64(writer, metric, labels, ",state=\"shared\"", account->shared_bytes);
	}
	if (!(account->known & GMT_KNOWN_STATES) || account->unknown_bytes)
		gmt_metric_u64(writer, metric, labels, ",state=\"unknown\"",
			       account->unknown_bytes);
}

static void write_nodes(struct gmt_metric_writer *writer, const struct gmt_account *account,
			const char *labels)
{
	char more[32];

	for (unsigned int nid = 0; nid < GMT_ACCOUNT_NODES; nid++) {
		if (!(account->nodes & 1ULL << nid))
			continue;
		if (nid < GMT_ACCOUNT_NODES - 1)
			snprintf(more, sizeof(more), ",node=\"%u\"", nid);
		else
			snprintf(more, sizeof(more), ",node=\"%s\"", GMT_ACCOUNT_REST);
		gmt_metric_u64(writer, &gauges[GAUGE_NODE], labels, more, account->node_bytes[nid]);
	}
}

static void write_gauge(struct gmt_metric_writer *writer, enum gauge gauge,
			const struct gmt_account *account, const char *labels)
{
	const struct gmt_metric *metric = &gauges[gauge];

	switch (gauge) {
	case GAUGE_OBJECTS:
		gmt_metric_u64(writer, metric, labels, "", account->gmems);
		break;
	case GAUGE_SIZE:
		gmt_metric_u64(writer, metric, labels, "", account->size_bytes);
		break;
	case GAUGE_RESIDENT:
		write_resident(writer, account, labels);
		break;
	case GAUGE_NODE:
		write_nodes(writer, account, labels);
		break;
	case GAUGE_BINDINGS:
		if (account->known & GMT_KNOWN_BINDINGS)
			gmt_metric_u64(writer, metric, labels, "", account->bindings);
		break;
	default:
		if (account->bound_known)
			gmt_metric_u64(writer, metric, labels, "", account->bound_bytes);
	}
}

static void write_gauges(struct gmt_metric_writer *writer, const struct gmt_accounts *accounts,
			 const struct labels *labels)
{
	const struct gmt_account *account;
	size_t i;

	for (enum gauge gauge = 0; gauge < GAUGE_MAX; gauge++) {
		gmt_metric_begin(writer, &gauges[gauge]);
		/* Those that have no gmem any more have nothing now; their sums are told on. */
		for
			each_account(accounts, account, i) if (account->gmems || account->nodes)
				write_gauge(writer, gauge, account,
					    labels->text.data + labels->at[i]);
	}
}

static void write_gmems(struct gmt_metric_writer *writer, const struct gmt_accounts *accounts,
			const struct labels *labels)
{
	const struct gmt_account *account;
	char comm[GMT_COMM_MAX * 3 + 1];
	struct gmt_page more = { 0 };
	size_t i;

	gmt_metric_begin(writer, &gmem_info);
	for
		each_account(accounts, account, i)
		{
			const struct gmt_rec_gmem *rec = account->rec;

			if (!rec || !(rec->known & GMT_KNOWN_CREATOR) || account == &accounts->rest)
				continue;
			gmt_page_clean(comm, sizeof(comm), rec->creator_comm,
				       sizeof(rec->creator_comm));
			more.length = 0;
			gmt_page_text(&more, ",comm=\"");
			gmt_page_label(&more, comm);
			gmt_page_text(&more, "\",pid=\"");
			gmt_page_u64(&more, rec->creator_pid);
			gmt_page_text(&more, "\",uid=\"");
			gmt_page_u64(&more, rec->creator_uid);
			gmt_page_put(&more, "\"", 2);
			if (!more.failed)
				gmt_metric_u64(writer, &gmem_info,
					       labels->text.data + labels->at[i], more.data, 1);
		}
	writer->page->failed |= more.failed;
	gmt_page_exit(&more);
	gmt_metric_begin(writer, &gmem_created);
	for
		each_account(accounts, account, i)
		{
			if (!account->rec || !(account->rec->known & GMT_KNOWN_CREATED) ||
			    account == &accounts->rest)
				continue;
			gmt_metric_name(writer, &gmem_created, "",
					labels->text.data + labels->at[i], "");
			gmt_metric_moment(writer, account->rec->created_ns);
		}
}

static void write_accounts(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics)
{
	struct labels labels = { 0 };

	if (make_labels(&labels, metrics)) {
		write_gauges(writer, metrics->accounts, &labels);
		if (metrics->per_gmem)
			write_gmems(writer, metrics->accounts, &labels);
		for (size_t i = 0; i < COUNT_FAMILIES; i++)
			write_counts(writer, metrics->accounts, &labels, &count_families[i]);
	} else {
		writer->page->failed = true;
	}
	gmt_page_exit(&labels.text);
	free(labels.at);
}

void gmt_openmetrics_write(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics)
{
	size_t account_series;

	if (metrics->accounts)
		write_accounts(writer, metrics);
	account_series = writer->samples;
	if (metrics->policies)
		gmt_openmetrics_policies(writer, metrics->policies);
	if (metrics->hists)
		gmt_openmetrics_times(writer, metrics->hists, metrics->hists_ns);
	gmt_openmetrics_self(writer, metrics, account_series);
	if (writer->openmetrics)
		gmt_page_text(writer->page, "# EOF\n");
}
