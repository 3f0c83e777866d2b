// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in recordings: what is written is read, what is missing is known to be, lost ones are counted; and their names.
 * sources: tools/gmemtop/source/recording_open.c tools/gmemtop/source/recording_scan.c tools/gmemtop/source/recording_lines.c
 * sources: tools/gmemtop/source/recording_line.c tools/gmemtop/source/recording_list.c tools/gmemtop/source/recording_request.c
 * sources: tools/gmemtop/source/replay.c tools/gmemtop/source/replay_state.c tools/gmemtop/source/replay_events.c
 * sources: tools/gmemtop/source/replay_passing.c tools/gmemtop/source/replay_requests.c tools/gmemtop/source/replay_time.c
 * sources: tools/gmemtop/source/cgroup.c tools/gmemtop/source/source.c tools/gmemtop/model/event_fields.c tools/gmemtop/model/flags.c
 * sources: tools/gmemtop/model/policy.c tools/gmemtop/model/hist.c tools/gmemtop/model/request_words.c tools/gmemtop/model/recorded.c
 * sources: tools/gmemtop/view/format.c tools/gmemtop/view/clean.c tools/gmemtop/view/json_request.c tools/gmemtop/view/json_event.c
 * cflags: -Ibpf -Itools/gmemtop -Wno-unused-parameter
 * libs: -lyyjson -lzstd -lm
 */
#include <linux/gmem.h>
#include <math.h>
#include <unistd.h>

#include "model/policy.h"
#include "model/recorded.h"
#include "source/recording_line.h"
#include "source/source.h"
#include "tap.h"
#include "view/format.h"
#include "view/json_recording.h"

#define S     1000000000ULL
#define CASES 20000

struct gmt_source_choice gmt_source_choice = { .speed = INFINITY };

static char path[] = "/tmp/requests-XXXXXX";

static struct gmt_rec_request request_of(unsigned int hook)
{
	struct gmt_rec_request request = {
		.seq = 7,
		.time_ns = 100 * S + 1,
		.monotonic_ns = 99 * S,
		.id = UINT64_MAX,
		.offset_bytes = 4096,
		.size_bytes = UINT64_MAX,
		.memory_bytes = 1ULL << 40,
		.created_ns = 50 * S,
		.creator_cgroup_id = 12,
		.creator_start_ns = 40 * S,
		.bindings = 3,
		.exe_ino = 1ULL << 50,
		.cgroup_id = 12,
		.cgroup_ids = { 1, 11, 12 },
		.hook = hook,
		.create_flags = 0x1f,
		.creator_pid = 5,
		.creator_uid = 6,
		.exe_dev = 0xfffU << 20 | 0xfffff,
		.pid = 8,
		.tid = 9,
		.uid = UINT32_MAX,
		.euid = 10,
		.egid = 11,
		.level_count = 3,
		.group_count = GMT_REQUEST_GROUPS,
		.name = "n\x1b\xff\"",
		.comm = "sixteen bytes ..",
		.process_comm = "\\",
	};

	for (uint32_t i = 0; i < GMT_REQUEST_GROUPS; i++)
		request.groups[i] = i * 1000;
	return request;
}

static struct gmt_rec_request with_all(unsigned int hook)
{
	struct gmt_rec_request request = request_of(hook);

	switch (hook) {
	case GMEM_HOOK_MMAP:
	case GMEM_HOOK_IO:
	case GMEM_HOOK_INSPECT:
		request.act = hook == GMEM_HOOK_MMAP ? GMEM_ACT_MMAP : GMEM_ACT_INSPECT_WRITE;
		request.write = 1;
		break;
	case GMEM_HOOK_FAULT:
		request.kind = GMEM_FAULT_REMOTE;
		request.write = 1;
		break;
	case GMEM_HOOK_CONVERT:
		request.to = GMEM_STATE_SHARED;
		request.content = GMEM_CONTENT_KEEP;
		break;
	case GMEM_HOOK_BIND:
		request.slot = 4;
		request.vm = UINT64_MAX;
		request.guest_address = 1ULL << 63;
		strcpy(request.consumer, "kvm");
		break;
	default:
		break;
	}
	return request;
}

