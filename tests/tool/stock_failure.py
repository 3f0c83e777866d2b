#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Events of the guest_memfd source that are rare: memory that fails, exits with a memory fault, functions that are not run.

Costs the VM a page."""
import ctypes
import errno
import json
import os
import signal
import tempfile

from gmt import Tap, Trace, run, run_json, slow_rounds
from stocked import INIT_SHARED, MIB, MMAP, PAGE, Vmm, of_kind, without_gmem

GPA = 1 << 24
EXITS = slow_rounds(40)
ENABLED = '/sys/kernel/tracing/enabled_functions'
# What errno does not have.
EHWPOISON = 133
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18


def faults(events, *keys):
    return [tuple(event[key] for key in keys) for event in of_kind(events, 'fault')]


def test_nobodys(t):
    """KVM leaves the guest for want of private memory, where no guest_memfd is concerned."""
    vmm = Vmm('protected')
    vmm.do('create', MIB, 0)
    vmm.do('slot', 1, 0, 0, MIB, GPA)
    vmm.do('bare', 2, MIB, GPA + 4 * MIB)
    vmm.do('attributes', GPA, 16 * MIB, 1)
    trace = Trace('-j', '-e', 'fault')
    # A store that could not be done is what the guest goes on with.
    t.same(vmm.do('touch', GPA + 4 * MIB, 1), -errno.EFAULT, 'private memory in a slot that has none')
    vmm.do('attributes', GPA + 4 * MIB, MIB, 0)
    vmm.do('touch', GPA + 4 * MIB, 1)
    t.same(vmm.do('touch', GPA + 8 * MIB, 1), -errno.EFAULT, 'private memory without a slot')
    vmm.do('attributes', GPA + 8 * MIB, MIB, 0)
    vmm.do('bare', 3, MIB, GPA + 8 * MIB)
    t.same([vmm.do('touch', GPA + 8 * MIB, 1), vmm.do('touch', GPA, 1)], [0, 0], 'goes on where there is one')
    vmm.do('close', 0)
    t.same(vmm.do('touch', GPA + PAGE, 1), -errno.EFAULT, 'private memory whose descriptors are all closed')
    events, totals = trace.end_json()
    t.same((faults(events, 'kind', 'offset_bytes', 'err'), totals['lost']), ([('guest', 0, 0)], 0),
           'each is the fault of no guest_memfd')
    vmm.end()


def test_exits(t):
    """Attributes change between a fault and KVM's look at them: it asks nobody for a page, and leaves the guest."""
    vmm = Vmm('protected')
    vmm.do('create', MIB, 0)
    vmm.do('slot', 1, 0, 4 * PAGE, MIB // 2, GPA)
    gmem, = run_json('list', '-j')[0]['gmems']
    trace = Trace('-j', '-e', 'fault')
    exits = vmm.do('race', GPA + 3 * PAGE, EXITS, 60)
    events, totals = trace.end_json()
    refused = [event for event in of_kind(events, 'fault') if event['err']]
    t.ok(exits > 0, f'KVM_EXIT_MEMORY_FAULT for a page of a guest_memfd: {exits}', exits)
    t.same((len(refused), totals['lost']), (exits, 0), 'each is a gmem_fault, and none is lost')
    t.same({(e['id'], e['kind'], e['offset_bytes'], e['size_bytes'], e['errno'], e['state']) for e in refused},
           {(gmem['id'], 'guest', 7 * PAGE, 0, 'EFAULT', 'private')}, 'with EFAULT, of that page')
    t.same({(e['total_ns'], e['write'], e['policy_id']) for e in refused}, {(None, None, None)}, 'and null for what is not known')
    vmm.end()


def test_poison(t):
    vmm = Vmm('plain')
    vmm.do('create', MIB, MMAP | INIT_SHARED)
    vmm.do('slot', 1, 0, 0, MIB, GPA)
    vmm.do('map', 0, MIB)
    vmm.do('store', 0, 0, 8)
    vmm.do('touch', GPA, 8)
    trace = Trace('-j')
    t.same(vmm.do('poison', 0, 3 * PAGE), signal.SIGBUS, 'a page fails, and who has it mapped is told by SIGBUS')
    t.same([vmm.do('touch', GPA + 3 * PAGE, 1), vmm.do('store', 0, 3 * PAGE, 1)], [-EHWPOISON, 1],
           'neither the guest nor the VMM can store to it any more')
    # What was mapped is marked in the page table: KVM is asked where it is not.
    t.same([vmm.do('unmap', 0), vmm.do('map', 0, MIB), vmm.do('store', 0, 3 * PAGE, 1)], [0, 0, 1], 'nor by another mapping')
    t.same(vmm.do('punch', 0, 3 * PAGE, PAGE), 0, 'it is given back')
    t.same([vmm.do('store', 0, 3 * PAGE, 1), vmm.do('touch', GPA + 3 * PAGE, 1)], [0, 0], 'and another one is in its place')
    events, totals = trace.end_json()
    error, = of_kind(events, 'error') or [{}]
    t.same((error.get('offset_bytes'), error.get('size_bytes'), error.get('errno')), (3 * PAGE, PAGE, 'EHWPOISON'), 'gmem_error')
    t.same([(e['cause'], e['offset_bytes'], e['size_bytes'], e['slot']) for e in of_kind(events, 'invalidate')],
           [(cause, 3 * PAGE, PAGE, 1) for cause in ('error', 'punch')], 'gmem_invalidate')
    told = faults(events, 'kind', 'offset_bytes', 'err', 'size_bytes')
    t.same(told[:2], [('guest', 3 * PAGE, -EHWPOISON, 0), ('host', 3 * PAGE, -EHWPOISON, 0)],
           'gmem_fault of both, each once, with EHWPOISON')
    t.same((told[2:], totals['lost']), ([('host', 3 * PAGE, 0, PAGE), ('guest', 3 * PAGE, 0, PAGE)], 0), 'and those after it')
    vmm.end()


def in_place_of(paths, other):
    """A preexec function: the program finds the file or directory other at each path."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mount():
        if libc.unshare(CLONE_NEWNS) or libc.mount(b'none', b'/', None, MS_REC | MS_PRIVATE, None) or \
           any(libc.mount(other.encode(), path.encode(), None, MS_BIND, None) for path in paths):
            os._exit(99)
    return mount


def test_not_run(t):
    """The kernel's list of functions that run what is attached lacks one."""
    trace = Trace()
    with open(ENABLED, encoding='ascii') as enabled:
        lines = enabled.read().splitlines()
    _, _, err = trace.end()
    t.ok(any(line.startswith('kvm_gmem_mmap ') for line in lines) and 'does not run' not in err,
         'functions that run are in the list, and nothing is said of them', err, *lines)
    shorter = os.path.join(os.environ.get('TMPDIR', '/tmp'), 'enabled_functions')
    with open(shorter, 'w', encoding='ascii') as file:
        file.writelines(line + '\n' for line in lines if not line.startswith('kvm_gmem_mmap '))
    trace = Trace('-e', 'access,bind', preexec_fn=in_place_of([ENABLED], shorter))
    _, _, err = trace.end()
    t.ok('does not run them: kvm_gmem_mmap; ' in err and err.splitlines()[0].endswith(': gmem_access'),
         'trace tells one that is not, and what goes untold', err)

    def doctor(paths, other):
        status, out, _ = run('doctor', '--json', preexec_fn=in_place_of(paths, other))
        return status, {check['name']: check for check in json.loads(out)['checks']}['their functions']
    status, check = doctor([ENABLED], shorter)
    t.ok(status == 0 and check['status'] == 'note' and check['advice'].endswith(' kvm_gmem_mmap; not told, or not all of them: gmem_access'),
         'and so does doctor', check)
    nothing = tempfile.mkdtemp()
    status, check = doctor([os.path.dirname(ENABLED), '/sys/kernel/debug'], nothing)
    t.ok(status == 0 and check['status'] == 'note' and 'tracefs' in check['detail'] and 'mount' in check['advice'],
         'without tracefs it is not known', check)
    os.rmdir(nothing)


def main():
    with Tap(5 + 4 + 9 + 4) as t, without_gmem():
        test_nobodys(t)
        test_exits(t)
        test_poison(t)
        test_not_run(t)


main()
