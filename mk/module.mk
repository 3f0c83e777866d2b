# SPDX-License-Identifier: GPL-2.0-only
# gmem.ko for each kernel, from one source: build/SERIES/kernel is a tree of links to kernel/, so that the objects
# of two kernels never meet and the source tree stays clean.

# kernel/kvm is KVM's, see mk/kvm.mk.
MODULE_DIRS := $(shell find kernel -path kernel/kvm -prune -o -type d -print 2>/dev/null)
MODULE_SOURCES := $(shell find kernel include -path kernel/kvm -prune -o -type f -print 2>/dev/null)

modules: $(foreach s,$(BUILT_SERIES),$(BUILD)/$(s)/gmem.ko $(BUILD)/$(s)/gmem_testhv.ko)

# Links to all sources of kernel/, none to those that are gone.
define link_sources
	mkdir -p $(addprefix $(BUILD)/$(1)/,$(MODULE_DIRS))
	ln -sfn ../../include $(BUILD)/$(1)/include
	find $(BUILD)/$(1)/kernel -xtype l -delete
	$(foreach d,$(MODULE_DIRS),find $(d) -maxdepth 1 -type f -exec ln -srf -t $(BUILD)/$(1)/$(d) {} + ;)
endef

kbuild = $(MAKE) -C $(KDIR_$(1)) M=$(abspath $(BUILD))/$(1)/kernel $(if $(Q),-s) $(KBUILD_EXTRA_$(1))

# The tests' hypervisor calls gmem.ko's exports, and is built where that left their list.
TESTHV_SOURCES := $(wildcard tests/testhv/*)
kbuild_testhv = $(MAKE) -C $(KDIR_$(1)) M=$(abspath $(BUILD))/$(1)/testhv $(if $(Q),-s) \
	KBUILD_EXTRA_SYMBOLS=$(abspath $(BUILD))/$(1)/kernel/Module.symvers

# Debian 13's sparse is older than 7.3's headers: it lacks one keyword of theirs, and __builtin_strlen as a constant.
# KBUILD_CHECKSRC stands for C=2, which Kbuild refuses since Debian's headers lack its test of the checker.
SPARSE := sparse -D__typeof_unqual__=__typeof__ "-D__builtin_strlen(s)=(sizeof(s)-1)"

# Kbuild leaves BTF out without a word where it lacks pahole or vmlinux, and every BPF program with it.
define module_rules
$(BUILD)/$(1)/gmem.ko: $(MODULE_SOURCES)
	$(call say,MODULE,$$@)
	$(if $(KDIR_$(1)),,@echo 'no headers of kernel $(1): installed are "$(KSERIES)" (use ./dev)' >&2; exit 1)
	$(Q)$$(call link_sources,$(1))
	+$(Q)$$(call kbuild,$(1)) modules
	$(Q)readelf -S --wide $(BUILD)/$(1)/kernel/gmem.ko | grep -q '\.BTF ' || \
		{ echo '$$@: built without BTF (pahole missing?)' >&2; exit 1; }
	$(Q)cp $(BUILD)/$(1)/kernel/gmem.ko $$@

$(BUILD)/$(1)/gmem_testhv.ko: $(BUILD)/$(1)/gmem.ko $(TESTHV_SOURCES)
	$(call say,MODULE,$$@)
	$(Q)mkdir -p $$(@D)/testhv
	$(Q)find $$(@D)/testhv -xtype l -delete
	$(Q)ln -srf -t $$(@D)/testhv $(TESTHV_SOURCES)
	$(Q)rm -f $$(@D)/testhv/Module.symvers # Kbuild does not see that those of gmem.ko have changed
	+$(Q)$$(call kbuild_testhv,$(1)) modules
	$(Q)cp $$(@D)/testhv/gmem_testhv.ko $$@

.PHONY: sparse-$(1)
sparse-$(1): $(BUILD)/$(1)/gmem_testhv.ko
	+$(Q)$$(call kbuild,$(1)) KBUILD_CHECKSRC=2 CHECK='$(SPARSE)' modules
	+$(Q)$$(call kbuild_testhv,$(1)) KBUILD_CHECKSRC=2 CHECK='$(SPARSE)' modules
endef
$(foreach s,$(sort $(KSERIES) $(K)),$(eval $(call module_rules,$(s))))
