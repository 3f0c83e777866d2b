/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model as metrics, in OpenMetrics 1.0 or Prometheus's text format. docs/metrics.md has a
 * line on each of them.
 */
#ifndef GMT_VIEW_OPENMETRICS_H
#define GMT_VIEW_OPENMETRICS_H

#include "model/account.h"
#include "model/policy_account.h"
#include "model/self.h"
#include "view/metric.h"

/**
 * struct gmt_metrics - What a page tells
 * @accounts: NULL where they could not be told this time; so is @policies
 * @per_gmem: each account is of one gmem
 * @hists: GMT_LATENCY_MAX of them, since @hists_ns; NULL without
 * @self: of the exporter
 */
struct gmt_metrics {
	const struct gmt_accounts *accounts;
	bool per_gmem;
	const struct gmt_policy_accounts *policies;
	const struct gmt_hist *hists;
	uint64_t hists_ns;
	const struct gmt_self *self;
};

/* gmt_openmetrics_write() - Write a whole page; the writer's page tells whether memory sufficed */
void gmt_openmetrics_write(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics);

/*
 * Upper bounds of the histograms told: a nanosecond less than these powers of two, so that they
 * are those of the buckets that the kernel's side counts in.
 */
#define GMT_METRIC_BOUND_FIRST 8
#define GMT_METRIC_BOUND_LAST  30
#define GMT_METRIC_BOUNDS      (GMT_METRIC_BOUND_LAST - GMT_METRIC_BOUND_FIRST + 1)

/* gmt_openmetrics_account_series() - Return: samples that one account has, at most, but for nodes */
size_t gmt_openmetrics_account_series(bool per_gmem, bool created);

/* gmt_openmetrics_fixed_series() - Return: samples that all else has, at most */
size_t gmt_openmetrics_fixed_series(bool latency, bool created);

/* Parts of the page, in this order behind the accounts. */
void gmt_openmetrics_policies(struct gmt_metric_writer *writer,
			      const struct gmt_policy_accounts *policies);
void gmt_openmetrics_times(struct gmt_metric_writer *writer, const struct gmt_hist *hists,
			   uint64_t created_ns);
void gmt_openmetrics_self(struct gmt_metric_writer *writer, const struct gmt_metrics *metrics,
			  size_t account_series);

#endif /* GMT_VIEW_OPENMETRICS_H */
