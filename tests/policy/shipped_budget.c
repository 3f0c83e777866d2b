// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget: conversions and bytes a second, of a gmem and of a cgroup, kept to on two CPUs at once;
 * and a storm from one cgroup takes nothing from another.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shipped.h"

#include "policy/budget.skel.h"

#define CGROUP	  "policy-budget"
#define SECOND_NS 1000000000ULL
#define CHUNK	  (16 * PAGE)
#define BYTES	  (64 * CHUNK)
#define WORKERS	  2

/* What one process converts, and how that went; in memory that all see. */
struct worker {
	int fd;
	const char *cgroup;
	uint64_t offset, chunk;
	unsigned int to; /* of the next one that passes; then the other way */
	double period;	 /* from one to the next; 0: at once */
	double seconds;
	/* out */
	uint64_t passed, shared_bytes, refused, other;
	double begun, took;
};

static struct worker *workers;
static struct bpf_link *link_;
static struct gmt_budget *bpf;
static int gmem, other_gmem;
/* Conversions a second that any of the kernels has done well before the next, and for how long. */
static unsigned int rate = 20;
static double seconds;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void begin(struct gmt_budget_params params)
{
	bpf = gmt_budget__open();
	if (!bpf)
		tap_bail("open budget: %s", strerror(errno));
	params.on = bpf->rodata->params.on;
	memcpy((void *)&bpf->rodata->params, &params, sizeof(params));
	link_ = shipped_attach(bpf->obj, (struct policy_is){ 0 });
}

static void end(void)
{
	shipped_detach(link_);
	gmt_budget__destroy(bpf);
}

