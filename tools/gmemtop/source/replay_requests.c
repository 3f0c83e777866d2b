// SPDX-License-Identifier: GPL-2.0-only
/*
 * The requests of a recording, and whether they are all there were: each has a number, and what is
 * missing between them was lost, whatever the reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "source/cgroup.h"
#include "source/recording_scan.h"
#include "source/replay.h"

/* So that a signal is seen in time when all are told at once. */
#define REQUESTS_A_POLL 65536

static bool same_boot(const struct gmt_replay *replay)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char id[40] = "";

	if (file && !fgets(id, sizeof(id), file))
		id[0] = '\0';
	if (file)
		fclose(file);
	id[strcspn(id, "\n")] = '\0';
	return id[0] && !strcmp(id, replay->head.boot_id);
}

/* Some frame of it may have requests where the first one has none. */
static bool has_requests(const struct gmt_replay *replay)
{
	struct gmt_line_head head;

	if (replay->head.requests)
		return true;
	for (size_t i = 0; i < replay->recording->count; i++)
		if (!gmt_recording_head(replay->recording, i, &head) && head.requests)
			return true;
	return false;
}

int gmt_replay_requests_start(struct gmt_source *source, size_t buffer_bytes,
			      struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	if (!has_requests(replay))
		return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP,
				"this recording does not tell what policies were asked, and events "
				"do not say it all: `gmemtop record --requests` records it");
	gmt_lines_close(&replay->asking.passing.lines);
	replay->asking = (struct gmt_asking){ .told = 0 };
	gmt_replay_passing_start(replay, &replay->asking.passing);
	return 0;
}

static void count_number(struct gmt_asking *asking, uint64_t first, uint64_t last)
{
	if (!asking->first_seq || first < asking->first_seq)
		asking->first_seq = first;
	if (last > asking->last_seq)
		asking->last_seq = last;
}

/* Numbers given that were not told. */
static uint64_t missing(const struct gmt_asking *asking)
{
	uint64_t given = 0;

	if (asking->first_seq && asking->last_seq >= asking->first_seq)
		given = asking->last_seq - asking->first_seq + 1;
	return given > asking->told ? given - asking->told : 0;
}

static void on_head(struct gmt_asking *asking, const struct gmt_passed *passed)
{
	struct gmt_line_head head;

	if (gmt_line_head(passed->line, passed->length, &head))
		return;
	if (!head.requests)
		asking->silent_frames++;
	/* Another recorder has begun, and its numbers, too. */
	if (!head.frame && asking->first_seq) {
		asking->lost += missing(asking);
		asking->first_seq = asking->last_seq = asking->told = 0;
	}
}

static void on_account(struct gmt_asking *asking, const struct gmt_passed *passed)
{
	uint64_t last_seq;

	if (!gmt_line_requests(passed->line, passed->length, &last_seq) && last_seq < UINT64_MAX)
		count_number(asking, asking->first_seq ? asking->first_seq : last_seq + 1,
			     last_seq);
}

/* Return: 1 with a request; 0 without one so far; -ENOMEM */
static int next_request(struct gmt_replay *replay, struct gmt_rec_request *request)
{
	struct gmt_asking *asking = &replay->asking;
	struct gmt_passed passed;
	int err;

	while ((err = gmt_replay_passing_next(replay, &asking->passing,
					      gmt_replay_passed_ns(replay), &passed)) == 1) {
		if (asking->passing.from_ns && passed.time_ns <= asking->passing.from_ns)
			continue;
		if (passed.kind == GMT_LINE_RECORDING)
			on_head(asking, &passed);
		else if (passed.kind == GMT_LINE_REQUESTS)
			on_account(asking, &passed);
		if (passed.kind != GMT_LINE_REQUEST)
			continue;
		err = gmt_line_request(passed.line, passed.length, request, gmt_replay_cgroup,
				       replay);
		if (err == -ENOMEM)
			return err;
		/* What cannot be read is missing from the numbers. */
		if (err)
			continue;
		count_number(asking, request->seq, request->seq);
		asking->told++;
		return 1;
	}
	return err;
}

int gmt_replay_requests_poll(struct gmt_source *source, int timeout_ms, gmt_request_fn fn,
			     void *ctx, struct gmt_error *error)
{
	const struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct gmt_replay *replay = gmt_replay_of(source);
	struct gmt_passing *passing = &replay->asking.passing;
	struct gmt_rec_request request;
	int err = 0, told = 0;

	if (!passing->on)
		return 0;
	if (passing->moves != replay->moves)
		gmt_replay_passing_start(replay, passing);
	while (told < REQUESTS_A_POLL && (err = next_request(replay, &request)) == 1) {
		told++;
		err = fn(ctx, &request);
		if (err)
			return err;
	}
	if (err < 0)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (!told && timeout_ms && !passing->over)
		nanosleep(&wait, NULL);
	return 0;
}

int gmt_replay_requests_detach(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_asking *asking = &gmt_replay_of(source)->asking;

	gmt_lines_close(&asking->passing.lines);
	asking->passing.on = false;
	return 0;
}

int gmt_replay_requests_account(struct gmt_source *source, struct gmt_request_account *account,
				struct gmt_error *error)
{
	const struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_asking *asking = &replay->asking;

	*account = (struct gmt_request_account){
		.last_seq = asking->last_seq,
		.lost = asking->lost + missing(asking),
		.silent_frames = asking->silent_frames,
		.elsewhere = !same_boot(replay),
		.broken = asking->passing.damaged || replay->recording->note[0],
	};
	return 0;
}
