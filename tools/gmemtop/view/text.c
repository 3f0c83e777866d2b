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

static void put_totals(FILE *out, const struct gmt_totals *totals, bool rates)
{
	char text[256], bytes[3][8];

	if (rates) {
		gmt_totals_format(text, sizeof(text), totals, sizeof(text) - 1);
		fprintf(out, "%s\n", text);
		return;
	}
	gmt_format_bytes(bytes[0], sizeof(bytes[0]), totals->size_bytes);
	gmt_format_bytes(bytes[1], sizeof(bytes[1]), totals->resident_private_bytes);
	gmt_format_bytes(bytes[2], sizeof(bytes[2]), totals->resident_shared_bytes);
	fprintf(out,
		"total: %zu gmem%s  size %s  private %s  shared %s  faults %" PRIu64
		"  conversions %" PRIu64 "  denied %" PRIu64 "  lost %" PRIu64 "\n",
		totals->gmems, totals->gmems == 1 ? "" : "s", bytes[0], bytes[1], bytes[2],
		totals->faults, totals->conversions, totals->denied, totals->lost);
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

	gmt_format_time(time, sizeof(time), table->last_ns, gmt_clock_offset_ns());
	fprintf(out, "gmemtop %s  %zu of %zu gmem%s\n", time, table->shown_count, table->count,
		table->count == 1 ? "" : "s");
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

static void put_creator(FILE *out, const struct gmt_row *row, bool alive)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	char text[GMT_CELL_MAX], time[40];

	gmt_clean(text, sizeof(text), rec->creator_comm, sizeof(rec->creator_comm));
	fprintf(out, "%-20s %s, pid %u%s, uid %u\n", "creator", text, rec->creator_pid,
		alive ? "" : " (gone)", rec->creator_uid);
	gmt_cell_format(text, sizeof(text), row, GMT_COLUMN_CGROUP);
	fprintf(out, "%-20s %s\n", "cgroup", text);
	gmt_format_time(time, sizeof(time), rec->created_ns, gmt_clock_offset_ns());
	fprintf(out, "%-20s %s\n", "created", time);
}

void gmt_text_gmem(FILE *out, const struct gmt_row *row, bool creator_alive)
{
	const struct gmt_rec_gmem *rec = &row->rec;
	char text[GMT_CELL_MAX];

	put_number(out, "id", rec->id);
	gmt_clean(text, sizeof(text), rec->name, sizeof(rec->name));
	fprintf(out, "%-20s %s\n", "name", text);
	put_creator(out, row, creator_alive);
	gmt_flags_format(text, sizeof(text), rec->create_flags);
	fprintf(out, "%-20s %s\n", "flags", text);
	put_bytes(out, "size", rec->size_bytes);
	put_bytes(out, "resident private", rec->resident_private_bytes);
	put_bytes(out, "resident shared", rec->resident_shared_bytes);
	put_number(out, "bindings", rec->bindings);
	put_number(out, "faults host", rec->faults_host);
	put_number(out, "faults guest", rec->faults_guest);
	put_number(out, "denied private", rec->denied_private);
	put_number(out, "denied flags", rec->denied_flags);
	put_number(out, "denied capability", rec->denied_capability);
	put_number(out, "denied policy", rec->denied_policy);
	put_number(out, "conversions", rec->conversions);
	put_number(out, "conversions failed", rec->conversions_failed);
	put_bytes(out, "converted", rec->converted_bytes);
	put_bytes(out, "allocated", rec->allocated_bytes);
	put_bytes(out, "freed", rec->freed_bytes);
	put_bytes(out, "read", rec->read_bytes);
	put_bytes(out, "written", rec->written_bytes);
	put_bytes(out, "inspected", rec->inspected_bytes);
	put_number(out, "invalidations", rec->invalidations);
	put_number(out, "memory failures", rec->memory_failures);
	put_number(out, "lost", 0);
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
	fprintf(out, "\nbindings are not known: this gmem.ko does not tell them\n");
}

void gmt_text_range_head(FILE *out)
{
	fprintf(out, "\n%18s %18s %5s  %-7s  %s\n", "OFFSET", "END", "SIZE", "STATE", "RESIDENT");
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
