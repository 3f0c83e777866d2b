// SPDX-License-Identifier: GPL-2.0-only
/*
 * One policy as a BPF object. The value of its struct_ops map is laid out here by the module's
 * BTF: libbpf gives one to new links only, while a policy that is attached is replaced through a
 * link that came out of bpffs.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/policy.h" /* the skeletons speak of its types */

#include "policy/allow.skel.h"
#include "policy/budget.skel.h"
#include "policy/lockdown.skel.h"
#include "policy/tripwire.skel.h"
#include "source/policy_object.h"

/* From bpf/policy: the names that all of the objects have. */
#define OPS_MAP	   "policy"
#define PARAMS_MAP ".rodata"

static const void *elf_of(enum gmt_policy_kind kind, size_t *size)
{
	switch (kind) {
	case GMT_POLICY_LOCKDOWN:
		return gmt_lockdown__elf_bytes(size);
	case GMT_POLICY_ALLOW:
		return gmt_allow__elf_bytes(size);
	case GMT_POLICY_BUDGET:
		return gmt_budget__elf_bytes(size);
	default:
		return gmt_tripwire__elf_bytes(size);
	}
}

static int fail_open(struct gmt_error *error, enum gmt_policy_kind kind, int err)
{
	return gmt_fail(error, GMT_EXIT_FAILURE, err,
			"gmemtop's own policy %s cannot be opened: %s", gmt_policy_kind_name(kind),
			strerror(-err));
}

/* The object of a kind, and its parameters' bytes. Return: 0 or -errno */
static int open_kind(enum gmt_policy_kind kind, struct bpf_object **object, struct bpf_map **params,
		     void **bytes, struct gmt_error *error)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = gmt_policy_kind_name(kind));
	const void *elf;
	size_t size;

	elf = elf_of(kind, &size);
	*object = bpf_object__open_mem(elf, size, &opts);
	if (!*object)
		return fail_open(error, kind, -errno);
	*params = bpf_object__find_map_by_name(*object, PARAMS_MAP);
	*bytes = *params ? bpf_map__initial_value(*params, &size) : NULL;
	if (*bytes && size == gmt_policy_kind_bytes(kind))
		return 0;
	bpf_object__close(*object);
	*object = NULL;
	return fail_open(error, kind, -ENOEXEC);
}

int gmt_policy_defaults(void *ctx, enum gmt_policy_kind kind, union gmt_policy_params *params,
			struct gmt_error *error)
{
	struct bpf_object *object;
	struct bpf_map *map;
	void *bytes;
	int err = open_kind(kind, &object, &map, &bytes, error);

	if (err)
		return err;
	memcpy(params, bytes, gmt_policy_kind_bytes(kind));
	bpf_object__close(object);
	return 0;
}

/* The map's value as the object has it: a pointer a hook comes first, as in enum gmem_hook. */
static struct bpf_program **programs_of(const struct gmt_policy_object *policy)
{
	size_t size;

	return bpf_map__initial_value(policy->ops, &size);
}

/* Has lockdown see binds although it lets them pass: the first one ends the setup. */
bool gmt_policy_needs(const struct gmt_policy_spec *spec, unsigned int hook)
{
	return (spec->params.on.hooks & GMT_HOOK_BIT(hook)) ||
	       (spec->kind == GMT_POLICY_LOCKDOWN && hook == GMEM_HOOK_BIND &&
		spec->params.lockdown.lock_at_bind);
}

int gmt_policy_object_open(struct gmt_policy_object *policy, const struct gmt_policy_spec *spec,
			   struct gmt_error *error)
{
	struct bpf_program **programs;
	void *bytes;
	int err;

	policy->spec = spec;
	err = open_kind(spec->kind, &policy->object, &policy->params, &bytes, error);
	if (err)
		return err;
	memcpy(bytes, &spec->params, gmt_policy_kind_bytes(spec->kind));
	policy->ops = bpf_object__find_map_by_name(policy->object, OPS_MAP);
	if (!policy->ops) {
		gmt_policy_object_close(policy);
		return fail_open(error, spec->kind, -ENOEXEC);
	}
	programs = programs_of(policy);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		if (!programs[hook] || gmt_policy_needs(spec, hook))
			continue;
		bpf_program__set_autoload(programs[hook], false);
		programs[hook] = NULL;
	}
	return 0;
}

static const struct btf_member *member_of(const struct btf *btf, const struct btf_type *type,
					  const char *name)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return &member[i];
	return NULL;
}

/* Copies a member, if it is of that size. */
static int set_member(const struct btf *btf, const struct btf_type *type, const char *name,
		      void *data, const void *from, size_t size)
{
	const struct btf_member *member = member_of(btf, type, name);

	if (!member || btf__resolve_size(btf, member->type) != (long long)size)
		return -ENOTSUP;
	memcpy((char *)data + member->offset / 8, from, size);
	return 0;
}

