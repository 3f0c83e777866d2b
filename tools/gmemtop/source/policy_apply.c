// SPDX-License-Identifier: GPL-2.0-only
/*
 * Applying policies, all of a file or none: everything that can fail for a reason of the file's
 * or the verifier's comes first, and what is attached or replaced after that is undone when
 * something fails all the same. And their trial, which pins nothing.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/pins.h"
#include "source/policies.h"

/**
 * struct step - One policy on its way
 * @object: loaded
 * @link_fd: of the policy that it replaces, or of its own new link; -1 for none
 * @old_map_fd: of the policy that it replaces, to take it back; -1 where it is new
 * @staged: its maps are pinned beside those of the policy that it replaces
 * @done: it is attached
 */
struct step {
	struct gmt_policy_object object;
	int link_fd;
	int old_map_fd;
	bool staged;
	bool done;
};

struct steps {
	struct step *list;
	size_t count;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void steps_exit(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		close_fd(&steps->list[i].link_fd);
		close_fd(&steps->list[i].old_map_fd);
		if (steps->list[i].object.object)
			gmt_policy_object_close(&steps->list[i].object);
	}
	free(steps->list);
}

static int steps_init(struct steps *steps, const struct gmt_policy_specs *specs,
		      struct gmt_error *error)
{
	int err = 0;

	steps->count = specs->count;
	steps->list = calloc(steps->count, sizeof(*steps->list));
	if (!steps->list)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	for (size_t i = 0; i < steps->count; i++) {
		steps->list[i].link_fd = -1;
		steps->list[i].old_map_fd = -1;
	}
	for (size_t i = 0; !err && i < steps->count; i++)
		err = gmt_policy_object_open(&steps->list[i].object, &specs->list[i], error);
	if (err)
		steps_exit(steps);
	return err;
}

static int load_all(struct steps *steps, struct gmt_error *error)
{
	struct gmt_policy_types *types;
	int err = gmt_policy_types_load(&types, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < steps->count; i++)
		err = gmt_policy_object_load(&steps->list[i].object, types, error);
	gmt_policy_types_free(types);
	return err;
}

int gmt_policies_check(const struct gmt_policy_specs *specs, struct gmt_error *error)
{
	struct steps steps;
	int err = steps_init(&steps, specs, error);

	if (err)
		return err;
	err = load_all(&steps, error);
	steps_exit(&steps);
	return err;
}

/* The attached policy of a link, or of a name where gmem.ko does not tell the link. */
static const struct gmt_policy_row *find_row(const struct gmt_policy_rows *rows, const char *name,
					     uint32_t link_id)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct gmt_rec_policy *rec = &rows->list[i].rec;

		if (rec->link_id ? rec->link_id == link_id : !strcmp(rec->name, name))
			return &rows->list[i];
	}
	return NULL;
}

/* What a tripwire's counts belong to is its ranges; else what is kept outlives new parameters. */
static bool shares(const struct gmt_policy_spec *spec)
{
	enum gmt_policy_kind kind;
	union gmt_policy_params params;

	if (!gmt_pins_params(spec->name, &kind, &params) || kind != spec->kind)
		return false;
	return kind != GMT_POLICY_TRIPWIRE ||
	       (params.tripwire.count == spec->params.tripwire.count &&
		!memcmp(params.tripwire.ranges, spec->params.tripwire.ranges,
			sizeof(params.tripwire.ranges)));
}

/* Is there a policy of that name to be replaced? */
static int find_old(struct step *step, const struct gmt_policy_rows *rows, const char *file,
		    struct gmt_error *error)
{
	const struct gmt_policy_spec *spec = step->object.spec;
	const struct gmt_policy_row *row;
	uint32_t link_id, map_id;

	step->link_fd = gmt_pins_link(spec->name, error);
	if (step->link_fd == -ENOENT)
		return 0;
	if (step->link_fd < 0)
		return step->link_fd;
	link_id = gmt_pins_link_id(step->link_fd, &map_id);
	row = link_id ? find_row(rows, spec->name, link_id) : NULL;
	/* The link has lost its policy: somebody has detached it, and left the pin. */
	if (!row) {
		close_fd(&step->link_fd);
		return 0;
	}
	if (row->rec.scope != spec->scope || row->rec.scope_id != spec->scope_id)
		return gmt_fail(
			error, GMT_EXIT_POLICY, -EBUSY,
			"%s:%zu: policy %s is attached with another scope, which a replacement "
			"cannot change: `gmemtop policy detach %s` first",
			file, spec->line, spec->name, spec->name);
	step->old_map_fd = bpf_map_get_fd_by_id(map_id);
	if (step->old_map_fd < 0)
		return gmt_fail(error, GMT_EXIT_FAILURE, step->old_map_fd,
				"policy %s, which is to be replaced, cannot be opened: %s",
				spec->name, strerror(-step->old_map_fd));
	return shares(spec) ? gmt_pins_share(&step->object, error) : 0;
}

static int find_all_old(struct steps *steps, struct gmt_source *source, const char *file,
			struct gmt_error *error)
{
	struct gmt_policy_rows rows;
	int err = gmt_policies_list(source, &rows, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < steps->count; i++)
		err = find_old(&steps->list[i], &rows, file, error);
	gmt_policy_rows_free(&rows);
	return err;
}

