// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's audit log, where it is on: one record of type AVC for each refusal, by a policy,
 * for want of one, or by the module itself, with what was tried, by whom, and who refused;
 * nothing where it is off, or nothing was refused.
 */
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy.h"

#define AVC 1400 /* AUDIT_AVC */

static int control, records;

/* A message to the audit subsystem. */
static void tell(int type, const void *data, size_t size)
{
	struct {
		struct nlmsghdr head;
		char data[sizeof(struct audit_status)];
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(size),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char more[256];
	} answer;

	memcpy(msg.data, data, size);
	if (send(control, &msg, msg.head.nlmsg_len, 0) < 0)
		tap_bail("send to the audit subsystem: %s", strerror(errno));
	do {
		if (recv(control, &answer, sizeof(answer), 0) < 0)
			tap_bail("the audit subsystem's answer: %s", strerror(errno));
	} while (answer.head.nlmsg_type != NLMSG_ERROR);
	if (answer.error.error)
		tap_bail("the audit subsystem: %s", strerror(-answer.error.error));
}

static void audit_enable(bool on)
{
	struct audit_status s = { .mask = AUDIT_STATUS_ENABLED, .enabled = on };

	tell(AUDIT_SET, &s, sizeof(s));
}

/* All records, whoever else reads them. */
static void audit_listen(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK,
				  .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int space = 1 << 20;

	records = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (records < 0 || bind(records, (void *)&to, sizeof(to)) ||
	    setsockopt(records, SOL_SOCKET, SO_RCVBUF, &space, sizeof(space)))
		tap_bail("listen to the audit log: %s", strerror(errno));
}

/* The next record of gmem's, its text without what stands before; false when none comes. */
static bool next_record(char *text, size_t size)
{
	struct pollfd p = { .fd = records, .events = POLLIN };
	char buffer[8192];

	while (poll(&p, 1, 500) > 0) {
		ssize_t got = recv(records, buffer, sizeof(buffer) - 1, 0);
		struct nlmsghdr *head = (void *)buffer;
		char *at;

		if (got < (ssize_t)NLMSG_HDRLEN)
			tap_bail("read the audit log: %s", strerror(errno));
		buffer[got] = '\0';
		at = strstr(buffer + NLMSG_HDRLEN, "gmem=");
		if (head->nlmsg_type != AVC || !at)
			continue;
		snprintf(text, size, "%s", at);
		return true;
	}
	return false;
}

/* Exactly one record, which has @want in it, and this process. */
static bool one_record(const char *want)
{
	char text[1024] = "", more[1024], pid[32];

	snprintf(pid, sizeof(pid), " pid=%d ", getpid());
	if (!next_record(text, sizeof(text))) {
		diag("  no record");
		return false;
	}
	if (!strncmp(text, want, strlen(want)) && strstr(text, pid) &&
	    strstr(text, " comm=\"audit_log\"") && !next_record(more, sizeof(more)))
		return true;
	diag("  got: %s", text);
	diag("  want: %s", want);
	return false;
}

static bool no_record(void)
{
	char text[1024];

	if (!next_record(text, sizeof(text)))
		return true;
	diag("  got: %s", text);
	return false;
}

#define ID(p) ((unsigned long long)policy_info(p).policy_id)

