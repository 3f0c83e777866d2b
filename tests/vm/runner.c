// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a list of tests inside the VM, for tests/run: one process group a test, a log file each, and one line of
 * DIR/results each: NAME pass|fail|skip SECONDS CHECKS SKIPPED REASON. A test also fails for what it leaves behind.
 * tap.c judges its output, state.c the kernel.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "klog.h"
#include "runner.h"

#define MAX_WORDS 32

static const char *dir;
static FILE *results;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* How many times slower this kernel is than those that the time limits are made for. */
static int slowness(void)
{
	const char *slow = getenv("GMEM_SLOW");
	int factor = slow ? atoi(slow) : 1;

	return factor > 0 ? factor : 1;
}

/* Parses "NAME TIMEOUT COMMAND...". Returns false for a line that holds no test. */
static bool parse_test(char *line, struct test *test)
{
	char *word, *rest;

	memset(test, 0, sizeof(*test));
	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t", &rest);
	if (!word)
		return false;
	snprintf(test->name, sizeof(test->name), "%s", word);
	word = strtok_r(NULL, " \t", &rest);
	test->timeout = word ? atoi(word) * slowness() : 0;
	while ((word = strtok_r(NULL, " \t", &rest)) && test->argc < MAX_WORDS)
		test->argv[test->argc++] = word;
	if (test->timeout <= 0 || !test->argc)
		test_fail(test, "tests/list: want NAME TIMEOUT COMMAND");
	return true;
}

