/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How an audit is told: records as lines of JSON, with a sentence for people beside them, and
 * the sinks that take them: a stream, a file of limited size, the journal.
 */
#ifndef GMT_VIEW_AUDIT_H
#define GMT_VIEW_AUDIT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model/audit.h"

/* A record with both paths at their longest and every byte of them escaped. */
#define GMT_AUDIT_LINE_MAX 16384

/**
 * struct gmt_audit_line - One line, and what the journal wants besides
 * @length: of @json, its newline included
 * @rec: what it tells, NULL for what the tool says of itself
 * @priority: of syslog
 * @message: for people
 */
struct gmt_audit_line {
	const struct gmt_rec_audit *rec;
	int priority;
	char message[512];
	size_t length;
	char json[GMT_AUDIT_LINE_MAX];
};

/* struct gmt_audit_session - What the first line tells of an audit */
struct gmt_audit_session {
	const struct gmt_audit_options *options;
	const char *wants; /* which outcomes are told, in a word */
	const char *cgroup;
};

/* gmt_audit_act() - Return: the name of an act, NULL for none */
const char *gmt_audit_act(enum gmt_act act);

/* Each fills @line. Times are given in CLOCK_BOOTTIME, @offset_ns leads to the wall's clock. */
void gmt_audit_line_record(struct gmt_audit_line *line, const struct gmt_rec_audit *rec,
			   int64_t offset_ns);
void gmt_audit_line_start(struct gmt_audit_line *line, const struct gmt_audit_session *session,
			  uint64_t now_ns, int64_t offset_ns);
/* What was lost since @before. */
void gmt_audit_line_loss(struct gmt_audit_line *line, const struct gmt_audit_losses *before,
			 const struct gmt_audit_losses *now, uint64_t last_seq, uint64_t now_ns,
			 int64_t offset_ns);
void gmt_audit_line_end(struct gmt_audit_line *line, const struct gmt_audit_totals *totals,
			const char *reason, uint64_t now_ns, int64_t offset_ns);

/* gmt_audit_message() - Return: a sentence for people; made when asked for */
const char *gmt_audit_message(struct gmt_audit_line *line);

struct gmt_sink;

/**
 * struct gmt_sink_ops - What a sink can do
 * @put: write one line, whole or not at all; -EPIPE when nobody reads any more
 * @tick: now and then: limits of age, data to disk
 * @reopen: begin anew, the file having been moved away; NULL where that means nothing
 * @close: write out and free
 *
 * All but @close return 0 or -errno.
 */
struct gmt_sink_ops {
	int (*put)(struct gmt_sink *sink, struct gmt_audit_line *line);
	int (*tick)(struct gmt_sink *sink, uint64_t now_ns);
	int (*reopen)(struct gmt_sink *sink);
	int (*close)(struct gmt_sink *sink);
};

/**
 * struct gmt_sink - Embedded first in each sink's own struct
 * @stop: not 0 once the audit is to end
 * @deadline_ns: CLOCK_BOOTTIME at which @put gives up waiting, once @stop is set
 */
struct gmt_sink {
	const struct gmt_sink_ops *ops;
	const volatile sig_atomic_t *stop;
	uint64_t deadline_ns;
};

/* How long a reader that does not read is waited for at the end. */
#define GMT_SINK_PATIENCE_NS 5000000000ULL

/* gmt_sink_late() - Return: whether to give up waiting */
bool gmt_sink_late(struct gmt_sink *sink);

/* gmt_sink_stream() - Standard output. Each of these gives NULL with @error filled in. */
struct gmt_sink *gmt_sink_stream(int fd, struct gmt_error *error);

/**
 * struct gmt_file_limits - When a file is set aside, and how many are kept
 * @bytes: a line that would make it longer goes to the next one; 0: no limit
 * @age_ns: since it was made; 0: no limit
 * @keep: files kept beside the current one: FILE.1 is the youngest of them
 * @sync_ns: what was written is on disk after so long; 0: after every line
 */
struct gmt_file_limits {
	uint64_t bytes;
	uint64_t age_ns;
	uint64_t sync_ns;
	unsigned int keep;
};

struct gmt_sink *gmt_sink_file(const char *path, const struct gmt_file_limits *limits,
			       struct gmt_error *error);

/* gmt_sink_journal() - The journal, by its native protocol */
struct gmt_sink *gmt_sink_journal(struct gmt_error *error);

#endif /* GMT_VIEW_AUDIT_H */
