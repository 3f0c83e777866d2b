// SPDX-License-Identifier: GPL-2.0-only
/*
 * gmemtop policy try --replay: what a file's policies would have refused of a recording. It is read
 * twice: for the names that the file speaks of, then for what the policies say to each request.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_policy.h"
#include "model/recorded.h"
#include "model/refusals.h"
#include "source/policy_judge.h"
#include "source/policy_object.h"
#include "view/policy.h"

/**
 * struct replay - One run
 * @policies: one entry a policy of the file
 */
struct replay {
	const char *file;
	const char *recording;
	struct gmt_source *source;
	struct gmt_recorded *recorded;
	struct gmt_policy_specs specs;
	struct gmt_judges *judges;
	struct gmt_trial_policy *policies;
	struct gmt_refusals refusals;
	uint64_t requests;
	struct gmt_error *error;
};

static int out_of_memory(struct gmt_error *error)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
}

static int count_request(void *ctx, const struct gmt_rec_request *request)
{
	struct replay *replay = ctx;
	struct gmt_source *source = replay->source;
	int err;

	replay->requests++;
	err = gmt_recorded_add(replay->recorded, request,
			       source->ops->cgroup_path(source, request->cgroup_id),
			       source->ops->cgroup_path(source, request->creator_cgroup_id));
	return err ? out_of_memory(replay->error) : 0;
}

static int add_gmem(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct replay *replay = ctx;

	return gmt_recorded_has(replay->recorded, rec->id) ?
		       0 :
		       gmt_recorded_add_gmem(replay->recorded, rec->id, rec->name);
}

/* Once through all requests, from the beginning. */
static int pass(struct replay *replay, gmt_request_fn fn, struct gmt_error *error)
{
	struct gmt_source *source = replay->source;
	uint64_t first_ns, last_ns, before;
	int err;

	source->player->span(source, &first_ns, &last_ns);
	err = source->player->seek(source, first_ns, error);
	if (!err)
		err = gmt_source_requests_start(source, 0, error);
	replay->requests = 0;
	do {
		before = replay->requests;
		if (!err)
			err = source->ops->requests_poll(source, 0, fn, replay, error);
	} while (!err && replay->requests > before);
	return err;
}

/* The gmems of its beginning and its end, too: nobody may have asked about them. */
static int learn(struct replay *replay, struct gmt_error *error)
{
	struct gmt_source *source = replay->source;
	uint64_t first_ns, last_ns;
	int err;

	replay->recorded = gmt_recorded_new();
	if (!replay->recorded)
		return out_of_memory(error);
	err = pass(replay, count_request, error);
	source->player->span(source, &first_ns, &last_ns);
	if (!err)
		err = source->ops->snapshot(source, add_gmem, replay, error);
	if (!err)
		err = source->player->seek(source, last_ns, error);
	if (!err)
		err = source->ops->snapshot(source, add_gmem, replay, error);
	return err == -ENOMEM ? out_of_memory(error) : err;
}

static int find_cgroup(void *ctx, const char *path, uint64_t *id, struct gmt_error *error)
{
	struct replay *replay = ctx;
	bool again;

	*id = gmt_recorded_cgroup(replay->recorded, path, &again);
	/* It may have been there, and idle. */
	if (*id == GMT_CGROUP_NOWHERE)
		fprintf(stderr,
			"gmemtop: %s: nothing was asked for by a cgroup %s, nor by one below it\n",
			replay->recording, path);
	else if (again)
		fprintf(stderr,
			"gmemtop: %s: cgroup %s was removed and made again; the policy is for the "
			"first one\n",
			replay->recording, path);
	return 0;
}

static int find_gmem(void *ctx, const char *name, uint64_t *id, struct gmt_error *error)
{
	struct replay *replay = ctx;
	size_t found;

	if (!name && gmt_recorded_has(replay->recorded, *id))
		return 0;
	if (!name)
		return gmt_fail(error, GMT_EXIT_NO_SUCH, -ENOENT,
				"there is no gmem with id %llu in the recording",
				(unsigned long long)*id);
	found = gmt_recorded_gmem(replay->recorded, name, id);
	if (found == 1)
		return 0;
	return gmt_fail(error, GMT_EXIT_POLICY, -ENOENT,
			"%zu gmems of the recording have the name %.60s: exactly one is wanted",
			found, name);
}

