// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which lines of a kernel log are held against gmem; of data races above all, since the kernel has many of its own.
 * sources: tests/vm/klog.c
 * cflags: -Itests/vm
 */
#include "klog.h"
#include "tap.h"

#define OPEN(one, other)                                                      \
	"==================================================================", \
		"BUG: KCSAN: data-race in " one " / " other, ""
#define ACCESS(kind) kind " to 0xff11000100e0bd28 of 8 bytes by task 69 on cpu 0:"
#define CALLS	     " gmem_convert+0x1f9/0x270 [gmem]", " __x64_sys_ioctl+0xc0/0x100", ""
#define KERNEL	     " __x64_sys_futex+0xc0/0x100", ""
#define CLOSE                                                                            \
	"value changed: 0x000000000000001c -> 0x000000000000001b", "",                   \
		"Reported by Kernel Concurrency Sanitizer on:",                          \
		"CPU: 1 UID: 0 PID: 70 Comm: storm Tainted: G           O        7.3.4", \
		"=================================================================="

static int reports_in(const char *const *lines, size_t n)
{
	struct klog_state state = {};
	int found = 0;

	for (size_t i = 0; i < n; i++)
		found += klog_is_report(&state, lines[i]);
	return found;
}

#define REPORTS(...)                                     \
	reports_in((const char *const[]){ __VA_ARGS__ }, \
		   sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void test_races(void)
{
	is_int(REPORTS(OPEN("gmem_stats_of [gmem]", "gmem_convert [gmem]"), ACCESS("write"), CALLS,
		       ACCESS("read"), CALLS, CLOSE) > 0,
	       true, "a race between two accesses of gmem.ko");
	is_int(REPORTS(OPEN("folio_unlock", "gmem_convert [gmem]"), ACCESS("write"), KERNEL,
		       ACCESS("read"), CALLS, CLOSE) > 0,
	       true, "... between one of gmem.ko and one of the kernel");
	is_int(REPORTS(OPEN("kvm_gmem_get_pfn [kvm]", "kvm_vm_ioctl [kvm]"), ACCESS("write"),
		       KERNEL, ACCESS("read"), KERNEL, CLOSE) > 0,
	       true, "... of KVM's file that gmem replaces");
	is_int(REPORTS(OPEN("strscpy", "strscpy"), ACCESS("write"), " strscpy+0x1/0x2", CALLS,
		       ACCESS("read"), " strscpy+0x1/0x2", CALLS, CLOSE),
	       1, "... between two functions that gmem.ko calls");
	is_int(REPORTS(OPEN("mas_wr_store_entry", "mas_wr_store_entry"), ACCESS("write"),
		       " mas_wr_store_entry+0x1/0x2", CALLS, ACCESS("write"),
		       " mas_wr_store_entry+0x1/0x2", CALLS, CLOSE),
	       1, "... between two writers of a maple tree");
	is_int(REPORTS(OPEN("mas_wr_store_entry", "mtree_range_walk"), ACCESS("write"),
		       " mas_wr_store_entry+0x1/0x2", CALLS, ACCESS("read"),
		       " mtree_range_walk+0x1/0x2", CALLS, CLOSE),
	       0, "none: a maple tree's reader and its writer");
	is_int(REPORTS(OPEN("folio_unlock", "filemap_map_pages"), ACCESS("write"), KERNEL,
		       ACCESS("read"), " filemap_map_pages+0x1/0x2", CALLS, CLOSE),
	       0, "none: the kernel against what gmem.ko calls");
	is_int(REPORTS(OPEN("hrtimer_wakeup", "wake_up"), ACCESS("write"),
		       " hrtimer_wakeup+0x1/0x2", " asm_sysvec_apic_timer_interrupt+0x1a/0x20",
		       CALLS, ACCESS("read"), " wake_up+0x1/0x2", CALLS, CLOSE),
	       0, "none: an interrupt of gmem.ko");
	is_int(REPORTS(OPEN("hrtimer_wakeup", "wake_up"), ACCESS("write"), KERNEL, ACCESS("read"),
		       KERNEL, CLOSE, "BUG: KASAN: use-after-free in gmem_convert"),
	       1, "what comes after a race that does not count");
}

static void test_others(void)
{
	is_int(REPORTS("WARNING: possible circular locking dependency detected"), 1, "lockdep");
	is_int(REPORTS("systemd: started", "EXT4-fs (vda): mounted filesystem"), 0,
	       "ordinary messages");
	is_int(REPORTS("memcg invoked oom-killer: gfp_mask=0x0", "CPU: 1", "Call Trace:"), 0,
	       "none: the stack of a memory cgroup at its limit");
}

int main(void)
{
	tap_plan(12);
	test_races();
	test_others();
	return tap_done();
}
