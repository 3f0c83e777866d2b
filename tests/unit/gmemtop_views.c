// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop's text and JSON, of every event and of hostile names, read back from memory.
 * sources: tools/gmemtop/view/text.c tools/gmemtop/view/text_event.c tools/gmemtop/view/json.c tools/gmemtop/view/capability.c
 * sources: tools/gmemtop/view/json_event.c tools/gmemtop/model/event_fields.c
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c tools/gmemtop/model/flags.c
 * sources: tools/gmemtop/view/cells.c tools/gmemtop/model/table.c tools/gmemtop/model/column.c
 * sources: tools/gmemtop/model/policy.c tools/gmemtop/model/filter.c tools/gmemtop/model/vms.c tools/gmemtop/model/detail.c
 * cflags: -Ibpf -Itools/gmemtop
 * libs: -lyyjson
 */
#include <linux/gmem.h>
#include <yyjson.h>

#include "tap.h"
#include "view/capability.h"
#include "view/cells.h"
#include "model/event_fields.h"
#include "view/json.h"
#include "view/text.h"

static char *printed;
static size_t printed_size;

static FILE *out(void)
{
	free(printed);
	printed = NULL;
	return open_memstream(&printed, &printed_size);
}

/* The text printed is one line of JSON. The root of it; the document is leaked no more than once. */
static yyjson_val *json(FILE *file)
{
	static yyjson_doc *doc;

	fclose(file);
	yyjson_doc_free(doc);
	doc = NULL;
	if (printed_size < 2 || strchr(printed, '\n') != printed + printed_size - 1)
		return NULL;
	doc = yyjson_read(printed, printed_size - 1, 0);
	return yyjson_doc_get_root(doc);
}

static bool is(yyjson_val *object, const char *key, const char *want)
{
	const char *got = yyjson_get_str(yyjson_obj_get(object, key));

	return got && !strcmp(got, want);
}

static const char hostile[GMT_COMM_MAX] = "a\033[31m\xff\"\\ \n\xe2\x80\xae";

static struct gmt_rec_event event(enum gmt_event kind)
{
	struct gmt_rec_event e = {
		.event = kind,
		.id = 7,
		.time_ns = 1,
		.pid = 10,
		.tid = 11,
		.uid = 12,
	};

	memcpy(e.comm, hostile, sizeof(e.comm));
	return e;
}

/* Every event, empty and with all bits set: values outside the enumerations must not hurt. */
static void test_all_events(void)
{
	bool text_right = true, json_right = true;

	for (int kind = 0; kind < GMT_EVENT_MAX; kind++) {
		for (int fill = 0; fill < 3; fill++) {
			struct gmt_rec_event e = event(kind);
			yyjson_val *root;
			FILE *file;

			if (fill)
				memset(&e.offset_bytes, 0xff,
				       sizeof(e) - offsetof(struct gmt_rec_event, offset_bytes));
			if (fill == 1)
				e.unknown = 0;
			file = out();
			gmt_text_event(file, &e, "/a b", 0);
			fclose(file);
			text_right &= strchr(printed, '\n') == printed + printed_size - 1;
			text_right &= strstr(printed, gmt_event_name(kind)) && !strchr(printed, 27);
			text_right &= strstr(printed, "cgroup=/a\\x20b\n") != NULL;
			file = out();
			gmt_json_event(file, &e, "/a b", 0);
			root = json(file);
			json_right &= is(root, "type", "event");
			json_right &= is(root, "event", gmt_event_name(kind));
			json_right &= is(root, "cgroup", "/a b");
		}
	}
	ok(text_right, "every event is one line of text, without a control character");
	ok(json_right, "every event is one line of JSON that can be read back");
}

/* What a source cannot tell is neither 0 nor left out. */
static void test_unknown_fields(void)
{
	struct gmt_rec_event e = event(GMT_EVENT_FAULT);
	yyjson_val *root;
	FILE *file = out();

	e.unknown = GMT_UNKNOWN_WRITE | GMT_UNKNOWN_PHASES | GMT_UNKNOWN_POLICY;
	e.fault.total_ns = 5;
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	ok(strstr(printed, " err=0 write=? allocated=0 total_ns=5 lookup_ns=? policy_ns=? "
			   "alloc_ns=? zero_ns=? policy_id=? pid="),
	   "fields that are not known in text");
	file = out();
	e.unknown |= GMT_UNKNOWN_ID;
	gmt_json_event(file, &e, "/", 0);
	root = json(file);
	ok(yyjson_is_null(yyjson_obj_get(root, "zero_ns")) &&
		   yyjson_is_null(yyjson_obj_get(root, "id")) &&
		   yyjson_get_uint(yyjson_obj_get(root, "total_ns")) == 5,
	   "and in JSON");
}

