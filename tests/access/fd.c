// SPDX-License-Identifier: GPL-2.0-only
/* Private memory through the fd: system calls that read, write, splice, copy or reopen it. */
#include <fcntl.h>
#include <liburing.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "vector.h"

static long attack_read(struct target *t)
{
	lseek(t->fd, VECTOR_AT, SEEK_SET);
	return read(t->fd, t->out, PAGE);
}

static long attack_write(struct target *t)
{
	lseek(t->fd, VECTOR_AT, SEEK_SET);
	return write(t->fd, t->out, PAGE);
}

static long attack_pread(struct target *t)
{
	return pread(t->fd, t->out, PAGE, VECTOR_AT);
}

static long attack_pwrite(struct target *t)
{
	return pwrite(t->fd, t->out, PAGE, VECTOR_AT);
}

static long attack_readv(struct target *t)
{
	struct iovec v[2] = { { t->out, 100 }, { t->out + PAGE, PAGE } };

	lseek(t->fd, VECTOR_AT, SEEK_SET);
	return readv(t->fd, v, 2);
}

static long attack_preadv2(struct target *t)
{
	struct iovec v[2] = { { t->out, 100 }, { t->out + PAGE, PAGE } };

	return preadv2(t->fd, v, 2, VECTOR_AT, 0);
}

static long attack_pwritev2(struct target *t)
{
	struct iovec v[2] = { { t->out, 100 }, { t->out + PAGE, PAGE } };

	return pwritev2(t->fd, v, 2, VECTOR_AT, 0);
}

/* From the shared page before it: stops short where private memory begins. */
static long attack_read_across(struct target *t)
{
	return pread(t->fd, t->out, 2 * PAGE, VECTOR_AT - 100);
}

/* One call through io_uring; gives as a system call does. */
static long uring(struct target *t, bool write)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	long res;

	if (io_uring_queue_init(2, &ring, 0))
		tap_bail("io_uring_queue_init: %s", strerror(errno));
	sqe = io_uring_get_sqe(&ring);
	if (write)
		io_uring_prep_write(sqe, t->fd, t->out, PAGE, VECTOR_AT);
	else
		io_uring_prep_read(sqe, t->fd, t->out, PAGE, VECTOR_AT);
	io_uring_submit_and_wait(&ring, 1);
	if (io_uring_wait_cqe(&ring, &cqe))
		tap_bail("io_uring_wait_cqe");
	res = cqe->res;
	io_uring_queue_exit(&ring);
	errno = res < 0 ? -res : 0;
	return res < 0 ? -1 : res;
}

static long attack_uring_read(struct target *t)
{
	return uring(t, false);
}

static long attack_uring_write(struct target *t)
{
	return uring(t, true);
}

/* Makes the call with a pipe as its other end, and takes out whatever got into the pipe. */
static long with_pipe(struct target *t, long (*call)(struct target *t, int in, int out))
{
	int ends[2], err;
	long ret;

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	ret = call(t, ends[0], ends[1]);
	err = errno;
	(void)!read(ends[0], t->out, VECTOR_BYTES);
	close(ends[0]);
	close(ends[1]);
	errno = err;
	return ret;
}

static long splice_out(struct target *t, int in, int out)
{
	loff_t at = VECTOR_AT;

	(void)in;
	return splice(t->fd, &at, out, NULL, PAGE, 0);
}

static long splice_in(struct target *t, int in, int out)
{
	loff_t at = VECTOR_AT;

	(void)!write(out, t->out, PAGE);
	return splice(in, NULL, t->fd, &at, PAGE, 0);
}

static long sendfile_out(struct target *t, int in, int out)
{
	off_t at = VECTOR_AT;

	(void)in;
	return sendfile(out, t->fd, &at, PAGE);
}

static long attack_splice_out(struct target *t)
{
	return with_pipe(t, splice_out);
}

static long attack_splice_in(struct target *t)
{
	return with_pipe(t, splice_in);
}

static long attack_sendfile_pipe(struct target *t)
{
	return with_pipe(t, sendfile_out);
}

static long attack_sendfile_socket(struct target *t)
{
	off_t at = VECTOR_AT;
	int ends[2], err;
	long ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		tap_bail("socketpair: %s", strerror(errno));
	ret = sendfile(ends[0], t->fd, &at, PAGE);
	err = errno;
	(void)!read(ends[1], t->out, VECTOR_BYTES);
	close(ends[0]);
	close(ends[1]);
	errno = err;
	return ret;
}

