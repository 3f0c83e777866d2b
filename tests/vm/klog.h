/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What counts as a report of the kernel about itself. The runner reads the kernel log after each test with
 * it, tests/vm/run the whole log of the serial console after the guest has ended.
 */
#ifndef GMEM_TEST_KLOG_H
#define GMEM_TEST_KLOG_H

#include <stdbool.h>

struct klog_state {
	int oom_lines; /* lines left in which a stack is no report: out of memory */
	/* Inside a report of KCSAN's: */
	bool race;
	bool maple; /* of two functions of the maple tree */
	bool reads; /* one of its accesses only reads */
	bool other; /* the rest of this stack does not matter */
	int sides;  /* accesses made on gmem's behalf */
};

/**
 * klog_is_report() - tells whether a line of the kernel log reports a bug
 * @state: zeroed before the first line of a log
 * @line: the message, whatever precedes it
 *
 * Return: whether the line opens (or belongs to) a report of a fault in the kernel.
 */
bool klog_is_report(struct klog_state *state, const char *line);

#endif /* GMEM_TEST_KLOG_H */
