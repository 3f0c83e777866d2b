// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's list of functions that are traced, as gmemtop reads it: which of those that it is
 * attached to run a BPF trampoline.
 * sources: tools/gmemtop/source/kvm_attached.c
 * cflags: -Itools/gmemtop
 */
#include <stdlib.h>
#include <unistd.h>

#include "source/kvm_attached.h"
#include "tap.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* As 7.3 prints it: a direct call, one more tracer, ftrace alone, a name that begins alike. */
static const char enabled[] =
	"kvm_gmem_mmap [kvm] (1)     D    \ttramp: 0xffffffffc0a0 (call_direct_funcs+0x0/0x20)\n"
	"\tdirect-->bpf_trampoline_6442531112+0x0/0x1000\n"
	"kvm_gmem_release [kvm] (2) R   D M \ttramp: 0xffffffffc0a0 (other D)\n"
	"\tdirect-->bpf_trampoline_6442531113+0x0/0x1000\n"
	"kvm_gmem_unbind [kvm] (1) R I     \ttramp: 0xffffffffc0a0 (kprobe D)\n"
	"kvm_gmem_create_more [kvm] (1)     D    \n"
	"schedule (1)     D  ";

static int check(struct gmt_attached *list, size_t count, const char *text)
{
	char path[] = "/tmp/attached-XXXXXX";
	int fd = mkstemp(path), err;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_bail("%s: %s", path, strerror(errno));
	close(fd);
	err = gmt_attached_check(list, count, path);
	unlink(path);
	return err;
}

int main(void)
{
	struct gmt_attached list[] = {
		{ .function = "kvm_gmem_mmap" },   { .function = "kvm_gmem_release" },
		{ .function = "kvm_gmem_unbind" }, { .function = "kvm_gmem_create", .runs = true },
		{ .function = "kvm_gmem" },	   { .function = "schedule" },
	};

	tap_plan(9);
	ok(!check(list, COUNT(list), enabled), "the list is read");
	ok(list[0].runs, "a function with a trampoline");
	ok(list[1].runs, "one that has another tracer, too");
	ok(!list[2].runs, "not one that only others trace, whatever they are called");
	ok(!list[3].runs && !list[4].runs,
	   "nor one whose name is the beginning of another's, or begins with it");
	ok(list[5].runs, "one of the kernel's own, at an end without a newline");
	ok(!check(list, COUNT(list), "") && !list[0].runs, "an empty list has none");
	ok(!check(list, COUNT(list), "\n\n)\n (1) D\n\tkvm_gmem_mmap (1) D\nkvm_gmem_mmap\n") &&
		   !list[0].runs,
	   "nor has one of broken lines");
	ok(gmt_attached_check(list, COUNT(list), "/nonexistent") == -ENOENT,
	   "none at all is an error");
	return tap_done();
}
