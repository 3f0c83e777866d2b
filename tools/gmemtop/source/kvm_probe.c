// SPDX-License-Identifier: GPL-2.0-only
/* What this host's KVM offers the guest_memfd source, and whether its programs load. */
#include <bpf/btf.h>
#include <string.h>
#include <unistd.h>

#include "model/event_fields.h"
#include "source/kvm_probe.h"
#include "source/kvm_trace.h"
#include "source/source.h"

/* What its BTF type begins with. */
#define TRACEPOINT "btf_trace_"

bool gmt_kvm_loaded(void)
{
	return !access("/sys/module/kvm", F_OK);
}

struct btf *gmt_kvm_btf(struct btf *vmlinux)
{
	/* One that is built in has its types among the kernel's. */
	if (!access("/sys/kernel/btf/kvm", F_OK))
		return btf__load_module_btf("kvm", vmlinux);
	return gmt_kvm_loaded() ? vmlinux : NULL;
}

/* The two types that are KVM's own guest_memfd; KVM over gmem.ko has neither. */
static bool has_types(const struct btf *btf)
{
	return btf__find_by_name_kind(btf, "gmem_inode", BTF_KIND_STRUCT) > 0 &&
	       btf__find_by_name_kind(btf, "gmem_file", BTF_KIND_STRUCT) > 0;
}

bool gmt_kvm_there(void)
{
	struct btf *vmlinux, *kvm;
	bool there;

	if (!gmt_kvm_loaded())
		return false;
	vmlinux = btf__load_vmlinux_btf();
	kvm = vmlinux ? gmt_kvm_btf(vmlinux) : NULL;
	there = kvm && has_types(kvm);
	if (kvm != vmlinux)
		btf__free(kvm);
	btf__free(vmlinux);
	return there;
}

static int count_gmem(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	++*(unsigned int *)ctx;
	return 0;
}

static void check_result(struct gmt_check *check, const char *name, int err,
			 const struct gmt_error *error)
{
	memset(check, 0, sizeof(*check));
	check->name = name;
	if (!err)
		return;
	check->status = GMT_CHECK_MISSING;
	check->exit_code = error->exit_code;
	snprintf(check->detail, sizeof(check->detail), "%s", strerror(-err));
	snprintf(check->advice, sizeof(check->advice), "%.250s", error->text);
}

static void check_events(struct gmt_check *check)
{
	const char *lacks;
	uint32_t there = gmt_kvm_events(&lacks);
	size_t length;

	snprintf(check->detail, sizeof(check->detail), "%d of %d events", __builtin_popcount(there),
		 GMT_EVENT_MAX);
	if (!lacks)
		return;
	check->status = GMT_CHECK_NOTE;
	length = snprintf(check->advice, sizeof(check->advice), "this KVM has no %s%s; not told:",
			  strncmp(lacks, TRACEPOINT, strlen(TRACEPOINT)) ? "" : "tracepoint ",
			  strncmp(lacks, TRACEPOINT, strlen(TRACEPOINT)) ?
				  lacks :
				  lacks + strlen(TRACEPOINT));
	for (int i = 0; i < GMT_EVENT_MAX && length < sizeof(check->advice); i++)
		if (!(there & 1U << i))
			length += snprintf(check->advice + length, sizeof(check->advice) - length,
					   " %s", gmt_event_name(i));
}

/* Those that are attached, while they are. */
static void check_functions(struct gmt_check *check, struct gmt_source *source)
{
	struct gmt_functions functions;
	int err = source->ops->trace_functions(source, &functions);

	memset(check, 0, sizeof(*check));
	check->name = "their functions";
	if (err) {
		snprintf(check->detail, sizeof(check->detail), "tracefs: %s", strerror(-err));
		check->status = GMT_CHECK_NOTE;
		snprintf(check->advice, sizeof(check->advice),
			 "`mount -t tracefs none /sys/kernel/tracing` tells which of them run what "
			 "is attached");
		return;
	}
	snprintf(check->detail, sizeof(check->detail), "%zu of %zu run what is attached",
		 functions.run, functions.attached);
	if (gmt_source_deaf(source, check->advice, sizeof(check->advice)))
		check->status = GMT_CHECK_NOTE;
}

size_t gmt_kvm_probe_programs(struct gmt_check *checks)
{
	struct gmt_trace_options options = {
		.events = GMT_EVENTS_ALL,
		.buffer_bytes = 1 << 16,
		/* Nothing passes: doctor looks, it does not listen. */
		.filter = { .task = { .bits = GMT_FILTER_PID, .pid = 0xffffffff } },
	};
	struct gmt_source *source;
	struct gmt_error error;
	unsigned int gmems = 0;
	int err;

	if (gmt_source_choice.name && strcmp(gmt_source_choice.name, "guest_memfd"))
		return 0;
	if (gmt_kvm_open(&source, &error))
		return 0;
	err = source->ops->snapshot(source, count_gmem, &gmems, &error);
	check_result(&checks[0], "guest_memfds", err, &error);
	if (!err)
		snprintf(checks[0].detail, sizeof(checks[0].detail), "%u", gmems);
	err = source->ops->trace_start(source, &options, &error);
	check_result(&checks[1], "their events", err, &error);
	if (!err) {
		check_events(&checks[1]);
		check_functions(&checks[2], source);
	}
	source->ops->close(source);
	return err ? 2 : 3;
}
