/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the VMM and its guest agree on: what lies where in the guest's memory, how the guest
 * calls the VMM, and what a window holds. A guest address is an offset in the memory too.
 */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include <linux/kvm_para.h>
#include <stdint.h>

#define PAGE	      4096UL
#define GUEST_TABLES  0x1000UL	/* page tables */
#define GUEST_CODE    0x10000UL /* entered at its first byte; the stack grows down from it */
#define GUEST_WINDOWS 0x20000UL /* from here on to the end: memory to work with */
#define WINDOW	      (4 * PAGE)

/* What the guest is told at its start. */
#define GUEST_HAS_VMCALL  1 /* hypercalls of an Intel processor reach the VMM */
#define GUEST_HAS_VMMCALL 2 /* likewise of an AMD processor */

/*
 * Calls have KVM's registers: number and answer in rax, arguments in rbx, rcx, rdx. They come by
 * `out %eax, $GUEST_PORT`, KVM_HC_MAP_GPA_RANGE as a real hypercall where that works.
 */
#define GUEST_PORT	  0xc0
#define GUEST_CALL_SERVE  0x100 /* address of a shared window with a request in it */
#define GUEST_CALL_FAILED 0x101 /* address, what is there, what should be */
#define GUEST_CALL_DONE	  0x102 /* all rounds are done */

/* An attribute of ours, beside KVM_MAP_GPA_RANGE_ENCRYPTED (private): keep the contents. */
#define MAP_GPA_KEEP (1UL << 32)

/* What a word of a window may hold in a round. */
enum content { ZERO, REQUEST, ANSWER };

static inline uint64_t content_word(enum content content, uint64_t round, uint64_t at)
{
	return content * ((round << 32 | at) ^ 0x9e3779b97f4a7c15);
}

#endif /* VMM_GUEST_H */
