/* SPDX-License-Identifier: GPL-2.0-only */
/* Places in a recording as people write them. For replay.c. */
#ifndef GMT_SOURCE_REPLAY_TIME_H
#define GMT_SOURCE_REPLAY_TIME_H

#include <stdint.h>

/**
 * gmt_replay_time() - Read a place
 * @text: "start", "end"; "+TIME" from the start, "-TIME" from the end, as 90s or 5m; HH:MM[:SS] of the
 *	recording's first day, or of the next; YYYY-MM-DD[THH:MM[:SS]]; "Z" behind it or not, it is UTC
 * @first_ns, @last_ns: of the recording, CLOCK_BOOTTIME
 * @offset_ns: from there to the wall's
 * @at_ns: set; not necessarily within the recording
 *
 * Return: 0 or -EINVAL
 */
int gmt_replay_time(const char *text, uint64_t first_ns, uint64_t last_ns, int64_t offset_ns,
		    uint64_t *at_ns);

#endif /* GMT_SOURCE_REPLAY_TIME_H */
