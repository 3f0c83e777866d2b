/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies in bpffs: one directory each, named for it, with the link that attaches it and its
 * maps. A directory without a link is what an apply that was killed has left: as good as none.
 *
 *     /sys/fs/bpf/gmem/policy/NAME/link
 *                                  lockdown      its parameters; named for the policy that it is
 *                                  bound_ns ...  what it keeps, by the name of the map
 */
#ifndef GMT_SOURCE_PINS_H
#define GMT_SOURCE_PINS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "model/policy.h"
#include "source/policy_object.h"

#define GMT_PINS_ROOT "/sys/fs/bpf"
#define GMT_PINS_PATH GMT_PINS_ROOT "/gmem/policy"

/* gmt_pins_lock() - One apply or detach at a time. Return: what to close, or -errno */
int gmt_pins_lock(struct gmt_error *error);

/* gmt_pins_link() - Return: the pinned link of a policy; -ENOENT without one, or -errno */
int gmt_pins_link(const char *name, struct gmt_error *error);

/* gmt_pins_link_id() - Return: the id of a link, 0 when it cannot be told; *map_id as well */
uint32_t gmt_pins_link_id(int fd, uint32_t *map_id);

/* gmt_pins_params() - The kind and parameters of a pinned policy. Return: whether they are known */
bool gmt_pins_params(const char *name, enum gmt_policy_kind *kind, union gmt_policy_params *params);

/**
 * gmt_pins_each() - Tell of every pinned policy
 * @fn: given a name; whatever but 0 ends it
 *
 * Return: 0, what @fn returned, or -errno
 */
int gmt_pins_each(int (*fn)(void *ctx, const char *name), void *ctx, struct gmt_error *error);

/**
 * gmt_pins_put() - Pin a policy's maps, then its link
 * @link_fd: of a policy attached just now
 *
 * On failure nothing of it is left.
 *
 * Return: 0 or -errno
 */
int gmt_pins_put(const struct gmt_policy_object *policy, int link_fd, struct gmt_error *error);

/* gmt_pins_share() - Have a policy go on with what the one of its name and kind keeps */
int gmt_pins_share(struct gmt_policy_object *policy, struct gmt_error *error);

/*
 * A replaced policy's maps in the place of those of before, in two steps: only the first can fail
 * for a reason of its own, and drop takes it back.
 */
int gmt_pins_stage(const struct gmt_policy_object *policy, struct gmt_error *error);
void gmt_pins_commit(const struct gmt_policy_object *policy);
void gmt_pins_drop(const struct gmt_policy_object *policy);

/* gmt_pins_remove() - Remove a policy's directory, and so its link where nobody else holds it */
int gmt_pins_remove(const char *name, struct gmt_error *error);

#endif /* GMT_SOURCE_PINS_H */
