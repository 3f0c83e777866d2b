// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom a policy outlives: unpinned it ends with the last process that has its link, pinned it
 * stays, decides on, and can be taken up again; and it keeps gmem.ko from being unloaded.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../stress/module.h"
#include "policy.h"

#include "verdict.skel.h"

#define PIN "/sys/fs/bpf/policy-test-link"

/* What can be written. */
#define WRITABLE (MMAP_IO | GMEM_CREATE_INIT_SHARED)

/* 0, or the errno of writing. */
static int written(int fd)
{
	return pwrite(fd, "x", 1, 0) == 1 ? 0 : errno;
}

static bool gone_in_time(const char *name)
{
	struct listed l;

	for (int i = 0; i < 500; i++) {
		if (!policy_listed(name, &l))
			return true;
		usleep(10000);
	}
	return false;
}

/* A process that attaches a policy refusing with EXDEV, pins it or not, and waits to be killed. */
static pid_t attached_by_child(const char *name, bool pinned)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		tap_bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid) {
		struct policy p = policy_new((struct policy_is){ .name = name });

		policy_says_always(&p, -EXDEV);
		if (pinned && bpf_link__pin(p.link, PIN))
			tap_bail("pin: %s", strerror(errno));
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		tap_bail("a policy was not attached by a child");
	close(ready[0]);
	return pid;
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void check_unpinned(void)
{
	int fd = module_gmem(WRITABLE, PAGE);
	pid_t pid = attached_by_child("unpinned", false);

	is_int(written(fd), EXDEV, "attached by another process: refused");
	kill_child(pid);
	ok(gone_in_time("unpinned"), "that is killed: detached");
	is_int(written(fd), 0, "nothing is refused");
	close(fd);
}
#define UNPINNED_CHECKS 3

static void check_pinned(void)
{
	int fd = module_gmem(WRITABLE, PAGE);
	pid_t pid = attached_by_child("pinned", true);
	struct policy next = policy_load((struct policy_is){ .name = "pinned" });
	struct listed before, after;
	struct bpf_link *link;
	bool listed;

	is_int(written(fd), EXDEV, "attached and pinned by another process: refused");
	listed = policy_listed("pinned", &before);
	kill_child(pid);
	usleep(200000);
	is_int(written(fd), EXDEV, "that is killed: still refused");
	ok(listed && policy_listed("pinned", &after) && after.policy_id == before.policy_id &&
		   after.calls == before.calls + 1,
	   "the same policy, counting on");

	link = bpf_link__open(PIN);
	if (!link)
		tap_bail("open %s: %s", PIN, strerror(errno));
	policy_says_always(&next, -EDQUOT);
	is_int(-bpf_link__update_map(link, next.bpf->maps.policy), 0,
	       "its link is taken up, and updated");
	is_int(written(fd), EDQUOT, "another policy decides");
	bpf_link__destroy(link);
	policy_drop(&next);
	usleep(200000);
	is_int(written(fd), EDQUOT, "and goes on when the one who updated has let go of it");
	if (unlink(PIN))
		tap_bail("unlink %s: %s", PIN, strerror(errno));
	ok(gone_in_time("pinned"), "unpinned: detached");
	is_int(written(fd), 0, "nothing is refused");
	close(fd);
}
#define PINNED_CHECKS 8

/* By BPF_LINK_DETACH, as bpftool does it; the link is left, attached to nothing. */
static void check_forced(void)
{
	int fd = module_gmem(WRITABLE, PAGE);
	struct policy p = policy_new((struct policy_is){ .name = "forced" });
	struct policy by = policy_load((struct policy_is){ .name = "forced" });
	struct listed l;

	policy_says_always(&p, -EXDEV);
	is_int(written(fd), EXDEV, "attached: refused");
	is_int(-bpf_link__detach(p.link), 0, "detached by force");
	ok(!written(fd) && !policy_listed("forced", &l), "nothing is refused, nothing listed");
	is_errno(try_replace(&p, &by), ENOLINK, "an update of that link: ENOLINK");
	policy_says_always(&by, -EDQUOT);
	is_success(try_attach(&by), "another link");
	is_int(written(fd), EDQUOT, "attached: refused");
	policy_detach(&p);
	is_int(written(fd), EDQUOT, "the end of the old link does not touch it");
	policy_drop(&p);
	policy_drop(&by);
	close(fd);
}
#define FORCED_CHECKS 7

/* The kernel lets go of programs a while after they are detached. */
static int unload_in_time(void)
{
	for (int i = 0; i < 1000; i++) {
		if (!module_unload())
			return 0;
		if (errno != EWOULDBLOCK)
			return -1;
		usleep(10000);
	}
	return -1;
}

static void check_unload(int ko)
{
	struct policy p = policy_new((struct policy_is){ .name = "unload" });
	struct listed l;
	int fd;

	policies_forget();
	is_errno(module_unload(), EWOULDBLOCK, "gmem.ko is not unloaded while one is attached");
	if (bpf_link__pin(p.link, PIN))
		tap_bail("pin: %s", strerror(errno));
	policy_drop(&p);
	usleep(500000);
	is_errno(module_unload(), EWOULDBLOCK, "nor while it is pinned only");
	ok(policy_listed("unload", &l), "it is still there");
	policies_forget();
	if (unlink(PIN))
		tap_bail("unlink: %s", strerror(errno));
	is_success(unload_in_time(), "unloaded when it is gone");
	if (module_load(ko))
		tap_bail("load: %s", strerror(errno));
	fd = module_gmem(WRITABLE, PAGE);
	p = policy_new((struct policy_is){ .name = "reload" });
	policy_says_always(&p, -EXDEV);
	is_int(written(fd), EXDEV, "loaded again: a policy is attached, and refuses");
	policy_drop(&p);
	close(fd);
}
#define UNLOAD_CHECKS 5

/* A policy whose gmem is gone holds nothing but itself. */
static void check_idle(void)
{
	struct gmem_stats s = { .size = sizeof(s) };
	struct policy p;
	int fd = module_gmem(WRITABLE, PAGE);
	struct listed l;

	if (ioctl(fd, GMEM_GET_STATS, &s))
		tap_bail("GMEM_GET_STATS: %s", strerror(errno));
	p = policy_new(
		(struct policy_is){ .name = "idle", .scope = GMEM_SCOPE_GMEM, .scope_id = s.id });
	policy_says_always(&p, -EXDEV);
	is_int(written(fd), EXDEV, "a policy of one gmem refuses");
	close(fd);
	ok(policy_listed("idle", &l) && l.scope_id == s.id, "that is closed: it stays");
	fd = module_gmem(WRITABLE, PAGE);
	is_int(written(fd), 0, "the next one is not its");
	close(fd);
	policy_drop(&p);
	policies_forget();
	is_success(unload_in_time(), "detached, it leaves nothing in the way of unloading");
}
#define IDLE_CHECKS 4

int main(void)
{
	int ko = module_open();

	tap_plan(UNPINNED_CHECKS + PINNED_CHECKS + FORCED_CHECKS + UNLOAD_CHECKS + IDLE_CHECKS);
	unlink(PIN);
	check_unpinned();
	check_pinned();
	check_forced();
	check_unload(ko);
	check_idle();
	if (module_load(ko))
		tap_bail("load: %s", strerror(errno));
	return tap_done();
}
