# SPDX-License-Identifier: GPL-2.0-only
# The tests of policies: what other tests have, the policies that they load, as skeletons, and tests/policy/lib.

POLICY_TEST_BPF := $(patsubst %.bpf.c,$(BUILD)/%.skel.h,$(wildcard tests/policy/bpf/*.bpf.c))
POLICY_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/policy/*.c) tests/debug/failpolicy.c)
POLICY_TEST_LIB := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/policy/lib/*.c))
POLICY_TEST_CFLAGS := $(TEST_CFLAGS) -Itests/policy/lib -Ibpf -I$(BUILD)/bpf -I$(BUILD)/tests/policy/bpf
POLICY_SHIPPED := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/policy/*.bpf.c bpf/lsm/*.bpf.c))

$(BUILD)/tests/policy/bpf/%.bpf.o: tests/policy/bpf/%.bpf.c tests/policy/lib/seen.h $(wildcard bpf/*.h) \
		$(wildcard include/linux/gmem_*.h) include/uapi/linux/gmem.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(GMT_BPF_CFLAGS) -Itests/policy/lib -c -o $@ $<

$(POLICY_TEST_BPF): %.skel.h: %.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(*F) > $@

$(POLICY_TEST_LIB): $(BUILD)/%.o: %.c $(POLICY_TEST_BPF)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(POLICY_TEST_CFLAGS) -c -o $@ $<

$(POLICY_TESTS): $(BUILD)/%: %.c $(POLICY_TEST_BPF) $(POLICY_SHIPPED) \
		$(POLICY_TEST_LIB) $(TEST_LIB)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(POLICY_TEST_CFLAGS) -MF $@.d -MT $@ -o $@ $< $(POLICY_TEST_LIB) $(TEST_LIB) $(TEST_LIBS) -lbpf

-include $(POLICY_TEST_LIB:.o=.d)
