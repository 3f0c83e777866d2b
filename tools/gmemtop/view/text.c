// SPDX-License-Identifier: GPL-2.0-only
/* Tables, one gmem, its bindings and ranges, and findings as plain text. Events are in text_event.c. */
#include <inttypes.h>
#include <linux/gmem.h>
#include <string.h>

#include "view/cells.h"
#include "model/flags.h"
#include "view/text.h"

static void put_cell(FILE *out, const char *text, int width, enum gmt_align align, bool last)
{
	char cell[GMT_CELL_MAX * 2];

	if (last && align != GMT_ALIGN_RIGHT) {
		fprintf(out, "%s\n", text);
		return;
	}
	gmt_fit(cell, sizeof(cell), text, width, align);
	fprintf(out, "%s%c", cell, last ? '\n' : ' ');
}

/* As wide as the widest cell: a file has room, and a script wants the whole of it. */
static int column_width(const struct gmt_table *table, enum gmt_column column)
{
	int width = gmt_width(gmt_cell_style(column)->header);
	char text[GMT_CELL_MAX];

	for (size_t i = 0; i < table->shown_count; i++) {
		int needed;

		gmt_cell_format(text, sizeof(text), table->shown[i], column);
		needed = gmt_width(text);
		if (needed > width)
			width = needed;
	}
	return width;
}

static void put_sum(FILE *out, const struct gmt_totals *totals, const char *name, uint32_t needed,
		    uint64_t sum)
{
	if (needed & ~totals->known)
		fprintf(out, "  %s ?", name);
	else
		fprintf(out, "  %s %" PRIu64, name, sum);
}

static void put_totals(FILE *out, const struct gmt_totals *totals, bool rates)
{
	char text[256], bytes[3][8];

	if (rates) {
		gmt_totals_format(text, sizeof(text), totals, sizeof(text) - 1);
		fprintf(out, "%s\n", text);
		return;
	}
	gmt_totals_bytes(bytes, totals);
	fprintf(out, "total: %zu gmem%s  size %s  private %s  shared %s", totals->gmems,
		totals->gmems == 1 ? "" : "s", bytes[0], bytes[1], bytes[2]);
	put_sum(out, totals, "faults", GMT_KNOWN_FAULTS, totals->faults);
	put_sum(out, totals, "conversions", GMT_KNOWN_CONVERSIONS, totals->conversions);
	put_sum(out, totals, "denied", GMT_KNOWN_DENIED, totals->denied);
	fprintf(out, "  lost %" PRIu64 "\n", totals->lost);
}

void gmt_text_table(FILE *out, const struct gmt_table *table, const enum gmt_column *set,
		    size_t count, bool rates)
{
	int widths[GMT_COLUMN_MAX];
	char text[GMT_CELL_MAX];

	for (size_t c = 0; c < count; c++) {
		const struct gmt_cell_style *style = gmt_cell_style(set[c]);

		widths[c] = column_width(table, set[c]);
		put_cell(out, style->header, widths[c], style->align, c + 1 == count);
	}
	for (size_t i = 0; i < table->shown_count; i++) {
		for (size_t c = 0; c < count; c++) {
			gmt_cell_format(text, sizeof(text), table->shown[i], set[c]);
			put_cell(out, text, widths[c], gmt_cell_style(set[c])->align,
				 c + 1 == count);
		}
	}
	put_totals(out, &table->totals, rates);
}

void gmt_text_refresh_head(FILE *out, const struct gmt_table *table)
{
	char time[40];

	gmt_format_time(time, sizeof(time), table->last_ns, table->offset_ns);
	fprintf(out, "gmemtop %s  %zu of %zu gmem%s\n", time, table->shown_count, table->count,
		table->count == 1 ? "" : "s");
}

/* A line that says "?" where the source cannot tell what is @needed for it. */
static bool put_unknown(FILE *out, const char *name, const struct gmt_rec_gmem *rec,
			uint32_t needed)
{
	if (!(needed & ~rec->known))
		return false;
	fprintf(out, "%-20s ?\n", name);
	return true;
}

static void put_bytes(FILE *out, const char *name, uint64_t bytes)
{
	char human[8];

	gmt_format_bytes(human, sizeof(human), bytes);
	fprintf(out, "%-20s %" PRIu64 " (%s)\n", name, bytes, human);
}

