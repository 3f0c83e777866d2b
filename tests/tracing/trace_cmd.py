# SPDX-License-Identifier: GPL-2.0-only
"""trace-cmd records the events of a workload, and prints them with their names."""

import os

import gmem_events as g

DATA = os.path.join(os.environ.get("TMPDIR", "/tmp"), "trace.dat")

tap = g.Tap(g.CHECKS)
output = g.run(["trace-cmd", "record", "-q", "-C", "mono", "-e", "gmem", "-o", DATA, g.WORKLOAD])
g.check(tap, "trace-cmd", g.run(["trace-cmd", "report", "-i", DATA]), g.workload_id(output))
g.run(["trace-cmd", "reset"])
os.unlink(DATA)
tap.done()
