// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes tables and JSON of what the benchmarks printed, one input file a run of all of them, and
 * fails where runs differ by more than 2 %: then the figures are not worth telling.
 * Input: "# title" begins a table; other lines are as in bench.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define MAX_ROWS    64
#define MAX_COLUMNS 8
#define MAX_TABLES  10
#define MAX_RUNS    4
#define MAX_SPREAD  0.02

struct cell {
	double value[MAX_RUNS];
	int count;
	char *why; /* why there is no value */
};

struct table {
	char *title;
	char *rows[MAX_ROWS];
	char *columns[MAX_COLUMNS];
	int nr_rows, nr_columns;
	struct cell cells[MAX_ROWS][MAX_COLUMNS];
};

static struct table tables[MAX_TABLES];
static int nr_tables;

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "report: %s: %s\n", name, what);
	exit(1);
}

/* The place of @name in @names, added where it is new. */
static int place_of(char **names, int *count, int max, const char *name)
{
	int i;

	for (i = 0; i < *count; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	if (i == max)
		fail("too many of this kind", name);
	names[i] = strdup(name);
	return (*count)++;
}

static struct table *table_of(const char *title)
{
	int i;

	for (i = 0; i < nr_tables; i++) {
		if (!strcmp(tables[i].title, title))
			return &tables[i];
	}
	if (i == MAX_TABLES)
		fail("too many tables", title);
	tables[nr_tables++].title = strdup(title);
	return &tables[i];
}

static void read_line(struct table *table, const char *path, char *line)
{
	char *row = strtok(line, "\t"), *column = strtok(NULL, "\t");
	char *value = strtok(NULL, "\t"), *why = strtok(NULL, "\t"), *end;
	struct cell *cell;

	if (!table || !value)
		fail("not a line of a benchmark", path);
	cell = &table->cells[place_of(table->rows, &table->nr_rows, MAX_ROWS, row)]
			    [place_of(table->columns, &table->nr_columns, MAX_COLUMNS, column)];
	if (!strcmp(value, "n/a")) {
		cell->why = strdup(why ? why : "not measured");
		return;
	}
	if (cell->count == MAX_RUNS)
		fail("too many runs", path);
	cell->value[cell->count++] = strtod(value, &end);
	if (*end || end == value)
		fail("not a number", path);
}

static void read_run(const char *path)
{
	struct table *table = NULL;
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		fail(strerror(errno), path);
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			table = table_of(line + 2);
		else
			read_line(table, path, line);
	}
	free(line);
	fclose(f);
}

static double lowest(const struct cell *cell)
{
	double low = cell->value[0];
	int i;

	for (i = 1; i < cell->count; i++)
		low = cell->value[i] < low ? cell->value[i] : low;
	return low;
}

/* How far apart the runs are, as a part of the lowest. */
static double spread(const struct cell *cell)
{
	double low = lowest(cell), high = low;
	int i;

	for (i = 1; i < cell->count; i++)
		high = cell->value[i] > high ? cell->value[i] : high;
	return low > 0 ? (high - low) / low : 1;
}

static void print_table(const struct table *table)
{
	int row, column;

	printf("\n%s\n%-34s", table->title, "");
	for (column = 0; column < table->nr_columns; column++)
		printf(" %13s", table->columns[column]);
	putchar('\n');
	for (row = 0; row < table->nr_rows; row++) {
		printf("%-34s", table->rows[row]);
		for (column = 0; column < table->nr_columns; column++) {
			const struct cell *cell = &table->cells[row][column];

			if (cell->count)
				printf(" %13.0f", lowest(cell));
			else
				printf(" %13s", "n/a");
		}
		putchar('\n');
	}
}

static void write_cell(FILE *f, const struct table *table, int row, int column, bool first)
{
	const struct cell *cell = &table->cells[row][column];
	int i;

	/* No name or reason holds a character that JSON would want escaped. */
	fprintf(f, "%s\n    {\"operation\": \"%s\", \"of\": \"%s\", \"instructions\": ",
		first ? "" : ",", table->rows[row], table->columns[column]);
	if (!cell->count) {
		fprintf(f, "null, \"why\": \"%s\"}", cell->why ? cell->why : "not measured");
		return;
	}
	fprintf(f, "%.1f, \"runs\": [", lowest(cell));
	for (i = 0; i < cell->count; i++)
		fprintf(f, "%s%.1f", i ? ", " : "", cell->value[i]);
	fprintf(f, "]}");
}

static void write_json(const char *path)
{
	int t, row, column;
	struct utsname host;
	bool first = true;
	FILE *f = fopen(path, "we");

	if (!f || uname(&host))
		fail(strerror(errno), path);
	fprintf(f, "{\n  \"kernel\": \"%s\",\n  \"unit\": \"instructions a page, or an event\",\n",
		host.release);
	fprintf(f, "  \"results\": [");
	for (t = 0; t < nr_tables; t++) {
		for (row = 0; row < tables[t].nr_rows; row++) {
			for (column = 0; column < tables[t].nr_columns; column++) {
				write_cell(f, &tables[t], row, column, first);
				first = false;
			}
		}
	}
	fprintf(f, "\n  ]\n}\n");
	if (fclose(f))
		fail(strerror(errno), path);
}

/* Tells the widest spread. Returns whether all runs agree. */
static bool runs_agree(void)
{
	double widest = 0;
	int t, row, column;
	bool agree = true;

	for (t = 0; t < nr_tables; t++) {
		for (row = 0; row < tables[t].nr_rows; row++) {
			for (column = 0; column < tables[t].nr_columns; column++) {
				const struct cell *cell = &tables[t].cells[row][column];
				double apart = cell->count ? spread(cell) : 0;

				widest = apart > widest ? apart : widest;
				if (apart <= MAX_SPREAD)
					continue;
				agree = false;
				printf("runs disagree: %s of %s by %.1f %%\n", tables[t].rows[row],
				       tables[t].columns[column], apart * 100);
			}
		}
	}
	printf("\nThe runs agree within %.2f %%.\n", widest * 100);
	return agree;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 4 || argc - 2 > MAX_RUNS) {
		fprintf(stderr, "Usage: report JSON RUN RUN...\n");
		return 2;
	}
	for (i = 2; i < argc; i++)
		read_run(argv[i]);
	for (i = 0; i < nr_tables; i++)
		print_table(&tables[i]);
	write_json(argv[1]);
	return !runs_agree();
}
