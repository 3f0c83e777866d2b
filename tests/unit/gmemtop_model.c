// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop's model: rows that come, stay and go, their rates, the filter, the order.
 * sources: tools/gmemtop/model/table.c tools/gmemtop/model/column.c tools/gmemtop/model/filter.c
 * sources: tools/gmemtop/model/vms.c tools/gmemtop/model/detail.c
 * cflags: -Ibpf -Itools/gmemtop
 */
#include "model/detail.h"
#include "model/table.h"
#include "tap.h"

#define S 1000000000ULL

static struct gmt_rec_gmem rec(uint64_t id, uint64_t faults)
{
	struct gmt_rec_gmem r = {
		.id = id, .faults_host = faults, .size_bytes = id * 4096, .known = GMT_KNOWN_ALL
	};

	snprintf(r.name, sizeof(r.name), "vm%llu", (unsigned long long)id);
	snprintf(r.creator_comm, sizeof(r.creator_comm), "Qemu");
	r.creator_pid = 1000 + id;
	return r;
}

static struct gmt_row *put(struct gmt_table *table, uint64_t id, uint64_t faults, uint64_t at_ns)
{
	struct gmt_rec_gmem r = rec(id, faults);

	return gmt_table_put(table, &r, at_ns);
}

static struct gmt_row *find(struct gmt_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i]->rec.id == id)
			return table->rows[i];
	return NULL;
}

static void test_lifetime(void)
{
	struct gmt_table table;

	gmt_table_init(&table);
	gmt_table_begin(&table, 1 * S);
	/* not in order, which a source need not keep to */
	put(&table, 7, 0, 1 * S);
	put(&table, 3, 0, 1 * S);
	put(&table, 5, 0, 1 * S);
	gmt_table_end(&table);
	ok(table.count == 3 && table.rows[0]->rec.id == 3 && table.rows[2]->rec.id == 7,
	   "rows are kept by ascending id");
	gmt_table_begin(&table, 2 * S);
	put(&table, 3, 0, 2 * S);
	put(&table, 9, 0, 2 * S);
	gmt_table_end(&table);
	ok(table.count == 2 && find(&table, 3) && find(&table, 9),
	   "rows not seen in a refresh are reaped, new ones kept");
	gmt_table_begin(&table, 3 * S);
	gmt_table_end(&table);
	ok(table.count == 0, "an empty refresh empties the table");
	gmt_table_select(&table, NULL, GMT_COLUMN_ID, false);
	ok(table.shown_count == 0 && table.totals.gmems == 0, "nothing is shown of it");
	gmt_table_exit(&table);
}

static void test_rates(void)
{
	struct gmt_table table;
	struct gmt_row *row;

	gmt_table_init(&table);
	gmt_table_begin(&table, 10 * S);
	row = put(&table, 1, 500, 10 * S);
	ok(!row->has_rates, "the first refresh knows no rates");
	gmt_table_end(&table);
	gmt_table_begin(&table, 12 * S);
	row = put(&table, 1, 700, 12 * S);
	ok(row->has_rates && row->rates.faults == 100, "a rate is the difference by the time");
	row = put(&table, 2, 40, 12 * S);
	ok(row->has_rates && row->rates.faults == 20,
	   "what a gmem made since the last refresh did, it did since then");
	gmt_table_end(&table);
	gmt_table_select(&table, NULL, GMT_COLUMN_ID, false);
	ok(table.totals.rates.faults == 120 && table.totals.has_rates, "totals add up the rates");
	gmt_table_begin(&table, 13 * S);
	row = put(&table, 1, 600, 13 * S);
	ok(row->rates.faults == 0, "a counter that fell gives 0, never less");
	gmt_table_end(&table);
	gmt_table_begin(&table, 13 * S);
	row = put(&table, 1, 900, 13 * S);
	ok(row->rates.faults == 0, "no time between two readings does not divide by zero");
	gmt_table_end(&table);
	gmt_table_exit(&table);
}

