// SPDX-License-Identifier: GPL-2.0-only
/* Small things that several C tests need: kernel files of one value, guard pages, children. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gmem_test.h"

unsigned long slow_rounds(unsigned long full)
{
	const char *text = getenv("GMEM_SLOW");
	unsigned long slow = text ? strtoul(text, NULL, 10) : 1;

	return slow > 1 ? full / slow : full;
}

bool read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (used + 1 < size && (got = read(fd, out + used, size - 1 - used)) > 0)
		used += got;
	out[used] = '\0';
	close(fd);
	return got >= 0;
}

unsigned long some_rounds(unsigned long usual, unsigned long full)
{
	unsigned long most = slow_rounds(full);

	if (getenv("GMEM_SECONDS"))
		return full;
	return usual < most ? usual : most;
}

unsigned long test_seconds(unsigned long usual)
{
	const char *wish = getenv("GMEM_SECONDS");

	return wish ? strtoul(wish, NULL, 10) : usual;
}

void vcpus_share_cpu(void)
{
	cpu_set_t last;

	if (!getenv("GMEM_EMULATED"))
		return;
	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	if (sched_setaffinity(0, sizeof(last), &last))
		tap_bail("sched_setaffinity: %s", strerror(errno));
}

long read_long(const char *path)
{
	char text[64];

	if (!read_text(path, text, sizeof(text)))
		tap_bail("read %s: %s", path, strerror(errno));
	return strtol(text, NULL, 0);
}

void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		tap_bail("write \"%s\" to %s: %s", text, path, strerror(errno));
	close(fd);
}

char *page_end(void)
{
	char *two =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || mprotect(two + PAGE, PAGE, PROT_NONE))
		tap_bail("mmap: %s", strerror(errno));
	return two + PAGE;
}

int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(fn(arg));
	if (waitpid(pid, &status, 0) != pid)
		tap_bail("waitpid: %s", strerror(errno));
	return status;
}
