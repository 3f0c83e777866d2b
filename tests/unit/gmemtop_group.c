// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums by process, VM, cgroup and node; what is counted once, and what is kept apart as unknown.
 * sources: tools/gmemtop/model/group.c tools/gmemtop/model/table.c tools/gmemtop/model/column.c
 * sources: tools/gmemtop/model/filter.c tools/gmemtop/model/vms.c
 * cflags: -Ibpf -Itools/gmemtop
 */
#include "model/group.h"
#include "tap.h"

#define S 1000000000ULL

static struct gmt_rec_gmem rec(uint64_t id, uint64_t faults)
{
	return (struct gmt_rec_gmem){
		.id = id,
		.known = GMT_KNOWN_ALL,
		.faults_host = faults,
		.resident_private_bytes = 4096 * id,
		.size_bytes = 1 << 20,
		.creator_pid = id % 2 ? 10 : 20,
		.creator_start_ns = 5,
		.creator_cgroup_id = 7,
		.bindings = (uint32_t)(id % 3),
	};
}

static void fill(struct gmt_table *table, uint64_t first, uint64_t last, uint64_t faults,
		 uint64_t at_ns)
{
	gmt_table_begin(table, at_ns);
	for (uint64_t id = first; id <= last; id++) {
		struct gmt_rec_gmem r = rec(id, faults);

		gmt_table_put(table, &r, at_ns);
	}
	gmt_table_end(table);
}

static const struct gmt_group *process(const struct gmt_groups *groups, uint32_t pid)
{
	struct gmt_group_key key = gmt_group_key_process(pid, 5);

	return gmt_groups_find(groups, &key);
}

static const struct gmt_group *other(const struct gmt_groups *groups, enum gmt_group_what what)
{
	struct gmt_group_key key = { .what = what };

	return gmt_groups_find(groups, &key);
}

static void test_creators(void)
{
	struct gmt_groups groups = { 0 };
	struct gmt_table table;
	uint64_t counted = 0;

	gmt_table_init(&table);
	fill(&table, 1, 4, 100, 10 * S);
	ok(!gmt_groups_by_creator(&groups, &table) && groups.count == 2, "a group a creator");
	ok(process(&groups, 10)->gmems == 2 && process(&groups, 20)->gmems == 2, "all in them");
	is_int(process(&groups, 10)->resident_private_bytes, 4096 * (1 + 3), "bytes are summed up");
	ok(!process(&groups, 10)->has_rates, "no rate is known at first");
	for (size_t i = 0; i < groups.count; i++)
		counted += groups.list[i].since.faults;
	/* 1 and 2 go, 5 and 6 come, 3 and 4 count on. */
	fill(&table, 3, 6, 160, 12 * S);
	gmt_groups_by_creator(&groups, &table);
	for (size_t i = 0; i < groups.count; i++)
		counted += groups.list[i].since.faults;
	is_int(counted, 4 * 100 + 2 * 60 + 2 * 160, "what is counted is counted once, come or go");
	ok(process(&groups, 10)->rates.faults == (60 + 160) / 2.0, "rates are those of its gmems");
	table.rows[0]->rec.known &= ~GMT_KNOWN_CREATOR;
	table.rows[2]->rec.known &= ~GMT_KNOWN_DENIED;
	gmt_groups_by_creator(&groups, &table);
	ok(groups.count == 3 && other(&groups, GMT_GROUP_UNKNOWN)->gmems == 1,
	   "those of an unknown creator have a group of their own");
	ok(!(process(&groups, 10)->known & GMT_KNOWN_DENIED) &&
		   (process(&groups, 20)->known & GMT_KNOWN_DENIED),
	   "a sum is known where each part of it is");
	gmt_groups_exit(&groups);
	gmt_table_exit(&table);
}

static void test_holders(void)
{
	static const struct gmt_rec_holder holders[] = {
		{ .id = 1, .pid = 30, .start_ns = 5, .fds = 1, .comm = "vmm" },
		{ .id = 2, .pid = 30, .start_ns = 5, .fds = 2, .comm = "vmm" },
		{ .id = 2, .pid = 31, .start_ns = 5, .fds = 1, .comm = "helper" },
		{ .id = 3, .pid = 32, .start_ns = 5, .fds = 1, .comm = "gone" },
	};
	struct gmt_groups groups = { 0 };
	struct gmt_table table;

	gmt_table_init(&table);
	fill(&table, 2, 2, 0, S);
	gmt_table_begin(&table, 2 * S);
	for (uint64_t id = 1; id <= 4; id++) {
		struct gmt_rec_gmem r = rec(id, 0);

		if (id != 3)
			gmt_table_put(&table, &r, 2 * S);
	}
	gmt_table_end(&table);
	ok(!gmt_groups_by_holder(&groups, &table, holders, 4) && groups.count == 3,
	   "a group a holder, and one for what nobody holds");
	ok(process(&groups, 30)->gmems == 2 && process(&groups, 30)->fds == 3, "descriptors too");
	ok(process(&groups, 31)->gmems == 1, "what two hold is counted for both");
	ok(!process(&groups, 32), "holders of a gmem that went meanwhile are passed over");
	ok(other(&groups, GMT_GROUP_NONE)->last_id == 4, "nobody holds the last");
	gmt_groups_exit(&groups);
	gmt_table_exit(&table);
}

