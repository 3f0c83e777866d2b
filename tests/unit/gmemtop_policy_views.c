// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies and the report of a trial as gmemtop prints them, hostile names among them, in text and
 * JSON, read back from memory.
 * sources: tools/gmemtop/view/text_policy.c tools/gmemtop/view/json_policy.c
 * sources: tools/gmemtop/view/json_event.c tools/gmemtop/model/event_fields.c
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c
 * sources: tools/gmemtop/model/policy.c tools/gmemtop/model/refusals.c
 * cflags: -Ibpf -Itools/gmemtop
 * libs: -lyyjson
 */
#include <linux/gmem.h>
#include <yyjson.h>

#include "tap.h"
#include "view/policy.h"

static char *printed;
static size_t printed_size;

static FILE *out(void)
{
	free(printed);
	printed = NULL;
	return open_memstream(&printed, &printed_size);
}

/* The text printed is one line of JSON. Return: its root; the document is kept until the next */
static yyjson_val *json(FILE *file)
{
	static yyjson_doc *doc;

	if (file)
		fclose(file);
	yyjson_doc_free(doc);
	doc = NULL;
	if (!file || printed_size < 2 || strchr(printed, '\n') != printed + printed_size - 1)
		return NULL;
	doc = yyjson_read(printed, printed_size - 1, 0);
	return yyjson_doc_get_root(doc);
}

static bool is(yyjson_val *object, const char *key, const char *want)
{
	const char *got = yyjson_get_str(yyjson_obj_get(object, key));

	return got && !strcmp(got, want);
}

static uint64_t number(yyjson_val *object, const char *key)
{
	return yyjson_get_uint(yyjson_obj_get(object, key));
}

/* One of each kind, and one that somebody else has attached. */
static void fill(struct gmt_policy_row rows[5])
{
	memset(rows, 0, 5 * sizeof(rows[0]));
	for (int i = 0; i < 5; i++) {
		rows[i].rec.policy_id = i + 1;
		rows[i].rec.scope = GMEM_SCOPE_ALL;
		rows[i].rec.hooks = GMT_HOOK_BIT(GMEM_HOOK_CONVERT);
		rows[i].kind = i;
		rows[i].pinned = rows[i].has_params = i < GMT_POLICY_KINDS;
		rows[i].params.on.hooks = GMT_HOOK_BIT(GMEM_HOOK_CONVERT);
		rows[i].params.on.error = EPERM;
		rows[i].scope_path = "";
		snprintf(rows[i].rec.name, sizeof(rows[i].rec.name), "p%d", i);
	}
	rows[0].params.lockdown.grace_ns = 1500000000;
	rows[1].params.allow.count = 1;
	rows[1].params.allow.rules[0] = (struct gmt_allow_rule){
		.match = GMT_ALLOW_UID | GMT_ALLOW_COMM | GMT_ALLOW_EXE,
		.uid = 7,
		.comm = "a b\n",
		.exe_dev = GMT_ALLOW_DEV(8, 1),
		.exe_inode = 99,
		.error = ENOENT,
	};
	rows[2].params.budget.gmem.conversions_per_s = 10;
	rows[3].params.tripwire.count = 1;
	strcpy(rows[3].params.tripwire.ranges[0].name, "x\033y");
	memcpy(rows[4].rec.name, "evil \033[31m\xff", 11);
	rows[4].rec.hooks = 1U << 31;
	rows[4].rec.flags = GMEM_POLICY_MONITOR | GMEM_POLICY_TIME;
	rows[4].rec.calls = 4;
	rows[4].rec.run_ns = 400;
	rows[4].rec.scope = GMEM_SCOPE_CGROUP;
	rows[4].scope_path = "/a b";
}

static void test_table(struct gmt_policy_row rows[5])
{
	const struct gmt_policy_rows all = { .list = rows, .count = 5 };
	yyjson_val *list, *last;
	FILE *file = out();

	gmt_text_policies(file, &all);
	fclose(file);
	ok(strstr(printed, " 5 evil\\x20\\x1b[31m\\xff -        monitor cgroup:/a\\x20b 31 "),
	   "a hostile name in the table");
	ok(!strchr(printed, 27) && !strchr(printed, '\xff'), "which is clean");
	file = out();
	gmt_json_policies(file, &all);
	list = yyjson_obj_get(json(file), "policies");
	is_int(yyjson_arr_size(list), 5, "all of them in JSON");
	last = yyjson_arr_get_last(list);
	ok(yyjson_is_null(yyjson_obj_get(last, "policy")) && is(last, "mode", "monitor") &&
		   is(last, "cgroup", "/a b") && number(last, "run_ns") == 400 &&
		   yyjson_is_null(yyjson_obj_get(last, "parameters")),
	   "what is not known is null");
}

static yyjson_val *params_of(const struct gmt_policy_row *row)
{
	FILE *file = out();

	gmt_json_policy(file, row);
	return yyjson_obj_get(json(file), "parameters");
}

