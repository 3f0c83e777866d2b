#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The VMM of examples/vmm runs guests to their end: contents are what they should be, its memory is there once, not
# twice, and a wrong answer does not go unseen. Needs the KVM of `make kvm`.
set -uo pipefail

vmm=build/examples/vmm/vmm
out=$(mktemp -d)
group=/sys/fs/cgroup/vmm-test
checks=0

check() {
	checks=$((checks + 1))
	local verdict='not ok'
	! "${@:2}" || verdict=ok
	echo "$verdict $checks - $1"
}

# run OPTION...: runs the VMM to its end; its status and summary are kept.
run() {
	"$vmm" --name=guest "$@" >"$out/out" 2>"$out/err"
	status=$?
	sed 's/^/# /' "$out/out" "$out/err"
}

# The number behind a word of the summary.
told() {
	sed -n "s/.* $1 \([0-9]*\).*/\1/p" "$out/out"
}

# The number of a key in the fdinfo of the VMM's gmem.
fdinfo() {
	cat "/proc/$pid/fdinfo/"* 2>/dev/null | awk -v key="gmem-$1:" '$1 == key { print $2 }'
}

resident() {
	cat "/proc/$pid/fdinfo/"* 2>/dev/null | awk '/^gmem-resident-/ { n += $2 } END { print n + 0 }'
}

echo 1..14

run --mib=1 --rounds=200
check 'a guest of 200 rounds ends well' [ "$status" = 0 ]
check 'all rounds were served' [ "$(told rounds)" = 200 ]
check 'each of them with two conversions, after the first' [ "$(told conversions)" = 401 ]
check 'all of its memory is private again, and there once' [ "$(told private_kib) $(told shared_kib)" = '1024 0' ]

run --mib=1 --rounds=20 --lie=7
check 'the guest notices a wrong answer' [ "$status" = 3 ]
check 'and it was the guest that did' grep -q 'round 7: the guest finds' "$out/err"

# A guest at work, until it has been everywhere in its memory.
mib=8
mkdir "$group"
(echo $BASHPID >"$group/cgroup.procs" && exec "$vmm" --name=long --mib=$mib) >"$out/out" 2>"$out/err" &
pid=$!
for _ in $(seq 600); do
	sleep 0.1
	resident=$(resident)
	[ "$resident" -lt $((mib << 20)) ] || break
done
check 'its memory is all resident, and no more than that' [ "$resident" = $((mib << 20)) ]
check 'KVM is bound to it' [ "$(fdinfo bindings)" = 1 ]
check 'nobody tried to reach private memory through the mapping' [ "$(fdinfo denied)" = 0 ]
charged=$(cat "$group/memory.current")
echo "# $charged bytes are charged to its cgroup"
check 'what it is charged for is one copy, not two' [ "$charged" -lt $(((mib + 4) << 20)) ]
kill -TERM "$pid"
wait "$pid"
status=$?
sed 's/^/# /' "$out/out" "$out/err"
check 'SIGTERM ends it well' [ "$status" = 0 ]
check 'with a summary' grep -q '^long: rounds .* ok$' "$out/out"
rmdir "$group"

run --mib=1 --rounds=20 --shared-code=1
check 'real hypercalls do as well, from code in shared memory' [ "$status" = 0 ]

"$vmm" --mib=0 >"$out/out" 2>"$out/err"
check 'a wrong option is told of' [ $? = 2 ]

rm -rf "$out"
