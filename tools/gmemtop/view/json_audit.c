// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit records as lines of JSON, written without a document in between: an audit may have to
 * keep up with every fault. docs/audit.md is the reference of the members.
 */
#include <errno.h>
#include <linux/gmem.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "view/audit.h"
#include "view/format.h"

#define UNSET ((uint32_t)-1)

static const char *const acts[GMT_ACT_MAX] = {
	[GMT_ACT_MMAP] = "mmap",
	[GMT_ACT_READ] = "read",
	[GMT_ACT_WRITE] = "write",
	[GMT_ACT_POPULATE] = "populate",
	[GMT_ACT_INSPECT_READ] = "inspect_read",
	[GMT_ACT_INSPECT_WRITE] = "inspect_write",
	[GMT_ACT_SPLICE_READ] = "splice_read",
	[GMT_ACT_SPLICE_WRITE] = "splice_write",
	[GMT_ACT_OPEN] = "open",
	[GMT_ACT_CREATE] = "create",
	[GMT_ACT_DISCARD] = "discard",
	[GMT_ACT_FAULT] = "fault",
	[GMT_ACT_CONVERT] = "convert",
	[GMT_ACT_BIND] = "bind",
};

const char *gmt_audit_act(enum gmt_act act)
{
	return act < GMT_ACT_MAX ? acts[act] : NULL;
}

static void put(struct gmt_audit_line *line, const char *text, size_t length)
{
	/* Room for the end of the object and the newline is kept; the limit is never reached. */
	if (length > sizeof(line->json) - 3 - line->length)
		return;
	memcpy(line->json + line->length, text, length);
	line->length += length;
}

static void put_str(struct gmt_audit_line *line, const char *text)
{
	put(line, text, strlen(text));
}

static void put_u64(struct gmt_audit_line *line, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(line, digits + at, sizeof(digits) - at);
}

static void key(struct gmt_audit_line *line, const char *name)
{
	put_str(line, line->length && line->json[line->length - 1] != '{' ? ",\"" : "\"");
	put_str(line, name);
	put_str(line, "\":");
}

static void add_u64(struct gmt_audit_line *line, const char *name, uint64_t number)
{
	key(line, name);
	put_u64(line, number);
}

static void add_s64(struct gmt_audit_line *line, const char *name, int64_t number)
{
	key(line, name);
	if (number < 0)
		put_str(line, "-");
	put_u64(line, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

static void add_bool(struct gmt_audit_line *line, const char *name, bool value)
{
	key(line, name);
	put_str(line, value ? "true" : "false");
}

static void add_null(struct gmt_audit_line *line, const char *name)
{
	key(line, name);
	put_str(line, "null");
}

/* A number that is -1 while nobody has set it. */
static void add_id(struct gmt_audit_line *line, const char *name, uint32_t id)
{
	if (id == UNSET)
		add_null(line, name);
	else
		add_u64(line, name, id);
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < '\x7f' && c != '"' && c != '\\';
}

/* Bytes of anyone's making, at most @max of them and of 2048. */
static void put_chars(struct gmt_audit_line *line, const char *chars, size_t max)
{
	char text[2048 * 3 + 1];
	size_t length = 0;

	while (length < max && is_plain(chars[length]))
		length++;
	if (length == max || !chars[length]) {
		put(line, chars, length);
		return;
	}
	gmt_utf8(text, sizeof(text), chars, max);
	for (const char *at = text; *at;) {
		size_t plain = 0;
		char escape[8];

		while ((unsigned char)at[plain] >= ' ' && at[plain] != '"' && at[plain] != '\\' &&
		       at[plain] != '\x7f')
			plain++;
		put(line, at, plain);
		at += plain;
		if (!*at)
			break;
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)*at++);
		put_str(line, escape);
	}
}

static void add_chars(struct gmt_audit_line *line, const char *name, const char *chars, size_t max)
{
	key(line, name);
	put_str(line, "\"");
	put_chars(line, chars, max);
	put_str(line, "\"");
}

/* A word of our own. */
static void add_word(struct gmt_audit_line *line, const char *name, const char *word)
{
	key(line, name);
	put_str(line, "\"");
	put_str(line, word);
	put_str(line, "\"");
}

static void add_err(struct gmt_audit_line *line, int err)
{
	char name[24];

	add_s64(line, "err", err);
	if (!err)
		return;
	gmt_format_errno(name, sizeof(name), err);
	add_chars(line, "errno", name, sizeof(name));
}

