// SPDX-License-Identifier: GPL-2.0-only
/* The words for enum gmem_create_flags. A new flag is one line here. */
#include <linux/gmem.h>
#include <stdio.h>

#include "model/flags.h"

static const struct {
	uint32_t flag;
	const char *name;
} names[] = {
	{ GMEM_CREATE_MMAP, "mmap" },
	{ GMEM_CREATE_IO, "io" },
	{ GMEM_CREATE_INIT_SHARED, "init_shared" },
	{ GMEM_CREATE_POPULATE, "populate" },
	{ GMEM_CREATE_INSPECT, "inspect" },
	{ GMEM_CREATE_POLICY_REQUIRED, "policy_required" },
};

const char *gmt_flag_name(unsigned int bit)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].flag == 1U << bit)
			return names[i].name;
	return NULL;
}

void gmt_flags_format(char *text, size_t size, uint32_t flags)
{
	const char *gap = "";
	size_t at = 0;

	snprintf(text, size, "none");
	for (unsigned int bit = 0; bit < 32 && at < size; bit++) {
		if (!(flags & 1U << bit))
			continue;
		if (gmt_flag_name(bit))
			at += snprintf(text + at, size - at, "%s%s", gap, gmt_flag_name(bit));
		else
			at += snprintf(text + at, size - at, "%s%#x", gap, 1U << bit);
		gap = " ";
	}
}
