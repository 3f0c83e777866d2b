// SPDX-License-Identifier: GPL-2.0-only
/* The view of one gmem: what it is, a map of its ranges, counters, who has bound, holds and was denied. */
#include <curses.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <linux/gmem.h>

#include "model/event_fields.h"
#include "model/flags.h"
#include "view/cells.h"
#include "view/views/events.h"

#define MAP_CELLS_MAX 2048
#define LIST_MAX      200

/**
 * struct page - Lines, of which a window is drawn
 * @at: the next line's number; @top the first that is drawn, in line @y of the screen
 */
struct page {
	int at;
	int top;
	int y;
	int lines;
};

static bool visible(const struct page *page)
{
	return page->at >= page->top && page->at < page->top + page->lines;
}

__attribute__((format(printf, 3, 4))) static void put(struct page *page, enum gmt_role role,
						      const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (visible(page)) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		gmt_ui_line(page->y + page->at - page->top, text, role);
	}
	page->at++;
}

static void put_head(struct page *page, const char *text)
{
	put(page, GMT_ROLE_HEAD, " %s", text);
}

static void put_facts(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_live *live = ui->live;
	const struct gmt_row *row = &live->detail.row;
	const struct gmt_rec_gmem *rec = &row->rec;
	char name[256], comm[128], cgroup[1024], time[40], flags[256] = "", vms[256];
	size_t at = 0;

	gmt_cell_format(name, sizeof(name), row, GMT_COLUMN_NAME);
	gmt_cell_format(vms, sizeof(vms), row, GMT_COLUMN_VM);
	put(page, GMT_ROLE_TITLE, " gmem %" PRIu64 "  %s  vm %s%s", (uint64_t)rec->id, name, vms,
	    live->detail_gone ? "  GONE" : "");
	if (rec->known & GMT_KNOWN_CREATOR) {
		gmt_clean(comm, sizeof(comm), rec->creator_comm, sizeof(rec->creator_comm));
		gmt_format_time(time, sizeof(time), rec->created_ns, live->offset_ns);
		put(page, GMT_ROLE_TEXT, " made %s by %s, pid %u uid %u%s", time, comm,
		    rec->creator_pid, rec->creator_uid,
		    live->detail.creator_alive ? "" : " (ended)");
	} else {
		put(page, GMT_ROLE_TEXT, " made by ?");
	}
	gmt_cell_format(cgroup, sizeof(cgroup), row, GMT_COLUMN_CGROUP);
	for (unsigned int bit = 0; bit < 32 && at < sizeof(flags); bit++)
		if (rec->create_flags & 1U << bit)
			at += snprintf(flags + at, sizeof(flags) - at, " %s",
				       gmt_flag_name(bit) ? gmt_flag_name(bit) : "?");
	put(page, GMT_ROLE_TEXT, " cgroup %s", cgroup);
	put(page, GMT_ROLE_TEXT, " permits%s",
	    !(rec->known & GMT_KNOWN_FLAGS) ? " ?" :
	    flags[0]			    ? flags :
					      " nothing");
}

/* What a part of the memory is, by bytes; both states in one cell make it mixed. */
static enum gmt_map_cell cell_of(const uint64_t *bytes)
{
	if (bytes[GMT_MAP_UNKNOWN])
		return GMT_MAP_UNKNOWN;
	if (bytes[GMT_MAP_PRIVATE] && bytes[GMT_MAP_SHARED])
		return GMT_MAP_MIXED;
	if (bytes[GMT_MAP_PRIVATE])
		return GMT_MAP_PRIVATE;
	if (bytes[GMT_MAP_SHARED])
		return GMT_MAP_SHARED;
	return bytes[GMT_MAP_SHARED_EMPTY] > bytes[GMT_MAP_PRIVATE_EMPTY] ? GMT_MAP_SHARED_EMPTY :
									    GMT_MAP_PRIVATE_EMPTY;
}