static void add_time(struct gmt_audit_line *line, uint64_t boot_ns, int64_t offset_ns)
{
	char time[40];

	gmt_format_time(time, sizeof(time), boot_ns, offset_ns);
	add_chars(line, "time", time, sizeof(time));
	add_u64(line, "time_ns", boot_ns);
}

static void begin(struct gmt_audit_line *line, const char *type)
{
	line->length = 0;
	put_str(line, "{");
	add_word(line, "type", type);
}

static void end(struct gmt_audit_line *line)
{
	memcpy(line->json + line->length, "}\n", 2);
	line->length += 2;
}

/* Components, the last one first, become a path. */
static void join(char *path, size_t size, const char *parts, size_t bytes, bool cut)
{
	size_t at = 0, end_of_part = bytes;

	if (cut && size > 3) {
		memcpy(path, "...", 3);
		at = 3;
	}
	while (end_of_part) {
		/* The terminator of the one before it, or the beginning. */
		const char *nul = memrchr(parts, '\0', end_of_part - 1);
		size_t start = nul ? (size_t)(nul - parts) + 1 : 0;
		size_t length = end_of_part - 1 - start;

		if (at + 1 + length >= size)
			break;
		path[at++] = '/';
		memcpy(path + at, parts + start, length);
		at += length;
		end_of_part = start;
	}
	if (!at)
		path[at++] = '/';
	path[at] = '\0';
}

/* Errors that say: it did not work out, rather than: it is forbidden. */
static bool is_failure(const struct gmt_rec_audit *rec)
{
	if (rec->policy_id || rec->flags & GMT_AUDIT_REQUIRED)
		return false;
	switch (-rec->err) {
	case EAGAIN:
	case EEXIST:
	case EFAULT:
	case EHWPOISON:
	case EINTR:
	case ENOMEM:
		return true;
	default:
		return false;
	}
}

static const char *outcome_of(const struct gmt_rec_audit *rec)
{
	if (!rec->err)
		return "allowed";
	return is_failure(rec) ? "failed" : "refused";
}

static const char *refused_by(const struct gmt_rec_audit *rec)
{
	if (rec->policy_id)
		return "policy";
	return rec->flags & GMT_AUDIT_REQUIRED ? "no_policy" : "module";
}

static void add_verdict(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	const char *outcome = outcome_of(rec);

	add_word(line, "outcome", outcome);
	add_err(line, rec->err);
	if (outcome[0] == 'r')
		add_word(line, "refused_by", refused_by(rec));
	if (rec->policy_id) {
		add_u64(line, "policy_id", rec->policy_id);
		if (rec->flags & GMT_AUDIT_POLICY_NAMED)
			add_chars(line, "policy", rec->policy, sizeof(rec->policy));
		else
			add_null(line, "policy");
	}
	if (rec->flags & GMT_AUDIT_WOULD) {
		key(line, "would_refuse");
		put_str(line, "{");
		add_u64(line, "policy_id", rec->would_policy_id);
		add_chars(line, "policy", rec->would_policy, sizeof(rec->would_policy));
		add_err(line, rec->would_err);
		put_str(line, "}");
	}
}

static void add_act(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	const char *act = gmt_audit_act(rec->act);

	add_word(line, "act", act ? act : "?");
	switch (rec->act) {
	case GMT_ACT_FAULT:
		add_word(line, "kind", rec->kind == GMEM_FAULT_REMOTE ? "remote" : "host");
		add_bool(line, "write", rec->flags & GMT_AUDIT_WRITE);
		break;
	case GMT_ACT_CONVERT:
		add_word(line, "to", rec->to == GMEM_STATE_SHARED ? "shared" : "private");
		add_word(line, "content", rec->content == GMEM_CONTENT_KEEP ? "keep" : "zero");
		break;
	case GMT_ACT_BIND:
		add_chars(line, "consumer", rec->consumer, sizeof(rec->consumer));
		add_u64(line, "vm", rec->vm);
		add_u64(line, "slot", rec->slot);
		add_u64(line, "guest_address", rec->guest_address);
		break;
	default:
		break;
	}
	add_u64(line, "offset_bytes", rec->offset_bytes);
	add_u64(line, "size_bytes", rec->size_bytes);
	add_u64(line, "done_bytes", rec->done_bytes);
}

