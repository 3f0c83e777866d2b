// SPDX-License-Identifier: GPL-2.0-only
/* Policies that say what they are told to, and the list of those attached. */
#include <unistd.h>

#include "policy.h"

#include "list.skel.h"
#include "verdict.skel.h"

const char *const hook_names[GMEM_NR_HOOKS] = {
	[GMEM_HOOK_CREATE] = "create",	 [GMEM_HOOK_MMAP] = "mmap",
	[GMEM_HOOK_FAULT] = "fault",	 [GMEM_HOOK_IO] = "io",
	[GMEM_HOOK_CONVERT] = "convert", [GMEM_HOOK_BIND] = "bind",
	[GMEM_HOOK_INSPECT] = "inspect", [GMEM_HOOK_DISCARD] = "discard",
};

struct policy_ops *policy_ops(struct policy *p)
{
	struct policy_ops *ops;
	size_t size;

	ops = bpf_map__initial_value(p->bpf->maps.policy, &size);
	if (!ops || size != sizeof(*ops))
		tap_bail("a policy has %zu bytes", size);
	return ops;
}

struct policy policy_open(struct policy_is is)
{
	struct policy p = { .bpf = verdict__open() };
	static unsigned int number;
	struct policy_ops *ops;

	if (!p.bpf)
		tap_bail("open a policy: %s", strerror(errno));
	if (is.name)
		snprintf(p.name, sizeof(p.name), "%s", is.name);
	else
		snprintf(p.name, sizeof(p.name), "test-%d-%u", getpid(), ++number);
	ops = policy_ops(&p);
	memset(ops->name, 0, sizeof(ops->name));
	strcpy(ops->name, p.name);
	ops->scope = is.scope ? is.scope : GMEM_SCOPE_ALL;
	ops->flags = is.flags;
	ops->scope_id = is.scope_id;
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		if (is.hooks && !(is.hooks & HOOK(i)))
			ops->programs[i] = NULL;
	return p;
}

int try_load(struct policy *p)
{
	return verdict__load(p->bpf) ? -1 : 0;
}

struct policy policy_load(struct policy_is is)
{
	struct policy p = policy_open(is);

	if (try_load(&p))
		tap_bail("load a policy: %s", strerror(errno));
	return p;
}

int try_attach(struct policy *p)
{
	p->link = bpf_map__attach_struct_ops(p->bpf->maps.policy);
	return p->link ? 0 : -1;
}

struct policy policy_new(struct policy_is is)
{
	struct policy p = policy_load(is);

	if (try_attach(&p))
		tap_bail("attach policy %s: %s", p.name, strerror(errno));
	return p;
}

int try_replace(struct policy *p, struct policy *by)
{
	int err = bpf_link__update_map(p->link, by->bpf->maps.policy);

	if (err) {
		errno = -err;
		return -1;
	}
	by->link = p->link;
	p->link = NULL;
	return 0;
}

void policy_detach(struct policy *p)
{
	if (bpf_link__destroy(p->link))
		tap_bail("detach policy %s: %s", p->name, strerror(errno));
	p->link = NULL;
}

void policy_drop(struct policy *p)
{
	if (p->link)
		policy_detach(p);
	verdict__destroy(p->bpf);
	p->bpf = NULL;
}

/* Programs run meanwhile, and on other CPUs. */
void policy_says(struct policy *p, unsigned int hook, int verdict)
{
	__atomic_store_n(&p->bpf->bss->verdicts[hook], verdict, __ATOMIC_SEQ_CST);
}

void policy_says_always(struct policy *p, int verdict)
{
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		policy_says(p, i, verdict);
}

uint64_t policy_calls(struct policy *p, unsigned int hook)
{
	return __atomic_load_n(&p->bpf->bss->calls[hook], __ATOMIC_SEQ_CST);
}

uint64_t policy_all_calls(struct policy *p)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		all += policy_calls(p, i);
	return all;
}

const struct seen *policy_saw(struct policy *p, unsigned int hook)
{
	return &p->bpf->bss->last[hook];
}

static struct list *lister;

void policies_forget(void)
{
	list__destroy(lister);
	lister = NULL;
}

unsigned int policies_listed(uint64_t from_id, struct listed *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int err;

	if (!lister)
		lister = list__open_and_load();
	if (!lister)
		tap_bail("load the list of policies: %s", strerror(errno));
	lister->bss->from_policy_id = from_id;
	err = bpf_prog_test_run_opts(bpf_program__fd(lister->progs.list), &run);
	if (err || run.retval)
		tap_bail("list the policies: %d, %d", err, (int)run.retval);
	if (lister->bss->count > LISTED_MAX)
		tap_bail("%u policies are attached", lister->bss->count);
	memcpy(out, lister->bss->found, lister->bss->count * sizeof(*out));
	return lister->bss->count;
}

bool policy_listed(const char *name, struct listed *out)
{
	struct listed all[LISTED_MAX];
	unsigned int count = policies_listed(0, all);

	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(all[i].name, name)) {
			*out = all[i];
			return true;
		}
	return false;
}

struct listed policy_info(struct policy *p)
{
	struct listed l;

	if (!policy_listed(p->name, &l))
		tap_bail("policy %s is not listed", p->name);
	return l;
}
