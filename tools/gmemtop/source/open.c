// SPDX-License-Identifier: GPL-2.0-only
/* Which source the verbs read from. Called by each of them but doctor. */
#include "source/source.h"

struct gmt_source_choice gmt_source_choice = { .speed = 1 };

int gmt_source_open(struct gmt_source **source, struct gmt_error *error)
{
	if (gmt_source_choice.recording)
		return gmt_replay_open(source, error);
	return gmt_bpf_open(source, error);
}
