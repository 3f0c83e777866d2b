// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at the kernel, its BTF, gmem.ko, the capabilities and lockdown, in the order in
 * which an operator would mend them, and says what to do about each.
 */
#include <bpf/btf.h>
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gmem.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "source/kvm_probe.h"
#include "source/probe.h"
#include "source/source.h"

/* Set to try a kernel that this version was not tested on. */
#define ANY_KERNEL "GMEMTOP_ANY_KERNEL"

static const char *const supported[] = { "6.12.", "7.3." };

struct probe {
	struct gmt_check *checks;
	size_t count;
	bool gmem;	  /* gmem.ko is asked for */
	bool guest_memfd; /* KVM's own is */
};

static struct gmt_check *add(struct probe *probe, const char *name)
{
	struct gmt_check *check = &probe->checks[probe->count++];

	memset(check, 0, sizeof(*check));
	check->name = name;
	return check;
}

__attribute__((format(printf, 2, 3))) static void detail(struct gmt_check *check, const char *fmt,
							 ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(check->detail, sizeof(check->detail), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void missing(struct gmt_check *check, int exit_code,
							  const char *fmt, ...)
{
	va_list ap;

	check->status = GMT_CHECK_MISSING;
	check->exit_code = exit_code;
	va_start(ap, fmt);
	vsnprintf(check->advice, sizeof(check->advice), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3))) static void note(struct gmt_check *check, const char *fmt,
						       ...)
{
	va_list ap;

	check->status = GMT_CHECK_NOTE;
	va_start(ap, fmt);
	vsnprintf(check->advice, sizeof(check->advice), fmt, ap);
	va_end(ap);
}

/* One line of a file, without its newline. */
static int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	if (!fgets(line, (int)size, file))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return 0;
}

static void probe_kernel(struct probe *probe)
{
	struct gmt_check *check = add(probe, "kernel");
	bool known = false;
	struct utsname uts;

	uname(&uts);
	detail(check, "%.100s %.60s", uts.release, uts.machine);
	for (size_t i = 0; i < sizeof(supported) / sizeof(supported[0]); i++)
		known |= !strncmp(uts.release, supported[i], strlen(supported[i]));
	if (known && !strcmp(uts.machine, "x86_64"))
		return;
	if (getenv(ANY_KERNEL))
		note(check, "not supported, tried all the same because " ANY_KERNEL " is set");
	else
		missing(check, GMT_EXIT_KERNEL,
			"this kernel is not supported: boot a 6.12 or 7.3 kernel on x86-64, or "
			"set " ANY_KERNEL "=1 to try");
}

static void probe_btf(struct probe *probe)
{
	struct gmt_check *check = add(probe, "kernel BTF");

	if (!access("/sys/kernel/btf/vmlinux", R_OK)) {
		detail(check, "/sys/kernel/btf/vmlinux");
		return;
	}
	detail(check, "/sys/kernel/btf/vmlinux: %s", strerror(errno));
	missing(check, GMT_EXIT_BTF,
		"the kernel shows no type information: mount sysfs, or boot a kernel built with "
		"CONFIG_DEBUG_INFO_BTF=y (Debian's are)");
}

static bool module_loaded(void)
{
	return !access("/sys/module/gmem", F_OK);
}

static void probe_module(struct probe *probe)
{
	struct gmt_check *check = add(probe, "gmem.ko");
	char version[64] = "";
	struct utsname uts;

	uname(&uts);
	if (module_loaded()) {
		read_line("/sys/module/gmem/version", version, sizeof(version));
		detail(check, "loaded%s%s", version[0] ? ", version " : "", version);
		return;
	}
	detail(check, "not loaded");
	/* Nobody said which: one of them is enough. */
	if (probe->guest_memfd && gmt_kvm_there()) {
		note(check, "gmemtop tells what KVM's own guest_memfd can tell");
		return;
	}
	missing(check, GMT_EXIT_MODULE,
		"load it with `modprobe gmem`, or `insmod` the gmem.ko built for %.100s",
		uts.release);
}

