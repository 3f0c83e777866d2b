/* SPDX-License-Identifier: GPL-2.0-only */
/* What the exporter tells of itself. Filled by export and its server, told by view/openmetrics. */
#ifndef GMT_MODEL_SELF_H
#define GMT_MODEL_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* enum gmt_part - What a scrape reads, one after the other. */
enum gmt_part {
	GMT_PART_GMEMS,
	GMT_PART_BINDINGS,
	GMT_PART_NODES,
	GMT_PART_POLICIES,
	GMT_PART_LATENCY,
	GMT_PART_MAX,
};

/* Answers that the server gives, by HTTP's code. */
enum gmt_answer {
	GMT_ANSWER_OK,		 /* 200 */
	GMT_ANSWER_BAD,		 /* 400 */
	GMT_ANSWER_UNAUTHORIZED, /* 401 */
	GMT_ANSWER_FORBIDDEN,	 /* 403 */
	GMT_ANSWER_NOT_FOUND,	 /* 404 */
	GMT_ANSWER_METHOD,	 /* 405 */
	GMT_ANSWER_FAILED,	 /* 500 */
	GMT_ANSWER_BUSY,	 /* 503 */
	GMT_ANSWER_MAX,
};

/**
 * struct gmt_process - A process, as /proc tells
 * @start_ns: CLOCK_BOOTTIME
 */
struct gmt_process {
	uint64_t cpu_ns;
	uint64_t start_ns;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;
	uint64_t threads;
};

/**
 * struct gmt_self - The exporter
 * @parts: of this scrape: whether it was asked for, whether it could be told, and its time
 * @scrapes: how many ended before this one, with their time in all
 * @lost: events that the aggregation of times did not see
 * @programs_loaded: BPF programs held
 * @programs_attached: those of them that run at events, which costs something at each
 * @serves: it is a server: of what follows there is something to tell
 */
struct gmt_self {
	const char *version;
	const char *source;
	struct {
		bool asked;
		bool told;
		uint64_t ns;
	} parts[GMT_PART_MAX];
	uint64_t started_ns;
	uint64_t scrapes;
	uint64_t scrape_ns;
	uint64_t lost;
	uint64_t programs_loaded;
	uint64_t programs_attached;
	size_t series_max;
	bool serves;
	uint64_t answers[GMT_ANSWER_MAX];
	uint64_t connections;
	struct gmt_process process;
};

#endif /* GMT_MODEL_SELF_H */