static char *line_of(const struct gmt_rec_request *request, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	const char *cgroup = request->unknown & GMT_REQUEST_NO_PATH ? "" : "/a/b";

	if (!out || gmt_json_request(out, request, cgroup, "/a/b", 5))
		tap_bail("out of memory");
	fclose(out);
	--*length;
	return text;
}

static void on_cgroup(void *ctx, uint64_t id, const char *cgroup)
{
	if (id == 12 && !strcmp(cgroup, "/a/b"))
		++*(int *)ctx;
}

static bool comes_back(const struct gmt_rec_request *request)
{
	struct gmt_rec_request read;
	int told = 0, want = request->unknown & GMT_REQUEST_NO_PATH ? 1 : 2;
	size_t length;
	char *line = line_of(request, &length);
	int err = gmt_line_request(line, length, &read, on_cgroup, &told);

	free(line);
	return !err && told == want && !memcmp(request, &read, sizeof(read));
}

static void test_round(void)
{
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		struct gmt_rec_request request = with_all(hook);

		ok(comes_back(&request), "what is asked of %s comes back", gmt_hook_names[hook]);
	}
	for (unsigned int bit = 0; bit < 8; bit++) {
		struct gmt_rec_request request = request_of(GMEM_HOOK_DISCARD);

		request.unknown = 1U << bit;
		if (request.unknown == GMT_REQUEST_NO_EUID)
			request.euid = 0;
		if (request.unknown == GMT_REQUEST_NO_EGID)
			request.egid = 0;
		if (request.unknown == GMT_REQUEST_NO_GROUPS) {
			request.group_count = 0;
			memset(request.groups, 0, sizeof(request.groups));
		}
		if (request.unknown == GMT_REQUEST_NO_LEVELS) {
			request.level_count = 0;
			memset(request.cgroup_ids, 0, sizeof(request.cgroup_ids));
		}
		if (request.unknown == GMT_REQUEST_NO_COMM)
			memset(request.process_comm, 0, sizeof(request.process_comm));
		if (request.unknown == GMT_REQUEST_NO_EXE)
			request.exe_ino = request.exe_dev = 0;
		if (request.unknown == GMT_REQUEST_NO_BINDINGS)
			request.bindings = 0;
		ok(comes_back(&request), "so does that %#x is not known", request.unknown);
	}
}

/* The line with a key's name changed: it has no such member then. */
static int read_without(unsigned int hook, const char *key, struct gmt_rec_request *read)
{
	struct gmt_rec_request request = with_all(hook);
	size_t length;
	char *line = line_of(&request, &length), wanted[64], *at;
	int err;

	snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	at = strstr(line, wanted);
	if (!at)
		tap_bail("no %s in %s", key, line);
	at[1] = 'X';
	err = gmt_line_request(line, length, read, NULL, NULL);
	free(line);
	return err;
}

static void test_missing(void)
{
	static const char *const needed[] = { "seq",	      "monotonic_ns", "hook", "id",
					      "offset_bytes", "size_bytes",   "name", "created_ns",
					      "pid",	      "uid",	      "to",   "cgroup_id" };
	static const struct {
		const char *key;
		uint32_t unknown;
	} others[] = {
		{ "euid", GMT_REQUEST_NO_EUID },	 { "egid", GMT_REQUEST_NO_EGID },
		{ "groups", GMT_REQUEST_NO_GROUPS },	 { "cgroup_ids", GMT_REQUEST_NO_LEVELS },
		{ "cgroup", GMT_REQUEST_NO_PATH },	 { "process_comm", GMT_REQUEST_NO_COMM },
		{ "exe_dev", GMT_REQUEST_NO_EXE },	 { "exe_ino", GMT_REQUEST_NO_EXE },
		{ "bindings", GMT_REQUEST_NO_BINDINGS },
	};
	struct gmt_rec_request read;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		is_int(read_without(GMEM_HOOK_CONVERT, needed[i], &read), -EBADMSG,
		       "without %s there is nothing to decide on", needed[i]);
	is_int(read_without(GMEM_HOOK_CREATE, "created_ns", &read), 0,
	       "what is about to be created was not created");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(!read_without(GMEM_HOOK_IO, others[i].key, &read) &&
			   read.unknown == others[i].unknown,
		   "without %s that is not known", others[i].key);
}

