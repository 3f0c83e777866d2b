// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source bpf: gmem.ko on this host, read by programs run on demand over the module's
 * iterators. Programs are loaded when first used. Opened by every command but doctor.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/gmem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gmem_records.h" /* the skeletons speak of its types */

#include "places.skel.h"
#include "policies.skel.h"
#include "source/bpf_source.h"
#include "source/probe.h"

static struct gmt_bpf *bpf_source(struct gmt_source *source)
{
	return (struct gmt_bpf *)source; /* embedded first */
}

int gmt_bpf_load_failed(struct gmt_error *error, const char *what, int err)
{
	if (err == -EPERM)
		return gmt_fail(
			error, GMT_EXIT_PRIVILEGE, err,
			"the kernel refused gmemtop's %s program (%s): run as root; `gmemtop "
			"doctor` tells more, and with -v the verifier's words",
			what, strerror(-err));
	return gmt_fail(
		error, GMT_EXIT_FAILURE, err,
		"gmemtop's %s program cannot be loaded (%s): `gmemtop doctor` tells what is "
		"missing, and with -v libbpf's words",
		what, strerror(-err));
}

int gmt_bpf_run(int program, const char *what, struct gmt_error *error)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(program, &opts);

	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the %s program cannot be run: %s",
				what, strerror(-err));
	err = (int)opts.retval;
	if (err && err != -ENOENT && err != -EOPNOTSUPP)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"gmem.ko refused to be iterated over: %s", strerror(-err));
	return err;
}

static int load_snapshot(struct gmt_bpf *bpf, struct gmt_error *error)
{
	int err = bpf->scan.bss ? 0 : gmt_scan_load(&bpf->scan);

	return err ? gmt_bpf_load_failed(error, "snapshot", err) : 0;
}

static int bpf_snapshot(struct gmt_source *source, gmt_gmem_fn fn, void *ctx,
			struct gmt_error *error)
{
	struct gmt_bpf *bpf = bpf_source(source);
	struct gmt_snapshot__bss *bss;
	uint64_t from_id = 0;
	uint32_t count;
	int err;

	err = load_snapshot(bpf, error);
	if (err)
		return err;
	bss = bpf->scan.bss;
	do {
		bss->from_id = from_id;
		bss->wanted = GMT_SNAPSHOT_BATCH;
		err = gmt_bpf_run(bpf->scan.sys_snapshot, "snapshot", error);
		if (err)
			return err;
		count = bss->count;
		for (uint32_t i = 0; i < count; i++) {
			err = fn(ctx, &bss->rows[i], bss->taken_ns);
			if (err)
				return err;
			from_id = bss->rows[i].id + 1;
		}
	} while (count == GMT_SNAPSHOT_BATCH);
	return 0;
}

static int bpf_find(struct gmt_source *source, uint64_t id, struct gmt_rec_gmem *rec,
		    struct gmt_error *error)
{
	struct gmt_bpf *bpf = bpf_source(source);
	struct gmt_snapshot__bss *bss;
	int err;

	err = load_snapshot(bpf, error);
	if (err)
		return err;
	bss = bpf->scan.bss;
	bss->from_id = id;
	bss->wanted = 1;
	err = gmt_bpf_run(bpf->scan.sys_snapshot, "snapshot", error);
	if (err)
		return err;
	if (bss->count != 1 || bss->rows[0].id != id)
		return gmt_source_no_such(id, error);
	*rec = bss->rows[0];
	return 0;
}

static int bpf_bindings(struct gmt_source *source, uint64_t first, uint64_t last, gmt_binding_fn fn,
			void *ctx, struct gmt_error *error)
{
	struct gmt_bpf *bpf = bpf_source(source);
	struct gmt_snapshot__bss *bss;
	uint64_t from = 0;
	uint32_t count;
	int err;

	err = load_snapshot(bpf, error);
	if (err)
		return err;
	if (bpf->scan.sys_bindings < 0)
		return gmt_bpf_load_failed(error, "bindings", -EOPNOTSUPP);
	bss = bpf->scan.bss;
	do {
		bss->from_id = first;
		bss->from_offset_bytes = from;
		bss->last_id = last;
		err = gmt_bpf_run(bpf->scan.sys_bindings, "bindings", error);
		if (err == -EOPNOTSUPP)
			return gmt_fail(error, GMT_EXIT_MODULE, err,
					"this gmem.ko does not tell its bindings");
		if (err)
			return err;
		count = bss->count;
		for (uint32_t i = 0; i < count; i++) {
			err = fn(ctx, &bss->bindings[i]);
			if (err)
				return err;
			/* No two bindings of a gmem overlap. */
			first = bss->bindings[i].id;
			from = bss->bindings[i].offset_bytes + bss->bindings[i].size_bytes;
		}
	} while (count == GMT_BINDINGS_BATCH);
	return 0;
}

static int load_policies(struct gmt_bpf *bpf, struct gmt_error *error)
{
	if (bpf->policies)
		return 0;
	bpf->policies = gmt_policies__open_and_load();
	return bpf->policies ? 0 : gmt_bpf_load_failed(error, "policies", -errno);
}

static int bpf_policies(struct gmt_source *source, gmt_policy_fn fn, void *ctx,
			struct gmt_error *error)
{
	struct gmt_bpf *bpf = bpf_source(source);
	struct gmt_policies__bss *bss;
	uint64_t from_id = 0;
	int err;

