/* SPDX-License-Identifier: GPL-2.0-only */
/* The words for enum gmem_create_flags, for text, JSON and recordings. */
#ifndef GMT_MODEL_FLAGS_H
#define GMT_MODEL_FLAGS_H

#include <stddef.h>
#include <stdint.h>

/* gmt_flag_name() - Return: the word for bit @bit, NULL for one this tool does not know */
const char *gmt_flag_name(unsigned int bit);

/* gmt_flags_format() - All words, parted by blanks; unknown bits in hexadecimal; "none" for 0 */
void gmt_flags_format(char *text, size_t size, uint32_t flags);

#endif /* GMT_MODEL_FLAGS_H */
