// SPDX-License-Identifier: GPL-2.0-only
/*
 * The view of gmems by cgroup: a tree of the paths that gmems were made in, each with the sums of
 * all below it. Siblings are in the order that is sorted by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/views/groups.h"

/**
 * struct node - A cgroup
 * @sum: of its own gmems and of those below; its path is @path up to @length
 * @parent, @child, @next: indexes; 0 is the root, which is nobody's child
 */
struct node {
	struct gmt_group sum;
	const char *path;
	size_t length;
	size_t parent;
	size_t child;
	size_t next;
	char name[256];
};

static struct node *nodes;
static size_t node_count, node_capacity;
static const struct gmt_group **leaves;
static size_t leaf_capacity;
/* For compare(), which a sort calls. */
static const struct gmt_grid *sorted;

static const struct gmt_grid_column columns[] = {
	{ "cgroup", "CGROUP", 12, 80, GMT_ALIGN_LEFT, 0, .text = true },
	{ "gmems", "GMEMS", 5, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	{ "size", "SIZE", 5, 0, GMT_ALIGN_RIGHT, 8, .descends = true, .bytes = true },
	{ "private", "PRIV", 5, 0, GMT_ALIGN_RIGHT, 2, .descends = true, .bytes = true },
	{ "shared", "SHARE", 5, 0, GMT_ALIGN_RIGHT, 3, .descends = true, .bytes = true },
	{ "faults", "FLT/S", 5, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
	{ "conversions", "CNV/S", 5, 0, GMT_ALIGN_RIGHT, 7, .descends = true },
	{ "denied", "DEN/S", 5, 0, GMT_ALIGN_RIGHT, 5, .descends = true },
	{ "all-denied", "DENY", 5, 0, GMT_ALIGN_RIGHT, 9, .descends = true },
};
static const int shows[] = {
	GMT_SHOWS_WHO,	       GMT_SHOWS_GMEMS,	 GMT_SHOWS_SIZE,
	GMT_SHOWS_PRIVATE,     GMT_SHOWS_SHARED, GMT_SHOWS_FAULTS,
	GMT_SHOWS_CONVERSIONS, GMT_SHOWS_DENIED, GMT_SHOWS_ALL_DENIED,
};

static void format(char *text, size_t size, const void *row, int column, const struct gmt_ui *ui)
{
	const struct node *node = row;

	if (shows[column] == GMT_SHOWS_WHO)
		snprintf(text, size, "%s", node->name);
	else
		gmt_group_format(text, size, &node->sum, shows[column], ui);
}

static enum gmt_role role(const void *row, int column, const struct gmt_ui *ui)
{
	const struct node *node = row;

	return gmt_group_role(&node->sum, shows[column]);
}

const struct gmt_grid_type gmt_cgroups_type = {
	.name = "cgroups",
	.columns = columns,
	.count = sizeof(columns) / sizeof(columns[0]),
	.tree = 0,
	.format = format,
	.role = role,
};

const char *gmt_cgroups_path_of(const void *row)
{
	static char path[4096];
	const struct node *node = row;

	if (node->length >= sizeof(path))
		return "";
	memcpy(path, node->path, node->length);
	path[node->length] = '\0';
	return path;
}

void gmt_cgroups_tree_free(void)
{
	free(nodes);
	free(leaves);
	nodes = NULL;
	leaves = NULL;
	node_count = node_capacity = leaf_capacity = 0;
}

/* A path before those below it, and those before what merely begins alike. */
static int compare_paths(const void *a, const void *b)
{
	const struct gmt_group *x = *(const struct gmt_group *const *)a;
	const struct gmt_group *y = *(const struct gmt_group *const *)b;
	const unsigned char *s = (const unsigned char *)x->path;
	const unsigned char *t = (const unsigned char *)y->path;

	while (*s && *s == *t) {
		s++;
		t++;
	}
	if (*s == *t)
		return (x->key.number > y->key.number) - (x->key.number < y->key.number);
	return (*s == '/' ? 1 : *s) - (*t == '/' ? 1 : *t);
}

static struct node *add_node(size_t parent, const char *path, size_t length)
{
	struct node *node;
	size_t name = length;

	if (node_count == node_capacity) {
		size_t capacity = node_capacity ? node_capacity * 2 : 64;
		void *list = reallocarray(nodes, capacity, sizeof(*nodes));

		if (!list)
			return NULL;
		nodes = list;
		node_capacity = capacity;
	}
	node = &nodes[node_count++];
	memset(node, 0, sizeof(*node));
	node->sum.known = GMT_KNOWN_ALL;
	node->path = path;
	node->length = length;
	node->parent = parent;
	while (name && path[name - 1] != '/')
		name--;
	gmt_clean(node->name, sizeof(node->name), path + name, length - name);
	return node;
}

static void add_sums(struct gmt_group *sum, const struct gmt_group *group)
{
	sum->gmems += group->gmems;
	sum->known &= group->known;
	sum->size_bytes += group->size_bytes;
	sum->resident_private_bytes += group->resident_private_bytes;
	sum->resident_shared_bytes += group->resident_shared_bytes;
	sum->faults += group->faults;
	sum->conversions += group->conversions;
	sum->denied += group->denied;
	sum->rates.faults += group->rates.faults;
	sum->rates.conversions += group->rates.conversions;
	sum->rates.denied += group->rates.denied;
	sum->has_rates |= group->has_rates;
}

/* Whether @node is @path or above it. */
static bool covers(const struct node *node, const char *path)
{
	if (node->length == 1)
		return path[0] == '/';
	return !strncmp(node->path, path, node->length) &&
	       (!path[node->length] || path[node->length] == '/');
}

/* Adds a leaf with those of its ancestors that are not there yet. Return: false without memory */
static bool add_leaf(size_t *at, const struct gmt_group *leaf)
{
	const char *path = leaf->path;
	size_t length = strlen(path);

	while (*at && !covers(&nodes[*at], path))
		*at = nodes[*at].parent;
	while (nodes[*at].length < length) {
		size_t end = *at ? nodes[*at].length + 1 : 1;

		while (end < length && path[end] != '/')
			end++;
		if (!add_node(*at, path, end))
			return false;
		*at = node_count - 1;
	}
	for (size_t up = *at; nodes[up].length > 1; up = nodes[up].parent)
		add_sums(&nodes[up].sum, leaf);
	add_sums(&nodes[0].sum, leaf);
	return true;
}

/* What has no path: removed, or not looked up; each beside the root, by its id. */
static bool add_pathless(const struct gmt_group *leaf)
{
	struct node *node = add_node(0, "", 0);

	if (!node)
		return false;
	if (leaf->key.what == GMT_GROUP_UNKNOWN)
		snprintf(node->name, sizeof(node->name), "? not known");
	else if (leaf->path[0])
		snprintf(node->name, sizeof(node->name), "%.200s id %" PRIu64, leaf->path,
			 leaf->key.number);
	else
		snprintf(node->name, sizeof(node->name), "id %" PRIu64, leaf->key.number);
	node->sum.key = leaf->key;
	add_sums(&node->sum, leaf);
	return true;
}

static int compare_nodes(const struct node *a, const struct node *b)
{
	int what = shows[sorted->sort], result;
	double x = gmt_group_number(&a->sum, what), y = gmt_group_number(&b->sum, what);

	if (what == GMT_SHOWS_WHO)
		result = strverscmp(a->name, b->name);
	else
		result = (x > y) - (x < y);
	if (result)
		return sorted->descending ? -result : result;
	return strverscmp(a->name, b->name);
}

static int compare_indexes(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	/* Those of a parent stand together. */
	if (nodes[x].parent != nodes[y].parent)
		return nodes[x].parent < nodes[y].parent ? -1 : 1;
	return compare_nodes(&nodes[x], &nodes[y]);
}

/* Links the children of each node in order. Return: false without memory */
static bool link_children(void)
{
	size_t *order = calloc(node_count, sizeof(*order));

	if (!order)
		return false;
	for (size_t i = 1; i < node_count; i++)
		order[i - 1] = i;
	qsort(order, node_count - 1, sizeof(*order), compare_indexes);
	for (size_t i = node_count - 1; i-- > 0;) {
		struct node *node = &nodes[order[i]];

		/* The pathless ones are shown beside the root, by the caller. */
		if (!node->length)
			continue;
		node->next = nodes[node->parent].child;
		nodes[node->parent].child = order[i];
	}
	free(order);
	return true;
}

static uint64_t key_of(const struct node *node)
{
	uint64_t hash = 1469598103934665603ULL ^ node->sum.key.number;

	for (size_t i = 0; i < node->length; i++)
		hash = (hash ^ (unsigned char)node->path[i]) * 1099511628211ULL;
	return hash ? hash : 1;
}

static bool passes(const struct gmt_grid *grid, const struct node *node)
{
	return !grid->filter[0] || strcasestr(gmt_cgroups_path_of(node), grid->filter) ||
	       strcasestr(node->name, grid->filter);
}

/* The tree from a node down, without recursion: paths may be deep. */
static void add_rows(struct gmt_grid *grid)
{
	size_t at = 0;
	unsigned int depth = 0;

	for (;;) {
		struct node *node = &nodes[at];
		struct gmt_grid_row *row = NULL;
		bool collapsed = false;

		/* A filter flattens the tree: what passes is told by its whole path. */
		if (passes(grid, node)) {
			row = gmt_grid_add(grid, node, key_of(node));
			if (!row)
				return;
			row->parent = node->child && !grid->filter[0];
			row->depth = grid->filter[0] ? 0 : depth;
			collapsed = row->parent && gmt_keys_have(&grid->collapsed, row->key);
			row->collapsed = collapsed;
			if (grid->filter[0] && at)
				gmt_clean(node->name, sizeof(node->name), node->path, node->length);
		}
		if (node->child && !collapsed) {
			at = node->child;
			depth++;
			continue;
		}
		while (at && !nodes[at].next) {
			at = nodes[at].parent;
			depth--;
		}
		if (!at)
			return;
		at = nodes[at].next;
	}
}

void gmt_cgroups_build(struct gmt_ui *ui)
{
	const struct gmt_groups *groups = &ui->live->groups[GMT_GROUP_CGROUP];
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_CGROUPS];
	size_t with_path = 0, at = 0;
	bool whole = true;

	gmt_grid_begin(grid);
	node_count = 0;
	if (groups->count > leaf_capacity) {
		void *list = reallocarray(leaves, groups->capacity, sizeof(*leaves));

		if (!list)
			return;
		leaves = list;
		leaf_capacity = groups->capacity;
	}
	for (size_t i = 0; i < groups->count; i++)
		if (groups->list[i].path[0] == '/')
			leaves[with_path++] = &groups->list[i];
	qsort(leaves, with_path, sizeof(*leaves), compare_paths);
	if (!groups->count || !add_node(0, "/", 1)) {
		gmt_grid_end(grid, ui, false, false);
		return;
	}
	strcpy(nodes[0].name, "/");
	for (size_t i = 0; whole && i < with_path; i++)
		whole = add_leaf(&at, leaves[i]);
	for (size_t i = 0; whole && i < groups->count; i++)
		if (groups->list[i].path[0] != '/')
			whole = add_pathless(&groups->list[i]);
	sorted = grid;
	if (whole && link_children()) {
		if (with_path)
			add_rows(grid);
		for (size_t i = 1; i < node_count; i++)
			if (!nodes[i].length && passes(grid, &nodes[i]))
				gmt_grid_add(grid, &nodes[i], key_of(&nodes[i]));
	}
	gmt_grid_end(grid, ui, false, false);
}
