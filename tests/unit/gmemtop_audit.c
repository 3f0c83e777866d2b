// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an audit does without a kernel: the order of records, containers, lines of JSON.
 * sources: tools/gmemtop/model/audit.c tools/gmemtop/view/json_audit.c
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c
 * cflags: -Ibpf -Itools/gmemtop -DGMT_VERSION='"0"'
 * libs: -lyyjson
 */
#include <errno.h>
#include <yyjson.h>

#include "view/audit.h"
#include "tap.h"

#define MS 1000000ULL

static char told[4096];

static int tell(void *ctx, const struct gmt_rec_audit *rec)
{
	size_t at = strlen(told);

	snprintf(told + at, sizeof(told) - at, "%llu ", (unsigned long long)rec->seq);
	return ctx && rec->seq == *(uint64_t *)ctx;
}

static int put(struct gmt_audit_order *order, uint64_t seq, uint64_t now_ns, void *ctx)
{
	struct gmt_rec_audit rec = { .seq = seq };

	return gmt_audit_order_put(order, &rec, offsetof(struct gmt_rec_audit, paths), now_ns, tell,
				   ctx);
}

/* Puts numbers, 0 ending them, at the same moment. */
static void put_all(struct gmt_audit_order *order, const uint64_t *seqs)
{
	told[0] = '\0';
	for (; *seqs; seqs++)
		put(order, *seqs, 0, NULL);
}

static void check_order(void)
{
	struct gmt_audit_order order = { .next = 1 };
	uint64_t stop = 3;

	put_all(&order, (uint64_t[]){ 1, 3, 2, 6, 5, 4, 7, 0 });
	is_str(told, "1 2 3 4 5 6 7 ", "those that changed places are put back");
	is_int(order.late, 0, "none was late");

	put_all(&order, (uint64_t[]){ 10, 9, 0 });
	is_str(told, "", "behind a gap they wait");
	gmt_audit_order_settle(&order, 99 * MS, tell, NULL);
	is_str(told, "", "not for too short a time");
	gmt_audit_order_settle(&order, 100 * MS, tell, NULL);
	is_str(told, "9 10 ", "and not for ever");
	put_all(&order, (uint64_t[]){ 8, 11, 0 });
	is_str(told, "8 11 ", "one that comes later still is told all the same");
	is_int(order.late, 1, "as late");

	told[0] = '\0';
	for (uint64_t seq = 100; seq < 100 + GMT_ORDER_MAX - 1; seq++)
		put(&order, seq, 0, NULL);
	is_str(told, "", "behind a large gap many wait");
	put(&order, 200, 0, NULL);
	is_int(order.next, 100 + GMT_ORDER_MAX - 1, "but not too many");
	is_int(order.count, 1, "one waits for its own gap");
	told[0] = '\0';
	gmt_audit_order_settle(&order, UINT64_MAX, tell, NULL);
	is_str(told, "200 ", "at the end all are told");

	order = (struct gmt_audit_order){ .next = 1 };
	told[0] = '\0';
	put(&order, 2, 0, NULL);
	put(&order, 3, 0, NULL);
	put(&order, 4, 0, NULL);
	is_int(put(&order, 1, 0, &stop), 1, "who has had enough");
	is_str(told, "1 2 3 ", "is told no more");
	gmt_audit_order_clear(&order);
	is_int(order.count, 0, "and what waits is forgotten");
}
#define ORDER_CHECKS 14

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_container(void)
{
	static const struct {
		const char *path, *id;
	} cases[] = {
		{ "/docker/" ID, ID },
		{ "/system.slice/docker-" ID ".scope", ID },
		{ "/system.slice/docker-" ID ".scope/init.scope", ID },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" ID
		  ".scope",
		  ID },
		{ "/kubepods/besteffort/pod1234/" ID, ID },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", ID },
		{ "/machine.slice/libpod-" ID ".scope/container", ID },
		{ "/machine.slice/libpod-conmon-" ID ".scope", NULL },
		{ "/kubepods.slice/crio-conmon-" ID ".scope", NULL },
		{ "/lxc.payload.web/system.slice/nginx.service", "web" },
		{ "/system.slice/sshd.service", NULL },
		{ "/x" ID, NULL },
		{ "/docker/" ID "0", NULL },
		{ "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		  NULL },
		{ "/lxc.payload.", NULL },
		{ "/", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = 0;
		const char *id = gmt_container_id(cases[i].path, &length);

		ok(cases[i].id ?
			   id && length == strlen(cases[i].id) && !memcmp(id, cases[i].id, length) :
			   !id,
		   "container in '%.60s'", cases[i].path);
	}
}
#define CONTAINER_CHECKS 17

static yyjson_doc *parsed(const struct gmt_audit_line *line)
{
	if (!line->length || line->json[line->length - 1] != '\n')
		return NULL;
	return yyjson_read(line->json, line->length - 1, 0);
}

static const char *str(yyjson_doc *doc, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), key));

	return text ? text : "(null)";
}

