// SPDX-License-Identifier: GPL-2.0-only
/*
 * The LSM programs for the stock kernel's guest_memfd, on its own KVM: what others than its maker
 * are refused, what everyone is after setup, and that nothing else is touched.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/params.h"
#include "shipped.h"

#include "lsm/guest_memfd.skel.h"

#define SECOND_NS 1000000000ULL
#define BYTES	  (4 * PAGE)
#define OTHER	  1234 /* a user */

static struct gmt_guest_memfd *bpf;
static int vm;

static int guest_memfd(void)
{
	struct kvm_create_guest_memfd c = {
		.size = BYTES,
		.flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED,
	};
	int fd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &c);

	if (fd < 0)
		tap_bail("KVM_CREATE_GUEST_MEMFD: %s", strerror(errno));
	return fd;
}

static void begin(struct gmt_guest_memfd_params params)
{
	bpf = gmt_guest_memfd__open();
	if (!bpf)
		tap_bail("open the programs: %s", strerror(errno));
	params.error = params.error ?: bpf->rodata->params.error;
	memcpy((void *)&bpf->rodata->params, &params, sizeof(params));
	if (gmt_guest_memfd__load(bpf) || gmt_guest_memfd__attach(bpf))
		tap_bail("load and attach the programs: %s", strerror(errno));
}

static void end(void)
{
	gmt_guest_memfd__destroy(bpf);
}

/* What an act gives: 0 or an errno. They are done by this process, or by a child that is OTHER. */
typedef int act(int fd);

static int try_map(int fd)
{
	void *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return errno;
	munmap(at, BYTES);
	return 0;
}

static int try_punch(int fd)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) ? errno : 0;
}

/* Sends it to itself. */
static int try_send(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], got = -1, err = 0;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || sendmsg(pair[0], &msg, 0) != 1)
		return errno;
	msg.msg_controllen = sizeof(control);
	if (recvmsg(pair[1], &msg, 0) != 1)
		err = errno;
	else if (!CMSG_FIRSTHDR(&msg))
		err = msg.msg_flags & MSG_CTRUNC ? EPERM : EPROTO;
	else
		memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	if (!err)
		close(got);
	close(pair[0]);
	close(pair[1]);
	return err;
}

/* The parent's, by pidfd_getfd. */
static int try_take(int fd)
{
	int pidfd = syscall(SYS_pidfd_open, getppid(), 0);

	return syscall(SYS_pidfd_getfd, pidfd, fd, 0) < 0 ? errno : 0;
}

static char *parents_memory;

static int try_peek(int fd)
{
	char byte;
	struct iovec to = { .iov_base = &byte, .iov_len = 1 };
	struct iovec from = { .iov_base = parents_memory, .iov_len = 1 };

	(void)fd;
	return process_vm_readv(getppid(), &to, 1, &from, 1, 0) == 1 ? 0 : errno;
}

/* Which way or whether at all, the stock KVM may not know; that it was not asked, this tells. */
static int try_convert_vm(int fd)
{
	struct kvm_memory_attributes none = {};

	(void)fd;
	if (!ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &none) || errno != EPERM)
		return 0;
	return EPERM;
}

static int by_uid(act *try, int fd, uid_t fsuid)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid) {
		/* Only files see it: what capabilities let pass, passes. */
		if (fsuid)
			setfsuid(fsuid);
		_exit(try(fd));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		tap_bail("a child died");
	return WEXITSTATUS(status);
}

static uint64_t refusals(enum gmt_guest_memfd_act what)
{
	return bpf->bss->refusals[__builtin_ctz(what)];
}

static const struct {
	act *try;
	enum gmt_guest_memfd_act what;
	const char *name;
	bool by_child; /* makes sense for another process only */
} acts[] = {
	{ try_map, GMT_GUEST_MEMFD_MMAP, "mmap", false },
	{ try_send, GMT_GUEST_MEMFD_RECEIVE, "receipt of a message", false },
	{ try_take, GMT_GUEST_MEMFD_RECEIVE, "pidfd_getfd", true },
	{ try_punch, GMT_GUEST_MEMFD_FALLOCATE, "fallocate", false },
	{ try_peek, GMT_GUEST_MEMFD_PTRACE, "process_vm_readv", true },
};