static void bind(struct gmt_table *table, uint64_t id, uint64_t vm, const char *consumer)
{
	struct gmt_rec_binding binding = { .id = id, .vm = vm, .size_bytes = 4096 };

	memcpy(binding.consumer, consumer, strlen(consumer));
	gmt_table_put_binding(table, &binding);
}

static void test_vms(void)
{
	struct gmt_group_key key = gmt_group_key_vm("0123456789abcdef", 9);
	struct gmt_groups groups = { 0 };
	struct gmt_table table;

	gmt_table_init(&table);
	gmt_table_begin(&table, S);
	for (uint64_t id = 1; id <= 4; id++) {
		struct gmt_rec_gmem r = rec(id, 0);

		gmt_table_put(&table, &r, S);
	}
	bind(&table, 1, 9, "0123456789abcdef");
	bind(&table, 2, 9, "0123456789abcdef");
	bind(&table, 2, 9, "kvm");
	gmt_table_end(&table);
	ok(!gmt_groups_by_vm(&groups, &table), "by VM");
	ok(gmt_groups_find(&groups, &key)->gmems == 2 &&
		   gmt_groups_find(&groups, &key)->bindings == 2,
	   "a hypervisor's name may fill its array");
	is_int(gmt_groups_find(&groups, &key)->bound_bytes, 8192, "what it has bound");
	ok(other(&groups, GMT_GROUP_NONE)->gmems == 1, "3 is not bound");
	ok(other(&groups, GMT_GROUP_UNKNOWN)->gmems == 1, "4 is, but nobody tells to whom");
	gmt_groups_exit(&groups);
	gmt_table_exit(&table);
}

static void test_nodes(void)
{
	static const struct gmt_rec_node nodes[] = {
		{ .id = 1, .nid = 0, .resident_bytes = 4096 },
		{ .id = 2, .nid = 0, .resident_bytes = 4096 },
	};
	struct gmt_group_key key = gmt_group_key_number(0);
	struct gmt_groups groups = { 0 };
	struct gmt_table table;

	gmt_table_init(&table);
	fill(&table, 1, 3, 0, S);
	ok(!gmt_groups_by_node(&groups, &table, nodes, 2), "by node");
	is_int(gmt_groups_find(&groups, &key)->node_bytes, 8192, "bytes of a node");
	is_int(other(&groups, GMT_GROUP_UNKNOWN)->node_bytes, 4096 + 3 * 4096,
	       "what no node was told of is kept as unknown");
	gmt_groups_exit(&groups);
	gmt_table_exit(&table);
}

static void test_many(void)
{
	struct gmt_groups groups = { 0 };
	struct gmt_table table;
	bool all = true;

	gmt_table_init(&table);
	gmt_table_begin(&table, S);
	for (uint64_t id = 1; id <= 5000; id++) {
		struct gmt_rec_gmem r = rec(id, 0);

		r.creator_cgroup_id = id / 2;
		gmt_table_put(&table, &r, S);
	}
	gmt_table_end(&table);
	for (int round = 0; round < 2; round++)
		gmt_groups_by_cgroup(&groups, &table);
	is_int(groups.count, 2501, "as many groups as there are cgroups");
	for (uint64_t id = 0; id <= 2500; id++) {
		struct gmt_group_key key = gmt_group_key_number(id);
		const struct gmt_group *group = gmt_groups_find(&groups, &key);

		all = all && group && group->gmems == (id && id < 2500 ? 2 : 1);
	}
	ok(all, "each is found by its key");
	gmt_groups_exit(&groups);
	gmt_table_exit(&table);
}

int main(void)
{
	tap_plan(8 + 5 + 5 + 3 + 2);
	test_creators();
	test_holders();
	test_vms();
	test_nodes();
	test_many();
	return tap_done();
}
