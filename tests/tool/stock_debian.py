#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest_memfd source on the KVM modules that the kernel came with, untouched, and no gmem.ko: every verb that reads."""
import fcntl
import json
import os
import re
import subprocess

from gmt import Tap, Trace, run, run_json, wait_for
from stocked import INIT_SHARED, MIB, MMAP, PAGE, Vmm, of_kind, without_gmem

GMEM_CREATE_MMAP, GMEM_CREATE_INIT_SHARED = 1, 4
KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES = 0xae03, 233
GPA, SLOT_A, SLOT_B = 1 << 24, 3, 4
UNKNOWN = ('name', 'faults_host', 'faults_guest', 'conversions', 'denied_private', 'allocated_bytes', 'read_bytes',
           'invalidations', 'memory_failures')


def kvm(load):
    """The last VM goes with its last descriptor, a moment after the process."""
    if load:
        return subprocess.run('modprobe kvm-amd 2>/dev/null || modprobe kvm-intel', shell=True, check=True)
    return wait_for(lambda: subprocess.run('modprobe -rq kvm-amd kvm-intel; test ! -d /sys/module/kvm', shell=True,
                                           check=False).returncode == 0, 'KVM to be unloaded')


def has_attributes():
    with open('/dev/kvm', 'rb') as device:
        return fcntl.ioctl(device, KVM_CHECK_EXTENSION, KVM_CAP_MEMORY_ATTRIBUTES) > 0


def test_doctor(t, attributes):
    status, out, _ = run('doctor', '--json')
    answer = json.loads(out)
    checks = {check['name']: check for check in answer['checks']}
    t.ok(status == 0 and answer['ok'] and checks['guest_memfd']['detail'] == "KVM's own" and
         checks['guest_memfds']['detail'] == '0', 'doctor: its own guest_memfd is there', out)
    said = checks['their events']['advice']
    t.same((re.findall(r'tracepoint (\w+)', said), re.findall(r'gmem_\w+', said)),
           ([], []) if attributes else (['kvm_vm_set_mem_attributes'], ['gmem_convert', 'gmem_policy']),
           'and what it lacks is named, with the events that go untold')
    t.ok(re.fullmatch(r'(\d+) of \1 run what is attached', checks['their functions']['detail']),
         'the kernel runs what is attached to each function', checks['their functions'])
    if attributes:
        Trace('-e', 'convert').end()
        t.ok(True, 'conversions are told')
    else:
        status, out, err = run('trace', '-e', 'convert')
        t.ok(status == 1 and not out and 'gmem_convert' in err and 'doctor' in err, 'to trace conversions is refused', status, err)


