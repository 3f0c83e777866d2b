/* SPDX-License-Identifier: GPL-2.0-only */
/* One scrape: the source read into the accounts, and the page written from them. For cmd_export.c. */
#ifndef GMT_EXPORT_H
#define GMT_EXPORT_H

#include "error.h"
#include "http/server.h"
#include "source/source.h"
#include "view/openmetrics.h"

/**
 * struct gmt_export_options - What is told
 * @keep_ns: how long an account stays that has no gmem any more
 */
struct gmt_export_options {
	bool per_gmem;
	bool latency;
	bool created;
	size_t series_max;
	uint64_t keep_ns;
};

/**
 * struct gmt_export - The exporter, but for its server
 * @server: NULL while it does not serve; not owned
 * @error: why the last part that could not be told could not; told once each time that changes
 * @latency_ns: since when @hists aggregate
 */
struct gmt_export {
	struct gmt_export_options options;
	struct gmt_source *source;
	struct gmt_server *server;
	struct gmt_accounts accounts;
	struct gmt_policy_accounts policies;
	struct gmt_hist hists[GMT_LATENCY_MAX];
	uint64_t latency_ns;
	uint64_t counted_bindings;
	struct gmt_self self;
	struct gmt_error error;
	char told[sizeof(((struct gmt_error *)NULL)->text)];
};

/* gmt_export_open() - Open the source. Return: 0 or -errno with @error filled in */
int gmt_export_open(struct gmt_export **export, const struct gmt_export_options *options,
		    struct gmt_error *error);

/**
 * gmt_export_attach() - Do all that needs a privilege
 *
 * Loads what scrapes run, by one whose page nobody sees, and attaches what aggregates times.
 *
 * Return: 0 or -errno with @error filled in
 */
int gmt_export_attach(struct gmt_export *export, struct gmt_error *error);

/* gmt_export_page() - One scrape. Return: 0, or -ENOMEM and the page is not to be used */
int gmt_export_page(struct gmt_export *export, bool openmetrics, struct gmt_page *page);

void gmt_export_close(struct gmt_export *export);

#endif /* GMT_EXPORT_H */
