// SPDX-License-Identifier: GPL-2.0-only
/* What this host's KVM offers the guest_memfd source, and whether its programs load. */
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/event_fields.h"
#include "source/kvm_probe.h"
#include "source/kvm_trace.h"
#include "source/source.h"

#define KVM_BTF "/sys/kernel/btf/kvm"
/* What its BTF type begins with. */
#define TRACEPOINT "btf_trace_"

bool gmt_kvm_loaded(void)
{
	return !access("/sys/module/kvm", F_OK);
}

struct btf *gmt_kvm_btf(struct btf *vmlinux)
{
	/* One that is built in has its types among the kernel's. */
	if (!access(KVM_BTF, F_OK))
		return btf__load_module_btf("kvm", vmlinux);
	return gmt_kvm_loaded() ? vmlinux : NULL;
}

/* The two types that are KVM's own guest_memfd; KVM over gmem.ko has neither. */
static const char *const own_types[] = { "gmem_inode", "gmem_file" };
#define OWN_TYPES (sizeof(own_types) / sizeof(own_types[0]))

/* Whether @names, strings one after the other, has @name. */
static bool has_name(const char *names, size_t bytes, const char *name)
{
	size_t length = strlen(name) + 1;

	for (const char *at = names, *end = names + bytes; at && (size_t)(end - at) >= length;
	     at = memchr(at, '\0', end - at), at += at != NULL)
		if (!memcmp(at, name, length))
			return true;
	return false;
}

/*
 * Whether the names of KVM's own types have those. It saves libbpf reading all of the kernel's types first, which was a
 * fifth of a start. Names that the kernel has, too, are not repeated among the module's: then libbpf has the answer.
 */
static bool module_has_names(void)
{
	struct btf_header header;
	bool all = false;
	char *names;
	FILE *file;

	file = fopen(KVM_BTF, "re");
	if (!file)
		return false;
	if (fread(&header, sizeof(header), 1, file) == 1 && header.magic == BTF_MAGIC &&
	    !fseek(file, (long)header.hdr_len + header.str_off, SEEK_SET)) {
		names = malloc(header.str_len);
		all = names && fread(names, header.str_len, 1, file) == 1;
		for (size_t i = 0; all && i < OWN_TYPES; i++)
			all = has_name(names, header.str_len, own_types[i]);
		free(names);
	}
	fclose(file);
	return all;
}

static bool has_types(const struct btf *btf)
{
	for (size_t i = 0; i < OWN_TYPES; i++)
		if (btf__find_by_name_kind(btf, own_types[i], BTF_KIND_STRUCT) < 0)
			return false;
	return true;
}

bool gmt_kvm_there(void)
{
	struct btf *vmlinux, *kvm;
	bool there;

	if (!gmt_kvm_loaded())
		return false;
	if (module_has_names())
		return true;
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
