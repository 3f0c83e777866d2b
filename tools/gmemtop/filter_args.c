// SPDX-License-Identifier: GPL-2.0-only
/* The options by which the verbs that listen choose whose events they want: -b, -i, -p, -u, -g. */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "cmd.h"
#include "model/event_fields.h"

#define BUFFER_MIB_MAX 1024

static uint32_t parse_user(struct argp_state *state, const char *text)
{
	const struct passwd *user = getpwnam(text);

	if (user)
		return user->pw_uid;
	return (uint32_t)gmt_parse_number(state, text, "-u: no such user, and", UINT32_MAX - 1);
}

static size_t parse_buffer(struct argp_state *state, const char *text)
{
	uint64_t mib = gmt_parse_number(state, text, "-b", BUFFER_MIB_MAX);

	if (!mib || mib & (mib - 1))
		argp_error(state, "-b: the size must be a power of two");
	return mib << 20;
}

uint32_t gmt_parse_events(struct argp_state *state, char *list)
{
	uint32_t events = 0;
	char *name, *save = NULL;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		enum gmt_event event = gmt_event_find(name);

		if (event == GMT_EVENT_MAX)
			argp_error(state, "there is no event '%s'", name);
		else
			events |= 1U << event;
	}
	if (!events)
		argp_error(state, "no event is named");
	return events;
}

error_t gmt_filter_arg(struct gmt_filter_args *args, int key, char *arg, struct argp_state *state)
{
	struct gmt_task_filter *filter = args->filter;

	switch (key) {
	case 'b':
		*args->buffer_bytes = parse_buffer(state, arg);
		return 0;
	case 'i':
		filter->id = gmt_parse_number(state, arg, "-i", UINT64_MAX);
		filter->bits |= GMT_FILTER_ID;
		return 0;
	case 'p':
		filter->pid = gmt_parse_number(state, arg, "-p", UINT32_MAX);
		filter->bits |= GMT_FILTER_PID;
		return 0;
	case 'u':
		filter->uid = parse_user(state, arg);
		filter->bits |= GMT_FILTER_UID;
		return 0;
	case 'g':
		args->cgroup = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int gmt_filter_finish(struct gmt_filter_args *args, struct gmt_source *source,
		      struct gmt_error *error)
{
	uint64_t cgroup_id;
	uint32_t level;
	int err;

	if (!args->cgroup)
		return 0;
	err = source ? gmt_source_cgroup_find(source, args->cgroup, &cgroup_id, &level, error) :
		       gmt_cgroup_find(args->cgroup, &cgroup_id, &level, error);
	if (err)
		return err;
	args->filter->cgroup_id = cgroup_id;
	args->filter->cgroup_level = level;
	args->filter->bits |= GMT_FILTER_CGROUP;
	return 0;
}