static struct gmt_rec_audit sample(void)
{
	static const char paths[] = "qemu\0bin\0usr\0vm.scope\0machine.slice";
	struct gmt_rec_audit rec = {
		.seq = 7,
		.act = GMT_ACT_READ,
		.err = -EACCES,
		.flags = GMT_AUDIT_NAME | GMT_AUDIT_EXE_KNOWN | GMT_AUDIT_CGROUP_KNOWN,
		.loginuid = (uint32_t)-1,
		.comm = "qemu",
		.name = "vm",
		.exe_bytes = 13,
		.cgroup_bytes = sizeof(paths) - 13,
		.exe_dev = 254 << 20 | 3,
	};

	memcpy(rec.paths, paths, sizeof(paths));
	return rec;
}

static void check_json(void)
{
	static struct gmt_audit_line line;
	struct gmt_rec_audit rec = sample();
	yyjson_doc *doc;

	gmt_audit_line_record(&line, &rec, 0);
	doc = parsed(&line);
	ok(doc, "a record is JSON, and a line");
	is_str(str(doc, "exe"), "/usr/bin/qemu", "the executable's path is put together");
	is_str(str(doc, "exe_dev"), "254:3", "its device");
	is_str(str(doc, "cgroup"), "/machine.slice/vm.scope", "the cgroup's path, too");
	is_str(str(doc, "refused_by"), "module", "refused by the module");
	ok(yyjson_is_null(yyjson_obj_get(yyjson_doc_get_root(doc), "loginuid")),
	   "nobody logged in");
	yyjson_doc_free(doc);

	/* The worst there is: both paths full, and every byte to be escaped. */
	rec.exe_bytes = GMT_PATHS_MAX / 2;
	rec.cgroup_bytes = GMT_PATHS_MAX - rec.exe_bytes;
	memset(rec.paths, 1, sizeof(rec.paths));
	rec.paths[rec.exe_bytes - 1] = '\0';
	rec.paths[sizeof(rec.paths) - 1] = '\0';
	memset(rec.name, '"', sizeof(rec.name));
	memset(rec.comm, 0xff, sizeof(rec.comm));
	memset(rec.policy, '\n', sizeof(rec.policy));
	rec.policy_id = UINT64_MAX;
	rec.would_policy_id = UINT64_MAX;
	memset(rec.would_policy, '\\', sizeof(rec.would_policy));
	rec.flags |= GMT_AUDIT_POLICY_NAMED | GMT_AUDIT_WOULD | GMT_AUDIT_EXE_CUT;
	gmt_audit_line_record(&line, &rec, 0);
	doc = parsed(&line);
	ok(doc, "the longest line there can be is JSON (%zu bytes)", line.length);
	ok(line.length < GMT_AUDIT_LINE_MAX - 1000, "and there is room to spare");
	ok(!memchr(line.json, '\n', line.length - 1), "it is one line");
	is_int(strlen(str(doc, "name")), GMT_NAME_MAX, "a name of quotes");
	is_int(strlen(str(doc, "comm")), 3 * GMT_COMM_MAX, "a command of bytes that are no text");
	is_int(strlen(str(doc, "exe")), GMT_PATHS_MAX / 2 + 3, "a path cut, of control characters");
	is_str(str(doc, "refused_by"), "policy", "refused by a policy");
	ok(!strchr(gmt_audit_message(&line), '\n'), "the sentence is one line, too");
	yyjson_doc_free(doc);
}
#define JSON_CHECKS 14

int main(void)
{
	tap_plan(ORDER_CHECKS + CONTAINER_CHECKS + JSON_CHECKS);
	check_order();
	check_container();
	check_json();
	return tap_done();
}
