// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM with guest_memfds for the tests of gmemtop to look at, on whichever KVM is loaded: does
 * what each line of standard input says, answers by a number, and keeps all until that ends.
 */
#include <linux/falloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "../kvm/vm.h"

#define MAX_ARGS  6
#define CODE_SLOT 0
#define CODE_GPA  0x1000
#define MAX_FDS	  32768

static struct vm vm;
static int fds[MAX_FDS], fd_count;
static char *maps[16];
static size_t map_bytes[16];
static int sockets[2];
static int poison_errno;
static atomic_bool over;

/* BYTES FLAGS: the number of the guest_memfd, from 0 on */
static long do_create(const unsigned long *arg)
{
	struct kvm_create_guest_memfd args = { .size = arg[0], .flags = arg[1] };

	fds[fd_count] = ioctl(vm.fd, KVM_CREATE_GUEST_MEMFD, &args);
	return fds[fd_count] < 0 ? -errno : fd_count++;
}

static char *anonymous(size_t bytes)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	return at;
}

/* SLOT GMEM OFFSET BYTES GPA: ordinary memory stands behind it for what is shared */
static long do_slot(const unsigned long *arg)
{
	char *host = anonymous(arg[3]);

	return vm_slot(&vm, arg[0], arg[4], arg[3], fds[arg[1]], arg[2], host) ? -errno : 0;
}

static int add_bare(uint32_t slot, uint64_t bytes, uint64_t gpa)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)anonymous(bytes),
	};

	if (gpa == CODE_GPA)
		memcpy((void *)region.userspace_addr, vm_code, vm_code_end - vm_code);
	return ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region);
}

/* SLOT BYTES GPA: of ordinary memory only */
static long do_bare(const unsigned long *arg)
{
	return add_bare(arg[0], arg[1], arg[2]) ? -errno : 0;
}

/* SLOT */
static long do_unslot(const unsigned long *arg)
{
	return vm_slot(&vm, arg[0], 0, 0, -1, 0, NULL) ? -errno : 0;
}

/* GPA BYTES PRIVATE */
static long do_attributes(const unsigned long *arg)
{
	return vm_attributes(&vm, arg[0], arg[1], arg[2], 0) ? -errno : 0;
}

/* GPA PAGES: the guest stores to each; what KVM_RUN gave */
static long do_touch(const unsigned long *arg)
{
	return -vm_do(&vm, VM_TOUCH, arg[0], arg[1]).err;
}

/* GMEM OFFSET BYTES */
static long do_punch(const unsigned long *arg)
{
	return fallocate(fds[arg[0]], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, arg[1], arg[2]) ?
		       -errno :
		       0;
}

static long do_allocate(const unsigned long *arg)
{
	return fallocate(fds[arg[0]], FALLOC_FL_KEEP_SIZE, arg[1], arg[2]) ? -errno : 0;
}

/* GMEM BYTES */
static long do_map(const unsigned long *arg)
{
	char *at = mmap(NULL, arg[1], PROT_READ | PROT_WRITE, MAP_SHARED, fds[arg[0]], 0);

	if (at == MAP_FAILED)
		return -errno;
	maps[arg[0]] = at;
	map_bytes[arg[0]] = arg[1];
	return 0;
}

static long do_unmap(const unsigned long *arg)
{
	return munmap(maps[arg[0]], map_bytes[arg[0]]) ? -errno : 0;
}

/* GMEM OFFSET PAGES: how many of them cannot be stored to */
static long do_store(const unsigned long *arg)
{
	long failed = 0;

	for (unsigned long i = 0; i < arg[2]; i++)
		failed += trap_store(maps[arg[0]] + arg[1] + i * PAGE, 1).signo != 0;
	return failed;
}

static void poison(void *at)
{
	poison_errno = madvise(at, PAGE, MADV_HWPOISON) ? errno : 0;
}

/* GMEM OFFSET: the page there fails, as hardware would have it */
static long do_poison(const unsigned long *arg)
{
	struct trap trap = trap_call(poison, maps[arg[0]] + arg[1]);

	return trap.signo ? trap.signo : -poison_errno;
}

static void *change_attributes(void *arg)
{
	uint64_t gpa = *(uint64_t *)arg;

	for (bool private = false; !atomic_load(&over); private = !private)
		vm_attributes(&vm, gpa, PAGE, private, 0);
	return NULL;
}

