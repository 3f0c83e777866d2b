#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Histograms of times: to the last fault and the last bucket what the events say, and nothing attached before and after."""
import json
import os
import re
import signal
import subprocess

from gmt import GMEMTOP, TOP, Tap, Trace, User, run, run_json, slow_seconds

PAGE = 4096
PHASES = {'fault_lookup': 'lookup_ns', 'fault_policy': 'policy_ns', 'fault_alloc': 'alloc_ns', 'fault_zero': 'zero_ns'}


class Latency:
    """gmemtop latency in the background, measuring when the constructor returns."""

    def __init__(self, *args):
        self.process = subprocess.Popen([GMEMTOP, 'latency', *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        if b'measuring' not in line:
            raise RuntimeError(f'gmemtop latency said {line!r}')

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=slow_seconds(60))
        if self.process.returncode:
            raise RuntimeError(f'latency: {self.process.returncode} {err}')
        return out.decode()

    def end_json(self):
        return json.loads(self.end())


class Helper:
    """tests/tool/placed or binder: does what each line says."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen([os.path.join(TOP, 'build/tests/tool', name), *args], text=True,
                                        bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.id = int(self.process.stdout.readline())

    def do(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return int(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def attached():
    """Programs of gmemtop's that are loaded."""
    shown = subprocess.run(['bpftool', '-j', 'prog', 'show'], capture_output=True, check=True).stdout
    return sorted(prog['name'] for prog in json.loads(shown) if prog.get('name', '').startswith('latency_'))


def bucket(ns):
    """As bpf/gmem_hist.h says, in other words: eight to a power of two."""
    if ns < 8:
        return ns, ns
    width = 1 << (ns.bit_length() - 4)
    low = ns // width * width
    return low, low + width - 1


def histogram(times):
    """Times as buckets, in the form of the JSON."""
    counts = {}
    for ns in times:
        counts[bucket(ns)] = counts.get(bucket(ns), 0) + 1
    return [{'from_ns': low, 'to_ns': high, 'count': counts[low, high]} for low, high in sorted(counts)]


def rank(times, percent):
    """The least time that so many percent do not exceed, by the end of its bucket."""
    if not times:
        return None
    times = sorted(times)
    exact = times[max(-(-len(times) * int(percent * 10) // 1000), 1) - 1]
    return min(bucket(exact)[1], times[-1])


def judge(t, told, times, what):
    t.same((told['count'], told['sum_ns'], told['max_ns']), (len(times), sum(times), max(times, default=None)),
           f'{what}: {len(times)} of them, all of their time, the longest')
    t.same(told['buckets'], histogram(times), f'{what}: every bucket')
    t.same([told[key] for key in ('p50_ns', 'p90_ns', 'p99_ns', 'p999_ns')],
           [rank(times, percent) for percent in (50, 90, 99, 99.9)], f'{what}: percentiles')


def test_truth(t):
    """One workload, told as events and as histograms."""
    user = User(2, 'busy', 'faults', 5000, 'denied', 20, 'convert', 300)
    one, every = Latency('-j', '-i', str(user.ids[0])), Latency('--json')
    trace = Trace('-j', '-e', 'fault,convert', '-b', '64')
    t.same(attached(), ['latency_convert'] * 2 + ['latency_fault'] * 2, 'attached while somebody looks')
    user.act()
    # What the first round converted is zeroed in the second.
    user.act()
    events, totals = trace.end_json()
    told = one.end_json()
    t.same((told['type'], told['id'], told['lost'], totals['lost']), ('latency', user.ids[0], 0, 0), 'of one gmem')
    times = told['times']
    faults = [event for event in events if event['event'] == 'gmem_fault']
    t.same(len(faults), 2 * (5000 + 20), 'faults, refused ones included')
    judge(t, times['fault_host'], [event['total_ns'] for event in faults], 'faults')
    for key, field in PHASES.items():
        judge(t, times[key], [event[field] for event in faults if event[field]], key)
    converted = [event['total_ns'] for event in events if event['event'] == 'gmem_convert']
    judge(t, times['convert'], converted, 'conversions')
    t.ok(len(converted) >= 1200, 'each of them', len(converted))
    t.same((times['fault_remote']['count'], times['fault_guest']['count']), (0, 0), 'no other kind')
    whole = every.end_json()
    t.same((whole['id'], whole['times']), (None, times), 'of all gmems: the same, where there is no other busy one')
    user.end()


def test_kinds(t):
    placed, binder = Helper('placed'), Helper('binder', '1', '1')
    latency = Latency('-j')
    quiet = Latency('-j', '-i', str(placed.id))
    placed.do('share', 0, 64)
    with open(f'/proc/{placed.process.pid}/maps', encoding='ascii') as maps:
        start = next(int(line.split('-')[0], 16) for line in maps if 'gmem:placed' in line)
    with open(f'/proc/{placed.process.pid}/mem', 'rb', buffering=0) as mem:
        for page in range(3):
            os.pread(mem.fileno(), 8, start + page * PAGE)
    placed.do('touch', 0, 10, 7)
    binder.do('bind', 0, 1, 0, 0, 16, 0)
    for page in range(5):
        binder.do('look', 0, 1, page)
    t.same(quiet.end_json()['times']['fault_guest']['count'], 0, 'of another gmem')
    times = latency.end_json()['times']
    t.same([times[key]['count'] for key in ('fault_host', 'fault_remote', 'fault_guest', 'convert')], [7, 3, 5, 1],
           "the process's own faults, another's, the guest's")
    t.same((times['fault_lookup']['count'], times['fault_alloc']['count']), (15, 15), 'phases of faults of every kind')
    placed.end()
    binder.end()


def test_text(t):
    user = User(1, 'busy', 'faults', 100, 'convert', 2)
    latency = Latency('-i', str(user.ids[0]))
    user.act()
    out = latency.end(signal.SIGTERM)
    head = next(line for line in out.splitlines() if 'P99.9' in line)
    t.same(head.split(), ['TIME', 'OF', 'COUNT', 'MEAN', 'P50', 'P90', 'P99', 'P99.9', 'MAX'], 'as text: a table')
    t.ok(re.search(r'^fault, host +100 +\S+ +\S+ +\S+ +\S+ +\S+ +\S+$', out, re.M), 'one line a time', out)
    bars = re.search(r'\n\nconversion\n((?:.* \.\. .*\|#*\n)+)', out)
    t.ok(bars and sum(int(line.split()[3]) for line in bars[1].splitlines()) == 4, 'bars of all of them', out)
    t.ok(re.search(r'\n\n\d+\.\d s, lost 0\n$', out), 'what was lost', out)
    user.end()


def test_ends(t):
    user = User(1, 'idle')
    told = run_json('latency', '-j', '-d', '0.3', '-i', str(user.ids[0]))[0]
    t.ok(0.3 <= told['seconds'] < 10 and told['times']['convert']['mean_ns'] is None, '-d ends it; no times, no mean', told)
    user.end()
    status, _, err = run('latency', '-i', str(user.ids[0]))
    t.ok(status == 7 and 'no gmem with id' in err, 'a gmem that is gone', err)
    t.same([run('latency', *args)[0] for args in (['-i', '0'], ['-d', 'x'], ['1'])], [2] * 3, 'wrong usage')
    t.same(attached(), [], 'nothing is attached afterwards')
    t.same(run_json('show', '-j', str(User(1, 'next').ids[0]))[0]['faults_host'], 0, 'and all goes on')


def main():
    with Tap(1 + 3 + 3 * 6 + 3 + 3 + 4 + 5) as t:
        t.same(attached(), [], 'nothing is attached before')
        test_truth(t)
        test_kinds(t)
        test_text(t)
        test_ends(t)


main()
