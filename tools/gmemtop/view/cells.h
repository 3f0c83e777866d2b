/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the model's columns look: header, width, alignment, the text of each cell. Shared
 * by the text table and the terminal one.
 */
#ifndef GMT_VIEW_CELLS_H
#define GMT_VIEW_CELLS_H

#include "model/table.h"
#include "view/format.h"

/* Enough for any cell but a long cgroup path, which is cut. */
#define GMT_CELL_MAX 1024

/**
 * struct gmt_cell_style - How one column looks
 * @header: its title
 * @min_width: the least it is any use with
 * @max_width: what a narrow table gives it at most
 * @align: see there
 * @key: the key that sorts by it in the live table
 * @priority: a narrow table leaves out the columns with the highest first
 */
struct gmt_cell_style {
	const char *header;
	int min_width;
	int max_width;
	enum gmt_align align;
	char key;
	int priority;
};

const struct gmt_cell_style *gmt_cell_style(enum gmt_column column);

/* gmt_cell_format() - The text of one cell, clean, not yet fitted to a width */
void gmt_cell_format(char *text, size_t size, const struct gmt_row *row, enum gmt_column column);

/* gmt_vm_format() - A VM: its hypervisor's name and its number, "kvm 1234" */
void gmt_vm_format(char *text, size_t size, const char *consumer, uint64_t vm);

/* gmt_totals_bytes() - Size, private and shared bytes of the totals, "?" where not known */
void gmt_totals_bytes(char texts[3][8], const struct gmt_totals *totals);

/* gmt_totals_format() - One line of totals, as long as fits in @width columns; lost included */
void gmt_totals_format(char *text, size_t size, const struct gmt_totals *totals, int width);

#endif /* GMT_VIEW_CELLS_H */
