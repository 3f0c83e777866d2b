#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The live table as a person sees it: any size, every key, and the terminal given back whole."""
import json
import os
import signal
import subprocess

from gmt import Tap, User, wait_for
from terminal import Screen, has


def column(lines, header, row):
    """The cell of a row (found by a word) under a header."""
    head = next(line for line in lines if line.lstrip().startswith('ID'))
    at = head.index(header) + len(header)
    line = next(line for line in lines if row in line)
    return line[:at].split()[-1]


def test_sizes(t, busy):
    for columns, lines, want in ((40, 10, ['NAME', 'PRIV', 'SHARE', 'FLT/S', 'q quit']),
                                 (80, 24, ['COMMAND', 'PID', 'SIZE', 'CNV/S', 'CGROUP', 'q quit']),
                                 (200, 50, ['total: size', ' VM ', 'CGROUP', '/gmemtop-screen', 'pause'])):
        screen = Screen(columns, lines)
        t.ok(screen.wait(has('busy', *want), 'the table'), f'{columns}x{lines} has all it should',
             *screen.lines())
        t.ok(all(len(line) <= columns for line in screen.lines()) and screen.lines()[0].startswith('gmemtop'),
             f'{columns}x{lines}: nothing runs over', *screen.lines())
        if columns == 80:
            busy.start()
            t.ok(screen.wait(lambda l: column(l, 'FLT/S', 'busy') not in ('0', '-'), 'faults'),
                 'faults a second move', *screen.lines())
            busy.wait()
            t.ok(screen.wait(lambda l: column(l, 'FLT/S', 'busy') == '0', 'no faults'), 'and rest',
                 *screen.lines())
        screen.keys(b'q')
        t.same(screen.end(), (0, True), f'{columns}x{lines}: q ends it and gives the terminal back')


def test_resize(t):
    screen = Screen(80, 24)
    screen.wait(has('busy'), 'the table')
    for columns, lines in ((40, 10), (200, 50), (20, 4), (5, 2), (1, 1), (80, 24)):
        screen.size(columns, lines)
        os.kill(screen.pid, signal.SIGWINCH)
        screen.read(0.4)
    t.ok(screen.wait(has('COMMAND', 'busy', 'q quit'), 'the table'), 'any size is taken, one line too', *screen.lines())
    screen.keys(b'q')
    t.same(screen.end(), (0, True), 'and it still ends well')


def ids(lines):
    rows = [line.lstrip('>*').split() for line in lines[4:]]
    return [int(row[0]) for row in rows if row and row[0].isdigit()]


def test_keys(t, busy, many):
    screen = Screen(80, 24)
    every = sorted(busy.ids + many.ids)
    t.ok(screen.wait(lambda l: ids(l) == every[:len(ids(l))] and ids(l), 'ids'), 'sorted by id at first',
         *screen.lines())
    screen.keys(b'r')
    t.ok(screen.wait(lambda l: ids(l)[:1] == every[-1:], 'reverse'), 'r reverses', *screen.lines())
    screen.keys(b'r>>>>>>')
    t.ok(screen.wait(lambda l: ids(l)[:1] == busy.ids, 'shared'), '> sorts by the next column, to shared, most first',
         *screen.lines())
    screen.keys(b'<<<<<<\x1bOB\x1b[B')
    t.ok(screen.wait(lambda l: any(line.startswith(f'>{every[2]:3}') or line.startswith(f'> {every[2]} ') for line in l), 'down'),
         'down moves, in either way of sending it', *screen.lines())
    screen.keys(b'\x1b[F')
    t.ok(screen.wait(lambda l: ids(l)[-1:] == every[-1:], 'end'), 'End goes to the end', *screen.lines())
    screen.keys(b'\\name=bu')
    t.ok(screen.wait(lambda l: ids(l) == busy.ids and 'filter: name=bu' in l[-1], 'filter'),
         'a filter works while it is typed', *screen.lines())
    screen.keys(b'\r')
    t.ok(screen.wait(lambda l: ids(l) == busy.ids and 'Esc' in l[-1], 'filter'), 'and stays', *screen.lines())
    screen.keys(b'\x1b')
    t.ok(screen.wait(lambda l: len(ids(l)) == min(19, len(every)), 'all'), 'Esc shows all', *screen.lines())
    screen.keys(b'\\size=\r')
    t.ok(screen.wait(has('no such column'), 'error'), 'a filter that is none says so', *screen.lines())
    screen.keys(b'\x1b')
    screen.keys(b'?')
    t.ok(screen.wait(has('this help', 'follow'), 'help'), '? shows the keys', *screen.lines())
    screen.keys(b' ')
    screen.wait(has('every'), 'the table')
    screen.keys(b' ')
    t.ok(screen.wait(has('PAUSED'), 'pause'), 'space pauses', *screen.lines())
    screen.keys(b'\x03')
    t.same(screen.end(), (0, True), '^C ends it')


