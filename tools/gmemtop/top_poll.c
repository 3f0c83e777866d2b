// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is read for the open view: snapshots always, the rest only while it is shown. Nothing
 * listens in the kernel but for the views of latency, events and one gmem.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/policies.h"
#include "top.h"

#define BUFFER_BYTES ((size_t)4 << 20)
/* Of a flood so many are taken at a time, so that keys are still heard; the rest is counted. */
#define EVENTS_A_POLL 20000

#define LISTENING (GMT_NEED_BIT(EVENTS) | GMT_NEED_BIT(DENIALS))

/* Not being told of something is no failure: the view says why. Return: 0, or -ENOMEM */
static int excuse(struct gmt_live *live, enum gmt_need need, int err, const struct gmt_error *error)
{
	live->why[need][0] = '\0';
	if (!err || err == -ENOMEM)
		return err;
	snprintf(live->why[need], sizeof(live->why[need]), "%.127s", error->text);
	return 0;
}

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
	size_t wanted = *capacity ? *capacity * 2 : 64;

	if (count < *capacity)
		return list;
	list = reallocarray(list, wanted, size);
	if (list)
		*capacity = wanted;
	return list;
}

static int keep_holder(void *ctx, const struct gmt_rec_holder *holder)
{
	struct gmt_holders *holders = ctx;
	void *list = grow(holders->list, holders->count, &holders->capacity, sizeof(*holder));

	if (!list)
		return -ENOMEM;
	holders->list = list;
	holders->list[holders->count++] = *holder;
	return 0;
}

static int keep_node(void *ctx, const struct gmt_rec_node *node)
{
	struct gmt_nodes *nodes = ctx;
	void *list = grow(nodes->list, nodes->count, &nodes->capacity, sizeof(*node));

	if (!list)
		return -ENOMEM;
	nodes->list = list;
	nodes->list[nodes->count++] = *node;
	return 0;
}

/* Of the past only the gmems themselves are kept. */
static bool is_past(struct gmt_live *live, enum gmt_need need)
{
	if (live->back)
		strcpy(live->why[need], "not kept of the past");
	return live->back;
}

static int read_holders(struct gmt_top *top, uint64_t first, uint64_t last)
{
	struct gmt_live *live = &top->live;
	struct gmt_error error = { .text = "" };

	live->holders.count = 0;
	if (is_past(live, GMT_NEED_HOLDERS))
		return 0;
	return excuse(live, GMT_NEED_HOLDERS,
		      gmt_source_holders(top->source, first, last, keep_holder, &live->holders,
					 &error),
		      &error);
}

static int read_nodes(struct gmt_top *top, uint64_t first, uint64_t last)
{
	struct gmt_live *live = &top->live;
	struct gmt_error error = { .text = "" };

	live->nodes.count = 0;
	if (is_past(live, GMT_NEED_NODES))
		return 0;
	return excuse(live, GMT_NEED_NODES,
		      gmt_source_nodes(top->source, first, last, keep_node, &live->nodes, &error),
		      &error);
}

static int keep_range(void *ctx, const struct gmt_rec_range *range)
{
	return gmt_detail_add_range(ctx, range);
}

static int keep_binding(void *ctx, const struct gmt_rec_binding *binding)
{
	return gmt_detail_add_binding(ctx, binding);
}

static const struct gmt_row *find_row(const struct gmt_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i]->rec.id == id)
			return table->rows[i];
	return NULL;
}

/* What was last seen of a gmem stays when it goes: whoever looks wants to know what it was. */
static int read_detail(struct gmt_top *top)
{
	struct gmt_live *live = &top->live;
	struct gmt_detail *detail = &live->detail;
	struct gmt_error error = { .text = "" };
	uint64_t id = top->ui.detail_id, taken_ns = detail->row.taken_ns;
	const struct gmt_row *row = find_row(&live->table, id);
	bool same = live->detail_id == id && detail->row.rec.id;
	int err;

	if (!row) {
		live->detail_gone = same;
		if (!same)
			live->detail_id = 0;
		return 0;
	}
	live->detail_s = 0;
	if (same && row->taken_ns > taken_ns) {
		live->detail_before = detail->row.rec;
		live->detail_s = (double)(row->taken_ns - taken_ns) / 1e9;
	}
	live->detail_id = id;
	live->detail_gone = false;
	/* The lists' memory is kept; the VMs are this detail's own. */
	detail->range_count = detail->binding_count = 0;
	gmt_vms_reset(&detail->row.vms);
	struct gmt_vms vms = detail->row.vms;

	detail->row = *row;
	detail->row.vms = vms;
	detail->creator_alive = top->source->ops->creator_alive(top->source, &row->rec);
	if (live->back)
		err = -EOPNOTSUPP;
	else
		err = top->source->ops->ranges ?
			      top->source->ops->ranges(top->source, id, keep_range, detail,
						       &error) :
			      -EOPNOTSUPP;
	if (err == -ENOMEM)
		return err;
	err = 0;
	if (live->back)
		err = -EOPNOTSUPP;
	else if (row->rec.bindings || !(row->rec.known & GMT_KNOWN_BINDINGS))
		err = gmt_source_bindings(top->source, id, id, keep_binding, detail, &error);
	detail->row.vms.known = !err;
	if (err == -ENOMEM)
		return err;
	err = read_holders(top, id, id);
	return err ? err : read_nodes(top, id, id);
}