def workload(vmm):
    """Half of it is bound twice, the guest and the VMM each touch some, a hole, and all goes."""
    return [vmm.do('create', MIB, MMAP | INIT_SHARED), vmm.do('slot', SLOT_A, 0, 0, MIB // 4, GPA),
            vmm.do('slot', SLOT_B, 0, MIB // 2, MIB // 2, GPA + MIB), vmm.do('map', 0, MIB),
            vmm.do('touch', GPA, 5), vmm.do('store', 0, 3 * PAGE, 4), vmm.do('allocate', 0, MIB // 2, 2 * PAGE)]


def test_state(t, pid):
    snapshot, = run_json('list', '-j')
    row, = snapshot['gmems']
    t.same((row['size_bytes'], row['resident_shared_bytes'], row['resident_private_bytes'], row['bindings'], row['flags'],
            row['comm'], row['pid'], row['vms']),
           (MIB, 9 * PAGE, 0, 2, ['mmap', 'init_shared'], 'vmm', pid, [{'consumer': 'kvm', 'vm': pid}]),
           'list: what the guest, the VMM and fallocate have filled, who has bound it, whose it is')
    t.same([row[key] for key in UNKNOWN] + [snapshot['totals']['faults']], [None] * (len(UNKNOWN) + 1),
           'and null for what KVM does not count')
    full, = run_json('show', '-j', str(row['id']))
    t.same([(r['offset_bytes'], r['size_bytes'], r['state'], r['resident']) for r in full['ranges']],
           [(0, 7 * PAGE, 'shared', True), (7 * PAGE, MIB // 2 - 7 * PAGE, 'shared', False),
            (MIB // 2, 2 * PAGE, 'shared', True), (MIB // 2 + 2 * PAGE, MIB // 2 - 2 * PAGE, 'shared', False)], 'show: its ranges')
    t.same(([(b['slot'], b['guest_address'], b['size_bytes']) for b in full['binding_list']],
            [(h['comm'], h['pid'], h['fds']) for h in full['holders']]),
           ([(SLOT_A, GPA, MIB // 4), (SLOT_B, GPA + MIB, MIB // 2)], [('vmm', pid, 1)]), 'bindings and holders')
    tables = run_json('--json', '-n', '2', '-d', '0.2')
    t.same([(table['gmems'][0]['id'], table['gmems'][0]['faults_per_second']) for table in tables], [(row['id'], None)] * 2,
           'the batch table, with unknown rates')
    status, out, _ = run('--batch', '-n', '1', '-d', '0.1')
    t.ok(status == 0 and re.search(rf'^ *{row["id"]} +\? .* kvm {pid} ', out, re.M) and 'faults/s ?' in out, 'and as text', out)
    return row['id']


def test_events(t, events, totals, gmem, pid):
    def told(kind, *keys):
        return [tuple(event[key] for key in keys) for event in of_kind(events, kind)]
    t.same(({event['id'] for event in events}, {event['pid'] for event in events}, totals['lost']), ({gmem}, {pid}, 0),
           'trace: all of one gmem, by one process, and none lost')
    t.same(told('create', 'size_bytes', 'flags'), [(MIB, GMEM_CREATE_MMAP | GMEM_CREATE_INIT_SHARED)], 'gmem_create')
    t.same(told('bind', 'slot', 'offset_bytes', 'size_bytes', 'guest_address', 'err'),
           [(SLOT_A, 0, MIB // 4, GPA, 0), (SLOT_B, MIB // 2, MIB // 2, GPA + MIB, 0)], 'gmem_bind')
    t.same(told('access', 'act', 'size_bytes', 'err'), [('mmap', MIB, 0)], 'gmem_access')
    t.same(told('fault', 'kind', 'offset_bytes', 'err', 'allocated'),
           [('guest', page * PAGE, 0, 1) for page in range(5)] +
           [('host', page * PAGE, 0, int(page >= 5)) for page in range(3, 7)], 'gmem_fault, of the guest and of the VMM')
    t.same(told('alloc', 'offset_bytes', 'state'), [(page * PAGE, 'shared') for page in (*range(7), 128, 129)], 'gmem_alloc')
    t.same(told('invalidate', 'slot', 'offset_bytes', 'size_bytes', 'cause'),
           [(SLOT_A, 2 * PAGE, 4 * PAGE, 'punch'), (SLOT_B, MIB // 2, MIB // 2, 'release')], 'gmem_invalidate')
    t.same(told('free', 'cause', 'resident_bytes'), [('punch', 4 * PAGE), ('release', 5 * PAGE)], 'gmem_free')
    t.same(told('unbind', 'slot', 'cause'), [(SLOT_A, 'consumer'), (SLOT_B, 'release')], 'gmem_unbind')
    t.same(told('release', 'size_bytes', 'resident_shared_bytes'), [(MIB, 5 * PAGE)], 'gmem_release')


def test(t):
    build = os.path.realpath('build')
    info = subprocess.run(['modinfo', '-n', 'kvm'], capture_output=True, text=True, check=True).stdout.strip()
    t.ok(os.path.realpath(info).startswith('/lib/modules/') or os.path.realpath(info).startswith('/usr/lib/modules/'),
         f'the kernel has come with its KVM: {info}', build)
    test_doctor(t, has_attributes())
    trace = Trace('-j')
    vmm = Vmm('plain')
    t.same(workload(vmm), [0] * 7, 'KVM does what it is asked')
    gmem = test_state(t, vmm.pid)
    t.same([vmm.do('punch', 0, 2 * PAGE, 4 * PAGE), vmm.do('unslot', SLOT_A), vmm.do('unmap', 0), vmm.do('close', 0)], [0] * 4,
           'a hole, and the end')
    vmm.end()
    events, totals = trace.end_json()
    test_events(t, events, totals, gmem, vmm.pid)


def main():
    with Tap(1 + 4 + 2 + 6 + 10) as t, without_gmem():
        kvm(True)
        try:
            test(t)
        finally:
            kvm(False)


main()
