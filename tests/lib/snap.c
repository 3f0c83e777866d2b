// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gmem's statistics and ranges at one moment, and the comparison that proves that a
 * refused call changed nothing.
 */
#include "gmem_test.h"

struct snap snap_take(int fd)
{
	struct snap s = { .stats = gmem_stats_of(fd) };

	s.count = gmem_ranges(fd, 0, s.stats.size_bytes, s.ranges, SNAP_RANGES);
	return s;
}

/* Every counter and size, and which of enum snap_may excuses a difference. */
static const struct {
	const char *name;
	size_t at;
	unsigned int may;
} fields[] = {
#define FIELD(name, may) { #name, offsetof(struct gmem_stats, name), may }
	FIELD(id, 0),
	FIELD(size_bytes, 0),
	FIELD(resident_private_bytes, 0),
	FIELD(resident_shared_bytes, 0),
	FIELD(faults_host, SNAP_FAULTS),
	FIELD(faults_guest, 0),
	FIELD(denied_private, SNAP_DENIED),
	FIELD(denied_flags, SNAP_DENIED),
	FIELD(denied_capability, SNAP_DENIED),
	FIELD(denied_policy, SNAP_DENIED),
	FIELD(conversions, 0),
	FIELD(conversions_failed, SNAP_FAILED),
	FIELD(converted_bytes, 0),
	FIELD(allocated_bytes, 0),
	FIELD(freed_bytes, 0),
	FIELD(read_bytes, 0),
	FIELD(written_bytes, 0),
	FIELD(inspected_bytes, 0),
	FIELD(invalidations, 0),
	FIELD(memory_failures, 0),
#undef FIELD
};

static uint64_t field(const struct gmem_stats *stats, size_t at)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + at, sizeof(value));
	return value;
}

bool snap_same(int fd, const struct snap *before, unsigned int may)
{
	struct snap now = snap_take(fd);
	bool same = now.stats.create_flags == before->stats.create_flags &&
		    now.stats.bindings == before->stats.bindings;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t was = field(&before->stats, fields[i].at);
		uint64_t is = field(&now.stats, fields[i].at);

		if (was == is || (fields[i].may & may))
			continue;
		diag("  %s was %llu, is %llu", fields[i].name, (unsigned long long)was,
		     (unsigned long long)is);
		same = false;
	}
	if (now.count != before->count ||
	    memcmp(now.ranges, before->ranges, sizeof(now.ranges[0]) * now.count)) {
		diag("  the ranges changed: %d before, %d now", before->count, now.count);
		same = false;
	}
	return same;
}