	err = load_policies(bpf, error);
	if (err)
		return err;
	bss = bpf->policies->bss;
	do {
		bss->from_id = from_id;
		err = gmt_bpf_run(bpf_program__fd(bpf->policies->progs.sys_policies), "policies",
				  error);
		if (err == -EOPNOTSUPP)
			return gmt_fail(error, GMT_EXIT_MODULE, err,
					"this gmem.ko knows no policies: install it from the same "
					"version as gmemtop");
		if (err)
			return err;
		for (uint32_t i = 0; i < bss->count; i++) {
			err = fn(ctx, &bss->policies[i]);
			if (err)
				return err;
			from_id = bss->policies[i].policy_id + 1;
		}
	} while (bss->count == GMT_POLICIES_BATCH);
	return 0;
}

static const char *bpf_cgroup_path(struct gmt_source *source, uint64_t cgroup_id)
{
	return gmt_cgroups_path(bpf_source(source)->cgroups, cgroup_id);
}

/* A pid may have been given to another process since; the start time tells them apart. */
static bool bpf_creator_alive(struct gmt_source *source, const struct gmt_rec_gmem *rec)
{
	unsigned long long start = 0;
	char path[32], line[1024];
	const char *after_comm;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/stat", rec->creator_pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	/* The command may hold anything, parentheses too: count fields from the last one. */
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	after_comm = strrchr(line, ')');
	if (!after_comm ||
	    sscanf(after_comm + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d"
		   " %llu",
		   &start) != 1)
		return false;
	return start == rec->creator_start_ns / (1000000000ULL / sysconf(_SC_CLK_TCK));
}

static void bpf_close(struct gmt_source *source)
{
	struct gmt_bpf *bpf = bpf_source(source);

	gmt_bpf_trace_close(bpf);
	gmt_bpf_requests_close(bpf);
	gmt_scan_unload(&bpf->scan);
	gmt_policies__destroy(bpf->policies);
	gmt_places__destroy(bpf->places);
	gmt_bpf_holders_close(bpf);
	gmt_bpf_latency_stop(source, NULL);
	gmt_cgroups_free(bpf->cgroups);
	free(bpf);
}

static const struct gmt_source_ops bpf_ops = {
	.name = "gmem",
	.snapshot = bpf_snapshot,
	.find = bpf_find,
	.ranges = gmt_bpf_ranges,
	.bindings = bpf_bindings,
	.policies = bpf_policies,
	.nodes = gmt_bpf_nodes,
	.holders = gmt_bpf_holders,
	.latency_start = gmt_bpf_latency_start,
	.latency_read = gmt_bpf_latency_read,
	.latency_stop = gmt_bpf_latency_stop,
	.cgroup_path = bpf_cgroup_path,
	.creator_alive = bpf_creator_alive,
	.trace_start = gmt_bpf_trace_start,
	.trace_poll = gmt_bpf_trace_poll,
	.trace_detach = gmt_bpf_trace_detach,
	.trace_losses = gmt_bpf_trace_losses,
	.requests_start = gmt_bpf_requests_start,
	.requests_poll = gmt_bpf_requests_poll,
	.requests_detach = gmt_bpf_requests_detach,
	.requests_account = gmt_bpf_requests_account,
	.close = bpf_close,
};

int gmt_bpf_open(struct gmt_source **source, struct gmt_error *error)
{
	struct gmt_bpf *bpf;
	int err;

	err = gmt_probe_source("gmem", error);
	if (err)
		return err;
	bpf = calloc(1, sizeof(*bpf));
	if (bpf)
		bpf->cgroups = gmt_cgroups_new();
	if (!bpf || !bpf->cgroups) {
		free(bpf);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	bpf->source.ops = &bpf_ops;
	*source = &bpf->source;
	return 0;
}

static int count_gmem(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	++*(unsigned int *)ctx;
	return 0;
}

static int count_policy(void *ctx, const struct gmt_rec_policy *rec)
{
	++*(unsigned int *)ctx;
	return 0;
}

static void check_result(struct gmt_check *check, const char *name, int err,
			 const struct gmt_error *error)
{
	memset(check, 0, sizeof(*check));
	check->name = name;
	if (!err)
		return;
	check->status = GMT_CHECK_MISSING;
	check->exit_code = error->exit_code;
	snprintf(check->detail, sizeof(check->detail), "%s", strerror(-err));
	snprintf(check->advice, sizeof(check->advice), "%.250s", error->text);
}

size_t gmt_probe_programs(struct gmt_check *checks)
{
	struct gmt_trace_options options = {
		.events = GMT_EVENTS_ALL,
		.buffer_bytes = 1 << 16,
		/* Nothing passes: doctor looks, it does not listen. */
		.filter.task = { .bits = GMT_FILTER_PID, .pid = 0xffffffff },
	};
	struct gmt_source *source;
	unsigned int gmems = 0, policies = 0;
	struct gmt_error error;
	int err;

	if (gmt_source_choice.name && strcmp(gmt_source_choice.name, "gmem"))
		return 0;
	err = gmt_bpf_open(&source, &error);
	if (err)
		return 0;
	err = source->ops->snapshot(source, count_gmem, &gmems, &error);
	check_result(&checks[0], "snapshots", err, &error);
	if (!err)
		snprintf(checks[0].detail, sizeof(checks[0].detail), "%u gmem%s", gmems,
			 gmems == 1 ? "" : "s");
	err = source->ops->trace_start(source, &options, &error);
	check_result(&checks[1], "tracing", err, &error);
	if (!err)
		snprintf(checks[1].detail, sizeof(checks[1].detail), "%u of %d tracepoints",
			 gmt_bpf_trace_count((struct gmt_bpf *)source), GMT_EVENT_MAX);
	err = source->ops->policies(source, count_policy, &policies, &error);
	check_result(&checks[2], "policies", err, &error);
	if (!err)
		snprintf(checks[2].detail, sizeof(checks[2].detail), "%u attached", policies);
	source->ops->close(source);
	return 3;
}
