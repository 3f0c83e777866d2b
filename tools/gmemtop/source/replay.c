// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source replay: what gmemtop record has written, told as a host tells it, at the position
 * of its player. Opened for `gmemtop replay`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/cgroup.h"
#include "source/replay.h"
#include "source/replay_time.h"

#define FILTERED_CGROUP UINT64_MAX

static int moved(struct gmt_replay *replay, struct gmt_error *error)
{
	if (replay->err)
		*error = replay->error;
	return replay->err;
}

static int replay_snapshot(struct gmt_source *source, gmt_gmem_fn fn, void *ctx,
			   struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_rec_gmem *gmems = replay->gmems.list;
	int err = moved(replay, error);

	for (size_t i = 0; !err && i < replay->gmems.count; i++)
		err = fn(ctx, &gmems[i], replay->at_ns);
	return err;
}

static int compare_id(const void *key, const void *member)
{
	const uint64_t id = *(const uint64_t *)key,
		       other = ((const struct gmt_rec_gmem *)member)->id;

	return id < other ? -1 : id > other;
}

static const struct gmt_rec_gmem *gmem_of(const struct gmt_replay *replay, uint64_t id)
{
	return replay->gmems.count ? bsearch(&id, replay->gmems.list, replay->gmems.count,
					     sizeof(struct gmt_rec_gmem), compare_id) :
				     NULL;
}

static int no_such_gmem(struct gmt_error *error, uint64_t id)
{
	return gmt_fail(error, GMT_EXIT_NO_SUCH, -ENOENT,
			"there is no gmem with id %llu at this place of the recording",
			(unsigned long long)id);
}

static int replay_find(struct gmt_source *source, uint64_t id, struct gmt_rec_gmem *rec,
		       struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_rec_gmem *gmem = gmem_of(replay, id);
	int err = moved(replay, error);

	if (err)
		return err;
	if (!gmem)
		return no_such_gmem(error, id);
	*rec = *gmem;
	return 0;
}

/* The failure of what is not in the recording, or not whole. */
static int not_there(struct gmt_error *error, const char *what, int err)
{
	if (err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP,
			"this place of the recording does not tell %s", what);
}

static int replay_ranges(struct gmt_source *source, uint64_t id, gmt_range_fn fn, void *ctx,
			 struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	struct gmt_line_list ranges;
	const struct gmt_rec_range *list;
	int err;

	if (!gmem_of(replay, id))
		return no_such_gmem(error, id);
	err = gmt_replay_ranges(replay, id, &ranges);
	if (err)
		return not_there(error, "the ranges of this gmem", err);
	list = ranges.list;
	for (size_t i = 0; !err && i < ranges.count; i++)
		err = fn(ctx, &list[i]);
	free(ranges.list);
	return err;
}

static int replay_bindings(struct gmt_source *source, uint64_t first, uint64_t last,
			   gmt_binding_fn fn, void *ctx, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_rec_binding *recs;
	const struct gmt_line_list *list;
	int err = gmt_replay_held(replay, GMT_LINE_BINDINGS, &list);

	if (err)
		return not_there(error, "bindings", err);
	recs = list->list;
	for (size_t i = 0; !err && i < list->count; i++)
		if (recs[i].id >= first && recs[i].id <= last)
			err = fn(ctx, &recs[i]);
	return err;
}

static int replay_holders(struct gmt_source *source, uint64_t first, uint64_t last,
			  gmt_holder_fn fn, void *ctx, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_line_list *list;
	const struct gmt_rec_holder *recs;
	int err = gmt_replay_held(replay, GMT_LINE_HOLDERS, &list);

	if (err)
		return not_there(error, "who holds descriptors", err);
	recs = list->list;
	for (size_t i = 0; !err && i < list->count; i++)
		if (recs[i].id >= first && recs[i].id <= last)
			err = fn(ctx, &recs[i]);
	return err;
}

static int replay_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
			void *ctx, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_line_list *list;
	const struct gmt_rec_node *recs;
	int err = gmt_replay_held(replay, GMT_LINE_NODES, &list);

	if (err)
		return not_there(error, "NUMA nodes", err);
	recs = list->list;
	for (size_t i = 0; !err && i < list->count; i++)
		if (recs[i].id >= first && recs[i].id <= last)
			err = fn(ctx, &recs[i]);
	return err;
}

static int replay_policies(struct gmt_source *source, gmt_policy_fn fn, void *ctx,
			   struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_line_list *list;
	const struct gmt_rec_policy *recs;
	int err = gmt_replay_held(replay, GMT_LINE_POLICIES, &list);

	if (err)
		return not_there(error, "policies", err);
	recs = list->list;
	for (size_t i = 0; !err && i < list->count; i++)
		err = fn(ctx, &recs[i]);
	return err;
}

static uint64_t replay_now_ns(struct gmt_source *source)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	gmt_replay_tick(replay);
	return replay->at_ns;
}

static int64_t replay_offset_ns(struct gmt_source *source)
{
	return gmt_replay_of(source)->head.offset_ns;
}

