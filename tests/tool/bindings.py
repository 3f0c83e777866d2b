#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bindings of a hypervisor: who has bound what in list, show and the table, and their events in trace."""
import errno
import os
import re
import subprocess

from gmt import TOP, Tap, Trace, run, run_json

PAGE = 4096
BINDER = os.path.join(TOP, 'build/tests/tool/binder')
SLOTS = 8
MANY = 150  # VMs, so that their bindings are more than one batch of the BPF program
GUEST = 1 << 20  # page: 4 GiB


class Binder:
    """tests/tool/binder: gmems, and VMs that bind them as told."""

    def __init__(self, gmems, vms):
        self.process = subprocess.Popen([BINDER, str(gmems), str(vms)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.pid = self.process.pid
        self.ids = [int(self.process.stdout.readline()) for _ in range(gmems)]

    def do(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return int(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        if self.process.wait():
            raise RuntimeError(f'binder: status {self.process.returncode}')


def rows(*args):
    return {gmem['id']: gmem for gmem in run_json('list', '-j', *args)[0]['gmems']}


def vms(*numbers):
    return [{'consumer': 'testhv', 'vm': vm} for vm in numbers]


def vm_cell(out, gmem):
    """What a table says under VM, which stands before CGROUP."""
    head = next(line for line in out.splitlines() if line.lstrip().startswith('ID'))
    row = next(line for line in out.splitlines() if re.match(rf' *{gmem} ', line))
    return row[head.index('VM'):head.index('CGROUP')].strip()


def test_nothing_bound(t, binder):
    row = rows()[binder.ids[0]]
    t.same((row['bindings'], row['vms']), (0, []), 'nothing is bound: no VM, and that is known')
    t.same(vm_cell(run('list')[1], binder.ids[0]), '-', 'nor is there one in the table')


def test_list(t, binder, one, two):
    row = rows()[binder.ids[0]]
    t.same((row['bindings'], row['vms']), (3, vms(one, two)), 'list: each VM once, and all bindings')
    status, out, _ = run('list')
    t.same((status, vm_cell(out, binder.ids[0])), (0, f'testhv {one} +1'), 'list in text')
    t.same(sorted(rows('-f', f'vm={two}')), binder.ids[:1], 'a filter for a VM')
    t.same(sorted(rows('-f', 'vm=testhv')), binder.ids[:1], 'and for a hypervisor')
    order = [gmem['id'] for gmem in run_json('list', '-j', '-s', 'bindings')[0]['gmems']]
    t.same(order[0], binder.ids[0], 'sorted by bindings, most first')
    status, out, _ = run('-b', '-n', '1', '-d', '0.2')
    t.same((status, vm_cell(out, binder.ids[0])), (0, f'testhv {one} +1'), 'the refreshed table has it too')


def binding(vm, slot, page, pages, guest):
    return {'consumer': 'testhv', 'vm': vm, 'slot': slot, 'offset_bytes': page * PAGE,
            'size_bytes': pages * PAGE, 'guest_address': guest * PAGE}


def bindings(gmem):
    return [{key: value for key, value in b.items() if not key.startswith('bound')}
            for b in gmem['binding_list']]


def test_show(t, binder, one, two):
    gmem = run_json('show', '-j', str(binder.ids[0]))[0]
    t.same(bindings(gmem), [binding(one, 1, 0, 16, GUEST), binding(two, 2, 16, 1, 0),
                            binding(one, 3, 20, 4, GUEST + 16)], 'show: every binding, by offset')
    t.ok(gmem['created_ns'] < gmem['binding_list'][0]['bound_ns'] and
         gmem['binding_list'][0]['bound'].startswith('20'), 'and since when', gmem['binding_list'])
    t.same(gmem['vms'], vms(one, two), 'and of which VMs')
    status, out, _ = run('show', str(binder.ids[0]))
    line = f'0x0000000000014000 0x0000000000018000 16.0K 0x0000000100010000 0x0000000100014000     3  testhv {one}\n'
    t.ok(status == 0 and line in out, 'show in text', out)
    t.same(run_json('show', '-j', str(binder.ids[1]))[0]['binding_list'], [], 'a gmem without a binding')


def test_many(t, binder):
    want = []
    for vm in range(MANY):
        for slot in range(4, SLOTS):
            page = 3 * len(want)
            number = binder.do('bind', vm, slot, 1, page, 2, page)
            want.append(binding(number, slot, page, 2, page))
        for slot in range(4):
            if vm > 1:
                page = 3 * len(want)
                want.append(binding(number, slot, page, 2, page))
                binder.do('bind', vm, slot, 1, page, 2, page)
    gmem = run_json('show', '-j', str(binder.ids[1]))[0]
    t.ok(len(want) > 1024 and bindings(gmem) == want, f'{len(want)} bindings, over several batches of the program',
         len(gmem['binding_list']))
    row = rows()
    t.same((row[binder.ids[1]]['bindings'], len(row[binder.ids[1]]['vms'])), (len(want), MANY),
           'list has all of their VMs')
    t.same(len(row[binder.ids[0]]['vms']), 2, 'and each gmem its own')


def fields(event, *names):
    return tuple(event[name] for name in ('event',) + names)


def test_trace(t, binder):
    gmem = binder.ids[2]
    trace = Trace('-j', '-e', 'bind,unbind,invalidate,fault', '-i', str(gmem))
    only_refused = Trace('-j', '-e', 'bind', '-E', 'EEXIST')
    only_told = Trace('-j', '-e', 'invalidate')
    vm = binder.do('bind', 0, 1, 2, 8, 8, GUEST)
    t.same(binder.do('bind', 1, 1, 2, 15, 1, 0), -errno.EEXIST, 'a page can be bound once')
    binder.do('look', 0, 1, 9)
    binder.do('slow', 0, 20)
    binder.do('hide', 2, 0, 10)
    binder.do('slow', 0, 0)
    binder.do('punch', 2, 9, 100)
    binder.do('unbind', 0, 1)
    again = binder.do('bind', 1, 0, 2, 0, 1, 0)
    binder.do('close', 2)
    t.same(binder.do('unbind', 1, 0), 0, 'what is left of a binding whose gmem went is unbound')
    events, totals = trace.end_json()
    where = ('offset_bytes', 'size_bytes', 'consumer', 'vm', 'slot')
    seen = [fields(e, *(() if e['event'] == 'gmem_fault' else where)) for e in events]
    t.same(seen, [('gmem_bind', 8 * PAGE, 8 * PAGE, 'testhv', vm, 1),
                  ('gmem_bind', 15 * PAGE, PAGE, 'testhv', again, 1),
                  ('gmem_fault',),
                  ('gmem_invalidate', 8 * PAGE, 2 * PAGE, 'testhv', vm, 1),
                  ('gmem_invalidate', 9 * PAGE, 7 * PAGE, 'testhv', vm, 1),
                  ('gmem_unbind', 8 * PAGE, 8 * PAGE, 'testhv', vm, 1),
                  ('gmem_bind', 0, PAGE, 'testhv', again, 0),
                  ('gmem_invalidate', 0, PAGE, 'testhv', again, 0),
                  ('gmem_unbind', 0, PAGE, 'testhv', again, 0)], 'trace: what was bound, told and unbound')
    t.same([e.get('cause') for e in events], [None, None, None, 'convert', 'punch', 'consumer', None, 'release',
                                              'release'], 'and why')
    t.same([(e['err'], e['guest_address']) for e in events if e['event'] == 'gmem_bind'],
           [(0, GUEST * PAGE), (-errno.EEXIST, 0), (0, 0)], 'where in the guest, and how it ended')
    t.same(fields(events[2], 'kind', 'offset_bytes', 'err', 'allocated'), ('gmem_fault', 'guest', 9 * PAGE, 0, 1),
           "a hypervisor's look-up is a fault of kind guest")
    t.ok(events[3]['total_ns'] >= events[3]['begin_ns'] >= 20e6, 'how long the slow hypervisor took', events[3])
    t.same((totals['received'], totals['lost']), (len(events), 0), 'the account is right')
    refused, _ = only_refused.end_json()
    t.same([fields(e, 'errno', 'vm') for e in refused], [('gmem_bind', 'EEXIST', again)], '-E: bindings refused')
    told, _ = only_told.end_json()
    t.same([e['event'] for e in told], ['gmem_invalidate'] * 3, '-e: invalidations only')


def test_text(t, binder):
    trace = Trace('-e', 'bind,unbind')
    vm = binder.do('bind', 0, 0, 0, 100, 1, 1)
    binder.do('unbind', 0, 0)
    status, out, err = trace.end()
    words = [line.split(' ', 1)[1] for line in out.decode().splitlines()]
    where = f'id={binder.ids[0]} offset_bytes=409600 size_bytes=4096 consumer=testhv vm={vm} slot=0'
    t.ok(status == 0 and len(words) == 2 and
         words[0].startswith(f'gmem_bind {where} guest_address=0x1000 err=0 policy_id=0 pid={binder.pid} ') and
         words[1].startswith(f'gmem_unbind {where} cause=consumer pid={binder.pid} '), 'trace in text', out, err)


def main():
    with Tap(2 + 6 + 5 + 3 + 10 + 1) as t:
        binder = Binder(3, MANY)
        test_nothing_bound(t, binder)
        one = binder.do('bind', 0, 1, 0, 0, 16, GUEST)
        two = binder.do('bind', 1, 2, 0, 16, 1, 0)
        binder.do('bind', 0, 3, 0, 20, 4, GUEST + 16)
        test_list(t, binder, one, two)
        test_show(t, binder, one, two)
        # VMs 0 and 1 keep slots free for what follows.
        test_many(t, binder)
        binder.do('unbind', 0, 1)
        test_trace(t, binder)
        test_text(t, binder)
        binder.end()


if __name__ == '__main__':
    main()