static void test_policy_event(void)
{
	struct gmt_rec_event e = event(GMT_EVENT_POLICY);
	yyjson_val *root;
	FILE *file = out();

	e.size_bytes = 4096;
	e.policy.policy_id = 3;
	e.policy.hook = GMEM_HOOK_CONVERT;
	e.policy.err = -1;
	e.policy.monitor = 1;
	memset(e.policy.policy, 'p', sizeof(e.policy.policy));
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	ok(strstr(printed, "gmem_policy id=7 offset_bytes=0 size_bytes=4096 policy_id=3 "
			   "policy=pppppppppppppppppppppppppppppppp hook=convert err=EPERM "
			   "monitor=1 pid=10"),
	   "what a policy would have refused in text");
	file = out();
	gmt_json_event(file, &e, "/", 0);
	root = json(file);
	ok(is(root, "policy", "pppppppppppppppppppppppppppppppp") && is(root, "hook", "convert") &&
		   is(root, "errno", "EPERM") &&
		   yyjson_get_uint(yyjson_obj_get(root, "monitor")) == 1,
	   "and in JSON");
}

static void test_event_fields(void)
{
	struct gmt_rec_event e = event(GMT_EVENT_FAULT);
	yyjson_val *root;
	FILE *file;

	e.offset_bytes = 8192;
	e.fault.state = GMEM_STATE_PRIVATE;
	e.fault.err = -13;
	e.fault.write = 1;
	e.fault.total_ns = 99;
	file = out();
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	is_str(printed,
	       "1970-01-01T00:00:00.000000Z gmem_fault id=7 offset_bytes=8192 size_bytes=0 "
	       "kind=host state=private err=EACCES write=1 allocated=0 total_ns=99 lookup_ns=0 "
	       "policy_ns=0 alloc_ns=0 zero_ns=0 policy_id=0 pid=10 tid=11 uid=12 "
	       "comm=a\\x1b[31m\\xff\\x22\\x5c\\x20\\x0a\\xe2\\x80\\xae cgroup=/\n",
	       "a fault in text");
	file = out();
	gmt_json_event(file, &e, "(removed)", 0);
	root = json(file);
	ok(is(root, "state", "private") && is(root, "errno", "EACCES") &&
		   yyjson_get_sint(yyjson_obj_get(root, "err")) == -13,
	   "a fault in JSON: names and numbers");
	ok(is(root, "comm", "a\033[31m\xef\xbf\xbd\"\\ \n\xe2\x80\xae"),
	   "JSON keeps all of a name but what is no UTF-8");
	ok(yyjson_is_null(yyjson_obj_get(root, "cgroup")), "a cgroup that has gone is null");
	is_int(gmt_event_find("fault"), GMT_EVENT_FAULT, "an event by its short name");
	is_int(gmt_event_find("gmem_convert"), GMT_EVENT_CONVERT, "and by its whole one");
	is_int(gmt_event_find("faul"), GMT_EVENT_MAX, "but not by a part of it");
}

static void test_binding_events(void)
{
	struct gmt_rec_event e = event(GMT_EVENT_BIND);
	yyjson_val *root;
	FILE *file = out();

	e.size_bytes = 4096;
	e.bind.vm = 1234;
	e.bind.slot = 5;
	e.bind.err = -17;
	e.bind.guest_address = 0x100000000;
	/* a hypervisor that fills all of its name, with a blank in it */
	memcpy(e.bind.consumer, "a\nhypervisor's!!", sizeof(e.bind.consumer));
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	ok(strstr(printed, "gmem_bind id=7 offset_bytes=0 size_bytes=4096 "
			   "consumer=a\\x0ahypervisor\\x27s!! vm=1234 slot=5 "
			   "guest_address=0x100000000 err=EEXIST policy_id=0 pid=10"),
	   "a binding refused in text");
	file = out();
	gmt_json_event(file, &e, "/", 0);
	root = json(file);
	ok(is(root, "consumer", "a\nhypervisor's!!") && is(root, "errno", "EEXIST") &&
		   yyjson_get_uint(yyjson_obj_get(root, "slot")) == 5 &&
		   yyjson_get_uint(yyjson_obj_get(root, "guest_address")) == 0x100000000,
	   "and in JSON");
	e = event(GMT_EVENT_INVALIDATE);
	e.invalidate.cause = GMEM_INVALIDATE_CONVERT;
	e.invalidate.begin_ns = 5;
	e.invalidate.total_ns = 9;
	memcpy(e.invalidate.consumer, "kvm", 4);
	file = out();
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	ok(strstr(printed, "gmem_invalidate id=7 offset_bytes=0 size_bytes=0 consumer=kvm vm=0 "
			   "slot=0 cause=convert begin_ns=5 total_ns=9 pid=10"),
	   "an invalidation");
	e = event(GMT_EVENT_UNBIND);
	e.unbind.cause = GMEM_UNBIND_RELEASE;
	memcpy(e.unbind.consumer, "kvm", 4);
	file = out();
	gmt_text_event(file, &e, "/", 0);
	fclose(file);
	ok(strstr(printed, "gmem_unbind id=7 offset_bytes=0 size_bytes=0 consumer=kvm vm=0 "
			   "slot=0 cause=release pid=10"),
	   "a binding's end");
}

