/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of policies share: policies that say what they are told to, cgroups, and one
 * act for each hook. Calls named try_* give -1 and errno, the others bail out.
 */
#ifndef POLICY_TEST_H
#define POLICY_TEST_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gmem_test.h"
#include "seen.h"

#define HOOK(n)	  (1U << (n))
#define ALL_HOOKS ((1U << GMEM_NR_HOOKS) - 1)

extern const char *const hook_names[GMEM_NR_HOOKS];

/* struct gmem_policy_ops as libbpf takes it: programs before they are loaded, and values. */
struct policy_ops {
	struct bpf_program *programs[GMEM_NR_HOOKS];
	char name[GMEM_POLICY_NAME_MAX];
	uint32_t scope;
	uint32_t flags;
	uint64_t scope_id;
};

/* How a policy is to be; what is 0 is: a name of its own, all gmems, enforcing, all hooks. */
struct policy_is {
	const char *name;
	uint32_t scope;
	uint32_t flags;
	uint64_t scope_id;
	uint32_t hooks;
};

/* A policy: bpf/verdict.bpf.c. Loaded, it refuses nothing. */
struct policy {
	struct verdict *bpf;
	struct bpf_link *link;
	char name[GMEM_POLICY_NAME_MAX];
};

/* Opened, to be changed by way of policy_ops(), then loaded; or both at once. */
struct policy policy_open(struct policy_is is);
struct policy_ops *policy_ops(struct policy *p);
struct policy policy_load(struct policy_is is);
int try_load(struct policy *p);
int try_attach(struct policy *p);
/* Loaded and attached. */
struct policy policy_new(struct policy_is is);
/* @by takes the place of @p, and its link: @p is only loaded then. */
int try_replace(struct policy *p, struct policy *by);
void policy_detach(struct policy *p);
/* Detaches it, unless its link is pinned, and frees it. */
void policy_drop(struct policy *p);
void policy_says(struct policy *p, unsigned int hook, int verdict);
void policy_says_always(struct policy *p, int verdict);
uint64_t policy_calls(struct policy *p, unsigned int hook);
uint64_t policy_all_calls(struct policy *p);
const struct seen *policy_saw(struct policy *p, unsigned int hook);

/* The attached policies, in the iterator's order; @out has room for LISTED_MAX. */
unsigned int policies_listed(uint64_t from_id, struct listed *out);
/* The one that has this name; false where there is none. */
bool policy_listed(const char *name, struct listed *out);
struct listed policy_info(struct policy *p);
/* Lets go of the iterator's program, which holds the module. */
void policies_forget(void);

/* cgroup.c: a cgroup of the unified hierarchy; "" is its root, names are paths below that. */
uint64_t cgroup_new(const char *name);
void cgroup_enter(const char *name);
/* All processes must have left it, and all below it be gone. */
void cgroup_drop(const char *name);
uint64_t cgroup_id(const char *name);

/* acts.c: a gmem, shared throughout, mapped, with a VM to bind it to. */
#define MEMORY_PAGES 8
#define MEMORY_BYTES (MEMORY_PAGES * PAGE)
#define MEMORY_GUEST 0x100000UL

struct memory {
	int fd;
	int vm;
	uint64_t id;
	char *map;
	unsigned int flags;
	unsigned int to; /* of the next conversion */
	uint64_t made;	 /* id of the last one that create made */
	char name[GMEM_NAME_MAX];
	char cgroup[64]; /* where it was made, and where create is tried */
};

/* Loads the tests' hypervisor; once, first. */
void acts_init(void);
/* GMEM_CREATE_POLICY_REQUIRED among @more_flags: not mapped until memory_map(). */
struct memory memory_new(const char *name, unsigned int more_flags, const char *cgroup);
void memory_map(struct memory *m);
void memory_drop(struct memory *m);

/*
 * Tries what the hook is about, each on pages of its own, and undoes it. Gives 0, the errno,
 * or -SIGBUS; a page fault comes from a page not mapped.
 */
int act_try(struct memory *m, unsigned int hook);
/* What act_try() gives where a policy refuses with @err. */
int act_refused(unsigned int hook, int err);
/* What the hook's request says of that act: only the fields that do not depend on the gmem. */
struct seen act_asks(unsigned int hook);

/* act_try() gives @want, else it says so. */
bool act_gives(struct memory *m, unsigned int hook, int want);

#endif /* POLICY_TEST_H */
