// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gmem events that a test raised, read as text from a trace instance of its own, so
 * that it can say "exactly this event, and no other".
 */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gmem_test.h"

#define TRACEFS "/sys/kernel/tracing"

static void put(struct tracer *t, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	write_text(path, text);
}

void tracer_open(struct tracer *t)
{
	if (access(TRACEFS "/instances", F_OK) && mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		tap_bail("mount tracefs: %s", strerror(errno));
	snprintf(t->dir, sizeof(t->dir), TRACEFS "/instances/gmem-test-%d", getpid());
	if (mkdir(t->dir, 0700))
		tap_bail("mkdir %s: %s", t->dir, strerror(errno));
	/* One clock for all CPUs, so that events of several threads are in order. */
	put(t, "trace_clock", "mono");
	put(t, "events/gmem/enable", "1");
}

void tracer_close(struct tracer *t)
{
	put(t, "events/gmem/enable", "0");
	if (rmdir(t->dir))
		tap_bail("rmdir %s: %s", t->dir, strerror(errno));
}

void tracer_clear(struct tracer *t)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/trace", t->dir);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		tap_bail("truncate %s: %s", path, strerror(errno));
	close(fd);
}

/* A whole word of the line, so that err=-1 does not match err=-13. */
static bool has_word(const char *line, const char *word, size_t len)
{
	const char *at = line;

	while ((at = strstr(at, word))) {
		if ((at == line || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

static bool has_words(const char *line, const char *words)
{
	char copy[256], *save, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!has_word(line, word, strlen(word)))
			return false;
	return true;
}

/*
 * The next event of gmem @id, as "gmem_fault id=1 offset_bytes=0 ...", or NULL. What stands before
 * the name (command, CPU, time) is dropped, and so is the colon after it.
 */
static char *next_event(FILE *f, uint64_t id, char *line, size_t size)
{
	char word[32], *event, *colon;

	snprintf(word, sizeof(word), "id=%llu", (unsigned long long)id);
	while (fgets(line, size, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		event = strstr(line, ": gmem_");
		if (!event)
			continue;
		event += 2;
		colon = strchr(event, ':');
		if (!colon)
			continue;
		memmove(colon, colon + 1, strlen(colon));
		if (has_word(event, word, strlen(word)))
			return event;
	}
	return NULL;
}

static FILE *open_trace(struct tracer *t)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", t->dir);
	f = fopen(path, "re");
	if (!f)
		tap_bail("open %s: %s", path, strerror(errno));
	return f;
}

static void show_events(struct tracer *t, uint64_t id)
{
	char line[1024], *event;
	FILE *f = open_trace(t);

	while ((event = next_event(f, id, line, sizeof(line))))
		diag("  saw %s", event);
	fclose(f);
}

bool tracer_saw(struct tracer *t, uint64_t id, const char *const *want)
{
	char line[1024], *event;
	FILE *f = open_trace(t);
	bool good = true;

	while ((event = next_event(f, id, line, sizeof(line)))) {
		if (!*want || !has_words(event, *want)) {
			good = false;
			break;
		}
		want++;
	}
	fclose(f);
	if (good && !*want)
		return true;
	diag("  wanted next: %s", *want ? *want : "no more events");
	show_events(t, id);
	return false;
}

int tracer_count(struct tracer *t, uint64_t id, const char *words)
{
	char line[1024], *event;
	FILE *f = open_trace(t);
	int count = 0;

	while ((event = next_event(f, id, line, sizeof(line))))
		count += has_words(event, words);
	fclose(f);
	return count;
}