static void test_totals(void)
{
	struct gmt_trace_totals totals = {
		.received = { [GMT_EVENT_FAULT] = 5, [GMT_EVENT_ALLOC] = 1 },
		.ring_full = { [GMT_EVENT_FAULT] = 2 },
		.missed = { [GMT_EVENT_FREE] = 3 },
	};
	yyjson_val *root;
	FILE *file = out();

	gmt_text_totals(file, &totals);
	fclose(file);
	ok(strstr(printed, "total: received 6  lost 5 (buffer full 2, program busy 3)\n"),
	   "the account in text");
	file = out();
	gmt_json_totals(file, &totals);
	root = json(file);
	ok(is(root, "type", "totals") && yyjson_get_uint(yyjson_obj_get(root, "received")) == 6 &&
		   yyjson_get_uint(yyjson_obj_get(root, "lost")) == 5,
	   "the account in JSON");
}

static void fill(struct gmt_table *table)
{
	struct gmt_rec_gmem rec = {
		.id = 3, .size_bytes = 1 << 20, .denied_private = 9, .known = GMT_KNOWN_ALL
	};

	memset(rec.name, 'n', sizeof(rec.name));
	memcpy(rec.creator_comm, hostile, sizeof(hostile));
	gmt_table_init(table);
	gmt_table_begin(table, 1000);
	gmt_table_put(table, &rec, 1000)->cgroup = "/vms/one";
	gmt_table_end(table);
	gmt_table_select(table, NULL, GMT_COLUMN_ID, false);
}

static void test_table(void)
{
	struct gmt_table table;
	yyjson_val *root, *gmem;
	FILE *file;

	fill(&table);
	file = out();
	gmt_text_table(file, &table, gmt_columns_list, gmt_columns_list_count, false);
	fclose(file);
	ok(strstr(printed, "/vms/one\n") && !strchr(printed, 27), "a table in text");
	ok(strstr(printed, "total: 1 gmem  size 1.0M"), "with its totals");
	file = out();
	gmt_json_table(file, &table);
	root = json(file);
	gmem = yyjson_arr_get_first(yyjson_obj_get(root, "gmems"));
	ok(yyjson_get_uint(yyjson_obj_get(gmem, "denied_private")) == 9 &&
		   yyjson_get_len(yyjson_obj_get(gmem, "name")) == GMT_NAME_MAX,
	   "a table in JSON");
	ok(yyjson_is_null(yyjson_obj_get(gmem, "faults_per_second")),
	   "a rate that is not known is null");
	ok(yyjson_get_uint(yyjson_obj_get(root, "lost")) == 0 && yyjson_obj_get(root, "lost"),
	   "lost is told");
	gmt_table_exit(&table);
}