void gmt_replay_cgroup(void *replay, uint64_t id, const char *path)
{
	gmt_cgroups_tell(((struct gmt_replay *)replay)->cgroups, id, path);
}

/* By its path: this host has other cgroups, and the recording tells those of its tasks only. */
static int replay_cgroup_find(struct gmt_source *source, const char *path, uint64_t *id,
			      uint32_t *level, struct gmt_error *error)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	static const char mount[] = "/sys/fs/cgroup";
	char *wanted = NULL;
	size_t length;

	if (!strncmp(path, mount, strlen(mount)))
		path += strlen(mount);
	if (asprintf(&wanted, "/%s", path + strspn(path, "/")) < 0)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	length = strlen(wanted);
	while (length > 1 && wanted[length - 1] == '/')
		wanted[--length] = '\0';
	free(replay->filter_cgroup);
	replay->filter_cgroup = wanted;
	*id = FILTERED_CGROUP;
	*level = 0;
	return 0;
}

static const char *replay_cgroup_path(struct gmt_source *source, uint64_t cgroup_id)
{
	return gmt_cgroups_path(gmt_replay_of(source)->cgroups, cgroup_id);
}

static bool replay_creator_alive(struct gmt_source *source, const struct gmt_rec_gmem *rec)
{
	struct gmt_replay *replay = gmt_replay_of(source);
	const struct gmt_line_list *list;
	const uint64_t *ids;

	if (gmt_replay_held(replay, GMT_LINE_CREATORS, &list))
		return true;
	ids = list->list;
	for (size_t i = 0; i < list->count; i++)
		if (ids[i] == rec->id)
			return false;
	return true;
}

static void replay_close(struct gmt_source *source)
{
	struct gmt_replay *replay = gmt_replay_of(source);

	gmt_replay_events_exit(replay);
	gmt_replay_state_exit(replay);
	gmt_recording_close(replay->recording);
	gmt_cgroups_free(replay->cgroups);
	free(replay->filter_cgroup);
	free(replay);
}

static const struct gmt_source_ops replay_ops = {
	.name = "replay",
	.snapshot = replay_snapshot,
	.find = replay_find,
	.ranges = replay_ranges,
	.bindings = replay_bindings,
	.policies = replay_policies,
	.holders = replay_holders,
	.nodes = replay_nodes,
	.latency_start = gmt_replay_latency_start,
	.latency_read = gmt_replay_latency_read,
	.latency_stop = gmt_replay_latency_stop,
	.now_ns = replay_now_ns,
	.offset_ns = replay_offset_ns,
	.cgroup_find = replay_cgroup_find,
	.cgroup_path = replay_cgroup_path,
	.creator_alive = replay_creator_alive,
	.trace_start = gmt_replay_trace_start,
	.trace_poll = gmt_replay_trace_poll,
	.trace_detach = gmt_replay_trace_detach,
	.trace_losses = gmt_replay_trace_losses,
	.requests_start = gmt_replay_requests_start,
	.requests_poll = gmt_replay_requests_poll,
	.requests_detach = gmt_replay_requests_detach,
	.requests_account = gmt_replay_requests_account,
	.close = replay_close,
};

static int go_to_beginning(struct gmt_replay *replay, const char *at, struct gmt_error *error)
{
	const struct gmt_recording *recording = replay->recording;
	uint64_t at_ns = recording->frames[0].first_ns;
	int err = gmt_replay_seek(replay, at_ns);

	/* A time of day is one of the first day; what the wall clock was, the first frame tells. */
	if (!err && at) {
		if (gmt_replay_time(at, at_ns, recording->last_ns, replay->head.offset_ns, &at_ns))
			return gmt_fail(error, GMT_EXIT_USAGE, -EINVAL,
					"--at '%.60s': a time is wanted, as 14:03:20 or "
					"2026-11-23T14:03:20Z (UTC), +90s from the beginning, -5m "
					"from the end, start or end",
					at);
		err = gmt_replay_seek(replay, at_ns);
	}
	if (err)
		*error = replay->error;
	return err;
}

int gmt_replay_open(struct gmt_source **source, struct gmt_error *error)
{
	const struct gmt_source_choice *choice = &gmt_source_choice;
	struct gmt_replay *replay = calloc(1, sizeof(*replay));
	int err;

	if (replay)
		replay->cgroups = gmt_cgroups_new_apart();
	if (!replay || !replay->cgroups) {
		free(replay);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	replay->source.ops = &replay_ops;
	replay->source.player = &gmt_replay_player;
	err = gmt_recording_open(&replay->recording, choice->recording, error);
	if (!err)
		err = go_to_beginning(replay, choice->at, error);
	if (err) {
		replay_close(&replay->source);
		return err;
	}
	/* Time passes from here on. */
	gmt_replay_player.set_speed(&replay->source, choice->speed);
	if (replay->recording->note[0])
		fprintf(stderr, "gmemtop: %s: %s; it is replayed up to there\n", choice->recording,
			replay->recording->note);
	*source = &replay->source;
	return 0;
}