static void add_exe(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	char path[GMT_PATHS_MAX + GMT_DEPTH_MAX + 8];
	char device[24];

	if (!(rec->flags & GMT_AUDIT_EXE_KNOWN)) {
		add_null(line, "exe");
		return;
	}
	join(path, sizeof(path), rec->paths, rec->exe_bytes, rec->flags & GMT_AUDIT_EXE_CUT);
	add_chars(line, "exe", path, sizeof(path));
	add_bool(line, "exe_deleted", rec->flags & GMT_AUDIT_EXE_DELETED);
	/* The kernel's own dev_t: 12 bits of major, 20 of minor. */
	snprintf(device, sizeof(device), "%u:%u", rec->exe_dev >> 20, rec->exe_dev & 0xfffff);
	add_chars(line, "exe_dev", device, sizeof(device));
	add_u64(line, "exe_ino", rec->exe_ino);
}

static void add_cgroup(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	char path[GMT_PATHS_MAX + GMT_DEPTH_MAX + 8];
	const char *container;
	size_t length;

	join(path, sizeof(path), rec->paths + rec->exe_bytes, rec->cgroup_bytes,
	     rec->flags & GMT_AUDIT_CGROUP_CUT);
	add_chars(line, "cgroup", path, sizeof(path));
	add_u64(line, "cgroup_id", rec->cgroup_id);
	container = gmt_container_id(path, &length);
	if (container)
		add_chars(line, "container", container, length);
	else
		add_null(line, "container");
}

static void add_task(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	add_u64(line, "pid", rec->pid);
	add_u64(line, "tid", rec->tid);
	add_u64(line, "start_ns", rec->start_ns);
	add_u64(line, "uid", rec->uid);
	add_u64(line, "euid", rec->euid);
	add_u64(line, "gid", rec->gid);
	add_id(line, "loginuid", rec->loginuid);
	add_id(line, "session", rec->sessionid);
	add_chars(line, "comm", rec->comm, sizeof(rec->comm));
	add_exe(line, rec);
	add_cgroup(line, rec);
	add_u64(line, "mnt_ns", rec->mnt_ns);
	add_u64(line, "pid_ns", rec->pid_ns);
}

static void say_record(struct gmt_audit_line *line, const struct gmt_rec_audit *rec)
{
	bool would = rec->flags & GMT_AUDIT_WOULD && !rec->err;
	const char *by = rec->policy_id ? rec->policy : would ? rec->would_policy : "";
	char comm[GMT_COMM_MAX * 4 + 1], name[GMT_NAME_MAX * 4 + 1];
	char policy[GMT_POLICY_MAX * 4 + 1], why[24] = "";
	const char *act = gmt_audit_act(rec->act);

	gmt_clean(comm, sizeof(comm), rec->comm, sizeof(rec->comm));
	gmt_clean(name, sizeof(name), rec->name, sizeof(rec->name));
	gmt_clean(policy, sizeof(policy), by, GMT_POLICY_MAX);
	if (rec->err || would)
		gmt_format_errno(why, sizeof(why), rec->err ? rec->err : rec->would_err);
	snprintf(line->message, sizeof(line->message),
		 "%s %s of gmem %llu '%s' by process %u (%s) of user %u%s%s%s%s",
		 would ? "would be refused:" : outcome_of(rec), act ? act : "?",
		 (unsigned long long)rec->id, name, rec->pid, comm, rec->uid, why[0] ? ": " : "",
		 why, by[0] ? " by policy " : "", policy);
}

void gmt_audit_line_record(struct gmt_audit_line *line, const struct gmt_rec_audit *rec,
			   int64_t offset_ns)
{
	begin(line, "access");
	add_u64(line, "seq", rec->seq);
	add_time(line, rec->time_ns, offset_ns);
	add_u64(line, "id", rec->id);
	if (rec->flags & GMT_AUDIT_NAME)
		add_chars(line, "name", rec->name, sizeof(rec->name));
	else
		add_null(line, "name");
	add_act(line, rec);
	add_verdict(line, rec);
	add_task(line, rec);
	end(line);
	line->rec = rec;
	line->priority = rec->err || rec->flags & GMT_AUDIT_WOULD ? 4 : 6; /* warning, info */
}

static void add_filter(struct gmt_audit_line *line, const struct gmt_audit_session *session)
{
	const struct gmt_audit_filter *filter = &session->options->filter;
	bool first = true;

	key(line, "filter");
	put_str(line, "{");
	add_word(line, "outcomes", session->wants);
	key(line, "acts");
	put_str(line, "[");
	for (int act = 0; act < GMT_ACT_MAX; act++) {
		if (!((filter->refused | filter->allowed) & 1U << act) || !acts[act])
			continue;
		put_str(line, first ? "\"" : ",\"");
		put_str(line, acts[act]);
		put_str(line, "\"");
		first = false;
	}
	put_str(line, "]");
	if (filter->task.bits & GMT_FILTER_ID)
		add_u64(line, "id", filter->task.id);
	if (filter->task.bits & GMT_FILTER_PID)
		add_u64(line, "pid", filter->task.pid);
	if (filter->task.bits & GMT_FILTER_UID)
		add_u64(line, "uid", filter->task.uid);
	if (filter->task.bits & GMT_FILTER_CGROUP)
		add_chars(line, "cgroup", session->cgroup, SIZE_MAX);
	put_str(line, "}");
}

