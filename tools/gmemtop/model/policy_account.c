// SPDX-License-Identifier: GPL-2.0-only
/* Sums that only grow, over policies that are attached, replaced and detached. */
#include <errno.h>
#include <linux/gmem.h>
#include <stdlib.h>
#include <string.h>

#include "model/policy_account.h"

void gmt_policy_accounts_exit(struct gmt_policy_accounts *accounts)
{
	free(accounts->entries);
	free(accounts->fresh);
}

void gmt_policy_accounts_begin(struct gmt_policy_accounts *accounts, uint64_t now_ns)
{
	accounts->now_ns = now_ns;
	accounts->fresh_count = 0;
}

int gmt_policy_accounts_put(struct gmt_policy_accounts *accounts, const struct gmt_rec_policy *rec)
{
	if (accounts->fresh_count == accounts->fresh_capacity) {
		size_t capacity = accounts->fresh_capacity ? accounts->fresh_capacity * 2 : 16;
		void *fresh = reallocarray(accounts->fresh, capacity, sizeof(*rec));

		if (!fresh)
			return -ENOMEM;
		accounts->fresh = fresh;
		accounts->fresh_capacity = capacity;
	}
	accounts->fresh[accounts->fresh_count++] = *rec;
	return 0;
}

static const char *scope_of(const struct gmt_rec_policy *rec)
{
	switch (rec->scope) {
	case GMEM_SCOPE_ALL:
		return "all";
	case GMEM_SCOPE_CGROUP:
		return "cgroup";
	case GMEM_SCOPE_GMEM:
		return "gmem";
	default:
		return "unknown";
	}
}

static struct gmt_policy_account *find_or_add(struct gmt_policy_accounts *accounts,
					      const char *name, const char *mode, const char *scope)
{
	struct gmt_policy_account *account;

	for (size_t i = 0; i < accounts->count; i++) {
		account = &accounts->list[i];
		/* The words are ours, and each is one string. */
		if (account->mode == mode && account->scope == scope &&
		    !strcmp(account->name, name))
			return account;
	}
	if (accounts->count == GMT_POLICY_ACCOUNTS)
		return &accounts->list[GMT_POLICY_ACCOUNTS - 1];
	account = &accounts->list[accounts->count++];
	/* The last one is nobody's own. */
	if (accounts->count == GMT_POLICY_ACCOUNTS) {
		name = "(overflow)";
		mode = "";
		scope = "";
	}
	strcpy(account->name, name);
	account->mode = mode;
	account->scope = scope;
	account->created_ns = accounts->now_ns;
	return account;
}

static void add(struct gmt_policy_accounts *accounts, struct gmt_rec_policy *rec,
		const struct gmt_rec_policy *before)
{
	static const struct gmt_rec_policy none;
	struct gmt_policy_account *account;
	char name[GMT_POLICY_MAX * 3 + 1];

	accounts->clean(name, sizeof(name), rec->name, sizeof(rec->name));
	account = find_or_add(accounts, name,
			      rec->flags & GMEM_POLICY_MONITOR ? "monitor" : "enforce",
			      scope_of(rec));
	if (!before)
		before = &none;
	account->attached++;
	account->timed |= !!(rec->flags & GMEM_POLICY_TIME);
	/* Counts that are read while they grow on another CPU may seem to shrink. */
	if (rec->calls < before->calls)
		rec->calls = before->calls;
	if (rec->refusals < before->refusals)
		rec->refusals = before->refusals;
	if (rec->run_ns < before->run_ns)
		rec->run_ns = before->run_ns;
	account->calls += rec->calls - before->calls;
	account->refusals += rec->refusals - before->refusals;
	account->run_ns += rec->run_ns - before->run_ns;
}

void gmt_policy_accounts_end(struct gmt_policy_accounts *accounts)
{
	struct gmt_rec_policy *entries = accounts->entries;
	size_t capacity = accounts->capacity, old = 0;

	for (size_t i = 0; i < accounts->count; i++)
		accounts->list[i].attached = 0;
	for (size_t i = 0; i < accounts->fresh_count; i++) {
		struct gmt_rec_policy *rec = &accounts->fresh[i];

		while (old < accounts->entry_count && entries[old].policy_id < rec->policy_id)
			old++;
		if (old < accounts->entry_count && entries[old].policy_id == rec->policy_id)
			add(accounts, rec, &entries[old]);
		else
			add(accounts, rec, NULL);
	}
	accounts->entries = accounts->fresh;
	accounts->entry_count = accounts->fresh_count;
	accounts->capacity = accounts->fresh_capacity;
	accounts->fresh = entries;
	accounts->fresh_capacity = capacity;
}
