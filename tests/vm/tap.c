// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a test's TAP as it comes and holds the test to it: a plan, every planned check made and held, and no
 * skip but those that tests/skips allows. Called by runner.c.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

#define SKIPS "tests/skips"

void test_fail(struct test *test, const char *fmt, ...)
{
	va_list ap;

	if (test->failed)
		return;
	test->failed = true;
	va_start(ap, fmt);
	vsnprintf(test->reason, sizeof(test->reason), fmt, ap);
	va_end(ap);
}

const char *test_verdict(const struct test *test)
{
	return test->failed ? "fail" : test->tap.skip_all ? "skip" : "pass";
}

/* Whether a line of tests/skips, "KERNEL NAME REASON" with shell patterns, allows this skip. */
static bool skip_allowed(const char *name, const char *reason)
{
	const char *kernel = getenv("GMEM_KERNEL");
	char *line = NULL, *words[3], *rest;
	FILE *f = fopen(SKIPS, "re");
	bool allowed = false;
	size_t size = 0;

	while (f && !allowed && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		words[0] = strtok_r(line, " \t", &rest);
		words[1] = strtok_r(NULL, " \t", &rest);
		words[2] = strtok_r(NULL, "", &rest);
		if (!words[0] || !words[1] || !words[2])
			continue;
		words[2] += strspn(words[2], " \t");
		allowed = !fnmatch(words[0], kernel ? kernel : "", 0) &&
			  !fnmatch(words[1], name, 0) && !fnmatch(words[2], reason, 0);
	}
	free(line);
	if (f)
		fclose(f);
	return allowed;
}

/* Records a skip with the text after its "# SKIP". */
static void add_skip(struct tap *tap, const char *reason)
{
	reason += strspn(reason, " \t");
	if (!tap->skipped)
		snprintf(tap->first_skip, sizeof(tap->first_skip), "%s", reason);
	if (!tap->bad_skip[0] && !skip_allowed(tap->name ? tap->name : "", reason))
		snprintf(tap->bad_skip, sizeof(tap->bad_skip), "%s",
			 reason[0] ? reason : "without a reason");
	tap->skipped++;
}

static const char *skip_of(const char *line)
{
	const char *mark = strcasestr(line, "# SKIP");

	return mark ? mark + strlen("# SKIP") : NULL;
}

static void take_line(struct tap *tap, const char *line)
{
	const char *skip = skip_of(line);
	int plan, used = 0;

	if (sscanf(line, "1..%d%n", &plan, &used) == 1 && (!line[used] || isspace(line[used]))) {
		tap->plan = plan;
		tap->plans++;
		if (!plan && skip) {
			tap->skip_all = true;
			add_skip(tap, skip);
		}
	} else if (!strncmp(line, "ok", 2) && (!line[2] || line[2] == ' ')) {
		tap->run++;
		if (skip)
			add_skip(tap, skip);
	} else if (!strncmp(line, "not ok", 6) && (!line[6] || line[6] == ' ')) {
		tap->run++;
		if (!tap->not_ok++)
			snprintf(tap->first_bad, sizeof(tap->first_bad), "%s", line);
	} else if (!strncmp(line, "Bail out!", 9)) {
		if (!tap->bailed)
			snprintf(tap->first_bad, sizeof(tap->first_bad), "%s", line);
		tap->bailed = true;
	}
}

void tap_feed(struct tap *tap, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == '\n') {
			tap_end(tap);
		} else if (text[i] != '\r' && tap->length < sizeof(tap->line) - 1) {
			tap->line[tap->length++] = text[i];
		}
	}
}

/* The line is complete, or the output is. */
void tap_end(struct tap *tap)
{
	tap->line[tap->length] = '\0';
	tap->length = 0;
	take_line(tap, tap->line);
}

void tap_judge(struct test *test)
{
	struct tap *tap = &test->tap;

	if (tap->bailed || tap->not_ok)
		test_fail(test, "%s", tap->first_bad);
	else if (!tap->plans)
		test_fail(test, "no plan");
	else if (tap->plans > 1)
		test_fail(test, "%d plans", tap->plans);
	else if (tap->run != tap->plan)
		test_fail(test, "planned %d checks, made %d", tap->plan, tap->run);
	else if (tap->bad_skip[0])
		test_fail(test, "unexpected skip: %s", tap->bad_skip);
	else if (!tap->plan && !tap->skip_all)
		test_fail(test, "asserts nothing");
	else if (tap->skip_all && !test->failed)
		snprintf(test->reason, sizeof(test->reason), "%s", tap->first_skip);
}
