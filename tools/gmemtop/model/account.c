// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums that only grow, over gmems that come and go: what a gmem has counted since the refresh
 * before is added to the account that it belongs to now, and stays there.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/account.h"

#define BUCKETS_MIN 256

/**
 * struct gmt_account_entry - One gmem in one refresh
 * @cgroup: not owned; two that are the same pointer are the same path
 * @account: whose it is, once the refresh has ended
 */
struct gmt_account_entry {
	struct gmt_rec_gmem rec;
	const char *cgroup;
	char consumer[GMT_CONSUMER_MAX];
	uint64_t vm;
	uint64_t bound_bytes;
	bool bound;
	struct gmt_account *account;
};

static const struct {
	size_t offset;
	uint32_t known;
} counts[GMT_COUNT_MAX] = {
#define COUNT(name, member, bit) \
	[GMT_COUNT_##name] = { offsetof(struct gmt_rec_gmem, member), GMT_KNOWN_##bit }
	COUNT(FAULTS_HOST, faults_host, FAULTS_HOST),
	COUNT(FAULTS_GUEST, faults_guest, FAULTS_GUEST),
	COUNT(DENIED_PRIVATE, denied_private, DENIED),
	COUNT(DENIED_FLAGS, denied_flags, DENIED),
	COUNT(DENIED_CAPABILITY, denied_capability, DENIED),
	COUNT(DENIED_POLICY, denied_policy, DENIED),
	COUNT(CONVERSIONS, conversions, CONVERSIONS),
	COUNT(CONVERSIONS_FAILED, conversions_failed, CONVERSIONS),
	COUNT(CONVERTED_BYTES, converted_bytes, CONVERSIONS),
	COUNT(ALLOCATED_BYTES, allocated_bytes, ALLOCATIONS),
	COUNT(FREED_BYTES, freed_bytes, ALLOCATIONS),
	COUNT(READ_BYTES, read_bytes, IO),
	COUNT(WRITTEN_BYTES, written_bytes, IO),
	COUNT(INSPECTED_BYTES, inspected_bytes, IO),
	COUNT(INVALIDATIONS, invalidations, INVALIDATIONS),
	COUNT(MEMORY_FAILURES, memory_failures, FAILURES),
#undef COUNT
};

static uint64_t *count_of(struct gmt_rec_gmem *rec, unsigned int i)
{
	return (uint64_t *)((char *)rec + counts[i].offset);
}

int gmt_accounts_init(struct gmt_accounts *accounts, const struct gmt_account_options *options)
{
	size_t wanted = options->series_max / options->series_each;

	*accounts = (struct gmt_accounts){ .options = *options, .bucket_count = BUCKETS_MIN };
	while (accounts->bucket_count < wanted)
		accounts->bucket_count *= 2;
	accounts->buckets = calloc(accounts->bucket_count, sizeof(*accounts->buckets));
	accounts->last = &accounts->first;
	strcpy(accounts->rest.key.cgroup, GMT_ACCOUNT_REST);
	return accounts->buckets ? 0 : -ENOMEM;
}

void gmt_accounts_exit(struct gmt_accounts *accounts)
{
	struct gmt_account *account, *next;

	for (account = accounts->first; account; account = next) {
		next = account->next;
		free(account);
	}
	free(accounts->buckets);
	free(accounts->entries);
	free(accounts->fresh);
	free(accounts->nodes);
}

void gmt_accounts_begin(struct gmt_accounts *accounts, uint64_t now_ns)
{
	accounts->now_ns = now_ns;
	accounts->fresh_count = 0;
	accounts->node_count = 0;
	accounts->cursor = 0;
}

/* Makes room for one more. */
static int reserve(void **list, size_t count, size_t *capacity, size_t each)
{
	size_t wanted = *capacity ? *capacity * 2 : 64;
	void *larger;

	if (count < *capacity)
		return 0;
	larger = reallocarray(*list, wanted, each);
	if (!larger)
		return -ENOMEM;
	*list = larger;
	*capacity = wanted;
	return 0;
}

int gmt_accounts_put(struct gmt_accounts *accounts, const struct gmt_rec_gmem *rec,
		     const char *cgroup)
{
	struct gmt_account_entry *entry;
	int err = reserve((void **)&accounts->fresh, accounts->fresh_count,
			  &accounts->fresh_capacity, sizeof(*entry));

	if (err)
		return err;
	entry = &accounts->fresh[accounts->fresh_count++];
	entry->rec = *rec;
	entry->cgroup = cgroup;
	entry->bound = false;
	entry->bound_bytes = 0;
	entry->vm = 0;
	entry->consumer[0] = '\0';
	entry->account = NULL;
	return 0;
}

/* The entry of a gmem, where ids only grow from one call to the next. */
static struct gmt_account_entry *advance(struct gmt_accounts *accounts, uint64_t id)
{
	while (accounts->cursor < accounts->fresh_count &&
	       accounts->fresh[accounts->cursor].rec.id < id)
		accounts->cursor++;
	if (accounts->cursor == accounts->fresh_count ||
	    accounts->fresh[accounts->cursor].rec.id != id)
		return NULL;
	return &accounts->fresh[accounts->cursor];
}

void gmt_accounts_put_binding(struct gmt_accounts *accounts, const struct gmt_rec_binding *rec)
{
	struct gmt_account_entry *entry = advance(accounts, rec->id);

	if (!entry)
		return;
	/* Of several VMs it is the one that comes first in the memory, as in the live table. */
	if (!entry->bound) {
		memcpy(entry->consumer, rec->consumer, sizeof(entry->consumer));
		entry->vm = rec->vm;
		entry->bound = true;
	}
	entry->bound_bytes += rec->size_bytes;
}

int gmt_accounts_put_node(struct gmt_accounts *accounts, const struct gmt_rec_node *rec)
{
	int err = reserve((void **)&accounts->nodes, accounts->node_count, &accounts->node_capacity,
			  sizeof(*accounts->nodes));
	uint32_t nid = rec->nid < GMT_ACCOUNT_NODES ? rec->nid : GMT_ACCOUNT_NODES - 1;

	if (err)
		return err;
	accounts->nodes[accounts->node_count] = *rec;
	accounts->nodes[accounts->node_count++].nid = nid;
	accounts->nodes_seen |= 1ULL << nid;
	return 0;
}

static size_t series_each(const struct gmt_accounts *accounts)
{
	return accounts->options.series_each + (size_t)__builtin_popcountll(accounts->nodes_seen);
}

static bool has_room(const struct gmt_accounts *accounts)
{
	/* The new one, and the one for the rest. */
	return (accounts->count + 2) * series_each(accounts) <= accounts->options.series_max;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

static struct gmt_account **bucket(struct gmt_accounts *accounts, const struct gmt_account_key *key)
{
	uint64_t hash = hash_text(0xcbf29ce484222325ULL ^ key->vm, key->consumer);

	hash = hash_text(hash ^ key->gmem * 0x9e3779b97f4a7c15ULL, key->cgroup);
	return &accounts->buckets[(hash ^ hash >> 32) & (accounts->bucket_count - 1)];
}

static bool same_key(const struct gmt_account_key *a, const struct gmt_account_key *b)
{
	return a->vm == b->vm && a->gmem == b->gmem && !strcmp(a->consumer, b->consumer) &&
	       !strcmp(a->cgroup, b->cgroup) && !strcmp(a->name, b->name);
}

static void make_key(const struct gmt_accounts *accounts, const struct gmt_account_entry *entry,
		     struct gmt_account_key *key)
{
	const struct gmt_account_options *options = &accounts->options;

	key->vm = entry->vm;
	key->gmem = 0;
	key->name[0] = '\0';
	options->clean(key->consumer, sizeof(key->consumer), entry->consumer,
		       sizeof(entry->consumer));
	options->clean(key->cgroup, sizeof(key->cgroup), entry->cgroup, strlen(entry->cgroup));
	if (!options->per_gmem)
		return;
	key->gmem = entry->rec.id;
	options->clean(key->name, sizeof(key->name), entry->rec.name, sizeof(entry->rec.name));
}

static struct gmt_account *find_or_add(struct gmt_accounts *accounts,
				       const struct gmt_account_key *key)
{
	struct gmt_account **chain = bucket(accounts, key), *account;

	for (account = *chain; account; account = account->chain)
		if (same_key(&account->key, key))
			return account;
	account = has_room(accounts) ? calloc(1, sizeof(*account)) : NULL;
	/* Without memory it is told with the rest, too: nothing is lost. */
	if (!account)
		return &accounts->rest;
	account->key = *key;
	account->created_ns = accounts->now_ns;
	account->chain = *chain;
	*chain = account;
	*accounts->last = account;
	accounts->last = &account->next;
	accounts->count++;
	return account;
}

static bool same_owner(const struct gmt_account_entry *a, const struct gmt_account_entry *b)
{
	return a->cgroup == b->cgroup && a->vm == b->vm && a->bound == b->bound &&
	       !memcmp(a->consumer, b->consumer, sizeof(a->consumer));
}

static struct gmt_account *owner(struct gmt_accounts *accounts, struct gmt_account_entry *entry,
				 const struct gmt_account_entry *before)
{
	struct gmt_account_key key;

	if (before && same_owner(entry, before) &&
	    (before->account != &accounts->rest || !has_room(accounts)))
		return before->account;
	make_key(accounts, entry, &key);
	return find_or_add(accounts, &key);
}

/* What it has counted since it was seen last; all of it, where it is new. */
static void add_counts(struct gmt_account *account, struct gmt_account_entry *entry,
		       struct gmt_account_entry *before)
{
	for (unsigned int i = 0; i < GMT_COUNT_MAX; i++) {
		uint64_t *now = count_of(&entry->rec, i), old = 0;

		if (!(entry->rec.known & counts[i].known))
			continue;
		if (before && before->rec.known & counts[i].known)
			old = *count_of(&before->rec, i);
		/* A count that is read while it grows on another CPU may seem to shrink. */
		if (*now < old)
			*now = old;
		account->counts[i] += *now - old;
		account->counted |= 1U << i;
	}
}

static void add_gauges(struct gmt_account *account, const struct gmt_account_entry *entry,
		       bool bindings_told)
{
	const struct gmt_rec_gmem *rec = &entry->rec;

	account->gmems++;
	account->size_bytes += rec->size_bytes;
	account->known |= rec->known & ~GMT_KNOWN_STATES;
	if (rec->known & GMT_KNOWN_RESIDENT && rec->known & GMT_KNOWN_STATES) {
		account->private_bytes += rec->resident_private_bytes;
		account->shared_bytes += rec->resident_shared_bytes;
		account->known |= GMT_KNOWN_STATES;
	} else if (rec->known & GMT_KNOWN_RESIDENT) {
		account->unknown_bytes += rec->resident_private_bytes;
	}
	account->bindings += rec->bindings;
	account->bound_bytes += entry->bound_bytes;
	account->bound_known |= bindings_told;
	account->rec = rec;
}

static void clear_gauges(struct gmt_account *account)
{
	account->known = 0;
	account->gmems = 0;
	account->size_bytes = 0;
	account->private_bytes = 0;
	account->shared_bytes = 0;
	account->unknown_bytes = 0;
	account->bindings = 0;
	account->bound_bytes = 0;
	account->bound_known = false;
	account->nodes = 0;
	account->rec = NULL;
}

static void add_nodes(struct gmt_accounts *accounts)
{
	struct gmt_account_entry *entry;

	accounts->cursor = 0;
	for (size_t i = 0; i < accounts->node_count; i++) {
		const struct gmt_rec_node *node = &accounts->nodes[i];
		struct gmt_account *account;

		entry = advance(accounts, node->id);
		if (!entry)
			continue;
		account = entry->account;
		/* Memory on a node that had none: where that is one series too many, with the rest. */
		if (account != &accounts->rest && !(account->nodes & 1ULL << node->nid)) {
			if (accounts->series + 1 > accounts->options.series_max)
				account = &accounts->rest;
			else
				accounts->series++;
		}
		accounts->rest_used |= account == &accounts->rest;
		if (!(account->nodes & 1ULL << node->nid))
			account->node_bytes[node->nid] = 0;
		account->nodes |= 1ULL << node->nid;
		account->node_bytes[node->nid] += node->resident_bytes;
	}
}

static void unchain(struct gmt_accounts *accounts, struct gmt_account *account)
{
	struct gmt_account **at = bucket(accounts, &account->key);

	while (*at != account)
		at = &(*at)->chain;
	*at = account->chain;
}

/* Those that have had no gmem for long enough are told no more. */
static void reap(struct gmt_accounts *accounts)
{
	struct gmt_account **at = &accounts->first, *account;

	while ((account = *at)) {
		if (account->gmems)
			account->ended_ns = 0;
		else if (!account->ended_ns)
			account->ended_ns = accounts->now_ns;
		if (account->gmems ||
		    accounts->now_ns - account->ended_ns < accounts->options.keep_ns) {
			at = &account->next;
			continue;
		}
		*at = account->next;
		unchain(accounts, account);
		free(account);
		accounts->count--;
		accounts->dropped++;
	}
	accounts->last = at;
}

static void swap_entries(struct gmt_accounts *accounts)
{
	struct gmt_account_entry *entries = accounts->entries;
	size_t capacity = accounts->entry_capacity;

	accounts->entries = accounts->fresh;
	accounts->entry_count = accounts->fresh_count;
	accounts->entry_capacity = accounts->fresh_capacity;
	accounts->fresh = entries;
	accounts->fresh_capacity = capacity;
}

/* The VM that nobody tells of this time is the one of before. */
static void keep_vm(struct gmt_account_entry *entry, const struct gmt_account_entry *before)
{
	memcpy(entry->consumer, before->consumer, sizeof(entry->consumer));
	entry->vm = before->vm;
	entry->bound = before->bound;
}

void gmt_accounts_end(struct gmt_accounts *accounts, bool bindings_told)
{
	size_t old = 0;

	for (struct gmt_account *account = accounts->first; account; account = account->next)
		clear_gauges(account);
	clear_gauges(&accounts->rest);
	if (!accounts->rest.created_ns)
		accounts->rest.created_ns = accounts->now_ns;
	for (size_t i = 0; i < accounts->fresh_count; i++) {
		struct gmt_account_entry *entry = &accounts->fresh[i], *before = NULL;

		while (old < accounts->entry_count && accounts->entries[old].rec.id < entry->rec.id)
			old++;
		if (old < accounts->entry_count && accounts->entries[old].rec.id == entry->rec.id)
			before = &accounts->entries[old];
		if (before && !bindings_told)
			keep_vm(entry, before);
		entry->account = owner(accounts, entry, before);
		accounts->rest_used |= entry->account == &accounts->rest;
		add_counts(entry->account, entry, before);
		add_gauges(entry->account, entry, bindings_told);
	}
	reap(accounts);
	accounts->series = (accounts->count + 1) * accounts->options.series_each +
			   (size_t)__builtin_popcountll(accounts->nodes_seen);
	add_nodes(accounts);
	swap_entries(accounts);
}
