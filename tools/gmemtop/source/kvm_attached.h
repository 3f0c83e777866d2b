/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the functions that programs are attached to the kernel runs them for. Asked by kvm_trace.c. */
#ifndef GMT_SOURCE_KVM_ATTACHED_H
#define GMT_SOURCE_KVM_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct gmt_attached - A function that fentry or fexit programs are attached to
 * @function: its name
 * @runs: the kernel's own list has it, with a BPF trampoline
 */
struct gmt_attached {
	const char *function;
	bool runs;
};

/**
 * gmt_attached_check() - Look each function up in the kernel's list of those that are traced
 * @list: @runs of each is set
 * @path: the list, tracefs' enabled_functions; NULL: where it is on this host
 *
 * Return: 0, or -errno where it cannot be read: nothing is known then
 */
int gmt_attached_check(struct gmt_attached *list, size_t count, const char *path);

#endif /* GMT_SOURCE_KVM_ATTACHED_H */
