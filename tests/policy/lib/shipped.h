/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policies that ship, as the tests load them: what goes into the initial value of the
 * struct_ops map is the same for all, the parameters are each skeleton's rodata->params.
 */
#ifndef POLICY_SHIPPED_H
#define POLICY_SHIPPED_H

#include "policy/params.h"
#include "policy.h"

/*
 * Says how an opened policy is to be, and leaves out the programs of hooks it has nothing to
 * decide on; then loads and attaches it. Bails out where that fails. The name is the object's.
 */
struct bpf_link *shipped_attach(struct bpf_object *obj, struct policy_is is);
void shipped_detach(struct bpf_link *link);

#endif /* POLICY_SHIPPED_H */