/* Fills the module's struct gmem_policy_ops, wherever it keeps what. */
static int fill_ops(const struct gmt_policy_object *policy, const struct btf *btf,
		    const struct btf_type *type, void *data)
{
	const struct gmt_policy_spec *spec = policy->spec;
	struct bpf_program **programs = programs_of(policy);
	int err;

	err = set_member(btf, type, "name", data, spec->name, sizeof(spec->name));
	if (!err)
		err = set_member(btf, type, "scope", data, &spec->scope, sizeof(spec->scope));
	if (!err)
		err = set_member(btf, type, "flags", data, &spec->flags, sizeof(spec->flags));
	if (!err)
		err = set_member(btf, type, "scope_id", data, &spec->scope_id,
				 sizeof(spec->scope_id));
	for (unsigned int hook = 0; !err && hook < GMEM_NR_HOOKS; hook++) {
		unsigned long fd;

		if (!programs[hook])
			continue;
		fd = (unsigned long)bpf_program__fd(programs[hook]);
		err = set_member(btf, type, gmt_hook_names[hook], data, &fd, sizeof(fd));
	}
	return err;
}

static int set_value(const struct gmt_policy_object *policy, const struct btf *btf)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info), zero = 0;
	int fd = bpf_map__fd(policy->ops), err;
	const struct btf_type *value, *type;
	const struct btf_member *data;
	char *bytes;

	err = bpf_map_get_info_by_fd(fd, &info, &size);
	if (err)
		return err;
	value = btf__type_by_id(btf, info.btf_vmlinux_value_type_id);
	data = value && btf_is_struct(value) ? member_of(btf, value, "data") : NULL;
	type = data ? btf__type_by_id(btf, data->type) : NULL;
	if (!type || !btf_is_struct(type))
		return -ENOTSUP;
	bytes = calloc(1, info.value_size);
	if (!bytes)
		return -ENOMEM;
	err = fill_ops(policy, btf, type, bytes + data->offset / 8);
	/* From here on the map can be attached. */
	if (!err)
		err = bpf_map_update_elem(fd, &zero, bytes, 0);
	free(bytes);
	return err;
}

struct gmt_policy_types {
	struct btf *vmlinux;
	struct btf *module;
};

int gmt_policy_types_load(struct gmt_policy_types **types, struct gmt_error *error)
{
	struct gmt_policy_types *t = calloc(1, sizeof(*t));

	if (!t)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	t->vmlinux = btf__load_vmlinux_btf();
	t->module = t->vmlinux ? btf__load_module_btf("gmem", t->vmlinux) : NULL;
	if (!t->module) {
		int err = errno ? -errno : -ENOENT;

		gmt_policy_types_free(t);
		return gmt_fail(
			error, GMT_EXIT_BTF, err,
			"the types of gmem.ko cannot be read (%s): `gmemtop doctor` tells more",
			strerror(-err));
	}
	*types = t;
	return 0;
}

void gmt_policy_types_free(struct gmt_policy_types *types)
{
	if (!types)
		return;
	btf__free(types->module);
	btf__free(types->vmlinux);
	free(types);
}

int gmt_policy_object_load(struct gmt_policy_object *policy, const struct gmt_policy_types *types,
			   struct gmt_error *error)
{
	const char *name = policy->spec->name;
	int err = bpf_object__load(policy->object);

	if (err == -EPERM || err == -EACCES)
		return gmt_fail(
			error, GMT_EXIT_PRIVILEGE, err,
			"policy %s: the kernel refused its programs (%s): run as root; with -v "
			"the verifier's words",
			name, strerror(-err));
	/* What libbpf says where the module's BTF has no such struct. */
	if (err == -ENOTSUP || err == -ESRCH)
		return gmt_fail(
			error, GMT_EXIT_MODULE, err,
			"policy %s: this gmem.ko knows no policies: install it from the same "
			"version as gmemtop",
			name);
	if (err)
		return gmt_fail(
			error, GMT_EXIT_FAILURE, err,
			"policy %s: its programs cannot be loaded (%s); with -v the verifier's "
			"words",
			name, strerror(-err));
	err = set_value(policy, types->module);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"policy %s: gmem.ko does not take it: %s", name, strerror(-err));
	return 0;
}

int gmt_policy_object_attach(const struct gmt_policy_object *policy, struct gmt_error *error)
{
	int fd = bpf_link_create(bpf_map__fd(policy->ops), 0, BPF_STRUCT_OPS, NULL);

	if (fd == -ENOENT)
		gmt_fail(error, GMT_EXIT_POLICY, fd, "policy %s cannot be attached: %s is gone",
			 policy->spec->name, policy->spec->scope_text);
	else if (fd < 0)
		gmt_fail(error, GMT_EXIT_FAILURE, fd, "policy %s cannot be attached: %s",
			 policy->spec->name, strerror(-fd));
	return fd;
}

void gmt_policy_object_close(struct gmt_policy_object *policy)
{
	bpf_object__close(policy->object);
	policy->object = NULL;
}
