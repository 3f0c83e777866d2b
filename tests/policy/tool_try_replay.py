#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""policy try --replay: what it says of a recording is what --live says of the same acts; what a recording lacks is said."""
import json
import mmap
import os
import shutil
import signal
import subprocess

from tool import INIT_SHARED, IO, MMAP, PAGE, PRIVATE, Gmem, attached, lockdown, write
from gmt import GMEMTOP, Tap, run, slow_rounds, wait_for
from bindings import Binder

FILE, RECORDING, LINES, COPY = '/tmp/try.yaml', '/tmp/try.gmr', '/tmp/try.jsonl', '/tmp/copy.gmr'
ROOT = '/sys/fs/cgroup'
CGROUPS = ('/try', '/try/a', '/try/a/deep', '/try/b')
HEAD = os.path.realpath(shutil.which('head'))

ALLOW = f"""  - name: who
    scope: all
    mode: enforce
    allow:
      rules:
        - {{uid: 1, hooks: [io]}}
        - {{gid: 50, hooks: [io]}}
        - {{cgroup: /try/a, hooks: [mmap, create]}}
        - {{comm: worker, hooks: [convert]}}
        - {{exe: {HEAD}, hooks: [io]}}
"""
BUDGET = """  - name: rate
    scope: all
    mode: enforce
    budget: {cgroup: {conversions_per_second: 1}, gmem: {conversions_per_second: 1}, burst: 1m, cgroup_level: 2}
"""
TRIPWIRE = f"""  - name: canary
    scope: gmem-name:memory
    mode: enforce
    kill: yes
    tripwire: {{ranges: [{{offset: {PAGE}, size: {PAGE}}}, {{name: memory, offset: {8 * PAGE}, hooks: [fault]}}]}}
"""
POLICIES = (lockdown('closed'), lockdown('inside', scope='cgroup:/try'), ALLOW, BUDGET, TRIPWIRE,
            lockdown('bound', more='    hooks: [discard, convert, mmap]\n', params='grace: 1h'))