static void put_number(FILE *out, const char *name, uint64_t number)
{
	fprintf(out, "%-20s %" PRIu64 "\n", name, number);
}

static void put_creator(FILE *out, const struct gmt_row *row, bool alive, int64_t offset_ns)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	char text[GMT_CELL_MAX], time[40];

	if (!put_unknown(out, "creator", rec, GMT_KNOWN_CREATOR)) {
		gmt_clean(text, sizeof(text), rec->creator_comm, sizeof(rec->creator_comm));
		fprintf(out, "%-20s %s, pid %u%s, uid %u\n", "creator", text, rec->creator_pid,
			alive ? "" : " (gone)", rec->creator_uid);
	}
	gmt_cell_format(text, sizeof(text), row, GMT_COLUMN_CGROUP);
	fprintf(out, "%-20s %s\n", "cgroup", text);
	if (!put_unknown(out, "created", rec, GMT_KNOWN_CREATED)) {
		gmt_format_time(time, sizeof(time), rec->created_ns, offset_ns);
		fprintf(out, "%-20s %s\n", "created", time);
	}
}

void gmt_text_gmem(FILE *out, const struct gmt_row *row, bool alive, int64_t offset_ns)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	const struct {
		const char *name;
		uint64_t value;
		bool bytes;
		uint32_t needed;
	} numbers[] = {
		{ "size", rec->size_bytes, true, 0 },
		{ "resident private", rec->resident_private_bytes, true,
		  GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES },
		{ "resident shared", rec->resident_shared_bytes, true,
		  GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES },
		{ "bindings", rec->bindings, false, GMT_KNOWN_BINDINGS },
		{ "faults host", rec->faults_host, false, GMT_KNOWN_FAULTS_HOST },
		{ "faults guest", rec->faults_guest, false, GMT_KNOWN_FAULTS_GUEST },
		{ "denied private", rec->denied_private, false, GMT_KNOWN_DENIED },
		{ "denied flags", rec->denied_flags, false, GMT_KNOWN_DENIED },
		{ "denied capability", rec->denied_capability, false, GMT_KNOWN_DENIED },
		{ "denied policy", rec->denied_policy, false, GMT_KNOWN_DENIED },
		{ "conversions", rec->conversions, false, GMT_KNOWN_CONVERSIONS },
		{ "conversions failed", rec->conversions_failed, false, GMT_KNOWN_CONVERSIONS },
		{ "converted", rec->converted_bytes, true, GMT_KNOWN_CONVERSIONS },
		{ "allocated", rec->allocated_bytes, true, GMT_KNOWN_ALLOCATIONS },
		{ "freed", rec->freed_bytes, true, GMT_KNOWN_ALLOCATIONS },
		{ "read", rec->read_bytes, true, GMT_KNOWN_IO },
		{ "written", rec->written_bytes, true, GMT_KNOWN_IO },
		{ "inspected", rec->inspected_bytes, true, GMT_KNOWN_IO },
		{ "invalidations", rec->invalidations, false, GMT_KNOWN_INVALIDATIONS },
		{ "memory failures", rec->memory_failures, false, GMT_KNOWN_FAILURES },
	};
	char text[GMT_CELL_MAX];

	put_number(out, "id", rec->id);
	gmt_cell_format(text, sizeof(text), row, GMT_COLUMN_NAME);
	fprintf(out, "%-20s %s\n", "name", text);
	put_creator(out, row, alive, offset_ns);
	if (!put_unknown(out, "flags", rec, GMT_KNOWN_FLAGS)) {
		gmt_flags_format(text, sizeof(text), rec->create_flags);
		fprintf(out, "%-20s %s\n", "flags", text);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (put_unknown(out, numbers[i].name, rec, numbers[i].needed))
			continue;
		(numbers[i].bytes ? put_bytes : put_number)(out, numbers[i].name, numbers[i].value);
	}
	put_number(out, "lost", 0);
}

