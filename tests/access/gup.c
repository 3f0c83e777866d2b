// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private memory by the kernel's own hands: calls that make it look up the pages behind an
 * address, copy through it or pin them, of this process or of another one.
 */
#include <fcntl.h>
#include <liburing.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vector.h"

#define DIRECT_FILE "/mnt/scratch/gmem-direct"

/* Gives @ret, and the errno from before the clean-up that follows a call. */
static long keep(long ret, int err)
{
	errno = err;
	return ret;
}

static long attack_populate_read(struct target *t)
{
	return madvise(t->secret, PAGE, MADV_POPULATE_READ);
}

static long attack_populate_write(struct target *t)
{
	return madvise(t->secret, PAGE, MADV_POPULATE_WRITE);
}

static long attack_mlock(struct target *t)
{
	long ret = mlock(t->secret, PAGE);
	int err = errno;

	munlock(t->secret, PAGE);
	return keep(ret, err);
}

/* mlock2() promises to lock pages when they are touched: none here. */
static long attack_mlock_onfault(struct target *t)
{
	long ret = mlock2(t->secret, PAGE, MLOCK_ONFAULT);

	t->trap = trap_load(t->secret);
	munlock(t->secret, PAGE);
	return ret;
}

/* vmsplice of @at into a pipe, and the pipe read. */
static long vmsplice_from(struct target *t, char *at)
{
	struct iovec v = { at, PAGE };
	int ends[2], err;
	long ret;

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	ret = vmsplice(ends[1], &v, 1, 0);
	err = errno;
	(void)!read(ends[0], t->out, VECTOR_BYTES);
	close(ends[0]);
	close(ends[1]);
	return keep(ret, err);
}

static long attack_vmsplice(struct target *t)
{
	return vmsplice_from(t, t->secret);
}

static long attack_vmsplice_new_mapping(struct target *t)
{
	char *map = gmem_map(t->fd, VECTOR_BYTES);
	long ret = vmsplice_from(t, map + VECTOR_AT);
	int err = errno;

	munmap(map, VECTOR_BYTES);
	return keep(ret, err);
}

static long uring_register(char *at)
{
	struct iovec v = { at, PAGE };
	struct io_uring ring;
	int ret;

	if (io_uring_queue_init(2, &ring, 0))
		tap_bail("io_uring_queue_init: %s", strerror(errno));
	ret = io_uring_register_buffers(&ring, &v, 1);
	io_uring_queue_exit(&ring);
	return keep(ret ? -1 : 0, -ret);
}

static long attack_uring_buffer(struct target *t)
{
	return uring_register(t->secret);
}

static long attack_uring_buffer_new_mapping(struct target *t)
{
	char *map = gmem_map(t->fd, VECTOR_BYTES);
	long ret = uring_register(map + VECTOR_AT);
	int err = errno;

	munmap(map, VECTOR_BYTES);
	return keep(ret, err);
}

static int direct_open(struct target *t)
{
	int fd = open(DIRECT_FILE, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, t->out, PAGE, 0) != PAGE)
		tap_bail("%s: %s", DIRECT_FILE, strerror(errno));
	return fd;
}

/* The file's contents must be what they were, and are read back to be searched. */
static long direct_close(struct target *t, int fd, long ret, int err)
{
	(void)!pread(fd, t->out, PAGE, 0);
	close(fd);
	unlink(DIRECT_FILE);
	return keep(ret, err);
}

static long attack_direct_write(struct target *t)
{
	int fd = direct_open(t);
	long ret = pwrite(fd, t->secret, PAGE, 0);

	return direct_close(t, fd, ret, errno);
}

static long attack_direct_read(struct target *t)
{
	int fd = direct_open(t);
	long ret = pread(fd, t->secret, PAGE, 0);

	return direct_close(t, fd, ret, errno);
}

/* Calls that copy from or to a buffer of the caller's. */
static long attack_write_from(struct target *t)
{
	int fd = memfd_create("copy", MFD_CLOEXEC), err;
	long ret = pwrite(fd, t->secret, PAGE, 0);

	err = errno;
	(void)!pread(fd, t->out, PAGE, 0);
	close(fd);
	return keep(ret, err);
}

static long attack_read_to(struct target *t)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	long ret = read(fd, t->secret, PAGE);
	int err = errno;

	close(fd);
	return keep(ret, err);
}

static long attack_futex(struct target *t)
{
	struct timespec now = {};

	return syscall(SYS_futex, t->secret, FUTEX_WAIT, 0, &now, NULL, 0);
}

/* The attacks from outside are made on a child that holds the mapping and does nothing. */
static pid_t victim_start(struct target *t)
{
	pid_t pid = fork();

	(void)t;
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void victim_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static long vm_readv(pid_t pid, struct target *t)
{
	struct iovec to = { t->out, PAGE }, from = { t->secret, PAGE };

	return process_vm_readv(pid, &to, 1, &from, 1, 0);
}

static long vm_writev(pid_t pid, struct target *t)
{
	struct iovec from = { t->out, PAGE }, to = { t->secret, PAGE };

	return process_vm_writev(pid, &from, 1, &to, 1, 0);
}

static long proc_mem(pid_t pid, struct target *t, bool write)
{
	char path[64];
	int fd, err;
	long ret;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	ret = write ? pwrite(fd, t->out, 64, (off_t)t->secret) :
		      pread(fd, t->out, 64, (off_t)t->secret);
	err = errno;
	close(fd);
	return keep(ret, err);
}

static long proc_mem_read(pid_t pid, struct target *t)
{
	return proc_mem(pid, t, false);
}

static long proc_mem_write(pid_t pid, struct target *t)
{
	return proc_mem(pid, t, true);
}

static void stop(pid_t pid)
{
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, NULL, 0) != pid)
		tap_bail("PTRACE_ATTACH: %s", strerror(errno));
}