static pid_t start_test(struct test *test, const char *tmp, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	dup2(out, 1);
	dup2(out, 2);
	close(0);
	open("/dev/null", O_RDONLY);
	setenv("TMPDIR", tmp, 1);
	execvp(test->argv[0], test->argv);
	printf("Bail out! %s: %s\n", test->argv[0], strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* Calls @fn for every process that descends from this one: tests leave theirs to us, as their reaper. */
static int each_descendant(void (*fn)(pid_t pid, FILE *log), FILE *log)
{
	struct dirent *entry;
	int count = 0, pid, parent, tries;
	char path[64], line[512], *end;
	FILE *f;
	DIR *proc = opendir("/proc");

	while (proc && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (pid <= 1 || pid == getpid())
			continue;
		for (parent = pid, tries = 0; parent > 1 && parent != getpid() && tries < 64;
		     tries++) {
			snprintf(path, sizeof(path), "/proc/%d/stat", parent);
			parent = 0;
			f = fopen(path, "re");
			if (!f)
				break;
			end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
			if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
				parent = 0;
			fclose(f);
		}
		if (parent == getpid()) {
			fn(pid, log);
			count++;
		}
	}
	if (proc)
		closedir(proc);
	return count;
}

/* Where a test hangs, for the reader of its log. */
static void show_stack(pid_t pid, FILE *log)
{
	static const char *const files[] = { "cmdline", "wchan", "stack" };
	char path[64], text[2048];
	size_t i, j, n;
	FILE *f;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		f = fopen(path, "re");
		if (!f)
			continue;
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
		for (j = 0; j < n; j++) {
			if (!text[j])
				text[j] = ' ';
		}
		text[n] = '\0';
		fprintf(log, "# pid %d %s: %s\n", pid, files[i], text);
	}
}

static void kill_one(pid_t pid, FILE *log)
{
	(void)log;
	kill(pid, SIGKILL);
}

/* Ends whatever the test has left running, and reaps it. Returns how much could not be ended. */
static int end_stragglers(void)
{
	int left = 0, tries;

	for (tries = 0; tries < 100; tries++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		left = each_descendant(kill_one, NULL);
		if (!left)
			break;
		usleep(20 * 1000);
	}
	return left;
}

/* Takes what the test has printed into its log and the TAP parser. Returns false at the output's end. */
static bool take_output(struct test *test, int in, FILE *log)
{
	char text[8192];
	ssize_t n = read(in, text, sizeof(text));

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	fwrite(text, 1, n, log);
	fflush(log);
	tap_feed(&test->tap, text, n);
	return true;
}

static void end_test(struct test *test, pid_t pid, FILE *log)
{
	test_fail(test, "timed out after %d s", test->timeout);
	fprintf(log, "# timed out after %d s; still there:\n", test->timeout);
	each_descendant(show_stack, log);
	fflush(log);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

/*
 * Follows a test until it has exited or its time is over, and gives its wait status. A child that holds on to
 * the output must not keep its dead parent's test open, so it is the process that counts, not the pipe.
 */
static int watch_test(struct test *test, pid_t pid, int in, FILE *log)
{
	struct pollfd fds[2] = { { .fd = in, .events = POLLIN },
				 { .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN } };
	double end = now() + test->timeout;
	bool timed_out = false;
	int status = 0;

	fcntl(in, F_SETFL, O_NONBLOCK);
	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (now() < end) {
			poll(fds, 2, (int)((end - now()) * 1000) + 1);
		} else if (!timed_out) {
			timed_out = true;
			end_test(test, pid, log);
			end = now() + 5;
		} else {
			fprintf(log, "# and it cannot be killed\n");
			break;
		}
		if (fds[0].fd >= 0 && fds[0].revents && !take_output(test, in, log))
			fds[0].fd = -1;
	}
	while (now() < end && poll(fds, 1, 0) > 0 && take_output(test, in, log))
		;
	tap_end(&test->tap);
	close(fds[1].fd);
	return status;
}

static void judge_test(struct test *test, int status)
{
	if (WIFSIGNALED(status))
		test_fail(test, "killed by signal %d (%s)", WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	tap_judge(test);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		test_fail(test, "exit status %d", WEXITSTATUS(status));
}

/* The log of "group/name" is DIR/group-name.log. */
FILE *test_log(const char *name)
{
	char path[512], *c;
	FILE *log;

	snprintf(path, sizeof(path), "%s/%s.log", dir, name);
	for (c = path + strlen(dir) + 1; *c; c++) {
		if (*c == '/')
			*c = '-';
	}
	log = fopen(path, "ae");
	if (!log) {
		fprintf(stderr, "vm-runner: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return log;
}

/* Of two results of a test the last one counts. */
void test_accuse(const char *name, const char *reason)
{
	const char *kernel = getenv("GMEM_KERNEL");

	fprintf(results, "%s fail 0 0 0 %s\n", name, reason);
	fflush(results);
	printf("fail   %s%s%s: %s\n", kernel ? kernel : "", kernel ? "/" : "", name, reason);
	fflush(stdout);
}

static void remove_tree(const char *path)
{
	pid_t pid;

	/* Mostly it is empty. */
	if (!rmdir(path))
		return;
	pid = fork();
	if (!pid) {
		execlp("rm", "rm", "-rf", "--one-file-system", path, NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void run_test(struct test *test)
{
	char tmp[] = "/tmp/test.XXXXXX";
	const char *kernel = getenv("GMEM_KERNEL");
	double start = now();
	FILE *log = test_log(test->name);
	int fds[2], status;
	pid_t pid;

	/* Should the guest die now, this tells the host in which test. */
	fprintf(results, "start %s\n", test->name);
	fflush(results);

	if (test->failed || state_prepare(test, log))
		goto out;
	if (!mkdtemp(tmp) || chmod(tmp, 01777) || pipe2(fds, O_CLOEXEC)) {
		test_fail(test, "cannot start it: %s", strerror(errno));
		goto out;
	}
	pid = start_test(test, tmp, fds[1]);
	close(fds[1]);
	status = watch_test(test, pid, fds[0], log);
	close(fds[0]);
	if (end_stragglers())
		test_fail(test, "left processes that cannot be killed");
	judge_test(test, status);
	remove_tree(tmp);
	state_check(test, log);
out:
	test->seconds = now() - start;
	if (test->failed)
		fprintf(log, "# FAILED: %s\n", test->reason);
	fclose(log);
	fprintf(results, "%s %s %.1f %d %d %s\n", test->name, test_verdict(test), test->seconds,
		test->tap.run, test->tap.skipped, test->reason);
	fflush(results);
	printf("%-6s %s%s%s (%.1f s)%s%s\n", test_verdict(test), kernel ? kernel : "",
	       kernel ? "/" : "", test->name, test->seconds, test->reason[0] ? ": " : "",
	       test->reason);
	fflush(stdout);
}

static int run_list(const char *list, bool host)
{
	char *line = NULL, path[512];
	struct test test;
	size_t size = 0;
	FILE *f = fopen(list, "re");
	int failed = 0;

	snprintf(path, sizeof(path), "%s/results", dir);
	results = fopen(path, "ae");
	if (!f || !results) {
		fprintf(stderr, "vm-runner: %s: %s\n", f ? path : list, strerror(errno));
		return 1;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!host)
		state_init();
	while (getline(&line, &size, f) > 0) {
		if (!parse_test(line, &test))
			continue;
		run_test(&test);
		failed += test.failed;
	}
	if (!host)
		leaks_check(NULL);
	free(line);
	fclose(f);
	fclose(results);
	return failed != 0;
}

/* Prints the lines of a kernel log that report a bug. */
static int scan_log(const char *path)
{
	struct klog_state state = {};
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");
	int found = 0;

	if (!f) {
		fprintf(stderr, "vm-runner: %s: %s\n", path, strerror(errno));
		return 1;
	}
	while (getline(&line, &size, f) > 0) {
		if (klog_is_report(&state, line)) {
			fputs(line, stdout);
			found = 1;
		}
	}
	free(line);
	fclose(f);
	return found;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--scan"))
		return scan_log(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "--host")) {
		dir = argv[3];
		return run_list(argv[2], true);
	}
	if (argc != 3) {
		fprintf(stderr,
			"Usage: vm-runner [--host] LIST DIR | vm-runner --scan KERNEL-LOG\n");
		return 2;
	}
	dir = argv[2];
	return run_list(argv[1], false);
}
