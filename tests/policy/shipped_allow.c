// SPDX-License-Identifier: GPL-2.0-only
/*
 * allow: rules by user, group, cgroup, command and executable; the first that matches decides,
 * and what none matches is refused. Each act is done by a child that has become who it says.
 */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shipped.h"

#include "policy/allow.skel.h"

#define CGROUP	   "policy-allow"
#define GROUPS	   100
#define COPY	   "/tmp/allow-copy"
#define COPY_AGAIN "/tmp/allow-again"

/* Who acts; what is 0 is left as it is. */
struct who {
	uid_t uid;
	gid_t gid;
	gid_t groups_from; /* GROUPS supplementary groups, each the next but one */
	const char *cgroup;
	const char *comm;
	const char *thread; /* a thread of this name acts */
	const char *exe;
};

static struct memory memory;
static struct bpf_link *link_;
static struct gmt_allow *bpf;

static void begin(const struct gmt_allow_rule *rules, unsigned int count, uint32_t hooks)
{
	struct gmt_allow_params *params;

	bpf = gmt_allow__open();
	if (!bpf)
		tap_bail("open allow: %s", strerror(errno));
	params = (void *)&bpf->rodata->params;
	params->on.hooks = hooks;
	params->count = count;
	memcpy(params->rules, rules, count * sizeof(*rules));
	link_ = shipped_attach(bpf->obj, (struct policy_is){ .hooks = hooks });
}

static void end(void)
{
	shipped_detach(link_);
	gmt_allow__destroy(bpf);
}

