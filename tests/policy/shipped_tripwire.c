// SPDX-License-Identifier: GPL-2.0-only
/* tripwire: any touch of a range is refused and told, or let pass and told, or deadly. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shipped.h"

#include "policy/tripwire.skel.h"

#define TOUCHES (ALL_HOOKS & ~HOOK(GMEM_HOOK_CREATE) & ~HOOK(GMEM_HOOK_BIND))

static struct tracer tracer;
static struct memory memory, twin;
static struct bpf_link *link_;
static struct gmt_tripwire *bpf;

static void begin(const struct gmt_tripwire_range *ranges, unsigned int count, uint32_t flags)
{
	struct gmt_tripwire_params *params;

	bpf = gmt_tripwire__open();
	if (!bpf)
		tap_bail("open tripwire: %s", strerror(errno));
	params = (void *)&bpf->rodata->params;
	params->count = count;
	memcpy(params->ranges, ranges, count * sizeof(*ranges));
	link_ = shipped_attach(bpf->obj,
			       (struct policy_is){ .flags = flags, .hooks = params->on.hooks });
	tracer_clear(&tracer);
}

static void end(void)
{
	shipped_detach(link_);
	gmt_tripwire__destroy(bpf);
}

static uint64_t hits(uint32_t range)
{
	uint64_t count;

	if (bpf_map_lookup_elem(bpf_map__fd(bpf->maps.hits), &range, &count))
		tap_bail("look up the hits: %s", strerror(errno));
	return count;
}

static void check_everything(void)
{
	/* Of one gmem by its name, everywhere. */
	struct gmt_tripwire_range all = { .name = "tripped" };

	begin(&all, 1, 0);
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++) {
		bool no = TOUCHES & HOOK(i);
		char words[80];

		snprintf(words, sizeof(words),
			 "gmem_policy hook=%s err=-%d monitor=0 policy=tripwire", hook_names[i],
			 EPERM);
		tracer_clear(&tracer);
		ok(act_gives(&memory, i, no ? act_refused(i, EPERM) : 0), "%s is %s", hook_names[i],
		   no ? "refused" : "allowed");
		is_int(tracer_count(&tracer, memory.id, words), no, "%s: alerts", hook_names[i]);
	}
	is_int(hits(0), __builtin_popcount(TOUCHES), "each was counted");
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		ok(act_gives(&twin, i, 0), "%s of a gmem of another name is allowed",
		   hook_names[i]);
	end();
}
#define EVERYTHING_CHECKS (3 * GMEM_NR_HOOKS + 1)

static int try_read(uint64_t offset, size_t bytes)
{
	char buffer[2 * PAGE];

	return pread(memory.fd, buffer, bytes, offset) < 0 ? errno : 0;
}

/* A range has its two ends, to the byte. */
static void check_ends(void)
{
	struct gmt_tripwire_range ranges[] = {
		{ .id = memory.id, .offset_bytes = PAGE + 100, .size_bytes = 50 },
		{ .id = memory.id, .offset_bytes = MEMORY_BYTES - 8 },
		{ .id = memory.id,
		  .offset_bytes = 3 * PAGE,
		  .size_bytes = PAGE,
		  .hooks = HOOK(GMEM_HOOK_INSPECT) },
		{ .id = memory.id + 1000 },
	};
	char *at;

	begin(ranges, ARRAY_SIZE(ranges), 0);
	is_int(try_read(PAGE, 100), 0, "up to its first byte");
	is_int(try_read(PAGE, 101), EPERM, "its first byte");
	is_int(try_read(PAGE + 149, 1), EPERM, "its last byte");
	is_int(try_read(PAGE + 150, 100), 0, "from behind it");
	is_int(try_read(PAGE, 2 * PAGE), EPERM, "more than all of it");
	is_int(try_read(MEMORY_BYTES - 16, 8), 0, "before one without an end");
	is_int(try_read(MEMORY_BYTES - 1, 1), EPERM, "the memory's last byte is in it");
	is_int(try_read(3 * PAGE, PAGE), 0, "reading where only inspection is a touch");
	ok(act_gives(&memory, GMEM_HOOK_INSPECT, 0), "inspection elsewhere");
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, memory.fd, PAGE);
	ok(at == MAP_FAILED && errno == EPERM, "a mapping that covers one");
	at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, memory.fd, 2 * PAGE);
	ok(at != MAP_FAILED, "a mapping of other pages");
	munmap(at, PAGE);
	is_int(hits(0), 4, "touches of the first");
	is_int(hits(1), 1, "of the second");
	is_int(hits(2) + hits(3), 0, "of the others");
	end();
}
#define ENDS_CHECKS 14

/* Told, and let pass. */
static void check_monitor(void)
{
	struct gmt_tripwire_range all = { .id = memory.id };

	begin(&all, 1, GMEM_POLICY_MONITOR);
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		ok(act_gives(&memory, i, 0), "monitoring, %s passes", hook_names[i]);
	is_int(tracer_count(&tracer, memory.id, "gmem_policy monitor=1 policy=tripwire"),
	       __builtin_popcount(TOUCHES), "and is told");
	end();
}
#define MONITOR_CHECKS (GMEM_NR_HOOKS + 1)

static int touch(void *arg)
{
	act_try(&memory, *(unsigned int *)arg);
	return 0;
}

static void check_kill(void)
{
	struct gmt_tripwire_range all = { .name = "tripped" };

	begin(&all, 1, GMEM_POLICY_KILL);
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++) {
		int status = in_child(touch, &i);

		if (TOUCHES & HOOK(i))
			ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s is deadly",
			   hook_names[i]);
		else
			ok(WIFEXITED(status) && !WEXITSTATUS(status), "%s is not", hook_names[i]);
	}
	end();
	ok(act_gives(&memory, GMEM_HOOK_IO, 0), "without the policy it is as before");
}
#define KILL_CHECKS (GMEM_NR_HOOKS + 1)

int main(void)
{
	tap_plan(EVERYTHING_CHECKS + ENDS_CHECKS + MONITOR_CHECKS + KILL_CHECKS);
	acts_init();
	tracer_open(&tracer);
	memory = memory_new("tripped", 0, "");
	twin = memory_new("tripped2", 0, "");
	check_everything();
	check_ends();
	check_monitor();
	check_kill();
	memory_drop(&memory);
	memory_drop(&twin);
	tracer_close(&tracer);
	return tap_done();
}
