#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest_memfd source: late starts, holders, files nobody has open, hostile numbers, what is left behind."""
import json
import re
import resource
import subprocess

from gmt import Tap, Trace, run, run_json, wait_for
from light import without_maps
from stocked import INIT_SHARED, MIB, MMAP, PAGE, Vmm, rows, without_gmem

SOURCE = ('--source', 'guest_memfd')
GPA = 1 << 24
MANY = 1500


def attached():
    """BPF programs and links there are."""
    got = [json.loads(subprocess.run(['bpftool', '-j', what, 'show'], capture_output=True, check=True).stdout or b'[]')
           for what in ('prog', 'link')]
    return [len(what) for what in got]


def test_empty(t):
    snapshot = run_json('list', '-j')[0]
    t.same((snapshot['gmems'], snapshot['totals']['gmems']), ([], 0), 'chosen where gmem.ko is not: nothing is there yet')
    status, out, err = run('list', '--source', 'gmem')
    t.ok(status == 3 and not out and 'gmem.ko' in err, '--source gmem: the module is missing', status, err)
    status, out, err = run('list', '--source', 'other')
    t.ok(status == 2 and 'guest_memfd' in err, '--source other: wrong usage', status, err)
    status, out, err = run('show', '1', *SOURCE)
    t.ok(status == 7 and 'no gmem with id 1' in err, 'show of none: exit status 7', status, err)


def test_late(t, vmm):
    """All of it was there before gmemtop was."""
    one, two = vmm.do('create', MIB, 0), vmm.do('create', 4 * MIB, 0)
    for slot in range(8):
        vmm.do('slot', 10 + slot, two, slot * 16 * PAGE, 16 * PAGE, GPA + slot * 64 * PAGE)
    vmm.do('attributes', GPA, 2 * MIB, 1)
    vmm.do('touch', GPA, 3)
    vmm.do('allocate', one, 7 * PAGE, 2 * PAGE)
    gmems = sorted(rows('guest_memfd').values(), key=lambda gmem: gmem['size_bytes'])
    t.same([(g['size_bytes'], g['resident_private_bytes'], g['bindings'], g['comm'], g['pid']) for g in gmems],
           [(MIB, 2 * PAGE, 0, 'vmm', vmm.pid), (4 * MIB, 3 * PAGE, 8, 'vmm', vmm.pid)],
           'started late: sizes, what is resident, bindings, whose')
    t.same([g['vms'] for g in gmems], [[], [{'consumer': 'kvm', 'vm': vmm.pid}]], 'and which VM')
    full = run_json('show', '-j', str(gmems[1]['id']))[0]
    t.same([(b['offset_bytes'], b['size_bytes'], b['guest_address'], b['slot'], b['bound_ns'])
            for b in full['binding_list']],
           [(s * 16 * PAGE, 16 * PAGE, GPA + s * 64 * PAGE, 10 + s, None) for s in range(8)],
           'each binding; since when is not known')
    full = run_json('show', '-j', str(gmems[0]['id']))[0]
    t.same([(r['offset_bytes'], r['size_bytes'], r['resident']) for r in full['ranges']],
           [(0, 7 * PAGE, False), (7 * PAGE, 2 * PAGE, True), (9 * PAGE, MIB - 9 * PAGE, False)], 'and its ranges')
    for light in False, True:
        status, out, err = run('list', '-j', preexec_fn=without_maps(light))
        t.ok(status == 0 and [g['bindings'] for g in json.loads(out)['gmems']] == [g['bindings'] for g in rows('guest_memfd').values()] and not err,
             'libbpf tells the same' if light else 'a light skeleton is enough for that', status, out, err)
    status, out, _ = run('list', '-s', 'faults')
    t.ok(status == 0 and re.search(r'faults \?  conversions \?  denied \?', out) and
         all(' ? ' in line for line in out.splitlines()[1:3]), "'?' for what is not known", out)
    return gmems


def holders(gmem):
    """(comm, descriptors) of each process, as the kernel itself has them."""
    return {(h['comm'], h['fds']) for h in run_json('show', '-j', str(gmem['id']))[0]['holders']}


def test_holders(t, vmm, gmems):
    small, large = gmems
    t.same(holders(small), {('vmm', 1)}, 'held by its maker')
    other = vmm.do('fork', 0)
    t.same(holders(small), {('vmm', 1), ('holder', 2)}, 'another process, with two descriptors')
    t.same(holders(large), {('vmm', 1)}, 'but not of the other one')
    vmm.do('kill', other)
    resource.prlimit(vmm.pid, resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))
    t.same(vmm.do('dup', 0, (1 << 20) - 1), (1 << 20) - 1, 'a descriptor of the highest number')
    t.same(holders(small), {('vmm', 2)}, 'is seen')
    # Over standard input's number, where no guest_memfd is expected.
    vmm.do('dup', 0, 2)
    t.same(holders(small), {('vmm', 3)}, 'and so is one in the place of standard error')


