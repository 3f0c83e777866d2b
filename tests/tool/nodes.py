#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bytes by NUMA node, to the page: as allocated, as the kernel places them, through conversion, hole and end."""
import glob
import os
import subprocess

from gmt import TOP, Tap, run, run_json

PAGE = 4096
PLACED = os.path.join(TOP, 'build/tests/tool/placed')
PAGES = (64 << 20) // PAGE


class Placed:
    """tests/tool/placed: a gmem whose pages are on nodes as told."""

    def __init__(self):
        self.process = subprocess.Popen([PLACED], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.id = int(self.process.stdout.readline())

    def do(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return int(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def nodes(gmem):
    """Pages by node, and what is resident in all."""
    shown = run_json('show', '-j', str(gmem))[0]
    told = {node['nid']: node['resident_bytes'] // PAGE for node in shown['nodes']}
    return told, (shown['resident_private_bytes'] + shown['resident_shared_bytes']) // PAGE


def check(t, placed, want, what):
    told, resident = nodes(placed.id)
    t.same((told, resident), (want, sum(want.values())), what)


def main():
    others = len(glob.glob('/sys/devices/system/node/node[0-9]*'))
    with Tap(14) as t:
        t.same(others, 2, 'the guest has two nodes')
        placed = Placed()
        check(t, placed, {}, 'nothing is resident: no node is told')
        errs = [placed.do('allocate', 0, 0, 100), placed.do('allocate', 1, 100, 37),
                placed.do('allocate', 1, 0, 137), placed.do('share', 1000, 1000),
                placed.do('touch', 1, 1000, 512), placed.do('touch', 0, 1512, 488)]
        t.same(errs, [0] * 6, 'memory is taken from both')
        want = {0: 588, 1: 549}
        check(t, placed, want, 'each page counts where it is, and once')
        placed.do('share', 0, 1000)
        t.same([placed.do('count', node, 0, 137) + placed.do('count', node, 1000, 1000) for node in (0, 1)],
               [588, 549], 'move_pages(2) says the same')
        check(t, placed, want, 'a conversion that keeps moves nothing')
        placed.do('hide', 50, 1500)
        check(t, placed, want, 'nor does one that zeroes')
        placed.do('punch', 90, 20)
        want = {0: 578, 1: 539}
        check(t, placed, want, 'a hole over the border of two nodes')
        placed.do('punch', 0, 1400)
        want = {0: 488, 1: 112}
        check(t, placed, want, 'one over private and shared ranges')
        status, out, _ = run('show', str(placed.id))
        t.ok(status == 0 and 'resident node 0      1998848 (1.9M)\nresident node 1      458752 (448K)\n' in out,
             'show in text', out)
        t.same([placed.do('allocate', 0, 4000, 5000), placed.do('allocate', 1, 9000, 500)], [0] * 2,
               'many pages')
        check(t, placed, {0: 5488, 1: 612}, 'count as well')
        placed.do('punch', 0, PAGES)
        check(t, placed, {}, 'all of it, more pages than are walked at once')
        placed.do('touch', 1, 1990, 10)
        placed.do('close')
        t.same(run('show', str(placed.id))[0], 7, 'and the end')
        placed.end()


main()