/* What the tool's programs name; were one absent, libbpf would refuse to load them. */
static const struct {
	const char *name;
	unsigned int kind;
} needed_types[] = {
	{ "gmem_snapshot", BTF_KIND_STRUCT },
	{ "bpf_iter_gmem_new", BTF_KIND_FUNC },
	{ "bpf_iter_gmem_next", BTF_KIND_FUNC },
	{ "bpf_iter_gmem_destroy", BTF_KIND_FUNC },
	{ "bpf_iter_gmem_range_new", BTF_KIND_FUNC },
	{ "bpf_iter_gmem_range_next", BTF_KIND_FUNC },
	{ "bpf_iter_gmem_range_destroy", BTF_KIND_FUNC },
	{ "btf_trace_gmem_create", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_release", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_alloc", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_free", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_fault", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_convert", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_access", BTF_KIND_TYPEDEF },
	{ "btf_trace_gmem_error", BTF_KIND_TYPEDEF },
};

/* What later versions of gmem.ko added: without it less is shown, and all else works. */
static const struct {
	const char *name;
	unsigned int kind;
	const char *lack;
} newer_types[] = {
	{ "bpf_iter_gmem_binding_new", BTF_KIND_FUNC, "bindings are shown as not known" },
	{ "btf_trace_gmem_bind", BTF_KIND_TYPEDEF, "bindings are not traced" },
	{ "bpf_iter_gmem_node_new", BTF_KIND_FUNC, "bytes by NUMA node are not known" },
};

static bool check_newer_types(struct gmt_check *check, struct btf *module)
{
	for (size_t i = 0; i < sizeof(newer_types) / sizeof(newer_types[0]); i++) {
		if (btf__find_by_name_kind(module, newer_types[i].name, newer_types[i].kind) > 0)
			continue;
		detail(check, "has no %s", newer_types[i].name);
		note(check, "gmem.ko is older than gmemtop: %s", newer_types[i].lack);
		return false;
	}
	return true;
}

static void check_module_types(struct gmt_check *check)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *module = vmlinux ? btf__load_module_btf("gmem", vmlinux) : NULL;

	if (!module) {
		detail(check, "/sys/kernel/btf/gmem cannot be read: %s", strerror(errno));
		missing(check, GMT_EXIT_BTF, "rebuild gmem.ko against this kernel's headers");
		goto out;
	}
	for (size_t i = 0; i < sizeof(needed_types) / sizeof(needed_types[0]); i++) {
		if (btf__find_by_name_kind(module, needed_types[i].name, needed_types[i].kind) > 0)
			continue;
		detail(check, "has no %s", needed_types[i].name);
		missing(check, GMT_EXIT_MODULE,
			"gmem.ko and gmemtop do not fit: install both from the same version");
		goto out;
	}
	if (check_newer_types(check, module))
		detail(check, "/sys/kernel/btf/gmem has all that gmemtop uses");
out:
	btf__free(module);
	btf__free(vmlinux);
}

static void probe_guest_memfd(struct probe *probe)
{
	struct gmt_check *check = add(probe, "guest_memfd");

	if (gmt_kvm_there()) {
		detail(check, "KVM's own");
		return;
	}
	detail(check,
	       gmt_kvm_loaded() ? "this kernel's KVM has none of its own" : "KVM is not loaded");
	if (!probe->gmem)
		missing(check, GMT_EXIT_MODULE,
			"guest_memfd of KVM itself is there from Linux 7.3 on, once kvm-intel or "
			"kvm-amd is loaded, and unless KVM was rebuilt over gmem.ko");
}

static void probe_module_btf(struct probe *probe, bool deep)
{
	struct gmt_check *check;

	if (!module_loaded())
		return;
	check = add(probe, "gmem.ko's BTF");
	if (access("/sys/kernel/btf/gmem", R_OK)) {
		detail(check, "/sys/kernel/btf/gmem: %s", strerror(errno));
		missing(check, GMT_EXIT_BTF,
			"gmem.ko was built without type information, or for another kernel: rebuild "
			"it against this kernel's headers, with pahole installed");
		return;
	}
	if (deep)
		check_module_types(check);
}

static const struct {
	unsigned int capability;
	const char *name;
} needed_capabilities[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	/* BPF_BTF_GET_FD_BY_ID, for the module's types. */
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
};

