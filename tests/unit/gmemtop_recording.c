// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recordings written and replayed: what comes back, the bounds that were set, and broken ones (gmemtop_recording_fuzz.h).
 * sources: tools/gmemtop/source/recording_open.c tools/gmemtop/source/recording_scan.c tools/gmemtop/source/recording_lines.c
 * sources: tools/gmemtop/source/recording_line.c tools/gmemtop/source/recording_list.c tools/gmemtop/source/recording_write.c
 * sources: tools/gmemtop/source/recording_file.c tools/gmemtop/source/replay.c tools/gmemtop/source/replay_state.c
 * sources: tools/gmemtop/source/replay_events.c tools/gmemtop/source/replay_time.c tools/gmemtop/source/cgroup.c tools/gmemtop/source/replay_passing.c
 * sources: tools/gmemtop/source/source.c tools/gmemtop/source/replay_requests.c tools/gmemtop/source/recording_request.c tools/gmemtop/model/event_fields.c tools/gmemtop/model/flags.c tools/gmemtop/model/request_words.c
 * sources: tools/gmemtop/model/policy.c tools/gmemtop/model/hist.c tools/gmemtop/view/format.c tools/gmemtop/view/clean.c
 * cflags: -Ibpf -Itools/gmemtop -Wno-unused-parameter
 * libs: -lyyjson -lzstd -lm
 */
#include <fcntl.h>
#include <linux/gmem.h>
#include <math.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "source/recording.h"
#include "source/recording_write.h"
#include "source/replay_time.h"
#include "source/source.h"
#include "tap.h"
#include "view/format.h"

#define S	1000000000ULL
#define BEGIN	(1000 * S)
#define FRAMES	3
#define PER	5 /* snapshots a frame, one a second */
#define GMEMS	4
#define SECONDS (FRAMES * PER)

struct gmt_source_choice gmt_source_choice = { .speed = 1 };

static char dir[] = "/tmp/recording-XXXXXX";
static char path[64];

static void lines_of_frame(FILE *out, uint64_t at)
{
	fprintf(out,
		"{\"type\":\"recording\",\"version\":1,\"minor\":9,\"boot_id\":\"b\",\"time_ns\":%llu,"
		"\"offset_ns\":1700000000000000000,\"events\":[\"gmem_fault\",\"gmem_new\"]}\n",
		(unsigned long long)at);
}

static void gmem_of_snapshot(FILE *out, unsigned int id, uint64_t second)
{
	fprintf(out,
		"%s{\"id\":%u,\"name\":\"a\\u001b\xef\xbf\xbd\",\"name_hex\":\"611bff\",\"created_ns\":5,"
		"\"pid\":%u,\"start_ns\":7,\"uid\":0,\"comm\":\"c\",\"cgroup\":\"/g/%u\",\"cgroup_id\":%u,"
		"\"flags\":[\"mmap\",32768],\"size_bytes\":65536,\"resident_private_bytes\":4096,"
		"\"resident_shared_bytes\":0,\"resident_bytes\":4096,\"bindings\":1,\"faults_host\":%llu,"
		"\"faults_guest\":null,\"denied_private\":1,\"denied_flags\":2,\"denied_capability\":3,"
		"\"denied_policy\":4,\"new\":{\"x\":[[[1]]]}}",
		id > 1 ? "," : "", id, 100 + id, id, id, (unsigned long long)second * id);
}

