/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of this process: its cost, and the BPF programs that it holds. For export. */
#ifndef GMT_SOURCE_SELF_H
#define GMT_SOURCE_SELF_H

#include "model/self.h"

/* gmt_self_read() - Fill in the process and the programs; what cannot be read stays as it was */
void gmt_self_read(struct gmt_self *self);

#endif /* GMT_SOURCE_SELF_H */
