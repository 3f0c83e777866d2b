#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whatever is missing: one line saying what and how to mend it, and an exit status of its own."""
import ctypes
import json
import os
import subprocess

from gmt import GMEMTOP, Tap, run, wait_for
from light import without_maps

VERBS = (['-n', '1', '-d', '0.1'], ['list'], ['show', '1'], ['trace', '-c', '1'])
CLONE_NEWNS = 0x20000


def one_line(t, verb, want, words, **kw):
    status, out, err = run(*verb, **kw)
    t.ok(status == want and not out and err.count('\n') == 1 and all(word in err for word in words),
         f'{verb[0]}: exit status {want}, and one line with {words}', status, out, err)


def doctor(t, want, name, **kw):
    status, out, _ = run('doctor', '--json', **kw)
    answer = json.loads(out)
    bad = [check for check in answer['checks'] if check['status'] == 'missing']
    t.ok(status == want and not answer['ok'] and bad and bad[0]['name'] == name and bad[0]['advice'],
         f'doctor: exit status {want}, {name} is missing, with advice', status, out)


def over(path):
    """A preexec function: the program sees an empty directory at path."""
    libc = ctypes.CDLL(None, use_errno=True)

    def hide():
        if libc.unshare(CLONE_NEWNS) or libc.mount(b'none', b'/', None, 0x44000, None) or \
           libc.mount(b'none', path.encode(), b'tmpfs', 0, None):
            os._exit(99)
    return hide


def test_privilege(t):
    def drop():
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    for verb in VERBS:
        one_line(t, verb, 5, ['CAP_BPF', 'root'], preexec_fn=drop)
    doctor(t, 5, 'capabilities', preexec_fn=drop)


def test_btf(t):
    for verb in VERBS[:2]:
        one_line(t, verb, 4, ['BTF', 'CONFIG_DEBUG_INFO_BTF'], preexec_fn=over('/sys/kernel/btf'))
    doctor(t, 4, 'kernel BTF', preexec_fn=over('/sys/kernel/btf'))


def test_kernel(t):
    """The kernel itself answers uname() so, for programs that ask for the old numbering."""
    def old():
        ctypes.CDLL(None).personality(0x0020000)
    one_line(t, VERBS[1], 6, ['not supported', '7.3'], preexec_fn=old)
    doctor(t, 6, 'kernel', preexec_fn=old)
    env = dict(os.environ, GMEMTOP_ANY_KERNEL='1')
    status, out, err = run('list', preexec_fn=old, env=env)
    t.ok(status == 0 and 'total:' in out, 'GMEMTOP_ANY_KERNEL=1 tries all the same', err)


def test_module(t):
    # The kernel lets go of a BPF program, and of the module it used, a while after its end.
    wait_for(lambda: not subprocess.run(['rmmod', 'gmem'], check=False).returncode, 'gmem.ko to be free')
    try:
        for verb in VERBS:
            one_line(t, verb, 3, ['gmem.ko', 'modprobe'])
        doctor(t, 3, 'gmem.ko')
    finally:
        subprocess.run(['insmod', os.environ['GMEM_MODULE']], check=True)
    status, out, _ = run('doctor')
    t.ok(status == 0 and 'MISSING' not in out, 'doctor finds nothing missing once it is back', out)


def test_light(t):
    """What there is is read by programs of a light skeleton, and by libbpf's where that does not load."""
    for light, what in ((False, 'the light skeleton is enough'), (True, 'and libbpf takes its place')):
        status, out, err = run('list', preexec_fn=without_maps(light))
        t.ok(status == 0 and 'total: 0 gmems' in out and not err, what, status, out, err)


def test_usage(t):
    for args in (['nosuchverb'], ['--nosuchoption'], ['list', 'word'], ['show'], ['show', 'x'], ['-d', '0'],
                 ['-s', 'nosuch'], ['-f', 'size=1']):
        status, out, err = run(*args)
        t.ok(status == 2 and not out and err, f'{args}: wrong usage is 2', status, out, err)
    for args in ([], ['list'], ['show'], ['trace'], ['doctor']):
        status, out, _ = run(*args, '--help')
        t.ok(status == 0 and 'Usage: gmemtop' in out, f'{args} --help', out)
    status, out, _ = run('--help')
    t.ok(all(verb in out for verb in ('list', 'show', 'trace', 'doctor')), '--help tells the verbs', out)
    status, out, _ = run('--version')
    t.ok(status == 0 and out.startswith('gmemtop '), '--version', out)
    one_line(t, ['show', '18446744073709551615'], 7, ['no gmem with id', 'list'])


def test_output(t):
    """Output that cannot be written is a failure, not a silent success."""
    with open('/dev/full', 'wb') as full:
        for args in (['list'], ['list', '-j'], ['doctor'], ['-b', '-n', '1', '-d', '0.1']):
            done = subprocess.run([GMEMTOP, *args], stdin=subprocess.DEVNULL, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
            t.ok(done.returncode == 1 and b'No space left' in done.stderr, f'{args} onto a full disk',
                 done.returncode, done.stderr)


def main():
    with Tap(5 + 3 + 3 + 6 + 2 + 16 + 4) as t:
        test_privilege(t)
        test_btf(t)
        test_kernel(t)
        test_module(t)
        test_light(t)
        test_usage(t)
        test_output(t)


main()