static void lines_of_second(FILE *out, uint64_t second)
{
	const unsigned long long at = BEGIN + second * S;

	fprintf(out, "{\"type\":\"snapshot\",\"time_ns\":%llu,\"lost\":0,\"gmems\":[", at);
	for (unsigned int id = 1; id <= GMEMS; id++)
		gmem_of_snapshot(out, id, second);
	fprintf(out, "]}\n");
	if (second % PER == 0) {
		fprintf(out,
			"{\"type\":\"bindings\",\"time_ns\":%llu,\"bindings\":[{\"id\":2,\"consumer\":\"kvm\","
			"\"vm\":9,\"slot\":1,\"offset_bytes\":4096,\"size_bytes\":4096},{\"id\":1,"
			"\"consumer\":\"kvm\",\"vm\":8,\"slot\":0,\"offset_bytes\":0,\"size_bytes\":4096}]}\n"
			"{\"type\":\"holders\",\"time_ns\":%llu,\"holders\":[{\"id\":1,\"pid\":101,\"fds\":2}]}\n"
			"{\"type\":\"nodes\",\"time_ns\":%llu,\"nodes\":null}\n"
			"{\"type\":\"creators\",\"time_ns\":%llu,\"creators\":[3]}\n"
			"{\"type\":\"surprise\",\"since\":\"1.9\"}\n"
			"{\"type\":\"policies\",\"time_ns\":%llu,\"policies\":[{\"policy_id\":1,\"name\":\"p\","
			"\"scope\":\"cgroup\",\"scope_id\":2,\"hooks\":3,\"calls\":7}]}\n",
			at, at, at, at, at);
		fprintf(out,
			"{\"type\":\"ranges\",\"time_ns\":%llu,\"id\":1,\"ranges\":[{\"offset_bytes\":0,"
			"\"size_bytes\":4096,\"state\":\"shared\",\"resident\":true},{\"offset_bytes\":4096,"
			"\"size_bytes\":61440,\"state\":\"private\",\"resident\":false}]}\n",
			at);
	}
	/* Of the second that follows. */
	for (unsigned int i = 1; i <= 2; i++)
		fprintf(out,
			"{\"type\":\"event\",\"event\":\"gmem_fault\",\"time_ns\":%llu,\"id\":%u,"
			"\"kind\":\"guest\",\"err\":%d,\"total_ns\":%u,\"pid\":4,\"cgroup\":\"/g/%u/x\","
			"\"cgroup_id\":%u}\n",
			at + i * S / 4, i, i == 2 ? -13 : 0, i * 1000, i, 10 + i);
	fprintf(out,
		"{\"type\":\"losses\",\"time_ns\":%llu,\"events\":{\"gmem_fault\":{\"lost_buffer_full\":%llu,"
		"\"lost_program_busy\":1}}}\n",
		at + S / 2, (unsigned long long)second);
}

/* The whole recording as plain lines, to be freed. */
static char *plain(size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	for (uint64_t second = 0; second < SECONDS; second++) {
		if (second % PER == 0)
			lines_of_frame(out, BEGIN + second * S);
		lines_of_second(out, second);
	}
	fprintf(out, "{\"type\":\"end\",\"time_ns\":%llu,\"reason\":\"duration\"}\n",
		BEGIN + SECONDS * S - S / 4);
	fclose(out);
	return text;
}

static int write_recording(const struct gmt_writer_limits *limits, uint64_t seconds, bool finish)
{
	struct gmt_written written;
	struct gmt_writer *writer;
	struct gmt_error error;
	int err = gmt_writer_open(&writer, path, limits, &error);

	for (uint64_t second = 0; !err && second < seconds; second++) {
		if (gmt_writer_due(writer, BEGIN + second * S)) {
			err = gmt_writer_begin(writer, BEGIN + second * S, 4096, &error);
			if (!err)
				lines_of_frame(gmt_writer_out(writer), BEGIN + second * S);
		}
		if (!err) {
			lines_of_second(gmt_writer_out(writer), second);
			err = gmt_writer_flush(writer, BEGIN + second * S, &error);
		}
	}
	if (!err && finish)
		err = gmt_writer_finish(writer, &written, &error);
	if (err)
		diag("%s", error.text);
	gmt_writer_free(writer);
	return err;
}

static void put_file(const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd))
		tap_bail("%s: %s", path, strerror(errno));
}

static char *get_file(size_t *size)
{
	struct stat st;
	char *bytes;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		tap_bail("%s: %s", path, strerror(errno));
	*size = st.st_size;
	bytes = malloc(*size + 1);
	if (read(fd, bytes, *size) != (ssize_t)*size)
		tap_bail("%s: %s", path, strerror(errno));
	close(fd);
	return bytes;
}

static struct gmt_source *open_at(const char *at, double speed, struct gmt_error *error)
{
	struct gmt_source *source;

	gmt_source_choice =
		(struct gmt_source_choice){ .recording = path, .at = at, .speed = speed };
	return gmt_replay_open(&source, error) ? NULL : source;
}

static struct gmt_source *must_open(const char *at, double speed)
{
	struct gmt_error error;
	struct gmt_source *source = open_at(at, speed, &error);

	if (!source)
		tap_bail("%s", error.text);
	return source;
}

/* What was told, and that its order is what callers rely on. */
struct told {
	unsigned int count;
	uint64_t last;
	bool ordered;
	struct gmt_rec_gmem gmem;
	struct gmt_rec_binding binding;
	struct gmt_rec_event event;
};

