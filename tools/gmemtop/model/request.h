/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that policies are asked about, as sources tell of them, and the account of them: is what
 * was told all there was? Filled by the sources, for record and `policy try`.
 */
#ifndef GMT_MODEL_REQUEST_H
#define GMT_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "request_records.h"

/**
 * struct gmt_request_account - What was told, and what was not
 * @last_seq: the number given last
 * @lost: numbers given that nobody was told of
 * @silent_frames: of a recording: frames that were recorded without requests
 * @broken: of a recording: a part of it cannot be read
 * @elsewhere: of a recording: made on another host, or before this one was last booted
 */
struct gmt_request_account {
	uint64_t last_seq;
	uint64_t lost;
	uint64_t silent_frames;
	bool broken;
	bool elsewhere;
};

/* enum gmt_request_words - Members of a request that are told by words. */
enum gmt_request_words {
	GMT_REQUEST_ACT,
	GMT_REQUEST_KIND,
	GMT_REQUEST_TO,
	GMT_REQUEST_CONTENT,
	GMT_REQUEST_WORDS,
};

/* gmt_request_word() - Return: the word for a value, NULL for one that this tool does not know */
const char *gmt_request_word(enum gmt_request_words which, uint32_t value);

#endif /* GMT_MODEL_REQUEST_H */
