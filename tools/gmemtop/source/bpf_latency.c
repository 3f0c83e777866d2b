// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times aggregated in the kernel for the bpf source: attached from start to stop, and each CPU's
 * histograms added up at every read.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "times.skel.h"
#include "model/hist.h"
#include "source/bpf_source.h"

int gmt_bpf_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct gmt_times *times;
	int err, cpus;

	if (bpf->times)
		return 0;
	times = gmt_times__open();
	if (!times)
		return gmt_bpf_load_failed(error, "latency", -errno);
	times->rodata->gmem_id = id;
	err = gmt_times__load(times);
	if (err) {
		gmt_bpf_load_failed(error, "latency", err);
		goto err_destroy;
	}
	cpus = libbpf_num_possible_cpus();
	bpf->latency_cpus = cpus < 0 ? NULL : calloc(cpus, sizeof(*bpf->latency_cpus));
	if (!bpf->latency_cpus) {
		err = gmt_fail(error, GMT_EXIT_FAILURE, cpus < 0 ? cpus : -ENOMEM,
			       "no room for the CPUs' histograms");
		goto err_destroy;
	}
	err = gmt_times__attach(times);
	if (err) {
		gmt_fail(error, GMT_EXIT_FAILURE, err,
			 "the tracepoints of gmem cannot be attached to: %s", strerror(-err));
		goto err_free;
	}
	bpf->times = times;
	return 0;

err_free:
	free(bpf->latency_cpus);
	bpf->latency_cpus = NULL;
err_destroy:
	gmt_times__destroy(times);
	return err;
}

/* How often a program was not run because it was running on that CPU already. */
static int add_missed(const struct bpf_program *program, uint64_t *missed)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	int err = bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size);

	if (!err)
		*missed += info.recursion_misses;
	return err;
}

int gmt_bpf_latency_read(struct gmt_source *source, struct gmt_hist *hists, uint64_t *missed,
			 struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	int cpus = libbpf_num_possible_cpus(), err = 0;

	if (!bpf->times)
		return gmt_fail(error, GMT_EXIT_FAILURE, -EINVAL, "times are not aggregated");
	memset(hists, 0, GMT_LATENCY_MAX * sizeof(*hists));
	*missed = 0;
	for (uint32_t i = 0; !err && i < GMT_LATENCY_MAX; i++) {
		err = bpf_map__lookup_elem(bpf->times->maps.hists, &i, sizeof(i), bpf->latency_cpus,
					   cpus * sizeof(*bpf->latency_cpus), 0);
		for (int cpu = 0; !err && cpu < cpus; cpu++)
			gmt_hist_add(&hists[i], &bpf->latency_cpus[cpu]);
	}
	if (!err)
		err = add_missed(bpf->times->progs.latency_fault, missed);
	if (!err)
		err = add_missed(bpf->times->progs.latency_convert, missed);
	if (err)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "the histograms cannot be read: %s",
			 strerror(-err));
	return err;
}

int gmt_bpf_latency_stop(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;

	gmt_times__destroy(bpf->times);
	bpf->times = NULL;
	free(bpf->latency_cpus);
	bpf->latency_cpus = NULL;
	return 0;
}