class Watch:
    """gmemtop in the background, at work when the constructor returns."""

    def __init__(self, word, *args):
        self.process = subprocess.Popen([GMEMTOP, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = self.process.stderr.readline().decode()
        if word not in line:
            raise RuntimeError(f'gmemtop {args} said {line!r}')

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out.decode(), err.decode()


def record(*args):
    return Watch('recording', 'record', '--requests', *args, RECORDING)


def child(act, cgroup='/', comm=None, groups=(), ids=(0, 0, 0)):
    """Has another process act: in that cgroup, of that name, with those groups and user ids."""
    pid = os.fork()
    if pid:
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise RuntimeError(f'a process in {cgroup} failed')
        return pid
    try:
        with open(f'{ROOT}{cgroup}/cgroup.procs', 'w') as procs:
            procs.write(str(os.getpid()))
        if comm:
            with open('/proc/self/comm', 'w') as out:
                out.write(comm)
        os.setgroups(groups)
        os.setresuid(*ids)
        act()
    except BaseException:  # pylint: disable=broad-except
        os._exit(1)
    os._exit(0)


def touch(memory):
    with mmap.mmap(memory.fd, memory.size) as view:
        return sum(view[page * PAGE] for page in range(memory.size // PAGE))


def many(count, act, *args, **kw):
    for _ in range(count):
        act(*args, **kw)


def make_and_read():
    inner = Gmem('inner')
    inner.read()
    inner.convert()
    inner.close()


def acts(memory, binder):
    """Every hook but inspect, by whoever the rules tell apart."""
    many(70, memory.convert)
    many(3, memory.convert, to=PRIVATE, offset=PAGE)
    memory.convert(offset=PAGE)
    memory.map()
    touch(memory)
    child(lambda: many(5, memory.read), ids=(2, 1, 2))
    child(lambda: many(5, memory.read), ids=(1, 2, 2))
    child(lambda: many(4, memory.read), groups=[7, 50, 60])
    child(lambda: many(4, memory.read), groups=[7, 60])
    child(lambda: (memory.map(), touch(memory)), cgroup='/try/a/deep')
    child(memory.map, cgroup='/try/b')
    child(lambda: many(6, memory.convert), cgroup='/try/b', comm='worker')
    child(make_and_read, cgroup='/try/a/deep')
    child(make_and_read, cgroup='/try/b')
    subprocess.run([HEAD, '-c', '1'], stdin=memory.fd, stdout=subprocess.DEVNULL, check=True)
    for vm in (0, 1):
        binder.do('punch', vm, 0, 1)
        binder.do('bind', vm, 0, vm, 0, 16, 1 << 20)
        binder.do('punch', vm, 0, 1)
    binder.do('unbind', 1, 0)
    binder.do('punch', 1, 2, 1)


# Without the name: of a gmem that is gone when it looks, --live does not know it.
KEYS = ('count', 'policy', 'hook', 'err', 'errno', 'id', 'pid', 'uid', 'comm', 'cgroup', 'cgroup_id',
        'first_offset_bytes', 'first_size_bytes')


def refusals(report):
    return sorted(tuple(refusal[key] for key in KEYS) for refusal in report['would_refuse'])


def counts(report):
    return [(policy['name'], policy['calls'], policy['refusals']) for policy in report['policies']]


def replayed(path=RECORDING):
    status, out, err = run('policy', 'try', FILE, '--replay', path, '--json')
    return status, json.loads(out) if out else None, err


def test_same(t, memory, binder):
    write(FILE, *POLICIES)
    # What was bound before anybody asked counts, too.
    binder.do('bind', 0, 1, 2, 0, 16, 1 << 30)
    recorder, trial = record('--interval', '300ms'), Watch('trying', 'policy', 'try', FILE, '--live', '10m', '--json')
    binder.do('punch', 2, 0, 1)
    acts(memory, binder)
    _, out, err = trial.end()
    live = json.loads(out)
    status, _, told = recorder.end()
    t.ok(status == 0 and 'requests' in told and 'lost 0' in told, 'requests are recorded', status, told)
    status, report, err = replayed()
    t.ok(status == 0 and not err and report['lost'] == report['undecided'] == 0, 'and each of them is decided', status, err)
    t.same(refusals(report), refusals(live), 'who would have been refused what, how often: as --live said')
    t.same(counts(report), counts(live), 'and so often was each policy asked')
    t.same({r['name'] for r in report['would_refuse']}, {'memory', 'inner', 'bound'}, 'of what memory, gone by now or not')
    got = {name: refused for name, _, refused in counts(report)}
    t.ok(min(got.values()) > 0, 'each policy would have refused something', got)
    who = {(r['hook'], r['uid'], r['comm'], r['cgroup']): r['count'] for r in report['would_refuse'] if r['policy'] == 'who'}
    t.same([who.get(key) for key in (('io', 2, 'python3', '/'), ('io', 1, 'python3', '/'), ('io', 0, 'python3', '/'),
                                     ('mmap', 0, 'python3', '/try/b'), ('mmap', 0, 'python3', '/try/a/deep'),
                                     ('convert', 0, 'worker', '/try/b'), ('io', 0, 'head', '/'))],
           [None, 5, 4, 1, None, None, None], 'by effective user, supplementary group, cgroup, command, executable')
    bound = [r['count'] for r in report['would_refuse'] if r['policy'] == 'bound' and r['hook'] == 'discard']
    t.same(sorted(bound), [1, 1, 2], 'once bound, before or while it was recorded, memory is locked')
    # 61 at once, by the first cgroup; how many more in a minute depends on how fast this machine is.
    rate = sum(r['count'] for r in report['would_refuse'] if r['policy'] == 'rate' and r['pid'] == os.getpid())
    t.ok(0 < rate <= 74 - 61, 'rates are counted by the time of the recording', rate)
    status, out, _ = run('policy', 'try', FILE, '--replay', RECORDING)
    t.ok(status == 0 and f'policy closed: asked {counts(live)[0][1]} times' in out and 'nothing was refused' not in out and
         f'requests {report["requests"]}' in out, 'and as text', out)


def test_copies(t):
    """The same report of a recording that was recorded again, and of plain lines."""
    _, want, _ = replayed()
    status, _, err = run('replay', '--speed', 'max', RECORDING, 'record', '--requests', COPY)
    _, got, told = replayed(COPY)
    t.ok(status == 0 and got and (refusals(got), counts(got)) == (refusals(want), counts(want)) and got['lost'] == 0,
         'recorded again it says the same', status, err, got, told)
    with open(LINES, 'wb') as out:
        subprocess.run(['zstdcat', RECORDING], stdout=out, check=True)
    status, got, err = replayed(LINES)
    t.ok(status == 0 and (refusals(got), counts(got)) == (refusals(want), counts(want)), 'so do its lines', status, err)
    return want


def change(edit):
    """A copy of the lines, each through edit(), which may drop one by None."""
    with open(LINES) as lines, open(COPY, 'w') as out:
        for line in lines:
            told = edit(json.loads(line))
            if told is not None:
                out.write(json.dumps(told, separators=(',', ':')) + '\n')
    return replayed(COPY)


def without(key, hook):
    def edit(line):
        if line['type'] == 'request' and line['hook'] == hook:
            line[key] = None
        return line
    return edit


def only(kind):
    """Whether a policy is the only one that has undecided requests."""
    return lambda report: [p['name'] for p in report['policies'] if p['undecided']] == kind


def test_lacking(t, want):
    """What is missing is counted, and no success."""
    for key, hook, whom in (('euid', 'io', ['who']), ('groups', 'io', ['who']), ('cgroup_ids', 'mmap', ['who']),
                            ('process_comm', 'convert', ['who']), ('exe_ino', 'io', ['who']), ('cgroup_ids', 'convert', ['rate']),
                            ('bindings', 'discard', ['bound'])):
        status, report, err = change(without(key, hook))
        t.ok(status == 9 and only(whom)(report) and f'undecided {report["undecided"]}' in err and report['lost'] == 0,
             f'no {key} of {hook}: undecided, by {whom[0]} alone', status, err, report and report['policies'])
    seen = []

    def drop(line):
        seen.append(line['type'])
        return None if line['type'] == 'request' and seen.count('request') in (3, 4, 9) else line
    status, report, err = change(drop)
    t.ok(status == 9 and report['lost'] == 3 and 'requests lost 3' in err and report['requests'] == want['requests'] - 3,
         'three lines are missing: three requests lost', status, err)
    status, report, err = change(lambda line: {**line, 'seq': 'x'} if line['type'] == 'request' and line['seq'] == 5 else line)
    t.ok(status == 9 and report['lost'] == 1, 'one that cannot be read is lost, too', status, err)
    status, report, err = change(lambda line: line if line['type'] != 'request' else None)
    t.ok(status == 9 and report['requests'] == 0 and 0 < report['lost'] <= want['requests'],
         'all of them missing: that is no report without refusals', status, err)

    def old(line):
        if line['type'] == 'recording':
            line['minor'] = 0
            line.pop('requests')
        return line if not line['type'].startswith('request') else None
    status, report, err = change(old)
    t.ok(status == 1 and report is None and 'record --requests' in err, 'an older recording: an error that says what to do',
         status, err)
    status, report, err = change(lambda line: {**line, 'version': 2} if line['type'] == 'recording' else line)
    t.ok(status == 1 and report is None and 'newer gmemtop' in err, 'a newer version: likewise', status, err)
    status, report, err = change(lambda line: {**line, 'boot_id': 'other'} if line['type'] == 'recording' else line)
    t.ok(status == 0 and not report['same_boot'] and "this host's of now" in err, 'of another boot: it is said', status, err)
    with open(COPY, 'wb') as out, open(RECORDING, 'rb') as whole:
        out.write(whole.read()[:-400])
    status, report, err = replayed(COPY)
    t.ok(status == 9 and report['broken'] and 'cannot be read' in err, 'broken off: up to there, and no success', status, err)


def test_lost(t, memory):
    """More than there is room for, while the recorder is stopped: told and lost are all there were."""
    storm = slow_rounds(20000)
    write(FILE, lockdown('closed'))
    recorder = record('--buffer', '1')
    recorder.process.send_signal(signal.SIGSTOP)
    many(storm, memory.convert)
    recorder.process.send_signal(signal.SIGCONT)
    recorder.end()
    status, report, err = replayed()
    t.ok(status == 9 and report['lost'] and report['requests'] + report['lost'] == storm and
         report['refusals'] == report['requests'], 'lost ones are counted', status, err, report and report['lost'], storm)


def test_killed(t, memory):
    recorder = record('--interval', '100ms')
    names = attached()
    t.ok(list(names) == [f'record.{recorder.process.pid}'] and all(p['mode'] == 'monitor' for p in names.values()),
         'what records is a policy that only watches', names)
    many(10, memory.convert)
    wait_for(lambda: replayed()[1] and replayed()[1]['requests'] == 10, 'requests to be in the file')
    recorder.end(signal.SIGKILL)
    t.same(wait_for(lambda: not attached(), 'the policy to go'), True, 'killed, it leaves no policy')
    _, report, err = replayed()
    t.ok(report['requests'] == report['refusals'] == 10, 'and what it had written', report, err)


def test_without_module(t, want):
    wait_for(lambda: not subprocess.run(['rmmod', 'gmem'], check=False).returncode, 'gmem.ko to be free')
    status, report, err = replayed(LINES)
    subprocess.run(['insmod', os.environ['GMEM_MODULE']], check=True)
    t.ok(status == 0 and (refusals(report), counts(report)) == (refusals(want), counts(want)),
         'where there is no gmem.ko it says the same', status, err)


def main():
    with Tap(31) as t:
        for cgroup in CGROUPS:
            os.makedirs(ROOT + cgroup, exist_ok=True)
        memory, binder = Gmem(flags=MMAP | IO | INIT_SHARED), Binder(3, 2)
        test_same(t, memory, binder)
        want = test_copies(t)
        test_lacking(t, want)
        binder.end()
        test_lost(t, memory)
        test_killed(t, memory)
        memory.close()
        write(FILE, *POLICIES)
        test_without_module(t, want)
        for cgroup in reversed(CGROUPS):
            os.rmdir(ROOT + cgroup)


main()
