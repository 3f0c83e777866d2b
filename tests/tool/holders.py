#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who holds descriptors of a gmem: each process once, with all of its descriptors, whatever its threads share."""
import os
import subprocess
import sys
import threading

from gmt import Tap, User, run, run_json, wait_for

HOSTILE = b'x\x1b[31m\xff"\\'


def holders(gmem):
    return run_json('show', '-j', str(gmem))[0]['holders']


def told(gmem):
    return [(holder['pid'], holder['fds']) for holder in holders(gmem)]


def fds_of(pid, gmem):
    """Descriptors of a gmem that a process has, from /proc."""
    found = []
    for fd in os.listdir(f'/proc/{pid}/fdinfo'):
        try:
            with open(f'/proc/{pid}/fdinfo/{fd}') as info:
                if f'gmem-id:\t{gmem}\n' in info.read():
                    found.append(int(fd))
        except OSError:
            pass
    return found


def pass_to_child(user, gmem, child_act):
    """A process that gets @gmem's descriptor from pidfd_getfd(2), then does as told until its input ends."""
    code = ('import ctypes,os,sys\n'
            f'pidfd=os.pidfd_open({user.pid})\n'
            f'fd=ctypes.CDLL(None).syscall(438,pidfd,{fds_of(user.pid, gmem)[0]},0)\n'
            'assert fd>=0\n' + child_act + '\nprint("ready",flush=True)\nsys.stdin.read()\n')
    child = subprocess.Popen([sys.executable, '-c', code], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    assert child.stdout.readline() == b'ready\n'
    return child


def end(child):
    child.stdin.close()
    child.wait()


def test_one(t, user):
    gmem = user.ids[0]
    with open(f'/proc/{user.pid}/stat', errors='replace') as stat:
        ticks = int(stat.read().rsplit(')', 1)[1].split()[19])
    holder = holders(gmem)[0]
    t.same((holder['pid'], holder['uid'], holder['fds'], holder['comm'], holder['cgroup']),
           (user.pid, 0, 1, 'x\x1b[31m\ufffd"\\', '/'), 'its maker, hostile command and all')
    t.ok(holder['start_ns'] // 10_000_000 == ticks and holder['started'].startswith('20'), 'since when it runs', holder)
    t.same([told(other) for other in user.ids[1:]], [[(user.pid, 1)]] * (len(user.ids) - 1), 'of each gmem of its own')
    status, out, _ = run('show', str(gmem))
    t.ok(status == 0 and '\x1b' not in out and 'x\\x1b[31m\\xff"\\x5c' in out and ' FDS ' in out, 'as text', out)


def test_many_fds(t, user):
    child = pass_to_child(user, user.ids[1], 'import resource\nresource.setrlimit(resource.RLIMIT_NOFILE,(4096,4096))\n'
                                             'fds=[os.dup(fd) for _ in range(1999)]')
    t.same(told(user.ids[1]), sorted([(user.pid, 1), (child.pid, 2000)]),
           'a process with 2,000 of them, over several reads of the iterator')
    t.same((len(fds_of(child.pid, user.ids[1])), told(user.ids[0])), (2000, [(user.pid, 1)]),
           'as many as /proc says, and none of another gmem')
    end(child)
    t.same(told(user.ids[1]), [(user.pid, 1)], 'which is gone with its process')


THREADS = '''
import threading
CLONE_FILES = 0x400
libc = ctypes.CDLL(None)
go = threading.Event()
ready = threading.Barrier({count} + 1)
def own():
    assert not libc.unshare(CLONE_FILES)
    {act}
    ready.wait()
    go.wait()
def share():
    ready.wait()
    go.wait()
threads = [threading.Thread(target={target}, daemon=True) for _ in range({count})]
for thread in threads:
    thread.start()
ready.wait()
'''


def test_threads(t, user):
    gmem = user.ids[2]
    child = pass_to_child(user, gmem, THREADS.format(count=5, act='pass', target='share'))
    t.same(told(gmem), [(user.pid, 1), (child.pid, 1)], 'threads that share their descriptors are one holder')
    end(child)
    child = pass_to_child(user, gmem, THREADS.format(count=3, act='os.dup(fd)', target='own'))
    t.same(told(gmem), [(user.pid, 1), (child.pid, 1 + 3 * 2)], 'those with some of their own add to it')
    end(child)
    # The main thread leaves the table to the others, which share it.
    child = pass_to_child(user, gmem, THREADS.format(count=4, act='pass', target='share') +
                          'assert not libc.unshare(CLONE_FILES)\nos.close(fd)')
    t.same(told(gmem), [(user.pid, 1), (child.pid, 1)], 'a table of many threads, but not of the first, counts once')
    end(child)


def test_elsewhere(t, user):
    gmem = user.ids[3]
    mapped = pass_to_child(user, gmem, 'import mmap\nm=mmap.mmap(fd,4096)\nos.close(fd)')
    t.same(told(gmem)[0], (user.pid, 1), 'a gmem that is mapped elsewhere')
    # Python's mmap keeps a descriptor of its own.
    t.same(told(gmem)[1:], [(mapped.pid, len(fds_of(mapped.pid, gmem)))], 'is held by who has a descriptor')
    end(mapped)
    forked = pass_to_child(user, gmem, 'pid=os.fork()\nif not pid:\n  import time\n  time.sleep(1000)\n')
    pids = [pid for pid, _ in told(gmem)]
    t.ok(len(pids) == 3 and pids == sorted(pids) and {user.pid, forked.pid} < set(pids), 'parent and child, by pid', pids)
    os.kill(next(pid for pid in pids if pid not in (user.pid, forked.pid)), 9)
    end(forked)


def test_nobody(t, user):
    gmem = user.ids[4]
    child = pass_to_child(user, gmem, 'import socket\na,b=socket.socketpair()\n'
                                      'socket.send_fds(a,[b"x"],[fd])\nos.close(fd)')
    user.end()
    t.same(told(gmem), [], 'a descriptor on its way through a socket is nobody\'s, and the gmem is there')
    status, out, _ = run('show', str(gmem))
    t.ok(status == 0 and 'no process holds a descriptor' in out, 'as text', out)
    end(child)
    wait_for(lambda: run('show', str(gmem))[0] == 7, 'the end of the gmem')
    t.same(run_json('list', '-j')[0]['gmems'], [], 'then it is gone, too')


def test_churn(t, user):
    """Processes that come and go with descriptors: the one that stays is told each time, once."""
    gmem = user.ids[0]
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)
    thread = threading.Thread(target=churn)
    thread.start()
    seen = [[told for told in told(gmem) if told[0] == user.pid] for _ in range(5)]
    stop.set()
    thread.join()
    t.same(seen, [[(user.pid, 1)]] * 5, 'while others come and go')


def main():
    with Tap(18) as t:
        t.same(run('show', '1000000')[0], 7, 'no such gmem')
        user = User(5, 'held', comm=HOSTILE)
        test_one(t, user)
        test_many_fds(t, user)
        test_threads(t, user)
        test_elsewhere(t, user)
        test_churn(t, user)
        test_nobody(t, user)


main()