static enum gmt_map_cell range_kind(const struct gmt_rec_range *range)
{
	if (range->flags & GMEM_RANGE_SHARED)
		return range->flags & GMEM_RANGE_RESIDENT ? GMT_MAP_SHARED : GMT_MAP_SHARED_EMPTY;
	return range->flags & GMEM_RANGE_RESIDENT ? GMT_MAP_PRIVATE : GMT_MAP_PRIVATE_EMPTY;
}

/* One pass over the ranges, however many: each cell takes its share of those it meets. */
static void fill_map(const struct gmt_detail *detail, enum gmt_map_cell *cells, int count,
		     uint64_t cell_bytes)
{
	size_t range = 0;

	for (int i = 0; i < count; i++) {
		uint64_t begin = (uint64_t)i * cell_bytes, end = begin + cell_bytes;
		uint64_t bytes[GMT_MAP_CELLS] = { 0 };

		while (range < detail->range_count) {
			const struct gmt_rec_range *r = &detail->ranges[range];
			uint64_t last = r->offset_bytes + r->size_bytes;
			uint64_t from = r->offset_bytes > begin ? r->offset_bytes : begin;
			uint64_t to = last < end ? last : end;

			if (to > from)
				bytes[range_kind(r)] += to - from;
			if (last > end)
				break;
			range++;
		}
		cells[i] = cell_of(bytes);
	}
}

static void put_map(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_detail *detail = &ui->live->detail;
	uint64_t size = detail->row.rec.size_bytes, pages = (size + 4095) / 4096, cell_bytes;
	enum gmt_map_cell cells[MAP_CELLS_MAX];
	int width = COLS - 2, rows = LINES >= 30 ? 4 : LINES >= 16 ? 2 : 1, count;
	char text[64];

	if (!detail->range_count || width < 1) {
		put(page, GMT_ROLE_DIM, " no ranges are told of");
		return;
	}
	count = width * rows < MAP_CELLS_MAX ? width * rows : MAP_CELLS_MAX;
	if (pages < (uint64_t)count)
		count = pages ? (int)pages : 1;
	/* Whole pages a cell, so that a page is in one. */
	cell_bytes = (pages + (uint64_t)count - 1) / (uint64_t)count * 4096;
	count = (int)((size + cell_bytes - 1) / cell_bytes);
	fill_map(detail, cells, count, cell_bytes);
	for (int i = 0; i < count; i += width) {
		int y = page->y + page->at - page->top;

		for (int j = i; visible(page) && j < i + width && j < count; j++) {
			enum gmt_role role;
			const char *glyph = gmt_look_map(&ui->look, cells[j], &role);

			gmt_role_use(role);
			mvaddstr(y, 1 + j - i, glyph);
		}
		page->at++;
	}
	gmt_look_bytes(text, sizeof(text), cell_bytes, &ui->look);
	put(page, GMT_ROLE_DIM, " %s private  %s shared  %s both  %s %s unpopulated  %s a cell",
	    gmt_look_map(&ui->look, GMT_MAP_PRIVATE, NULL),
	    gmt_look_map(&ui->look, GMT_MAP_SHARED, NULL),
	    gmt_look_map(&ui->look, GMT_MAP_MIXED, NULL),
	    gmt_look_map(&ui->look, GMT_MAP_PRIVATE_EMPTY, NULL),
	    gmt_look_map(&ui->look, GMT_MAP_SHARED_EMPTY, NULL), text);
}

static void put_memory(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_rec_gmem *rec = &ui->live->detail.row.rec;
	uint64_t resident = rec->resident_private_bytes + rec->resident_shared_bytes;
	char texts[4][24];

	gmt_look_bytes(texts[0], sizeof(texts[0]), rec->size_bytes, &ui->look);
	gmt_look_bytes(texts[1], sizeof(texts[1]), rec->resident_private_bytes, &ui->look);
	gmt_look_bytes(texts[2], sizeof(texts[2]), rec->resident_shared_bytes, &ui->look);
	gmt_look_bytes(texts[3], sizeof(texts[3]),
		       rec->size_bytes > resident ? rec->size_bytes - resident : 0, &ui->look);
	if (!(rec->known & GMT_KNOWN_STATES))
		strcpy(texts[1], "?"), strcpy(texts[2], "?");
	if (!(rec->known & GMT_KNOWN_RESIDENT))
		strcpy(texts[1], "?"), strcpy(texts[2], "?"), strcpy(texts[3], "?");
	put_head(page, "MEMORY");
	put(page, GMT_ROLE_TEXT, " size %s  private %s  shared %s  unpopulated %s", texts[0],
	    texts[1], texts[2], texts[3]);
	put_map(page, ui);
}