void gmt_text_nodes(FILE *out, const struct gmt_detail *detail)
{
	char name[32];

	for (size_t i = 0; i < detail->node_count; i++) {
		snprintf(name, sizeof(name), "resident node %u", detail->nodes[i].nid);
		put_bytes(out, name, detail->nodes[i].resident_bytes);
	}
	if (!detail->nodes_known)
		fprintf(out, "%-20s ?\n", "resident by node");
}

void gmt_text_holders(FILE *out, const struct gmt_detail *detail)
{
	char comm[GMT_CELL_MAX], cgroup[GMT_CELL_MAX];

	if (!detail->holders_known)
		fprintf(out, "\nwho holds descriptors is not known\n");
	else if (!detail->holder_count)
		fprintf(out, "\nno process holds a descriptor\n");
	else
		fprintf(out, "\n%10s %10s %6s  %-16s %s\n", "PID", "UID", "FDS", "COMMAND",
			"CGROUP");
	for (size_t i = 0; i < detail->holder_count; i++) {
		const struct gmt_detail_holder *holder = &detail->holders[i];
		char cell[GMT_CELL_MAX * 2];

		gmt_clean(comm, sizeof(comm), holder->rec.comm, sizeof(holder->rec.comm));
		gmt_fit(cell, sizeof(cell), comm, 16, GMT_ALIGN_LEFT);
		snprintf(cgroup, sizeof(cgroup), "id %" PRIu64, (uint64_t)holder->rec.cgroup_id);
		if (holder->cgroup[0])
			gmt_clean(cgroup, sizeof(cgroup), holder->cgroup, SIZE_MAX);
		fprintf(out, "%10u %10u %6u  %s %s\n", holder->rec.pid, holder->rec.uid,
			holder->rec.fds, cell, cgroup);
	}
}

void gmt_text_binding_head(FILE *out)
{
	fprintf(out, "\n%18s %18s %5s %18s %18s %5s  %s\n", "OFFSET", "END", "SIZE",
		"GUEST ADDRESS", "GUEST END", "SLOT", "VM");
}

void gmt_text_binding(FILE *out, const struct gmt_rec_binding *binding)
{
	char size[8], vm[GMT_CELL_MAX];

	gmt_format_bytes(size, sizeof(size), binding->size_bytes);
	gmt_vm_format(vm, sizeof(vm), binding->consumer, binding->vm);
	fprintf(out,
		"0x%016" PRIx64 " 0x%016" PRIx64 " %5s 0x%016" PRIx64 " 0x%016" PRIx64 " %5u  %s\n",
		(uint64_t)binding->offset_bytes,
		(uint64_t)(binding->offset_bytes + binding->size_bytes), size,
		(uint64_t)binding->guest_address,
		(uint64_t)(binding->guest_address + binding->size_bytes), binding->slot, vm);
}

void gmt_text_bindings_unknown(FILE *out)
{
	fprintf(out, "\nbindings are not known: the source does not tell them\n");
}

void gmt_text_range_head(FILE *out)
{
	fprintf(out, "\n%18s %18s %5s  %-7s  %s\n", "OFFSET", "END", "SIZE", "STATE", "RESIDENT");
}

void gmt_text_ranges_unknown(FILE *out)
{
	fprintf(out, "\nranges are not known: the source does not tell them\n");
}

void gmt_text_range(FILE *out, const struct gmt_rec_range *range)
{
	char size[8];

	gmt_format_bytes(size, sizeof(size), range->size_bytes);
	fprintf(out, "0x%016" PRIx64 " 0x%016" PRIx64 " %5s  %-7s  %s\n",
		(uint64_t)range->offset_bytes, (uint64_t)(range->offset_bytes + range->size_bytes),
		size, range->flags & GMEM_RANGE_SHARED ? "shared" : "private",
		range->flags & GMEM_RANGE_RESIDENT ? "yes" : "no");
}

void gmt_text_check(FILE *out, const struct gmt_check *check)
{
	static const char *const words[] = {
		[GMT_CHECK_OK] = "ok",
		[GMT_CHECK_NOTE] = "note",
		[GMT_CHECK_MISSING] = "MISSING",
	};

	fprintf(out, "%-7s  %-14s  %s\n", words[check->status], check->name, check->detail);
	if (check->advice[0])
		fprintf(out, "%-7s  %-14s  -> %s\n", "", "", check->advice);
}
