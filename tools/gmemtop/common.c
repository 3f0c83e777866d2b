// SPDX-License-Identifier: GPL-2.0-only
/* What the verbs share: reading numbers, refreshing the model, flushing the output. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "view/format.h"

uint64_t gmt_parse_number(struct argp_state *state, const char *text, const char *what,
			  uint64_t max)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || number > max)
		argp_error(state, "%s: '%s' is no number from 0 to %llu", what, text,
			   (unsigned long long)max);
	return number;
}

double gmt_parse_seconds(struct argp_state *state, const char *text, double min, double max)
{
	char *end;
	double seconds = strtod(text, &end);

	/* Written so that NaN is refused too. */
	if (end == text || *end || !(seconds >= min && seconds <= max))
		argp_error(state, "'%s' is no number of seconds from %g to %g", text, min, max);
	return seconds;
}

struct refresh {
	struct gmt_source *source;
	struct gmt_table *table;
};

static int put_row(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct refresh *refresh = ctx;
	struct gmt_row *row = gmt_table_put(refresh->table, rec, taken_ns);

	if (!row)
		return -ENOMEM;
	if (!row->cgroup[0])
		row->cgroup =
			refresh->source->ops->cgroup_path(refresh->source, rec->creator_cgroup_id);
	return 0;
}

static int put_binding(void *ctx, const struct gmt_rec_binding *rec)
{
	return gmt_table_put_binding(ctx, rec);
}

/* Where nobody can tell the bindings, the rows say so. */
static int refresh_bindings(struct gmt_source *source, struct gmt_table *table,
			    struct gmt_error *error)
{
	int err = 0;

	/* Most hosts of most moments: nothing is bound, so nothing is asked. */
	if (gmt_table_bound(table))
		err = gmt_source_bindings(source, 0, UINT64_MAX, put_binding, table, error);
	if (err == -EOPNOTSUPP)
		return 0;
	if (!err)
		gmt_table_bindings_end(table);
	return err;
}

int gmt_refresh(struct gmt_source *source, struct gmt_table *table, struct gmt_error *error)
{
	struct refresh refresh = { source, table };
	int err;

	gmt_table_begin(table, gmt_source_now_ns(source));
	table->offset_ns = gmt_source_offset_ns(source);
	err = source->ops->snapshot(source, put_row, &refresh, error);
	if (!err)
		err = refresh_bindings(source, table, error);
	if (err == -ENOMEM)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	if (err)
		return err;
	gmt_table_end(table);
	return 0;
}

int gmt_pass_time(struct gmt_source *source, const struct timespec *until, struct gmt_error *error)
{
	if (source->player && isinf(source->player->speed(source)))
		return source->player->step(source, 1, error);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, until, NULL) == EINTR)
		;
	return 0;
}

int gmt_flush(struct gmt_error *error)
{
	int err;

	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	err = errno ? -errno : -EIO;
	return gmt_fail(error, GMT_EXIT_FAILURE, err, "standard output cannot be written: %s",
			strerror(-err));
}