/* One rate with its last minutes, and the counts behind it. */
static void put_rate(struct page *page, const struct gmt_ui *ui, const char *name, double rate,
		     enum gmt_history_rate which, bool known, const char *counts)
{
	const struct gmt_live *live = ui->live;
	const struct gmt_row *row = &live->detail.row;
	int width = COLS - 26 - gmt_width(counts), y = page->y + page->at - page->top;
	char text[1024], number[8] = "-";

	if (!known)
		strcpy(number, "?");
	else if (row->has_rates)
		gmt_format_rate(number, sizeof(number), rate);
	if (width > GMT_HISTORY_SLOTS)
		width = GMT_HISTORY_SLOTS;
	if (width < 8)
		width = 8;
	gmt_look_spark(text, sizeof(text), &ui->look, &live->recent,
		       gmt_history_find(&live->recent, row->rec.id), which, width);
	if (visible(page)) {
		gmt_ui_line(y, "", GMT_ROLE_TEXT);
		mvprintw(y, 1, "%-14s", name);
		gmt_role_use(which == GMT_HISTORY_DENIED && rate > 0 ? GMT_ROLE_ALARM :
								       GMT_ROLE_TITLE);
		mvprintw(y, 15, "%5s", number);
		gmt_role_use(GMT_ROLE_SPARK);
		if (known && COLS > 30)
			mvaddnstr(y, 22, text, -1);
		gmt_role_use(GMT_ROLE_TEXT);
		if (24 + width < COLS) {
			gmt_fit(text, sizeof(text), counts, COLS - 24 - width, GMT_ALIGN_LEFT);
			mvaddstr(y, 24 + width, text);
		}
	}
	page->at++;
}

static void put_rates(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_row *row = &ui->live->detail.row;
	const struct gmt_rec_gmem *rec = &row->rec;
	char counts[3][128], n[5][8];

	gmt_format_count(n[0], sizeof(n[0]), rec->faults_host);
	gmt_format_count(n[1], sizeof(n[1]), rec->faults_guest);
	snprintf(counts[0], sizeof(counts[0]), "host %s  guest %s",
		 rec->known & GMT_KNOWN_FAULTS_HOST ? n[0] : "?",
		 rec->known & GMT_KNOWN_FAULTS_GUEST ? n[1] : "?");
	gmt_format_count(n[0], sizeof(n[0]), rec->conversions);
	gmt_format_count(n[1], sizeof(n[1]), rec->conversions_failed);
	snprintf(counts[1], sizeof(counts[1]), "done %s  failed %s",
		 rec->known & GMT_KNOWN_CONVERSIONS ? n[0] : "?",
		 rec->known & GMT_KNOWN_CONVERSIONS ? n[1] : "?");
	gmt_format_count(n[0], sizeof(n[0]), rec->denied_private);
	gmt_format_count(n[1], sizeof(n[1]), rec->denied_flags);
	gmt_format_count(n[2], sizeof(n[2]), rec->denied_capability);
	gmt_format_count(n[3], sizeof(n[3]), rec->denied_policy);
	snprintf(counts[2], sizeof(counts[2]), "private %s  flags %s  capability %s  policy %s",
		 n[0], n[1], n[2], n[3]);
	if (!(rec->known & GMT_KNOWN_DENIED))
		strcpy(counts[2], "?");
	put_head(page, "RATES");
	put_rate(page, ui, "faults/s", row->rates.faults, GMT_HISTORY_FAULTS,
		 gmt_column_known(row, GMT_COLUMN_FAULTS), counts[0]);
	put_rate(page, ui, "conversions/s", row->rates.conversions, GMT_HISTORY_CONVERSIONS,
		 gmt_column_known(row, GMT_COLUMN_CONVERSIONS), counts[1]);
	put_rate(page, ui, "denied/s", row->rates.denied, GMT_HISTORY_DENIED,
		 gmt_column_known(row, GMT_COLUMN_DENIED), counts[2]);
}