static long ptrace_peek(pid_t pid, struct target *t)
{
	long word;
	int err;

	stop(pid);
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, t->secret + 8, 0);
	err = errno;
	memcpy(t->out, &word, sizeof(word));
	return keep(err ? -1 : 0, err);
}

static long ptrace_poke(pid_t pid, struct target *t)
{
	stop(pid);
	return ptrace(PTRACE_POKEDATA, pid, t->secret + 8, 0x5555);
}

static long on_victim(struct target *t, long (*attack)(pid_t pid, struct target *t))
{
	pid_t pid = victim_start(t);
	long ret = attack(pid, t);
	int err = errno;

	victim_end(pid);
	return keep(ret, err);
}

static long attack_vm_readv(struct target *t)
{
	return on_victim(t, vm_readv);
}

static long attack_vm_writev(struct target *t)
{
	return on_victim(t, vm_writev);
}

static long attack_vm_readv_self(struct target *t)
{
	return vm_readv(getpid(), t);
}

static long attack_proc_mem_read(struct target *t)
{
	return on_victim(t, proc_mem_read);
}

static long attack_proc_mem_write(struct target *t)
{
	return on_victim(t, proc_mem_write);
}

static long attack_proc_self_mem(struct target *t)
{
	return proc_mem_read(getpid(), t);
}

static long attack_ptrace_peek(struct target *t)
{
	return on_victim(t, ptrace_peek);
}

static long attack_ptrace_poke(struct target *t)
{
	return on_victim(t, ptrace_poke);
}

static const struct vector vectors[] = {
	{ "MADV_POPULATE_READ", attack_populate_read, .err = EFAULT,
	  .events = { FAULT_HOST_READ } },
	{ "MADV_POPULATE_WRITE", attack_populate_write, .err = EFAULT,
	  .events = { FAULT_HOST_WRITE } },
	{ "mlock", attack_mlock, .err = ENOMEM, .events = { FAULT_HOST_READ } },
	{ "mlock on fault, load", attack_mlock_onfault, VECTOR_SIGBUS,
	  .events = { FAULT_HOST_READ } },
	{ "vmsplice", attack_vmsplice, .err = EFAULT, .events = { FAULT_HOST_READ } },
	{ "vmsplice, mapped after the conversion", attack_vmsplice_new_mapping, .err = EFAULT,
	  .events = { MAPPED_OK, FAULT_HOST_READ } },
	{ "io_uring registered buffer", attack_uring_buffer, .err = EFAULT,
	  .events = { FAULT_HOST_WRITE } },
	{ "io_uring registered buffer, mapped after the conversion",
	  attack_uring_buffer_new_mapping, .err = EFAULT,
	  .events = { MAPPED_OK, FAULT_HOST_WRITE } },
	{ "O_DIRECT write from it", attack_direct_write, .err = EFAULT,
	  .events = { FAULT_HOST_READ } },
	{ "O_DIRECT read to it", attack_direct_read, .err = EFAULT,
	  .events = { FAULT_HOST_WRITE } },
	{ "write from it", attack_write_from, .err = EFAULT, .events = { FAULT_HOST_READ } },
	{ "read to it", attack_read_to, .err = EFAULT, .events = { FAULT_HOST_WRITE } },
	/* The kernel looks the page up to write, and when it may not, to read. */
	{ "futex in it", attack_futex, .err = EFAULT,
	  .events = { FAULT_HOST_WRITE, FAULT_HOST_READ } },
	{ "process_vm_readv", attack_vm_readv, .err = EFAULT, .events = { FAULT_REMOTE_READ } },
	{ "process_vm_readv of itself", attack_vm_readv_self, .err = EFAULT,
	  .events = { FAULT_REMOTE_READ } },
	{ "process_vm_writev", attack_vm_writev, .err = EFAULT, .events = { FAULT_REMOTE_WRITE } },
	{ "read of /proc/PID/mem", attack_proc_mem_read, .err = EIO,
	  .events = { FAULT_REMOTE_READ } },
	{ "read of /proc/self/mem", attack_proc_self_mem, .err = EIO,
	  .events = { FAULT_REMOTE_READ } },
	{ "write to /proc/PID/mem", attack_proc_mem_write, .err = EIO,
	  .events = { FAULT_REMOTE_WRITE } },
	{ "ptrace peek", attack_ptrace_peek, .err = EIO, .events = { FAULT_REMOTE_READ } },
	{ "ptrace poke", attack_ptrace_poke, .err = EIO, .events = { FAULT_REMOTE_WRITE } },
};

int main(void)
{
	tap_plan(VECTOR_CHECKS * ARRAY_SIZE(vectors));
	vectors_run(vectors, ARRAY_SIZE(vectors));
	return tap_done();
}
