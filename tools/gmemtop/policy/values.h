/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values that a file of policies is written in: words into numbers. Each takes the whole
 * word or nothing of it.
 */
#ifndef GMT_POLICY_VALUES_H
#define GMT_POLICY_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* All return 0, -EINVAL for what is no such value, -ERANGE for too large a one. */

/* gmt_value_bool() - yes, true, on; no, false, off */
int gmt_value_bool(const char *text, bool *value);

/* gmt_value_number() - Decimal, or hexadecimal with 0x */
int gmt_value_number(const char *text, uint64_t *value);

/* gmt_value_bytes() - A number, with KiB, MiB, GiB or TiB behind it or not */
int gmt_value_bytes(const char *text, uint64_t *bytes);

/* gmt_value_duration() - A number with ns, us, ms, s, m, h or d behind it; 0 needs none */
int gmt_value_duration(const char *text, uint64_t *ns);

/* gmt_value_user(), gmt_value_group() - A name or a number; -ENOENT for no such name */
int gmt_value_user(const char *text, uint32_t *uid);
int gmt_value_group(const char *text, uint32_t *gid);

/* gmt_value_errno() - A name (EPERM) or a number that a verdict may carry, positive */
int gmt_value_errno(const char *text, uint32_t *error);

#endif /* GMT_POLICY_VALUES_H */
