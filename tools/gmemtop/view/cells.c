// SPDX-License-Identifier: GPL-2.0-only
/* The look of the model's columns, and the totals in one line. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view/cells.h"

static const struct gmt_cell_style styles[GMT_COLUMN_MAX] = {
	[GMT_COLUMN_ID] = { "ID", 2, 20, GMT_ALIGN_RIGHT, 'i', 0 },
	[GMT_COLUMN_NAME] = { "NAME", 8, 31, GMT_ALIGN_LEFT, 'n', 1 },
	[GMT_COLUMN_PRIVATE] = { "PRIV", 5, 5, GMT_ALIGN_RIGHT, 'p', 2 },
	[GMT_COLUMN_SHARED] = { "SHARE", 5, 5, GMT_ALIGN_RIGHT, 's', 3 },
	[GMT_COLUMN_FAULT_RATE] = { "FLT/S", 5, 5, GMT_ALIGN_RIGHT, 'f', 4 },
	[GMT_COLUMN_FAULTS] = { "FAULT", 5, 5, GMT_ALIGN_RIGHT, 0, 4 },
	[GMT_COLUMN_DENIED_RATE] = { "DEN/S", 5, 5, GMT_ALIGN_RIGHT, 'd', 5 },
	[GMT_COLUMN_DENIED] = { "DENY", 5, 5, GMT_ALIGN_RIGHT, 0, 5 },
	[GMT_COLUMN_CONVERSION_RATE] = { "CNV/S", 5, 5, GMT_ALIGN_RIGHT, 'x', 6 },
	[GMT_COLUMN_CONVERSIONS] = { "CONV", 5, 5, GMT_ALIGN_RIGHT, 0, 6 },
	[GMT_COLUMN_COMMAND] = { "COMMAND", 7, 15, GMT_ALIGN_LEFT, 'c', 7 },
	[GMT_COLUMN_PID] = { "PID", 3, 10, GMT_ALIGN_RIGHT, 'o', 8 },
	[GMT_COLUMN_SIZE] = { "SIZE", 5, 5, GMT_ALIGN_RIGHT, 'z', 9 },
	[GMT_COLUMN_CGROUP] = { "CGROUP", 8, 400, GMT_ALIGN_TAIL, 'g', 10 },
	[GMT_COLUMN_BINDINGS] = { "BIND", 5, 5, GMT_ALIGN_RIGHT, 0, 11 },
	[GMT_COLUMN_VM] = { "VM", 8, 40, GMT_ALIGN_LEFT, 'v', 12 },
};

const struct gmt_cell_style *gmt_cell_style(enum gmt_column column)
{
	return &styles[column];
}

static void format_rate(char *text, size_t size, const struct gmt_row *row, double rate)
{
	if (row->has_rates)
		gmt_format_rate(text, size, rate);
	else
		snprintf(text, size, "-");
}

static void format_cgroup(char *text, size_t size, const struct gmt_row *row)
{
	if (row->cgroup[0])
		gmt_clean(text, size, row->cgroup, SIZE_MAX);
	else
		snprintf(text, size, "id %" PRIu64, (uint64_t)row->rec.creator_cgroup_id);
}

void gmt_vm_format(char *text, size_t size, const char *consumer, uint64_t vm)
{
	char name[GMT_CONSUMER_MAX * 4 + 1];

	gmt_clean_word(name, sizeof(name), consumer, GMT_CONSUMER_MAX);
	snprintf(text, size, "%s %" PRIu64, name, vm);
}

/* The first VM, and how many more. */
static void format_vms(char *text, size_t size, const struct gmt_vms *vms)
{
	size_t length;

	if (!vms->count) {
		snprintf(text, size, "-");
		return;
	}
	gmt_vm_format(text, size, vms->list[0].consumer, vms->list[0].vm);
	length = strlen(text);
	if (vms->count > 1)
		snprintf(text + length, size - length, " +%zu", vms->count - 1);
}

