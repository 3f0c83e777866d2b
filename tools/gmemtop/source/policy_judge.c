// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies built for requests that were recorded (bpf/policy/replayed.bpf.h): each is an object with a
 * SEC("syscall") program a hook, which finds the request in a map that is mapped here.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/policy.h" /* the skeletons speak of its types, and of the request's */
#include "model/request.h"

#include "replayed/allow.skel.h"
#include "replayed/budget.skel.h"
#include "replayed/lockdown.skel.h"
#include "replayed/tripwire.skel.h"
#include "source/policy_judge.h"
#include "source/policy_object.h"

#define PARAMS_MAP ".rodata"

/**
 * struct judge - One policy
 * @programs: by hook; NULL where it has none, or would decide on nothing by it
 * @replayed: mapped
 */
struct judge {
	struct bpf_object *object;
	struct bpf_program *programs[GMEM_NR_HOOKS];
	struct gmt_replayed *replayed;
};

struct gmt_judges {
	struct judge *list;
	size_t count;
};

static const void *elf_of(enum gmt_policy_kind kind, size_t *size)
{
	switch (kind) {
	case GMT_POLICY_LOCKDOWN:
		return gmt_replayed_lockdown__elf_bytes(size);
	case GMT_POLICY_ALLOW:
		return gmt_replayed_allow__elf_bytes(size);
	case GMT_POLICY_BUDGET:
		return gmt_replayed_budget__elf_bytes(size);
	default:
		return gmt_replayed_tripwire__elf_bytes(size);
	}
}

static int fail_open(struct gmt_error *error, const struct gmt_policy_spec *spec, int err)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, err,
			"gmemtop's own policy %s cannot be opened: %s",
			gmt_policy_kind_name(spec->kind), strerror(-err));
}

static int judge_open(struct judge *judge, const struct gmt_policy_spec *spec,
		      struct gmt_error *error)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = gmt_policy_kind_name(spec->kind));
	struct bpf_map *params;
	const void *elf;
	void *bytes;
	size_t size;

	elf = elf_of(spec->kind, &size);
	judge->object = bpf_object__open_mem(elf, size, &opts);
	if (!judge->object)
		return fail_open(error, spec, -errno);
	params = bpf_object__find_map_by_name(judge->object, PARAMS_MAP);
	bytes = params ? bpf_map__initial_value(params, &size) : NULL;
	if (!bytes || size != gmt_policy_kind_bytes(spec->kind))
		return fail_open(error, spec, -ENOEXEC);
	memcpy(bytes, &spec->params, size);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(judge->object, gmt_hook_names[hook]);

		if (!program)
			continue;
		if (gmt_policy_needs(spec, hook))
			judge->programs[hook] = program;
		else
			bpf_program__set_autoload(program, false);
	}
	return 0;
}

static int judge_load(struct judge *judge, const struct gmt_policy_spec *spec,
		      struct gmt_error *error)
{
	int err = bpf_object__load(judge->object);
	struct bpf_map *map;
	void *mapped;

	if (err == -EPERM || err == -EACCES)
		return gmt_fail(
			error, GMT_EXIT_PRIVILEGE, err,
			"policy %s: the kernel refused its programs, which decide on what was "
			"recorded, too (%s): run as root; with -v the verifier's words",
			spec->name, strerror(-err));
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"policy %s: its programs cannot be loaded (%s); with -v the "
				"verifier's words",
				spec->name, strerror(-err));
	map = bpf_object__find_map_by_name(judge->object, GMT_REPLAYED_MAP);
	if (!map || bpf_map__value_size(map) != sizeof(*judge->replayed))
		return fail_open(error, spec, -ENOEXEC);
	mapped = mmap(NULL, sizeof(*judge->replayed), PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(map), 0);
	if (mapped == MAP_FAILED)
		return fail_open(error, spec, -errno);
	judge->replayed = mapped;
	return 0;
}

int gmt_judges_open(struct gmt_judges **judges, const struct gmt_policy_specs *specs,
		    struct gmt_error *error)
{
	struct gmt_judges *new = calloc(1, sizeof(*new));
	int err = 0;

	if (new)
		new->list = calloc(specs->count, sizeof(*new->list));
	if (!new || !new->list) {
		free(new);
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	}
	new->count = specs->count;
	for (size_t i = 0; !err && i < new->count; i++) {
		err = judge_open(&new->list[i], &specs->list[i], error);
		if (!err)
			err = judge_load(&new->list[i], &specs->list[i], error);
	}
	if (err)
		gmt_judges_close(new);
	else
		*judges = new;
	return err;
}

void gmt_judges_close(struct gmt_judges *judges)
{
	if (!judges)
		return;
	for (size_t i = 0; i < judges->count; i++) {
		struct judge *judge = &judges->list[i];

		if (judge->replayed)
			munmap(judge->replayed, sizeof(*judge->replayed));
		bpf_object__close(judge->object);
	}
	free(judges->list);
	free(judges);
}

int gmt_judge(struct gmt_judges *judges, size_t index, const struct gmt_rec_request *request,
	      enum gmt_verdict *verdict, int *error_number, struct gmt_error *error)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	struct judge *judge = &judges->list[index];
	struct bpf_program *program =
		request->hook < GMEM_NR_HOOKS ? judge->programs[request->hook] : NULL;
	int err;

	*error_number = 0;
	*verdict = GMT_VERDICT_NOT_ASKED;
	if (!program)
		return 0;
	judge->replayed->request = *request;
	judge->replayed->unsure = 0;
	err = bpf_prog_test_run_opts(bpf_program__fd(program), &run);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"a program of the policy could not be run: %s", strerror(-err));
	if (judge->replayed->unsure) {
		*verdict = GMT_VERDICT_UNSURE;
		return 0;
	}
	*error_number = (int)run.retval;
	*verdict = *error_number ? GMT_VERDICT_REFUSED : GMT_VERDICT_ALLOWED;
	return 0;
}
