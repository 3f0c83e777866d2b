#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""record and replay against the real thing: what is replayed is what was, whoever names it how, and however it ended."""
import json
import os
import signal
import subprocess
import tempfile
import time

from gmt import GMEMTOP, Tap, User, run, run_json, slow_seconds, wait_for

HOSTILE = b'x\x1b[31m\xff"\\'
DIR = tempfile.mkdtemp()
FILE = os.path.join(DIR, 'a.gmr')


class Record:
    """gmemtop record in the background."""

    def __init__(self, *args):
        self.process = subprocess.Popen([GMEMTOP, 'record', *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said = self.process.stderr.readline().decode()

    def send(self, number):
        self.process.send_signal(number)

    def line(self):
        return self.process.stderr.readline().decode()

    def end(self, number=signal.SIGINT):
        self.send(number)
        _, err = self.process.communicate(timeout=slow_seconds(60))
        return self.process.returncode, err.decode()


def replay(*args, file=FILE, at=None):
    where = ['--at', at] if at else []
    status, out, err = run('replay', *where, file, *args)
    if status:
        raise RuntimeError(f'replay {args}: {status}: {err}')
    return [json.loads(line) for line in out.splitlines()]


def timeless(value):
    """Without times of day: they are reckoned from two clocks that cannot be read at once."""
    if isinstance(value, dict):
        return {key: timeless(member) for key, member in value.items() if key not in ('created', 'started', 'bound', 'since')}
    return [timeless(member) for member in value] if isinstance(value, list) else value


def same_state(t, ids):
    """Nothing has happened since the recording's end: it tells what the host tells."""
    live, told = run_json('list', '-j')[0], replay('list', '-j')[0]
    t.same(timeless([told['gmems'], told['totals']]), timeless([live['gmems'], live['totals']]),
           'list --json is the same')
    for gmem in ids:
        live, told = run_json('show', '-j', str(gmem))[0], replay('show', '-j', str(gmem))[0]
        t.same(timeless(told), timeless(live), 'and so is show --json: ranges, bindings, holders, nodes')
    t.same(run('replay', FILE, 'list')[1], run('list')[1], 'and list as text, hostile names in it')


def test_recording(t, busy):
    record = Record('--events', '--interval', '500ms', FILE)
    t.ok('recording to' in record.said, 'record says that it records', record.said)
    begun = time.monotonic()
    while time.monotonic() - begun < slow_seconds(3):
        busy.act()
        time.sleep(0.3)
    time.sleep(slow_seconds(1.2))
    status, err = record.end()
    t.ok(status == 0 and ' lost 0' in err, 'ends well when interrupted, with its account', err)
    t.same(os.stat(FILE).st_mode & 0o777, 0o600, 'its file is for its owner only')


def test_events(t, gmem, first):
    *events, totals = replay('trace', '-j', '-i', str(gmem))
    row = run_json('list', '-j', '-f', f'id={gmem}')[0]['gmems'][0]
    counted = {'faults_host': 0, 'conversions': 0}
    for event in events:
        counted['faults_host'] += event['event'] == 'gmem_fault' and event['kind'] != 'guest'
        counted['conversions'] += event['event'] == 'gmem_convert' and not event['err']
    for name, count in counted.items():
        t.same(count, row[name] - first[name], f'{name}: events replayed are what the counters counted')
    t.same((totals['received'], totals['lost']), (len(events), 0), 'and the account agrees')
    denied = replay('trace', '-j', '-i', str(gmem), '-E', 'EACCES')[:-1]
    t.ok(denied and all(event['errno'] == 'EACCES' for event in denied), 'filters of trace work on a recording', denied[:2])


def test_rates(t, gmem):
    tables = [json.loads(line) for line in run('replay', '--speed', 'max', FILE, 'top', '--json')[1].splitlines()]
    times = [table['time_ns'] for table in tables]
    t.same(times, sorted(set(times)), 'the table of each snapshot, once, in order')
    rates = [row['faults_per_second'] for table in tables for row in table['gmems'] if row['id'] == gmem]
    t.ok(any(rates) and min(rates) >= 0, 'with the rates of its own time', rates)


def test_killed(t, busy):
    record = Record('--interval', '100ms', FILE)
    busy.act()
    wait_for(lambda: os.stat(FILE).st_size > 2000, 'some snapshots')
    record.end(signal.SIGKILL)
    t.ok(os.path.exists(FILE + '.1'), 'the recording from before was kept')
    status, out, err = run('replay', FILE, 'list', '-j')
    t.ok(status == 0 and 'breaks off' in err, 'killed, it replays up to the break, and says so', err)
    t.same(len(json.loads(out)['gmems']), len(run_json('list', '-j')[0]['gmems']), 'with all gmems')


def test_flight(t, busy):
    file = os.path.join(DIR, 'flight.gmr')
    record = Record('--last', '5s', '--interval', '200ms', '--events=convert', file)
    t.ok('kill -USR1' in record.said and not os.path.exists(file), 'a flight recorder writes nothing at first', record.said)
    for number in (1, 2):
        busy.act()
        record.send(signal.SIGUSR1)
        said = record.line()
        t.ok('written to' in said, f'SIGUSR1 has it write, the {number}. time', said)
        events = replay('trace', '-j', file=file)[:-1]
        t.ok(len([e for e in events if e['event'] == 'gmem_convert']) >= 2 * number, 'with what has happened until then', len(events))
    t.ok(os.path.exists(file + '.1'), 'what was written the first time is still there')
    time.sleep(7)
    status, err = record.end(signal.SIGTERM)
    t.ok(status == 0 and 'written to' in err, 'at its end it writes what it has', err)
    first, last = (replay('list', '-j', file=file, at=at)[0]['time_ns'] for at in ('start', 'end'))
    t.ok(4.5e9 <= last - first <= 7e9, 'which are the last seconds, and hardly more', last - first)
    t.same(replay('trace', '-j', file=file)[-1]['received'], 0, 'without the events of before')


def main():
    with Tap(25) as t:
        busy = User(1, 'busy', 'faults', 100, 'denied', 7, comm=HOSTILE)
        idle = User(2, 'idle', comm=HOSTILE)
        busy.act()
        before = run_json('list', '-j', '-f', f'id={busy.ids[0]}')[0]['gmems'][0]
        test_recording(t, busy)
        same_state(t, [busy.ids[0], idle.ids[0]])
        test_events(t, busy.ids[0], before)
        test_rates(t, busy.ids[0])
        test_killed(t, busy)
        test_flight(t, busy)
        busy.end()
        idle.end()


if __name__ == '__main__':
    main()
