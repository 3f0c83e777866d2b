// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory allocated, filled and freed by system calls on the file: fallocate, hole
 * punching, and initial contents by pwrite().
 */
#include "bench.h"

static bool has_fallocate(enum bench_peer peer)
{
	return peer == PEER_GMEM || peer == PEER_GUEST_MEMFD || peer == PEER_MEMFD;
}

static void allocate(const struct bench_area *area, int mode)
{
	if (fallocate(area->fd, FALLOC_FL_KEEP_SIZE | mode, 0, BENCH_BYTES))
		tap_bail("fallocate of %s: %s", bench_peer_names[area->peer], strerror(errno));
}

static void measure_fallocate(enum bench_peer peer)
{
	const char *why = has_fallocate(peer) ? "not in this kernel" : "no fallocate";
	struct bench_samples fill = {}, punch = {};
	struct bench_area area;
	int round;

	for (round = -1; round < BENCH_ROUNDS; round++) {
		uint64_t start;

		if (!has_fallocate(peer) || !bench_open(&area, peer, 0)) {
			bench_lacks("fallocate", peer, why);
			bench_lacks("punch", peer, why);
			return;
		}
		start = bench_clock();
		allocate(&area, 0);
		if (round >= 0)
			bench_add(&fill, start, BENCH_PAGES);
		start = bench_clock();
		allocate(&area, FALLOC_FL_PUNCH_HOLE);
		if (round >= 0)
			bench_add(&punch, start, BENCH_PAGES);
		bench_close(&area);
	}
	bench_report("fallocate", bench_peer_names[peer], &fill);
	bench_report("punch", bench_peer_names[peer], &punch);
}

/* Calls of 64 KiB, as a VMM that loads a kernel image makes them. */
static void populate(const struct bench_area *area)
{
	static char block[16 * PAGE];
	size_t at;

	for (at = 0; at < BENCH_BYTES; at += sizeof(block)) {
		if (pwrite(area->fd, block, sizeof(block), at) != (ssize_t)sizeof(block))
			tap_bail("pwrite of %s: %s", bench_peer_names[area->peer], strerror(errno));
	}
}

static void measure_populate(enum bench_peer peer)
{
	struct bench_samples s = {};
	struct bench_area area;
	int round;

	for (round = -1; round < BENCH_ROUNDS; round++) {
		uint64_t start;

		if (peer != PEER_GMEM && peer != PEER_MEMFD) {
			bench_lacks("populate_pwrite", peer, "no write");
			return;
		}
		if (!bench_open(&area, peer, GMEM_CREATE_POPULATE))
			tap_bail("%s is missing", bench_peer_names[peer]);
		start = bench_clock();
		populate(&area);
		if (round >= 0)
			bench_add(&s, start, BENCH_PAGES);
		bench_close(&area);
	}
	bench_report("populate_pwrite", bench_peer_names[peer], &s);
}

int main(void)
{
	int peer;

	for (peer = 0; peer < PEER_COUNT; peer++) {
		measure_fallocate(peer);
		measure_populate(peer);
	}
	return 0;
}
