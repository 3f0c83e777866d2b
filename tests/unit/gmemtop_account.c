// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums over gmems that come and go: exact, never falling, within the limit; and the page of
 * metrics that is made of them.
 * sources: tools/gmemtop/model/account.c tools/gmemtop/model/policy_account.c
 * sources: tools/gmemtop/model/hist.c tools/gmemtop/view/openmetrics.c
 * sources: tools/gmemtop/view/openmetrics_host.c tools/gmemtop/view/metric.c
 * sources: tools/gmemtop/view/page.c tools/gmemtop/view/clean.c
 * cflags: -Ibpf -Itools/gmemtop
 */
#include <linux/gmem.h>
#include <stdlib.h>

#include "model/hist.h"
#include "tap.h"
#include "view/openmetrics.h"

#define S    1000000000ULL
#define EACH 25

static struct gmt_account_options options(size_t accounts)
{
	return (struct gmt_account_options){
		/* one more: the one for the rest */
		.series_max = (accounts + 1) * EACH,
		.series_each = EACH,
		.keep_ns = 100 * S,
		.clean = gmt_page_clean,
	};
}

static struct gmt_rec_gmem rec(uint64_t id, uint64_t faults)
{
	return (struct gmt_rec_gmem){
		.id = id,
		.known = GMT_KNOWN_ALL,
		.size_bytes = 1 << 20,
		.resident_private_bytes = 4096,
		.resident_shared_bytes = 8192,
		.faults_host = faults,
		.denied_policy = faults * 2,
	};
}

static void put(struct gmt_accounts *accounts, uint64_t id, uint64_t faults, const char *cgroup)
{
	struct gmt_rec_gmem r = rec(id, faults);

	if (gmt_accounts_put(accounts, &r, cgroup))
		tap_bail("out of memory");
}

static void bind_vm(struct gmt_accounts *accounts, uint64_t id, uint64_t vm)
{
	struct gmt_rec_binding b = { .id = id, .vm = vm, .size_bytes = 4096, .consumer = "kvm" };

	gmt_accounts_put_binding(accounts, &b);
}

static struct gmt_account *find(struct gmt_accounts *accounts, uint64_t vm, const char *cgroup)
{
	struct gmt_account *a = accounts->first;

	while (a && (a->key.vm != vm || strcmp(a->key.cgroup, cgroup)))
		a = a->next;
	return a;
}

static uint64_t sum(const struct gmt_accounts *accounts, enum gmt_count count)
{
	uint64_t total = accounts->rest.counts[count];

	for (const struct gmt_account *a = accounts->first; a; a = a->next)
		total += a->counts[count];
	return total;
}

