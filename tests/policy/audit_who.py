#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who it was, to an audit: ids, namespaces, cgroup and container, and executables of every kind."""
import ctypes
import os
import shutil
import subprocess

from auditing import Audit, TOP, Tap, User

CONTAINER = '5f' * 32
POD = '/kubepods.slice/kubepods-pod1.slice'
CGROUP = f'{POD}/cri-containerd-{CONTAINER}.scope'
MOUNT = '/sys/fs/cgroup'
DEEP = '/tmp/deep/' + '/'.join(f'{n:02}-' + 'd' * 40 for n in range(50))
EXE = f'{TOP}/build/tests/tool/user'


def audited(user):
    """The records of one act of the user."""
    audit = Audit('--refused')
    user.act()
    account = audit.end_json()
    if account.sums() or len(account.records) != 3:
        raise RuntimeError(f'{account.sums()} {account.records}')
    return account.records[0]


def namespace(pid, kind):
    return os.stat(f'/proc/{pid}/ns/{kind}').st_ino


def inside():
    """In a cgroup as containers have, with namespaces of its own, as a user who once logged in."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f'{MOUNT}{CGROUP}/cgroup.procs', 'w') as procs:
        procs.write('0')
    with open('/proc/self/loginuid', 'w') as login:
        login.write('1001')
    if libc.unshare(0x00020000):  # CLONE_NEWNS
        raise OSError(ctypes.get_errno(), 'unshare')
    os.setgroups([])
    os.setresgid(7, 7, 7)
    os.setresuid(5, 0, 0)


def test_container(t):
    os.makedirs(MOUNT + CGROUP, exist_ok=True)
    user = User(1, 'one', 'denied', 3, comm=b'e"v\\i\nl\xff', preexec_fn=inside)
    record = audited(user)
    t.same((record['cgroup'], record['container']), (CGROUP, CONTAINER), 'the cgroup, and the container in its name')
    t.same(record['cgroup_id'], os.stat(MOUNT + CGROUP).st_ino, 'its id')
    t.same((record['uid'], record['euid'], record['gid'], record['loginuid']), (5, 0, 7, 1001), 'the user, real, effective, at login')
    t.same(record['comm'], 'e"v\\i\nl\ufffd', 'a hostile name stays one string')
    t.ok(record['mnt_ns'] == namespace(user.pid, 'mnt') != namespace('self', 'mnt'), 'the mount namespace', record)
    t.same(record['exe'], EXE, 'the executable, where that namespace has it')
    user.end()
    for path in (CGROUP, POD, os.path.dirname(POD)):
        os.rmdir(MOUNT + path)


def test_pid_namespace(t):
    user = User(1, 'one', 'denied', 3)
    user.end()
    audit = Audit('--refused')
    process = subprocess.Popen(['unshare', '--pid', '--fork', '--kill-child', EXE, '1', 'ns', 'denied', '3'],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    with open(f'/proc/{process.pid}/task/{process.pid}/children') as children:
        child = int(children.read())
    inode = namespace(child, 'pid')
    process.communicate(b'\n', timeout=60)
    record = audit.end_json().records[0]
    t.same(record['pid'], child, 'the pid is that of the initial namespace')
    t.ok(record['pid_ns'] == inode != namespace('self', 'pid'), 'the pid namespace is its own', record)


def test_gone(t):
    """Whoever is gone when the record is written was looked at in time."""
    audit = Audit('--refused')
    user = User(1, 'one', 'denied', 3)
    audit.process.send_signal(19)
    user.act()
    user.end()
    audit.process.send_signal(18)
    record = audit.end_json().records[0]
    t.same((record['pid'], record['exe'], record['name']), (user.pid, EXE, 'one'), 'a process that is gone')


def run_from(path):
    """A record of the same program from another path."""
    user = User.__new__(User)
    user.process = subprocess.Popen([path, '1', 'one', 'denied', '3'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    user.pid = user.process.pid
    user.ids = [int(user.process.stdout.readline())]
    return user


def test_executables(t):
    shutil.copy(EXE, '/tmp/first')
    user = run_from('/tmp/first')
    record = audited(user)
    t.same((record['exe'], record['exe_deleted'], record['exe_ino']), ('/tmp/first', False, os.stat('/tmp/first').st_ino),
           'path and inode of the executable')
    device = os.stat('/tmp/first').st_dev
    t.same(record['exe_dev'], f'{os.major(device)}:{os.minor(device)}', 'its device')
    os.rename('/tmp/first', '/tmp/second')
    t.same(audited(user)['exe'], '/tmp/second', 'renamed while it runs')
    os.unlink('/tmp/second')
    record = audited(user)
    t.same((record['exe'], record['exe_deleted']), ('/tmp/second', True), 'and unlinked')
    user.end()

    os.makedirs(DEEP, exist_ok=True)
    shutil.copy(EXE, DEEP + '/user')
    user = run_from(DEEP + '/user')
    record = audited(user)
    exe = record['exe']
    t.ok(exe.startswith('.../') and exe.endswith('/user') and DEEP.endswith(os.path.dirname(exe[3:])) and len(exe) > 1000,
         'of a path that is too long its end is told', exe)
    user.end()
    shutil.rmtree('/tmp/deep')

    fd = os.memfd_create('hidden', 0)
    with open(EXE, 'rb') as file:
        os.sendfile(fd, file.fileno(), 0, os.stat(EXE).st_size)
    user = run_from(f'/proc/{os.getpid()}/fd/{fd}')
    record = audited(user)
    t.same((record['exe'], record['exe_deleted']), ('/memfd:hidden', True), 'one that never had a path')
    user.end()


def main():
    with Tap(15) as t:
        test_container(t)
        test_pid_namespace(t)
        test_gone(t)
        test_executables(t)


main()