/* A file of another file system, holding a page of other contents. */
static int other_file(struct target *t)
{
	int fd = memfd_create("other", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, t->out, PAGE, 0) != PAGE)
		tap_bail("memfd: %s", strerror(errno));
	return fd;
}

static long attack_sendfile_in(struct target *t)
{
	int other = other_file(t), err;
	off_t at = 0;
	long ret;

	lseek(t->fd, VECTOR_AT, SEEK_SET);
	ret = sendfile(t->fd, other, &at, PAGE);
	err = errno;
	close(other);
	errno = err;
	return ret;
}

static long copy(struct target *t, int in, loff_t in_at, int out, loff_t out_at)
{
	long ret = copy_file_range(in, &in_at, out, &out_at, PAGE, 0);
	int other = in == t->fd ? out : in, err = errno;

	(void)!pread(other, t->out, PAGE, 0);
	close(other);
	errno = err;
	return ret;
}

static long attack_copy_out(struct target *t)
{
	return copy(t, t->fd, VECTOR_AT, other_file(t), 0);
}

static long attack_copy_in(struct target *t)
{
	return copy(t, other_file(t), 0, t->fd, VECTOR_AT);
}

static long attack_copy_out_to_gmem(struct target *t)
{
	return copy(t, t->fd, VECTOR_AT, gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, PAGE, "other"),
		    0);
}

static long attack_copy_in_from_gmem(struct target *t)
{
	return copy(t, gmem_new(MMAP_IO | GMEM_CREATE_INIT_SHARED, PAGE, "other"), 0, t->fd,
		    VECTOR_AT);
}

static long attack_mmap_private(struct target *t)
{
	return (long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, t->fd, VECTOR_AT);
}

static long reopen(struct target *t, const char *pattern, unsigned long a, unsigned long b)
{
	char path[96];
	int fd, err;

	snprintf(path, sizeof(path), pattern, a, b);
	fd = open(path, O_RDWR | O_CLOEXEC);
	err = errno;
	if (fd >= 0)
		(void)!pread(fd, t->out, PAGE, VECTOR_AT);
	errno = err;
	return fd;
}

static long attack_proc_fd(struct target *t)
{
	return reopen(t, "/proc/self/fd/%lu", t->fd, 0);
}

static long attack_map_files(struct target *t)
{
	unsigned long at = (unsigned long)t->map;

	return reopen(t, "/proc/self/map_files/%lx-%lx", at, at + VECTOR_BYTES);
}

#define READ_REFUSED  "gmem_access offset_bytes=4096 size_bytes=4096 done_bytes=0 act=read err=-13"
#define WRITE_REFUSED "gmem_access offset_bytes=4096 size_bytes=4096 done_bytes=0 act=write err=-13"
#define SPLICE_READ   "gmem_access offset_bytes=4096 done_bytes=0 act=splice_read err=-22"
#define SPLICE_WRITE  "gmem_access offset_bytes=4096 done_bytes=0 act=splice_write err=-22"

