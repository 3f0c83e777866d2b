// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access decision, over every combination of flags, act, state and history.
 * sources: kernel/access.c
 * cflags: -Ikernel
 */
#include "access.h"
#include "tap.h"

#define ALL_FLAGS 0x1fu

static const enum gmem_act acts[] = {
	GMEM_ACT_MMAP,	      GMEM_ACT_READ,	     GMEM_ACT_WRITE,
	GMEM_ACT_POPULATE,    GMEM_ACT_INSPECT_READ, GMEM_ACT_INSPECT_WRITE,
	GMEM_ACT_SPLICE_READ, GMEM_ACT_SPLICE_WRITE, GMEM_ACT_OPEN,
};

#define NR_ACTS (sizeof(acts) / sizeof(acts[0]))

/* What a combination comes to: both stages, as the module asks them. */
static struct gmem_verdict decide(unsigned int flags, enum gmem_act act, bool capable,
				  enum gmem_state state, bool handed)
{
	struct gmem_verdict v = gmem_access_to_memory(flags, act, capable);

	return v.err ? v : gmem_access_to_page(flags, act, state, handed);
}

static bool is_inspect(enum gmem_act act)
{
	return act == GMEM_ACT_INSPECT_READ || act == GMEM_ACT_INSPECT_WRITE;
}

static bool is_write(enum gmem_act act)
{
	return act == GMEM_ACT_WRITE || act == GMEM_ACT_POPULATE;
}

/* The only ways in to private memory, stated apart from the code that decides. */
static bool may_reach_private(unsigned int flags, enum gmem_act act, bool capable, bool handed)
{
	if (is_inspect(act))
		return capable && (flags & GMEM_CREATE_INSPECT);
	return is_write(act) && (flags & GMEM_CREATE_POPULATE) && !handed;
}

static bool may_reach_shared(unsigned int flags, enum gmem_act act, bool capable)
{
	if (is_inspect(act))
		return capable && (flags & GMEM_CREATE_INSPECT);
	return (act == GMEM_ACT_READ || is_write(act)) && (flags & GMEM_CREATE_IO);
}

struct tally {
	int combinations;
	int private_wrong;
	int shared_wrong;
	int inconsistent;
};

static void try_one(struct tally *t, unsigned int flags, enum gmem_act act, bool capable,
		    bool handed)
{
	struct gmem_verdict priv = decide(flags, act, capable, GMEM_STATE_PRIVATE, handed);
	struct gmem_verdict shared = decide(flags, act, capable, GMEM_STATE_SHARED, handed);

	t->combinations++;
	t->private_wrong += !priv.err != may_reach_private(flags, act, capable, handed);
	t->shared_wrong += !shared.err != may_reach_shared(flags, act, capable);
	t->inconsistent += !priv.err != !priv.denial;
	t->inconsistent += !shared.err != !shared.denial;
	t->inconsistent += priv.err > 0 || shared.err > 0;
}

static void check_errnos(void)
{
	struct gmem_verdict v;

	v = gmem_access_to_memory(ALL_FLAGS & ~GMEM_CREATE_MMAP, GMEM_ACT_MMAP, true);
	ok(v.err == -ENODEV && v.denial == GMEM_DENIAL_FLAGS, "mmap without the flag is ENODEV");
	v = gmem_access_to_memory(ALL_FLAGS & ~GMEM_CREATE_IO, GMEM_ACT_READ, true);
	ok(v.err == -EINVAL && v.denial == GMEM_DENIAL_FLAGS, "read without the flag is EINVAL");
	v = gmem_access_to_memory(0, GMEM_ACT_WRITE, true);
	ok(v.err == -EINVAL && v.denial == GMEM_DENIAL_FLAGS, "write without a flag is EINVAL");
	v = gmem_access_to_memory(ALL_FLAGS, GMEM_ACT_INSPECT_READ, false);
	ok(v.err == -EPERM && v.denial == GMEM_DENIAL_CAPABILITY,
	   "inspect without the capability is EPERM");
	v = gmem_access_to_memory(0, GMEM_ACT_INSPECT_READ, true);
	ok(v.err == -EACCES && v.denial == GMEM_DENIAL_FLAGS, "inspect without the flag is EACCES");
	v = gmem_access_to_memory(ALL_FLAGS, GMEM_ACT_OPEN, true);
	ok(v.err == -ENXIO && v.denial == GMEM_DENIAL_FLAGS, "open is ENXIO");
	v = gmem_access_to_memory(ALL_FLAGS, GMEM_ACT_SPLICE_READ, true);
	ok(v.err == -EINVAL && v.denial == GMEM_DENIAL_FLAGS, "splice is EINVAL");
	v = gmem_access_to_memory(ALL_FLAGS, (enum gmem_act)99, true);
	ok(v.err == -EINVAL && v.denial == GMEM_DENIAL_FLAGS, "an act nobody knows is EINVAL");
	v = gmem_access_to_page(ALL_FLAGS, GMEM_ACT_READ, GMEM_STATE_PRIVATE, false);
	ok(v.err == -EACCES && v.denial == GMEM_DENIAL_PRIVATE, "reading private is EACCES");
	v = gmem_access_to_page(ALL_FLAGS, GMEM_ACT_POPULATE, GMEM_STATE_PRIVATE, true);
	ok(v.err == -EACCES && v.denial == GMEM_DENIAL_PRIVATE, "populating handed is EACCES");
	v = gmem_access_by_fault(GMEM_STATE_PRIVATE);
	ok(v.err == -EACCES && v.denial == GMEM_DENIAL_PRIVATE, "a fault on private is refused");
	ok(!gmem_access_by_fault(GMEM_STATE_SHARED).err, "a fault on shared is served");
}

int main(void)
{
	struct tally t = { 0 };
	unsigned int flags, bits;
	size_t i;

	tap_plan(16);
	for (flags = 0; flags <= ALL_FLAGS; flags++)
		for (i = 0; i < NR_ACTS; i++)
			for (bits = 0; bits < 4; bits++)
				try_one(&t, flags, acts[i], bits & 1, bits & 2);

	ok(t.combinations == 32 * 9 * 4, "%d combinations tried", t.combinations);
	ok(!t.private_wrong, "private pages: inspected, or populated before handed, else refused");
	ok(!t.shared_wrong, "shared pages: inspected, or read and written with the flag");
	ok(!t.inconsistent, "an errno stands with a cause, and never without");
	check_errnos();
	return tap_done();
}