static void test_denied(void)
{
	struct gmt_rec_gmem r = rec(1, 0);

	r.denied_private = 1;
	r.denied_flags = 2;
	r.denied_capability = 4;
	r.faults_host = 8;
	r.faults_guest = 16;
	r.denied_policy = 32;
	is_int(gmt_rec_denied(&r), 39, "denied is the sum of its causes");
	is_int(gmt_rec_faults(&r), 24, "faults are the sum of their kinds");
}

static void fill(struct gmt_table *table)
{
	gmt_table_init(table);
	gmt_table_begin(table, 1 * S);
	for (uint64_t id = 1; id <= 5; id++)
		put(table, id, id % 2, 1 * S)->cgroup = id == 4 ? "/vms/Four" : "/";
	gmt_table_end(table);
}

static bool shows(struct gmt_table *table, const char *text, const char *ids)
{
	struct gmt_filter filter;
	char got[64] = "";
	size_t at = 0;

	if (gmt_filter_parse(&filter, text))
		return false;
	gmt_table_select(table, &filter, GMT_COLUMN_ID, false);
	for (size_t i = 0; i < table->shown_count; i++)
		at += snprintf(got + at, sizeof(got) - at, "%llu",
			       (unsigned long long)table->shown[i]->rec.id);
	if (!strcmp(got, ids))
		return true;
	diag("filter '%s' shows '%s', not '%s'", text, got, ids);
	return false;
}

static void test_filter(void)
{
	struct gmt_filter filter;
	struct gmt_table table;
	char text[GMT_FILTER_TEXT_MAX + 1];

	fill(&table);
	ok(shows(&table, "", "12345"), "an empty filter lets all through");
	ok(shows(&table, "VM3", "3"), "a word is found in the name, whatever its case");
	ok(shows(&table, "qemu", "12345"), "a word is found in the command");
	ok(shows(&table, "four", "4"), "a word is found in the cgroup");
	ok(shows(&table, "1004", "4"), "a whole pid is found");
	ok(shows(&table, "id=5", "5") && shows(&table, "pid=1", ""), "id= and pid= are exact");
	ok(shows(&table, "qemu name=2", "2"), "every word must be found");
	ok(shows(&table, "cgroup=vm", "4"), "COLUMN=TEXT looks at that column only");
	is_int(gmt_filter_parse(&filter, "size=3"), -EINVAL, "no such column: EINVAL");
	is_int(gmt_filter_parse(&filter, "a b c d e f g h i"), -E2BIG, "too many words: E2BIG");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	is_int(gmt_filter_parse(&filter, text), -E2BIG, "too long: E2BIG");
	gmt_filter_parse(&filter, "id=1");
	gmt_table_select(&table, &filter, GMT_COLUMN_ID, false);
	ok(table.totals.gmems == 1 && table.totals.size_bytes == 4096,
	   "totals are those of the rows shown");
	gmt_table_exit(&table);
}

static void test_filter_unterminated(void)
{
	struct gmt_row row = { .cgroup = "" };
	struct gmt_filter filter;

	memset(row.rec.name, 'n', sizeof(row.rec.name));
	memset(row.rec.creator_comm, 'c', sizeof(row.rec.creator_comm));
	gmt_filter_parse(&filter, "nc");
	ok(!gmt_filter_match(&filter, &row), "a name without a terminator ends at its array");
}

static struct gmt_rec_binding binding(uint64_t id, const char *consumer, uint64_t vm)
{
	struct gmt_rec_binding b = { .id = id, .vm = vm, .size_bytes = 4096 };

	memcpy(b.consumer, consumer, strnlen(consumer, sizeof(b.consumer)));
	return b;
}

static void bind(struct gmt_table *table, uint64_t id, const char *consumer, uint64_t vm)
{
	struct gmt_rec_binding b = binding(id, consumer, vm);

	gmt_table_put_binding(table, &b);
}

