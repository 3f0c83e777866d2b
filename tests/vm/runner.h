/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One test of the runner: what runner.c has read of it, what tap.c and state.c hold against it.
 */
#ifndef GMEM_TEST_RUNNER_H
#define GMEM_TEST_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a test has said so far. */
struct tap {
	char line[1024]; /* the line being read; what exceeds it is dropped */
	size_t length;
	int plan; /* -1: none yet */
	int plans;
	int run;
	int not_ok;
	int skipped;
	bool skip_all;
	bool bailed;
	char first_bad[256];
	char first_skip[256];
	char bad_skip[256]; /* a skip that tests/skips does not allow */
	const char *name;
};

struct test {
	char name[128];
	int timeout;
	int argc;
	char *argv[33];
	double seconds;
	bool failed;
	char reason[512]; /* why it failed, or why it was skipped */
	struct tap tap;
};

/* Marks the test as failed; the first reason stays. */
void test_fail(struct test *test, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *test_verdict(const struct test *test);

void tap_feed(struct tap *tap, const char *text, size_t length);
void tap_end(struct tap *tap);
void tap_judge(struct test *test);

/* The kernel beside the test: its log, and the references on gmem.ko. */
void state_init(void);
int state_prepare(struct test *test, FILE *log);
void state_check(struct test *test, FILE *log);

/* What kmemleak holds against it and those before it, where the kernel has that. */
void leaks_init(void);
void leaks_begin(const struct test *test);
void leaks_check(struct test *current);

/* For what is found after a test has its verdict: a second, worse one, and the end of its log. */
void test_accuse(const char *name, const char *reason);
FILE *test_log(const char *name);

#endif /* GMEM_TEST_RUNNER_H */
