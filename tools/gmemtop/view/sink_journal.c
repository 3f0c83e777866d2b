// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines to the journal by its native protocol, one datagram each. Not by sd_journal_sendv():
 * that reports success where no journal runs, and a record would be lost in silence.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "view/audit.h"
#include "view/format.h"

#define SOCKET_PATH "/run/systemd/journal/socket"
/* For journalctl MESSAGE_ID=...; made once by chance. */
#define MESSAGE_ID "5f0c2f7be1c54d0f9a6f6e4e2b7d3a91"
/* How long a journal that restarts is waited for. */
#define RESTART_NS 3000000000ULL
#define WAIT_MS	   50
#define FULL_MS	   2

struct journal {
	struct gmt_sink sink;
	int fd;
	size_t length;
	char text[GMT_AUDIT_LINE_MAX + 2048];
};

__attribute__((format(printf, 2, 3))) static void add(struct journal *journal, const char *fmt, ...)
{
	size_t room = sizeof(journal->text) - journal->length;
	va_list ap;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(journal->text + journal->length, room, fmt, ap);
	va_end(ap);
	if (length > 0 && (size_t)length < room)
		journal->length += length;
}

/* A name that could hold anything, made fit for one line. */
static void add_name(struct journal *journal, const char *field, const char *name, size_t max)
{
	char text[GMT_NAME_MAX * 4 + 1];

	gmt_clean(text, sizeof(text), name, max);
	add(journal, "%s=%s\n", field, text);
}

/* No value holds a newline: that is where a field ends. */
static void put_fields(struct journal *journal, struct gmt_audit_line *line)
{
	const struct gmt_rec_audit *rec = line->rec;
	const char *act = rec ? gmt_audit_act(rec->act) : NULL;

	journal->length = 0;
	add(journal, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=gmemtop-audit\nMESSAGE_ID=%s\n",
	    gmt_audit_message(line), line->priority, MESSAGE_ID);
	if (rec) {
		add(journal,
		    "GMEM_SEQ=%llu\nGMEM_ID=%llu\nGMEM_ACT=%s\nGMEM_ERR=%d\nGMEM_PID=%u\nGMEM_UID=%u\n",
		    (unsigned long long)rec->seq, (unsigned long long)rec->id, act ? act : "?",
		    rec->err, rec->pid, rec->uid);
		if (rec->flags & GMT_AUDIT_NAME)
			add_name(journal, "GMEM_NAME", rec->name, sizeof(rec->name));
		if (rec->flags & GMT_AUDIT_POLICY_NAMED)
			add_name(journal, "GMEM_POLICY", rec->policy, sizeof(rec->policy));
	}
	add(journal, "GMEM_JSON=%.*s\n", (int)line->length - 1, line->json);
}

/* Waits a little. Return: whether to try again */
static bool again(struct journal *journal, int err, uint64_t begun_ns)
{
	switch (err) {
	case EINTR:
		return true;
	case EAGAIN:
		/* It does not keep up, and is waited for as any reader is; poll() cannot tell. */
		usleep(FULL_MS * 1000);
		return !gmt_sink_late(&journal->sink);
	case ENOENT:
	case ECONNREFUSED:
	case ENOBUFS:
		usleep(WAIT_MS * 1000);
		return !gmt_sink_late(&journal->sink) && gmt_boottime_ns() - begun_ns < RESTART_NS;
	default:
		return false;
	}
}

static int journal_put(struct gmt_sink *sink, struct gmt_audit_line *line)
{
	struct journal *journal = (struct journal *)sink; /* embedded first */
	static const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	uint64_t begun_ns = 0;

	put_fields(journal, line);
	for (;;) {
		int err;

		if (sendto(journal->fd, journal->text, journal->length, MSG_NOSIGNAL | MSG_DONTWAIT,
			   (const struct sockaddr *)&to, sizeof(to)) >= 0)
			return 0;
		err = errno;
		if (!begun_ns)
			begun_ns = gmt_boottime_ns();
		if (!again(journal, err, begun_ns))
			return -err;
	}
}

static int journal_tick(struct gmt_sink *sink, uint64_t now_ns)
{
	return 0;
}

static int journal_close(struct gmt_sink *sink)
{
	struct journal *journal = (struct journal *)sink;

	close(journal->fd);
	free(journal);
	return 0;
}

static const struct gmt_sink_ops journal_ops = {
	.put = journal_put,
	.tick = journal_tick,
	.close = journal_close,
};

struct gmt_sink *gmt_sink_journal(struct gmt_error *error)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
		return NULL;
	}
	journal->sink.ops = &journal_ops;
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->fd >= 0 && !access(SOCKET_PATH, W_OK))
		return &journal->sink;
	gmt_fail(error, GMT_EXIT_FAILURE, -errno, "the journal cannot be reached at %s: %s",
		 SOCKET_PATH, strerror(errno));
	if (journal->fd >= 0)
		close(journal->fd);
	free(journal);
	return NULL;
}
