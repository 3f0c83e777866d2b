# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
# Which kernels are there, and what can run them: for tests/vm/run and tests/run, which set top.

virtiofsd=$(command -v virtiofsd || echo /usr/libexec/virtiofsd)

# The kernels that can be booted, oldest first, by series: 6.12, 7.3.
installed_series() {
	local dir
	for dir in /usr/lib/modules/*-cloud-amd64; do
		[ ! -f "/boot/vmlinuz-${dir##*/}" ] || basename "$dir" | cut -d. -f1,2
	done | sort -Vu
}

# The image of the newest kernel of a series, or of one of our own debug kernels.
kernel_image() {
	case $1 in
	debug | kcsan) find "$("$top/tests/debug/kernel" where "$1")" -maxdepth 1 -name vmlinuz 2>/dev/null ;;
	*) find /boot -name "vmlinuz-$1.*-cloud-amd64" | sort -V | tail -n 1 ;;
	esac
}

# How many times slower than a stock kernel, for the time limits: checkers cost.
kernel_slowness() {
	case $1 in
	debug | kcsan) echo 8 ;;
	*) echo 1 ;;
	esac
}

# Whether KVM runs a stock kernel here. /dev/kvm may be there and hang the guest in its decompressor: only a
# kernel that came as far as missing its root file system proves it. The answer holds until the host reboots.
kvm_works() {
	local answer
	[ -w /dev/kvm ] || return 1
	answer=$top/build/vm/kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -f "$answer" ]; then
		mkdir -p "${answer%/*}"
		# A subshell keeps the shell's own word of an aborted QEMU out of sight.
		(timeout -k 1 8 qemu-system-x86_64 -M q35 -nodefaults -no-user-config -display none -no-reboot \
			-accel kvm -cpu max -m 256 -kernel "$1" -serial stdio \
			-append 'console=ttyS0 panic=-1' </dev/null >"$answer.log" 2>&1 || true) \
			2>/dev/null
		if grep -q 'Kernel panic' "$answer.log"; then
			echo yes
		else
			echo no
		fi >"$answer.$$"
		mv "$answer.$$" "$answer"
	fi
	[ "$(cat "$answer")" = yes ]
}

# Whether make kvm rebuilds KVM for this kernel: it takes the kernel's source package.
kernel_has_kvm() {
	case $1 in
	debug | kcsan) true ;;
	*) [ -f "/usr/src/linux-source-$1.tar.xz" ] ;;
	esac
}