/* Which boot it is: ids, pids and CLOCK_BOOTTIME mean something within it only. */
static void add_boot(struct gmt_audit_line *line)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char boot[40] = "";
	struct utsname kernel;

	if (file && fgets(boot, sizeof(boot), file))
		boot[strcspn(boot, "\n")] = '\0';
	if (file)
		fclose(file);
	if (boot[0])
		add_chars(line, "boot_id", boot, sizeof(boot));
	else
		add_null(line, "boot_id");
	uname(&kernel);
	add_chars(line, "host", kernel.nodename, sizeof(kernel.nodename));
	add_chars(line, "kernel", kernel.release, sizeof(kernel.release));
}

/* What the tool says of itself has no record. */
static void own(struct gmt_audit_line *line, int priority)
{
	end(line);
	line->rec = NULL;
	line->priority = priority;
}

void gmt_audit_line_start(struct gmt_audit_line *line, const struct gmt_audit_session *session,
			  uint64_t now_ns, int64_t offset_ns)
{
	begin(line, "start");
	add_time(line, now_ns, offset_ns);
	add_word(line, "version", GMT_VERSION);
	add_boot(line);
	add_u64(line, "pid", getpid());
	add_filter(line, session);
	own(line, 6);
	snprintf(line->message, sizeof(line->message), "audit of guarded memory begins");
}

static const char *const causes[GMT_LOSS_MAX] = {
	[GMT_LOSS_BUFFER] = "buffer_full",
	[GMT_LOSS_MEMORY] = "no_memory",
	[GMT_LOSS_BUSY] = "program_busy",
	[GMT_LOSS_OUTPUT] = "not_written",
};

static uint64_t add_losses(struct gmt_audit_line *line, const struct gmt_audit_losses *before,
			   const struct gmt_audit_losses *now)
{
	uint64_t lost = gmt_audit_lost(now) - gmt_audit_lost(before), refused = 0;

	for (int i = 0; i < GMT_LOSS_MAX; i++)
		refused += now->refused[i] - before->refused[i];
	add_u64(line, "lost", lost);
	add_u64(line, "lost_refused", refused);
	key(line, "causes");
	put_str(line, "{");
	for (int i = 0; i < GMT_LOSS_MAX; i++)
		add_u64(line, causes[i], now->all[i] - before->all[i]);
	put_str(line, "}");
	return lost;
}

void gmt_audit_line_loss(struct gmt_audit_line *line, const struct gmt_audit_losses *before,
			 const struct gmt_audit_losses *now, uint64_t last_seq, uint64_t now_ns,
			 int64_t offset_ns)
{
	uint64_t lost;

	begin(line, "loss");
	add_time(line, now_ns, offset_ns);
	lost = add_losses(line, before, now);
	add_u64(line, "lost_total", gmt_audit_lost(now));
	add_u64(line, "last_seq", last_seq);
	own(line, 3);
	snprintf(line->message, sizeof(line->message), "%llu records of access attempts were lost",
		 (unsigned long long)lost);
}

void gmt_audit_line_end(struct gmt_audit_line *line, const struct gmt_audit_totals *totals,
			const char *reason, uint64_t now_ns, int64_t offset_ns)
{
	static const struct gmt_audit_losses none;
	uint64_t lost;

	begin(line, "end");
	add_time(line, now_ns, offset_ns);
	add_word(line, "reason", reason);
	add_u64(line, "records", totals->written);
	lost = add_losses(line, &none, &totals->losses);
	add_u64(line, "last_seq", totals->last_seq);
	add_u64(line, "out_of_order", totals->late);
	add_u64(line, "names_lost", totals->losses.names);
	own(line, lost ? 3 : 6);
	snprintf(line->message, sizeof(line->message),
		 "audit of guarded memory ends: %llu records, %llu lost",
		 (unsigned long long)totals->written, (unsigned long long)lost);
}

const char *gmt_audit_message(struct gmt_audit_line *line)
{
	if (line->rec)
		say_record(line, line->rec);
	return line->message;
}
