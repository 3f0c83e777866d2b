# SPDX-License-Identifier: GPL-2.0-only
"""perf records the events of a workload, counts them, and prints them with their names."""

import os
import re
import subprocess

import gmem_events as g

DATA = os.path.join(os.environ.get("TMPDIR", "/tmp"), "perf.data")

tap = g.Tap(g.CHECKS + 1)
# Symbols and build ids are of no interest here, and take perf most of its time.
output = g.run(["perf", "record", "-q", "--no-buildid", "--no-buildid-cache", "--no-bpf-event",
                "-e", "gmem:*", "-o", DATA, g.WORKLOAD])
g.check(tap, "perf", g.run(["perf", "script", "-i", DATA, "-F", "comm,event,trace"]),
        g.workload_id(output))
os.unlink(DATA)

stat = subprocess.run(["perf", "stat", "-x,", "-e", "gmem:gmem_fault", g.WORKLOAD],
                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
match = re.search(r"^(\d+),,gmem:gmem_fault", stat.stderr, re.M)
tap.ok(match and match.group(1) == "5", "perf stat counts 5 faults")
if not match:
    print("#", stat.stderr)
tap.done()
