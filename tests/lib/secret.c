// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recognisable contents: words that a seed gives, so that a test can tell whether memory
 * is as it was, and whether any part of it has come out somewhere.
 */
#include "gmem_test.h"

/* The upper 48 bits of every word of this seed's contents, never zero. */
static uint64_t tag(uint64_t seed)
{
	uint64_t x = seed + 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31)) | 1ULL << 63;
}

static uint64_t word(uint64_t seed, size_t index)
{
	return (tag(seed) & ~0xffffULL) | (index & 0xffff);
}

/* Stores straight into @at, so that no copy is left in the process's own memory. */
void secret_fill(void *at, size_t bytes, uint64_t seed)
{
	volatile uint64_t *p = at;

	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		p[i] = word(seed, i);
}

bool secret_intact(const void *at, size_t bytes, uint64_t seed)
{
	const volatile uint64_t *p = at;

	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (p[i] != word(seed, i))
			return false;
	return true;
}

/* How often the seed's 6 bytes stand anywhere in the buffer, at whatever alignment. */
size_t secret_words_in(const void *at, size_t bytes, uint64_t seed)
{
	uint64_t mark = tag(seed) >> 16;
	const char *p = at, *end = p + bytes;
	size_t found = 0;

	while (p < end) {
		p = memmem(p, end - p, &mark, 6);
		if (!p)
			break;
		found++;
		p += 6;
	}
	return found;
}

bool all_zero(const void *at, size_t bytes)
{
	const unsigned char *p = at;

	for (size_t i = 0; i < bytes; i++)
		if (p[i])
			return false;
	return true;
}
