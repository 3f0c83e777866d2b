# SPDX-License-Identifier: GPL-2.0-only
# KVM's modules, rebuilt from Debian's linux-source package: build/SERIES/kvm with kernel/kvm/ in them, linked
# to gmem.ko, and build/SERIES/kvm-stock as they are. See docs/kvm.md.

# Kernels that have their source package installed; the debug kernels are made from the newest one.
SOURCE_TARBALLS := $(wildcard /usr/src/linux-source-*.tar.xz)
SOURCE_SERIES := $(shell printf '%s\n' $(SOURCE_TARBALLS:/usr/src/linux-source-%.tar.xz=%) | sort -V)
source_of = $(if $(filter $(1),$(SOURCE_SERIES)),$(1),$(if $(filter $(1),$(DEBUG_KERNELS)),$(lastword $(SOURCE_SERIES))))
KVM_KERNELS := $(foreach s,$(BUILT_SERIES),$(if $(call source_of,$(s)),$(s)))
KVM_MODULES := kvm kvm-amd kvm-intel
STRIP ?= strip

KVM_SOURCES := $(wildcard kernel/kvm/*.[ch] kernel/kvm/patches/*.patch)
GMEM_HEADERS := $(wildcard include/linux/*.h include/uapi/linux/*.h)
KVM_BUILDERS := kernel/kvm/prepare kernel/kvm/Kbuild

.PHONY: kvm kvm-stock kvm-flavour kvm-all check-kvm
kvm: $(foreach s,$(KVM_KERNELS),$(BUILD)/$(s)/kvm/kvm.ko)
kvm-stock: $(foreach s,$(KVM_KERNELS),$(BUILD)/$(s)/kvm-stock/kvm.ko)
kvm kvm-stock:
	$(if $(KVM_KERNELS),,@echo 'no KVM for kernel "$(BUILT_SERIES)": source packages installed are \
		"$(SOURCE_SERIES)" (use ./dev)' >&2; exit 1)

define source_rules
$(BUILD)/source/$(1)/Makefile: /usr/src/linux-source-$(1).tar.xz kernel/kvm/unpack
	$(call say,UNPACK,$$(@D))
	$(Q)kernel/kvm/unpack $$< $$(@D)
	$(Q)touch $$@
endef
$(foreach s,$(SOURCE_SERIES),$(eval $(call source_rules,$(s))))

# $(call kvm_kbuild,DIR,HEADERS,PART): Kbuild for DIR/tree/PART.
kvm_kbuild = $(MAKE) -C $(2) M=$(abspath $(1)/tree/$(3)) $(if $(Q),-s) KVM_TREE=$(abspath $(1)/tree)

# kvm_rules KERNEL DIR KIND PREREQUISITES MAKE-VARIABLES: DIR/kvm.ko and its vendors' modules. KIND is stock, or
# empty for ours.
define kvm_rules
$(2)/kvm.ko: $(BUILD)/source/$(call source_of,$(1))/Makefile $(KVM_BUILDERS) $(4)
	$(call say,KVM,$$@)
	$(if $(KDIR_$(1)),,@echo 'no headers of kernel $(1): installed are "$(KSERIES)" (use ./dev)' >&2; exit 1)
	$(Q)mkdir -p $(2)
	$(Q)kernel/kvm/prepare tree $$(<D) $(2)/tree $(KDIR_$(1)) $(3)
	+$(Q)$(call kvm_kbuild,$(2),$(KDIR_$(1)),arch/x86/kvm) $(5) modules
	$(Q)for ko in $(KVM_MODULES:%=%.ko); do \
		$(STRIP) --strip-debug -o $(2)/$$$$ko $(2)/tree/arch/x86/kvm/$$$$ko || exit; done
endef
$(foreach s,$(KVM_KERNELS),$(eval $(call kvm_rules,$(s),$(BUILD)/$(s)/kvm-stock,stock)))
$(foreach s,$(KVM_KERNELS),$(eval $(call kvm_rules,$(s),$(BUILD)/$(s)/kvm,,$(BUILD)/$(s)/gmem.ko $(KVM_SOURCES) \
	kernel/kvm/interface,GMEM=$(CURDIR) KBUILD_EXTRA_SYMBOLS=$(abspath $(BUILD))/$(s)/kernel/Module.symvers)))

# The plain flavour's KVM has the hooks for confidential VMs, which the cloud flavour lacks: that our file compiles
# with them is checked here.
define flavour_rules
PLAIN_$(1) := $(call newest_of,$(filter-out %-cloud-amd64 %-rt-amd64,$(wildcard /usr/src/linux-headers-$(1).*-amd64)))

$(BUILD)/$(1)/kvm-flavour/ok: $(BUILD)/source/$(1)/Makefile $(KVM_BUILDERS) $(KVM_SOURCES) $(GMEM_HEADERS)
	$(call say,KVM,$$@)
	$(Q)test -d '$$(PLAIN_$(1))' || { echo 'no headers of kernel $(1), plain flavour (use ./dev)' >&2; exit 1; }
	$(Q)mkdir -p $$(@D)
	$(Q)kernel/kvm/prepare tree $$(<D) $$(@D)/tree $$(PLAIN_$(1))
	+$(Q)$$(call kvm_kbuild,$$(@D),$$(PLAIN_$(1)),virt/kvm) GMEM=$(CURDIR) guest_memfd.o
	$(Q)touch $$@
endef
$(foreach s,$(SOURCE_SERIES),$(eval $(call flavour_rules,$(s))))
kvm-flavour: $(SOURCE_SERIES:%=$(BUILD)/%/kvm-flavour/ok)
	$(if $(SOURCE_SERIES),,@echo 'no source package of a kernel is installed (use ./dev)' >&2; exit 1)

# Upstream's selftests, from the same package. make check runs these and those that take seconds, on the debug kernels
# these only; make check-kvm runs all that are worth it.
KVM_SELFTESTS := guest_memfd_test set_memory_region_test pre_fault_memory_test vm_types_test \
	x86/private_mem_conversions_test x86/private_mem_kvm_exits_test

# The headers of the C library stand for the kernel's own, which nobody has installed there.
selftest_make = +$(Q)mkdir -p $(BUILD)/$(1)/selftests/kvm && $(MAKE) $(if $(Q),-s) \
	-C $(BUILD)/source/$(1)/tools/testing/selftests/kvm OUTPUT=$(abspath $(BUILD))/$(1)/selftests/kvm \
	KHDR_INCLUDES='-isystem /usr/include'

define selftest_rules
$(KVM_SELFTESTS:%=$(BUILD)/$(1)/selftests/kvm/%) &: $(BUILD)/source/$(1)/Makefile
	$(call say,TESTS,$(BUILD)/$(1)/selftests/kvm)
	$(call selftest_make,$(1)) $(KVM_SELFTESTS:%=$(abspath $(BUILD))/$(1)/selftests/kvm/%)
	$(Q)touch $(KVM_SELFTESTS:%=$(BUILD)/$(1)/selftests/kvm/%)

$(BUILD)/$(1)/selftests/kvm/suite: $(BUILD)/$(1)/selftests/kvm/$(firstword $(KVM_SELFTESTS))
	$(call say,TESTS,$(BUILD)/$(1)/selftests/kvm: the whole suite)
	$(call selftest_make,$(1)) all
	$(Q)touch $$@
endef
$(foreach s,$(SOURCE_SERIES),$(eval $(call selftest_rules,$(s))))

# The debug kernels run the same programs.
$(DEBUG_KERNELS:%=$(BUILD)/%/selftests):
	$(Q)mkdir -p $(@D)
	$(Q)ln -sfn ../$(lastword $(SOURCE_SERIES))/selftests $@

# What make check needs. Without a source package there is no KVM to test, which is no reason to build nothing.
kvm-all: $(foreach s,$(KVM_KERNELS),$(BUILD)/$(s)/kvm/kvm.ko $(BUILD)/$(s)/kvm-stock/kvm.ko \
	$(KVM_SELFTESTS:%=$(BUILD)/$(call source_of,$(s))/selftests/kvm/%)) \
	$(patsubst %,$(BUILD)/%/selftests/kvm/suite,$(filter-out $(DEBUG_KERNELS),$(KVM_KERNELS))) \
	$(patsubst %,$(BUILD)/%/selftests,$(filter $(DEBUG_KERNELS),$(KVM_KERNELS)))

KVM_NEWEST := $(lastword $(KVM_KERNELS))
check-kvm: $(VM_PROGRAMS) kvm-all kvm-stock \
		$(KVM_NEWEST:%=$(BUILD)/$(call source_of,$(KVM_NEWEST))/selftests/kvm/suite)
	@tests/kvm/check '$(KVM_NEWEST)' '$(T)'