static void put_counters(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_live *live = ui->live;
	const struct gmt_rec_gmem *rec = &live->detail.row.rec, *old = &live->detail_before;
	const struct {
		const char *name;
		uint64_t now;
		uint64_t before;
		uint32_t known;
		bool bytes;
	} all[] = {
		{ "converted", rec->converted_bytes, old->converted_bytes, GMT_KNOWN_CONVERSIONS,
		  true },
		{ "allocated", rec->allocated_bytes, old->allocated_bytes, GMT_KNOWN_ALLOCATIONS,
		  true },
		{ "freed", rec->freed_bytes, old->freed_bytes, GMT_KNOWN_ALLOCATIONS, true },
		{ "read", rec->read_bytes, old->read_bytes, GMT_KNOWN_IO, true },
		{ "written", rec->written_bytes, old->written_bytes, GMT_KNOWN_IO, true },
		{ "inspected", rec->inspected_bytes, old->inspected_bytes, GMT_KNOWN_IO, true },
		{ "invalidations", rec->invalidations, old->invalidations, GMT_KNOWN_INVALIDATIONS,
		  false },
		{ "failures", rec->memory_failures, old->memory_failures, GMT_KNOWN_FAILURES,
		  false },
	};
	char line[1024] = "", number[24], rate[16];
	int used = 0;

	put_head(page, "COUNTERS (a second)");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char item[80];
		double a_second = all[i].now > all[i].before && live->detail_s > 0 ?
					  (double)(all[i].now - all[i].before) / live->detail_s :
					  0;

		if (all[i].bytes) {
			gmt_look_bytes(number, sizeof(number), all[i].now, &ui->look);
			gmt_look_bytes(rate, sizeof(rate), (uint64_t)a_second, &ui->look);
		} else {
			gmt_format_count(number, sizeof(number), all[i].now);
			gmt_format_rate(rate, sizeof(rate), a_second);
		}
		if (!(rec->known & all[i].known))
			snprintf(item, sizeof(item), " %-13s     ?", all[i].name);
		else
			snprintf(item, sizeof(item), " %-13s %5s (%s)", all[i].name, number,
				 live->detail_s > 0 ? rate : "-");
		if (used && used + 30 > COLS) {
			put(page, GMT_ROLE_TEXT, "%s", line);
			line[0] = '\0';
			used = 0;
		}
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%-30s", item);
		used += 30;
	}
	if (used)
		put(page, GMT_ROLE_TEXT, "%s", line);
}

static void put_bindings(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_detail *detail = &ui->live->detail;
	char vm[128], offset[24], size[24];

	put_head(page, "BINDINGS");
	if (!detail->row.vms.known)
		put(page, GMT_ROLE_DIM, " ? not known");
	else if (!detail->binding_count)
		put(page, GMT_ROLE_DIM, " none");
	for (size_t i = 0; i < detail->binding_count && i < LIST_MAX; i++) {
		const struct gmt_rec_binding *binding = &detail->bindings[i];

		gmt_vm_format(vm, sizeof(vm), binding->consumer, binding->vm);
		gmt_look_bytes(offset, sizeof(offset), binding->offset_bytes, &ui->look);
		gmt_look_bytes(size, sizeof(size), binding->size_bytes, &ui->look);
		put(page, GMT_ROLE_TEXT, " %-20s slot %-4u %6s at %-6s guest %#" PRIx64, vm,
		    binding->slot, size, offset, (uint64_t)binding->guest_address);
	}
	if (detail->binding_count > LIST_MAX)
		put(page, GMT_ROLE_DIM, " and %zu more", detail->binding_count - LIST_MAX);
}