/* enum covered - Would the kernel have asked a policy about it? */
enum covered { NOT_COVERED, COVERED, NOBODY_KNOWS };

static enum covered cgroup_covers(const struct replay *replay, const struct gmt_policy_spec *spec,
				  const struct gmt_rec_request *request)
{
	const char *scope = spec->scope_text + strlen("cgroup:");
	const char *path =
		replay->source->ops->cgroup_path(replay->source, request->creator_cgroup_id);

	if (request->creator_cgroup_id == spec->scope_id)
		return COVERED;
	if (path[0] != '/')
		return NOBODY_KNOWS;
	/* The same path, and yet another id: it was made anew. */
	return gmt_path_below(path, scope) == GMT_PATH_BELOW ? COVERED : NOT_COVERED;
}

static enum covered covers(const struct replay *replay, const struct gmt_policy_spec *spec,
			   const struct gmt_rec_request *request)
{
	switch (spec->scope) {
	case GMEM_SCOPE_ALL:
		return COVERED;
	case GMEM_SCOPE_GMEM:
		return request->id == spec->scope_id ? COVERED : NOT_COVERED;
	default:
		return cgroup_covers(replay, spec, request);
	}
}

static void add_refusal(struct replay *replay, size_t policy, const struct gmt_rec_request *request,
			int err)
{
	struct gmt_rec_event event = {
		.event = GMT_EVENT_POLICY,
		.time_ns = request->time_ns,
		.id = request->id,
		.cgroup_id = request->cgroup_id,
		.pid = request->pid,
		.tid = request->tid,
		.uid = request->uid,
		.offset_bytes = request->offset_bytes,
		.size_bytes = request->size_bytes,
		.policy.hook = request->hook,
		.policy.err = err,
	};
	struct gmt_source *source = replay->source;
	struct gmt_refusal *refusal;

	memcpy(event.comm, request->comm, sizeof(event.comm));
	refusal = gmt_refusals_add(&replay->refusals, policy, &event);
	if (!refusal)
		return;
	refusal->cgroup = source->ops->cgroup_path(source, request->cgroup_id);
	memcpy(refusal->gmem_name, request->name, sizeof(request->name));
}

static int ask(struct replay *replay, size_t policy, const struct gmt_rec_request *request)
{
	const struct gmt_policy_spec *spec = &replay->specs.list[policy];
	const enum covered covered = covers(replay, spec, request);
	struct gmt_trial_policy *counts = &replay->policies[policy];
	enum gmt_verdict verdict;
	int err, refusal;

	if (covered == NOT_COVERED)
		return 0;
	if (covered == NOBODY_KNOWS) {
		if (request->hook < GMEM_NR_HOOKS && gmt_policy_needs(spec, request->hook))
			counts->undecided++;
		return 0;
	}
	err = gmt_judge(replay->judges, policy, request, &verdict, &refusal, replay->error);
	if (err)
		return err;
	counts->calls += verdict != GMT_VERDICT_NOT_ASKED;
	counts->undecided += verdict == GMT_VERDICT_UNSURE;
	if (verdict == GMT_VERDICT_REFUSED) {
		counts->refusals++;
		add_refusal(replay, policy, request, refusal);
	}
	return 0;
}

/* Of policies that only watch, each is asked, whatever the others say. */
static int ask_all(void *ctx, const struct gmt_rec_request *request)
{
	struct replay *replay = ctx;
	int err = 0;

	replay->requests++;
	for (size_t i = 0; !err && i < replay->specs.count; i++)
		err = ask(replay, i, request);
	return err;
}

/* Names of users and groups, and what is at an executable's path, are this host's. */
static void warn_elsewhere(const struct replay *replay)
{
	const uint32_t here = GMT_ALLOW_UID | GMT_ALLOW_GID | GMT_ALLOW_EXE;
	uint32_t match = 0;

	for (size_t i = 0; i < replay->specs.count; i++) {
		const struct gmt_policy_spec *spec = &replay->specs.list[i];

		for (uint32_t j = 0; spec->kind == GMT_POLICY_ALLOW && j < spec->params.allow.count;
		     j++)
			match |= spec->params.allow.rules[j].match;
	}
	if (match & here)
		fprintf(stderr,
			"gmemtop: %s was recorded on another host, or before the last boot of this one; "
			"users, groups and executables of the rules are this host's of now\n",
			replay->recording);
}

