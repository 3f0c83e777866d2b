# SPDX-License-Identifier: GPL-2.0-only
# Builds, tests and shows gmem: see make help. Run it by ./dev, or on a Debian 13 host with the packages of
# packaging/devroot installed as it is. mk/ has the rules; a part with rules of its own keeps them beside it.

BUILD := build

# Kernels are found by the headers that are installed: "6.12 7.3". K=SERIES narrows every target to one.
HEADERS := $(wildcard /usr/src/linux-headers-*-cloud-amd64)
series_of = $(shell printf '%s\n' $(1) | sed -n 's|.*linux-headers-\([0-9]*\.[0-9]*\).*|\1|p' | sort -Vu)
KSERIES := $(call series_of,$(HEADERS))
K ?=
T ?=
BUILT_SERIES := $(or $(K),$(KSERIES))
NEWEST := $(lastword $(BUILT_SERIES))
newest_of = $(lastword $(shell printf '%s\n' $(1) | sort -V))
$(foreach s,$(KSERIES),$(eval KDIR_$(s) := $(call newest_of,$(filter /usr/src/linux-headers-$(s).%,$(HEADERS)))))

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= bpftool
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror

# All cores, unless the caller has said how many.
ifeq ($(filter -j% j%,$(MAKEFLAGS))$(findstring jobserver,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
ifneq ($(V),1)
Q := @
MAKEFLAGS += --no-print-directory
endif
say = @printf '  %-7s %s\n' '$(1)' '$(2)'

.PHONY: all modules gmemtop tests kvm-all check demo vm bench soak clean help
.DELETE_ON_ERROR:
.SECONDARY:
all: modules gmemtop tests kvm-all

-include mk/debug.mk
include mk/module.mk
include mk/tests.mk
include mk/policy_tests.mk
include mk/kvm.mk
# Their owners' rules: gmemtop gives build/bin/gmemtop.
-include tools/gmemtop/Makefile.inc
-include examples/demo/Makefile.inc

# tests/run builds by itself, so that a build that fails is counted and named too.
check:
	+@MAKE='$(MAKE)' BUILD='$(BUILD)' tests/run '$(K)' '$(T)'

# The demo is shown without virtual machines where KVM cannot be built.
demo: modules gmemtop tests
	+@$(MAKE) -s kvm K=$(NEWEST) 2>$(BUILD)/kvm.err || \
		echo 'no virtual machines in the demo: KVM was not built, see $(BUILD)/kvm.err'
	$(call say,VM,Linux $(NEWEST); in the dashboard q ends the demo)
	@tests/vm/run -k $(NEWEST) -o $(BUILD)/vm/demo -i -- examples/demo/run

vm: all
	@tests/vm/run -k $(NEWEST) -o $(BUILD)/vm/shell -i

bench: all
	@tests/vm/run -k $(NEWEST) -o $(BUILD)/bench --icount -- tests/bench/run
	@tests/vm/run -k $(NEWEST) -o $(BUILD)/bench-times -- tests/bench/times

soak: all
	@tests/soak $(NEWEST) $(S)

clean:
	rm -rf $(BUILD)

help:
	@echo 'make                 the module for each kernel ($(KSERIES)), gmemtop and the tests'
	@echo 'make demo            a live picture of guarded memory in a VM; q ends it'
	@echo 'make check           style, unit tests, and all tests in a VM of each kernel'
	@echo 'make check K=7.3     ... on this kernel'
	@echo 'make check T=abi/    ... those whose name holds abi/ or matches it as a pattern (abi/*, style/*)'
	@echo 'make kvm             KVM with gmem in it, from the kernel source package (docs/kvm.md)'
	@echo "make check-kvm       upstream's KVM selftests on the stock modules and on gmem's, side by side"
	@echo 'make soak S=600      the tests that race, for that many seconds each (180), and those that count, whole'
	@echo 'make vm K=6.12       a shell in the VM with gmem.ko loaded; exit powers it off'
	@echo 'make bench           benchmarks by an instruction clock'
	@echo 'make modules, make gmemtop, make tests, make clean; V=1 shows the commands'
