/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gmems of a table summed up by the process that holds them, by VM, cgroup or NUMA node.
 * Rebuilt from the rows of each refresh; filled by commands, read by views. What nobody could
 * tell stays in a group of its own.
 */
#ifndef GMT_MODEL_GROUP_H
#define GMT_MODEL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"
#include "model/table.h"

enum gmt_group_by {
	GMT_GROUP_PROCESS,
	GMT_GROUP_VM,
	GMT_GROUP_CGROUP,
	GMT_GROUP_NODE,
	GMT_GROUP_KINDS,
};

/* enum gmt_group_what - Why gmems are in a group. */
enum gmt_group_what {
	GMT_GROUP_OF,	   /* they belong to the one the key names */
	GMT_GROUP_NONE,	   /* they belong to none: no process, no VM */
	GMT_GROUP_UNKNOWN, /* nobody could tell */
};

/**
 * struct gmt_group_key - What a group stands for, the same from one refresh to the next
 * @what: enum gmt_group_what; the rest is zero in all but GMT_GROUP_OF
 * @number: pid, VM, cgroup id or node
 * @more: a process's start, or a VM's hypervisor's name; else zero
 */
struct gmt_group_key {
	uint64_t what;
	uint64_t number;
	uint64_t more[2];
};

/**
 * struct gmt_group - One process, VM, cgroup or node
 * @gmems: how many are in it; one that is in more groups than this counts in each of them
 * @known: enum gmt_known: what is known of all of them; sums of the rest mean nothing
 * @bound_bytes: by VM only: what it has bound of them
 * @node_bytes: by node only: what of them is resident there, which the other sums are not
 * @since: the sums of what they counted since the refresh before, so of gmems that came, all
 *	they ever counted; of each gmem it is told once, whatever comes and goes
 * @has_rates: the rates of one of them at least are known
 * @uid, @comm, @fds: by process only; @fds is 0 where it is told as a creator
 * @path: by cgroup only: its path, "" where it could not be looked up; valid as long as the source
 * @last_id: the gmem added last
 */
struct gmt_group {
	struct gmt_group_key key;
	uint64_t gmems;
	uint32_t known;
	uint64_t size_bytes;
	uint64_t resident_private_bytes;
	uint64_t resident_shared_bytes;
	uint64_t faults;
	uint64_t conversions;
	uint64_t denied;
	uint64_t bindings;
	uint64_t bound_bytes;
	uint64_t node_bytes;
	struct gmt_since since;
	struct gmt_rates rates;
	bool has_rates;
	uint32_t uid;
	uint32_t fds;
	char comm[GMT_COMM_MAX];
	const char *path;
	uint64_t last_id;
};

/**
 * struct gmt_groups - All groups of one kind; all zero at first
 * @list: owned; in the order in which they were met, so that the pointers move as it grows
 * @slots: owned: hash of keys, positions in @list plus one
 */
struct gmt_groups {
	enum gmt_group_by by;
	struct gmt_group *list;
	size_t count;
	size_t capacity;
	uint32_t *slots;
	size_t slot_count;
};

/* gmt_groups_begin() - Empty it, to be filled by that; the memory is kept */
void gmt_groups_begin(struct gmt_groups *groups, enum gmt_group_by by);
void gmt_groups_exit(struct gmt_groups *groups);

/**
 * gmt_groups_add() - Count a gmem in a group, once in a row
 *
 * Return: the group, valid until another is added; NULL without memory
 */
struct gmt_group *gmt_groups_add(struct gmt_groups *groups, const struct gmt_group_key *key,
				 const struct gmt_row *row);

/* gmt_groups_find() - Return: the group of that key, or NULL */
struct gmt_group *gmt_groups_find(const struct gmt_groups *groups, const struct gmt_group_key *key);

/* The keys of a process, a VM and of what is only a number. */
struct gmt_group_key gmt_group_key_process(uint32_t pid, uint64_t start_ns);
struct gmt_group_key gmt_group_key_vm(const char *consumer, uint64_t vm);
struct gmt_group_key gmt_group_key_number(uint64_t number);

/* Whole tables at once: by creator, by VM, by creator's cgroup. Return: 0 or -ENOMEM */
int gmt_groups_by_creator(struct gmt_groups *groups, const struct gmt_table *table);
int gmt_groups_by_vm(struct gmt_groups *groups, const struct gmt_table *table);
int gmt_groups_by_cgroup(struct gmt_groups *groups, const struct gmt_table *table);

/**
 * gmt_groups_by_holder() - By who holds descriptors; gmems that nobody does are in GMT_GROUP_NONE
 * @holders: of all gmems, by ascending id
 *
 * Return: 0 or -ENOMEM
 */
int gmt_groups_by_holder(struct gmt_groups *groups, const struct gmt_table *table,
			 const struct gmt_rec_holder *holders, size_t count);

/**
 * gmt_groups_by_node() - By NUMA node; what is resident and told of no node is GMT_GROUP_UNKNOWN's
 * @nodes: of all gmems, by ascending id
 *
 * Return: 0 or -ENOMEM
 */
int gmt_groups_by_node(struct gmt_groups *groups, const struct gmt_table *table,
		       const struct gmt_rec_node *nodes, size_t count);

#endif /* GMT_MODEL_GROUP_H */
