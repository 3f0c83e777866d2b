// SPDX-License-Identifier: GPL-2.0-only
/* The view of times: a row a kind of fault, phase or conversion; below, the chosen one's histogram. */
#include <curses.h>
#include <inttypes.h>
#include <string.h>

#include "view/views/events.h"

enum {
	WHAT,
	COUNT,
	MEAN,
	P50,
	P90,
	P99,
	P999,
	MAX,
	COLUMNS,
};

static const struct gmt_grid_column columns[COLUMNS] = {
	[WHAT] = { "what", "WHAT", 12, 30, GMT_ALIGN_LEFT, 0, .text = true },
	[COUNT] = { "count", "COUNT", 5, 0, GMT_ALIGN_RIGHT, 2, .descends = true },
	[MEAN] = { "mean", "MEAN", 7, 0, GMT_ALIGN_RIGHT, 6, .descends = true },
	[P50] = { "p50", "P50", 7, 0, GMT_ALIGN_RIGHT, 1, .descends = true },
	[P90] = { "p90", "P90", 7, 0, GMT_ALIGN_RIGHT, 5, .descends = true },
	[P99] = { "p99", "P99", 7, 0, GMT_ALIGN_RIGHT, 3, .descends = true },
	[P999] = { "p99.9", "P99.9", 7, 0, GMT_ALIGN_RIGHT, 7, .descends = true },
	[MAX] = { "max", "MAX", 7, 0, GMT_ALIGN_RIGHT, 4, .descends = true },
};

static const char *const names[GMT_LATENCY_MAX] = {
	[GMT_LATENCY_FAULT_HOST] = "fault, host",   [GMT_LATENCY_FAULT_REMOTE] = "fault, remote",
	[GMT_LATENCY_FAULT_GUEST] = "fault, guest", [GMT_LATENCY_LOOKUP] = "  lookup",
	[GMT_LATENCY_POLICY] = "  policy",	    [GMT_LATENCY_ALLOC] = "  allocation",
	[GMT_LATENCY_ZERO] = "  zeroing",	    [GMT_LATENCY_CONVERT] = "conversion",
};

/* What is shown: of the last refresh, or since the view was opened; set by build. */
static struct gmt_hist shown[GMT_LATENCY_MAX];

static uint64_t number(const struct gmt_hist *hist, int column)
{
	static const double percents[COLUMNS] = {
		[P50] = 50, [P90] = 90, [P99] = 99, [P999] = 99.9
	};

	switch (column) {
	case WHAT:
		return (uint64_t)(hist - shown);
	case COUNT:
		return hist->count;
	case MEAN:
		return hist->count ? hist->sum_ns / hist->count : 0;
	case MAX:
		return hist->count ? hist->max_ns : 0;
	default:
		return gmt_hist_percentile(hist, percents[column]);
	}
}

static void format(char *text, size_t size, const void *row, int column, const struct gmt_ui *ui)
{
	const struct gmt_hist *hist = row;

	if (column == WHAT)
		snprintf(text, size, "%s", names[hist - shown]);
	else if (column == COUNT)
		gmt_format_count(text, size, hist->count);
	else if (!hist->count)
		snprintf(text, size, "-");
	else
		gmt_duration_short(text, size, number(hist, column));
}

static int compare(const void *a, const void *b, int column)
{
	uint64_t x = number(a, column), y = number(b, column);

	return (x > y) - (x < y);
}

const struct gmt_grid_type gmt_latency_type = {
	.name = "latency",
	.columns = columns,
	.count = COLUMNS,
	.sort = WHAT,
	.tree = -1,
	.format = format,
	.compare = compare,
};

