// SPDX-License-Identifier: GPL-2.0-only
/* Words of a file of policies into numbers. */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "policy/params.h"
#include "policy/values.h"
#include "view/format.h"

struct unit {
	const char *name;
	uint64_t factor;
};

int gmt_value_bool(const char *text, bool *value)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i], text)) {
			*value = i & 1;
			return 0;
		}
	}
	return -EINVAL;
}

/* The number that @text begins with; *end is set behind it. No sign, no octal. */
static int leading_number(const char *text, const char **end, uint64_t *value)
{
	bool hex = text[0] == '0' && text[1] == 'x' && isxdigit((unsigned char)text[2]);
	char *behind;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &behind, hex ? 16 : 10);
	*end = behind;
	return errno ? -ERANGE : 0;
}

static int with_unit(const char *text, const struct unit *units, uint64_t *value)
{
	const char *unit;
	int err = leading_number(text, &unit, value);

	if (err)
		return err;
	while (*unit == ' ')
		unit++;
	for (; units->name; units++)
		if (!strcmp(units->name, unit))
			return __builtin_mul_overflow(*value, units->factor, value) ? -ERANGE : 0;
	return -EINVAL;
}

int gmt_value_number(const char *text, uint64_t *value)
{
	static const struct unit units[] = { { "", 1 }, { NULL, 0 } };

	return with_unit(text, units, value);
}

int gmt_value_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	    { "B", 1 },		{ "KiB", 1ULL << 10 },
		{ "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { "TiB", 1ULL << 40 },
		{ NULL, 0 },
	};

	return with_unit(text, units, bytes);
}

int gmt_value_duration(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", 60ULL * 1000000000 },
		{ "h", 3600ULL * 1000000000 },
		{ "d", 86400ULL * 1000000000 },
		{ NULL, 0 },
	};

	if (!strcmp(text, "0")) {
		*ns = 0;
		return 0;
	}
	return with_unit(text, units, ns);
}

/* Not the id that means "none", nor more. */
static int id_of(const char *text, uint32_t *id)
{
	uint64_t number;
	int err = gmt_value_number(text, &number);

	if (err)
		return err == -EINVAL ? -ENOENT : err;
	if (number >= UINT32_MAX)
		return -ERANGE;
	*id = (uint32_t)number;
	return 0;
}

int gmt_value_user(const char *text, uint32_t *uid)
{
	const struct passwd *user = isdigit((unsigned char)text[0]) ? NULL : getpwnam(text);

	if (!user)
		return id_of(text, uid);
	*uid = user->pw_uid;
	return 0;
}

int gmt_value_group(const char *text, uint32_t *gid)
{
	const struct group *group = isdigit((unsigned char)text[0]) ? NULL : getgrnam(text);

	if (!group)
		return id_of(text, gid);
	*gid = group->gr_gid;
	return 0;
}

int gmt_value_errno(const char *text, uint32_t *error)
{
	int number = gmt_parse_errno(text);

	if (number < 0)
		return -EINVAL;
	if (number > GMT_ERRNO_MAX)
		return -ERANGE;
	*error = (uint32_t)number;
	return 0;
}
