// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines to a stream, mostly a pipe. A reader that does not read is waited for, while what
 * happens is kept and counted by the kernel; at the end, not for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view/audit.h"
#include "view/format.h"

#define POLL_MS 50

struct stream {
	struct gmt_sink sink;
	int fd;
	bool waits;  /* a write may block */
	bool broken; /* a line was left unfinished: its rest must come first */
};

bool gmt_sink_late(struct gmt_sink *sink)
{
	uint64_t now = gmt_boottime_ns();

	if (!*sink->stop)
		return false;
	if (!sink->deadline_ns)
		sink->deadline_ns = now + GMT_SINK_PATIENCE_NS;
	return now >= sink->deadline_ns;
}

/* Until there is room for PIPE_BUF bytes, so that a write of as much cannot block. */
static int wait_for_room(struct stream *stream)
{
	struct pollfd poller = { .fd = stream->fd, .events = POLLOUT };

	while (stream->waits) {
		/* Having been patient once, it is not again for every line that is left. */
		int ready = poll(&poller, 1, gmt_sink_late(&stream->sink) ? 0 : POLL_MS);

		if (ready > 0)
			return 0; /* an error is told by the write */
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (gmt_sink_late(&stream->sink))
			return -ETIMEDOUT;
	}
	return 0;
}

static int stream_put(struct gmt_sink *sink, struct gmt_audit_line *line)
{
	struct stream *stream = (struct stream *)sink;
	size_t done = 0;

	/* After half a line nothing more can be told on this stream. */
	if (stream->broken)
		return -EIO;
	while (done < line->length) {
		size_t length = line->length - done;
		ssize_t written;
		int err = wait_for_room(stream);

		if (!err) {
			if (stream->waits && length > PIPE_BUF)
				length = PIPE_BUF;
			written = write(stream->fd, line->json + done, length);
			if (written >= 0) {
				done += written;
				continue;
			}
			if (errno == EINTR || errno == EAGAIN)
				continue;
			err = -errno;
		}
		stream->broken = done;
		return err;
	}
	return 0;
}

static int stream_tick(struct gmt_sink *sink, uint64_t now_ns)
{
	return 0;
}

static int stream_close(struct gmt_sink *sink)
{
	free(sink);
	return 0;
}

static const struct gmt_sink_ops stream_ops = {
	.put = stream_put,
	.tick = stream_tick,
	.close = stream_close,
};

struct gmt_sink *gmt_sink_stream(int fd, struct gmt_error *error)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct stat st;

	if (!stream) {
		gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
		return NULL;
	}
	stream->sink.ops = &stream_ops;
	stream->fd = fd;
	stream->waits = fstat(fd, &st) || !S_ISREG(st.st_mode);
	return &stream->sink;
}