void gmt_latency_build(struct gmt_ui *ui)
{
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_LATENCY];
	const struct gmt_live *live = ui->live;

	gmt_grid_begin(grid);
	for (int i = 0; i < GMT_LATENCY_MAX && !live->why[GMT_NEED_LATENCY][0]; i++) {
		if (ui->since_last)
			gmt_hist_since(&shown[i], &live->hists[i], &live->hists_before[i]);
		else
			shown[i] = live->hists[i];
		gmt_grid_add(grid, &shown[i], (uint64_t)i + 1);
	}
	gmt_grid_end(grid, ui, true, true);
}

/* The counts of a histogram by powers of two: a line each of those that are not empty. */
static int fold(const struct gmt_hist *hist, uint64_t *counts, int *first)
{
	int last = -1;

	*first = -1;
	for (unsigned int i = 0; i < GMT_HIST_BUCKETS; i++) {
		uint64_t low = gmt_hist_low(i);
		int power = low ? 63 - __builtin_clzll(low) : 0;

		if (!hist->buckets[i])
			continue;
		counts[power] += hist->buckets[i];
		if (*first < 0)
			*first = power;
		last = power;
	}
	return last;
}

static void draw_histogram(const struct gmt_ui *ui, const struct gmt_hist *hist, int y, int lines)
{
	uint64_t counts[64] = { 0 }, largest = 0, beyond = 0;
	char low[16], high[16], count[16], bar[1024], text[2048];
	int first, last = fold(hist, counts, &first);

	if (last < 0) {
		gmt_ui_line(y, " nothing measured yet", GMT_ROLE_DIM);
		return;
	}
	for (int i = first; i <= last; i++)
		largest = counts[i] > largest ? counts[i] : largest;
	for (int i = first; i <= last; i++) {
		/* What there is no line for is told in the last one. */
		if (i - first == lines - 1 && last - first >= lines) {
			for (int j = i; j <= last; j++)
				beyond += counts[j];
			gmt_duration_short(low, sizeof(low), 1ULL << i);
			gmt_format_count(count, sizeof(count), beyond);
			snprintf(text, sizeof(text), " %7s and more   %5s", low, count);
			gmt_ui_line(y + i - first, text, GMT_ROLE_TEXT);
			return;
		}
		gmt_duration_short(low, sizeof(low), i ? 1ULL << i : 0);
		gmt_duration_short(high, sizeof(high), 2ULL << i);
		gmt_format_count(count, sizeof(count), counts[i]);
		gmt_look_bar(bar, sizeof(bar), &ui->look, (double)counts[i], (double)largest,
			     COLS - 28 > 0 ? COLS - 28 : 0);
		snprintf(text, sizeof(text), " %7s .. %-7s  %5s ", low, high, count);
		gmt_ui_line(y + i - first, text, GMT_ROLE_TEXT);
		gmt_role_use(GMT_ROLE_SPARK);
		if (COLS > 28)
			mvaddstr(y + i - first, 27, bar);
	}
	gmt_role_use(GMT_ROLE_TEXT);
}

void gmt_latency_draw(struct gmt_ui *ui, int y, int lines)
{
	struct gmt_grid *grid = &ui->grids[GMT_VIEW_LATENCY];
	int rows = (int)grid->count < lines - 1 ? (int)grid->count : lines - 1;
	const struct gmt_grid_row *row;
	char text[256], missed[8];

	ui->rows = rows;
	gmt_grid_draw(grid, ui, y, rows ? rows : 1);
	row = gmt_grid_chosen(grid);
	if (!row || lines - rows < 4)
		return;
	gmt_format_count(missed, sizeof(missed), ui->live->latency_missed);
	snprintf(text, sizeof(text), " %s, %s%s%s",
		 names[(const struct gmt_hist *)row->data - shown] +
			 strspn(names[(const struct gmt_hist *)row->data - shown], " "),
		 ui->since_last ? "of the last refresh" : "since the view was opened",
		 ui->live->latency_missed ? "; not counted in: " : "",
		 ui->live->latency_missed ? missed : "");
	gmt_ui_line(y + rows + 2, text, GMT_ROLE_TITLE);
	draw_histogram(ui, row->data, y + rows + 3, lines - rows - 3);
}