static int on_gmem(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct told *told = ctx;

	told->ordered =
		(told->count == 0 || rec->id > told->last) && (told->count == 0 || told->ordered);
	told->last = rec->id;
	told->gmem = *rec;
	told->count++;
	return 0;
}

static int on_binding(void *ctx, const struct gmt_rec_binding *rec)
{
	struct told *told = ctx;

	if (!told->count++)
		told->binding = *rec;
	return 0;
}

static int on_range(void *ctx, const struct gmt_rec_range *rec)
{
	struct told *told = ctx;

	told->ordered = rec->offset_bytes == told->last;
	told->last = rec->offset_bytes + rec->size_bytes;
	told->count++;
	return 0;
}

static int on_holder(void *ctx, const struct gmt_rec_holder *rec)
{
	((struct told *)ctx)->count++;
	return 0;
}

static int on_node(void *ctx, const struct gmt_rec_node *rec)
{
	((struct told *)ctx)->count++;
	return 0;
}

static int on_policy(void *ctx, const struct gmt_rec_policy *rec)
{
	((struct told *)ctx)->count++;
	return 0;
}

static int on_event(void *ctx, const struct gmt_rec_event *event)
{
	struct told *told = ctx;

	told->event = *event;
	told->count++;
	return 0;
}

static void test_snapshot(struct gmt_source *source)
{
	struct told told = { 0 }, bound = { 0 }, ranges = { 0 }, held = { 0 }, policies = { 0 };
	struct gmt_error error;
	struct gmt_rec_gmem rec;

	is_int(gmt_source_now_ns(source), BEGIN, "a replay begins with the first snapshot");
	is_int(gmt_source_offset_ns(source), 1700000000 * (long)S, "with the wall clock of then");
	is_int(source->ops->snapshot(source, on_gmem, &told, &error), 0, "which is told");
	ok(told.count == GMEMS && told.ordered && told.gmem.id == GMEMS, "every gmem, by its id");
	ok(!memcmp(told.gmem.name, "a\x1b\xff\0\0", 5),
	   "a name of hostile bytes comes back as it was");
	is_int(told.gmem.known & (GMT_KNOWN_FAULTS | GMT_KNOWN_DENIED | GMT_KNOWN_IO),
	       GMT_KNOWN_FAULTS_HOST | GMT_KNOWN_DENIED,
	       "null is unknown, so is what is missing, and 0 is not");
	is_int(told.gmem.create_flags, GMEM_CREATE_MMAP | 32768, "flags by name and by number");
	is_str(source->ops->cgroup_path(source, 4), "/g/4", "the path of a cgroup");
	is_int(gmt_source_bindings(source, 0, UINT64_MAX, on_binding, &bound, &error), 0,
	       "bindings");
	ok(bound.count == 2 && bound.binding.id == 1 && bound.binding.vm == 8,
	   "in the order of ids");
	is_int(source->ops->ranges(source, 1, on_range, &ranges, &error), 0, "ranges");
	ok(ranges.count == 2 && ranges.ordered && ranges.last == 65536, "of all of it");
	is_int(source->ops->ranges(source, 2, on_range, &ranges, &error), -EOPNOTSUPP,
	       "not of a gmem whose ranges were not recorded");
	is_int(source->ops->ranges(source, 99, on_range, &ranges, &error), -ENOENT, "nor of none");
	is_int(gmt_source_holders(source, 1, 1, on_holder, &held, &error), 0, "holders");
	is_int(held.count, 1, "of that gmem");
	is_int(gmt_source_nodes(source, 0, 9, on_node, &held, &error), -EOPNOTSUPP,
	       "null: unknown");
	is_int(gmt_source_policies(source, on_policy, &policies, &error), 0, "policies");
	is_int(policies.count, 1, "all of them");
	source->ops->find(source, 3, &rec, &error);
	ok(!source->ops->creator_alive(source, &rec), "a creator that had ended");
	source->ops->find(source, 1, &rec, &error);
	ok(source->ops->creator_alive(source, &rec), "and one that had not");
	is_int(source->ops->find(source, 5, &rec, &error), -ENOENT, "no such gmem");
}

static uint64_t faults(struct gmt_source *source)
{
	struct gmt_rec_gmem rec;
	struct gmt_error error;

	return source->ops->find(source, 1, &rec, &error) ? UINT64_MAX : rec.faults_host;
}