static int replace(struct step *step, struct gmt_error *error)
{
	int err = gmt_pins_stage(&step->object, error);

	if (err)
		return err;
	step->staged = true;
	err = bpf_link_update(step->link_fd, bpf_map__fd(step->object.ops), NULL);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "policy %s cannot be replaced: %s",
				step->object.spec->name, strerror(-err));
	step->done = true;
	return 0;
}

static int attach(struct step *step, struct gmt_error *error)
{
	int err;

	step->link_fd = gmt_policy_object_attach(&step->object, error);
	if (step->link_fd < 0)
		return step->link_fd;
	err = gmt_pins_put(&step->object, step->link_fd, error);
	if (err)
		return err;
	step->done = true;
	return 0;
}

static void undo(struct step *step)
{
	const char *name = step->object.spec->name;
	struct gmt_error ignored;

	if (step->staged)
		gmt_pins_drop(&step->object);
	if (!step->done)
		return;
	/* The map of before has been attached by this link; the kernel cannot find fault with it. */
	if (step->old_map_fd >= 0)
		bpf_link_update(step->link_fd, step->old_map_fd, NULL);
	else
		gmt_pins_remove(name, &ignored);
}

static int carry_out(struct steps *steps, struct gmt_error *error)
{
	int err = 0;

	for (size_t i = 0; !err && i < steps->count; i++) {
		struct step *step = &steps->list[i];

		err = step->old_map_fd >= 0 ? replace(step, error) : attach(step, error);
	}
	if (err) {
		for (size_t i = steps->count; i-- > 0;)
			undo(&steps->list[i]);
		return err;
	}
	for (size_t i = 0; i < steps->count; i++)
		if (steps->list[i].staged)
			gmt_pins_commit(&steps->list[i].object);
	return 0;
}

int gmt_policies_apply(struct gmt_source *source, const char *file,
		       const struct gmt_policy_specs *specs, enum gmt_applied *applied,
		       struct gmt_error *error)
{
	struct steps steps;
	int lock, err;

	lock = gmt_pins_lock(error);
	if (lock < 0)
		return lock;
	err = steps_init(&steps, specs, error);
	if (err)
		goto out_unlock;
	err = find_all_old(&steps, source, file, error);
	if (!err)
		err = load_all(&steps, error);
	if (!err)
		err = carry_out(&steps, error);
	for (size_t i = 0; !err && i < steps.count; i++)
		applied[i] = steps.list[i].staged ? GMT_APPLIED_REPLACED : GMT_APPLIED_ATTACHED;
	steps_exit(&steps);
out_unlock:
	close(lock);
	return err;
}

struct gmt_trial {
	struct gmt_policy_specs specs;
	struct steps steps;
};

/* A copy that only watches, under a name that no file can ask for. */
static int copy_specs(struct gmt_policy_specs *copy, const struct gmt_policy_specs *specs)
{
	copy->list = calloc(specs->count, sizeof(*copy->list));
	if (!copy->list)
		return -ENOMEM;
	copy->count = specs->count;
	for (size_t i = 0; i < copy->count; i++) {
		struct gmt_policy_spec *spec = &copy->list[i];
		char name[128];

		*spec = specs->list[i];
		spec->flags = GMEM_POLICY_MONITOR | (spec->flags & GMEM_POLICY_TIME);
		/* The index tells apart what is cut to the same. */
		snprintf(name, sizeof(name), "try.%d.%zu.%s", getpid(), i, specs->list[i].name);
		name[sizeof(spec->name) - 1] = '\0';
		strcpy(spec->name, name);
	}
	return 0;
}

int gmt_trial_start(struct gmt_trial **trial, const struct gmt_policy_specs *specs,
		    struct gmt_error *error)
{
	struct gmt_trial *t = calloc(1, sizeof(*t));
	int err;

	if (!t || copy_specs(&t->specs, specs)) {
		free(t);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	err = steps_init(&t->steps, &t->specs, error);
	if (err) {
		free(t->specs.list);
		free(t);
		return err;
	}
	err = load_all(&t->steps, error);
	for (size_t i = 0; !err && i < t->steps.count; i++) {
		struct step *step = &t->steps.list[i];

		step->link_fd = gmt_policy_object_attach(&step->object, error);
		err = step->link_fd < 0 ? step->link_fd : 0;
	}
	if (err) {
		gmt_trial_end(t);
		return err;
	}
	*trial = t;
	return 0;
}

const char *gmt_trial_name(const struct gmt_trial *trial, size_t index)
{
	return trial->specs.list[index].name;
}

void gmt_trial_detach(struct gmt_trial *trial)
{
	for (size_t i = 0; i < trial->steps.count; i++) {
		struct step *step = &trial->steps.list[i];

		if (step->link_fd >= 0)
			bpf_link_detach(step->link_fd);
		close_fd(&step->link_fd);
	}
}

void gmt_trial_end(struct gmt_trial *trial)
{
	gmt_trial_detach(trial);
	steps_exit(&trial->steps);
	free(trial->specs.list);
	free(trial);
}