static int read_policies(struct gmt_top *top)
{
	static uint64_t last_ns;
	struct gmt_live *live = &top->live;
	struct gmt_policy_rows now = { 0 };
	struct gmt_error error = { .text = "" };
	uint64_t now_ns = gmt_source_now_ns(top->source);
	int err = gmt_policies_list(top->source, &now, &error);

	if (excuse(live, GMT_NEED_POLICIES, err, &error))
		return -ENOMEM;
	if (err)
		now = (struct gmt_policy_rows){ 0 };
	/* The same moment again, of a recording that is stopped, tells no rates. */
	if (now_ns > last_ns) {
		gmt_policy_rows_free(&live->policies_before);
		live->policies_before = live->policies;
		live->policies_s = last_ns ? (double)(now_ns - last_ns) / 1e9 : 0;
		last_ns = now_ns;
	} else {
		gmt_policy_rows_free(&live->policies);
	}
	live->policies = now;
	return 0;
}

static void read_latency(struct gmt_top *top)
{
	struct gmt_live *live = &top->live;
	struct gmt_error error = { .text = "" };
	struct gmt_hist *now;
	uint64_t missed = live->latency_missed;
	int err;

	if (!(top->attached & GMT_NEED_BIT(LATENCY)))
		return;
	now = calloc(GMT_LATENCY_MAX, sizeof(*now));
	if (!now)
		return;
	err = top->source->ops->latency_read(top->source, now, &missed, &error);
	if (err) {
		excuse(live, GMT_NEED_LATENCY, err, &error);
	} else {
		memcpy(live->hists_before, live->hists, sizeof(live->hists));
		memcpy(live->hists, now, sizeof(live->hists));
		live->latency_missed = missed;
	}
	free(now);
}

static void read_losses(struct gmt_top *top)
{
	struct gmt_live *live = &top->live;
	struct gmt_trace_totals totals = { 0 };
	struct gmt_error error;
	struct gmt_trace_sums sums, before = gmt_trace_sum(&live->trace);

	live->lost = live->latency_missed + before.ring_full + before.missed;
	if (!(top->attached & LISTENING))
		return;
	if (top->source->ops->trace_losses(top->source, &totals, &error))
		return;
	sums = gmt_trace_sum(&totals);
	live->lost += sums.ring_full + sums.missed;
}

static void read_player(struct gmt_top *top)
{
	const struct gmt_player_ops *player = top->source->player;
	struct gmt_live *live = &top->live;

	live->offset_ns = gmt_source_offset_ns(top->source);
	live->now_ns = gmt_source_now_ns(top->source);
	live->replaying = player;
	if (!player)
		return;
	player->span(top->source, &live->first_ns, &live->last_ns);
	live->speed = player->speed(top->source);
}

int gmt_top_refresh(struct gmt_top *top, bool leapt, struct gmt_error *error)
{
	int err = gmt_refresh(top->source, &top->live.table, error);

	if (err)
		return err;
	read_player(top);
	gmt_live_account(&top->live, leapt);
	if (gmt_top_keep(top))
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	return gmt_top_read(top, error);
}

int gmt_top_read(struct gmt_top *top, struct gmt_error *error)
{
	const struct gmt_view *view = gmt_ui_view(&top->ui);
	unsigned int needs = gmt_ui_needs(&top->ui);
	struct gmt_live *live = &top->live;
	int err = 0;

	if (needs & GMT_NEED_BIT(DETAIL))
		err = read_detail(top);
	else if (needs & GMT_NEED_BIT(HOLDERS))
		err = read_holders(top, 0, UINT64_MAX);
	if (!err && (needs & GMT_NEED_BIT(NODES)) && !(needs & GMT_NEED_BIT(DETAIL)))
		err = read_nodes(top, 0, UINT64_MAX);
	if (!err && (needs & GMT_NEED_BIT(POLICIES)))
		err = read_policies(top);
	if (!err && view->group != GMT_GROUP_KINDS)
		err = gmt_live_groups(live, view->group);
	if (err)
		return gmt_fail(error, GMT_EXIT_FAILURE, -ENOMEM, "out of memory");
	if (needs & GMT_NEED_BIT(LATENCY))
		read_latency(top);
	read_losses(top);
	return 0;
}

static void end_trace(struct gmt_top *top);