static void sleep_until(double at)
{
	struct timespec ts = { .tv_sec = at, .tv_nsec = (at - (time_t)at) * 1e9 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void work(struct worker *w)
{
	double start = now(), next = start;

	w->begun = start;
	do {
		if (!try_convert(w->fd, w->offset, w->chunk, w->to, GMEM_CONTENT_ZERO)) {
			w->passed++;
			w->shared_bytes += w->to == GMEM_STATE_SHARED ? w->chunk : 0;
			w->to = !w->to;
		} else if (errno == EDQUOT) {
			w->refused++;
		} else {
			w->other++;
		}
		if (w->period)
			sleep_until(next += w->period);
		w->took = now() - start;
	} while (w->took < w->seconds);
}

static pid_t work_in_child(struct worker *w)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	cgroup_enter(w->cgroup);
	work(w);
	_exit(0);
}

static void wait_for(pid_t pid)
{
	if (waitpid(pid, NULL, 0) != pid)
		tap_bail("waitpid: %s", strerror(errno));
}

/* Workers 0 to @count at once. */
static void work_all(int count)
{
	pid_t pids[WORKERS];

	for (int i = 0; i < count; i++)
		pids[i] = work_in_child(&workers[i]);
	for (int i = 0; i < count; i++)
		wait_for(pids[i]);
}

static void set_worker(int nr, int fd, const char *cgroup)
{
	workers[nr] = (struct worker){ .fd = fd,
				       .cgroup = cgroup,
				       .offset = nr * BYTES / WORKERS,
				       .chunk = PAGE,
				       .to = GMEM_STATE_SHARED,
				       .seconds = seconds };
}

/*
 * No more than @a_second allows, a second's burst and what begins within it, and no less than nine
 * tenths of that: of @got, by the first @count workers, in units of @one.
 */
static void check_rate(double got, double a_second, int count, double one, const char *what)
{
	double begun = workers[0].begun, ended = begun + workers[0].took, most;

	/* One may begin, and end, well after the other. */
	for (int i = 1; i < count; i++) {
		if (workers[i].begun < begun)
			begun = workers[i].begun;
		if (workers[i].begun + workers[i].took > ended)
			ended = workers[i].begun + workers[i].took;
	}
	most = a_second * (ended - begun + 1) + 2 * one;
	ok(got <= most && got >= 0.9 * most - 2 * one, "%s: %.0f of at most %.0f", what, got, most);
}

static void reset_memory(void)
{
	gmem_hide(gmem, 0, BYTES, GMEM_CONTENT_ZERO);
	gmem_hide(other_gmem, 0, BYTES, GMEM_CONTENT_ZERO);
}

/* Two processes of one cgroup, on a gmem each. */
static void check_cgroup_calls(void)
{
	reset_memory();
	begin((struct gmt_budget_params){ .cgroup.conversions_per_s = rate,
					  .burst_ns = SECOND_NS });
	set_worker(0, gmem, CGROUP "/a");
	set_worker(1, other_gmem, CGROUP "/a");
	work_all(2);
	check_rate(workers[0].passed + workers[1].passed, rate, 2, 1,
		   "conversions of a cgroup, by two processes");
	ok(workers[0].refused && !workers[0].other && workers[1].refused && !workers[1].other,
	   "the others were refused with EDQUOT");
	end();
}
#define CGROUP_CALLS_CHECKS 2

/* One gmem, from two cgroups. */
static void check_gmem_calls(void)
{
	reset_memory();
	begin((struct gmt_budget_params){ .gmem.conversions_per_s = rate, .burst_ns = SECOND_NS });
	set_worker(0, gmem, CGROUP "/a");
	set_worker(1, gmem, CGROUP "/b");
	work_all(2);
	check_rate(workers[0].passed + workers[1].passed, rate, 2, 1,
		   "conversions of a gmem, from two cgroups");
	ok(workers[0].refused && !workers[0].other && workers[1].refused && !workers[1].other,
	   "the others were refused with EDQUOT");
	end();
}
#define GMEM_CALLS_CHECKS 2

static void check_bytes(void)
{
	double a_second = rate * CHUNK / 2.0;

	reset_memory();
	begin((struct gmt_budget_params){ .gmem.shared_bytes_per_s = a_second,
					  .burst_ns = SECOND_NS });
	set_worker(0, gmem, CGROUP "/a");
	workers[0].chunk = CHUNK;
	work_all(1);
	check_rate(workers[0].shared_bytes, a_second, 1, CHUNK, "bytes shared");
	end();
}
#define BYTES_CHECKS 1

/* More than the burst passes once, and is paid back. */
static void check_debt(void)
{
	double start;

	reset_memory();
	begin((struct gmt_budget_params){ .gmem.shared_bytes_per_s = BYTES / 4 });
	start = now();
	is_success(try_convert(gmem, 0, BYTES, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO),
		   "four seconds' worth at once passes");
	is_errno(try_convert(gmem, 0, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO), EDQUOT,
		 "then a page does not");
	is_success(try_convert(gmem, 0, PAGE, GMEM_STATE_PRIVATE, GMEM_CONTENT_ZERO),
		   "but back to private, which costs no bytes");
	is_success(try_convert(other_gmem, 0, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO),
		   "and on another gmem");
	while (try_convert(gmem, 0, PAGE, GMEM_STATE_SHARED, GMEM_CONTENT_ZERO))
		usleep(10000);
	ok(now() - start >= 3.99 && now() - start < 8, "until it is paid back: %.2f s",
	   now() - start);
	end();
}
#define DEBT_CHECKS 5

/* Cgroups below the level count together: more of them are no more to spend. */
static void check_level(void)
{
	reset_memory();
	begin((struct gmt_budget_params){
		.cgroup.conversions_per_s = rate, .cgroup_level = 1, .burst_ns = SECOND_NS });
	set_worker(0, gmem, CGROUP "/a");
	set_worker(1, other_gmem, CGROUP "/b");
	work_all(2);
	check_rate(workers[0].passed + workers[1].passed, rate, 2, 1,
		   "conversions of two cgroups below one");
	end();
}
#define LEVEL_CHECKS 1

/* What a cgroup gets done that asks every @period, while another storms, or not. */
static double victim_rate(bool storm, double period)
{
	pid_t stormer = 0;

	set_worker(0, gmem, CGROUP "/a");
	workers[0].period = period;
	set_worker(1, gmem, CGROUP "/b");
	workers[1].seconds = 3600;
	reset_memory();
	if (storm)
		stormer = work_in_child(&workers[1]);
	wait_for(work_in_child(&workers[0]));
	if (storm) {
		kill(stormer, SIGKILL);
		wait_for(stormer);
	}
	if (workers[0].other || workers[1].other)
		tap_bail("errors other than EDQUOT");
	return workers[0].passed / workers[0].took;
}

/* The victim asks every @period: without the storm, and with it. */
static void check_storm(double period, const char *who)
{
	double alone, stormed;

	begin((struct gmt_budget_params){ .cgroup.conversions_per_s = rate,
					  .burst_ns = SECOND_NS });
	alone = victim_rate(false, period);
	/* Until the burst is there again. */
	sleep(2);
	stormed = victim_rate(true, period);
	ok(workers[1].refused > 100 * workers[1].passed,
	   "a storm: %llu conversions asked for, %llu passed",
	   (unsigned long long)(workers[1].refused + workers[1].passed),
	   (unsigned long long)workers[1].passed);
	ok(stormed >= 0.9 * alone && stormed <= 1.1 * alone,
	   "%s: %.2f a second alone, %.2f in the storm", who, alone, stormed);
	end();
}
#define STORM_CHECKS 4

int main(void)
{
	tap_plan(CGROUP_CALLS_CHECKS + GMEM_CALLS_CHECKS + BYTES_CHECKS + DEBT_CHECKS +
		 LEVEL_CHECKS + STORM_CHECKS);
	seconds = some_rounds(3, 4);
	if (slow_rounds(100) < 100) {
		rate = 3;
		seconds = 12;
	}
	workers = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (workers == MAP_FAILED)
		tap_bail("mmap: %s", strerror(errno));
	cgroup_new(CGROUP);
	cgroup_new(CGROUP "/a");
	cgroup_new(CGROUP "/b");
	gmem = gmem_new(MMAP_IO, BYTES, "budget");
	other_gmem = gmem_new(MMAP_IO, BYTES, "other");
	check_cgroup_calls();
	check_gmem_calls();
	check_bytes();
	check_debt();
	check_level();
	/* Twice as fast as the budget allows, and half as fast. */
	check_storm(0.5 / rate, "who uses its budget up keeps it");
	check_storm(2.0 / rate, "who stays below it is not slowed down");
	cgroup_drop(CGROUP "/a");
	cgroup_drop(CGROUP "/b");
	cgroup_drop(CGROUP);
	return tap_done();
}
