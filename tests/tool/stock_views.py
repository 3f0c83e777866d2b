#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest_memfd source in the dashboard, the exporter and recordings: what it tells is there, what it cannot is unknown."""
import os
import re
import tempfile

from gmt import Tap, Trace, run, run_json, wait_for
from metrics import Exporter, Page, promtool
from record import Record, timeless
from screen import listening
from stocked import INIT_SHARED, MIB, MMAP, PAGE, Vmm, without_gmem
from terminal import Screen, has

GPA, MANY = 1 << 24, 200
UNCOUNTED = ('faults', 'denied', 'conversions', 'conversions_failed', 'converted_bytes', 'allocated_bytes', 'freed_bytes',
             'read_bytes', 'written_bytes', 'inspected_bytes', 'invalidations', 'memory_failures')


def cells(lines, *headers):
    """What stands under headers of columns that are aligned to the right, a tuple a row."""
    at = next((i for i, line in enumerate(lines) if all(re.search(rf'\b{re.escape(h)}(?!\S)', line) for h in headers)), None)
    if at is None:
        return []
    ends = [re.search(rf'\b{re.escape(h)}(?!\S)', lines[at]).end() for h in headers]
    rows = [line for line in lines[at + 1:-1] if line.strip()]
    return [tuple(line[:end].split()[-1] for end in ends) for line in rows]