static void test_params(struct gmt_policy_row rows[5])
{
	yyjson_val *params, *item;
	FILE *file;

	params = params_of(&rows[0]);
	ok(number(params, "grace_ns") == 1500000000 && is(params, "error", "EPERM"),
	   "the parameters of lockdown");
	item = yyjson_arr_get_first(yyjson_obj_get(params_of(&rows[1]), "rules"));
	ok(number(item, "uid") == 7 && is(item, "comm", "a b\n") &&
		   number(item, "exe_major") == 8 && number(item, "exe_inode") == 99 &&
		   is(item, "refuse", "ENOENT"),
	   "a rule of allow");
	params = yyjson_obj_get(params_of(&rows[2]), "gmem");
	ok(number(params, "conversions_per_second") == 10 &&
		   yyjson_is_null(yyjson_obj_get(params, "shared_bytes_per_second")),
	   "a rate of budget, and none");
	item = yyjson_arr_get_first(yyjson_obj_get(params_of(&rows[3]), "ranges"));
	ok(is(item, "name", "x\033y") && yyjson_is_null(yyjson_obj_get(item, "size_bytes")),
	   "a range of tripwire");
	file = out();
	for (int i = 0; i < 5; i++)
		gmt_text_policy(file, &rows[i]);
	fclose(file);
	ok(strstr(printed, "grace                    1500ms\n") &&
		   strstr(printed, "refuse=ENOENT hooks=none uid=7 comm=a\\x20b\\x0a "
				   "exe_device=8:1 exe_inode=99\n") &&
		   strstr(printed, "cgroup: conversions/s    unlimited\n") &&
		   strstr(printed, " name=x\\x1by offset=0\n"),
	   "all of it in text");
	ok(!strchr(printed, 27) && strstr(printed, "time in its programs     400ns\n"),
	   "clean, and with the time that is measured");
}

static void test_trial(void)
{
	struct gmt_trial_policy policy = { .name = "p", .calls = 9, .refusals = 3, .known = 1 };
	struct gmt_refusals refusals;
	struct gmt_trial_report report = {
		.file = "f",
		.seconds = 1.5,
		.policies = &policy,
		.policy_count = 1,
		.refusals = &refusals,
		.lost = 2,
	};
	struct gmt_rec_event event = { .id = 5, .pid = 6, .uid = 7, .comm = "a\nb" };
	yyjson_val *root, *first;
	FILE *file;

	if (gmt_refusals_init(&refusals))
		tap_bail("out of memory");
	event.policy.hook = GMEM_HOOK_IO;
	event.policy.err = -EPERM;
	for (int i = 0; i < 3; i++)
		gmt_refusals_add(&refusals, 0, &event);
	event.policy.hook = 77;
	gmt_refusals_add(&refusals, 0, &event);
	gmt_refusals_sort(&refusals);
	file = out();
	gmt_text_trial(file, &report);
	fclose(file);
	ok(strstr(printed, "policy p: asked 9 times, would have refused 3\n"
			   "3 times policy=p hook=io err=EPERM id=5 name=- pid=6 uid=7 "
			   "comm=a\\x0ab cgroup=- offset_bytes=0 size_bytes=0\n"),
	   "a trial in text");
	ok(strstr(printed, "total: 1.5 s  would have been refused 4  lost 2"), "with its totals");
	file = out();
	gmt_json_trial(file, &report);
	root = json(file);
	first = yyjson_arr_get_first(yyjson_obj_get(root, "would_refuse"));
	ok(is(root, "type", "trial") && number(root, "lost") == 2 && number(first, "count") == 3 &&
		   is(first, "hook", "io") && is(first, "comm", "a\nb"),
	   "and in JSON");
	ok(number(yyjson_arr_get_last(yyjson_obj_get(root, "would_refuse")), "hook") == 77,
	   "a hook that is not known is a number");
	policy.undecided = 4;
	report.recording = "r\n";
	report.requests = 11;
	report.silent_frames = 1;
	file = out();
	gmt_text_trial(file, &report);
	fclose(file);
	ok(strstr(printed, "would have refused 3, undecided 4: the recording does not tell") &&
		   strstr(printed, "total: 1.5 s recorded, requests 11  would have been refused 4  "
				   "undecided 4  lost 2\n"),
	   "on a recording, with what that lacks");
	file = out();
	gmt_json_trial(file, &report);
	root = json(file);
	first = yyjson_arr_get_first(yyjson_obj_get(root, "policies"));
	ok(is(root, "recording", "r\n") && number(root, "requests") == 11 &&
		   number(root, "undecided") == 4 && number(first, "undecided") == 4 &&
		   number(root, "frames_without_requests") == 1 &&
		   yyjson_is_false(yyjson_obj_get(root, "broken")) &&
		   yyjson_is_true(yyjson_obj_get(root, "same_boot")),
	   "in JSON, too");
	gmt_refusals_exit(&refusals);
}

int main(void)
{
	struct gmt_policy_row rows[5];

	tap_plan(4 + 6 + 4 + 2);
	fill(rows);
	test_table(rows);
	test_params(rows);
	test_trial();
	json(NULL);
	free(printed);
	return tap_done();
}
