#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""policy apply, list, show and detach: what is attached stays, is replaced atomically, or not at all."""
import errno
import json
import os
import subprocess
import threading
import time

import tool
from gmt import GMEMTOP, Tap, Trace, run, run_json
from tool import Gmem, apply, attached, lockdown, pins, write

FILE = '/tmp/policies.yaml'


def test_check(t):
    write(FILE, lockdown(), lockdown('other'))
    status, out, err = run('policy', 'check', FILE)
    t.ok(status == 0 and '2 policies' in out, 'check takes a good file', status, out, err)
    t.same((attached(), pins()), ({}, []), 'and attaches nothing')


def hits():
    out = subprocess.run(['bpftool', '-j', 'map', 'lookup', 'pinned', tool.PINS + '/wire/hits', 'key', '0', '0', '0', '0'],
                         check=True, capture_output=True).stdout
    return int(json.loads(out)['value'][0], 16)


def wire(mode, offset):
    return (f'  - name: wire\n    scope: all\n    mode: {mode}\n    tripwire:\n      ranges:\n'
            f'        - {{name: memory, offset: {offset}, size: 4096}}\n')


def test_kept(t, memory):
    apply(write(FILE, wire('enforce', 0)))
    memory.read()
    apply(write(FILE, wire('monitor', 0)))
    t.same(hits(), 1, 'what a policy has counted outlives a switch of its mode')
    apply(write(FILE, wire('monitor', 4096)))
    t.same(hits(), 0, 'but not a change of what it counts')
    run('policy', 'detach', 'wire')


def test_apply(t, memory):
    write(FILE, lockdown(more='    time: yes\n'))
    status, out, err = apply(FILE)
    t.ok(status == 0 and out == 'policy lock: attached (lockdown, enforce, all)\n', 'apply tells what it did',
         status, out, err)
    t.same((memory.convert(), memory.read(), memory.map()), (errno.EXDEV,) * 3, 'it is enforced, after the tool')
    t.same(memory.convert(tool.PRIVATE), 0, 'and what it allows goes on')
    t.same(pins(), ['lock/bound_ns', 'lock/link', 'lock/lockdown'], 'link and maps are pinned')


def test_list(t, memory):
    one = attached()['lock']
    want = {'policy': 'lockdown', 'mode': 'enforce', 'scope': 'all', 'pinned': True, 'kill': False,
            'report_allowed': False, 'calls': 4, 'refusals': 3}
    t.same({key: one[key] for key in want}, want, 'list tells what it is and what it did')
    t.ok(one['run_ns'] > 0 and set(one['hooks']) == {'mmap', 'fault', 'io', 'convert', 'bind', 'inspect'},
         'how long it ran, and what it has programs for', one)
    t.same(one['parameters'], {'hooks': ['mmap', 'fault', 'io', 'convert', 'inspect'], 'error': 'EXDEV',
                               'grace_ns': 0, 'lock_at_bind': True, 'settle_ns': 0}, 'and its parameters')
    shown = run_json('policy', 'show', 'lock', '--json')[0]
    t.same((shown['type'], shown['policy_id'], shown['attached_ns']), ('policy', one['policy_id'],
                                                                      one['attached_ns']), 'show tells the same')
    out = run('policy', 'list')[1] + run('policy', 'show', 'lock')[1]
    t.ok('lock lockdown enforce all' in out and 'grace                    0s' in out, 'and both in text', out)
    denied = [g for g in run_json('list', '--json')[0]['gmems'] if g['id'] == memory.id][0]['denied_policy']
    t.same(denied, 3 + 1, 'a gmem counts what policies have refused, one that is detached included')


def test_event(t, memory):
    trace = Trace('--json', '-e', 'policy,convert')
    memory.convert()
    events, _ = trace.end_json()
    t.same([e['event'] for e in events], ['gmem_policy', 'gmem_convert'], 'a refusal is two events')
    want = {'id': memory.id, 'policy': 'lock', 'hook': 'convert', 'errno': 'EXDEV', 'monitor': 0, 'pid': os.getpid(),
            'size_bytes': 4096}
    t.same({key: events[0][key] for key in want}, want, 'one tells policy, hook and error')
    t.same((events[1]['policy_id'], events[1]['errno']), (attached()['lock']['policy_id'], 'EXDEV'),
           'and the act names its policy')


def test_mode(t, memory):
    before = attached()['lock']
    write(FILE, lockdown(mode='monitor'))
    status, out, err = apply(FILE)
    t.ok(status == 0 and out == 'policy lock: replaced (lockdown, monitor, all)\n', 'a mode is switched by apply',
         status, out, err)
    t.same(memory.convert(), 0, 'monitor lets pass')
    after = attached()['lock']
    t.same((after['policy_id'], after['attached_ns'], after['refusals']),
           (before['policy_id'], before['attached_ns'], before['refusals'] + 1), 'it is the same policy still')
    t.same(pins(), ['lock/bound_ns', 'lock/link', 'lock/lockdown'], 'and so are its pins')


