// SPDX-License-Identifier: GPL-2.0-only
/*
 * What policies are asked, by the bpf source: attaches a policy that allows everything and tells
 * of it, reads its ring buffer, and counts what found no room there.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "request_records.h" /* the skeleton speaks of its types */

#include "requests.skel.h"
#include "source/bpf_source.h"

/**
 * struct gmt_bpf_requests - While it is attached, and until it is closed
 * @fn: who is told while a poll runs, with @ctx and the last answer @stop
 */
struct gmt_bpf_requests {
	struct gmt_requests *prog;
	struct ring_buffer *ring;
	gmt_request_fn fn;
	void *ctx;
	int stop;
};

static int on_sample(void *ctx, void *data, size_t size)
{
	struct gmt_bpf_requests *requests = ctx;

	if (size < sizeof(struct gmt_rec_request))
		return 0;
	requests->stop = requests->fn(requests->ctx, data);
	/* libbpf takes a negative answer only, and has then consumed the record. */
	return requests->stop ? -ECANCELED : 0;
}

/* The name is in front of the scope; a skeleton has no type for arrays in a struct of programs. */
static void set_name(struct gmt_requests *prog)
{
	char *scope = (char *)&prog->struct_ops.policy->scope;

	snprintf(scope - GMT_POLICY_MAX, GMT_POLICY_MAX, "record.%d", getpid());
}

static int load(struct gmt_bpf_requests *requests, size_t buffer_bytes, struct gmt_error *error)
{
	struct gmt_requests *prog = gmt_requests__open();
	int err;

	if (!prog)
		return gmt_bpf_load_failed(error, "requests", -errno);
	requests->prog = prog;
	prog->rodata->wakeup_bytes = buffer_bytes / 16;
	bpf_map__set_max_entries(prog->maps.ring, buffer_bytes);
	set_name(prog);
	err = gmt_requests__load(prog);
	/* What libbpf says where the module's BTF has no such struct. */
	if (err == -ENOTSUP || err == -ESRCH)
		return gmt_fail(error, GMT_EXIT_MODULE, err,
				"this gmem.ko knows no policies, and so no requests: install it "
				"from the same version as gmemtop");
	if (err)
		return gmt_bpf_load_failed(error, "requests", err);
	requests->ring = ring_buffer__new(bpf_map__fd(prog->maps.ring), on_sample, requests, NULL);
	if (!requests->ring)
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
				"the ring buffer cannot be mapped: %s", strerror(errno));
	prog->links.policy = bpf_map__attach_struct_ops(prog->maps.policy);
	if (!prog->links.policy)
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
				"the policy that tells of requests cannot be attached: %s",
				strerror(errno));
	return 0;
}

int gmt_bpf_requests_start(struct gmt_source *source, size_t buffer_bytes, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	int err;

	bpf->requests = calloc(1, sizeof(*bpf->requests));
	if (!bpf->requests)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	err = load(bpf->requests, buffer_bytes, error);
	if (err)
		gmt_bpf_requests_close(bpf);
	return err;
}

int gmt_bpf_requests_poll(struct gmt_source *source, int timeout_ms, gmt_request_fn fn, void *ctx,
			  struct gmt_error *error)
{
	struct gmt_bpf_requests *requests = ((struct gmt_bpf *)source)->requests;
	int err;

	requests->fn = fn;
	requests->ctx = ctx;
	requests->stop = 0;
	/* A signal ends the wait; what has come is told all the same. */
	err = timeout_ms ? ring_buffer__poll(requests->ring, timeout_ms) : 0;
	/* Below the threshold nobody was woken. */
	if (!requests->stop && (err >= 0 || err == -EINTR))
		err = ring_buffer__consume(requests->ring);
	if (requests->stop)
		return requests->stop;
	if (err < 0 && err != -EINTR)
		return gmt_fail(error, GMT_EXIT_FAILURE, err, "the ring buffer cannot be read: %s",
				strerror(-err));
	return 0;
}

int gmt_bpf_requests_detach(struct gmt_source *source, struct gmt_error *error)
{
	struct gmt_bpf_requests *requests = ((struct gmt_bpf *)source)->requests;

	bpf_link__destroy(requests->prog->links.policy);
	requests->prog->links.policy = NULL;
	/* As in gmt_bpf_trace_detach(): a program may still be running on another CPU. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(100000);
	return 0;
}

int gmt_bpf_requests_account(struct gmt_source *source, struct gmt_request_account *account,
			     struct gmt_error *error)
{
	const struct gmt_requests *prog = ((struct gmt_bpf *)source)->requests->prog;

	*account = (struct gmt_request_account){
		.last_seq = __atomic_load_n(&prog->bss->last_seq, __ATOMIC_RELAXED),
		.lost = __atomic_load_n(&prog->bss->lost, __ATOMIC_RELAXED),
	};
	return 0;
}

void gmt_bpf_requests_close(struct gmt_bpf *bpf)
{
	if (!bpf->requests)
		return;
	ring_buffer__free(bpf->requests->ring);
	gmt_requests__destroy(bpf->requests->prog);
	free(bpf->requests);
	bpf->requests = NULL;
}
