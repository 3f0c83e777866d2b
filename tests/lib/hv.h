/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual machines of gmem_testhv.ko, the make-believe hypervisor of the tests: tests/testhv/
 * has it. Calls named try_* and guest_* give -1 and errno, the others bail out.
 */
#ifndef GMEM_TEST_HV_H
#define GMEM_TEST_HV_H

#include "../testhv/testhv.h"
#include "gmem_test.h"

/* enum gmem_want of include/linux/gmem.h, which user space does not see. */
enum hv_want { WANT_ANY, WANT_PRIVATE, WANT_SHARED };

/* Loads the module, and unloads it at exit. */
void hv_load(void);
/* 0, or -1 with errno: EWOULDBLOCK where it is in use. */
int try_hv_unload(void);
int hv_open(void);
/* Closes a VM, which must have been told soundly of everything; false and a diagnosis if not. */
bool hv_close(int vm);

int try_bind(int vm, unsigned int slot, int fd, uint64_t offset, uint64_t bytes, uint64_t at);
void hv_bind(int vm, unsigned int slot, int fd, uint64_t offset, uint64_t bytes, uint64_t at);
int try_unbind(int vm, unsigned int slot);
void hv_unbind(int vm, unsigned int slot);
int try_lookup(int vm, struct testhv_lookup *l);
int try_lookup_page(int vm, unsigned int slot, uint64_t index, enum hv_want want);
int guest_write(int vm, uint64_t at, const void *from, size_t bytes);
int guest_read(int vm, uint64_t at, void *to, size_t bytes);
/* The state that the guest page table has a page in: enum gmem_state, or -1 and errno. */
int guest_state(int vm, uint64_t at);
int guest_convert(int vm, uint64_t at, uint64_t bytes, unsigned int to, unsigned int content,
		  uint64_t *error_offset);
int try_hv_populate(int vm, uint64_t at, const void *page, int fail);
/* For its bindings of now: slow_ms, deaf or dawdle_ms. */
void hv_behave(int vm, struct testhv_behave how);
struct testhv_count hv_count(int vm, unsigned int slot);
uint64_t hv_counter(int vm, enum testhv_counter nr);

/* Every begin had its end, no page was used after it was gone, nothing was told amiss. */
bool hv_sound(int vm);

#endif /* GMEM_TEST_HV_H */
