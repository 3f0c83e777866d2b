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

#define GAUGE(text, its_unit, about) \
	{ .name = "gmem_" text, .type = GMT_METRIC_GAUGE, .unit = its_unit, .help = about }

static const struct gmt_metric objects = GAUGE("objects", NULL, "Gmems that exist.");
static const struct gmt_metric size =
	GAUGE("size_bytes", "bytes", "Size of the memory, resident or not.");
static const struct gmt_metric resident =
	GAUGE("resident_bytes", "bytes", "Memory that is resident.");
static const struct gmt_metric bindings =
	GAUGE("bindings", NULL, "Ranges that hypervisors have bound.");
static const struct gmt_metric bound =
	GAUGE("bound_bytes", "bytes", "Memory that hypervisors have bound.");
static const struct gmt_metric node_resident =
	GAUGE("node_resident_bytes", "bytes", "Memory that is resident on a NUMA node.");

enum gauge {
	GAUGE_OBJECTS,
	GAUGE_SIZE,
	GAUGE_PRIVATE,
	GAUGE_SHARED,
	GAUGE_UNKNOWN,
	GAUGE_BINDINGS,
	GAUGE_BOUND,
	GAUGE_MAX,
};

/* Samples of one family stand together. */
static const struct {
	const struct gmt_metric *metric;
	const char *more;
} gauges[GAUGE_MAX] = {
	[GAUGE_OBJECTS] = { &objects, "" },
	[GAUGE_SIZE] = { &size, "" },
	[GAUGE_PRIVATE] = { &resident, ",state=\"private\"" },
	[GAUGE_SHARED] = { &resident, ",state=\"shared\"" },
	[GAUGE_UNKNOWN] = { &resident, ",state=\"unknown\"" },
	[GAUGE_BINDINGS] = { &bindings, "" },
	[GAUGE_BOUND] = { &bound, "" },
};

static const struct gmt_metric gmem_info = { "gmem", GMT_METRIC_INFO, NULL,
					     "One gmem, and the process that made it." };
static const struct gmt_metric gmem_created =
	GAUGE("created_timestamp_seconds", "seconds", "When the gmem was made, since 1970.");

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
	/* Nodes are counted apart. */
	return count_samples() * (created ? 2 : 1) + GAUGE_MAX + (per_gmem ? PER_GMEM_SAMPLES : 0);
}

size_t gmt_openmetrics_fixed_series(bool latency, bool created)
{
	size_t policies = (size_t)GMT_POLICY_ACCOUNTS * (created ? 7 : 4);
	size_t times = (size_t)GMT_LATENCY_MAX * (GMT_METRIC_BOUNDS + 3 + created);

	return policies + (latency ? times : 0) + 80;
}

/**
 * struct told - The accounts of a page, in order, the one for the rest last
 * @text: the labels of all of them, one after the other
 */
