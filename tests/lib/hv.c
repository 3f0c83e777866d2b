// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of gmem_testhv.ko, and its loading, for the tests of hypervisors. */
#include <fcntl.h>
#include <libgen.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hv.h"

static pid_t loader;

int try_hv_unload(void)
{
	return syscall(SYS_delete_module, "gmem_testhv", O_NONBLOCK);
}

/* The last reference may be dropped by a worker of the kernel's: it gets a few seconds. */
static void unload(void)
{
	if (getpid() != loader)
		return;
	for (int i = 0; i < 300 && try_hv_unload() && errno == EWOULDBLOCK; i++)
		usleep(10000);
}

/* It lies beside the gmem.ko that this guest was started with. */
void hv_load(void)
{
	const char *gmem = getenv("GMEM_MODULE");
	char path[300], copy[256];
	int fd;

	if (!gmem)
		tap_bail("GMEM_MODULE is not set: run in the VM");
	snprintf(copy, sizeof(copy), "%s", gmem);
	snprintf(path, sizeof(path), "%s/gmem_testhv.ko", dirname(copy));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* A test that was killed leaves it loaded. */
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		tap_bail("load %s: %s", path, strerror(errno));
	close(fd);
	if (!loader)
		atexit(unload);
	loader = getpid();
}

int hv_open(void)
{
	int vm = open("/dev/gmem_testhv", O_RDWR | O_CLOEXEC);

	if (vm < 0)
		tap_bail("/dev/gmem_testhv: %s", strerror(errno));
	return vm;
}

bool hv_close(int vm)
{
	bool sound = hv_sound(vm);

	close(vm);
	return sound;
}

int try_bind(int vm, unsigned int slot, int fd, uint64_t offset, uint64_t bytes, uint64_t at)
{
	struct testhv_bind b = {
		.slot = slot,
		.fd = fd,
		.offset = offset,
		.bytes = bytes,
		.guest_address = at,
	};

	return ioctl(vm, TESTHV_BIND, &b);
}

void hv_bind(int vm, unsigned int slot, int fd, uint64_t offset, uint64_t bytes, uint64_t at)
{
	if (try_bind(vm, slot, fd, offset, bytes, at))
		tap_bail("bind slot %u: %s", slot, strerror(errno));
}

int try_unbind(int vm, unsigned int slot)
{
	struct testhv_unbind u = { .slot = slot };

	return ioctl(vm, TESTHV_UNBIND, &u);
}

void hv_unbind(int vm, unsigned int slot)
{
	if (try_unbind(vm, slot))
		tap_bail("unbind slot %u: %s", slot, strerror(errno));
}

int try_lookup(int vm, struct testhv_lookup *l)
{
	return ioctl(vm, TESTHV_LOOKUP, l);
}

int try_lookup_page(int vm, unsigned int slot, uint64_t index, enum hv_want want)
{
	struct testhv_lookup l = { .slot = slot, .index = index, .want = want };

	return try_lookup(vm, &l);
}

static int guest_access(int vm, uint64_t at, void *buffer, size_t bytes, bool write)
{
	while (bytes) {
		size_t part = PAGE - at % PAGE < bytes ? PAGE - at % PAGE : bytes;
		struct testhv_access a = {
			.guest_address = at,
			.buffer = (uintptr_t)buffer,
			.bytes = part,
			.write = write,
		};

		if (ioctl(vm, TESTHV_ACCESS, &a))
			return -1;
		at += part;
		buffer = (char *)buffer + part;
		bytes -= part;
	}
	return 0;
}

int guest_write(int vm, uint64_t at, const void *from, size_t bytes)
{
	return guest_access(vm, at, (void *)(uintptr_t)from, bytes, true);
}

int guest_read(int vm, uint64_t at, void *to, size_t bytes)
{
	return guest_access(vm, at, to, bytes, false);
}

int guest_state(int vm, uint64_t at)
{
	char byte;
	struct testhv_access a = {
		.guest_address = at,
		.buffer = (uintptr_t)&byte,
		.bytes = 1,
	};

	return ioctl(vm, TESTHV_ACCESS, &a) ? -1 : (int)a.state;
}

int guest_convert(int vm, uint64_t at, uint64_t bytes, unsigned int to, unsigned int content,
		  uint64_t *error_offset)
{
	struct testhv_convert c = {
		.guest_address = at,
		.bytes = bytes,
		.to = to,
		.content = content,
	};
	int ret = ioctl(vm, TESTHV_CONVERT, &c);

	if (error_offset)
		*error_offset = c.error_offset;
	return ret;
}

int try_hv_populate(int vm, uint64_t at, const void *page, int fail)
{
	struct testhv_populate p = {
		.guest_address = at,
		.buffer = (uintptr_t)page,
		.fail = fail,
	};

	return ioctl(vm, TESTHV_POPULATE, &p);
}

void hv_behave(int vm, struct testhv_behave how)
{
	if (ioctl(vm, TESTHV_BEHAVE, &how))
		tap_bail("TESTHV_BEHAVE: %s", strerror(errno));
}

struct testhv_count hv_count(int vm, unsigned int slot)
{
	struct testhv_count c = { .slot = slot };

	if (ioctl(vm, TESTHV_COUNT, &c))
		tap_bail("TESTHV_COUNT: %s", strerror(errno));
	return c;
}

uint64_t hv_counter(int vm, enum testhv_counter nr)
{
	return hv_count(vm, 0).n[nr];
}

bool hv_sound(int vm)
{
	struct testhv_count c = hv_count(vm, 0);

	if (c.n[TESTHV_BEGINS] == c.n[TESTHV_ENDS] && !c.n[TESTHV_IN_PROGRESS] &&
	    !c.n[TESTHV_USES_AFTER] && !c.n[TESTHV_UNBALANCED] && !c.n[TESTHV_STRAYS])
		return true;
	diag("  VM %llu: %llu begins, %llu ends, %llu in progress, %llu uses after, %llu unbalanced, "
	     "%llu strays",
	     (unsigned long long)c.vm, (unsigned long long)c.n[TESTHV_BEGINS],
	     (unsigned long long)c.n[TESTHV_ENDS], (unsigned long long)c.n[TESTHV_IN_PROGRESS],
	     (unsigned long long)c.n[TESTHV_USES_AFTER], (unsigned long long)c.n[TESTHV_UNBALANCED],
	     (unsigned long long)c.n[TESTHV_STRAYS]);
	return false;
}
