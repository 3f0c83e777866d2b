// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access attempts by the bpf source: loads the audit program, tells it the names of the
 * gmems there are, reads its ring buffer, and sums up what was lost.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "audit_records.h" /* the skeleton speaks of its types */

#include "audit.skel.h"
#include "source/audit_source.h"
#include "source/bpf_source.h"

struct gmt_listener {
	struct gmt_audit *prog;
	struct ring_buffer *ring;
	gmt_audit_raw_fn fn;
	void *ctx;
	int stop;
	int cpus;
};

static int on_sample(void *ctx, void *data, size_t size)
{
	struct gmt_listener *audit = ctx;

	if (size < offsetof(struct gmt_rec_audit, paths) || size > sizeof(struct gmt_rec_audit))
		return 0;
	audit->stop = audit->fn(audit->ctx, data, size);
	/* libbpf takes a negative answer only, and has then consumed the record. */
	return audit->stop ? -ECANCELED : 0;
}

/* An older gmem.ko has no policies: nothing then refuses but the module itself. */
static bool has_policies(void)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct btf *module = vmlinux ? btf__load_module_btf("gmem", vmlinux) : NULL;
	bool there = !module ||
		     btf__find_by_name_kind(module, "btf_trace_gmem_policy", BTF_KIND_TYPEDEF) > 0;

	btf__free(module);
	btf__free(vmlinux);
	return there;
}

static int put_name(void *ctx, const struct gmt_rec_gmem *rec, uint64_t taken_ns)
{
	struct gmt_listener *audit = ctx;
	char name[GMT_NAME_MAX];
	uint64_t id = rec->id;

	memcpy(name, rec->name, sizeof(name));
	/* EEXIST: its creation was seen. Any other failure is a name unknown, and counted. */
	if (bpf_map_update_elem(bpf_map__fd(audit->prog->maps.names), &id, name, BPF_NOEXIST) &&
	    errno != EEXIST)
		__atomic_fetch_add(&audit->prog->bss->names_lost, 1, __ATOMIC_RELAXED);
	return 0;
}

/* While creations are listened to, so that no gmem falls between the two ways to learn a name. */
static int put_names(struct gmt_listener *audit, struct gmt_error *error)
{
	struct gmt_source *source;
	int err = gmt_bpf_open(&source, error);

	if (err)
		return err;
	err = source->ops->snapshot(source, put_name, audit, error);
	source->ops->close(source);
	return err;
}

static int load(struct gmt_listener *audit, const struct gmt_audit_options *options,
		struct gmt_error *error)
{
	struct gmt_audit *prog = gmt_audit__open();
	int err;

	if (!prog)
		return gmt_bpf_load_failed(error, "audit", -errno);
	audit->prog = prog;
	prog->rodata->filter = options->filter;
	prog->rodata->wakeup_bytes = options->buffer_bytes / 16;
	bpf_map__set_max_entries(prog->maps.ring, options->buffer_bytes);
	bpf_program__set_autoload(prog->progs.gmem_policy, has_policies());
	err = gmt_audit__load(prog);
	if (err)
		return gmt_bpf_load_failed(error, "audit", err);
	audit->ring = ring_buffer__new(bpf_map__fd(prog->maps.ring), on_sample, audit, NULL);
	if (!audit->ring)
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
				"the ring buffer cannot be mapped: %s", strerror(errno));
	return 0;
}

/* What tells of gmems and verdicts comes first, so that no record lacks a name for being early. */
static int attach(struct gmt_listener *audit, struct gmt_error *error)
{
	struct gmt_audit *prog = audit->prog;
	struct bpf_program *first[] = { prog->progs.gmem_policy, prog->progs.gmem_release,
					prog->progs.gmem_create };
	struct bpf_link **links[] = { &prog->links.gmem_policy, &prog->links.gmem_release,
				      &prog->links.gmem_create };
	int err = 0;

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		if (!bpf_program__autoload(first[i]))
			continue;
		*links[i] = bpf_program__attach(first[i]);
		if (!*links[i])
			goto err_attach;
	}
	err = put_names(audit, error);
	if (err)
		return err;
	/* The links there are stay as they are. */
	err = gmt_audit__attach(prog);
	errno = -err;
	if (!err)
		return 0;
