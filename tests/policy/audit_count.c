// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads what gmemtop audit prints and keeps no more of it than its test needs: how many records
 * there are, whether a number occurs twice; all other lines are passed on. For audit_exact.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD "{\"type\":\"access\",\"seq\":"

static unsigned char *seen;
static unsigned long most, records, twice, other_pids, allowed;

static void take(const char *line, const char *pid)
{
	unsigned long seq = strtoul(line + sizeof(RECORD) - 1, NULL, 10);

	records++;
	if (seq > most || seen[seq]++)
		twice++;
	if (!strstr(line, "\"outcome\":\"refused\""))
		allowed++;
	if (!strstr(line, pid))
		other_pids++;
}

/* audit_count MOST PID */
int main(int argc, char **argv)
{
	size_t size = 0;
	char *line = NULL, pid[32];
	unsigned long gaps = 0;

	if (argc != 3)
		return 2;
	most = strtoul(argv[1], NULL, 10);
	snprintf(pid, sizeof(pid), "\"pid\":%s,", argv[2]);
	seen = calloc(most + 1, 1);
	if (!seen)
		return 1;
	while (getline(&line, &size, stdin) > 0) {
		if (!strncmp(line, RECORD, sizeof(RECORD) - 1))
			take(line, pid);
		else
			fputs(line, stdout);
	}
	for (unsigned long seq = 1; seq <= most; seq++)
		gaps += !seen[seq];
	printf("{\"type\":\"count\",\"records\":%lu,\"twice\":%lu,\"other_pids\":%lu,\"allowed\":%lu,"
	       "\"gaps\":%lu}\n",
	       records, twice, other_pids, allowed, gaps);
	return 0;
}
