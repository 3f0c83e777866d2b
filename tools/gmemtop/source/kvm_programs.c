// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "source/kvm_programs.h"

#include "kvm_scan.light.h"

/* Both are of one object. */
_Static_assert(sizeof(struct gmt_kvm_scan__bss) == sizeof(struct gmt_kvm_scan_light__bss) &&
		       offsetof(struct gmt_kvm_scan__bss, vms) ==
			       offsetof(struct gmt_kvm_scan_light__bss, vms) &&
		       offsetof(struct gmt_kvm_scan__bss, slots) ==
			       offsetof(struct gmt_kvm_scan_light__bss, slots),
	       "the skeletons agree on the programs' memory");

static int load_light(struct gmt_kvm_programs *programs, int *kvm_fds)
{
	struct gmt_kvm_scan_light *light = gmt_kvm_scan_light__open();
	int err;

	if (!light)
		return -ENOMEM;
	err = gmt_kvm_scan_light__load(light);
	if (err) {
		gmt_kvm_scan_light__destroy(light);
		return err;
	}
	programs->light = light;
	programs->bss = (struct gmt_kvm_scan__bss *)light->bss;
	programs->sys_slots = light->progs.sys_slots.prog_fd;
	*kvm_fds = light->progs.kvm_fds.prog_fd;
	return 0;
}

static int load_whole(struct gmt_kvm_programs *programs, int *kvm_fds)
{
	struct gmt_kvm_scan *whole = gmt_kvm_scan__open_and_load();

	if (!whole)
		return -errno;
	programs->whole = whole;
	programs->bss = whole->bss;
	programs->sys_slots = bpf_program__fd(whole->progs.sys_slots);
	*kvm_fds = bpf_program__fd(whole->progs.kvm_fds);
	return 0;
}

int gmt_kvm_programs_load(struct gmt_kvm_programs *programs)
{
	int kvm_fds, err;

	*programs = (struct gmt_kvm_programs){ .kvm_fds = -1 };
	err = load_light(programs, &kvm_fds);
	if (err && err != -EPERM)
		err = load_whole(programs, &kvm_fds);
	if (err)
		return err;
	programs->kvm_fds = bpf_link_create(kvm_fds, 0, BPF_TRACE_ITER, NULL);
	if (programs->kvm_fds >= 0)
		return 0;
	err = programs->kvm_fds;
	gmt_kvm_programs_unload(programs);
	return err;
}

void gmt_kvm_programs_unload(struct gmt_kvm_programs *programs)
{
	if (!programs->bss)
		return;
	if (programs->kvm_fds >= 0)
		close(programs->kvm_fds);
	if (programs->light)
		gmt_kvm_scan_light__destroy(programs->light);
	gmt_kvm_scan__destroy(programs->whole);
	*programs = (struct gmt_kvm_programs){};
}
