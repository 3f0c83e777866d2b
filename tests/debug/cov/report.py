#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Line coverage of gmem.ko: report.py GMEM.KO OUT-DIR COVERAGE-DIR...

Reads what collect.sh left in each guest, and writes OUT-DIR/coverage.txt (also printed: a line per file, then the
lines not reached) and OUT-DIR/gmem.info for genhtml. A line is reached where one of its basic blocks has run.
"""
import os
import re
import subprocess
import sys

CALLBACK = "blockcov_hit"
CALL_BYTES = 5


def read_layout(path):
    layout = dict(line.split() for line in open(path))
    base = int(layout.pop("base"), 16)
    return {
        name: ("init", 0) if name.startswith(".init") else ("text", int(address, 16) - base)
        for name, address in layout.items()
    }


def read_hits(path):
    hits = set()
    for line in open(path):
        area, offset = line.split()
        hits.add((area, int(offset, 16)))
    return hits


def source_of(path, line):
    """The project's own file, whatever directory it was built in; None for the kernel's headers."""
    match = re.search(r"/build/[^/]+/((?:kernel|include)/.*)$", os.path.normpath(path))
    return (match.group(1), line) if match else None


def blocks_of(module, section):
    """Yields (offset of the callback's return address, source lines) for each basic block of a section."""
    dump = subprocess.run(
        ["objdump", "--disassemble", "--line-numbers", "--inlines", "--reloc", "--no-show-raw-insn",
         "--section", section, module],
        check=True, capture_output=True, text=True).stdout
    # Where an instruction is from: its own line, then those it was inlined into; objdump repeats the latter only.
    inner, outer, told = None, [], False
    address, block, lines, moved = 0, None, set(), False
    for text in dump.splitlines():
        if match := re.match(r"(inlined by )?(/.*?):(\d+)( \(.*\))?$", text):
            place = source_of(match.group(2), int(match.group(3)))
            if not match.group(1):
                inner, outer = place, []
            else:
                outer = [place] if told else outer + [place]
            told = False
        elif re.match(r"[0-9a-f]+ <", text):
            # A function begins: what stands before its first callback runs with it.
            if block is not None:
                yield block, lines
            block, lines, moved = None, set(), False
        elif match := re.match(r"\s+[0-9a-f]+: R_X86_64_\w+\s+(\S+?)[-+]0x", text):
            if match.group(1) == CALLBACK:
                if block is not None:
                    yield block, lines
                    lines = set()
                block, moved = address + CALL_BYTES, False
                lines.update([inner], outer)
        elif match := re.match(r"\s+([0-9a-f]+):\s+(\S+)", text):
            address, told = int(match.group(1), 16), True
            if not moved:
                lines.update([inner], outer)
            # What follows a jump without a callback of its own was moved there from some other block.
            if match.group(2) in ("jmp", "ret", "ud2"):
                if block is not None:
                    yield block, lines
                block, lines, moved = None, set(), True
    if block is not None:
        yield block, lines


def coverage(module, layout, hits):
    """{file: {line: reached}}"""
    files = {}
    for section, (area, start) in layout.items():
        for offset, lines in blocks_of(module, section):
            reached = (area, start + offset) in hits
            for name, number in lines - {None}:
                seen = files.setdefault(name, {})
                seen[number] = seen.get(number, False) or reached
    return files


def write_info(files, path):
    with open(path, "w") as out:
        for name in sorted(files):
            out.write(f"TN:gmem\nSF:{os.path.abspath(name)}\n")
            for number, reached in sorted(files[name].items()):
                out.write(f"DA:{number},{int(reached)}\n")
            out.write(f"LF:{len(files[name])}\nLH:{sum(files[name].values())}\nend_of_record\n")


def table(files):
    rows = [(name, sum(lines.values()), len(lines)) for name, lines in sorted(files.items())]
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows)))
    return "".join(f"{100 * r / n:6.1f} %  {r:5} of {n:5} lines  {name}\n" for name, r, n in rows)


def missed(files):
    for name in sorted(files):
        source = open(name).read().splitlines()
        for number, reached in sorted(files[name].items()):
            if not reached:
                yield f"{name}:{number}: {source[number - 1].strip()}\n"


def main():
    module, out, *guests = sys.argv[1:]
    # Offsets in the module are the same in each guest.
    layouts = [read_layout(f"{guest}/layout") for guest in guests]
    if not layouts or any(layout != layouts[0] for layout in layouts):
        sys.exit("coverage: no guest has left any, or their modules differ: run make check-debug")
    hits = set().union(*(read_hits(f"{guest}/hits") for guest in guests))
    files = coverage(module, layouts[0], hits)
    os.makedirs(out, exist_ok=True)
    write_info(files, f"{out}/gmem.info")
    with open(f"{out}/coverage.txt", "w") as text:
        text.write(table(files) + "\nLines not reached:\n" + "".join(missed(files)))
    print(table(files), end="")
    print(f"lines not reached: {out}/coverage.txt")


main()
