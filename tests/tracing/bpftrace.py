# SPDX-License-Identifier: GPL-2.0-only
"""bpftrace attaches to every gmem tracepoint and reads the fields of a workload's events."""

import re

import gmem_events as g

FIELDS = {
    "gmem_create": ["size_bytes", "flags"],
    "gmem_release": ["size_bytes", "resident_private_bytes", "resident_shared_bytes"],
    "gmem_alloc": ["offset_bytes", "size_bytes", "state", "nid"],
    "gmem_free": ["offset_bytes", "size_bytes", "resident_bytes", "cause"],
    "gmem_fault": ["offset_bytes", "size_bytes", "kind", "state", "err", "write", "allocated",
                   "total_ns"],
    "gmem_convert": ["offset_bytes", "size_bytes", "to", "content", "err", "changed_bytes"],
    "gmem_access": ["offset_bytes", "size_bytes", "done_bytes", "act", "err"],
}


def probe(event, fields):
    # bpftrace counts the bits of a type, not its sign: %d prints a negative s32 as such.
    texts = [f"{f}={'%d' if f in ('err', 'nid') else '%llu'}" for f in fields]
    args = [f"args.{f}" for f in fields]
    if event == "gmem_create":
        texts.append("name=%s")
        args.append("args.name")
    return (f'tracepoint:gmem:{event} {{ printf("{event}: id=%llu {" ".join(texts)}\\n", '
            f'args.id, {", ".join(args)}); }}')


tap = g.Tap(g.CHECKS + 2)
program = "\n".join(probe(event, fields) for event, fields in FIELDS.items())
program += "\nrawtracepoint:gmem_fault { @raw = count(); }"
program += "\ntracepoint:gmem:gmem_fault { @faults[args.err] = count(); }"
output = g.run(["bpftrace", "-B", "line", "-c", g.WORKLOAD, "-e", program])
g.check(tap, "bpftrace", output, g.workload_id(output), numbers=True)
counts = dict(re.findall(r"^@faults\[(-?\d+)\]: (\d+)$", output, re.M))
tap.ok(counts == {"0": "4", "-13": "1"}, f"its maps count by result: {counts}")
tap.ok(re.search(r"^@raw: 5$", output, re.M) is not None, "raw tracepoints serve as well")
tap.done()
