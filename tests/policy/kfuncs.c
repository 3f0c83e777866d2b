// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts that policies' programs may ask for: a gmem's statistics, the state of a range, the
 * binding of an offset; what there is not, a buffer too small, and where they may not sleep.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "hv.h"
#include "policy.h"

#include "facts.skel.h"

#define PAGES 8
#define BYTES (PAGES * PAGE)

static struct facts *bpf;
static uint64_t id;
static int fd, vm;

/* What the io program learns about @of at @offset. */
static const struct facts__bss *learn(uint64_t of, uint64_t offset)
{
	uint64_t asked = bpf->bss->asked;
	char byte;

	memset(&bpf->bss->stats, 0x5a, sizeof(bpf->bss->stats));
	memset(&bpf->bss->range, 0x5a, sizeof(bpf->bss->range));
	memset(&bpf->bss->binding, 0x5a, sizeof(bpf->bss->binding));
	memset(bpf->bss->part, 0x5a, sizeof(bpf->bss->part));
	bpf->bss->id = of;
	bpf->bss->offset_bytes = offset;
	if (pread(fd, &byte, 1, 0) != 1 || bpf->bss->asked != asked + 1)
		tap_bail("the policy was not asked");
	return bpf->bss;
}

static void check_stats(void)
{
	struct gmem_stats s = gmem_stats_of(fd);
	const struct facts__bss *f = learn(id, 0);

	is_int(f->stats_ret, 0, "statistics: found");
	/* The read is counted when it is done. */
	s.read_bytes = f->stats.read_bytes;
	ok(!memcmp(&s, &f->stats, sizeof(s)), "statistics: as GMEM_GET_STATS tells them");
	ok(!f->part_ret && !memcmp(f->part, &s, sizeof(f->part)),
	   "statistics: as much as the buffer holds");
	f = learn(id + 1000, 0);
	ok(f->stats_ret == -ENOENT && all_zero(&f->stats, sizeof(f->stats)),
	   "no such gmem: ENOENT, and zeroes");
	f = learn(0, 0);
	is_int(f->stats_ret, -ENOENT, "gmem 0: ENOENT");
}

static bool range_is(const struct facts__bss *f, uint64_t page, uint64_t most, unsigned int flags)
{
	if (!f->range_ret && f->range.offset == page * PAGE && f->range.bytes >= PAGE &&
	    f->range.bytes <= most * PAGE && f->range.flags == flags)
		return true;
	diag("  gave %d: %#llx and %#llx bytes, flags %u", f->range_ret,
	     (unsigned long long)f->range.offset, (unsigned long long)f->range.bytes,
	     f->range.flags);
	return false;
}

/* Pages 0 and 1 are shared, 0 resident; 4 is shared, the others are private. */
static void check_ranges(void)
{
	ok(range_is(learn(id, 0), 0, 1, GMEM_RANGE_SHARED | GMEM_RANGE_RESIDENT),
	   "a page that is shared and resident");
	ok(range_is(learn(id, PAGE), 1, 1, GMEM_RANGE_SHARED), "one that is shared only");
	ok(range_is(learn(id, 2 * PAGE + 17), 2, 2, 0), "in the midst of a private one");
	ok(range_is(learn(id, 4 * PAGE), 4, 1, GMEM_RANGE_SHARED), "the next shared one");
	ok(range_is(learn(id, BYTES - 1), PAGES - 1, 1, 0), "the last byte");
	is_int(learn(id, BYTES)->range_ret, -EINVAL, "the end: EINVAL");
	is_int(learn(id, UINT64_MAX)->range_ret, -EINVAL, "the largest offset: EINVAL");
	is_int(learn(id + 1000, 0)->range_ret, -ENOENT, "no such gmem: ENOENT");
}

static bool binding_is(const struct facts__bss *f, unsigned int slot, uint64_t page, uint64_t pages,
		       uint64_t guest)
{
	const struct binding *b = &f->binding;

	if (!f->binding_ret && b->id == id && b->offset_bytes == page * PAGE &&
	    b->size_bytes == pages * PAGE && b->slot == slot && b->guest_address == guest &&
	    b->vm == hv_count(vm, 0).vm && b->bound_ns && !strcmp(b->consumer, "testhv"))
		return true;
	diag("  gave %d: gmem %llu, %#llx and %#llx bytes, slot %u, \"%s\"", f->binding_ret,
	     (unsigned long long)b->id, (unsigned long long)b->offset_bytes,
	     (unsigned long long)b->size_bytes, b->slot, b->consumer);
	return false;
}

static void check_bindings(void)
{
	is_int(learn(id, 0)->binding_ret, -ENOENT, "nothing is bound: ENOENT");
	hv_bind(vm, 3, fd, 2 * PAGE, 2 * PAGE, 0x200000);
	hv_bind(vm, 4, fd, 6 * PAGE, PAGE, 0x300000);
	ok(binding_is(learn(id, 2 * PAGE), 3, 2, 2, 0x200000), "the binding of an offset");
	ok(binding_is(learn(id, 4 * PAGE - 1), 3, 2, 2, 0x200000), "its last byte");
	ok(binding_is(learn(id, 0), 3, 2, 2, 0x200000), "the next one behind, from the start");
	ok(binding_is(learn(id, 4 * PAGE), 4, 6, 1, 0x300000), "the next one behind a hole");
	is_int(learn(id, 7 * PAGE)->binding_ret, -ENOENT, "none is behind: ENOENT");
	is_int(learn(id + 1000, 0)->binding_ret, -ENOENT, "no such gmem: ENOENT");
	hv_unbind(vm, 3);
	hv_unbind(vm, 4);
	is_int(learn(id, 0)->binding_ret, -ENOENT, "unbound: ENOENT");
}

/* Those that never sleep, from a fault; the other is refused there when it is loaded. */
static void check_fault(void)
{
	char *map = gmem_map(fd, BYTES);
	struct facts *other = facts__open();

	bpf->bss->id = id;
	bpf->bss->fault_stats_ret = bpf->bss->fault_range_ret = 1;
	is_int(trap_load(map).signo, 0, "a page is touched");
	ok(!bpf->bss->fault_stats_ret && !bpf->bss->fault_range_ret,
	   "its program learns of statistics and range");
	munmap(map, BYTES);
	if (!other)
		tap_bail("open: %s", strerror(errno));
	libbpf_set_print(NULL);
	bpf_map__set_autocreate(other->maps.sleeps, true);
	is_int(facts__load(other), -EACCES,
	       "a program that may not sleep may not ask for a binding");
	facts__destroy(other);
}

int main(void)
{
	struct bpf_link *link;

	tap_plan(5 + 8 + 8 + 3);
	trap_init();
	hv_load();
	vm = hv_open();
	fd = gmem_new(MMAP_IO, BYTES, "facts");
	id = gmem_id(fd);
	gmem_share(fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	gmem_share(fd, 4 * PAGE, PAGE, GMEM_CONTENT_ZERO);
	if (pwrite(fd, "x", 1, 0) != 1)
		tap_bail("pwrite: %s", strerror(errno));
	bpf = facts__open();
	if (!bpf || bpf_map__set_autocreate(bpf->maps.sleeps, false) || facts__load(bpf))
		tap_bail("load: %s", strerror(errno));
	link = bpf_map__attach_struct_ops(bpf->maps.facts);
	if (!link)
		tap_bail("attach: %s", strerror(errno));
	check_stats();
	check_ranges();
	check_bindings();
	check_fault();
	bpf_link__destroy(link);
	facts__destroy(bpf);
	close(fd);
	if (!hv_close(vm))
		tap_bail("the VM was told amiss");
	return tap_done();
}
