// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel log's vocabulary of bugs, see klog.h.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>

#include "klog.h"

static const char *const reports[] = {
	"BUG:",
	"BUG ",
	"WARNING:",
	"Oops",
	"Kernel panic",
	"kernel BUG at",
	"general protection fault",
	"Unable to handle",
	"unable to handle",
	"stack segment",
	"double fault",
	"invalid opcode",
	"divide error",
	"blocked for more than",
	"blocked in I/O wait for more than",
	"soft lockup",
	"hard LOCKUP",
	"detected stall",
	"detected expedited stall",
	"rcu_tasks detected stalls",
	"refcount_t:",
	"KASAN",
	"KFENCE",
	"UBSAN",
	"list_add corruption",
	"list_del corruption",
	"Bad page",
	"Bad rss-counter",
	"bad: scheduling",
	"page_counter underflow",
	"Objects remaining",
	"objects remaining",
	"unreferenced object",
	"leaked",
	"possible circular locking",
	"possible recursive locking",
	"possible irq lock inversion",
	"inconsistent lock state",
	"suspicious RCU usage",
	"Voluntary context switch within RCU",
	"still has locks held",
	"held lock freed",
	"sleeping function called",
	"scheduling while atomic",
	"corrupted preempt",
	"Busy inodes after unmount",
	"Call Trace",
	"cut here",
	"bad unlock balance",
	"trying to register non-static key",
	"DEBUG_LOCKS_WARN_ON",
	"INFO: lockdep is turned off",
	"ODEBUG:",
	"page dumped because",
	"kmemleak: Kernel memory leak detector disabled",
	"kmemleak: Not enough memory",
};

/* gmem.ko, the tests' hypervisor, and the file of KVM's that gmem replaces. */
static bool names_gmem(const char *line)
{
	return strstr(line, "[gmem]") || strstr(line, "[gmem_testhv]") || strstr(line, "kvm_gmem_");
}

static bool is_maple_tree(const char *function)
{
	return !strncmp(function, "mas_", 4) || !strncmp(function, "mt_", 3) ||
	       !strncmp(function, "mtree_", 6);
}

/* The title is "BUG: KCSAN: data-race in FUNCTION / FUNCTION". */
static bool within_maple_tree(const char *title)
{
	const char *one = strstr(title, " in "), *other = strstr(title, " / ");

	return one && other && is_maple_tree(one + 4) && is_maple_tree(other + 3);
}

/*
 * The kernel has data races of its own, most of them meant: those are its developers' business. One counts where gmem
 * made one of the accesses, which the title tells, or had both of them made by functions that it called, which may be
 * for want of a lock. Only the maple tree, whose readers take none, is let read what it is writing.
 */
static bool is_race_of_gmem(struct klog_state *state, const char *line)
{
	if (strstr(line, "BUG: KCSAN:")) {
		*state = (struct klog_state){ .race = true, .maple = within_maple_tree(line) };
		return names_gmem(line);
	}
	if (strstr(line, "=================="))
		state->race = false;
	if (!state->race)
		return false;
	/* The head of an access, before its stack. */
	if (strstr(line, " bytes by ")) {
		state->reads |= strstr(line, "read") && !strstr(line, "write");
		state->other = false;
	}
	/* What lies below was interrupted. */
	if (strstr(line, "asm_sysvec_") || strstr(line, "asm_common_interrupt"))
		state->other = true;
	if (state->other || !names_gmem(line))
		return false;
	state->other = true;
	return ++state->sides == 2 && !(state->maple && state->reads);
}

bool klog_is_report(struct klog_state *state, const char *line)
{
	size_t i;

	if (is_race_of_gmem(state, line))
		return true;
	if (state->race)
		return false;

	/*
	 * Neither a memory cgroup at its limit is a bug, nor a slab cache that could not be made for want of memory,
	 * though both show a stack.
	 */
	if (strstr(line, "invoked oom-killer") ||
	    (strstr(line, "__kmem_cache_create_args(") && strstr(line, "failed with error")))
		state->oom_lines = 12;
	else if (state->oom_lines > 0)
		state->oom_lines--;

	/* A fault that finds no memory is tried again. Fault injection causes it. */
	if (strstr(line, "VM_FAULT_OOM leaked out to the #PF handler"))
		return false;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		if (!strstr(line, reports[i]))
			continue;
		if (state->oom_lines && !strcmp(reports[i], "Call Trace"))
			return false;
		/* The kernel's own advice on its mitigations, which the VM's command line turns off. */
		return !strstr(line, "Spectre") && !strstr(line, "MDS ") && !strstr(line, "TAA ");
	}
	return false;
}
