// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first process of the test VM: mounts what the development root leaves to a boot, loads gmem.ko, runs the
 * one command of DIR/job on the console, writes the verdict to DIR/verdict and powers off. tests/vm/run starts
 * it with gmem_out=DIR; whatever ends the guest earlier leaves no verdict, and so can never look like a pass.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define CONSOLE	   "/dev/hvc0"
#define RESIZE	   "/dev/vport*p1" /* the host names the port, the kernel its bus */
#define KCSAN_SKIP "/sys/module/kcsan/parameters/skip_watch"
#define MAX_ARGS   64

/* What tests/vm/run wrote into DIR/job: "key value" lines, then one "arg" line an argument. */
struct job {
	const char *dir;
	char module[256];
	char before[256];  /* a module that gmem.ko needs */
	char modules[256]; /* where this kernel's own modules are, if not in the root */
	char slow[16];
	bool emulated;
	char cwd[256];
	char kernel[32];
	char term[64];
	int rows, cols;
	bool terminal;
	int argc;
	char *argv[MAX_ARGS + 1];
};

static struct job job;
static pid_t command;

/* Without a verdict the host says that the guest died; the reason stands in the kernel log. */
static __attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	dprintf(fd < 0 ? 2 : fd, "<3>vm-init: %s: %s\n", line, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "vm-init: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *dir, *options;
		mode_t mode;
	} table[] = {
		{ "proc", "/proc", "", 0 },
		{ "sysfs", "/sys", "", 0 },
		{ "devtmpfs", "/dev", "mode=0755", 0 },
		{ "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", 0755 },
		{ "tmpfs", "/dev/shm", "mode=1777", 0755 },
		{ "tmpfs", "/tmp", "mode=1777", 0 },
		{ "tmpfs", "/run", "mode=0755", 0 },
		{ "tmpfs", "/var/tmp", "mode=1777", 0 },
		{ "tmpfs", "/root", "mode=0700", 0 },
		{ "tmpfs", "/mnt", "mode=0755", 0 },
		{ "debugfs", "/sys/kernel/debug", "", 0 },
		{ "tracefs", "/sys/kernel/tracing", "", 0 },
		{ "bpf", "/sys/fs/bpf", "mode=0700", 0 },
		{ "cgroup2", "/sys/fs/cgroup", "memory_recursiveprot", 0 },
	};
	char booted[512];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].mode)
			mkdir(table[i].dir, table[i].mode);
		if (mount(table[i].type, table[i].dir, table[i].type, 0, table[i].options) &&
		    errno != EBUSY)
			die("mount %s", table[i].dir);
	}
	if (mount("out", job.dir, "virtiofs", 0, NULL))
		die("mount %s", job.dir);
	snprintf(booted, sizeof(booted), "%s/booted", job.dir);
	close(open(booted, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
}

/* The line's words after @key, or NULL where it begins with another one. */
static char *value_of(char *line, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(line, key, n) && line[n] == ' ' ? line + n + 1 : NULL;
}

static void read_job(void)
{
	char path[512], *line = NULL, *v;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/job", job.dir);
	f = fopen(path, "re");
	if (!f)
		die("%s", path);
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if ((v = value_of(line, "module")))
			snprintf(job.module, sizeof(job.module), "%s", v);
		else if ((v = value_of(line, "before")))
			snprintf(job.before, sizeof(job.before), "%s", v);
		else if ((v = value_of(line, "modules")))
			snprintf(job.modules, sizeof(job.modules), "%s", v);
		else if ((v = value_of(line, "slow")))
			snprintf(job.slow, sizeof(job.slow), "%s", v);
		else if (value_of(line, "emulated"))
			job.emulated = true;
		else if ((v = value_of(line, "cwd")))
			snprintf(job.cwd, sizeof(job.cwd), "%s", v);
		else if ((v = value_of(line, "kernel")))
			snprintf(job.kernel, sizeof(job.kernel), "%s", v);
		else if ((v = value_of(line, "term")))
			snprintf(job.term, sizeof(job.term), "%s", v);
		else if ((v = value_of(line, "terminal")))
			job.terminal = sscanf(v, "%d %d", &job.rows, &job.cols) == 2;
		else if ((v = value_of(line, "arg")) && job.argc < MAX_ARGS)
			job.argv[job.argc++] = strdup(v);
	}
	free(line);
	fclose(f);
	if (!job.argc)
		die("%s names no command", path);
}

static void set_up_kernel(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		fprintf(stderr, "vm-init: loopback: %s\n", strerror(errno));
	close(fd);
	sethostname("gmem", 4);
	/* Boot prints warnings only, for speed; from here on the host gets all but debug messages. */
	put_file("/proc/sys/kernel/printk", "7 4 1 7");
	/* Both virtual machines share two cores with a compiler: a minute asleep is a hang all the same. */
	put_file("/proc/sys/kernel/hung_task_timeout_secs", "60");
	put_file("/proc/sys/kernel/core_pattern", "/tmp/core.%p");
	put_file("/proc/sys/kernel/perf_event_paranoid", "-1");
	put_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory +pids +cpu");
	put_file("/proc/sys/kernel/sysrq", "1");
	/*
	 * KCSAN watches one access in 4,000 by default, which finds next to nothing in tests of
	 * seconds: one in 100, for several times their time. Boot is better off with the default.
	 */
	if (!access(KCSAN_SKIP, F_OK))
		put_file(KCSAN_SKIP, "100");
}

