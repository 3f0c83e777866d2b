#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a scrape of 1,000 VMs costs the exporter, kernel's side included: tests/vm/run --icount counts instructions."""
import os

from bindings import Binder
from gmt import Tap
from metrics import Exporter

BINDERS, EACH = 4, 250


def main():
    os.chdir(os.environ.get('TMPDIR', '/tmp'))
    with Tap(3) as t:
        binders = [Binder(EACH, EACH) for _ in range(BINDERS)]
        for binder in binders:
            for n in range(EACH):
                binder.do('bind', n, 0, n, 0, 64, 1 << 20)
        exporter = Exporter()
        costs = []
        for _ in range(5):
            page = exporter.page()
            costs.append(page.one('process_cpu_seconds_total'))
        vms = [labels for labels, _ in page.find('gmem_objects') if labels['consumer']]
        t.same(len(vms), BINDERS * EACH, 'as many VMs, each told apart')
        t.same(page.one('gmem_exporter_overflow_objects'), 0, 'none of them by the overflow')
        # From one page's samples to the next one's: a scrape with all that HTTP takes.
        steps = sorted((b - a) * 1e9 for a, b in zip(costs, costs[1:]))
        parts = {labels['part']: round(value * 1e9) for labels, value in page.find('gmem_exporter_part_duration_seconds')}
        print(f'# a scrape of {len(vms)} VMs: {steps[len(steps) // 2] / 1e6:.1f} million ns of CPU, '
              f'{len(page.samples)} samples, {len(page.text)} bytes; parts {parts}; '
              f'resident {page.one("process_resident_memory_bytes") / 2**20:.1f} MiB')
        # A nanosecond of CPU is an instruction where the clock counts them, and a part of one elsewhere.
        limit = 20e6 if os.environ.get('GMEM_ICOUNT') else 5e9
        t.ok(steps[len(steps) // 2] < limit, f'a scrape costs less than {limit:.0f} ns of CPU', steps)
        exporter.end()
        for binder in binders:
            binder.end()


main()
