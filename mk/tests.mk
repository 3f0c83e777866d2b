# SPDX-License-Identifier: GPL-2.0-only
# The C tests, the VM's own programs, and the copy of checkpatch. Each tests/GROUP/NAME.c is one program,
# build/tests/GROUP/NAME, with tests/lib linked in.

TEST_GROUPS := abi access hv policy stress tracing tool bench kvm $(DEBUG_TEST_GROUPS)
TEST_LIBS := -lcap-ng -luring -lpthread
TEST_CFLAGS := $(CFLAGS) -std=gnu17 $(WARNINGS) -D_GNU_SOURCE= -Iinclude/uapi -Itests/lib -MMD -MP

TEST_SOURCES := $(wildcard $(TEST_GROUPS:%=tests/%/*.c))
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
TEST_LIB := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNIT_PROGRAMS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
DEMO_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard examples/demo/*.c)) $(BUILD)/examples/vmm/vmm
VM_PROGRAMS := $(BUILD)/bin/vm-init $(BUILD)/bin/vm-runner

tests: $(TEST_PROGRAMS) $(UNIT_PROGRAMS) $(VM_PROGRAMS) $(DEMO_PROGRAMS)

$(BUILD)/tests/lib/%.o: tests/lib/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -c -o $@ $<

# A unit test runs on the host under the sanitizers. It names what it tests in a comment among its first lines,
# "sources: kernel/access.c", and may add "cflags: -Itests/unit/shim".
unit_words = $(shell sed -n '1,12s|.*$(2): *\([^*]*\).*|\1|p' $(1))
UNIT_HEADERS := $(shell find kernel include tools bpf tests -name '*.h' 2>/dev/null)

$(BUILD)/tests/unit/%: tests/unit/%.c $(UNIT_HEADERS)
	$(call say,UNIT,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -std=gnu17 $(WARNINGS) -D_GNU_SOURCE= -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer -I. -Iinclude/uapi -Itests/lib $(call unit_words,$<,cflags) \
		-o $@ $< $(call unit_words,$<,sources) -lcmocka $(call unit_words,$<,libs)
$(foreach u,$(UNIT_SOURCES),$(eval $(BUILD)/$(u:.c=): $(call unit_words,$(u),sources)))

$(BUILD)/tests/%: tests/%.c $(TEST_LIB)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -MF $@.d -MT $@ -o $@ $< $(TEST_LIB) $(TEST_LIBS)

$(BUILD)/examples/demo/%: examples/demo/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -MF $@.d -MT $@ -o $@ $< -lpthread

# The VMM carries its guest within: a flat image of code that needs nothing.
$(BUILD)/examples/vmm/guest.bin: $(addprefix examples/vmm/,guest.c guest.h guest.ld)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -O2 -std=gnu17 $(WARNINGS) -ffreestanding -nostdlib -static -fno-pic -no-pie -mgeneral-regs-only \
		-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
		-Wl,--build-id=none,--oformat=binary,-T,examples/vmm/guest.ld -o $@ $<

$(BUILD)/examples/vmm/vmm: examples/vmm/vmm.c $(BUILD)/examples/vmm/guest.bin
	$(call say,CC,$@)
	$(Q)$(CC) $(TEST_CFLAGS) -Wa,-I$(@D) -MF $@.d -MT $@ -o $@ $<

$(BUILD)/bin/vm-init: tests/vm/init.c
$(BUILD)/bin/vm-runner: $(wildcard tests/vm/runner.c tests/vm/tap.c tests/vm/state.c tests/vm/klog.c tests/vm/leaks.c tests/vm/*.h)
$(VM_PROGRAMS):
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(WARNINGS) -o $@ $(filter %.c,$^)

-include $(TEST_PROGRAMS:%=%.d) $(TEST_LIB:.o=.d) $(DEMO_PROGRAMS:%=%.d)

# The development root has checkpatch at hand; elsewhere it comes out of the kernel's source package, once.
CHECKPATCH := $(or $(wildcard /usr/local/share/checkpatch/checkpatch.pl),$(BUILD)/checkpatch/checkpatch.pl)
KERNEL_SOURCE := $(lastword $(sort $(wildcard /usr/src/linux-source-*.tar.xz)))

.PHONY: checkpatch
checkpatch: $(CHECKPATCH)
	@echo $(CHECKPATCH)

$(BUILD)/checkpatch/checkpatch.pl:
	$(Q)mkdir -p $(@D)
	$(Q)tar -x -J -f $(KERNEL_SOURCE) -C $(@D) --strip-components=2 --occurrence=1 \
		$(addprefix $(notdir $(KERNEL_SOURCE:.tar.xz=))/scripts/,checkpatch.pl spelling.txt const_structs.checkpatch)
	$(Q)touch $@