static void test_moving(struct gmt_source *source)
{
	const struct gmt_player_ops *player = source->player;
	uint64_t first, last;
	struct gmt_error error;
	int wrong = 0;

	player->span(source, &first, &last);
	ok(first == BEGIN && last >= BEGIN + (SECONDS - 1) * S, "its span");
	for (int64_t at = SECONDS - 1; at >= 0; at--)
		wrong += player->seek(source, BEGIN + at * S + S / 2, &error) ||
			 gmt_source_now_ns(source) != BEGIN + at * S ||
			 faults(source) != (uint64_t)at;
	is_int(wrong, 0, "seeking back to each snapshot");
	player->seek(source, 0, &error);
	ok(faults(source) == 0, "before the beginning: the beginning");
	for (int at = 1; at < SECONDS; at++)
		wrong += player->step(source, 1, &error) || faults(source) != (uint64_t)at;
	is_int(wrong, 0, "a step at a time, from frame to frame");
	player->step(source, 5, &error);
	ok(faults(source) == SECONDS - 1 && player->ended(source), "to the end, and no further");
	for (int at = SECONDS - 2; at >= 0; at--)
		wrong += player->step(source, -1, &error) || faults(source) != (uint64_t)at;
	is_int(wrong, 0, "and back");
	player->step(source, -3, &error);
	ok(faults(source) == 0 && !player->ended(source), "to the beginning, and no further");
	player->seek(source, UINT64_MAX, &error);
	is_int(faults(source), SECONDS - 1, "beyond the end: the end");
	usleep(20000);
	player->seek(source, BEGIN, &error);
	player->set_speed(source, 100);
	usleep(60000);
	gmt_source_now_ns(source);
	ok(faults(source) >= 6, "at 100 times the speed 60 ms are 6 seconds");
	player->set_speed(source, 0);
	first = gmt_source_now_ns(source);
	usleep(20000);
	is_int(gmt_source_now_ns(source), first, "stopped, no time passes");
}

static void test_events(void)
{
	const struct gmt_trace_options all = { .events = GMT_EVENTS_ALL };
	struct gmt_trace_options some = all;
	struct gmt_trace_totals totals = { .received = { 0 } };
	struct gmt_hist *hists = calloc(GMT_LATENCY_MAX, sizeof(*hists));
	struct told told = { 0 };
	struct gmt_error error;
	struct gmt_source *source = must_open(NULL, INFINITY);
	uint64_t missed, cgroup;
	uint32_t level;

	is_int(source->ops->trace_start(source, &all, &error), 0, "a trace of all events");
	source->ops->trace_poll(source, 0, on_event, &told, &error);
	is_int(told.count, 2 * SECONDS, "tells all of them at once");
	ok(told.event.fault.kind == GMEM_FAULT_GUEST && told.event.fault.err == -EACCES &&
		   told.event.unknown & GMT_UNKNOWN_PHASES && told.event.fault.total_ns == 2000,
	   "with what they say, and what they do not");
	source->ops->trace_losses(source, &totals, &error);
	is_int(totals.ring_full[GMT_EVENT_FAULT], SECONDS - 1, "and the account of what was lost");
	ok(gmt_source_ended(source), "then it is over");
	source->ops->trace_detach(source, &error);
	told.count = 0;
	gmt_source_cgroup_find(source, "/sys/fs/cgroup/g/2/", &cgroup, &level, &error);
	some.filter.task =
		(struct gmt_task_filter){ .bits = GMT_FILTER_CGROUP, .cgroup_id = cgroup };
	source->ops->trace_start(source, &some, &error);
	source->ops->trace_poll(source, 0, on_event, &told, &error);
	is_int(told.count, SECONDS, "a filter by cgroup, of the recording's");
	source->ops->close(source);
	source = must_open("end", 0);
	some = (struct gmt_trace_options){ .events = 1 << GMT_EVENT_BIND };
	is_int(source->ops->trace_start(source, &some, &error), -EOPNOTSUPP, "events not recorded");
	is_int(gmt_source_latency_start(source, 0, &error), 0, "times of what passes");
	source->player->seek(source, BEGIN + (SECONDS - 3) * S, &error);
	source->ops->latency_read(source, hists, &missed, &error);
	is_int(hists[GMT_LATENCY_FAULT_GUEST].count, 0, "nothing has passed yet");
	source->player->step(source, 2, &error);
	source->ops->latency_read(source, hists, &missed, &error);
	is_int(hists[GMT_LATENCY_FAULT_GUEST].count, 4, "two seconds' faults");
	ok(hists[GMT_LATENCY_FAULT_GUEST].max_ns == 2000 && !hists[GMT_LATENCY_LOOKUP].count,
	   "with the times they have");
	source->ops->close(source);
	free(hists);
}