static void test_lifetime(void)
{
	struct gmt_account_options o = options(100);
	struct gmt_accounts accounts;
	struct gmt_account *a;

	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	put(&accounts, 1, 10, "/a");
	put(&accounts, 2, 5, "/a");
	put(&accounts, 3, 7, "/b");
	bind_vm(&accounts, 2, 77);
	gmt_accounts_end(&accounts, true);
	ok(accounts.count == 3 && find(&accounts, 0, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 10 &&
		   find(&accounts, 77, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 5 &&
		   find(&accounts, 0, "/b")->counts[GMT_COUNT_DENIED_POLICY] == 14,
	   "gmems are summed up by VM and cgroup");
	gmt_accounts_begin(&accounts, 2 * S);
	put(&accounts, 2, 6, "/a");
	put(&accounts, 4, 100, "/a");
	bind_vm(&accounts, 2, 77);
	bind_vm(&accounts, 4, 77);
	gmt_accounts_end(&accounts, true);
	a = find(&accounts, 0, "/a");
	ok(a->counts[GMT_COUNT_FAULTS_HOST] == 10 && !a->gmems && a->ended_ns == 2 * S,
	   "a gmem that is gone leaves its counts, and no memory");
	a = find(&accounts, 77, "/a");
	ok(a->counts[GMT_COUNT_FAULTS_HOST] == 106 && a->gmems == 2 && a->size_bytes == 2 << 20 &&
		   a->bound_bytes == 8192,
	   "what is new is added, what was there only by what it has grown");
	gmt_accounts_begin(&accounts, 3 * S);
	put(&accounts, 2, 3, "/a");
	put(&accounts, 4, 120, "/a");
	bind_vm(&accounts, 2, 78);
	bind_vm(&accounts, 4, 77);
	gmt_accounts_end(&accounts, true);
	ok(find(&accounts, 77, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 126,
	   "one that now is another VM's leaves what it has counted");
	ok(find(&accounts, 78, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 0,
	   "and a count that seems to shrink adds nothing");
	gmt_accounts_begin(&accounts, 4 * S);
	put(&accounts, 2, 8, "/a");
	put(&accounts, 4, 121, "/a");
	gmt_accounts_end(&accounts, false);
	ok(find(&accounts, 78, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 2 &&
		   find(&accounts, 77, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 127 &&
		   !find(&accounts, 77, "/a")->bound_known,
	   "where bindings cannot be told this time, the VMs are those of before");
	gmt_accounts_begin(&accounts, 102 * S);
	put(&accounts, 2, 8, "/a");
	gmt_accounts_end(&accounts, true);
	ok(!find(&accounts, 0, "/b") && accounts.dropped == 1 && find(&accounts, 77, "/a") &&
		   find(&accounts, 0, "/a")->counts[GMT_COUNT_FAULTS_HOST] == 10,
	   "those without gmems are dropped after the time they are kept, and not before");
	gmt_accounts_exit(&accounts);
}

static void test_aborted(void)
{
	struct gmt_account_options o = options(100);
	struct gmt_accounts accounts;

	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	put(&accounts, 1, 10, "/a");
	gmt_accounts_end(&accounts, true);
	gmt_accounts_begin(&accounts, 2 * S);
	put(&accounts, 1, 15, "/a");
	put(&accounts, 2, 15, "/a");
	gmt_accounts_begin(&accounts, 3 * S);
	put(&accounts, 1, 16, "/a");
	put(&accounts, 2, 20, "/a");
	gmt_accounts_end(&accounts, true);
	is_int(find(&accounts, 0, "/a")->counts[GMT_COUNT_FAULTS_HOST], 36,
	       "a refresh that did not end has changed nothing");
	gmt_accounts_exit(&accounts);
}

/* What gmems really count, against what is told of them, over rounds of comings and goings. */
static void test_churn(void)
{
	struct gmt_account_options o = options(40);
	uint64_t truth = 0, before_each[64] = { 0 };
	bool exact = true, monotonic = true, limited = true;
	static uint64_t ids[200], faults[200];
	struct gmt_accounts accounts;
	uint64_t next_id = 1;
	static char paths[60][16];
	size_t live = 0;

	for (int i = 0; i < 60; i++)
		snprintf(paths[i], sizeof(paths[i]), "/vm%d", i);
	srand(1);
	o.keep_ns = 1000000 * S;
	gmt_accounts_init(&accounts, &o);
	for (uint64_t round = 1; round <= 300; round++) {
		uint64_t rest = accounts.rest.counts[GMT_COUNT_FAULTS_HOST];

		/* Some go, from anywhere; some come; those that stay count. */
		for (size_t i = 0; i < live;) {
			if (rand() % 5) {
				uint64_t more = (uint64_t)rand() % 50;

				faults[i] += more;
				truth += more;
				i++;
				continue;
			}
			memmove(&ids[i], &ids[i + 1], (live - i - 1) * sizeof(*ids));
			memmove(&faults[i], &faults[i + 1], (live - i - 1) * sizeof(*faults));
			live--;
		}
		while (live < 150) {
			ids[live] = next_id++;
			faults[live] = (uint64_t)rand() % 1000;
			truth += faults[live++];
		}
		gmt_accounts_begin(&accounts, round * 60 * S);
		for (size_t i = 0; i < live; i++)
			put(&accounts, ids[i], faults[i], paths[ids[i] % (20 + round / 8 % 40)]);
		gmt_accounts_end(&accounts, true);
		exact &= sum(&accounts, GMT_COUNT_FAULTS_HOST) == truth;
		monotonic &= accounts.rest.counts[GMT_COUNT_FAULTS_HOST] >= rest;
		for (struct gmt_account *a = accounts.first; a; a = a->next) {
			unsigned long n = strtoul(a->key.cgroup + 3, NULL, 10);

			monotonic &= a->created_ns == accounts.now_ns ||
				     a->counts[GMT_COUNT_FAULTS_HOST] >= before_each[n];
			before_each[n] = a->counts[GMT_COUNT_FAULTS_HOST];
		}
		limited &= accounts.series <= o.series_max && accounts.count <= 40;
	}
	ok(exact,
	   "with gmems that come and go, the sum over all is exact in each of the refreshes");
	ok(monotonic, "no sum ever falls");
	ok(limited && accounts.rest_used, "the limit is kept, and what is beyond it is told");
	gmt_accounts_exit(&accounts);
}

static void test_short_lived(void)
{
	struct gmt_account_options o = options(10);
	struct gmt_accounts accounts;
	uint64_t truth = 0;
	bool exact = true;
	static char paths[5000][16];

	o.keep_ns = 1000000 * S;
	gmt_accounts_init(&accounts, &o);
	for (uint64_t id = 1; id <= 5000; id++) {
		snprintf(paths[id - 1], sizeof(paths[0]), "/short%llu", (unsigned long long)id);
		gmt_accounts_begin(&accounts, id * S);
		if (id > 1) {
			put(&accounts, id - 1, 3, paths[id - 2]);
			truth += 2;
		}
		put(&accounts, id, 1, paths[id - 1]);
		truth++;
		gmt_accounts_end(&accounts, true);
		exact &= sum(&accounts, GMT_COUNT_FAULTS_HOST) == truth;
	}
	ok(exact && truth == 3 * 5000 - 2, "5,000 short-lived gmems: not one fault is missing");
	ok(accounts.count == 10 && accounts.series <= o.series_max,
	   "and there are as many series as may be");
	is_int(accounts.rest.gmems, 2, "the others' gmems are told with the rest");
	gmt_accounts_exit(&accounts);
}

static void test_room(void)
{
	struct gmt_account_options o = options(1);
	struct gmt_accounts accounts;

	o.keep_ns = 0;
	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	put(&accounts, 1, 10, "/a");
	put(&accounts, 2, 20, "/b");
	gmt_accounts_end(&accounts, true);
	gmt_accounts_begin(&accounts, 2 * S);
	put(&accounts, 2, 25, "/b");
	gmt_accounts_end(&accounts, true);
	gmt_accounts_begin(&accounts, 3 * S);
	put(&accounts, 2, 27, "/b");
	gmt_accounts_end(&accounts, true);
	ok(accounts.rest.counts[GMT_COUNT_FAULTS_HOST] == 25 && find(&accounts, 0, "/b") &&
		   find(&accounts, 0, "/b")->counts[GMT_COUNT_FAULTS_HOST] == 2,
	   "where there is room again, what is counted from then on is told apart");
	gmt_accounts_exit(&accounts);
}

static void test_nodes(void)
{
	struct gmt_account_options o = options(1);
	struct gmt_rec_node node = { .id = 1, .nid = 0, .resident_bytes = 4096 };
	struct gmt_accounts accounts;

	o.series_max += 2 * 3;
	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	put(&accounts, 1, 0, "/a");
	put(&accounts, 2, 0, "/b");
	gmt_accounts_put_node(&accounts, &node);
	node.nid = 5;
	node.resident_bytes = 8192;
	gmt_accounts_put_node(&accounts, &node);
	node.id = 2;
	node.nid = 900;
	gmt_accounts_put_node(&accounts, &node);
	gmt_accounts_end(&accounts, true);
	ok(find(&accounts, 0, "/a")->nodes == (1 | 1 << 5) &&
		   find(&accounts, 0, "/a")->node_bytes[5] == 8192,
	   "bytes by NUMA node");
	ok(accounts.rest.nodes == 1ULL << 63 && accounts.rest.node_bytes[63] == 8192,
	   "nodes far out are told together");
	gmt_accounts_exit(&accounts);
}

static void test_policies(void)
{
	static struct gmt_policy_accounts accounts = { .clean = gmt_page_clean };
	struct gmt_rec_policy p = {
		.policy_id = 1, .scope = GMEM_SCOPE_ALL, .calls = 10, .refusals = 2, .name = "lock"
	};
	uint64_t total = 0;

	gmt_policy_accounts_begin(&accounts, 1 * S);
	gmt_policy_accounts_put(&accounts, &p);
	gmt_policy_accounts_end(&accounts);
	gmt_policy_accounts_begin(&accounts, 2 * S);
	p.policy_id = 2;
	p.calls = 3;
	p.flags = GMEM_POLICY_TIME;
	p.run_ns = 500;
	gmt_policy_accounts_put(&accounts, &p);
	gmt_policy_accounts_end(&accounts);
	ok(accounts.count == 1 && accounts.list[0].calls == 13 && accounts.list[0].refusals == 4 &&
		   accounts.list[0].timed && accounts.list[0].run_ns == 500,
	   "a policy that is replaced goes on where the one before has ended");
	gmt_policy_accounts_begin(&accounts, 3 * S);
	for (uint64_t i = 0; i < 200; i++) {
		p.policy_id = 10 + i;
		p.calls = 1;
		snprintf(p.name, sizeof(p.name), "p%llu", (unsigned long long)i);
		gmt_policy_accounts_put(&accounts, &p);
	}
	gmt_policy_accounts_end(&accounts);
	for (size_t i = 0; i < accounts.count; i++)
		total += accounts.list[i].calls;
	ok(accounts.count == GMT_POLICY_ACCOUNTS && total == 213 &&
		   !strcmp(accounts.list[GMT_POLICY_ACCOUNTS - 1].name, "(overflow)"),
	   "beyond the limit they are counted together, and none is missing");
	gmt_policy_accounts_exit(&accounts);
}

/* A page as text; the caller frees it. */
static char *page_of(struct gmt_accounts *accounts, bool openmetrics, bool per_gmem,
		     const struct gmt_hist *hists, size_t *samples)
{
	static struct gmt_policy_accounts policies;
	static struct gmt_self self;
	struct gmt_page page = { 0 };
	struct gmt_metric_writer writer = { .page = &page,
					    .openmetrics = openmetrics,
					    .created = openmetrics,
					    .offset_ns = 1000 * S };
	struct gmt_metrics metrics = { .accounts = accounts,
				       .per_gmem = per_gmem,
				       .policies = &policies,
				       .hists = hists,
				       .self = &self };

	self.version = "1";
	self.source = "test";
	self.serves = true;
	gmt_openmetrics_write(&writer, &metrics);
	gmt_page_put(&page, "", 1);
	if (page.failed)
		tap_bail("out of memory");
	*samples = writer.samples;
	return page.data;
}

static void has(const char *page, const char *text, const char *what)
{
	if (!ok(strstr(page, text), "%s", what))
		diag("%s is not in:\n%.3000s", text, page);
}

static bool has_line(char *page, const char *one, const char *other)
{
	for (char *line = page, *end; *line; line = end + 1) {
		bool found;

		end = strchr(line, '\n');
		*end = '\0';
		found = strstr(line, one) && strstr(line, other);
		*end = '\n';
		if (found)
			return true;
	}
	return false;
}

static void test_page(void)
{
	struct gmt_account_options o = options(100);
	struct gmt_rec_gmem r = rec(1, 5);
	struct gmt_accounts accounts;
	size_t samples, lines = 0;
	char *page;

	o.per_gmem = true;
	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	strcpy(r.name, "a\"b\\c\nd\x1b[31m\xff\xe2\x82");
	r.created_ns = 2 * S + 500000000;
	memcpy(r.creator_comm, "\xc2\x9b\xf0\x9f\x90\xa7", 6);
	gmt_accounts_put(&accounts, &r, "/\xed\xa0\x80");
	r.id = 2;
	r.known = GMT_KNOWN_RESIDENT | GMT_KNOWN_FAULTS_GUEST;
	gmt_accounts_put(&accounts, &r, "/b");
	gmt_accounts_end(&accounts, true);
	page = page_of(&accounts, true, true, NULL, &samples);
	has(page, "# TYPE gmem_faults counter\n", "OpenMetrics: a counter's family has no _total");
	has(page, "# UNIT gmem_read_bytes bytes\n", "and a unit where there is one");
	has(page,
	    "gmem_faults_total{consumer=\"\",vm=\"\",cgroup=\"/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
	    "gmem=\"1\",name=\"a\\\"b\\\\c\xef\xbf\xbd"
	    "d\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\",kind=\"host\"} 5\n",
	    "hostile names are escaped, and made valid");
	has(page, "comm=\"\xef\xbf\xbd\xf0\x9f\x90\xa7\"", "of UTF-8, what is not a control stays");
	has(page,
	    "name=\"a\\\"b\\\\c\xef\xbf\xbd"
	    "d\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"} 1002.5\n",
	    "times are seconds since 1970");
	has(page, "state=\"unknown\"} 4096\n", "memory of no known state");
	ok(has_line(page, "gmem=\"2\"", "kind=\"guest\"") &&
		   has_line(page, "gmem=\"1\"", "cause=") &&
		   !has_line(page, "gmem=\"2\"", "kind=\"host\"") &&
		   !has_line(page, "gmem=\"2\"", "cause=") &&
		   !has_line(page, "gmem=\"2\"", "gmem_info"),
	   "what is not known has no sample");
	has(page, "_created{", "counters tell when they began");
	ok(!strcmp(page + strlen(page) - 6, "# EOF\n"), "it ends with # EOF");
	for (char *line = page; *line; line = strchr(line, '\n') + 1)
		lines += *line != '#';
	is_int(samples, lines, "samples are counted as they are written");
	free(page);
	page = page_of(&accounts, false, true, NULL, &samples);
	has(page, "# TYPE gmem_faults_total counter\n",
	    "the text format: the family is its sample");
	has(page, "# TYPE gmem_info gauge\n", "which knows no info");
	ok(!strstr(page, "# EOF") && !strstr(page, "_created{") && !strstr(page, "# UNIT"),
	   "nor an end, nor units, nor when a counter began");
	free(page);
	gmt_accounts_exit(&accounts);
}

static void test_times(void)
{
	static struct gmt_hist hists[GMT_LATENCY_MAX];
	size_t samples;
	char *page;

	hists[GMT_LATENCY_FAULT_GUEST].buckets[gmt_hist_bucket(255)] = 1;
	hists[GMT_LATENCY_FAULT_GUEST].buckets[gmt_hist_bucket(256)] = 2;
	hists[GMT_LATENCY_FAULT_GUEST].buckets[gmt_hist_bucket(7 * S)] = 4;
	hists[GMT_LATENCY_FAULT_GUEST].count = 8; /* one is not in its bucket yet */
	hists[GMT_LATENCY_FAULT_GUEST].sum_ns = 28 * S + 5;
	page = page_of(NULL, true, false, hists, &samples);
	has(page, "gmem_fault_duration_seconds_bucket{kind=\"guest\",le=\"0.000000255\"} 1\n",
	    "a bound is the last time that is within");
	has(page, "gmem_fault_duration_seconds_bucket{kind=\"guest\",le=\"0.000000511\"} 3\n",
	    "buckets are cumulative");
	has(page, "gmem_fault_duration_seconds_bucket{kind=\"guest\",le=\"1.073741823\"} 3\n",
	    "the last bound");
	has(page,
	    "gmem_fault_duration_seconds_bucket{kind=\"guest\",le=\"+Inf\"} 7\n"
	    "gmem_fault_duration_seconds_count{kind=\"guest\"} 7\n"
	    "gmem_fault_duration_seconds_sum{kind=\"guest\"} 28.000000005\n",
	    "count, buckets and sum go together");
	has(page, "gmem_conversion_duration_seconds_count 0\n", "a family without labels");
	ok(samples <= gmt_openmetrics_fixed_series(true, true), "within what is set aside for it");
	free(page);
}

static void test_limit(void)
{
	struct gmt_account_options o = options(0);
	const char *const paths[] = { "/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h" };
	size_t fixed = gmt_openmetrics_fixed_series(false, true), samples;
	struct gmt_accounts accounts;

	o.series_each = gmt_openmetrics_account_series(true, true);
	o.series_max = 6 * o.series_each;
	o.per_gmem = true;
	gmt_accounts_init(&accounts, &o);
	gmt_accounts_begin(&accounts, 1 * S);
	for (uint64_t id = 1; id <= 1000; id++) {
		struct gmt_rec_gmem r = rec(id, id);

		if (id % 2)
			r.known &= ~GMT_KNOWN_STATES;
		gmt_accounts_put(&accounts, &r, paths[id % 8]);
	}
	for (uint64_t id = 1; id <= 1000; id++) {
		struct gmt_rec_node node = { .id = id,
					     .nid = (uint32_t)id % 4,
					     .resident_bytes = 1 };

		gmt_accounts_put_node(&accounts, &node);
	}
	gmt_accounts_end(&accounts, true);
	free(page_of(&accounts, true, true, NULL, &samples));
	ok(samples <= o.series_max + fixed && accounts.count >= 4,
	   "a page of 1,000 gmems has no more samples than it may: %zu of %zu", samples,
	   o.series_max + fixed);
	is_int(sum(&accounts, GMT_COUNT_FAULTS_HOST), 500500, "and its sum is exact");
	gmt_accounts_exit(&accounts);
}

int main(void)
{
	tap_plan(40);
	test_lifetime();
	test_aborted();
	test_churn();
	test_short_lived();
	test_room();
	test_nodes();
	test_policies();
	test_page();
	test_times();
	test_limit();
	return tap_done();
}