static const struct vector vectors[] = {
	{ "read", attack_read, .err = EACCES, .events = { READ_REFUSED } },
	{ "write", attack_write, .err = EACCES, .events = { WRITE_REFUSED } },
	{ "pread", attack_pread, .err = EACCES, .events = { READ_REFUSED } },
	{ "pwrite", attack_pwrite, .err = EACCES, .events = { WRITE_REFUSED } },
	{ "readv", attack_readv, .err = EACCES,
	  .events = { "gmem_access offset_bytes=4096 size_bytes=4196 done_bytes=0 act=read err=-13" } },
	{ "preadv2", attack_preadv2, .err = EACCES,
	  .events = { "gmem_access offset_bytes=4096 size_bytes=4196 done_bytes=0 act=read err=-13" } },
	{ "pwritev2", attack_pwritev2, .err = EACCES,
	  .events = { "gmem_access offset_bytes=4096 size_bytes=4196 done_bytes=0 act=write err=-13" } },
	{ "io_uring read", attack_uring_read, .err = EACCES, .events = { READ_REFUSED } },
	{ "io_uring write", attack_uring_write, .err = EACCES, .events = { WRITE_REFUSED } },
	{ "splice to a pipe", attack_splice_out, .err = EINVAL, .events = { SPLICE_READ } },
	{ "splice from a pipe", attack_splice_in, .err = EINVAL, .events = { SPLICE_WRITE } },
	{ "sendfile to a pipe", attack_sendfile_pipe, .err = EINVAL, .events = { SPLICE_READ } },
	{ "sendfile to a socket", attack_sendfile_socket, .err = EINVAL,
	  .events = { SPLICE_READ } },
	{ "sendfile into it", attack_sendfile_in, .err = EINVAL, .events = { SPLICE_WRITE } },
	{ "copy_file_range to another gmem", attack_copy_out_to_gmem, .err = EINVAL,
	  .events = { SPLICE_READ } },
	/* The other gmem is asked first, and refuses. */
	{ "copy_file_range from another gmem", attack_copy_in_from_gmem, .err = EINVAL },
	/* The kernel copies between two file systems only where both ask it to: not gmem. */
	{ "copy_file_range to a memfd", attack_copy_out, .err = EXDEV },
	{ "copy_file_range from a memfd", attack_copy_in, .err = EXDEV },
	{ "mmap MAP_PRIVATE", attack_mmap_private, .err = EINVAL,
	  .events = { "gmem_access offset_bytes=4096 size_bytes=4096 act=mmap err=-22" } },
	{ "open of /proc/PID/fd/N", attack_proc_fd, .err = ENXIO,
	  .events = { "gmem_access act=open done_bytes=0 err=-6" } },
	{ "open of /proc/PID/map_files/N", attack_map_files, .err = ENXIO,
	  .events = { "gmem_access act=open done_bytes=0 err=-6" } },
};

/* The part of it that is shared does pass: 100 bytes, and not one more. */
static void check_across(void)
{
	struct target t = { .fd = gmem_new(MMAP_IO, VECTOR_BYTES, "across") };
	static char out[VECTOR_BYTES];
	char *map = gmem_map(t.fd, VECTOR_BYTES);

	gmem_share(t.fd, 0, 2 * PAGE, GMEM_CONTENT_ZERO);
	secret_fill(map + VECTOR_AT, PAGE, 1);
	gmem_hide(t.fd, VECTOR_AT, PAGE, GMEM_CONTENT_KEEP);
	memset(out, 0x55, sizeof(out));
	t.out = out;
	is_int(attack_read_across(&t), 100, "a read across the boundary stops at it");
	ok(all_zero(out, 100) && out[100] == 0x55 && !secret_words_in(out, sizeof(out), 1),
	   "having read shared memory only");
	munmap(map, VECTOR_BYTES);
	close(t.fd);
}

/* A gmem that permits nothing but to be filled: no road leads in, whatever the state. */
static void check_closed(void)
{
	int fd = gmem_new(GMEM_CREATE_POPULATE | GMEM_CREATE_INSPECT, VECTOR_BYTES, "closed");
	static char out[VECTOR_BYTES];
	struct snap before;

	secret_fill(out, PAGE, 2);
	if (pwrite(fd, out, PAGE, VECTOR_AT) != (ssize_t)PAGE)
		tap_bail("pwrite: %s", strerror(errno));
	memset(out, 0x55, sizeof(out));
	before = snap_take(fd);
	is_errno(mmap(NULL, VECTOR_BYTES, PROT_READ, MAP_SHARED, fd, 0), ENODEV,
		 "mmap without GMEM_CREATE_MMAP");
	is_errno(pread(fd, out, PAGE, VECTOR_AT), EINVAL, "pread without GMEM_CREATE_IO");
	before.stats.denied_flags += 2;
	ok(snap_same(fd, &before, 0), "both counted, nothing changed");
	ok(!secret_words_in(out, sizeof(out), 2), "nothing leaked");
	is_int(try_inspect(fd, GMEM_DIRECTION_READ, VECTOR_AT, out, PAGE), PAGE, "the window");
	ok(secret_intact(out, PAGE, 2), "shows memory as it was");
	close(fd);
}

int main(void)
{
	tap_plan(VECTOR_CHECKS * ARRAY_SIZE(vectors) + 2 + 6);
	vectors_run(vectors, ARRAY_SIZE(vectors));
	check_across();
	check_closed();
	return tap_done();
}
