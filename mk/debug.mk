# SPDX-License-Identifier: GPL-2.0-only
# The debug kernels as two more values of K=, debug and kcsan: tests/debug/kernel builds and finds them. Included by
# the top Makefile before mk/module.mk, which needs KDIR_$(K).

DEBUG_KERNELS := debug kcsan

# Looked for only where one is asked for: it costs every other make nothing.
ifneq ($(filter $(DEBUG_KERNELS),$(K)),)
KDIR_$(K) := $(wildcard $(shell tests/debug/kernel where $(K))/build)
DEBUG_TEST_GROUPS := debug
endif

# gmem.ko for K=debug tells blockcov.ko, built beside it, of each basic block that runs.
COV := $(BUILD)/debug/cov
KBUILD_EXTRA_debug = KCOV_INSTRUMENT=y KCFLAGS='-include $(abspath tests/debug/cov/redirect.h)' \
	KBUILD_EXTRA_SYMBOLS=$(abspath $(COV))/Module.symvers

$(BUILD)/debug/gmem.ko: $(BUILD)/debug/blockcov.ko tests/debug/cov/redirect.h
$(BUILD)/debug/blockcov.ko: tests/debug/cov/blockcov.c tests/debug/cov/Kbuild
	$(call say,MODULE,$@)
	$(Q)mkdir -p $(COV)
	$(Q)cp $^ $(COV)
	+$(Q)$(MAKE) -C $(KDIR_debug) M=$(abspath $(COV)) $(if $(Q),-s) modules
	$(Q)cp $(COV)/blockcov.ko $@

.PHONY: debug-kernel check-debug coverage
debug-kernel:
	@tests/debug/kernel build $(or $(K),debug)

# The kernel's headers are found by a make that starts when they are there.
check-debug: debug-kernel
	+@$(MAKE) check K=$(or $(K),debug) T='$(T)'

coverage:
	@tests/debug/cov/report.py $(BUILD)/debug/kernel/gmem.ko $(BUILD)/coverage \
		$(wildcard $(BUILD)/log/debug/*/coverage)
	@genhtml --quiet --prefix $(CURDIR) --output-directory $(BUILD)/coverage/html $(BUILD)/coverage/gmem.info
	@echo 'as HTML: $(BUILD)/coverage/html/index.html'