static void put(FILE *out, uint64_t seq)
{
	struct gmt_rec_request request = with_all(GMEM_HOOK_IO);

	request.seq = seq;
	request.time_ns = 100 * S + seq;
	gmt_json_request(out, &request, "/a/b", "/a/b", 0);
}

/* A frame begins a second after the one before. */
static void put_head(FILE *out, unsigned int frame, const char *requests)
{
	static uint64_t seconds = 100;
	const unsigned long long at = ++seconds * S;

	fprintf(out,
		"{\"type\":\"recording\",\"version\":1,\"minor\":1,\"boot_id\":\"b\",\"frame\":%u,"
		"\"time_ns\":%llu,\"offset_ns\":5%s}\n"
		"{\"type\":\"snapshot\",\"time_ns\":%llu,\"lost\":0,\"gmems\":[]}\n",
		frame, at, requests, at);
}

static void put_account(FILE *out, uint64_t last_seq)
{
	fprintf(out, "{\"type\":\"requests\",\"time_ns\":%llu,\"last_seq\":%llu,\"lost\":0}\n",
		100 * S, (unsigned long long)last_seq);
}

static int count(void *ctx, const struct gmt_rec_request *request)
{
	++*(uint64_t *)ctx;
	return 0;
}

#define REQUESTS ",\"requests\":true"

/* Reads the file to its end. Return: requests told, or -errno */
static long told(struct gmt_request_account *account)
{
	struct gmt_source *source;
	struct gmt_error error;
	uint64_t before, all = 0;
	int err;

	gmt_source_choice.recording = path;
	if (gmt_replay_open(&source, &error))
		tap_bail("%s", error.text);
	err = gmt_source_requests_start(source, 0, &error);
	do {
		before = all;
		if (!err)
			err = source->ops->requests_poll(source, 0, count, &all, &error);
	} while (!err && all > before);
	if (!err)
		err = source->ops->requests_account(source, account, &error);
	source->ops->close(source);
	return err ? err : (long)all;
}

static FILE *begin(void)
{
	FILE *out = fopen(path, "w");

	if (!out)
		tap_bail("%s: %s", path, strerror(errno));
	return out;
}

static void test_account(void)
{
	struct gmt_request_account account;
	FILE *out = begin();

	put_head(out, 0, REQUESTS);
	put_account(out, 0);
	for (uint64_t seq = 1; seq <= 20; seq++)
		if (seq % 5)
			put(out, seq);
	put_account(out, 22);
	fclose(out);
	ok(told(&account) == 16 && account.lost == 6 && account.last_seq == 22 &&
		   !account.silent_frames && !account.broken && account.elsewhere,
	   "what is missing between the first and the last account was lost");
	out = begin();
	put_head(out, 4, REQUESTS);
	put_account(out, 1000);
	put(out, 1002);
	put(out, 999);
	put_head(out, 0, REQUESTS);
	put_account(out, 0);
	put(out, 3);
	put_head(out, 1, "");
	fclose(out);
	ok(told(&account) == 3 && account.lost == 4 && account.silent_frames == 1,
	   "two recordings in one file: each by its own numbers; a frame without requests is told");
	out = begin();
	put_head(out, 0, REQUESTS);
	put(out, 1);
	fprintf(out, "{\"type\":\"request\",\"time_ns\":%llu,\"seq\":2}\n", 100 * S);
	put(out, 3);
	fprintf(out, "{\"type\":\"request\",");
	fclose(out);
	ok(told(&account) == 2 && account.lost == 1 && account.broken,
	   "a line that says too little is lost, one that breaks off noted");
	out = begin();
	put_head(out, 0, "");
	put(out, 1);
	fclose(out);
	is_int(told(&account), -EOPNOTSUPP, "a recording without requests is none");
	out = begin();
	put_head(out, 0, REQUESTS);
	put(out, UINT64_MAX - 1);
	put(out, 1);
	put_account(out, UINT64_MAX);
	fclose(out);
	ok(told(&account) == 2 && account.lost == UINT64_MAX - 3, "no number is too large");
}

