# SPDX-License-Identifier: GPL-2.0-only
"""The events that workload.c raises, and the proof that a recorder has seen exactly these."""

import re
import subprocess
import sys

WORKLOAD = "build/tests/tracing/workload"

# In order: the event, and fields as the kernel prints them.
EVENTS = [
    ("gmem_create", {"size_bytes": "32768", "flags": "0x13", "name": "traced"}),
    ("gmem_access", {"act": "mmap", "size_bytes": "32768", "err": "0"}),
    ("gmem_convert", {"offset_bytes": "0", "size_bytes": "16384", "to": "shared",
                      "content": "zero", "err": "0", "changed_bytes": "16384"}),
    *[event for page in range(4) for event in (
        ("gmem_alloc", {"offset_bytes": str(page * 4096), "size_bytes": "4096",
                        "state": "shared"}),
        ("gmem_fault", {"offset_bytes": str(page * 4096), "size_bytes": "4096", "kind": "host",
                        "state": "shared", "err": "0", "write": "1", "allocated": "1"}),
    )],
    ("gmem_fault", {"offset_bytes": "20480", "size_bytes": "0", "kind": "host",
                    "state": "private", "err": "-13", "write": "0", "allocated": "0"}),
    ("gmem_access", {"act": "read", "offset_bytes": "0", "done_bytes": "4096", "err": "0"}),
    ("gmem_access", {"act": "read", "offset_bytes": "20480", "size_bytes": "4096",
                     "done_bytes": "0", "err": "-13"}),
    ("gmem_access", {"act": "inspect_read", "offset_bytes": "20480", "done_bytes": "100",
                     "err": "0"}),
    ("gmem_convert", {"offset_bytes": "0", "size_bytes": "8192", "to": "private",
                      "content": "keep", "err": "0", "changed_bytes": "8192"}),
    ("gmem_free", {"offset_bytes": "0", "size_bytes": "12288", "resident_bytes": "12288",
                   "cause": "punch"}),
    ("gmem_release", {"size_bytes": "32768", "resident_private_bytes": "0",
                      "resident_shared_bytes": "4096"}),
    ("gmem_free", {"offset_bytes": "0", "size_bytes": "32768", "resident_bytes": "4096",
                   "cause": "release"}),
]

# What the kernel prints as names are numbers to a program that reads the fields.
NUMBERS = {
    "to": {"private": "0", "shared": "1"},
    "state": {"private": "0", "shared": "1"},
    "content": {"zero": "0", "keep": "1"},
    "kind": {"host": "0"},
    "cause": {"punch": "0", "release": "1"},
    "act": {"mmap": "1", "read": "2", "inspect_read": "5"},
    "flags": {"0x13": "19"},
}


def numeric(field, value):
    return NUMBERS.get(field, {}).get(value, value)


class Tap:
    def __init__(self, plan):
        print(f"1..{plan}", flush=True)
        self.count = self.failed = 0

    def ok(self, good, what):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {what}", flush=True)
        return good

    def done(self):
        sys.exit(1 if self.failed else 0)


def run(argv):
    """The output of a command; a command that fails ends the test."""
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            errors="replace", check=False)
    if result.returncode:
        print(f"Bail out! {' '.join(argv)}: status {result.returncode}")
        for line in (result.stdout + result.stderr).splitlines():
            print("#", line)
        sys.exit(1)
    return result.stdout


def workload_id(output):
    match = re.search(r"^workload gmem (\d+)$", output, re.M)
    if not match:
        print("Bail out! the workload did not name its gmem")
        print("#", output.replace("\n", "\n# "))
        sys.exit(1)
    return match.group(1)


def parse(text):
    """(event, fields) of each line that holds `gmem_NAME: key=value ...`."""
    events = []
    for line in text.splitlines():
        match = re.search(r"\b(gmem_[a-z]+):\s+(id=.*)$", line)
        if match:
            fields = dict(word.split("=", 1) for word in match.group(2).split())
            events.append((match.group(1), fields))
    return events


CHECKS = 2


def check(tap, tool, text, gmem, numbers=False):
    """Exactly the workload's events, with the right values; CHECKS checks."""
    seen = [event for event in parse(text) if event[1]["id"] == gmem]
    tap.ok(len(seen) == len(EVENTS), f"{tool} saw {len(seen)} events of {len(EVENTS)}")
    wrong = []
    for want, got in zip(EVENTS, seen):
        fields = {f: numeric(f, v) if numbers else v for f, v in want[1].items()}
        bad = {f: (v, got[1].get(f)) for f, v in fields.items() if got[1].get(f) != v}
        if want[0] != got[0] or bad:
            wrong.append(f"want {want[0]}, got {got[0]}; fields wanted and got: {bad}")
    good = tap.ok(not wrong and len(seen) == len(EVENTS), f"{tool} shows them in order, values right")
    for line in wrong[:5]:
        print("#  ", line)
    if not good:
        for event in seen:
            print("#   saw", event)
