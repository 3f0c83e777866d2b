// SPDX-License-Identifier: GPL-2.0-only
/*
 * One load or store that may raise SIGBUS or SIGSEGV, and what the signal said. For any
 * thread; a signal that no such touch awaits kills the test as usual.
 */
#include <setjmp.h>
#include <signal.h>

#include "gmem_test.h"

static _Thread_local sigjmp_buf trap_back;
static _Thread_local volatile sig_atomic_t trap_armed;
static _Thread_local struct trap trap_last;

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	if (!trap_armed) {
		signal(signo, SIG_DFL);
		raise(signo);
		return;
	}
	trap_armed = 0;
	trap_last = (struct trap){ .signo = signo, .code = info->si_code, .addr = info->si_addr };
	siglongjmp(trap_back, 1);
}

void trap_init(void)
{
	/* SA_NODEFER: the handler is left by siglongjmp, without restoring the mask. */
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	if (sigaction(SIGBUS, &act, NULL) || sigaction(SIGSEGV, &act, NULL))
		tap_bail("sigaction: %s", strerror(errno));
}

struct trap trap_load(const volatile void *at)
{
	if (sigsetjmp(trap_back, 0))
		return trap_last;
	trap_armed = 1;
	uint64_t value = *(const volatile uint64_t *)at;

	trap_armed = 0;
	return (struct trap){ .value = value };
}

struct trap trap_store(volatile void *at, uint64_t value)
{
	if (sigsetjmp(trap_back, 0))
		return trap_last;
	trap_armed = 1;
	*(volatile uint64_t *)at = value;
	trap_armed = 0;
	return (struct trap){ .value = value };
}

struct trap trap_call(void (*fn)(void *arg), void *arg)
{
	if (sigsetjmp(trap_back, 0))
		return trap_last;
	trap_armed = 1;
	fn(arg);
	trap_armed = 0;
	return (struct trap){};
}
