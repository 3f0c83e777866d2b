// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>

#include "source/bpf_snapshot.h"

#include "snapshot.light.h"

/* Both are of one object. */
_Static_assert(sizeof(struct gmt_snapshot__bss) == sizeof(struct gmt_snapshot_light__bss) &&
		       offsetof(struct gmt_snapshot__bss, bindings) ==
			       offsetof(struct gmt_snapshot_light__bss, bindings) &&
		       offsetof(struct gmt_snapshot__bss, rows) ==
			       offsetof(struct gmt_snapshot_light__bss, rows),
	       "the skeletons agree on the programs' memory");

static int load_light(struct gmt_scan *scan)
{
	struct gmt_snapshot_light *light = gmt_snapshot_light__open();
	int err;

	if (!light)
		return -ENOMEM;
	err = gmt_snapshot_light__load(light);
	if (err) {
		gmt_snapshot_light__destroy(light);
		return err;
	}
	*scan = (struct gmt_scan){
		.bss = (struct gmt_snapshot__bss *)light->bss,
		.sys_snapshot = light->progs.sys_snapshot.prog_fd,
		.sys_bindings = light->progs.sys_bindings.prog_fd,
		.light = light,
	};
	return 0;
}

static int load_whole(struct gmt_scan *scan, bool bindings)
{
	struct gmt_snapshot *whole = gmt_snapshot__open();
	int err;

	if (!whole)
		return -errno;
	bpf_program__set_autoload(whole->progs.sys_bindings, bindings);
	err = gmt_snapshot__load(whole);
	if (err) {
		gmt_snapshot__destroy(whole);
		return err;
	}
	*scan = (struct gmt_scan){
		.bss = whole->bss,
		.sys_snapshot = bpf_program__fd(whole->progs.sys_snapshot),
		.sys_bindings = bindings ? bpf_program__fd(whole->progs.sys_bindings) : -1,
		.whole = whole,
	};
	return 0;
}

int gmt_scan_load(struct gmt_scan *scan)
{
	int err = load_light(scan);

	if (err && err != -EPERM)
		err = load_whole(scan, true);
	/* A gmem.ko with an iterator that does not fit must not cost the rest. */
	if (err && err != -EPERM)
		err = load_whole(scan, false);
	return err;
}

void gmt_scan_unload(struct gmt_scan *scan)
{
	if (scan->light)
		gmt_snapshot_light__destroy(scan->light);
	gmt_snapshot__destroy(scan->whole);
	*scan = (struct gmt_scan){};
}
