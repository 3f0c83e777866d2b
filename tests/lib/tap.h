/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP on standard output for the C tests. A test says tap_plan(n) first, makes n checks with ok() and its
 * kin, and returns tap_done() from main(). The state is shared by all files linked into one test.
 */
#ifndef GMEM_TAP_H
#define GMEM_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tap_state {
	int planned;
	int run;
	int failed;
};

/* Weak, so that several files of one program may include this header and count together. */
__attribute__((weak)) struct tap_state tap_state;

#define TAP_PRINTF(f, a) __attribute__((unused, format(printf, f, a)))

/* A line for the reader of the log, no check. */
static TAP_PRINTF(1, 2) void diag(const char *fmt, ...)
{
	va_list ap;

	flockfile(stdout);
	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

/* Announces how many checks follow. Unbuffered by line, so that a fork() cannot print a line twice. */
static __attribute__((unused)) void tap_plan(int checks)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	tap_state.planned = checks;
	printf("1..%d\n", checks);
}

/* Stops the program: what the test stands on is broken, the checks left have no meaning. */
static TAP_PRINTF(1, 2) _Noreturn void tap_bail(const char *fmt, ...)
{
	va_list ap;

	fputs("Bail out! ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	exit(1);
}

/* Skips the whole program for a missing capability; instead of tap_plan(). */
static TAP_PRINTF(1, 2) _Noreturn void tap_skip_all(const char *fmt, ...)
{
	va_list ap;

	fputs("1..0 # SKIP ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	exit(0);
}

/* Skips @checks of the plan, naming the capability that is missing. */
static TAP_PRINTF(2, 3) void tap_skip(int checks, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	flockfile(stdout);
	while (checks-- > 0)
		printf("ok %d # SKIP %s\n", ++tap_state.run, why);
	fflush(stdout);
	funlockfile(stdout);
}

static __attribute__((unused, format(printf, 4, 5))) bool tap_check(bool cond, const char *file,
								    int line, const char *fmt, ...)
{
	va_list ap;

	flockfile(stdout);
	printf("%sok %d - ", cond ? "" : "not ", ++tap_state.run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!cond) {
		tap_state.failed++;
		printf("#   failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	funlockfile(stdout);
	return cond;
}

/* All of these count as one check, evaluate each argument once, and give whether it held. */

#define ok(cond, ...) tap_check(!!(cond), __FILE__, __LINE__, __VA_ARGS__)

/* Two integers are equal; unsigned 64 bit values above LLONG_MAX are printed as negative ones. */
#define is_int(got, want, ...)                                                      \
	({                                                                          \
		long long tap_got = (long long)(got), tap_want = (long long)(want); \
		bool tap_res = ok(tap_got == tap_want, __VA_ARGS__);                \
		if (!tap_res)                                                       \
			diag("  got %lld, want %lld", tap_got, tap_want);           \
		tap_res;                                                            \
	})

#define is_str(got, want, ...)                                                                     \
	({                                                                                         \
		const char *tap_got = (got), *tap_want = (want);                                   \
		bool tap_res = ok(tap_got && !strcmp(tap_got, tap_want), __VA_ARGS__);             \
		if (!tap_res)                                                                      \
			diag("  got \"%s\", want \"%s\"", tap_got ? tap_got : "(null)", tap_want); \
		tap_res;                                                                           \
	})

/* A call refuses: it gives -1 (a pointer: MAP_FAILED) and sets errno to @want. */
#define is_errno(call, want, ...)                                                                \
	({                                                                                       \
		long tap_ret;                                                                    \
		int tap_err, tap_want = (want);                                                  \
		errno = 0;                                                                       \
		tap_ret = (long)(call);                                                          \
		tap_err = errno;                                                                 \
		bool tap_res = ok(tap_ret == -1 && tap_err == tap_want, __VA_ARGS__);            \
		if (!tap_res)                                                                    \
			diag("  %s gave %ld, errno %d (%s), want -1, errno %d (%s)", #call,      \
			     tap_ret, tap_err, strerror(tap_err), tap_want, strerror(tap_want)); \
		tap_res;                                                                         \
	})

/* A call succeeds: it gives anything but -1. */
#define is_success(call, ...)                                                           \
	({                                                                              \
		long tap_ret;                                                           \
		int tap_err;                                                            \
		errno = 0;                                                              \
		tap_ret = (long)(call);                                                 \
		tap_err = errno;                                                        \
		bool tap_res = ok(tap_ret != -1, __VA_ARGS__);                          \
		if (!tap_res)                                                           \
			diag("  %s: errno %d (%s)", #call, tap_err, strerror(tap_err)); \
		tap_res;                                                                \
	})

/* The exit status of the program: 0 where every planned check was made and held. */
static __attribute__((unused)) int tap_done(void)
{
	if (tap_state.run != tap_state.planned)
		diag("planned %d checks, made %d", tap_state.planned, tap_state.run);
	if (tap_state.failed)
		diag("%d of %d checks failed", tap_state.failed, tap_state.run);
	fflush(stdout);
	return tap_state.failed || tap_state.run != tap_state.planned;
}

#endif /* GMEM_TAP_H */
