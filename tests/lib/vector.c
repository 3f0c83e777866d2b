// SPDX-License-Identifier: GPL-2.0-only
/* Runs a table of vectors: each on a new gmem, with five checks. */
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vector.h"

/* Another seed for each vector, so that nothing left over by one can be taken for another's. */
static uint64_t seed = 1000;

static void target_init(struct target *t)
{
	memset(t, 0, sizeof(*t));
	t->fd = gmem_new(MMAP_IO, VECTOR_BYTES, "target");
	t->id = gmem_id(t->fd);
	t->map = gmem_map(t->fd, VECTOR_BYTES);
	t->secret = t->map + VECTOR_AT;
	gmem_share(t->fd, 0, VECTOR_BYTES, GMEM_CONTENT_ZERO);
	secret_fill(t->secret, PAGE, ++seed);
	gmem_hide(t->fd, VECTOR_AT, PAGE, GMEM_CONTENT_KEEP);
	t->out = mmap(NULL, VECTOR_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (t->out == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	memset(t->out, 0x55, VECTOR_BYTES);
}

static void target_exit(struct target *t)
{
	munmap(t->map, VECTOR_BYTES);
	munmap(t->out, VECTOR_BYTES);
	close(t->fd);
}

static bool outcome_is(const struct vector *v, const struct target *t, long ret, int err)
{
	if (v->signo) {
		if (t->trap.signo == v->signo && t->trap.code == v->code)
			return true;
		diag("  signal %d code %d, want %d code %d", t->trap.signo, t->trap.code, v->signo,
		     v->code);
		return false;
	}
	if (v->err ? ret == -1 && err == v->err : ret == v->ret)
		return true;
	diag("  gave %ld, errno %d (%s); want %ld, errno %d", ret, err, strerror(err),
	     v->err ? -1 : v->ret, v->err);
	return false;
}

/* As many faults and denials were counted as events tell, and nothing else changed. */
static bool counters_agree(const struct vector *v, struct target *t, const struct snap *before)
{
	uint64_t faults = 0, denied = 0;
	struct gmem_stats now = gmem_stats_of(t->fd);

	for (size_t i = 0; i < ARRAY_SIZE(v->events) && v->events[i]; i++) {
		faults += !strncmp(v->events[i], "gmem_fault ", 11);
		denied += !!strstr(v->events[i], " err=-13");
	}
	if (now.faults_host - before->stats.faults_host != faults ||
	    now.denied_private - before->stats.denied_private != denied) {
		diag("  counted %llu faults, %llu denied_private; events tell of %llu and %llu",
		     (unsigned long long)(now.faults_host - before->stats.faults_host),
		     (unsigned long long)(now.denied_private - before->stats.denied_private),
		     (unsigned long long)faults, (unsigned long long)denied);
		return false;
	}
	return snap_same(t->fd, before, SNAP_DENIED | SNAP_FAULTS);
}

/* Shared again with its contents kept, the page holds what it held; its neighbours are zero. */
static bool memory_intact(struct target *t)
{
	char *map;
	bool intact;

	gmem_share(t->fd, VECTOR_AT, PAGE, GMEM_CONTENT_KEEP);
	map = gmem_map(t->fd, VECTOR_BYTES);
	intact = secret_intact(map + VECTOR_AT, PAGE, seed) && all_zero(map, PAGE) &&
		 all_zero(map + 2 * PAGE, 2 * PAGE);
	munmap(map, VECTOR_BYTES);
	return intact;
}

/*
 * For a test that listens from outside what it should have heard of: a line a vector, to
 * the file named by GMEM_VECTORS.
 */
static void vector_tell(const struct vector *v, const struct target *t)
{
	const char *path = getenv("GMEM_VECTORS");
	FILE *f = path ? fopen(path, "ae") : NULL;

	if (!f)
		return;
	fprintf(f, "%s\t%llu\t%d", v->name, (unsigned long long)t->id, getpid());
	for (size_t i = 0; i < ARRAY_SIZE(v->events) && v->events[i]; i++)
		fprintf(f, "\t%s", v->events[i]);
	fprintf(f, "\n");
	fclose(f);
}

static void vector_run(const struct vector *v, struct tracer *tracer)
{
	const char *want[ARRAY_SIZE(v->events) + 1] = {};
	struct target t;
	struct snap before;
	long ret;
	int err;

	memcpy(want, v->events, sizeof(v->events));
	target_init(&t);
	before = snap_take(t.fd);
	tracer_clear(tracer);
	errno = 0;
	ret = v->attack(&t);
	err = errno;

	ok(outcome_is(v, &t, ret, err), "%s: %s", v->name,
	   v->signo ? strsignal(v->signo) :
	   v->err   ? strerror(v->err) :
		      "reaches nothing");
	ok(!secret_words_in(t.out, VECTOR_BYTES, seed), "%s: nothing leaked", v->name);
	ok(tracer_saw(tracer, t.id, want), "%s: exactly these events", v->name);
	ok(counters_agree(v, &t, &before), "%s: counters agree", v->name);
	ok(memory_intact(&t), "%s: memory is as it was", v->name);
	vector_tell(v, &t);
	target_exit(&t);
}

void vectors_run(const struct vector *vectors, size_t count)
{
	struct tracer tracer;

	trap_init();
	tracer_open(&tracer);
	for (size_t i = 0; i < count; i++)
		vector_run(&vectors[i], &tracer);
	tracer_close(&tracer);
}