/* What the recording lacks is not taken for having been allowed. */
static int judge_whole(const struct gmt_trial_report *report, struct gmt_error *error)
{
	const uint64_t undecided = gmt_trial_undecided(report);

	if (!report->lost && !undecided && !report->silent_frames && !report->broken)
		return 0;
	return gmt_fail(
		error, GMT_EXIT_LOST, -EIO,
		"%.200s does not tell all: requests lost %llu, undecided %llu, frames without "
		"requests %llu%s; there may have been more refusals",
		report->recording, (unsigned long long)report->lost, (unsigned long long)undecided,
		(unsigned long long)report->silent_frames,
		report->broken ? "; a part of it cannot be read" : "");
}

static int report(struct replay *replay, bool json, struct gmt_error *error)
{
	struct gmt_trial_report report = {
		.file = replay->file,
		.recording = replay->recording,
		.policies = replay->policies,
		.policy_count = replay->specs.count,
		.refusals = &replay->refusals,
		.requests = replay->requests,
		.offset_ns = gmt_source_offset_ns(replay->source),
	};
	struct gmt_request_account account;
	uint64_t first_ns, last_ns;
	int err;

	err = replay->source->ops->requests_account(replay->source, &account, error);
	if (err)
		return err;
	replay->source->player->span(replay->source, &first_ns, &last_ns);
	report.seconds = (double)(last_ns - first_ns) / 1e9;
	report.lost = account.lost;
	report.silent_frames = account.silent_frames;
	report.broken = account.broken;
	report.elsewhere = account.elsewhere;
	if (account.elsewhere)
		warn_elsewhere(replay);
	gmt_refusals_sort(&replay->refusals);
	if (!json)
		gmt_text_trial(stdout, &report);
	else if (gmt_json_trial(stdout, &report))
		return out_of_memory(error);
	return judge_whole(&report, error);
}

static int load_file(struct replay *replay, struct gmt_error *error)
{
	const struct gmt_policy_env env = {
		.ctx = replay,
		.defaults = gmt_policy_defaults,
		.cgroup = find_cgroup,
		.gmem = find_gmem,
	};
	int err = gmt_policy_file_load(replay->file, &env, &replay->specs, error);

	if (err)
		return err;
	replay->policies = calloc(replay->specs.count, sizeof(*replay->policies));
	if (!replay->policies || gmt_refusals_init(&replay->refusals))
		return out_of_memory(error);
	for (size_t i = 0; i < replay->specs.count; i++) {
		const struct gmt_policy_spec *spec = &replay->specs.list[i];

		replay->policies[i].name = spec->name;
		replay->policies[i].known = 1;
		/* Cut, it would be another one's. */
		if (spec->scope == GMEM_SCOPE_CGROUP &&
		    strlen(spec->scope_text) == sizeof(spec->scope_text) - 1)
			return gmt_fail(
				error, GMT_EXIT_POLICY, -ENAMETOOLONG,
				"policy %s: the path of its scope is too long for a trial on "
				"a recording",
				spec->name);
	}
	return 0;
}

int gmt_policy_replay(const char *file, const char *recording, bool json, struct gmt_error *error)
{
	struct replay replay = { .file = file, .recording = recording, .error = error };
	int err;

	gmt_source_choice.recording = recording;
	gmt_source_choice.at = NULL;
	gmt_source_choice.speed = INFINITY;
	err = gmt_source_open(&replay.source, error);
	if (err)
		return err;
	err = learn(&replay, error);
	if (!err)
		err = load_file(&replay, error);
	if (!err)
		err = gmt_judges_open(&replay.judges, &replay.specs, error);
	if (!err)
		err = pass(&replay, ask_all, error);
	if (!err)
		err = report(&replay, json, error);
	gmt_judges_close(replay.judges);
	gmt_refusals_exit(&replay.refusals);
	free(replay.policies);
	gmt_policy_specs_free(&replay.specs);
	gmt_recorded_free(replay.recorded);
	replay.source->ops->close(replay.source);
	return err;
}
