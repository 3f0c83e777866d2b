// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the dashboard keeps of the past: rates for sparklines, denials that stand, events, and the
 * moments of --history; each against what was put in, with gmems that come and go between refreshes.
 * sources: tools/gmemtop/model/live.c tools/gmemtop/model/history.c tools/gmemtop/model/past.c
 * sources: tools/gmemtop/model/group.c tools/gmemtop/model/table.c tools/gmemtop/model/column.c
 * sources: tools/gmemtop/model/filter.c tools/gmemtop/model/vms.c tools/gmemtop/model/detail.c
 * cflags: -Ibpf -Itools/gmemtop
 */
#include "model/live.h"
#include "model/past.h"
#include "tap.h"

#define S     1000000000ULL
#define GMEMS 300
#define TICKS 400

static struct gmt_rec_gmem rec(uint64_t id, uint64_t faults, uint64_t denied)
{
	return (struct gmt_rec_gmem){ .id = id,
				      .known = GMT_KNOWN_ALL,
				      .faults_host = faults,
				      .denied_private = denied,
				      .creator_pid = (uint32_t)(id % 7),
				      .creator_cgroup_id = id % 5,
				      .size_bytes = 4096 };
}

static void test_history(void)
{
	struct gmt_rates rates = { .faults = 5 }, none = { 0 };
	const struct gmt_series *series;
	struct gmt_history history = { 0 };

	for (int i = 1; i <= 10; i++) {
		gmt_history_tick(&history);
		gmt_history_put(&history, 1, i >= 5 ? &rates : &none);
		gmt_history_put(&history, 2, &none);
		if (i != 8)
			gmt_history_put(&history, 3, &rates);
	}
	is_int(history.count, 2, "what never had a rate has no ring");
	series = gmt_history_find(&history, 1);
	ok(gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 0) == 5 &&
		   gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 5) == 5 &&
		   gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 6) == 0,
	   "a ring that began late is zero before");
	ok(gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 9) < 0,
	   "the first tick knows none");
	ok(gmt_history_at(&history, NULL, GMT_HISTORY_FAULTS, 3) == 0, "no ring means zero");
	series = gmt_history_find(&history, 3);
	ok(gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 2) < 0 &&
		   gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 1) == 5,
	   "a tick that nobody told of is not known");
	for (int i = 0; i < 300; i++) {
		gmt_history_tick(&history);
		gmt_history_put(&history, 1, &none);
	}
	gmt_history_put(&history, 3, &rates);
	ok(gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 0) == 5 &&
		   gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 1) < 0 &&
		   gmt_history_at(&history, series, GMT_HISTORY_FAULTS, 119) < 0,
	   "nor are those of a gap that is longer than the ring");
	for (int i = 0; i < 20; i++) {
		gmt_history_tick(&history);
		gmt_history_put(&history, 1, &none);
	}
	gmt_history_reap(&history, 10);
	ok(history.count == 1 && !gmt_history_find(&history, 3) && gmt_history_find(&history, 1),
	   "what is gone is reaped, the rest is found");
	gmt_history_reset(&history);
	history.bytes_max = 10 * sizeof(struct gmt_series);
	gmt_history_tick(&history);
	for (uint64_t key = 1; key <= 100; key++)
		gmt_history_put(&history, key, &rates);
	ok(history.count == 10 && history.refused == 90, "it is bounded in total");
	gmt_history_reset(&history);
}

/* Each gmem lives for a while and counts at its own pace; what it counted before it went unseen is lost to nobody. */
static void test_truth(void)
{
	uint64_t told[GMEMS + 1] = { 0 }, last[GMEMS + 1] = { 0 }, missed = 0, denied = 0;
	uint64_t grouped = 0, truth = 0;
	unsigned int seed = 7;
	struct gmt_live live;
	bool negative = false;

	gmt_live_init(&live);
	for (uint64_t tick = 0; tick < TICKS; tick++) {
		gmt_table_begin(&live.table, (tick + 1) * S);
		for (uint64_t id = 1; id <= GMEMS; id++) {
			uint64_t born = id + id % 3, dies = born + 1 + id * 7 % 90;
			struct gmt_rec_gmem r;

			if (tick < born || tick >= dies)
				continue;
			seed = seed * 1103515245 + 12345;
			last[id] += seed >> 16 & 0xff;
			r = rec(id, last[id], last[id] / 64);
			gmt_table_put(&live.table, &r, (tick + 1) * S + (seed & 0xffff));
		}
		gmt_table_end(&live.table);
		gmt_live_account(&live, false);
		gmt_live_groups(&live, GMT_GROUP_CGROUP);
		for (size_t i = 0; i < live.table.count; i++) {
			const struct gmt_row *row = live.table.rows[i];

			told[row->rec.id] += row->since.faults;
			negative |= row->rates.faults < 0 || row->rates.denied < 0;
		}
		for (size_t i = 0; i < live.groups[GMT_GROUP_CGROUP].count; i++) {
			const struct gmt_group *group = &live.groups[GMT_GROUP_CGROUP].list[i];

			grouped += group->since.faults;
			negative |= group->rates.faults < 0;
		}
	}
	for (uint64_t id = 1; id <= GMEMS; id++) {
		missed += told[id] != last[id];
		truth += last[id];
		denied += last[id] / 64;
	}
	ok(!negative, "no rate is negative");
	is_int(missed, 0, "of no gmem anything is missed or counted twice");
	ok(grouped == truth && truth, "nor of the groups");
	is_int(live.denied, denied, "each denial stands in the alarm, once");
	is_int(live.accounted_ns, TICKS * S, "up to the last refresh");
	gmt_live_account(&live, false);
	is_int(live.denied, denied, "the same moment again counts nothing");
	gmt_live_leap(&live);
	ok(!live.denied && !live.table.count && !live.recent.count,
	   "a leap forgets all that compares");
	gmt_live_exit(&live);
}