/* gmem 1 is bound by two VMs in turn, 3 by another hypervisor's, 2 by nobody; 9 is unknown. */
static void fill_bound(struct gmt_table *table, uint64_t at_ns)
{
	gmt_table_begin(table, at_ns);
	for (uint64_t id = 1; id <= 3; id++) {
		struct gmt_rec_gmem r = rec(id, 0);

		r.bindings = id == 2 ? 0 : 4;
		gmt_table_put(table, &r, at_ns);
	}
	bind(table, 1, "kvm", 200);
	bind(table, 1, "kvm", 30);
	bind(table, 1, "kvm", 200);
	bind(table, 1, "kvm", 30);
	bind(table, 3, "sixteen bytes!!!and more", 30);
	bind(table, 9, "kvm", 1);
}

static void test_vms(void)
{
	struct gmt_table table;
	struct gmt_vms *vms;

	gmt_table_init(&table);
	gmt_table_begin(&table, 1 * S);
	put(&table, 1, 0, 1 * S);
	ok(!gmt_table_bound(&table), "nothing is bound");
	gmt_table_end(&table);
	fill_bound(&table, 2 * S);
	vms = &find(&table, 1)->vms;
	ok(gmt_table_bound(&table) && !vms->known && find(&table, 2)->vms.known,
	   "VMs are not known until all bindings are, but where there is none");
	gmt_table_bindings_end(&table);
	gmt_table_end(&table);
	ok(vms->known && vms->count == 2 && vms->list[0].vm == 200 && vms->list[1].vm == 30,
	   "each VM once, in the order of their first binding");
	ok(find(&table, 2)->vms.known && !find(&table, 2)->vms.count, "a gmem without a VM");
	ok(!memcmp(find(&table, 3)->vms.list[0].consumer, "sixteen bytes!!!", 16) &&
		   find(&table, 3)->vms.count == 1,
	   "a hypervisor's name may fill its array; one of no gmem here is nobody's");
	ok(shows(&table, "vm=30", "13") && shows(&table, "vm=3", "") && shows(&table, "200", "1"),
	   "vm=N wants that very number, of any of the VMs");
	ok(shows(&table, "KVM", "1") && shows(&table, "vm=bytes", "3"), "or a hypervisor's name");
	gmt_table_select(&table, NULL, GMT_COLUMN_VM, false);
	ok(table.shown[0]->rec.id == 1 && table.shown[1]->rec.id == 3 &&
		   table.shown[2]->rec.id == 2,
	   "by VM, what has none comes last");
	gmt_table_select(&table, NULL, GMT_COLUMN_BINDINGS, true);
	ok(table.shown[0]->rec.id == 1 && table.shown[2]->rec.id == 2, "by the number of bindings");
	fill_bound(&table, 3 * S);
	gmt_table_end(&table);
	vms = &find(&table, 1)->vms;
	ok(!vms->known && vms->count == 2, "a refresh begins anew");
	gmt_table_exit(&table);
}

static void test_detail(void)
{
	struct gmt_detail detail = { .row = { .cgroup = "" } };
	struct gmt_rec_range range = { .size_bytes = 4096 };
	bool right = true;

	for (uint64_t i = 0; i < 1000; i++) {
		struct gmt_rec_binding b = binding(1, "kvm", i % 3);

		range.offset_bytes = b.offset_bytes = i * 4096;
		right &= !gmt_detail_add_range(&detail, &range);
		right &= !gmt_detail_add_binding(&detail, &b);
	}
	ok(right && detail.range_count == 1000 && detail.ranges[999].offset_bytes == 999 * 4096,
	   "one gmem's ranges");
	ok(detail.binding_count == 1000 && detail.bindings[999].offset_bytes == 999 * 4096 &&
		   detail.row.vms.count == 3,
	   "one gmem's bindings, and their VMs");
	gmt_detail_exit(&detail);
}

