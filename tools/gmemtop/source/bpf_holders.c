// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds descriptors of gmems, told by the bpf source: one run of an iterator over the open
 * files of all tasks, its records added up by gmem and process.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gmem_records.h" /* the skeleton speaks of its types */

#include "holders.skel.h"
#include "source/bpf_source.h"

/* Records as they come; the last one may be in part. */
struct records {
	struct gmt_rec_holder *list;
	size_t bytes;
	size_t capacity;
};

static int load(struct gmt_bpf *bpf, struct gmt_error *error)
{
	int err;

	if (bpf->holders)
		return 0;
	bpf->holders = gmt_holders__open_and_load();
	if (!bpf->holders)
		return gmt_bpf_load_failed(error, "holders", -errno);
	err = gmt_holders__attach(bpf->holders);
	if (err) {
		gmt_holders__destroy(bpf->holders);
		bpf->holders = NULL;
		return gmt_bpf_load_failed(error, "holders", err);
	}
	return 0;
}

static int read_all(int fd, struct records *records)
{
	for (;;) {
		ssize_t got;

		if (records->capacity - records->bytes < sizeof(*records->list)) {
			size_t wanted = records->capacity ? 2 * records->capacity : 1 << 14;
			void *list = realloc(records->list, wanted);

			if (!list)
				return -ENOMEM;
			records->list = list;
			records->capacity = wanted;
		}
		got = read(fd, (char *)records->list + records->bytes,
			   records->capacity - records->bytes);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (!got)
			return 0;
		if (got > 0)
			records->bytes += got;
	}
}

static int compare(const void *a, const void *b)
{
	const struct gmt_rec_holder *one = a, *two = b;

	if (one->id != two->id)
		return one->id < two->id ? -1 : 1;
	if (one->pid != two->pid)
		return one->pid < two->pid ? -1 : 1;
	return (one->start_ns > two->start_ns) - (one->start_ns < two->start_ns);
}

static int tell(struct records *records, gmt_holder_fn fn, void *ctx)
{
	size_t count = records->bytes / sizeof(*records->list);
	int err = 0;

	if (count)
		qsort(records->list, count, sizeof(*records->list), compare);
	for (size_t i = 0, next; !err && i < count; i = next) {
		struct gmt_rec_holder *holder = &records->list[i];

		for (next = i + 1; next < count && !compare(holder, &records->list[next]); next++)
			holder->fds += records->list[next].fds;
		err = fn(ctx, holder);
	}
	return err;
}

static int run(struct gmt_bpf *bpf, struct records *records, struct gmt_error *error)
{
	int fd = bpf_iter_create(bpf_link__fd(bpf->holders->links.iter_holders)), err;

	if (fd < 0)
		return gmt_fail(error, GMT_EXIT_FAILURE, -errno,
				"the open files of tasks cannot be iterated over: %s",
				strerror(errno));
	err = read_all(fd, records);
	close(fd);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, err,
				"the holders of descriptors cannot be read: %s", strerror(-err));
	if (bpf->holders->bss->dropped)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOSPC,
				"too many threads have file descriptors of their own");
	return 0;
}

int gmt_bpf_holders(struct gmt_source *source, uint64_t first, uint64_t last, gmt_holder_fn fn,
		    void *ctx, struct gmt_error *error)
{
	struct gmt_bpf *bpf = (struct gmt_bpf *)source;
	struct records records = { 0 };
	int err;

	err = load(bpf, error);
	if (err)
		return err;
	bpf->holders->bss->first_id = first;
	bpf->holders->bss->last_id = last;
	bpf->holders->bss->session++;
	bpf->holders->bss->dropped = 0;
	err = run(bpf, &records, error);
	if (!err)
		err = tell(&records, fn, ctx);
	free(records.list);
	return err;
}

void gmt_bpf_holders_close(struct gmt_bpf *bpf)
{
	gmt_holders__destroy(bpf->holders);
}
