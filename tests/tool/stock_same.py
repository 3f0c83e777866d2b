#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""One workload on KVM over gmem.ko and on KVM's own guest_memfd: both sources tell the same, or one says it cannot."""
import json
import os
import subprocess
import sys

from gmt import TOP, Tap, Trace, run_json
from stocked import INIT_SHARED, MIB, MMAP, PAGE, Vmm

WITH_KVM = os.path.join(TOP, 'tests/kvm/with-kvm')
SLOT_A, SLOT_B, SLOT_C = 3, 4, 5
GPA_A, GPA_B = 1 << 24, 1 << 25
# Who is another number each time, and clocks run on.
VARY = {'time', 'time_ns', 'id', 'pid', 'tid', 'vm', 'cgroup', 'cgroup_id', 'total_ns', 'begin_ns', 'created',
        'created_ns', 'start_ns', 'started', 'lookup_ns', 'alloc_ns', 'zero_ns', 'policy_ns', 'bound', 'bound_ns',
        'name'}


def shape(value):
    """Without what varies, and pids as words."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key not in VARY}
    return [shape(item) for item in value] if isinstance(value, list) else value


def workload(source, kind, flags):
    """What the source tells of it: the row and all of it in the middle, and the events."""
    trace = Trace('-j', '--source', source)
    vmm = Vmm(kind)
    done = [vmm.do('create', MIB, flags), vmm.do('slot', SLOT_A, 0, 0, MIB // 2, GPA_A),
            vmm.do('slot', SLOT_B, 0, MIB // 2, MIB // 2, GPA_B), vmm.do('slot', SLOT_C, 0, 0, PAGE, 1 << 26)]
    if kind == 'protected':
        done += [vmm.do('attributes', GPA_A, MIB // 2, 1), vmm.do('attributes', GPA_B, MIB // 2, 1)]
    done += [vmm.do('touch', GPA_A, 5), vmm.do('touch', GPA_B, 3), vmm.do('allocate', 0, MIB - 2 * PAGE, 2 * PAGE)]
    if kind == 'protected':
        done += [vmm.do('attributes', GPA_A + 8 * PAGE, PAGE, 0)]
    else:
        done += [vmm.do('map', 0, MIB), vmm.do('store', 0, 4 * PAGE, 3), vmm.do('unmap', 0)]
    done += [vmm.do('punch', 0, 2 * PAGE, 4 * PAGE)]
    row, = run_json('list', '-j', '--source', source)[0]['gmems']
    full = run_json('show', '-j', '--source', source, str(row['id']))[0]
    done += [vmm.do('unslot', SLOT_B), vmm.do('punch', 0, 0, MIB), vmm.do('touch', GPA_A, 1), vmm.do('close', 0)]
    vmm.end()
    events, totals = trace.end_json()
    events = [event for event in events if event['id'] == row['id']]
    named = row['vms'] == [{'consumer': 'kvm', 'vm': vmm.pid}] and row['pid'] == vmm.pid
    return {'done': done, 'row': shape(row), 'full': shape(full), 'events': shape(events), 'named': named,
            'lost': totals['lost'], 'own': all(event['pid'] == vmm.pid for event in events)}


def told(one, two):
    """Whether two values are the same as far as both are known."""
    if one is None or two is None:
        return True
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(told(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(told(a, b) for a, b in zip(one, two))
    return one == two


def order(event):
    return json.dumps({key: event.get(key) for key in ('event', 'kind', 'offset_bytes', 'size_bytes', 'err', 'slot')})


def of_kind(events, kind):
    return sorted((event for event in events if event['event'] == kind), key=order)


def compare(t, kind, gmem, stock):
    t.same(stock['done'], gmem['done'], f'{kind}: KVM answers the workload alike')
    t.ok(gmem['named'] and stock['named'] and gmem['own'] and stock['own'], f'{kind}: both name the VM and the process')
    t.ok(told(stock['row'], gmem['row']), f'{kind}: list', stock['row'], gmem['row'])
    t.ok(told(stock['full'], gmem['full']), f'{kind}: show, with bindings and ranges', stock['full'], gmem['full'])
    known = {key for key, value in stock['row'].items() if value is not None}
    t.ok({'size_bytes', 'resident_private_bytes', 'resident_shared_bytes', 'bindings', 'vms', 'comm', 'flags'} <= known,
         f'{kind}: what guest_memfd knows', known)
    t.ok(not {'faults_guest', 'faults_host', 'conversions', 'denied_private', 'freed_bytes'} & known,
         f'{kind}: what it does not is null', known)
    for event in ('create', 'bind', 'unbind', 'alloc', 'free', 'fault', 'invalidate', 'access', 'release'):
        one, two = (of_kind(told_by['events'], f'gmem_{event}') for told_by in (stock, gmem))
        t.ok(told(one, two) and (one or (event, kind) == ('access', 'protected')), f'{kind}: gmem_{event}', *one, '', *two)
    t.same((gmem['lost'], stock['lost']), (0, 0), f'{kind}: nothing is lost')


def converted(event):
    return tuple(event[key] for key in ('offset_bytes', 'size_bytes', 'to', 'err', 'content', 'changed_bytes'))


def test_attributes(t, gmem, stock):
    """A guest_memfd keeps its state whatever the attributes say: gmem.ko has nothing to tell of them."""
    t.same(sorted(converted(event) for event in of_kind(stock['events'], 'gmem_convert')),
           [(0, MIB // 2, 'private', 0, None, None), (8 * PAGE, PAGE, 'shared', 0, None, None),
            (MIB // 2, MIB // 2, 'private', 0, None, None)], 'changes of attributes are told as conversions of the memory bound there')
    t.same(of_kind(gmem['events'], 'gmem_convert'), [], 'and are none to gmem.ko')


def on(source):
    """Both workloads with the KVM that the source is about, in a process that has it loaded."""
    stock = ['--stock'] if source == 'guest_memfd' else []
    done = subprocess.run([WITH_KVM, *stock, sys.executable, __file__, source], stdout=subprocess.PIPE, text=True,
                          check=True, cwd=TOP)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if len(sys.argv) > 1:
        print(json.dumps({'protected': workload(sys.argv[1], 'protected', 0),
                          'plain': workload(sys.argv[1], 'plain', MMAP | INIT_SHARED)}))
        return
    with Tap(2 * 16 + 2) as t:
        gmem, stock = on('gmem'), on('guest_memfd')
        for kind in ('protected', 'plain'):
            compare(t, kind, gmem[kind], stock[kind])
        test_attributes(t, gmem['protected'], stock['protected'])


main()
