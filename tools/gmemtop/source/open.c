// SPDX-License-Identifier: GPL-2.0-only
/* Which source the verbs read from. Called by each of them but doctor. */
#include <string.h>
#include <unistd.h>

#include "source/kvm_probe.h"
#include "source/source.h"

struct gmt_source_choice gmt_source_choice = { .speed = 1 };

int gmt_source_open(struct gmt_source **source, struct gmt_error *error)
{
	const char *name = gmt_source_choice.name;

	if (gmt_source_choice.recording)
		return gmt_replay_open(source, error);
	if (name && !strcmp(name, "guest_memfd"))
		return gmt_kvm_open(source, error);
	/* gmem.ko tells more. Without either, its absence is what there is to say. */
	if (!name && access("/sys/module/gmem", F_OK) && gmt_kvm_there())
		return gmt_kvm_open(source, error);
	return gmt_bpf_open(source, error);
}