static void test_names(void)
{
	struct gmt_recorded *recorded = gmt_recorded_new();
	struct gmt_rec_request request = with_all(GMEM_HOOK_IO);
	bool again;
	uint64_t id;

	strcpy(request.name, "vm");
	request.id = 1;
	gmt_recorded_add(recorded, &request, "/a/b", "/made/here");
	ok(gmt_recorded_cgroup(recorded, "/a", &again) == 11 && !again &&
		   gmt_recorded_cgroup(recorded, "/sys/fs/cgroup/a/b/", &again) == 12 &&
		   gmt_recorded_cgroup(recorded, "/", &again) == 1,
	   "the cgroups above a task's are known by their paths");
	ok(gmt_recorded_cgroup(recorded, "/a/c", &again) == GMT_CGROUP_NOWHERE, "others are not");
	request.cgroup_id = request.cgroup_ids[2] = 13;
	request.creator_cgroup_id = 20;
	request.id = 2;
	gmt_recorded_add(recorded, &request, "/a/b", "/made");
	ok(gmt_recorded_cgroup(recorded, "a/b", &again) == 12 && again,
	   "the first of those that had a path is meant, and that there was another is told");
	ok(gmt_recorded_cgroup(recorded, "/made", &again) == 20, "so are those that made memory");
	ok(gmt_recorded_has(recorded, 2) && !gmt_recorded_has(recorded, 3) &&
		   gmt_recorded_gmem(recorded, "vm", &id) == 2 &&
		   gmt_recorded_gmem(recorded, "v", &id) == 0,
	   "gmems are known by id, and by name");
	gmt_recorded_add_gmem(recorded, 2, request.comm);
	ok(gmt_recorded_gmem(recorded, "vm", &id) == 1 && id == 1, "under the last name they had");
	gmt_recorded_free(recorded);
	ok(gmt_path_below("/a/b", "/a") == GMT_PATH_BELOW &&
		   gmt_path_below("/a", "/a/") == GMT_PATH_SAME &&
		   gmt_path_below("/ab", "/a") == GMT_PATH_ELSEWHERE &&
		   gmt_path_below("/", "/a") == GMT_PATH_ELSEWHERE &&
		   gmt_path_below("/a", "/") == GMT_PATH_BELOW &&
		   gmt_path_below("/", "/sys/fs/cgroup") == GMT_PATH_SAME,
	   "what is below what");
}

/* Bytes changed at random: read or refused, within bounds, under the sanitizers. */
static void test_fuzz(void)
{
	struct gmt_rec_request request = with_all(GMEM_HOOK_BIND), read;
	unsigned int good = 0, bad = 0;
	size_t length;
	char *line = line_of(&request, &length), *copy = malloc(length);

	srand(1);
	for (int i = 0; copy && i < CASES; i++) {
		memcpy(copy, line, length);
		for (int n = rand() % 4; n >= 0; n--)
			copy[rand() % length] = (char)(rand() % 4 ? '0' + rand() % 80 : rand());
		if (gmt_line_request(copy, length, &read, NULL, NULL)) {
			bad++;
			continue;
		}
		good++;
		if (read.group_count > GMT_REQUEST_GROUPS || read.level_count > GMT_REQUEST_LEVELS)
			tap_bail("counts out of bounds");
	}
	ok(good > CASES / 100 && bad > CASES / 100, "%u damaged lines: %u refused", CASES, bad);
	free(copy);
	free(line);
}

int main(void)
{
	int fd = mkstemp(path);

	if (fd < 0)
		tap_bail("mkstemp: %s", strerror(errno));
	close(fd);
	tap_plan(8 + 8 + 12 + 1 + 9 + 5 + 7 + 1);
	/* What replay notes of broken ones is for people. */
	stderr = fopen("/dev/null", "w");
	test_round();
	test_missing();
	test_account();
	test_names();
	test_fuzz();
	unlink(path);
	return tap_done();
}
