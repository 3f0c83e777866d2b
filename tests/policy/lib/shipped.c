// SPDX-License-Identifier: GPL-2.0-only
/* The policies that ship, as the tests load them. */
#include "shipped.h"

static struct policy_ops *ops_of(struct bpf_object *obj)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, "policy");
	size_t size = 0;
	struct policy_ops *ops = map ? bpf_map__initial_value(map, &size) : NULL;

	/* An object's own type ends where it has no more programs to name. */
	if (!ops || size != sizeof(*ops))
		tap_bail("a policy has %zu bytes", size);
	return ops;
}

struct bpf_link *shipped_attach(struct bpf_object *obj, struct policy_is is)
{
	struct policy_ops *ops = ops_of(obj);
	struct bpf_link *link;
	int err;

	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		if (is.hooks && !(is.hooks & HOOK(i)) && ops->programs[i]) {
			bpf_program__set_autoload(ops->programs[i], false);
			ops->programs[i] = NULL;
		}
	ops->scope = is.scope ? is.scope : GMEM_SCOPE_ALL;
	ops->flags = is.flags;
	ops->scope_id = is.scope_id;
	err = bpf_object__load(obj);
	if (err)
		tap_bail("load policy %s: %s", ops->name, strerror(-err));
	link = bpf_map__attach_struct_ops(bpf_object__find_map_by_name(obj, "policy"));
	if (!link)
		tap_bail("attach policy %s: %s", ops->name, strerror(errno));
	return link;
}

void shipped_detach(struct bpf_link *link)
{
	if (bpf_link__destroy(link))
		tap_bail("detach a policy: %s", strerror(errno));
}