static void test_sort(void)
{
	struct gmt_table table;

	fill(&table);
	gmt_table_select(&table, NULL, GMT_COLUMN_SIZE, true);
	ok(table.shown[0]->rec.id == 5 && table.shown[4]->rec.id == 1, "largest first");
	gmt_table_select(&table, NULL, GMT_COLUMN_FAULTS, true);
	ok(table.shown[0]->rec.id == 1 && table.shown[2]->rec.id == 5 &&
		   table.shown[3]->rec.id == 2,
	   "rows that are equal stay by ascending id");
	gmt_table_select(&table, NULL, GMT_COLUMN_CGROUP, true);
	ok(table.shown[0]->rec.id == 4, "texts can be sorted by, too");
	gmt_table_select(&table, NULL, GMT_COLUMN_ID, true);
	ok(table.shown[0]->rec.id == 5, "ids descending");
	ok(gmt_column_find(gmt_columns_live, gmt_columns_live_count, "FAULTS") ==
			   GMT_COLUMN_FAULT_RATE &&
		   gmt_column_find(gmt_columns_list, gmt_columns_list_count, "faults") ==
			   GMT_COLUMN_FAULTS,
	   "a name means the rate in the live table, the count in the list");
	gmt_table_exit(&table);
}

/* Gmem 2 of 3 tells nothing but its size. */
static void test_unknown(void)
{
	struct gmt_filter filter;
	struct gmt_table table;
	struct gmt_row *row;

	gmt_table_init(&table);
	gmt_table_begin(&table, 1 * S);
	for (uint64_t id = 1; id <= 3; id++) {
		struct gmt_rec_gmem r = rec(id, 10 * id);

		if (id == 2) {
			memset(&r, 0, sizeof(r));
			r.id = 2;
		}
		row = gmt_table_put(&table, &r, 1 * S);
		ok(row->vms.known == (id != 2), "bindings: whether none is known");
	}
	gmt_table_end(&table);
	for (int descending = 0; descending < 2; descending++) {
		gmt_table_select(&table, NULL, GMT_COLUMN_FAULTS, descending);
		is_int(table.shown[2]->rec.id, 2, "what is not known comes last, whichever way");
	}
	ok(!(table.totals.known & GMT_KNOWN_FAULTS), "nor is the sum over it known");
	gmt_filter_parse(&filter, (char[]){ "id=1" });
	gmt_table_select(&table, &filter, GMT_COLUMN_ID, false);
	ok(table.totals.known == GMT_KNOWN_ALL, "the sum over others is");
	gmt_filter_parse(&filter, (char[]){ "pid=0" });
	gmt_table_select(&table, &filter, GMT_COLUMN_ID, false);
	is_int(table.shown_count, 0, "what is not known is not 0 to a filter");
	gmt_table_exit(&table);
}

/* Ten thousand rows that all change place with every refresh. */
static void test_many(void)
{
	struct gmt_table table;
	bool right = true;

	gmt_table_init(&table);
	for (uint64_t round = 1; round <= 3; round++) {
		gmt_table_begin(&table, round * S);
		for (uint64_t id = round * 1000; id < round * 1000 + 10000; id++)
			put(&table, id, id, round * S);
		gmt_table_end(&table);
		gmt_table_select(&table, NULL, GMT_COLUMN_FAULTS, true);
		right &= table.count == 10000 && table.shown_count == 10000;
		right &= table.shown[0]->rec.id == round * 1000 + 9999;
	}
	ok(right, "10,000 rows, a thousand going and coming at each refresh");
	gmt_table_exit(&table);
}

int main(void)
{
	tap_plan(31 + 10 + 2 + 8);
	test_lifetime();
	test_rates();
	test_denied();
	test_filter();
	test_filter_unterminated();
	test_vms();
	test_detail();
	test_sort();
	test_unknown();
	test_many();
	return tap_done();
}
