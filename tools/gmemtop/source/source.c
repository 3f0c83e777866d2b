// SPDX-License-Identifier: GPL-2.0-only
/* Operations that a source may not have, for those who call them. */
#include <errno.h>
#include <stdio.h>

#include "model/event_fields.h"
#include "source/source.h"
#include "view/format.h"

static int not_told(const struct gmt_source *source, const char *what, struct gmt_error *error)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, -EOPNOTSUPP, "the source %s cannot tell %s",
			source->ops->name, what);
}

int gmt_source_no_such(uint64_t id, struct gmt_error *error)
{
	return gmt_fail(error, GMT_EXIT_NO_SUCH, -ENOENT,
			"there is no gmem with id %llu: `gmemtop list` tells those there are",
			(unsigned long long)id);
}

int gmt_source_bindings(struct gmt_source *source, uint64_t first, uint64_t last, gmt_binding_fn fn,
			void *ctx, struct gmt_error *error)
{
	if (!source->ops->bindings)
		return not_told(source, "bindings", error);
	return source->ops->bindings(source, first, last, fn, ctx, error);
}

int gmt_source_policies(struct gmt_source *source, gmt_policy_fn fn, void *ctx,
			struct gmt_error *error)
{
	if (!source->ops->policies)
		return not_told(source, "policies", error);
	return source->ops->policies(source, fn, ctx, error);
}

int gmt_source_holders(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		       void *ctx, struct gmt_error *error)
{
	if (!source->ops->holders)
		return not_told(source, "who holds descriptors", error);
	return source->ops->holders(source, first, last, fn, ctx, error);
}

int gmt_source_nodes(struct gmt_source *source, uint64_t first, uint64_t last, gmt_node_fn fn,
		     void *ctx, struct gmt_error *error)
{
	if (!source->ops->nodes)
		return not_told(source, "NUMA nodes", error);
	return source->ops->nodes(source, first, last, fn, ctx, error);
}

int gmt_source_latency_start(struct gmt_source *source, uint64_t id, struct gmt_error *error)
{
	if (!source->ops->latency_start)
		return not_told(source, "times", error);
	return source->ops->latency_start(source, id, error);
}

int gmt_source_requests_start(struct gmt_source *source, size_t buffer_bytes,
			      struct gmt_error *error)
{
	if (!source->ops->requests_start)
		return not_told(source, "what policies are asked", error);
	return source->ops->requests_start(source, buffer_bytes, error);
}

uint64_t gmt_source_now_ns(struct gmt_source *source)
{
	return source->ops->now_ns ? source->ops->now_ns(source) : gmt_boottime_ns();
}

int64_t gmt_source_offset_ns(struct gmt_source *source)
{
	return source->ops->offset_ns ? source->ops->offset_ns(source) : gmt_clock_offset_ns();
}

int gmt_source_cgroup_find(struct gmt_source *source, const char *path, uint64_t *id,
			   uint32_t *level, struct gmt_error *error)
{
	if (source->ops->cgroup_find)
		return source->ops->cgroup_find(source, path, id, level, error);
	return gmt_cgroup_find(path, id, level, error);
}

static size_t add(char *text, size_t size, size_t at, const char *words, const char *name)
{
	int length = at < size ? snprintf(text + at, size - at, "%s%s", words, name) : 0;

	return at + (length > 0 ? (size_t)length : 0);
}

bool gmt_source_deaf(struct gmt_source *source, char *text, size_t size)
{
	struct gmt_functions functions;
	size_t at;

	if (!source->ops->trace_functions || source->ops->trace_functions(source, &functions) ||
	    !functions.lacking_count)
		return false;
	at = add(text, size, 0, "the kernel accepts programs at, and does not run them:", "");
	for (size_t i = 0; i < functions.lacking_count; i++)
		at = add(text, size, at, " ", functions.lacking[i]);
	at = add(text, size, at, "; not told, or not all of them:", "");
	for (int i = 0; i < GMT_EVENT_MAX; i++)
		if (functions.events & 1U << i)
			at = add(text, size, at, " ", gmt_event_name(i));
	return true;
}

bool gmt_source_ended(struct gmt_source *source)
{
	return source->player && source->player->ended(source);
}
