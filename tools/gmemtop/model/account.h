/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters over time: gmems come and go, the sums of those who own them only grow. One account
 * for each VM in each cgroup, or for each gmem; what is beyond the limit goes to one account
 * more, so that the sum over all of them is exact. Filled from a source, told by export.
 */
#ifndef GMT_MODEL_ACCOUNT_H
#define GMT_MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

/* enum gmt_count - What only grows, of struct gmt_rec_gmem. */
enum gmt_count {
	GMT_COUNT_FAULTS_HOST,
	GMT_COUNT_FAULTS_GUEST,
	GMT_COUNT_DENIED_PRIVATE,
	GMT_COUNT_DENIED_FLAGS,
	GMT_COUNT_DENIED_CAPABILITY,
	GMT_COUNT_DENIED_POLICY,
	GMT_COUNT_CONVERSIONS,
	GMT_COUNT_CONVERSIONS_FAILED,
	GMT_COUNT_CONVERTED_BYTES,
	GMT_COUNT_ALLOCATED_BYTES,
	GMT_COUNT_FREED_BYTES,
	GMT_COUNT_READ_BYTES,
	GMT_COUNT_WRITTEN_BYTES,
	GMT_COUNT_INSPECTED_BYTES,
	GMT_COUNT_INVALIDATIONS,
	GMT_COUNT_MEMORY_FAILURES,
	GMT_COUNT_MAX,
};

/* NUMA nodes that are told apart; those from the last one on are told together. */
#define GMT_ACCOUNT_NODES 64

/* Room for a label, made valid; a cgroup's path may be longer, and is cut at the end. */
#define GMT_ACCOUNT_NAME   (GMT_NAME_MAX * 3 + 1)
#define GMT_ACCOUNT_CGROUP 1024

/**
 * struct gmt_account_key - Whose sums these are; strings as they are shown
 * @consumer: the hypervisor of the VM; "" where no VM has bound it, and @vm is 0
 * @cgroup: of the creator; "" where not known
 * @gmem: 0 where the account is of more than one
 * @name: of the gmem, where there is one
 */
struct gmt_account_key {
	char consumer[GMT_CONSUMER_MAX * 3 + 1];
	uint64_t vm;
	uint64_t gmem;
	char name[GMT_ACCOUNT_NAME];
	char cgroup[GMT_ACCOUNT_CGROUP];
};

/**
 * struct gmt_account - The sums of one owner
 * @next: in the order in which they began
 * @chain: in its bucket
 * @created_ns: when it began, CLOCK_BOOTTIME
 * @ended_ns: when it was first seen without gmems; 0 while it has some
 * @counts: sums, of all gmems that were ever its own, while they were; GMT_COUNT_*
 * @counted: a bit for each of @counts that a gmem could tell
 * @known: enum gmt_known of the members below: what at least one gmem can tell
 * @node_bytes: on each NUMA node that has a bit in @nodes
 * @rec: of its gmem, where it is of one
 *
 * The others are sums over the gmems it has now.
 */
struct gmt_account {
	struct gmt_account *next;
	struct gmt_account *chain;
	uint64_t created_ns;
	uint64_t ended_ns;
	uint64_t counts[GMT_COUNT_MAX];
	uint32_t counted;
	uint32_t known;
	uint64_t gmems;
	uint64_t size_bytes;
	uint64_t private_bytes;
	uint64_t shared_bytes;
	uint64_t unknown_bytes;
	uint64_t bindings;
	uint64_t bound_bytes;
	bool bound_known;
	uint64_t node_bytes[GMT_ACCOUNT_NODES];
	uint64_t nodes;
	const struct gmt_rec_gmem *rec;
	struct gmt_account_key key;
};

/**
 * struct gmt_account_options - How accounts are kept
 * @per_gmem: one for each gmem
 * @series_max: what all of them may cost, the one for the rest included
 * @series_each: what one costs, nodes not included, which cost 1 each
 * @keep_ns: how long one is kept that has no gmem any more
 * @clean: makes a label of any bytes; as gmt_utf8()
 */
struct gmt_account_options {
	bool per_gmem;
	size_t series_max;
	size_t series_each;
	uint64_t keep_ns;
	void (*clean)(char *text, size_t size, const char *source, size_t max);
};

struct gmt_account_entry;

/**
 * struct gmt_accounts - All of them
 * @first: by age
 * @rest: takes what is beyond the limit; its cgroup is GMT_ACCOUNT_REST, and no path
 * @rest_used: it has taken something
 * @count: without @rest
 * @series: that they cost, @rest included
 * @nodes_seen: a bit for each NUMA node that had memory of a gmem
 * @dropped: accounts given up since the start
 * @entries: the gmems of the last refresh that ended, by id
 * @fresh: those of the one under way
 */
struct gmt_accounts {
	struct gmt_account_options options;
	struct gmt_account *first;
	struct gmt_account **last;
	struct gmt_account **buckets;
	size_t bucket_count;
	struct gmt_account rest;
	bool rest_used;
	size_t count;
	size_t series;
	uint64_t dropped;
	uint64_t now_ns;
	uint64_t nodes_seen;
	struct gmt_account_entry *entries, *fresh;
	size_t entry_count, entry_capacity, fresh_count, fresh_capacity, cursor;
	struct gmt_rec_node *nodes;
	size_t node_count, node_capacity;
};

#define GMT_ACCOUNT_REST "(overflow)"

/* gmt_accounts_init() - Return: 0 or -ENOMEM */
int gmt_accounts_init(struct gmt_accounts *accounts, const struct gmt_account_options *options);
void gmt_accounts_exit(struct gmt_accounts *accounts);

/**
 * gmt_accounts_begin() - Begin a refresh; one that does not end leaves all as it was
 * @now_ns: CLOCK_BOOTTIME
 */
void gmt_accounts_begin(struct gmt_accounts *accounts, uint64_t now_ns);

/**
 * gmt_accounts_put() - One gmem, by ascending id
 * @cgroup: path; valid until the next refresh ends, "" where not known
 *
 * Return: 0 or -ENOMEM
 */
int gmt_accounts_put(struct gmt_accounts *accounts, const struct gmt_rec_gmem *rec,
		     const char *cgroup);

/* gmt_accounts_put_binding() - In order of id and offset; what was not put is none of ours */
void gmt_accounts_put_binding(struct gmt_accounts *accounts, const struct gmt_rec_binding *rec);

/* gmt_accounts_put_node() - In order of id. Return: 0 or -ENOMEM */
int gmt_accounts_put_node(struct gmt_accounts *accounts, const struct gmt_rec_node *rec);

/**
 * gmt_accounts_end() - End the refresh: add what has grown to the sums
 * @bindings_told: all bindings were put; else VMs are those of before
 */
void gmt_accounts_end(struct gmt_accounts *accounts, bool bindings_told);

#endif /* GMT_MODEL_ACCOUNT_H */