/* GPA EXITS SECONDS: the guest stores there while the page's attributes change, until it has left so often or so long */
static long do_race(const unsigned long *arg)
{
	uint64_t gpa = arg[0];
	time_t end = time(NULL) + arg[2];
	unsigned long exits = 0;
	struct vm_result r = {};
	pthread_t thread;

	atomic_store(&over, false);
	if (pthread_create(&thread, NULL, change_attributes, &gpa))
		tap_bail("pthread_create");
	while (!r.err && exits < arg[1] && time(NULL) < end) {
		r = vm_do(&vm, VM_STORE, gpa, 1);
		for (; r.err == EFAULT && r.exit == KVM_EXIT_MEMORY_FAULT; r = vm_go(&vm))
			exits++;
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	return r.err ? -r.err : (long)exits;
}

/* GMEM */
static long do_close(const unsigned long *arg)
{
	return close(fds[arg[0]]) ? -errno : 0;
}

/* GMEM FD: a descriptor of that number, and whatever it was is closed */
static long do_dup(const unsigned long *arg)
{
	return dup2(fds[arg[0]], arg[1]);
}

/* GMEM: into a socket that nobody reads */
static long do_send(const unsigned long *arg)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fds[arg[0]], sizeof(int));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		return -errno;
	return sendmsg(sockets[0], &msg, 0) == 1 ? 0 : -errno;
}

/* Loses what is in the socket. */
static long do_lose(const unsigned long *arg)
{
	(void)arg;
	close(sockets[0]);
	close(sockets[1]);
	return 0;
}

/* GMEM: a process that has only this one open, as 3 and 4; its pid */
static long do_fork(const unsigned long *arg)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "holder");
	dup2(fds[arg[0]], 100);
	dup2(100, 3);
	dup2(100, 4);
	close_range(5, ~0U, 0);
	close_range(0, 2, 0);
	pause();
	_exit(0);
}

/* PID */
static long do_kill(const unsigned long *arg)
{
	kill(arg[0], SIGKILL);
	return waitpid(arg[0], NULL, 0) == (pid_t)arg[0] ? 0 : -errno;
}

/* The VM itself: its descriptors, not what it holds. */
static long do_drop(const unsigned long *arg)
{
	(void)arg;
	vm_drop(&vm);
	return 0;
}

static const struct {
	const char *word;
	long (*act)(const unsigned long *arg);
	int args;
} acts[] = {
	{ "create", do_create, 2 }, { "slot", do_slot, 5 },
	{ "unslot", do_unslot, 1 }, { "attributes", do_attributes, 3 },
	{ "touch", do_touch, 2 },   { "punch", do_punch, 3 },
	{ "map", do_map, 2 },	    { "allocate", do_allocate, 3 },
	{ "unmap", do_unmap, 1 },   { "store", do_store, 3 },
	{ "close", do_close, 1 },   { "dup", do_dup, 2 },
	{ "send", do_send, 1 },	    { "lose", do_lose, 0 },
	{ "fork", do_fork, 1 },	    { "kill", do_kill, 1 },
	{ "drop", do_drop, 0 },	    { "bare", do_bare, 3 },
	{ "poison", do_poison, 2 }, { "race", do_race, 3 },
};

static long act(const char *line)
{
	unsigned long arg[MAX_ARGS] = {};
	char word[16];
	int n = sscanf(line, "%15s %lu %lu %lu %lu %lu %lu", word, &arg[0], &arg[1], &arg[2],
		       &arg[3], &arg[4], &arg[5]);

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++)
		if (n == acts[i].args + 1 && !strcmp(word, acts[i].word))
			return acts[i].act(arg);
	tap_bail("what is '%s'?", line);
}

/* The guest's code lies in memory that is no guest_memfd. */
static void boot(void)
{
	if (add_bare(CODE_SLOT, PAGE, CODE_GPA))
		tap_bail("the code's slot: %s", strerror(errno));
	vm_cpu(&vm, CODE_GPA);
}

/* vmm protected|plain: whether the VM has private memory */
int main(int argc, char **argv)
{
	char line[256];
	int kvm;

	if (argc != 2)
		tap_bail("usage: vmm protected|plain");
	trap_init();
	if (!strcmp(argv[1], "protected")) {
		vm = vm_new();
	} else {
		kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
		vm.fd = vm_ioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
		vm.run_size = vm_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
		close(kvm);
	}
	boot();
	printf("0\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		printf("%ld\n", act(line));
		fflush(stdout);
	}
	return 0;
}