/* Of a gmem whose source tells no more than its size and what is resident. */
static void test_unknown_table(void)
{
	struct gmt_rec_gmem rec = { .id = 3,
				    .size_bytes = 1 << 20,
				    .resident_private_bytes = 4096,
				    .known = GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES };
	struct gmt_table table;
	yyjson_val *root, *gmem;
	FILE *file;

	gmt_table_init(&table);
	gmt_table_begin(&table, 1000);
	gmt_table_put(&table, &rec, 1000);
	gmt_table_end(&table);
	gmt_table_select(&table, NULL, GMT_COLUMN_ID, false);
	file = out();
	gmt_text_table(file, &table, gmt_columns_list, gmt_columns_list_count, false);
	fclose(file);
	ok(strstr(printed, "\n 3 ?    ?         ? 1.0M 4.0K     0     ?    ?    ?    ? ?  ?\n"),
	   "'?' in the table");
	ok(strstr(printed, "private 4.0K  shared 0  faults ?  conversions ?  denied ?  lost 0"),
	   "and in its totals");
	file = out();
	gmt_text_gmem(file, table.shown[0], false, 0);
	fclose(file);
	ok(strstr(printed, "creator              ?\ncgroup               ?\n"
			   "created              ?\nflags                ?\n") &&
		   strstr(printed, "faults guest         ?\n") &&
		   strstr(printed, "resident private     4096 (4.0K)\n"),
	   "one gmem in full");
	file = out();
	gmt_json_table(file, &table);
	root = json(file);
	gmem = yyjson_arr_get_first(yyjson_obj_get(root, "gmems"));
	for (const char *const *key =
		     (const char *const[]){ "name", "created_ns", "pid", "flags", "vms",
					    "faults_host", "bindings", "cgroup_id", NULL };
	     *key; key++)
		if (!yyjson_is_null(yyjson_obj_get(gmem, *key)))
			tap_bail("%s is not null", *key);
	ok(yyjson_get_uint(yyjson_obj_get(gmem, "resident_private_bytes")) == 4096, "null in JSON");
	root = yyjson_obj_get(root, "totals");
	ok(yyjson_is_null(yyjson_obj_get(root, "denied")) &&
		   yyjson_get_uint(yyjson_obj_get(root, "size_bytes")) == 1 << 20,
	   "and in its totals");
	gmt_table_exit(&table);
}

static bool vm_cell(const struct gmt_row *row, const char *want)
{
	char text[GMT_CELL_MAX];

	gmt_cell_format(text, sizeof(text), row, GMT_COLUMN_VM);
	if (!strcmp(text, want))
		return true;
	diag("the cell is '%s', not '%s'", text, want);
	return false;
}

static void test_vms(void)
{
	struct gmt_rec_binding binding = { .vm = 1234, .consumer = "kvm" };
	struct gmt_row row = { .cgroup = "" };

	ok(vm_cell(&row, "?"), "VMs that nobody could tell");
	row.vms.known = true;
	ok(vm_cell(&row, "-"), "no VM");
	gmt_vms_add(&row.vms, &binding);
	ok(vm_cell(&row, "kvm 1234"), "one VM");
	binding.vm = 5;
	gmt_vms_add(&row.vms, &binding);
	binding.vm = 6;
	gmt_vms_add(&row.vms, &binding);
	ok(vm_cell(&row, "kvm 1234 +2"), "the first of three");
	gmt_vms_exit(&row.vms);
	row.vms.known = true;
	memset(binding.consumer, 27, sizeof(binding.consumer));
	gmt_vms_add(&row.vms, &binding);
	ok(vm_cell(&row, "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b"
			 "\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b\\x1b 6"),
	   "a hypervisor's name cannot move the cursor");
	gmt_vms_exit(&row.vms);
}

static void test_totals_fit(void)
{
	struct gmt_totals totals = {
		.size_bytes = 1023ULL << 40,
		.resident_private_bytes = 1023ULL << 40,
		.resident_shared_bytes = 1023ULL << 40,
		.has_rates = true,
		.known = GMT_KNOWN_ALL,
		.rates = { 12345, 12345, 12345 },
	};
	char text[256];

	gmt_totals_format(text, sizeof(text), &totals, 40);
	ok(strlen(text) <= 40, "the totals fit in 40 columns: %s", text);
	gmt_totals_format(text, sizeof(text), &totals, 200);
	ok(strstr(text, "denied/s 12.3k") && strstr(text, "lost 0"), "and are told in full in 200");
}

static void fill_detail(struct gmt_detail *detail)
{
	const struct gmt_rec_range ranges[] = {
		{ .offset_bytes = 0, .size_bytes = 4096, .flags = GMEM_RANGE_SHARED },
		{ .offset_bytes = 4096, .size_bytes = 8192, .flags = GMEM_RANGE_RESIDENT },
	};
	const struct gmt_rec_binding binding = {
		.id = 5,
		.offset_bytes = 4096,
		.size_bytes = 8192,
		.guest_address = 0x100000000,
		.vm = 1234,
		.slot = 3,
		.consumer = "kvm",
	};

	memset(detail, 0, sizeof(*detail));
	detail->row.cgroup = "";
	detail->row.rec.id = 5;
	detail->row.rec.known = GMT_KNOWN_ALL;
	detail->row.rec.creator_cgroup_id = 77;
	detail->row.vms.known = true;
	gmt_detail_add_range(detail, &ranges[0]);
	gmt_detail_add_range(detail, &ranges[1]);
	gmt_detail_add_binding(detail, &binding);
}

