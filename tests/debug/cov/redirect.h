/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before every file of gmem.ko where it is built for coverage: what the compiler calls at the start of
 * each basic block (KCOV_INSTRUMENT=y) goes to blockcov.c instead of the kernel's own KCOV.
 */
asm(".set __sanitizer_cov_trace_pc, blockcov_hit");