def vms():
    """A protected VM with one that is bound and has private memory, and one that is not; a plain one's."""
    protected, plain = Vmm('protected'), Vmm('plain')
    done = [protected.do('create', MIB, 0), protected.do('create', 2 * MIB, 0), protected.do('slot', 7, 0, 0, MIB, GPA),
            protected.do('attributes', GPA, MIB, 1), protected.do('touch', GPA, 5), protected.do('allocate', 1, 0, 3 * PAGE),
            plain.do('create', MIB, MMAP | INIT_SHARED), plain.do('slot', 9, 0, 0, MIB // 2, GPA), plain.do('map', 0, MIB),
            plain.do('store', 0, 0, 8)]
    if done != [0, 1] + [0] * 8:
        raise RuntimeError(f'the workload: {done}')
    return protected, plain


def test_tables(t, screen, protected, plain):
    t.ok(screen.wait(lambda l: len(cells(l, 'FLT/S')) == 3, 'the table'), 'the dashboard', screen.text())
    lines = screen.lines()
    t.same(set(cells(lines, 'FLT/S', 'CNV/S', 'DEN/S', 'DENY')), {('?',) * 4}, 'what happens and is not counted is ?, never 0')
    t.same(sorted(cells(lines, 'SIZE', 'PRIV', 'SHARE')),
           [('1.0M', '0', '32.0K'), ('1.0M', '20.0K', '0'), ('2.0M', '12.0K', '0')], 'sizes are told')
    t.ok(re.search(r'faults/s \?  conversions/s \?  denied/s \?', lines[1]) and
         re.match(r'faults/s +\? +conversions/s +\? +denied/s +\?$', lines[2]), 'nor is a sum or a history known', *lines[1:3])
    t.ok(all(re.match(r'[ >] *\d+ \? .*\? ', line) for line in lines[5:8]), 'each is without a name', *lines[5:8])
    lines = screen.settle(b'2', 0.3)
    t.same(sorted(cells(lines, 'PID', 'GMEMS', 'FDS', 'FLT/S')),
           sorted([(str(protected.pid), '2', '2', '?'), (str(plain.pid), '1', '1', '?')]), 'processes, with their descriptors')
    lines = screen.settle(b'3', 0.3)
    t.ok(has(f'kvm {protected.pid}', f'kvm {plain.pid}', '- not bound')(lines), 'VMs', *lines)
    t.same({row[2:] for row in cells(lines, 'GMEMS', 'BIND', 'FLT/S', 'DEN/S')}, {('?', '?')}, 'and what theirs do is not known')
    lines = screen.settle(b'4', 0.3)
    t.same({row[1:] for row in cells(lines, 'GMEMS', 'FLT/S', 'CNV/S', 'DEN/S')}, {('?',) * 3}, 'cgroups')


def test_reasons(t, screen, before):
    lines = screen.settle(b'5', 0.3)
    t.ok(has('? not known')(lines) and has('the source guest_memfd cannot tell NUMA nodes')(lines), 'nodes: why', *lines)
    lines = screen.settle(b'6', 0.3)
    t.ok(has('the source guest_memfd cannot tell times')(lines) and not has('fault, host')(lines), 'latency: why', *lines)
    lines = screen.settle(b'8', 0.3)
    t.ok(has('the source guest_memfd cannot tell policies')(lines) and not has('no policy is attached')(lines), 'policies: why', *lines)
    t.same(listening(), before, 'nothing was attached so far')


def test_listens(t, screen, before, protected):
    screen.settle(b'7', 0.5)
    t.ok(wait_for(lambda: listening() > before, 'programs'), 'the view of events listens')
    protected.do('touch', GPA + 16 * PAGE, 1)
    protected.do('attributes', GPA + 32 * PAGE, PAGE, 0)
    t.ok(screen.wait(has(' fault ', ' alloc ', 'kind=guest', ' convert '), 'events'), 'and shows them', screen.text())
    gmem, = [g for g in run_json('list', '-j')[0]['gmems'] if g['pid'] == protected.pid and g['bindings']]
    screen.settle([b'1', b'/', *[bytes([c]) for c in str(gmem['id']).encode()], b'\r', b'\r'], 0.5)
    t.ok(screen.wait(has('RATES', 'HELD BY', 'nobody so far'), 'detail'), 'one guest_memfd', screen.text())
    text = screen.text()
    t.ok(re.search(rf'made 20\S+ by vmm, pid {protected.pid} ', text) and f'kvm {protected.pid} ' in text and
         re.search(r'slot 7 +1\.0M at 0 +guest 0x1000000\b', text) and re.search(rf'{protected.pid} +vmm .* 1 descriptor\n', text),
         'its maker, binding and holder', text)
    t.ok(all(re.search(rf'{name} +\?', text) for name in ('faults/s', 'conversions/s', 'denied/s', 'converted', 'allocated', 'freed',
                                                         'read', 'written', 'invalidations', 'failures')) and
         'cannot tell NUMA nodes' in text and not re.search(r'host 0|done 0|private 0 +flags', text), 'and ? for each counter', text)
    screen.settle(b'\x1b', 0.5)
    t.same(listening(), before, 'all is detached when it is left')
    t.same(screen.quit(), (0, True), 'it ends well')


def known(t, page, what):
    t.same((page.bad, page.sum('gmem_objects'), page.sum('gmem_size_bytes'), page.sum('gmem_resident_bytes', state='private'),
            page.sum('gmem_resident_bytes', state='shared'), page.sum('gmem_bindings'), page.sum('gmem_bound_bytes')),
           ([], 3, 4 * MIB, 8 * PAGE, 8 * PAGE, 2, MIB + MIB // 2), f'{what}: what is known')
    names = {name for name, _, _ in page.samples}
    t.same({f'gmem_{name}_total' for name in UNCOUNTED} & names | {n for n in names if 'node' in n or 'polic' in n or 'seconds_bucket' in n},
           set(), f'{what}: what is not has no sample, not even 0')


def test_export(t, protected):
    status, out, err = run('export', '--once', '-')
    t.ok(status == 0 and not err, 'export --once', status, err)
    known(t, Page(out), '--once')
    t.same(promtool('check', 'metrics', text=out)[0], 0, 'promtool accepts it')
    exporter = Exporter()
    known(t, exporter.page(), 'a scrape, without a privilege')
    protected.do('create', 4 * MIB, 0)
    page = exporter.page()
    t.same((page.sum('gmem_objects'), page.sum('gmem_size_bytes'), page.sum('gmem_objects', vm=str(protected.pid))),
           (4, 8 * MIB, 1), 'what comes later is told; the VM has what it has bound')
    with open(f'/proc/{exporter.pid}/status', encoding='ascii') as file:
        t.ok(re.search(r'^CapEff:\t0+$', file.read(), re.M), 'no capability is left')
    protected.do('close', 2)
    t.same((exporter.page().sum('gmem_objects'), exporter.page().one('gmem_exporter_programs_attached'), exporter.end()[0]), (3, 0, 0),
           'what has gone is not, and nothing was ever attached')
    status, _, err = run('export', '--latency', '--listen', '127.0.0.1:0')
    t.ok(status == 1 and 'cannot tell times' in err, '--latency is refused', status, err)


def test_limits(t):
    many = Vmm('plain')
    exporter = Exporter('--per-gmem', '--max-series', '1000')
    for _ in range(MANY):
        many.do('create', MIB, 0)
    page = exporter.page()
    t.ok(len(page.samples) <= 1000 and page.find('gmem_objects', cgroup='(overflow)'), f'{MANY} more, a series each: no more than may be',
         len(page.samples))
    t.same((page.sum('gmem_objects'), page.sum('gmem_size_bytes'), page.sum('gmem_resident_bytes')),
           (MANY + 3, (MANY + 4) * MIB, 16 * PAGE), 'and none is missing from the sums')
    many.end()
    exporter.end()


def bare(events):
    """Two traces look at two clocks."""
    return sorted((sorted((key, str(value)) for key, value in event.items() if key not in ('time', 'time_ns', 'total_ns'))
                   for event in events), key=str)


def test_record(t, protected, plain):
    path = os.path.join(tempfile.mkdtemp(), 'a.gmr')
    record = Record('--events', '--interval', '200ms', path)
    t.ok('recording to' in record.said, 'record', record.said)
    trace = Trace('-j')
    protected.do('touch', GPA + 40 * PAGE, 4)
    protected.do('attributes', GPA + 48 * PAGE, 2 * PAGE, 0)
    plain.do('touch', GPA, 16)
    screen = Screen(80, 24)
    screen.wait(lambda l: len(cells(l, 'FLT/S')) == 3, 'a few snapshots')
    # As much is resident as before, elsewhere.
    plain.do('allocate', 0, MIB - PAGE, PAGE)
    plain.do('punch', 0, 0, PAGE)
    screen.read(1)
    screen.quit()
    live, totals = trace.end_json()
    status, err = record.end()
    t.ok(status == 0 and ' lost 0' in err and not totals['lost'], 'ends well, and nothing is lost', err)

    def replay(*args):
        status, out, err = run('replay', path, *args)
        if status or err:
            raise RuntimeError(f'replay {args}: {status}: {err}')
        return out
    t.same(replay('list'), run('list')[1], 'replay: list, ? and all')
    ids = [gmem['id'] for gmem in run_json('list', '-j')[0]['gmems']]
    for gmem in ids:
        live_one, = run_json('show', '-j', str(gmem))
        told_one, = run_json('replay', path, 'show', '-j', str(gmem))
        # A file has a time of day, which two clocks are read for.
        apart = abs(told_one.pop('created_ns') - live_one.pop('created_ns'))
        t.ok(apart < 50_000_000 and timeless(told_one) == timeless(live_one), 'show --json: ranges, bindings, holders, null',
             apart, live_one, told_one)
    *told, account = run_json('replay', path, 'trace', '-j')
    t.same((bare(told), account['lost']), (bare(live), 0), f'and each of {len(live)} events as trace told it')
    t.ok({e['event'] for e in live} >= {'gmem_fault', 'gmem_convert', 'gmem_alloc', 'gmem_free'}, 'of several kinds', live)
    screen = Screen(120, 40, 'replay', path)
    t.ok(screen.wait(lambda l: len(cells(l, 'FLT/S')) == 3, 'the table') and
         set(cells(screen.lines(), 'FLT/S', 'CNV/S', 'DEN/S')) == {('?',) * 3}, 'the dashboard of it', screen.text())
    times = run_json('replay', '--speed', 'max', path, 'latency', '-j')[0]['times']
    kinds = [event['kind'] for event in live if event['event'] == 'gmem_fault']
    t.same([times[key]['count'] for key in ('fault_guest', 'fault_host', 'fault_lookup', 'fault_zero')],
           [kinds.count('guest'), kinds.count('host'), 0, 0], 'and its times, as far as events have them')
    screen.quit()


def main():
    with Tap(9 + 4 + 8 + 10 + 2 + 9) as t, without_gmem():
        protected, plain = vms()
        before = listening()
        screen = Screen(120, 40)
        test_tables(t, screen, protected, plain)
        test_reasons(t, screen, before)
        test_listens(t, screen, before, protected)
        protected.do('punch', 0, 16 * PAGE, PAGE)
        test_export(t, protected)
        test_limits(t)
        test_record(t, protected, plain)
        protected.end()
        plain.end()


main()