void gmt_cell_format(char *text, size_t size, const struct gmt_row *row, enum gmt_column column)
{
	const struct gmt_rec_gmem *rec = &row->rec;

	if (!gmt_column_known(row, column)) {
		snprintf(text, size, "?");
		return;
	}
	switch (column) {
	case GMT_COLUMN_ID:
		snprintf(text, size, "%" PRIu64, (uint64_t)rec->id);
		break;
	case GMT_COLUMN_NAME:
		gmt_clean(text, size, rec->name, sizeof(rec->name));
		break;
	case GMT_COLUMN_COMMAND:
		gmt_clean(text, size, rec->creator_comm, sizeof(rec->creator_comm));
		break;
	case GMT_COLUMN_PID:
		snprintf(text, size, "%u", rec->creator_pid);
		break;
	case GMT_COLUMN_SIZE:
		gmt_format_bytes(text, size, rec->size_bytes);
		break;
	case GMT_COLUMN_PRIVATE:
		gmt_format_bytes(text, size, rec->resident_private_bytes);
		break;
	case GMT_COLUMN_SHARED:
		gmt_format_bytes(text, size, rec->resident_shared_bytes);
		break;
	case GMT_COLUMN_FAULT_RATE:
		format_rate(text, size, row, row->rates.faults);
		break;
	case GMT_COLUMN_CONVERSION_RATE:
		format_rate(text, size, row, row->rates.conversions);
		break;
	case GMT_COLUMN_DENIED_RATE:
		format_rate(text, size, row, row->rates.denied);
		break;
	case GMT_COLUMN_FAULTS:
		gmt_format_count(text, size, gmt_rec_faults(rec));
		break;
	case GMT_COLUMN_CONVERSIONS:
		gmt_format_count(text, size, rec->conversions);
		break;
	case GMT_COLUMN_DENIED:
		gmt_format_count(text, size, gmt_rec_denied(rec));
		break;
	case GMT_COLUMN_BINDINGS:
		gmt_format_count(text, size, rec->bindings);
		break;
	case GMT_COLUMN_VM:
		format_vms(text, size, &row->vms);
		break;
	case GMT_COLUMN_CGROUP:
		format_cgroup(text, size, row);
		break;
	default:
		text[0] = '\0';
	}
}

void gmt_totals_bytes(char texts[3][8], const struct gmt_totals *totals)
{
	const uint32_t resident = GMT_KNOWN_RESIDENT | GMT_KNOWN_STATES;

	gmt_format_bytes(texts[0], sizeof(texts[0]), totals->size_bytes);
	if (resident & ~totals->known) {
		strcpy(texts[1], "?");
		strcpy(texts[2], "?");
		return;
	}
	gmt_format_bytes(texts[1], sizeof(texts[1]), totals->resident_private_bytes);
	gmt_format_bytes(texts[2], sizeof(texts[2]), totals->resident_shared_bytes);
}

static void format_total_rate(char text[8], const struct gmt_totals *totals, uint32_t needed,
			      double rate)
{
	if (needed & ~totals->known)
		strcpy(text, "?");
	else if (totals->has_rates)
		gmt_format_rate(text, 8, rate);
	else
		strcpy(text, "-");
}

void gmt_totals_format(char *text, size_t size, const struct gmt_totals *totals, int width)
{
	static const char *const layouts[] = {
		"total: size %s  private %s  shared %s  faults/s %s  conversions/s %s  denied/s %s"
		"  lost %s",
		"size %s priv %s share %s flt/s %s cnv/s %s den/s %s lost %s",
		"%.0sP %s S %s F/s %s C/s %s D/s %s L %s",
		"%.0sP%s S%s F%s C%s D%s L%s",
	};
	char bytes[3][8], rates[3][8], lost[8];

	gmt_totals_bytes(bytes, totals);
	gmt_format_count(lost, sizeof(lost), totals->lost);
	format_total_rate(rates[0], totals, GMT_KNOWN_FAULTS, totals->rates.faults);
	format_total_rate(rates[1], totals, GMT_KNOWN_CONVERSIONS, totals->rates.conversions);
	format_total_rate(rates[2], totals, GMT_KNOWN_DENIED, totals->rates.denied);
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		int length = snprintf(text, size, layouts[i], bytes[0], bytes[1], bytes[2],
				      rates[0], rates[1], rates[2], lost);
#pragma GCC diagnostic pop
		if (length <= width)
			return;
	}
}
