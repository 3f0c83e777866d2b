// SPDX-License-Identifier: GPL-2.0-only
/* One scrape of gmemtop export. A part that cannot be told leaves its families out, and says so. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "source/self.h"
#include "view/format.h"

static int put_gmem(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct gmt_export *export = ctx;
	const char *cgroup = "";

	if (rec->known & GMT_KNOWN_CGROUP)
		cgroup = export->source->ops->cgroup_path(export->source, rec->creator_cgroup_id);
	if (rec->known & GMT_KNOWN_BINDINGS)
		export->counted_bindings += rec->bindings;
	else
		export->counted_bindings++;
	return gmt_accounts_put(&export->accounts, rec, cgroup);
}

static int put_binding(void *ctx, const struct gmt_rec_binding *rec)
{
	gmt_accounts_put_binding(ctx, rec);
	return 0;
}

static int put_node(void *ctx, const struct gmt_rec_node *rec)
{
	return gmt_accounts_put_node(ctx, rec);
}

static int put_policy(void *ctx, const struct gmt_rec_policy *rec)
{
	return gmt_policy_accounts_put(ctx, rec);
}

static int read_gmems(struct gmt_export *export, struct gmt_error *error)
{
	export->counted_bindings = 0;
	gmt_accounts_begin(&export->accounts, gmt_source_now_ns(export->source));
	return export->source->ops->snapshot(export->source, put_gmem, export, error);
}

static int read_bindings(struct gmt_export *export, struct gmt_error *error)
{
	/* Nothing is bound, so nothing is asked; but once, to have the program loaded. */
	if (!export->counted_bindings && export->self.scrapes)
		return 0;
	export->accounts.cursor = 0;
	return gmt_source_bindings(export->source, 0, UINT64_MAX, put_binding, &export->accounts,
				   error);
}

static int read_nodes(struct gmt_export *export, struct gmt_error *error)
{
	return gmt_source_nodes(export->source, 0, UINT64_MAX, put_node, &export->accounts, error);
}

static int read_policies(struct gmt_export *export, struct gmt_error *error)
{
	int err;

	gmt_policy_accounts_begin(&export->policies, gmt_source_now_ns(export->source));
	err = gmt_source_policies(export->source, put_policy, &export->policies, error);
	if (!err)
		gmt_policy_accounts_end(&export->policies);
	return err;
}

static int read_latency(struct gmt_export *export, struct gmt_error *error)
{
	if (!export->latency_ns)
		return -EOPNOTSUPP;
	return export->source->ops->latency_read(export->source, export->hists, &export->self.lost,
						 error);
}

static int (*const readers[GMT_PART_MAX])(struct gmt_export *export, struct gmt_error *error) = {
	[GMT_PART_GMEMS] = read_gmems,	   [GMT_PART_BINDINGS] = read_bindings,
	[GMT_PART_NODES] = read_nodes,	   [GMT_PART_POLICIES] = read_policies,
	[GMT_PART_LATENCY] = read_latency,
};

/* Told once, and again when it has worked meanwhile. */
static void complain(struct gmt_export *export, int err)
{
	if (err == -ENOMEM)
		gmt_fail(&export->error, GMT_EXIT_FAILURE, err, "out of memory");
	if (!strcmp(export->told, export->error.text))
		return;
	memcpy(export->told, export->error.text, sizeof(export->told));
	if (export->server)
		fprintf(stderr, "gmemtop: a scrape is not whole: %s\n", export->error.text);
}

static void read_parts(struct gmt_export *export)
{
	struct gmt_self *self = &export->self;
	bool failed = false;

	for (enum gmt_part part = 0; part < GMT_PART_MAX; part++) {
		uint64_t begin_ns = gmt_boottime_ns();
		int err = readers[part](export, &export->error);

		/* What this source never tells is no failure: it is unknown. */
		self->parts[part].asked = err != -EOPNOTSUPP;
		self->parts[part].told = !err;
		self->parts[part].ns = gmt_boottime_ns() - begin_ns;
		if (!err || err == -EOPNOTSUPP)
			continue;
		failed = true;
		complain(export, err);
		/* Of gmems that are not known there is nothing more to be known. */
		if (part == GMT_PART_GMEMS)
			break;
	}
	if (!failed)
		export->told[0] = '\0';
	if (self->parts[GMT_PART_GMEMS].told)
		gmt_accounts_end(&export->accounts, self->parts[GMT_PART_BINDINGS].told);
}

int gmt_export_page(struct gmt_export *export, bool openmetrics, struct gmt_page *page)
{
	struct gmt_self *self = &export->self;
	uint64_t begin_ns = gmt_boottime_ns();
	struct gmt_metric_writer writer = {
		.page = page,
		.openmetrics = openmetrics,
		.created = export->options.created,
		.offset_ns = gmt_source_offset_ns(export->source),
	};
	struct gmt_metrics metrics = { .per_gmem = export->options.per_gmem, .self = self };

	memset(self->parts, 0, sizeof(self->parts));
	read_parts(export);
	gmt_self_read(self);
	self->serves = export->server;
	if (export->server)
		gmt_server_tell(export->server, self);
	if (self->parts[GMT_PART_GMEMS].told)
		metrics.accounts = &export->accounts;
	if (self->parts[GMT_PART_POLICIES].told)
		metrics.policies = &export->policies;
	if (self->parts[GMT_PART_LATENCY].told)
		metrics.hists = export->hists;
	metrics.hists_ns = export->latency_ns;
	gmt_openmetrics_write(&writer, &metrics);
	self->scrapes++;
	self->scrape_ns += gmt_boottime_ns() - begin_ns;
	return page->failed ? -ENOMEM : 0;
}

int gmt_export_attach(struct gmt_export *export, struct gmt_error *error)
{
	struct gmt_page page = { 0 };
	int err;

	if (export->options.latency) {
		err = gmt_source_latency_start(export->source, 0, error);
		if (err)
			return err;
		export->latency_ns = gmt_source_now_ns(export->source);
	}
	err = gmt_export_page(export, true, &page);
	gmt_page_exit(&page);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	if (!export->self.parts[GMT_PART_GMEMS].told) {
		*error = export->error;
		return -EIO;
	}
	/* It is not one that anybody asked for; but it is not the first any more. */
	export->self.scrape_ns = 0;
	return 0;
}

int gmt_export_open(struct gmt_export **export, const struct gmt_export_options *options,
		    struct gmt_error *error)
{
	struct gmt_account_options accounts = {
		.per_gmem = options->per_gmem,
		.series_each = gmt_openmetrics_account_series(options->per_gmem, options->created),
		.series_max = options->series_max -
			      gmt_openmetrics_fixed_series(options->latency, options->created),
		.keep_ns = options->keep_ns,
		.clean = gmt_page_clean,
	};
	struct gmt_export *new = calloc(1, sizeof(*new));
	int err;

	if (!new || gmt_accounts_init(&new->accounts, &accounts)) {
		free(new);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	new->options = *options;
	new->policies.clean = gmt_page_clean;
	err = gmt_source_open(&new->source, error);
	if (err) {
		gmt_export_close(new);
		return err;
	}
	new->self.version = GMT_VERSION;
	new->self.source = new->source->ops->name;
	new->self.series_max = options->series_max;
	new->self.started_ns = gmt_source_now_ns(new->source);
	*export = new;
	return 0;
}

void gmt_export_close(struct gmt_export *export)
{
	if (export->source)
		export->source->ops->close(export->source);
	gmt_accounts_exit(&export->accounts);
	gmt_policy_accounts_exit(&export->policies);
	free(export);
}
