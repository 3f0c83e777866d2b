// SPDX-License-Identifier: GPL-2.0-only
/* What each source can tell. Asked by doctor. */
#include <unistd.h>

#include "source/kvm_probe.h"
#include "source/kvm_trace.h"
#include "source/probe.h"

void gmt_probe_sources(struct gmt_source_summary sources[GMT_SOURCES])
{
	static const struct gmt_source_summary both[GMT_SOURCES] = {
		{ .name = "gmem" },
		{ .name = "guest_memfd",
		  .can = { [GMT_CAPABILITY_SIZES] = GMT_CAN,
			   [GMT_CAPABILITY_CREATORS] = GMT_CAN_PARTLY,
			   [GMT_CAPABILITY_STATES] = GMT_CAN_PARTLY,
			   [GMT_CAPABILITY_RANGES] = GMT_CAN,
			   [GMT_CAPABILITY_BINDINGS] = GMT_CAN,
			   [GMT_CAPABILITY_HOLDERS] = GMT_CAN,
			   [GMT_CAPABILITY_EVENTS] = GMT_CAN_PARTLY } },
	};

	for (int i = 0; i < GMT_SOURCES; i++)
		sources[i] = both[i];
	for (int i = 0; i < GMT_CAPABILITY_MAX; i++)
		sources[0].can[i] = GMT_CAN;
	sources[0].available = !access("/sys/module/gmem", F_OK);
	sources[1].available = gmt_kvm_there();
}