struct told {
	struct gmt_page text;
	size_t count;
	struct told_account {
		const struct gmt_account *account;
		size_t at, length;
	} *list;
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

static void tell(struct told *told, const struct gmt_account *account, bool per_gmem)
{
	struct told_account *one = &told->list[told->count++];

	one->account = account;
	one->at = told->text.length;
	put_labels(&told->text, account, per_gmem);
	/* Without the NUL. */
	one->length = told->text.length - one->at - 1;
}

static bool tell_all(struct told *told, const struct gmt_metrics *metrics)
{
	const struct gmt_accounts *accounts = metrics->accounts;

	told->list = calloc(accounts->count + 1, sizeof(*told->list));
	if (!told->list)
		return false;
	for (const struct gmt_account *a = accounts->first; a; a = a->next)
		tell(told, a, metrics->per_gmem);
	if (accounts->rest_used)
		tell(told, &accounts->rest, metrics->per_gmem);
	return !told->text.failed;
}

static void write_count(struct gmt_metric_writer *writer, const struct told *told,
			const struct gmt_metric *metric, const char *more, enum gmt_count count)
{
	bool created = writer->openmetrics && writer->created;
	struct gmt_metric_stem stem;

	gmt_metric_stem(&stem, metric, more);
	for (size_t i = 0; i < told->count; i++) {
		const struct gmt_account *account = told->list[i].account;
		const char *labels = told->text.data + told->list[i].at;

		if (!(account->counted & 1U << count))
			continue;
		gmt_metric_line(writer, &stem, labels, told->list[i].length,
				account->counts[count]);
		if (created)
			gmt_metric_created(writer, metric, labels, more, account->created_ns);
	}
}

/* Return: whether it is known. Those that have no gmem any more have nothing now. */
static bool gauge_value(const struct gmt_account *account, enum gauge gauge, uint64_t *value)
{
	uint32_t known = account->known;

	if (!account->gmems)
		return false;
	switch (gauge) {
	case GAUGE_OBJECTS:
		*value = account->gmems;
		return true;
	case GAUGE_SIZE:
		*value = account->size_bytes;
		return true;
	case GAUGE_PRIVATE:
		*value = account->private_bytes;
		return known & GMT_KNOWN_STATES;
	case GAUGE_SHARED:
		*value = account->shared_bytes;
		return known & GMT_KNOWN_STATES;
	case GAUGE_UNKNOWN:
		*value = account->unknown_bytes;
		return known & GMT_KNOWN_RESIDENT &&
		       (!(known & GMT_KNOWN_STATES) || account->unknown_bytes);
	case GAUGE_BINDINGS:
		*value = account->bindings;
		return known & GMT_KNOWN_BINDINGS;
	default:
		*value = account->bound_bytes;
		return account->bound_known;
	}
}

static void write_gauge(struct gmt_metric_writer *writer, const struct told *told, enum gauge gauge)
{
	struct gmt_metric_stem stem;
	uint64_t value;

	if (!gauge || gauges[gauge].metric != gauges[gauge - 1].metric)
		gmt_metric_begin(writer, gauges[gauge].metric);
	gmt_metric_stem(&stem, gauges[gauge].metric, gauges[gauge].more);
	for (size_t i = 0; i < told->count; i++)
		if (gauge_value(told->list[i].account, gauge, &value))
			gmt_metric_line(writer, &stem, told->text.data + told->list[i].at,
					told->list[i].length, value);
}

static void write_nodes(struct gmt_metric_writer *writer, const struct told *told, uint64_t seen)
{
	struct gmt_metric_stem stem;
	char more[32];

	gmt_metric_begin(writer, &node_resident);
	for (unsigned int nid = 0; nid < GMT_ACCOUNT_NODES; nid++) {
		if (!(seen & 1ULL << nid))
			continue;
		if (nid < GMT_ACCOUNT_NODES - 1)
			snprintf(more, sizeof(more), ",node=\"%u\"", nid);
		else
			snprintf(more, sizeof(more), ",node=\"%s\"", GMT_ACCOUNT_REST);
		gmt_metric_stem(&stem, &node_resident, more);
		for (size_t i = 0; i < told->count; i++)
			if (told->list[i].account->nodes & 1ULL << nid)
				gmt_metric_line(writer, &stem, told->text.data + told->list[i].at,
						told->list[i].length,
						told->list[i].account->node_bytes[nid]);
	}
}

static void write_info(struct gmt_metric_writer *writer, const struct told_account *one,
		       const char *labels)
{
	const struct gmt_rec_gmem *rec = one->account->rec;
	struct gmt_page *page = writer->page;
	char comm[GMT_COMM_MAX * 3 + 1];

	gmt_page_clean(comm, sizeof(comm), rec->creator_comm, sizeof(rec->creator_comm));
	writer->samples++;
	gmt_page_text(page, "gmem_info{");
	gmt_page_put(page, labels, one->length);
	gmt_page_text(page, ",comm=\"");
	gmt_page_label(page, comm);
	gmt_page_text(page, "\",pid=\"");
	gmt_page_u64(page, rec->creator_pid);
	gmt_page_text(page, "\",uid=\"");
	gmt_page_u64(page, rec->creator_uid);
	gmt_page_text(page, "\"} 1\n");
}

/* Whose account is one gmem's, and that one is there. */
static const struct gmt_rec_gmem *gmem_of(const struct told_account *one)
{
	return one->account->key.gmem ? one->account->rec : NULL;
}

static void write_gmems(struct gmt_metric_writer *writer, const struct told *told)
{
	gmt_metric_begin(writer, &gmem_info);
	for (size_t i = 0; i < told->count; i++) {
		const struct gmt_rec_gmem *rec = gmem_of(&told->list[i]);

		if (rec && rec->known & GMT_KNOWN_CREATOR)
			write_info(writer, &told->list[i], told->text.data + told->list[i].at);
	}
	gmt_metric_begin(writer, &gmem_created);
	for (size_t i = 0; i < told->count; i++) {
		const struct gmt_rec_gmem *rec = gmem_of(&told->list[i]);

		if (!rec || !(rec->known & GMT_KNOWN_CREATED))
			continue;
		gmt_metric_name(writer, &gmem_created, "", told->text.data + told->list[i].at, "");
		gmt_metric_moment(writer, rec->created_ns);
	}
}

static void write_accounts(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics)
{
	struct told told = { .count = 0 };

	if (!tell_all(&told, metrics)) {
		writer->page->failed = true;
		goto out;
	}
	for (enum gauge gauge = 0; gauge < GAUGE_MAX; gauge++)
		write_gauge(writer, &told, gauge);
	write_nodes(writer, &told, metrics->accounts->nodes_seen);
	if (metrics->per_gmem)
		write_gmems(writer, &told);
	for (size_t i = 0; i < COUNT_FAMILIES; i++) {
		const struct count_family *family = &count_families[i];

		gmt_metric_begin(writer, &family->metric);
		for (unsigned int n = 0; n < family->sample_count; n++)
			write_count(writer, &told, &family->metric, family->samples[n].more,
				    family->samples[n].count);
	}
out:
	gmt_page_exit(&told.text);
	free(told.list);
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
