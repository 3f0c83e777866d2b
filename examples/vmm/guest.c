// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest: 64-bit code without an operating system. It works in private memory, and round
 * after round shares a window of it, has the VMM serve the request in there, and takes it
 * back, checking at each step that it holds what it should.
 */
#include "guest.h"

static uint64_t flags, windows;

#define CALL(instruction, nr, a0, a1, a2) \
	asm volatile(instruction : "+a"(nr) : "b"(a0), "c"(a1), "d"(a2), "i"(GUEST_PORT) : "memory")

static uint64_t call(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	if (nr == KVM_HC_MAP_GPA_RANGE && flags & GUEST_HAS_VMMCALL)
		CALL("vmmcall", nr, a0, a1, a2);
	else if (nr == KVM_HC_MAP_GPA_RANGE && flags & GUEST_HAS_VMCALL)
		CALL("vmcall", nr, a0, a1, a2);
	else
		CALL("out %%eax, %4", nr, a0, a1, a2);
	return nr;
}

static void map(uint64_t window, uint64_t attributes)
{
	uint64_t status = call(KVM_HC_MAP_GPA_RANGE, window, WINDOW / PAGE, attributes);

	if (status)
		call(GUEST_CALL_FAILED, window, status, 0);
}

static void fill(uint64_t window, enum content content, uint64_t round)
{
	for (uint64_t at = window; at < window + WINDOW; at += sizeof(at))
		*(volatile uint64_t *)at = content_word(content, round, at);
}

static void check(uint64_t window, enum content content, uint64_t round)
{
	for (uint64_t at = window; at < window + WINDOW; at += sizeof(at)) {
		uint64_t found = *(volatile uint64_t *)at;

		if (found != content_word(content, round, at))
			call(GUEST_CALL_FAILED, at, found, content_word(content, round, at));
	}
}

/* Every fourth round lets the contents go at each conversion; memory then reads as zeroes. */
#define KEEPS(round) ((round) % 4 != 3)

static void one_round(uint64_t round)
{
	uint64_t window = GUEST_WINDOWS + round % windows * WINDOW;
	uint64_t keep = KEEPS(round) ? MAP_GPA_KEEP : 0, last = round - windows;

	/* As the guest left it, once round its memory ago. */
	check(window, round >= windows && KEEPS(last) ? ANSWER : ZERO, last);
	fill(window, REQUEST, round);
	map(window, keep);
	if (!keep) {
		check(window, ZERO, round);
		fill(window, REQUEST, round);
	}
	call(GUEST_CALL_SERVE, window, 0, 0);
	check(window, ANSWER, round);
	map(window, KVM_MAP_GPA_RANGE_ENCRYPTED | keep);
	check(window, keep ? ANSWER : ZERO, round);
}

__attribute__((section(".text.entry"), used)) void enter(uint64_t told, uint64_t bytes, uint64_t n)
{
	flags = told;
	windows = (bytes - GUEST_WINDOWS) / WINDOW;
	for (uint64_t round = 0; round < n; round++)
		one_round(round);
	call(GUEST_CALL_DONE, 0, 0, 0);
}