static void put_holders(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_live *live = ui->live;
	char comm[GMT_COMM_MAX * 4 + 1], size[24];
	bool any = false;

	put_head(page, "HELD BY");
	for (size_t i = 0; i < live->holders.count; i++) {
		const struct gmt_rec_holder *holder = &live->holders.list[i];

		if (holder->id != live->detail_id)
			continue;
		gmt_clean(comm, sizeof(comm), holder->comm, sizeof(holder->comm));
		put(page, GMT_ROLE_TEXT, " %-7u %-20s uid %-6u %u descriptor%s", holder->pid, comm,
		    holder->uid, holder->fds, holder->fds == 1 ? "" : "s");
		any = true;
	}
	if (live->why[GMT_NEED_HOLDERS][0])
		put(page, GMT_ROLE_DIM, " ? %s", live->why[GMT_NEED_HOLDERS]);
	else if (!any)
		put(page, GMT_ROLE_DIM, " nobody's descriptors: a mapping or a binding");
	put_head(page, "NUMA NODES");
	any = false;
	for (size_t i = 0; i < live->nodes.count; i++) {
		const struct gmt_rec_node *node = &live->nodes.list[i];

		if (node->id != live->detail_id)
			continue;
		gmt_look_bytes(size, sizeof(size), node->resident_bytes, &ui->look);
		put(page, GMT_ROLE_TEXT, " node %-4u %s", node->nid, size);
		any = true;
	}
	if (live->why[GMT_NEED_NODES][0])
		put(page, GMT_ROLE_DIM, " ? %s", live->why[GMT_NEED_NODES]);
	else if (!any)
		put(page, GMT_ROLE_DIM, " nothing is resident");
}

static void put_denials(struct page *page, const struct gmt_ui *ui)
{
	const struct gmt_live *live = ui->live;
	const struct gmt_event_ring *ring = &live->denials;
	char time[32], err[24], comm[GMT_COMM_MAX * 4 + 1], details[512];

	put_head(page, "DENIED WHILE THIS VIEW IS OPEN");
	if (live->why[GMT_NEED_DENIALS][0])
		put(page, GMT_ROLE_DIM, " ? %s", live->why[GMT_NEED_DENIALS]);
	else if (ring->first == ring->next)
		put(page, GMT_ROLE_DIM, " nobody so far");
	for (uint64_t number = ring->next; number-- > ring->first;) {
		const struct gmt_rec_event *event = &gmt_events_at(ring, number)->rec;

		gmt_event_time(time, sizeof(time), event->time_ns, live->offset_ns);
		gmt_format_errno(err, sizeof(err), gmt_event_err(event));
		gmt_clean(comm, sizeof(comm), event->comm, sizeof(event->comm));
		gmt_event_details(details, sizeof(details), event);
		put(page, GMT_ROLE_WARN, " %s %-8s %-7s pid %-7u %-15s %s", time,
		    gmt_event_name(event->event) + strlen("gmem_"), err, event->pid, comm, details);
	}
}

static void put_all(struct page *page, const struct gmt_ui *ui)
{
	put_facts(page, ui);
	put_memory(page, ui);
	put_rates(page, ui);
	/* On most days there are none, but where there are, they are what is looked for. */
	if (ui->live->denials.first != ui->live->denials.next)
		put_denials(page, ui);
	put_counters(page, ui);
	put_bindings(page, ui);
	put_holders(page, ui);
	if (ui->live->denials.first == ui->live->denials.next)
		put_denials(page, ui);
}

void gmt_detail_draw(struct gmt_ui *ui, int y, int lines)
{
	/* First nothing is visible: how long is it? */
	struct page page = { .y = y };

	if (ui->live->detail_id != ui->detail_id || !ui->live->detail.row.rec.id) {
		gmt_ui_line(y,
			    ui->live->why[GMT_NEED_DETAIL][0] ? ui->live->why[GMT_NEED_DETAIL] :
								" there is no such gmem any more",
			    GMT_ROLE_TEXT);
		return;
	}
	put_all(&page, ui);
	if (ui->scroll + (size_t)lines > (size_t)page.at)
		ui->scroll = page.at > lines ? (size_t)(page.at - lines) : 0;
	page = (struct page){ .top = (int)ui->scroll, .y = y, .lines = lines };
	put_all(&page, ui);
	ui->rows = lines;
}
