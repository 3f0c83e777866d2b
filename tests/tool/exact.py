#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""200,000 faults from two threads (in make soak a million): the counters have each, and trace has or counts each."""
import json
import re
import threading

from gmt import Tap, Trace, User, run_json, some_rounds

FAULTS = some_rounds(200000, 1000000)


class Reader(threading.Thread):
    """Counts the lines of a stream and keeps the last one."""

    def __init__(self, stream):
        super().__init__()
        self.stream, self.lines, self.last = stream, 0, b''
        self.start()

    def run(self):
        while chunk := self.stream.read1(1 << 20):
            self.lines += chunk.count(b'\n')
            self.last = (self.last + chunk)[-4096:]


def faults_of(user):
    return {gmem['id']: gmem for gmem in run_json('list', '-j')[0]['gmems']}[user.ids[0]]['faults_host']


def test_million(t):
    user = User(1, 'million', 'faults', FAULTS)
    trace = Trace('-e', 'fault', '-i', str(user.ids[0]))
    reader = Reader(trace.process.stdout)
    user.act()
    trace.process.send_signal(2)
    reader.join()
    err = trace.process.stderr.read().decode()
    trace.process.wait()
    account = re.search(r'^total: received (\d+)  lost (\d+) ', err, re.M)
    received, lost = int(account[1]), int(account[2])
    print(f'# received {received}, lost {lost}')
    t.same(received + lost, FAULTS, 'received and lost are all of them, exactly')
    t.same(reader.lines, received, 'what was received is what was printed')
    t.ok(received > 0, 'some came through')
    t.same(faults_of(user), FAULTS, 'the counter has each, exactly')
    user.end()


def test_small_buffer(t):
    """A buffer far too small, and nobody reading: almost all is lost, and all of it counted."""
    user = User(1, 'small', 'faults', 50000)
    trace = Trace('--json', '-e', 'fault', '-b', '1')
    user.act()
    events, totals = trace.end_json()
    print(f'# received {totals["received"]}, lost {totals["lost"]}')
    t.ok(totals['lost'] > 0, 'a buffer of 1 MiB that nobody reads loses events', json.dumps(totals))
    t.same(totals['received'] + totals['lost'], 50000, 'and counts each of them')
    t.same(len(events), totals['received'], 'what was received is what was printed')
    user.end()


def main():
    with Tap(7) as t:
        test_million(t)
        test_small_buffer(t)


main()