def listening():
    """How many BPF programs are attached to what happens; an iterator runs when it is read only."""
    done = subprocess.run(['bpftool', '-j', 'link'], capture_output=True, check=True)
    return sum(link['type'] != 'iter' for link in json.loads(done.stdout or b'[]'))


def test_listens(t, busy):
    """Programs are attached while a view is open that shows what they tell, and at no other time."""
    before = listening()
    screen = Screen(120, 40, '--history=60')
    screen.wait(has('busy'), 'the table')
    for view in b'123458':
        screen.settle(bytes([view]), 0.3)
    t.same(listening(), before, 'views of memory and policies attach nothing')
    screen.settle(b'7', 0.5)
    t.ok(listening() > before, 'that of events does')
    busy.act()
    t.ok(screen.wait(has(' fault ', 'kind=host'), 'events'), 'and shows them', screen.text())
    screen.settle(b'6', 0.5)
    busy.act()
    t.ok(screen.wait(lambda l: any(line.split()[:2] == ['fault,', 'host'] and line.split()[2] not in ('0', '-')
                                   for line in [line.lstrip('>') for line in l]), 'times'), 'that of latency shows times', screen.text())
    screen.settle([b'1', b'/', *[bytes([c]) for c in b'busy'], b'\r', b'\r'], 0.5)
    t.ok(screen.wait(has('RATES', 'HELD BY', 'nobody so far'), 'detail') and listening() > before, 'that of one gmem listens to denials',
         screen.text())
    screen.settle(b'\x1b', 0.5)
    t.same(listening(), before, 'and all is detached when it is left')
    screen.settle(b'\x1b', 0.5)
    screen.wait(lambda l: ids(l), 'the table')
    screen.settle(b'[[', 0.3)
    t.ok(screen.wait(lambda l: 'BACK' in l[0] and ids(l), 'the past'), 'the past can be scrolled back to', screen.text())
    t.ok('BACK' not in screen.settle(b')', 0.3)[0], 'and left', screen.text())
    t.same(screen.quit(), (0, True), 'it ends well')
    screen = Screen(100, 24, '--readonly')
    screen.wait(has('busy'), 'the table')
    t.ok(has('no program is attached')(screen.settle(b'7', 0.5)) and listening() == before, '--readonly attaches nothing', screen.text())
    screen.quit()


def test_signals(t):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT):
        screen = Screen(80, 24)
        screen.wait(has('q quit'), 'the table')
        os.kill(screen.pid, number)
        status, whole = screen.end()
        t.ok(whole and os.WIFSIGNALED(status) and os.WTERMSIG(status) == number,
             f'{number.name} kills it, and the terminal is given back', status, whole)


def test_hangup(t):
    screen = Screen(80, 24)
    screen.wait(has('q quit'), 'the table')
    os.close(screen.master)
    os.close(screen.slave)
    wait_for(lambda: os.waitpid(screen.pid, os.WNOHANG)[0], 'it to end')
    t.ok(True, 'it ends when its terminal goes away')


def test_dumb(t):
    screen = Screen(80, 24, term='dumb')
    screen.wait(has('--batch'), 'the error')
    status, _ = screen.end()
    t.ok(os.waitstatus_to_exitcode(status) == 1 and has('TERM=dumb', '--batch')(screen.lines()),
         'a terminal that cannot show a table is told so', status, *screen.lines())


def main():
    cgroup = '/sys/fs/cgroup/gmemtop-screen'
    os.makedirs(cgroup, exist_ok=True)

    def join():
        with open(f'{cgroup}/cgroup.procs', 'w') as procs:
            procs.write(str(os.getpid()))

    with Tap(9 + 2 + 2 + 12 + 10 + 5 + 1 + 1) as t:
        busy = User(1, 'busy', 'faults', 20000, comm=b'b\x1b[2J', preexec_fn=join)
        many = User(30, 'many')
        busy.act()
        test_sizes(t, busy)
        test_resize(t)
        test_keys(t, busy, many)
        test_listens(t, busy)
        test_signals(t)
        test_hangup(t)
        test_dumb(t)
        many.end()
        busy.end()
        os.rmdir(cgroup)


if __name__ == '__main__':
    main()