static void probe_capabilities(struct probe *probe)
{
	struct gmt_check *check = add(probe, "capabilities");
	char names[64] = "", lacking[64] = "";

	capng_get_caps_process();
	for (size_t i = 0; i < sizeof(needed_capabilities) / sizeof(needed_capabilities[0]); i++) {
		/* CAP_SYS_ADMIN stands for the others, too. */
		bool have =
			capng_have_capability(CAPNG_EFFECTIVE, needed_capabilities[i].capability) ||
			capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
		char *list = have ? names : lacking;

		if (list[0])
			strcat(list, " ");
		strcat(list, needed_capabilities[i].name);
	}
	if (!lacking[0]) {
		detail(check, "%s", names);
		return;
	}
	detail(check, "lacks %s", lacking);
	missing(check, GMT_EXIT_PRIVILEGE, "run gmemtop as root, for example with sudo");
}

static void probe_lockdown(struct probe *probe)
{
	struct gmt_check *check;
	char line[128];

	if (read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		return;
	check = add(probe, "lockdown");
	detail(check, "%s", line);
	if (strstr(line, "[confidentiality]"))
		missing(check, GMT_EXIT_PRIVILEGE,
			"BPF programs may not read kernel memory in this mode: boot with "
			"lockdown=integrity or none");
}

static void probe_cgroup(struct probe *probe)
{
	struct gmt_check *check = add(probe, "cgroup paths");
	struct statfs fs;

	if (!statfs("/sys/fs/cgroup", &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		detail(check, "/sys/fs/cgroup");
	else if (!statfs("/sys/fs/cgroup/unified", &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
		detail(check, "/sys/fs/cgroup/unified");
	else {
		detail(check, "the unified hierarchy is not mounted");
		note(check, "`mount -t cgroup2 none /sys/fs/cgroup` to see paths, not numbers");
	}
}

static void probe_device(struct probe *probe)
{
	struct gmem_info info = { .size = sizeof(info) };
	struct gmt_check *check;
	int fd;

	if (!module_loaded())
		return;
	check = add(probe, "/dev/gmem");
	fd = open("/dev/gmem", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		detail(check, "%s", strerror(errno));
		note(check,
		     "gmemtop does not need it; programs that create gmems do (group kvm, by "
		     "the udev rule)");
		return;
	}
	if (ioctl(fd, GMEM_GET_INFO, &info)) {
		detail(check, "GMEM_GET_INFO: %s", strerror(errno));
		note(check, "something else owns /dev/gmem; gmemtop does not need it");
	} else {
		detail(check, "ABI version %u, pages of %u bytes", info.abi_version,
		       info.page_size);
	}
	close(fd);
}

/* @source: one of the names of struct gmt_source_choice, or NULL for whichever there is */
static size_t probe_all(struct gmt_check *checks, const char *source, bool deep)
{
	struct probe probe = {
		.checks = checks,
		.gmem = !source || !strcmp(source, "gmem"),
		.guest_memfd = !source || !strcmp(source, "guest_memfd"),
	};

	probe_kernel(&probe);
	probe_btf(&probe);
	if (probe.gmem) {
		probe_module(&probe);
		probe_module_btf(&probe, deep);
	}
	if (probe.guest_memfd)
		probe_guest_memfd(&probe);
	probe_capabilities(&probe);
	probe_lockdown(&probe);
	if (deep) {
		if (probe.gmem)
			probe_device(&probe);
		probe_cgroup(&probe);
	}
	return probe.count;
}

size_t gmt_probe(struct gmt_check checks[GMT_CHECKS_MAX])
{
	return probe_all(checks, gmt_source_choice.name, true);
}

int gmt_probe_source(const char *source, struct gmt_error *error)
{
	struct gmt_check checks[GMT_CHECKS_MAX];
	size_t count = probe_all(checks, source, false);

	for (size_t i = 0; i < count; i++) {
		if (checks[i].status != GMT_CHECK_MISSING)
			continue;
		return gmt_fail(error, checks[i].exit_code, -EOPNOTSUPP, "%s: %s: %s",
				checks[i].name, checks[i].detail, checks[i].advice);
	}
	return 0;
}