def test_unseen(t, vmm, gmems):
    """What no process has open: seen while a slot has it."""
    small, large = gmems
    vmm.do('send', 0)
    for number in (2, (1 << 20) - 1):
        vmm.do('dup', 1, number)
    vmm.do('close', 0)
    t.ok(small['id'] not in rows('guest_memfd'), 'one only on its way through a socket, and not bound, is not seen')
    vmm.do('lose')
    number = vmm.do('create', MIB, 0)
    before = set(rows('guest_memfd'))
    vmm.do('slot', 30, number, 0, MIB, GPA + (64 << 20))
    vmm.do('send', number)
    vmm.do('close', number)
    after = rows('guest_memfd')
    t.same(set(after), before, 'one on its way that is bound is seen through its slot')
    bound, = [g for g in after.values() if g['size_bytes'] == MIB]
    t.same(run_json('show', '-j', str(bound['id']))[0]['holders'], [], 'without a process that has it open')
    vmm.do('lose')
    t.same(set(rows('guest_memfd')), {large['id']}, 'and gone with the last reference, bound or not')


def test_mapping(t):
    plain = Vmm('plain')
    plain.do('create', MIB, MMAP | INIT_SHARED)
    gmem, = [g for g in rows('guest_memfd').values() if g['pid'] == plain.pid]
    plain.do('map', 0, MIB)
    plain.do('store', 0, 0, 2)
    plain.do('close', 0)
    t.ok(gmem['id'] not in rows('guest_memfd'), 'one that only a mapping keeps is not seen')
    trace = Trace('-j', '-e', 'fault,alloc', *SOURCE)
    plain.do('store', 0, 2 * PAGE, 2)
    events, totals = trace.end_json()
    t.same([(e['event'], e['id'], e['offset_bytes'], e.get('kind')) for e in events],
           [(event, gmem['id'], page * PAGE, kind) for page in (2, 3)
            for event, kind in (('gmem_alloc', None), ('gmem_fault', 'host'))], 'but its events are')
    t.same((events[1]['zero_ns'], events[1]['policy_id'], events[1]['allocated'], totals['lost']), (None, None, 1, 0),
           'with null for what is not known')
    plain.end()


def test_many(t):
    vmm = Vmm('plain')
    resource.prlimit(vmm.pid, resource.RLIMIT_NOFILE, (8192, 8192))
    for _ in range(MANY):
        if vmm.do('create', PAGE, 0) < 0:
            raise RuntimeError('no guest_memfd')
    got = [g for g in rows('guest_memfd').values() if g['pid'] == vmm.pid]
    t.same(len(got), MANY, f'{MANY} of them in one process')
    trace = Trace('-j', '-e', 'release', *SOURCE)
    vmm.end()
    events, totals = trace.end_json()
    t.same((len({e['id'] for e in events}), totals['lost']), (MANY, 0), 'and each one that goes is told')


def test_doctor(t):
    status, out, _ = run('doctor', '--json')
    answer = json.loads(out)
    checks = {check['name']: check for check in answer['checks']}
    t.ok(status == 0 and answer['ok'] and checks['guest_memfd']['status'] == 'ok' and
         checks['gmem.ko']['status'] == 'note', 'doctor: one of two sources is enough', out)
    t.ok(re.fullmatch(r'(\d+) of \1 run what is attached', checks['their functions']['detail']) and
         checks['their functions']['status'] == 'ok', 'the kernel runs what is attached to each function', checks)
    sources = {source['name']: source for source in answer['sources']}
    t.ok(sources['guest_memfd']['available'] and not sources['gmem']['available'], 'which is there', sources)
    t.ok(sources['gmem']['can']['names'] == 'yes' and sources['guest_memfd']['can']['names'] == 'no' and
         sources['guest_memfd']['can']['bindings'] == 'yes', 'and what each can tell', sources)
    status, out, _ = run('doctor')
    t.ok(re.search(r'^names +yes +no$', out, re.M), 'as a table, too', out)


def test(t):
    before = attached()
    test_empty(t)
    vmm = Vmm('protected')
    gmems = test_late(t, vmm)
    test_holders(t, vmm, gmems)
    test_unseen(t, vmm, gmems)
    vmm.end()
    test_mapping(t)
    test_many(t)
    test_doctor(t)
    # The kernel lets go of a program a while after its end.
    wait_for(lambda: attached() == before, f'what was attached to go: {before} before')
    t.ok(True, 'nothing is attached or loaded after the tool has ended')


def main():
    with Tap(4 + 7 + 6 + 4 + 3 + 2 + 5 + 1) as t, without_gmem():
        test(t)


main()