static void check_others(void)
{
	int memfd = memfd_create("other", 0), fd;

	if (memfd < 0 || ftruncate(memfd, BYTES))
		tap_bail("memfd_create: %s", strerror(errno));

	begin((struct gmt_guest_memfd_params){ .others = 0x1f, .grace_ns = SECOND_NS });
	fd = guest_memfd();
	parents_memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	parents_memory[0] = 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(acts); i++) {
		if (!acts[i].by_child)
			is_int(acts[i].try(fd), 0, "its maker: %s", acts[i].name);
		is_int(by_uid(acts[i].try, fd, 0), 0, "another process of its maker: %s",
		       acts[i].name);
	}
	end();
	/* One at a time: receipt by pidfd_getfd asks for ptrace first. */
	for (unsigned int i = 0; i < ARRAY_SIZE(acts); i++) {
		begin((struct gmt_guest_memfd_params){ .others = acts[i].what });
		/* What this process made and maps counts from the next time that it maps. */
		if (try_map(fd))
			tap_bail("mmap: %s", strerror(errno));
		is_int(by_uid(acts[i].try, fd, OTHER), EPERM, "another user: %s", acts[i].name);
		is_int(refusals(acts[i].what), 1, "and it is counted");
		if (acts[i].what != GMT_GUEST_MEMFD_PTRACE)
			is_int(by_uid(acts[i].try, memfd, OTHER), 0,
			       "with a memfd it is allowed: %s", acts[i].name);
		end();
		is_int(by_uid(acts[i].try, fd, OTHER), 0, "without the programs: %s", acts[i].name);
	}
	munmap(parents_memory, BYTES);
	close(fd);
	close(memfd);
}
#define OTHERS_CHECKS (6 * (int)ARRAY_SIZE(acts) - 1 - 2)

static void check_everyone(void)
{
	int old = guest_memfd(), fd, newer;
	char *open_map, *shut_map;

	begin((struct gmt_guest_memfd_params){
		.everyone = 0x1f, .grace_ns = 3 * SECOND_NS, .error = EPERM });
	fd = guest_memfd();
	is_int(try_map(fd), 0, "during setup: mmap");
	open_map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	shut_map = mmap(NULL, BYTES, PROT_NONE, MAP_SHARED, fd, 0);
	parents_memory = open_map;
	*open_map = 7;
	is_int(try_punch(fd), 0, "fallocate");
	is_int(try_convert_vm(fd), 0, "conversion");
	is_int(by_uid(try_peek, fd, 0), 0, "process_vm_readv");
	is_int(try_map(old), EPERM, "one that was there before is past setup");
	sleep(4);
	is_int(try_map(fd), EPERM, "after setup: mmap");
	ok(mprotect(shut_map, BYTES, PROT_READ) && errno == EPERM,
	   "mprotect of what was mapped before");
	is_int(try_send(fd), EPERM, "receipt of a message");
	is_int(try_punch(fd), EPERM, "fallocate");
	is_int(try_convert_vm(fd), EPERM, "conversion");
	is_int(by_uid(try_peek, fd, 0), EPERM, "process_vm_readv");
	ok(*(volatile char *)open_map == 0,
	   "what is mapped stays mapped: no LSM hook sees a fault");
	newer = guest_memfd();
	is_int(try_map(newer), 0, "a new one is in setup again");
	is_int(try_convert_vm(fd), EPERM, "but its maker is not");
	end();
	is_int(try_map(fd), 0, "without the programs: mmap");
	munmap(open_map, BYTES);
	munmap(shut_map, BYTES);
	close(fd);
	close(newer);
	close(old);
}
#define EVERYONE_CHECKS 15

/* The last VM goes with its last descriptor, a moment after. */
static void unload(void)
{
	for (int i = 0; i < 50; i++) {
		if (!system("modprobe -r kvm-amd kvm-intel 2>/dev/null; ! test -d /sys/module/kvm"))
			return;
		usleep(100000);
	}
	diag("KVM could not be unloaded");
}

int main(void)
{
	int kvm;

	if (system("modprobe kvm-amd 2>/dev/null || modprobe kvm-intel 2>/dev/null") ||
	    (kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)) < 0)
		tap_skip_all("no KVM in this kernel");
	atexit(unload);
	if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD) <= 0) {
		close(kvm);
		tap_skip_all("this kernel's KVM has no guest_memfd");
	}
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		tap_bail("KVM_CREATE_VM: %s", strerror(errno));
	tap_plan(OTHERS_CHECKS + EVERYONE_CHECKS);
	check_others();
	check_everyone();
	close(vm);
	close(kvm);
	return tap_done();
}