def test_replace_under_load(t, memory):
    errors, stop = set(), threading.Event()

    def convert():
        while not stop.is_set():
            errors.add(memory.convert())

    apply(write(FILE, lockdown(error='EXDEV')))
    threads = [threading.Thread(target=convert) for _ in range(2)]
    for thread in threads:
        thread.start()
    for error in ('ENOTTY', 'EXDEV', 'ENOTTY'):
        apply(write(FILE, lockdown(error=error)))
    stop.set()
    for thread in threads:
        thread.join()
    t.same(errors, {errno.EXDEV, errno.ENOTTY}, 'no act slips through between two that refuse')


def test_scope(t, memory):
    write(FILE, lockdown('new'), lockdown(scope=f'gmem:{memory.id}'))
    status, _, err = apply(FILE)
    t.ok(status == 8 and f'{FILE}:7: ' in err and 'gmemtop policy detach lock' in err,
         'another scope is refused, with what to do', status, err)
    t.same((set(attached()), memory.convert()), ({'lock'}, errno.ENOTTY), 'and nothing has changed')


def test_rollback(t, memory):
    # What is in its way cannot be removed by the tool: it is a directory.
    os.makedirs(tool.PINS + '/third/full/still')
    write(FILE, lockdown('first'), lockdown(error='EBADSLT'), lockdown('third'))
    status, _, err = apply(FILE)
    t.ok(status == 1 and 'third' in err, 'a failure in the middle is told', status, err)
    t.same((list(attached()), memory.convert()), (['lock'], errno.ENOTTY),
           'what was new is gone, what was replaced is back')
    for path in ('full/still', 'full', ''):
        os.rmdir(os.path.join(tool.PINS, 'third', path))
    t.same(pins(), ['lock/bound_ns', 'lock/link', 'lock/lockdown'], 'and no pin is left')


def test_kill(t, memory):
    refused, stop = set(), threading.Event()

    def convert():
        while not stop.is_set():
            refused.add(memory.convert())

    thread = threading.Thread(target=convert)
    thread.start()
    write(FILE, lockdown(), lockdown('second'))
    for delay in (0.1, 0.5, 1, 2):
        with subprocess.Popen([GMEMTOP, 'policy', 'apply', FILE], stdout=subprocess.DEVNULL) as process:
            time.sleep(delay)
            process.kill()
    stop.set()
    thread.join()
    t.ok(refused <= {errno.EXDEV, errno.ENOTTY}, 'kill -9 of apply leaves what is pinned working', refused)
    status, _, err = apply(FILE)
    t.ok(status == 0 and set(attached()) == {'lock', 'second'}, 'and does not hinder the next', err)


def test_bpffs(t):
    done = subprocess.run(['unshare', '-m', 'sh', '-c', f'umount /sys/fs/bpf; exec {GMEMTOP} policy apply {FILE}'],
                          capture_output=True, check=False)
    t.ok(done.returncode == 1 and b'mount -t bpf' in done.stderr, 'without bpffs: how to mount it', done.stderr)


def test_detach(t, memory):
    status, out, _ = run('policy', 'detach', 'second')
    t.same((status, out, list(attached())), (0, 'policy second: detached\n', ['lock']), 'detach ends one')
    t.same(run('policy', 'detach', 'second')[0], 7, 'which is then not there')
    t.same(run('policy', 'detach', '../policy/lock')[0], 7, 'a name is no path')
    status, _, _ = run('policy', 'detach', '--all')
    t.same((status, attached(), pins(), memory.convert()), (0, {}, [], 0), 'detach --all ends all')


def test_required(t):
    memory = Gmem('required', 16, tool.MMAP | tool.IO | tool.INIT_SHARED | tool.POLICY_REQUIRED)
    t.same(memory.read(), errno.EACCES, 'memory that requires a policy is closed')
    shown = run_json('show', str(memory.id), '--json')[0]
    t.ok('policy_required' in shown['flags'], 'and list says that it does', shown['flags'])
    write(FILE, f'  - name: mine\n    scope: gmem:{memory.id}\n    mode: enforce\n    allow:\n      rules:\n'
                '        - {uid: root, hooks: [io]}\n')
    status, _, err = apply(FILE)
    t.same((status, err, memory.read(), memory.convert()), (0, '', 0, errno.EACCES), 'its own policy opens it')
    run('policy', 'detach', 'mine')
    t.same(memory.read(), errno.EACCES, 'detached, it is closed again')


def main():
    with Tap(38) as t:
        memory = Gmem()
        test_check(t)
        test_kept(t, memory)
        test_apply(t, memory)
        test_list(t, memory)
        test_event(t, memory)
        test_mode(t, memory)
        test_replace_under_load(t, memory)
        test_scope(t, memory)
        test_rollback(t, memory)
        test_kill(t, memory)
        test_bpffs(t)
        test_detach(t, memory)
        test_required(t)


main()
