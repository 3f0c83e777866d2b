// SPDX-License-Identifier: GPL-2.0-only
/* What each source can tell, in words. */
#include "view/capability.h"

static const char *const names[GMT_CAPABILITY_MAX] = {
	[GMT_CAPABILITY_SIZES] = "sizes",	[GMT_CAPABILITY_NAMES] = "names",
	[GMT_CAPABILITY_CREATORS] = "creators", [GMT_CAPABILITY_STATES] = "states",
	[GMT_CAPABILITY_RANGES] = "ranges",	[GMT_CAPABILITY_BINDINGS] = "bindings",
	[GMT_CAPABILITY_HOLDERS] = "holders",	[GMT_CAPABILITY_NODES] = "nodes",
	[GMT_CAPABILITY_COUNTERS] = "counters", [GMT_CAPABILITY_EVENTS] = "events",
	[GMT_CAPABILITY_LATENCY] = "latency",	[GMT_CAPABILITY_POLICIES] = "policies",
	[GMT_CAPABILITY_AUDIT] = "audit",
};

const char *gmt_capability_name(enum gmt_capability capability)
{
	return names[capability];
}

const char *gmt_can_word(enum gmt_can can)
{
	static const char *const words[] = {
		[GMT_CAN_NOT] = "no",
		[GMT_CAN_PARTLY] = "partly",
		[GMT_CAN] = "yes",
	};

	return words[can];
}

void gmt_text_sources(FILE *out, const struct gmt_source_summary *sources)
{
	fprintf(out, "\n%-12s", "SOURCE");
	for (int i = 0; i < GMT_SOURCES; i++)
		fprintf(out, "%s%s", i ? "  " : "", sources[i].name);
	fprintf(out, "\n%-12s", "here");
	for (int i = 0; i < GMT_SOURCES; i++)
		fprintf(out, "%-*s", i + 1 < GMT_SOURCES ? 6 : 0,
			sources[i].available ? "yes" : "no");
	putc('\n', out);
	for (int c = 0; c < GMT_CAPABILITY_MAX; c++) {
		fprintf(out, "%-12s", names[c]);
		for (int i = 0; i < GMT_SOURCES; i++)
			fprintf(out, "%-*s", i + 1 < GMT_SOURCES ? 6 : 0,
				gmt_can_word(sources[i].can[c]));
		putc('\n', out);
	}
}
