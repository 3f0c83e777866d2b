#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every road to private memory again, with audit on: exactly one record each, and the right one."""
import os
import subprocess

from auditing import Audit, TOP, Tap

VECTORS = '/tmp/vectors'
PROGRAMS = ('fd', 'mapping', 'gup')
# Where another process than the test acts.
CHILDREN = ('load in a forked child', 'load without a handler')
ERRORS = {-5: 'EIO', -6: 'ENXIO', -13: 'EACCES', -19: 'ENODEV', -22: 'EINVAL'}


def expected(event):
    """The members of a record that tells of this event, given as gmem's tracepoints do."""
    name, *words = event.split()
    want = {}
    for word in words:
        key, value = word.split('=')
        want[key] = int(value) if value.lstrip('-').isdigit() else value
    for key in ('state', 'allocated'):
        want.pop(key, None)
    if name == 'gmem_fault':
        want['act'] = 'fault'
        want['write'] = bool(want['write'])
    want['outcome'] = 'refused' if want['err'] else 'allowed'
    if want['err']:
        want['errno'], want['refused_by'] = ERRORS[want['err']], 'module'
    return want


def wrong_with(record, want, name, pid, program):
    """What is not as it should be, as text."""
    if name in CHILDREN:
        if record['pid'] == pid:
            return f'pid {pid} is the test itself'
    else:
        want = {**want, 'pid': pid}
    want = {**want, 'name': 'target', 'uid': 0, 'gid': 0, 'comm': program[:15],
            'exe': f'{TOP}/build/tests/access/{program}', 'mnt_ns': os.stat('/proc/self/ns/mnt').st_ino,
            'pid_ns': os.stat('/proc/self/ns/pid').st_ino, 'cgroup_id': os.stat('/sys/fs/cgroup').st_ino,
            'cgroup': '/', 'container': None, 'exe_ino': os.stat(f'{TOP}/build/tests/access/{program}').st_ino}
    if name.startswith('io_uring'):
        want.pop('comm')  # may be done by a worker of the ring
    return '; '.join(f'{key} is {record.get(key)!r}, not {value!r}' for key, value in want.items()
                     if record.get(key) != value)


def run_program(program):
    """Runs one with audit on: its vectors and the audit's account."""
    if os.path.exists(VECTORS):
        os.unlink(VECTORS)
    audit = Audit('--refused', '--allowed')
    done = subprocess.run([f'{TOP}/build/tests/access/{program}'], env={**os.environ, 'GMEM_VECTORS': VECTORS},
                          capture_output=True, check=False)
    account = audit.end_json()
    if done.returncode:
        raise RuntimeError(f'{program} failed: {done.stdout.decode()}')
    with open(VECTORS) as lines:
        return [line.rstrip('\n').split('\t') for line in lines], account


def test_program(t, program):
    vectors, account = run_program(program)
    t.ok(not account.sums() and not account.last['lost'], f'{program}: {len(account.records)} records, none lost',
         account.sums(), account.last)
    by_id = {}
    for record in account.records:
        by_id.setdefault(record['id'], []).append(record)
    for name, number, pid, *events in vectors:
        mine = by_id.get(int(number), [])
        want = [event for event in map(expected, events) if event['err']]
        got = [record for record in mine if record['outcome'] != 'allowed']
        wrong = [wrong_with(record, one, name, int(pid), program) for record, one in zip(got, want)]
        t.ok(len(got) == len(want) and not any(wrong), f'{program}: {name}: one record for each refusal ({len(want)})',
             *wrong, f'got {got}', f'want {want}')
        made = [record['act'] for record in mine if record['outcome'] == 'allowed'][:1]
        if made != ['create']:
            t.ok(False, f'{program}: {name}: begins with its creation', mine[:1])


def test_core(t):
    """Pages of a core dump are read by the process that dies."""
    audit = Audit('--refused')
    done = subprocess.run([f'{TOP}/build/tests/access/core'], capture_output=True, check=False)
    account = audit.end_json()
    t.ok(not done.returncode and not account.sums(), 'core: all well', done.stdout.decode(), account.sums())
    t.same([(r['act'], r['kind'], r['errno'], r['size_bytes']) for r in account.records], [('fault', 'host', 'EACCES', 0)] * 3,
           'core: one record for each private page')
    t.ok(len({r['pid'] for r in account.records}) == 1 and len({r['offset_bytes'] for r in account.records}) == 3,
         'core: of the one process that died', account.records)


def main():
    counts = {'fd': 21, 'mapping': 19, 'gup': 21}
    with Tap(sum(counts.values()) + len(PROGRAMS) + 3) as t:
        for program in PROGRAMS:
            test_program(t, program)
        test_core(t)


main()