err_attach:
	return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
			"the tracepoints of gmem cannot be attached to: %s", strerror(errno));
}

int gmt_audit_open(struct gmt_listener **result, const struct gmt_audit_options *options,
		   struct gmt_error *error)
{
	struct gmt_listener *audit;
	struct gmt_source *source;
	int err;

	/* What is missing on this host is told by opening the source. */
	err = gmt_bpf_open(&source, error);
	if (err)
		return err;
	source->ops->close(source);
	audit = calloc(1, sizeof(*audit));
	if (!audit)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	audit->cpus = libbpf_num_possible_cpus();
	err = load(audit, options, error);
	if (!err)
		err = attach(audit, error);
	if (err) {
		gmt_audit_close(audit);
		return err;
	}
	*result = audit;
	return 0;
}

int gmt_audit_poll(struct gmt_listener *audit, int timeout_ms, gmt_audit_raw_fn fn, void *ctx,
		   struct gmt_error *error)
{
	int err;

	audit->fn = fn;
	audit->ctx = ctx;
	audit->stop = 0;
	/* A signal ends the wait; what has come is told all the same. */
	err = timeout_ms ? ring_buffer__poll(audit->ring, timeout_ms) : 0;
	/* Below the threshold nobody was woken. */
	if (!audit->stop && (err >= 0 || err == -EINTR))
		err = ring_buffer__consume(audit->ring);
	if (audit->stop)
		return audit->stop;
	if (err < 0 && err != -EINTR)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the ring buffer cannot be read: %s",
				strerror(-err));
	return 0;
}

void gmt_audit_detach(struct gmt_listener *audit)
{
	gmt_audit__detach(audit->prog);
	/* As in gmt_bpf_trace_detach(): a program may still be running on another CPU. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
}

static int sum_cause(struct gmt_listener *audit, enum gmt_audit_loss cause,
		     struct gmt_audit_losses *losses)
{
	uint64_t values[audit->cpus];

	losses->all[cause] = 0;
	losses->refused[cause] = 0;
	for (int refused = 0; refused < 2; refused++) {
		uint32_t key = gmt_loss_key(cause, refused);

		if (bpf_map_lookup_elem(bpf_map__fd(audit->prog->maps.losses), &key, values))
			return -errno;
		for (int cpu = 0; cpu < audit->cpus; cpu++) {
			losses->all[cause] += values[cpu];
			if (refused)
				losses->refused[cause] += values[cpu];
		}
	}
	return 0;
}

/* How often a program was not run because it was running on that CPU already. */
static int sum_busy(struct gmt_listener *audit, struct gmt_audit_losses *losses)
{
	struct bpf_program *program;

	losses->all[GMT_LOSS_BUSY] = 0;
	bpf_object__for_each_program(program, audit->prog->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int err;

		/* Names and verdicts only: what they miss is no attempt. */
		if (program == audit->prog->progs.gmem_policy ||
		    program == audit->prog->progs.gmem_release)
			continue;
		err = bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size);
		if (err)
			return err;
		losses->all[GMT_LOSS_BUSY] += info.recursion_misses;
	}
	return 0;
}

int gmt_audit_losses(struct gmt_listener *audit, struct gmt_audit_losses *losses,
		     struct gmt_error *error)
{
	int err = 0;

	for (int cause = 0; cause < GMT_LOSS_KERNEL && !err; cause++)
		err = sum_cause(audit, cause, losses);
	if (!err)
		err = sum_busy(audit, losses);
	losses->names = __atomic_load_n(&audit->prog->bss->names_lost, __ATOMIC_RELAXED);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the count of what was lost cannot be read: %s", strerror(-err));
	return 0;
}

uint64_t gmt_audit_last_seq(const struct gmt_listener *audit)
{
	return __atomic_load_n(&audit->prog->bss->last_seq, __ATOMIC_RELAXED);
}

void gmt_audit_close(struct gmt_listener *audit)
{
	if (!audit)
		return;
	ring_buffer__free(audit->ring);
	gmt_audit__destroy(audit->prog);
	free(audit);
}