static void check_refusals(struct memory *m)
{
	struct policy p = policy_new((struct policy_is){ .name = "refuses" });
	char want[512];

	for (unsigned int hook = 0; hook < GMEM_NR_HOOKS; hook++) {
		const struct seen *s = policy_saw(&p, hook);

		policy_says(&p, hook, -EDQUOT);
		if (!act_gives(m, hook, act_refused(hook, EDQUOT)))
			tap_bail("%s was not refused", hook_names[hook]);
		snprintf(
			want, sizeof(want),
			"gmem=\"DENIED\" operation=\"%s\" id=%llu name=\"%s\" offset=%llu size=%llu "
			"error=-%d policy_id=%llu policy=\"refuses\" ",
			hook_names[hook], (unsigned long long)s->id,
			hook == GMEM_HOOK_CREATE ? "attempt" : m->name,
			(unsigned long long)s->offset_bytes, (unsigned long long)s->size_bytes,
			EDQUOT, ID(&p));
		ok(one_record(want), "%s: a refusal, one record", hook_names[hook]);
		policy_says(&p, hook, 0);
	}
	if (!act_gives(m, GMEM_HOOK_IO, 0))
		tap_bail("what is allowed was refused");
	ok(no_record(), "no record of what is allowed");
	audit_enable(false);
	policy_says(&p, GMEM_HOOK_IO, -EDQUOT);
	ok(act_gives(m, GMEM_HOOK_IO, EDQUOT) && no_record(), "off: no record of a refusal");
	audit_enable(true);
	ok(act_gives(m, GMEM_HOOK_IO, EDQUOT) && one_record("gmem=\"DENIED\" operation=\"io\" "),
	   "on again: one");
	policy_drop(&p);
}
#define REFUSAL_CHECKS (GMEM_NR_HOOKS + 3)

static void check_monitor(struct memory *m)
{
	struct policy p = policy_new(
		(struct policy_is){ .flags = GMEM_POLICY_MONITOR | GMEM_POLICY_REPORT_ALLOWED });

	policy_says(&p, GMEM_HOOK_IO, -EDQUOT);
	ok(act_gives(m, GMEM_HOOK_IO, 0) && no_record(), "no record of what is let pass");
	policy_drop(&p);
}

/* A name that could be taken for something else is in hex. */
static void check_others(void)
{
	struct memory m = memory_new("a \"b", GMEM_CREATE_POLICY_REQUIRED, "");
	int private = gmem_new(MMAP_IO, PAGE, "private");
	char *map = gmem_map(private, PAGE), want[256], byte;

	snprintf(want, sizeof(want),
		 "gmem=\"DENIED\" operation=\"discard\" id=%llu name=61202262 offset=%llu size=%lu "
		 "error=-%d policy_id=0 policy=\"\" ",
		 (unsigned long long)m.id,
		 (unsigned long long)act_asks(GMEM_HOOK_DISCARD).offset_bytes, PAGE, EACCES);
	ok(act_gives(&m, GMEM_HOOK_DISCARD, EACCES) && one_record(want),
	   "closed for want of a policy: one record");
	snprintf(want, sizeof(want),
		 "gmem=\"DENIED\" operation=\"fault\" id=%llu name=\"private\" offset=0 size=%lu "
		 "error=-%d policy_id=0 policy=\"\" ",
		 (unsigned long long)gmem_id(private), PAGE, EACCES);
	ok(trap_load(map).signo && one_record(want), "a touch of private memory: one record");
	snprintf(want, sizeof(want),
		 "gmem=\"DENIED\" operation=\"io\" id=%llu name=\"private\" offset=0 size=1 "
		 "error=-%d policy_id=0 policy=\"\" ",
		 (unsigned long long)gmem_id(private), EACCES);
	ok(pread(private, &byte, 1, 0) == -1 && one_record(want),
	   "a read of private memory: one record");
	munmap(map, PAGE);
	close(private);
	memory_drop(&m);
}

int main(void)
{
	struct memory m;

	control = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	if (control < 0 && errno == EPROTONOSUPPORT)
		tap_skip_all("this kernel has no audit subsystem");
	if (control < 0)
		tap_bail("netlink: %s", strerror(errno));
	tap_plan(REFUSAL_CHECKS + 1 + 3);
	acts_init();
	m = memory_new("audited", 0, "");
	audit_listen();
	audit_enable(true);
	check_refusals(&m);
	check_monitor(&m);
	check_others();
	audit_enable(false);
	memory_drop(&m);
	return tap_done();
}