static int on_event(void *ctx, const struct gmt_rec_event *event)
{
	struct gmt_top *top = ctx;
	struct gmt_event_ring *ring =
		top->attached & GMT_NEED_BIT(EVENTS) ? &top->live.events : &top->live.denials;

	gmt_events_add(ring, event, top->source->ops->cgroup_path(top->source, event->cgroup_id));
	top->live.trace.received[event->event]++;
	return ++top->polled >= EVENTS_A_POLL;
}

size_t gmt_top_poll(struct gmt_top *top)
{
	enum gmt_need need =
		top->attached & GMT_NEED_BIT(EVENTS) ? GMT_NEED_EVENTS : GMT_NEED_DENIALS;
	struct gmt_error error = { .text = "" };
	int err;

	top->polled = 0;
	if (!(top->attached & LISTENING))
		return 0;
	err = top->source->ops->trace_poll(top->source, 0, on_event, top, &error);
	if (err < 0 && err != -EINTR) {
		excuse(&top->live, need, err, &error);
		end_trace(top);
	}
	return top->polled;
}

static void end_trace(struct gmt_top *top)
{
	const struct gmt_source_ops *ops = top->source->ops;
	struct gmt_trace_totals totals = { 0 };
	struct gmt_error error;

	if (!(top->attached & LISTENING))
		return;
	/* What came before the end counts as lost or received like all else. */
	if (!ops->trace_detach(top->source, &error)) {
		top->polled = 0;
		ops->trace_poll(top->source, 0, on_event, top, &error);
		if (!ops->trace_losses(top->source, &totals, &error)) {
			for (int i = 0; i < GMT_EVENT_MAX; i++) {
				top->live.trace.ring_full[i] += totals.ring_full[i];
				top->live.trace.missed[i] += totals.missed[i];
			}
		}
	}
	top->attached &= ~LISTENING;
}

static void end_latency(struct gmt_top *top)
{
	struct gmt_error error;

	if (top->attached & GMT_NEED_BIT(LATENCY))
		top->source->ops->latency_stop(top->source, &error);
	top->attached &= ~GMT_NEED_BIT(LATENCY);
}

void gmt_top_detach(struct gmt_top *top)
{
	end_trace(top);
	end_latency(top);
}

static void begin_trace(struct gmt_top *top, enum gmt_need need)
{
	struct gmt_trace_options options = { .events = GMT_EVENTS_ALL,
					     .buffer_bytes = BUFFER_BYTES };
	struct gmt_error error = { .text = "there are no events" };
	int err = -EOPNOTSUPP;

	if (need == GMT_NEED_DENIALS) {
		options.filter.task.id = top->ui.detail_id;
		options.filter.task.bits = GMT_FILTER_ID;
		options.filter.err_filter = GMT_ERR_FAILED;
		gmt_events_clear(&top->live.denials);
	}
	if (top->source->ops->trace_start)
		err = top->source->ops->trace_start(top->source, &options, &error);
	excuse(&top->live, need, err, &error);
	if (!err)
		top->attached |= 1U << need;
}

static void begin_latency(struct gmt_top *top)
{
	struct gmt_error error = { .text = "" };
	struct gmt_live *live = &top->live;
	int err = gmt_source_latency_start(top->source, 0, &error);

	memset(live->hists, 0, sizeof(live->hists));
	memset(live->hists_before, 0, sizeof(live->hists_before));
	excuse(live, GMT_NEED_LATENCY, err, &error);
	if (!err)
		top->attached |= GMT_NEED_BIT(LATENCY);
}

void gmt_top_attach(struct gmt_top *top)
{
	static const unsigned int attachable = LISTENING | GMT_NEED_BIT(LATENCY);
	unsigned int needs = gmt_ui_needs(&top->ui) & attachable;
	uint64_t id = needs & GMT_NEED_BIT(DENIALS) ? top->ui.detail_id : 0;
	struct gmt_live *live = &top->live;

	if (needs == top->wanted && id == top->attached_id)
		return;
	gmt_top_detach(top);
	top->wanted = needs;
	top->attached_id = id;
	for (int need = 0; need < GMT_NEEDS; need++)
		if (needs & 1U << need)
			live->why[need][0] = '\0';
	/* A recording's events cost its reader only. */
	if (top->readonly && !top->source->player) {
		for (int need = 0; need < GMT_NEEDS; need++)
			if (needs & 1U << need)
				strcpy(live->why[need],
				       "--readonly: no program is attached to listen");
		return;
	}
	if (needs & GMT_NEED_BIT(EVENTS))
		begin_trace(top, GMT_NEED_EVENTS);
	else if (needs & GMT_NEED_BIT(DENIALS))
		begin_trace(top, GMT_NEED_DENIALS);
	if (needs & GMT_NEED_BIT(LATENCY))
		begin_latency(top);
}