static void test_events(void)
{
	struct gmt_rec_event event = { .id = 1 };
	struct gmt_live live;

	gmt_live_init(&live);
	for (uint64_t i = 1; i <= live.events.capacity + 10; i++) {
		event.time_ns = i;
		gmt_events_add(&live.events, &event, "");
	}
	ok(live.events.first == 11 && gmt_events_at(&live.events, 11)->rec.time_ns == 11,
	   "the oldest events go first");
	live.events.held = live.events.next - 1;
	for (int i = 0; i < 10; i++)
		gmt_events_add(&live.events, &event, "");
	ok(live.events.dropped == 10 && live.events.first == 11,
	   "while held none goes, and those that find no room are counted");
	live.events.held = 0;
	gmt_events_add(&live.events, &event, "");
	ok(live.events.first == 12, "and after that they go again");
	gmt_live_exit(&live);
}

static void fill(struct gmt_table *table, uint64_t tick)
{
	gmt_table_begin(table, (tick + 1) * S);
	for (uint64_t id = 1; id <= 20; id++) {
		/* The first rests, the second only lives for a while. */
		struct gmt_rec_gmem r = rec(id, id == 1 ? 7 : tick * id, 0);

		if (id == 2 && (tick < 10 || tick > 20))
			continue;
		gmt_table_put(table, &r, (tick + 1) * S);
	}
	gmt_table_end(table);
}

static const struct gmt_row *row_of(const struct gmt_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i]->rec.id == id)
			return table->rows[i];
	return NULL;
}

static void test_past(void)
{
	struct gmt_past past = { .seconds = 30, .bytes_max = 1 << 20 };
	struct gmt_table table, then;
	bool same = true, gone = true;
	size_t moments;

	gmt_table_init(&table);
	gmt_table_init(&then);
	for (uint64_t tick = 0; tick < 40; tick++) {
		fill(&table, tick);
		gmt_past_add(&past, &table);
	}
	moments = gmt_past_moments(&past);
	ok(moments >= 29 && moments <= 30, "so many moments are kept as was asked for (%zu)",
	   moments);
	for (size_t back = 0; back <= moments; back++) {
		uint64_t tick = 39 - back;

		gmt_past_fill(&past, back, &then);
		for (uint64_t id = 3; id <= 20; id++) {
			const struct gmt_row *row = row_of(&then, id);

			same = same && row && row->rec.faults_host == tick * id &&
			       row->rates.faults == (double)id;
		}
		same = same && row_of(&then, 1)->rec.faults_host == 7 &&
		       then.last_ns == (tick + 1) * S;
		gone = gone && (row_of(&then, 2) != NULL) == (tick >= 10 && tick <= 20);
	}
	ok(same, "each is as it was, with its rates");
	ok(gone, "what came and went is there only when it was");
	past.bytes_max = 40 * sizeof(struct gmt_rec_gmem) + 4096;
	for (uint64_t tick = 40; tick < 60; tick++) {
		fill(&table, tick);
		gmt_past_add(&past, &table);
	}
	ok(past.bytes <= past.bytes_max * 2 && gmt_past_moments(&past) < 29,
	   "a smaller bound keeps less: %zu moments in %zu bytes", gmt_past_moments(&past),
	   past.bytes);
	gmt_past_fill(&past, 0, &then);
	is_int(row_of(&then, 5)->rec.faults_host, 59 * 5, "but always the newest");
	gmt_table_exit(&table);
	gmt_table_exit(&then);
	gmt_past_exit(&past);
	ok(!past.bytes && !past.count, "all of it is given back");
}

int main(void)
{
	tap_plan(8 + 7 + 3 + 6);
	test_history();
	test_truth();
	test_events();
	test_past();
	return tap_done();
}