static void test_times(void)
{
	/* 2023-11-14T22:30:00Z is BEGIN. */
	static const struct {
		const char *text;
		int64_t second; /* -1: wrong */
	} cases[] = {
		{ "22:30:05", 5 },
		{ "22:30:05Z", 5 },
		{ "22:31", 60 },
		{ "00:30", 7200 },
		{ "+90s", 90 },
		{ "+1.5m", 90 },
		{ "-1m", 3540 },
		{ "start", 0 },
		{ "2023-11-14T22:30:07.5Z", 7 },
		{ "2023-11-14 22:35", 300 },
		{ "22", -1 },
		{ "+", -1 },
		{ "-5y", -1 },
		{ "tomorrow", -1 },
		{ "2023-13-01", -1 },
	};
	uint64_t at;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = gmt_replay_time(cases[i].text, BEGIN, BEGIN + 3600 * S,
					  1700000000 * (int64_t)S, &at);

		ok(cases[i].second < 0 ? err == -EINVAL :
					 !err && (at - BEGIN) / S == (uint64_t)cases[i].second,
		   "the place '%s'", cases[i].text);
	}
}

static void test_bounds(void)
{
	struct gmt_writer_limits limits = { .bytes = 1 << 20, .frame_ns = PER * S, .keep = 2 };
	struct gmt_error error;
	struct gmt_source *source;
	uint64_t first, last;
	struct stat st;
	char kept[80];

	limits.bytes = 16384;
	is_int(write_recording(&limits, 1000, true), 0, "a recording of bounded size");
	stat(path, &st);
	ok(st.st_size <= 16384 + 1024, "is no larger, but for its index");
	source = must_open("end", 1);
	is_int(faults(source), 999, "it has the end");
	source->player->span(source, &first, &last);
	ok(first > BEGIN && last - first >= 20 * S,
	   "and as much before it as there is room for: %llu s",
	   (unsigned long long)((last - first) / S));
	source->ops->close(source);
	snprintf(kept, sizeof(kept), "%s.1", path);
	ok(!stat(kept, &st), "what was there before is kept");
	limits = (struct gmt_writer_limits){ .age_ns = 40 * S, .frame_ns = 4 * S, .keep = 2 };
	is_int(write_recording(&limits, 500, true), 0, "a recording of bounded age");
	source = must_open("end", 1);
	source->player->span(source, &first, &last);
	ok(last - first >= 40 * S && last - first <= 56 * S, "is no older");
	source->ops->close(source);
	limits.memory = true;
	is_int(write_recording(&limits, 500, true), 0, "the same in memory");
	source = must_open("end", 1);
	source->player->span(source, &first, &last);
	ok(last - first >= 40 * S && last - first <= 48 * S, "is what a flight recorder writes");
	source->ops->close(source);
	snprintf(kept, sizeof(kept), "%s.3", path);
	ok(stat(kept, &st), "no more than two older ones are kept");
	limits.keep = 0;
	unlink(path);
	if (symlink("/dev/null", path))
		tap_bail("symlink: %s", strerror(errno));
	is_int(write_recording(&limits, 1, true), -EINVAL, "a symbolic link is left alone");
	unlink(path);
	(void)error;
}

#include "gmemtop_recording_fuzz.h"

int main(void)
{
	const struct gmt_writer_limits limits = { .frame_ns = PER * S };
	struct gmt_source *source;
	char *text;
	size_t size;

	tap_plan(104);
	if (!mkdtemp(dir))
		tap_bail("mkdtemp: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/r", dir);
	/* What replay notes of broken ones is for people. */
	stderr = fopen("/dev/null", "w");
	write_recording(&limits, SECONDS, true);
	source = must_open(NULL, 0);
	test_snapshot(source);
	test_moving(source);
	source->ops->close(source);
	test_events();
	text = plain(&size);
	put_file(text, size);
	source = must_open(NULL, 0);
	test_moving(source);
	source->ops->close(source);
	free(text);
	test_times();
	test_bounds();
	test_broken();
	test_fuzz();
	unlink(path);
	rmdir(dir);
	return tap_done();
}