static void test_gmem(void)
{
	struct gmt_detail detail;
	yyjson_val *root, *list, *first;
	FILE *file = out();

	fill_detail(&detail);
	gmt_text_gmem(file, &detail.row, false, 0);
	gmt_text_binding(file, &detail.bindings[0]);
	gmt_text_range(file, &detail.ranges[1]);
	fclose(file);
	ok(strstr(printed, "pid 0 (gone)") && strstr(printed, "id 77\n"),
	   "one gmem in text: who made it has gone, its cgroup is a number");
	ok(strstr(printed, "0x0000000000001000 0x0000000000003000  8.0K  private  yes\n"),
	   "a range in text");
	ok(strstr(printed, "0x0000000000001000 0x0000000000003000  8.0K 0x0000000100000000 "
			   "0x0000000100002000     3  kvm 1234\n"),
	   "a binding in text");
	file = out();
	gmt_json_gmem(file, &detail);
	root = json(file);
	list = yyjson_obj_get(root, "ranges");
	ok(yyjson_arr_size(list) == 2 && is(yyjson_arr_get(list, 0), "state", "shared") &&
		   yyjson_get_bool(yyjson_obj_get(yyjson_arr_get(list, 1), "resident")),
	   "one gmem in JSON, with its ranges");
	list = yyjson_obj_get(root, "binding_list");
	first = yyjson_arr_get_first(list);
	ok(yyjson_arr_size(list) == 1 && is(first, "consumer", "kvm") &&
		   yyjson_get_uint(yyjson_obj_get(first, "vm")) == 1234 &&
		   yyjson_get_uint(yyjson_obj_get(first, "slot")) == 3 &&
		   yyjson_get_uint(yyjson_obj_get(first, "guest_address")) == 0x100000000,
	   "with its bindings");
	first = yyjson_arr_get_first(yyjson_obj_get(root, "vms"));
	ok(is(first, "consumer", "kvm") && yyjson_get_uint(yyjson_obj_get(first, "vm")) == 1234,
	   "and with their VMs");
	detail.row.vms.known = false;
	file = out();
	gmt_json_gmem(file, &detail);
	root = json(file);
	ok(yyjson_is_null(yyjson_obj_get(root, "binding_list")) &&
		   yyjson_is_null(yyjson_obj_get(root, "vms")),
	   "what nobody could tell is null");
	gmt_detail_exit(&detail);
}

static void test_checks(void)
{
	const struct gmt_source_summary sources[GMT_SOURCES] = {
		{ .name = "one" },
		{ .name = "two", .available = true, .can = { GMT_CAN, GMT_CAN_PARTLY } },
	};
	struct gmt_check check = {
		.name = "gmem.ko",
		.status = GMT_CHECK_MISSING,
		.exit_code = 3,
		.detail = "not loaded",
		.advice = "load it",
	};
	yyjson_val *root;
	FILE *file = out();

	gmt_text_check(file, &check);
	fclose(file);
	ok(strstr(printed, "MISSING") && strstr(printed, "-> load it"), "a finding in text");
	file = out();
	gmt_json_checks(file, &check, 1, sources, 3);
	root = json(file);
	ok(!yyjson_get_bool(yyjson_obj_get(root, "ok")) &&
		   is(yyjson_arr_get(yyjson_obj_get(root, "checks"), 0), "advice", "load it"),
	   "a finding in JSON");
	root = yyjson_arr_get(yyjson_obj_get(root, "sources"), 1);
	ok(is(root, "name", "two") && yyjson_get_bool(yyjson_obj_get(root, "available")) &&
		   is(yyjson_obj_get(root, "can"), "names", "partly") &&
		   is(yyjson_obj_get(root, "can"), "audit", "no"),
	   "with what each source can tell");
	file = out();
	gmt_text_sources(file, sources);
	fclose(file);
	ok(strstr(printed, "\nSOURCE      one  two\n") &&
		   strstr(printed, "\nsizes       no    yes\n"),
	   "which is a table in text");
}

int main(void)
{
	FILE *last;

	tap_plan(25 + 4 + 5 + 4 + 7 + 2);
	test_all_events();
	test_event_fields();
	test_policy_event();
	test_unknown_fields();
	test_binding_events();
	test_totals();
	test_table();
	test_unknown_table();
	test_vms();
	test_totals_fit();
	test_gmem();
	test_checks();
	last = out();
	json(last);
	free(printed);
	return tap_done();
}
