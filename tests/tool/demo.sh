#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo runs to its end: all four VMMs are seen, each act shows, and the intruder gets nothing. It
# unloads the module, which only works where nothing of it is left.
set -uo pipefail

out=$(examples/demo/run 2 2>&1 </dev/null)
status=$?
while IFS= read -r line; do
	echo "# $line"
done <<<"$out"

checks=0
check() {
	checks=$((checks + 1))
	local verdict='not ok'
	! "${@:2}" || verdict=ok
	echo "$verdict $checks - $1"
}

# The summary's row of one VMM has more than none in a column: 8 faults, 9 conversions, 10 denied.
counted() {
	awk -v name="$1" -v column="$2" '/^What happened/ { on = 1 }
		on && $1 == name { found = $column > 0 } END { exit !found }' <<<"$out"
}

# All virtual machines did rounds, or it is told why there are none.
machines_ran() {
	if [ -f "${GMEM_MODULE%/*}/kvm/kvm.ko" ]; then
		[ "$(grep -Ec '^  (brisk|calm|large): rounds [1-9].* ok$' <<<"$out")" = 3 ]
	else
		grep -q '^No virtual machines: ' <<<"$out"
	fi
}

echo 1..10
check 'the demo ends well' [ "$status" = 0 ]
for vmm in steady converter idle intruder; do
	check "gmemtop shows $vmm in its cgroup" grep -q "/demo.slice/$vmm\$" <<<"$out"
done
check 'steady faults' counted steady 8
check 'converter converts' counted converter 9
check 'intruder is denied' counted intruder 10
check 'the virtual machines run where there is a KVM for them' machines_ran
check 'the module is unloaded' [ ! -e /sys/module/gmem ]
# As it was found.
insmod "${GMEM_MODULE:?runs inside the VM}"
