/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each source can tell, for doctor: yes, no, or as far as docs/guest_memfd.md says.
 * Filled by the sources' probe, shown by the views.
 */
#ifndef GMT_MODEL_CAPABILITY_H
#define GMT_MODEL_CAPABILITY_H

#include <stdbool.h>

enum gmt_can {
	GMT_CAN_NOT,
	GMT_CAN_PARTLY,
	GMT_CAN,
};

enum gmt_capability {
	GMT_CAPABILITY_SIZES,
	GMT_CAPABILITY_NAMES,
	GMT_CAPABILITY_CREATORS,
	GMT_CAPABILITY_STATES,
	GMT_CAPABILITY_RANGES,
	GMT_CAPABILITY_BINDINGS,
	GMT_CAPABILITY_HOLDERS,
	GMT_CAPABILITY_NODES,
	GMT_CAPABILITY_COUNTERS,
	GMT_CAPABILITY_EVENTS,
	GMT_CAPABILITY_LATENCY,
	GMT_CAPABILITY_POLICIES,
	GMT_CAPABILITY_AUDIT,
	GMT_CAPABILITY_MAX,
};

/**
 * struct gmt_source_summary - One source
 * @name: as --source takes it
 * @available: this host has it
 * @can: what it can tell where it is there
 */
struct gmt_source_summary {
	const char *name;
	bool available;
	enum gmt_can can[GMT_CAPABILITY_MAX];
};

#define GMT_SOURCES 2

#endif /* GMT_MODEL_CAPABILITY_H */
