// SPDX-License-Identifier: GPL-2.0-only
/*
 * struct gmem_policy_ops as a BPF struct_ops type: what the verifier may let through, what
 * is refused when a policy is loaded and attached.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/module.h>

#include "name.h"
#include "policy.h"

#define GMEM_POLICY_FLAGS \
	(GMEM_POLICY_MONITOR | GMEM_POLICY_REPORT_ALLOWED | GMEM_POLICY_TIME | GMEM_POLICY_KILL)

static bool gmem_policy_is_valid_access(int off, int size, enum bpf_access_type type,
					const struct bpf_prog *prog,
					struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

/* Without a btf_struct_access a program cannot write to what it is given. */
static const struct bpf_verifier_ops gmem_policy_verifier_ops = {
	.get_func_proto = bpf_base_func_proto,
	.is_valid_access = gmem_policy_is_valid_access,
};

static int gmem_policy_init(struct btf *btf)
{
	return 0;
}

/*
 * The verifier lets programs with enough privileges return what they like, a pointer too. So
 * a program has to be declared to return what the kernel takes it to return, an int.
 */
static bool gmem_policy_returns_int(const struct bpf_prog *prog)
{
	const struct btf *btf = prog->aux->btf;
	const struct btf_type *t;

	if (!btf || !prog->aux->func_info_cnt)
		return false;
	t = btf_type_by_id(btf, prog->aux->func_info[0].type_id);
	if (!t || !btf_type_is_func(t))
		return false;
	t = btf_type_by_id(btf, t->type);
	if (!t || !btf_type_is_func_proto(t))
		return false;
	/* A typedef or a qualifier around it would be no reason to refuse, but no need either. */
	t = btf_type_by_id(btf, t->type);
	return t && btf_type_is_signed_int(t) && t->size == sizeof(int);
}

/* Faults and mmap come with locks held under which nothing may fault. */
static int gmem_policy_check_member(const struct btf_type *t, const struct btf_member *member,
				    const struct bpf_prog *prog)
{
	if (!gmem_policy_returns_int(prog))
		return -EINVAL;
	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct gmem_policy_ops, mmap):
	case offsetof(struct gmem_policy_ops, fault):
		return prog->sleepable ? -EINVAL : 0;
	default:
		return 0;
	}
}

/* Return: 1 where the member was copied; 0 lets the kernel set programs. */
static int gmem_policy_init_member(const struct btf_type *t, const struct btf_member *member,
				   void *kdata, const void *udata)
{
	const struct gmem_policy_ops *from = udata;
	struct gmem_policy_ops *ops = kdata;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct gmem_policy_ops, name):
		if (!from->name[0] || !gmem_name_valid(from->name, sizeof(from->name)))
			return -EINVAL;
		memcpy(ops->name, from->name, sizeof(ops->name));
		return 1;
	case offsetof(struct gmem_policy_ops, scope):
		ops->scope = from->scope;
		return 1;
	case offsetof(struct gmem_policy_ops, flags):
		if (from->flags & ~GMEM_POLICY_FLAGS)
			return -EINVAL;
		ops->flags = from->flags;
		return 1;
	case offsetof(struct gmem_policy_ops, scope_id):
		ops->scope_id = from->scope_id;
		return 1;
	default:
		return 0;
	}
}

static int gmem_policy_validate(void *kdata)
{
	const struct gmem_policy_ops *ops = kdata;

	switch (ops->scope) {
	case GMEM_SCOPE_ALL:
		return ops->scope_id ? -EINVAL : 0;
	case GMEM_SCOPE_CGROUP:
	case GMEM_SCOPE_GMEM:
		return ops->scope_id ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static int gmem_policy_reg(void *kdata, struct bpf_link *link)
{
	return link ? gmem_policy_attach(kdata, link) : -EOPNOTSUPP;
}

static int gmem_policy_update(void *kdata, void *old_kdata, struct bpf_link *link)
{
	return link ? gmem_policy_replace(kdata, link) : -EOPNOTSUPP;
}

static void gmem_policy_unreg(void *kdata, struct bpf_link *link)
{
	gmem_policy_detach(link);
}

static int gmem_policy_stub(const struct gmem_request *request)
{
	return 0;
}

/* The shape of each program; never called. */
static struct gmem_policy_ops gmem_policy_stubs = {
	.create = gmem_policy_stub,
	.mmap = gmem_policy_stub,
	.fault = gmem_policy_stub,
	.io = gmem_policy_stub,
	.convert = gmem_policy_stub,
	.bind = gmem_policy_stub,
	.inspect = gmem_policy_stub,
	.discard = gmem_policy_stub,
};

static struct bpf_struct_ops gmem_policy_struct_ops = {
	.verifier_ops = &gmem_policy_verifier_ops,
	.init = gmem_policy_init,
	.check_member = gmem_policy_check_member,
	.init_member = gmem_policy_init_member,
	.validate = gmem_policy_validate,
	.reg = gmem_policy_reg,
	.update = gmem_policy_update,
	.unreg = gmem_policy_unreg,
	.cfi_stubs = &gmem_policy_stubs,
	.owner = THIS_MODULE,
	.name = "gmem_policy_ops",
};

/**
 * gmem_policy_ops_init() - register the type; the kernel forgets it with the module
 *
 * Return: 0 or -errno.
 */
int gmem_policy_ops_init(void)
{
	return register_bpf_struct_ops(&gmem_policy_struct_ops, gmem_policy_ops);
}
