#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""policy try: what would have been refused, by whom and how often, while nothing is; gone afterwards."""
import json
import os
import signal
import subprocess

from tool import Gmem, attached, lockdown, pins, write
from gmt import GMEMTOP, Tap, run, wait_for

FILE = '/tmp/try.yaml'
CGROUP = '/sys/fs/cgroup/gmemtop-try'


class Try:
    """gmemtop policy try in the background, watching when the constructor returns."""

    def __init__(self, *args):
        self.process = subprocess.Popen([GMEMTOP, 'policy', 'try', FILE, *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        if b'trying' not in line:
            raise RuntimeError(f'gmemtop policy try said {line!r}')

    def end(self, number=signal.SIGINT):
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()


def acts_in_cgroup(memory, count):
    """Refused reads by another process, another user, in a cgroup; its pid."""
    os.makedirs(CGROUP, exist_ok=True)
    pid = os.fork()
    if not pid:
        with open(CGROUP + '/cgroup.procs', 'w') as procs:
            procs.write(str(os.getpid()))
        os.setresuid(1, 1, 1)
        os._exit(sum(memory.read() != 0 for _ in range(count)))
    return pid, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_report(t, memory):
    write(FILE, lockdown('no-host', more='    kill: yes\n'), lockdown('nobody', scope='gmem-name:other'))
    trial = Try('--live', '60s', '--json')
    names = attached()
    pid = trial.process.pid
    t.same(sorted(names), [f'try.{pid}.0.no-host', f'try.{pid}.1.nobody'], 'on trial they have names of their own')
    t.ok(all(p['mode'] == 'monitor' and not p['pinned'] and not p['kill'] for p in names.values()),
         'only watch, and are not pinned', names)
    errors = {memory.convert() for _ in range(100)} | {memory.map(), memory.convert(offset=4096)}
    other, failed = acts_in_cgroup(memory, 7)
    t.same((errors, failed), ({0}, 0), 'nothing is refused')
    status, out, err = trial.end()
    report = json.loads(out)
    t.same((status, report['type'], report['lost'], report['refusals']), (0, 'trial', 0, 109),
           'interrupted, it reports what it has', )
    t.same([(p['name'], p['refusals']) for p in report['policies']], [('no-host', 109), ('nobody', 0)],
           "and the kernel's own counts agree")
    want = [(101, 'convert', os.getpid(), 0), (7, 'io', other, 1), (1, 'mmap', os.getpid(), 0)]
    got = [(r['count'], r['hook'], r['pid'], r['uid']) for r in report['would_refuse']]
    t.same(got, want, 'who would have been refused what, how often')
    first = report['would_refuse'][1]
    t.same((first['policy'], first['errno'], first['id'], first['name'], first['cgroup'], first['comm']),
           ('no-host', 'EXDEV', memory.id, 'memory', '/gmemtop-try', 'python3'), 'of which memory, from which cgroup')
    t.same((attached(), pins()), ({}, []), 'and it is gone')
    os.rmdir(CGROUP)


def test_ends(t, memory):
    trial = Try('--live', '1500ms')
    for _ in range(3):
        memory.convert()
    status, out, err = trial.end(0)
    t.ok(status == 0 and 'policy no-host: asked 3 times, would have refused 3' in out and
         '3 times policy=no-host hook=convert err=EXDEV' in out, 'its time over, it reports', out, err)
    trial = Try('--live', '60s')
    trial.end(signal.SIGKILL)
    t.same(wait_for(lambda: not attached(), 'the policies of a killed trial to go'), True, 'killed, it leaves nothing')
    status, out, err = run('policy', 'try', FILE, '--replay', '/tmp/recording')
    t.ok(status == 1 and not out and '/tmp/recording cannot be opened' in err, 'a recording that is not there: an error', status,
         err)


def main():
    with Tap(11) as t:
        memory, other = Gmem(), Gmem('other')
        test_report(t, memory)
        test_ends(t, memory)
        other.close()


main()