/* Runs a helper to its end, quietly. Returns its exit status, or -1. */
static int run_tool(const char *tool, const char *arg1, const char *arg2)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp(tool, tool, arg1, arg2, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* A real file system on a real block device, for direct I/O; tests find it at /mnt/scratch. */
static void mount_scratch(void)
{
	mkdir("/mnt/scratch", 01777);
	if (run_tool("modprobe", "-q", "virtio_blk"))
		return;
	if (mount("/dev/vda", "/mnt/scratch", "ext4", 0, NULL))
		fprintf(stderr, "vm-init: /dev/vda: %s\n", strerror(errno));
	chmod("/mnt/scratch", 01777);
}

static void load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		die("load %s", module);
	close(fd);
}

static void load_modules(void)
{
	if (job.modules[0] && mount(job.modules, "/usr/lib/modules", NULL, MS_BIND, NULL))
		die("mount %s", job.modules);
	if (!job.module[0])
		return;
	if (job.before[0])
		load(job.before);
	load(job.module);
	setenv("GMEM_MODULE", job.module, 1);
}

static void set_window(int fd, int rows, int cols)
{
	struct winsize size = { .ws_row = rows, .ws_col = cols };

	if (rows > 0 && cols > 0)
		ioctl(fd, TIOCSWINSZ, &size);
}

static void set_up_console(void)
{
	struct termios mode;
	int fd = open(CONSOLE, O_RDWR | O_NOCTTY);

	if (fd < 0)
		die("%s", CONSOLE);
	/* Without a terminal at the other end the bytes must arrive as they were written. */
	if (!tcgetattr(fd, &mode)) {
		if (job.terminal)
			mode.c_iflag |= IUTF8;
		else
			cfmakeraw(&mode);
		tcsetattr(fd, TCSANOW, &mode);
	}
	set_window(fd, job.rows, job.cols);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static pid_t start_command(void)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	setsid();
	ioctl(0, TIOCSCTTY, 1);
	if (!job.terminal) {
		fd = open("/dev/null", O_RDONLY);
		dup2(fd, 0);
		close(fd);
	}
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", job.term[0] ? job.term : "dumb", 1);
	setenv("GMEM_KERNEL", job.kernel, 1);
	setenv("GMEM_SLOW", job.slow[0] ? job.slow : "1", 1);
	if (job.emulated)
		setenv("GMEM_EMULATED", "1", 1);
	setenv("GMEM_OUT", job.dir, 1);
	setgroups(0, NULL);
	signal(SIGCHLD, SIG_DFL);
	if (chdir(job.cwd))
		fprintf(stderr, "vm-init: %s: %s\n", job.cwd, strerror(errno));
	execvp(job.argv[0], job.argv);
	fprintf(stderr, "vm-init: %s: %s\n", job.argv[0], strerror(errno));
	_exit(127);
}

/* A process of its own that hands the host terminal's sizes, "ROWS COLS" lines, on to the console. */
static pid_t start_resizer(void)
{
	char line[64];
	int rows, cols;
	pid_t pid = job.terminal ? fork() : -1;
	glob_t found;
	FILE *f;

	if (pid)
		return pid;
	if (glob(RESIZE, 0, NULL, &found))
		_exit(1);
	f = fopen(found.gl_pathv[0], "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%d %d", &rows, &cols) == 2)
			set_window(0, rows, cols);
	}
	_exit(0);
}

/* Waits for the command while reaping whatever else was left to us. Returns its shell-like status. */
static int wait_command(void)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = wait(&status);
		if (pid == command)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (pid < 0 && errno != EINTR)
			return 127;
	}
}

/* Unloading tells whether anything still holds the module. Returns what became of it. */
static const char *unload_module(void)
{
	int i;

	if (!job.module[0] || access("/sys/module/gmem", F_OK))
		return "none";
	for (i = 0; i < 20; i++) {
		if (!syscall(SYS_delete_module, "gmem", O_NONBLOCK))
			return "unloaded";
		usleep(100 * 1000);
	}
	return "busy";
}

static void write_verdict(int status, const char *module)
{
	char path[512], tmp[512];
	int fd;

	snprintf(tmp, sizeof(tmp), "%s/verdict.new", job.dir);
	snprintf(path, sizeof(path), "%s/verdict", job.dir);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "status %d\nmodule %s\n", status, module) < 0 || fsync(fd))
		die("%s", tmp);
	close(fd);
	if (rename(tmp, path))
		die("%s", path);
}

int main(void)
{
	const char *module;
	int status;

	job.dir = getenv("gmem_out");
	if (!job.dir)
		die("no gmem_out= on the kernel command line");
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	mount_all();
	read_job();
	unsetenv("gmem_out");
	set_up_console();
	set_up_kernel();
	load_modules();
	mount_scratch();
	start_resizer();
	command = start_command();
	if (command < 0)
		die("fork");
	status = wait_command();
	kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	umount2("/mnt/scratch", MNT_DETACH);
	module = unload_module();
	sync();
	write_verdict(status, module);
	reboot(RB_POWER_OFF);
	return 0;
}
