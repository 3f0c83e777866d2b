#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The udev rule: well formed, and what udevd makes of /dev/gmem by it.
set -u

rule=packaging/udev/60-gmem.rules
count=0 failed=0

ok() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
		failed=$((failed + 1))
	fi
}

is() {
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || echo "#   got \"$1\", want \"$2\""
}

echo 1..4
udevadm verify --no-summary "$rule"
ok $? "udevadm verify"
is "$(stat -c '%U %a' /dev/gmem)" "root 600" "without the rule /dev/gmem is root's alone"

# A daemon of our own with this rule only: that of the system, if there is one, is left alone.
mkdir -p /run/udev/rules.d
cp "$rule" /run/udev/rules.d/
/usr/lib/systemd/systemd-udevd --resolve-names=early >/run/udevd.log 2>&1 &
daemon=$!
for _ in $(seq 100); do
	[ ! -S /run/udev/control ] || break
	sleep 0.1
done
udevadm control --ping --timeout=20
udevadm trigger --action=add --settle /sys/class/misc/gmem
is "$(stat -c '%U:%G %a' /dev/gmem)" "root:kvm 660" "with it, root's and group kvm's"

kill $daemon
wait $daemon
rm -f /run/udev/rules.d/60-gmem.rules
chown root:root /dev/gmem
chmod 600 /dev/gmem
is "$(stat -c '%U:%G %a' /dev/gmem)" "root:root 600" "and is left as it was found"
[ $failed = 0 ]
