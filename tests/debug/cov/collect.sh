#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The last test of the debug kernel's list: unloads and loads gmem.ko once more, so that its exit has run, and
# leaves what blockcov.ko has seen in $GMEM_OUT/coverage, for tests/debug/cov/report.py.
set -u

hits=/sys/kernel/debug/blockcov/hits
out=${GMEM_OUT:?runs inside the VM}/coverage

echo 1..2
if rmmod gmem && insmod "${GMEM_MODULE:?}"; then
	echo 'ok 1 - gmem.ko unloads and loads'
else
	echo 'not ok 1 - gmem.ko unloads and loads'
fi

mkdir -p "$out"
{
	# No column of /proc/modules but the address begins with 0x.
	sed -n 's/^gmem .* \(0x[0-9a-f]*\).*/base \1/p' /proc/modules
	for section in /sys/module/gmem/sections/.*text*; do
		echo "${section##*/} $(cat "$section")"
	done
} >"$out/layout"
if cat "$hits" >"$out/hits" && [ -s "$out/hits" ]; then
	echo "ok 2 - $(wc -l <"$out/hits") blocks of gmem.ko have run"
else
	echo 'not ok 2 - blocks of gmem.ko have run'
fi
