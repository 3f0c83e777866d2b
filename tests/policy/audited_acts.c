// SPDX-License-Identifier: GPL-2.0-only
/*
 * One act for each hook under policies that allow, refuse, monitor, or are missing, for
 * audit_policy.py: a line of JSON a step tells when it was, and what the audit must have of it.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "policy.h"

/* What a step's record must tell of policies; NULL where it must not. */
struct step {
	const char *name;
	struct policy *refusing;
	struct policy *would;
	int err; /* positive */
	int would_err;
	bool required;
};

static struct policy first, second, watch;

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void put_policy(const char *key, struct policy *p)
{
	if (p)
		printf(",\"%s\":\"%s\",\"%s_id\":%llu", key, p->name, key,
		       (unsigned long long)policy_info(p).policy_id);
}

static void step(struct memory *m, unsigned int hook, struct step s)
{
	struct seen asks = act_asks(hook);
	unsigned long long begin = now_ns(), end;
	int got = act_try(m, hook);

	end = now_ns();
	if (got != (s.err ? act_refused(hook, s.err) : 0))
		tap_bail("%s %s gave %d", hook_names[hook], s.name, got);
	printf("{\"step\":\"%s\",\"hook\":\"%s\",\"begin\":%llu,\"end\":%llu,\"id\":%llu,"
	       "\"offset_bytes\":%llu,\"size_bytes\":%llu,\"err\":%d,\"would_err\":%d,\"required\":%s",
	       s.name, hook_names[hook], begin, end, (unsigned long long)m->id,
	       (unsigned long long)asks.offset_bytes, (unsigned long long)asks.size_bytes, -s.err,
	       -s.would_err, s.required ? "true" : "false");
	put_policy("policy", s.refusing);
	put_policy("would", s.would);
	puts("}");
}

/* Under two policies that enforce and one that monitors, attached in this order. */
static void covered(struct memory *m, unsigned int hook)
{
	step(m, hook, (struct step){ .name = "allowed" });
	policy_says(&second, hook, -EXDEV);
	step(m, hook, (struct step){ .name = "refused by the second", &second, .err = EXDEV });
	policy_says(&first, hook, -EDQUOT);
	step(m, hook, (struct step){ .name = "refused by the first", &first, .err = EDQUOT });
	policy_says(&first, hook, 0);
	policy_says(&second, hook, 0);
	policy_says(&watch, hook, -EDOM);
	step(m, hook, (struct step){ .name = "monitored", .would = &watch, .would_err = EDOM });
	policy_says(&second, hook, -EXDEV);
	step(m, hook,
	     (struct step){ .name = "monitored and refused", &second, &watch, EXDEV, EDOM });
	policy_says(&second, hook, 0);
	policy_says(&watch, hook, 0);
	step(m, hook, (struct step){ .name = "allowed again" });
}

int main(void)
{
	struct memory open, closed;

	acts_init();
	open = memory_new("open", 0, "");
	watch = policy_new((struct policy_is){ .name = "watch", .flags = GMEM_POLICY_MONITOR });
	first = policy_new((struct policy_is){ .name = "first" });
	second = policy_new((struct policy_is){ .name = "second" });
	closed = memory_new("closed", GMEM_CREATE_POLICY_REQUIRED, "");
	memory_map(&closed);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		covered(&open, hook);
	policy_drop(&first);
	policy_drop(&second);
	policy_drop(&watch);
	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++)
		if (hook != GMEM_HOOK_CREATE)
			step(&closed, hook,
			     (struct step){
				     .name = "not covered", .err = EACCES, .required = true });
	memory_drop(&open);
	memory_drop(&closed);
	return 0;
}
