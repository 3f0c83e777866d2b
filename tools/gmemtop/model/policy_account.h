/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of policies over time: as model/account.h does for gmems, by name, mode and scope, so
 * that one which is replaced goes on where the one before it has ended. Told by export.
 */
#ifndef GMT_MODEL_POLICY_ACCOUNT_H
#define GMT_MODEL_POLICY_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gmem_records.h"

/* Accounts at most; the last one is for the rest. */
#define GMT_POLICY_ACCOUNTS 64

/**
 * struct gmt_policy_account - The sums of all policies of one name, mode and scope
 * @name: as it is shown
 * @created_ns: when it began, CLOCK_BOOTTIME
 * @attached: how many are attached now
 * @timed: @run_ns is known
 */
struct gmt_policy_account {
	char name[GMT_POLICY_MAX * 3 + 1];
	const char *mode;
	const char *scope;
	uint64_t created_ns;
	uint64_t attached;
	uint64_t calls;
	uint64_t refusals;
	uint64_t run_ns;
	bool timed;
};

/**
 * struct gmt_policy_accounts - All of them
 * @entries: the policies of the last refresh that ended, by policy_id
 */
struct gmt_policy_accounts {
	void (*clean)(char *text, size_t size, const char *source, size_t max);
	struct gmt_policy_account list[GMT_POLICY_ACCOUNTS];
	size_t count;
	uint64_t now_ns;
	struct gmt_rec_policy *entries, *fresh;
	size_t entry_count, fresh_count, capacity, fresh_capacity;
};

void gmt_policy_accounts_exit(struct gmt_policy_accounts *accounts);

/* gmt_policy_accounts_begin() - Begin a refresh; one that does not end leaves all as it was */
void gmt_policy_accounts_begin(struct gmt_policy_accounts *accounts, uint64_t now_ns);

/* gmt_policy_accounts_put() - By ascending policy_id. Return: 0 or -ENOMEM */
int gmt_policy_accounts_put(struct gmt_policy_accounts *accounts, const struct gmt_rec_policy *rec);

/* gmt_policy_accounts_end() - End the refresh: add what has grown to the sums */
void gmt_policy_accounts_end(struct gmt_policy_accounts *accounts);

#endif /* GMT_MODEL_POLICY_ACCOUNT_H */
