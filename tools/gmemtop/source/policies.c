// SPDX-License-Identifier: GPL-2.0-only
/* What policies are attached, and detaching them. Applying is in policy_apply.c. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/pins.h"
#include "source/policies.h"

/* What is read in passing: the source's cgroups, and the rows so far. */
struct listing {
	struct gmt_source *source;
	struct gmt_policy_rows *rows;
	size_t room;
};

static int add_row(void *ctx, const struct gmt_rec_policy *rec)
{
	struct listing *listing = ctx;
	struct gmt_policy_rows *rows = listing->rows;
	struct gmt_policy_row *row;

	if (rows->count == listing->room) {
		size_t room = listing->room ? listing->room * 2 : 16;

		row = realloc(rows->list, room * sizeof(*row));
		if (!row)
			return -ENOMEM;
		rows->list = row;
		listing->room = room;
	}
	row = &rows->list[rows->count++];
	*row = (struct gmt_policy_row){
		.rec = *rec,
		.kind = GMT_POLICY_KINDS,
		.scope_path = "",
		.pins_unknown = listing->source->player,
		.offset_ns = rows->offset_ns,
	};
	if (rec->scope == GMEM_SCOPE_CGROUP)
		row->scope_path = listing->source->ops->cgroup_path(listing->source, rec->scope_id);
	return 0;
}

/* By the link's id; where gmem.ko does not tell that, the first of the name. */
static struct gmt_policy_row *row_of_link(struct gmt_policy_rows *rows, const char *name,
					  uint32_t link_id)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct gmt_policy_row *row = &rows->list[i];

		if (row->rec.link_id ?
			    row->rec.link_id == link_id :
			    !row->pinned && !strncmp(row->rec.name, name, GMT_POLICY_MAX))
			return row;
	}
	return NULL;
}

static int join_pin(void *ctx, const char *name)
{
	struct gmt_policy_row *row;
	struct gmt_error ignored;
	uint32_t link_id, map_id;
	int fd;

	fd = gmt_pins_link(name, &ignored);
	if (fd < 0)
		return 0;
	link_id = gmt_pins_link_id(fd, &map_id);
	close(fd);
	row = link_id ? row_of_link(ctx, name, link_id) : NULL;
	if (!row)
		return 0;
	row->pinned = true;
	row->has_params = gmt_pins_params(name, &row->kind, &row->params);
	return 0;
}

int gmt_policies_list(struct gmt_source *source, struct gmt_policy_rows *rows,
		      struct gmt_error *error)
{
	struct listing listing = { .source = source, .rows = rows };
	int err;

	*rows = (struct gmt_policy_rows){
		.now_ns = gmt_source_now_ns(source),
		.offset_ns = gmt_source_offset_ns(source),
	};
	err = gmt_source_policies(source, add_row, &listing, error);
	if (err == -ENOMEM)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	/* The pins here are not those of a recording's host. */
	if (!err && !source->player)
		err = gmt_pins_each(join_pin, rows, error);
	if (err)
		gmt_policy_rows_free(rows);
	return err;
}

void gmt_policy_rows_free(struct gmt_policy_rows *rows)
{
	free(rows->list);
	*rows = (struct gmt_policy_rows){ .count = 0 };
}

static int detach(const char *name, struct gmt_error *error)
{
	int fd = gmt_pins_link(name, error);
	int err = 0;

	if (fd < 0)
		return fd;
	/* At once, whoever else has the link open. A link that lost its policy has nothing to do. */
	err = bpf_link_detach(fd);
	if (err && err != -EOPNOTSUPP && err != -EINVAL)
		err = gmt_fail(error, GMT_EXIT_FAILURE, err, "policy %s cannot be detached: %s",
			       name, strerror(-err));
	else
		err = 0;
	close(fd);
	return err ? err : gmt_pins_remove(name, error);
}

int gmt_policy_detach(const char *name, struct gmt_error *error)
{
	int lock = gmt_pins_lock(error), err;

	if (lock < 0)
		return lock;
	err = detach(name, error);
	close(lock);
	return err;
}

struct names {
	char (*list)[GMEM_POLICY_NAME_MAX];
	size_t count;
};

static int add_name(void *ctx, const char *name)
{
	struct names *names = ctx;
	char(*list)[GMEM_POLICY_NAME_MAX];

	if (strlen(name) >= sizeof(list[0]))
		return 0;
	list = realloc(names->list, (names->count + 1) * sizeof(list[0]));
	if (!list)
		return -ENOMEM;
	names->list = list;
	strcpy(list[names->count++], name);
	return 0;
}

int gmt_policies_detach(void (*fn)(const char *name), struct gmt_error *error)
{
	struct names names = { .count = 0 };
	int lock = gmt_pins_lock(error), err;

	if (lock < 0)
		return lock;
	err = gmt_pins_each(add_name, &names, error);
	if (err == -ENOMEM)
		gmt_fail(error, GMT_EXIT_FAILURE, err, "out of memory");
	for (size_t i = 0; !err && i < names.count; i++) {
		err = detach(names.list[i], error);
		/* What a killed apply has left. */
		if (err == -ENOENT)
			err = gmt_pins_remove(names.list[i], error);
		else if (!err && fn)
			fn(names.list[i]);
	}
	free(names.list);
	close(lock);
	return err;
}
