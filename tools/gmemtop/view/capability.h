/* SPDX-License-Identifier: GPL-2.0-only */
/* The words for what each source can tell, and the table of them as text; JSON is in json.c. */
#ifndef GMT_VIEW_CAPABILITY_H
#define GMT_VIEW_CAPABILITY_H

#include <stdio.h>

#include "model/capability.h"

const char *gmt_capability_name(enum gmt_capability capability);
const char *gmt_can_word(enum gmt_can can);

void gmt_text_sources(FILE *out, const struct gmt_source_summary *sources);

#endif /* GMT_VIEW_CAPABILITY_H */