static int try_read(int fd)
{
	char byte;

	return pread(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static void *read_in_thread(void *name)
{
	prctl(PR_SET_NAME, name);
	return (void *)(long)try_read(memory.fd);
}

static int read_as(void *arg)
{
	const struct who *who = arg;
	gid_t groups[GROUPS];
	pthread_t thread;
	char fd[16];
	void *err;

	if (who->cgroup)
		cgroup_enter(who->cgroup);
	if (who->comm)
		prctl(PR_SET_NAME, who->comm);
	for (int i = 0; i < GROUPS; i++)
		groups[i] = who->groups_from + 2 * i;
	if ((who->groups_from && setgroups(GROUPS, groups)) ||
	    (who->gid && setresgid(who->gid, who->gid, who->gid)) ||
	    (who->uid && setresuid(who->uid, who->uid, who->uid)))
		return 255;
	if (who->exe) {
		snprintf(fd, sizeof(fd), "%d", memory.fd);
		fcntl(memory.fd, F_SETFD, 0);
		execl(who->exe, "x", "read", fd, NULL);
		return 254;
	}
	if (!who->thread)
		return try_read(memory.fd);
	if (pthread_create(&thread, NULL, read_in_thread, (void *)who->thread) ||
	    pthread_join(thread, &err))
		return 253;
	return (long)err;
}

/* What a read gives to this one: 0 or an errno. */
static int gives(struct who who)
{
	int status = in_child(read_as, &who);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define IO	HOOK(GMEM_HOOK_IO)
#define AS(...) gives((struct who){ __VA_ARGS__ })

static void check_acts(void)
{
	struct gmt_allow_rule some = { .hooks = HOOK(GMEM_HOOK_MMAP) | HOOK(GMEM_HOOK_FAULT) };

	begin(NULL, 0, ALL_HOOKS);
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++)
		ok(act_gives(&memory, i, act_refused(i, EACCES)), "no rule: %s is refused",
		   hook_names[i]);
	end();
	begin(&some, 1, ALL_HOOKS & ~HOOK(GMEM_HOOK_BIND));
	for (unsigned int i = 0; i < GMEM_NR_HOOKS; i++) {
		bool yes = (some.hooks | HOOK(GMEM_HOOK_BIND)) & HOOK(i);

		ok(act_gives(&memory, i, yes ? 0 : act_refused(i, EACCES)),
		   "a rule for mmap and fault, bind not decided on: %s", hook_names[i]);
	}
	end();
}
#define ACTS_CHECKS (2 * GMEM_NR_HOOKS)

static void check_ids(void)
{
	struct gmt_allow_rule rules[] = {
		{ .hooks = IO, .match = GMT_ALLOW_UID, .uid = 1234 },
		{ .hooks = IO, .match = GMT_ALLOW_GID, .gid = 3000 },
	};

	begin(rules, ARRAY_SIZE(rules), IO);
	is_int(AS(0), EACCES, "root is not asked for");
	is_int(AS(.uid = 1234), 0, "the user is");
	is_int(AS(.uid = 1235), EACCES, "another user is not");
	is_int(AS(.gid = 3000), 0, "the group");
	is_int(AS(.uid = 1235, .gid = 3000), 0, "the group, of another user");
	is_int(AS(.gid = 3001), EACCES, "another group");
	is_int(AS(.groups_from = 3000), 0, "the first of many groups");
	is_int(AS(.groups_from = 3000 - GROUPS), 0, "one in the middle");
	is_int(AS(.groups_from = 3000 - 2 * (GROUPS - 1)), 0, "the last one");
	is_int(AS(.groups_from = 3001), EACCES, "groups all above");
	is_int(AS(.groups_from = 3000 - 2 * GROUPS), EACCES, "groups all below");
	is_int(AS(.groups_from = 3001 - GROUPS), EACCES, "groups around it");
	end();
}
#define IDS_CHECKS 12

static void check_cgroup(void)
{
	struct gmt_allow_rule rule = { .hooks = IO, .match = GMT_ALLOW_CGROUP };

	cgroup_new(CGROUP);
	cgroup_new(CGROUP "/in");
	cgroup_new(CGROUP "/in/deep");
	cgroup_new(CGROUP "/beside");
	rule.cgroup_id = cgroup_id(CGROUP "/in");
	begin(&rule, 1, IO);
	is_int(AS(.cgroup = CGROUP "/in"), 0, "in the cgroup");
	is_int(AS(.cgroup = CGROUP "/in/deep"), 0, "below it");
	is_int(AS(.cgroup = CGROUP "/beside"), EACCES, "beside it");
	is_int(AS(.cgroup = CGROUP), EACCES, "above it");
	is_int(AS(.cgroup = ""), EACCES, "in the root");
	end();
	cgroup_drop(CGROUP "/in/deep");
	cgroup_drop(CGROUP "/in");
	cgroup_drop(CGROUP "/beside");
	cgroup_drop(CGROUP);
}
#define CGROUP_CHECKS 5

static void check_comm(void)
{
	struct gmt_allow_rule rules[] = {
		{ .hooks = IO, .match = GMT_ALLOW_COMM, .comm = "vmm" },
		{ .hooks = IO, .match = GMT_ALLOW_COMM, .comm = "123456789012345" },
	};

	begin(rules, ARRAY_SIZE(rules), IO);
	is_int(AS(.comm = "vmm"), 0, "the command");
	is_int(AS(.comm = "vm"), EACCES, "a shorter one");
	is_int(AS(.comm = "vmm2"), EACCES, "a longer one");
	is_int(AS(.comm = "123456789012345"), 0, "one of full length");
	is_int(AS(.comm = "12345678901234"), EACCES, "one less");
	is_int(AS(.comm = "vmm", .thread = "CPU 0/KVM"), 0, "whatever its thread is called");
	is_int(AS(.comm = "other", .thread = "vmm"), EACCES, "a thread's name is no command");
	end();
}
#define COMM_CHECKS 7

static void copy_self(const char *to)
{
	char command[160];

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(), to);
	if (system(command))
		tap_bail("%s", command);
}

static void check_exe(void)
{
	struct gmt_allow_rule rule = { .hooks = IO, .match = GMT_ALLOW_EXE };
	struct stat st;

	copy_self(COPY);
	copy_self(COPY_AGAIN);
	if (stat(COPY, &st))
		tap_bail("stat %s: %s", COPY, strerror(errno));
	rule.exe_inode = st.st_ino;
	rule.exe_dev = GMT_ALLOW_DEV(major(st.st_dev), minor(st.st_dev));
	begin(&rule, 1, IO);
	is_int(AS(.exe = COPY), 0, "the executable");
	is_int(AS(.exe = COPY_AGAIN), EACCES, "another file of the same contents");
	is_int(AS(0), EACCES, "another executable");
	end();
	rule.exe_dev++;
	begin(&rule, 1, IO);
	is_int(AS(.exe = COPY), EACCES, "the same inode number of another file system");
	end();
	unlink(COPY);
	unlink(COPY_AGAIN);
}
#define EXE_CHECKS 4

static void check_order(void)
{
	struct gmt_allow_rule rules[GMT_ALLOW_RULES] = {
		{ .hooks = IO, .match = GMT_ALLOW_UID, .uid = 1234, .error = ENOLCK },
		{ .hooks = IO },
	};
	struct gmt_allow_rule swapped[] = { rules[1], rules[0] };
	struct gmt_allow_rule both = {
		.hooks = IO, .match = GMT_ALLOW_UID | GMT_ALLOW_COMM, .uid = 1234, .comm = "vmm"
	};

	begin(rules, 2, IO);
	is_int(AS(.uid = 1234), ENOLCK, "a rule that refuses, with its own errno");
	is_int(AS(.uid = 1235), 0, "the rule for everyone behind it");
	end();
	begin(swapped, 2, IO);
	is_int(AS(.uid = 1234), 0, "the first rule that matches wins");
	end();
	begin(&both, 1, IO);
	is_int(AS(.uid = 1234, .comm = "vmm"), 0, "both parts of a rule match");
	is_int(AS(.uid = 1234, .comm = "else"), EACCES, "one only");
	is_int(AS(.uid = 1235, .comm = "vmm"), EACCES, "the other only");
	end();
	for (int i = 0; i < GMT_ALLOW_RULES; i++)
		rules[i] = (struct gmt_allow_rule){ .hooks = IO,
						    .match = GMT_ALLOW_UID | GMT_ALLOW_GID |
							     GMT_ALLOW_COMM,
						    .uid = 2000 + i,
						    .gid = 2000 + i,
						    .comm = "vmm" };
	begin(rules, GMT_ALLOW_RULES, IO);
	is_int(AS(.uid = 2063, .gid = 2063, .comm = "vmm"), 0,
	       "the last of as many as there may be");
	is_int(AS(.uid = 2064, .gid = 2064, .comm = "vmm"), EACCES, "none of them");
	end();
	begin(rules, GMT_ALLOW_RULES - 1, IO);
	is_int(AS(.uid = 2063, .gid = 2063, .comm = "vmm"), EACCES, "what is beyond count is none");
	end();
}
#define ORDER_CHECKS 9

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "read"))
		return try_read(atoi(argv[2]));
	tap_plan(ACTS_CHECKS + IDS_CHECKS + CGROUP_CHECKS + COMM_CHECKS + EXE_CHECKS +
		 ORDER_CHECKS);
	acts_init();
	memory = memory_new("allow", 0, "");
	check_acts();
	check_ids();
	check_cgroup();
	check_comm();
	check_exe();
	check_order();
	memory_drop(&memory);
	return tap_done();
}
