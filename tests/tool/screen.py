#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The live table as a person sees it: any size, every key, and the terminal given back whole."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

from gmt import GMEMTOP, Tap, User, wait_for

LEAVE = b'\x1b[?1049l'


class Screen:
    """gmemtop on a terminal of our own, whose picture pyte keeps."""

    def __init__(self, columns, lines, *args, term='xterm-256color'):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b''
        self.master, slave = pty.openpty()
        self.slave = slave
        self.size(columns, lines)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if not self.pid:
            os.close(self.master)
            os.login_tty(slave)
            os.environ.update(TERM=term, LC_ALL='C.UTF-8')
            os.execv(GMEMTOP, [GMEMTOP, *args])

    def size(self, columns, lines):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def read(self, seconds=0.0):
        while select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.raw += data
            self.stream.feed(data)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def wait(self, condition, what):
        def seen():
            self.read(0.05)
            return condition(self.lines())
        try:
            wait_for(seen, what)
            return True
        except RuntimeError:
            return False

    def keys(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Waits for its end: (wait status, whether the terminal is as it was)."""
        status = None
        end = time.monotonic() + 20
        while status is None and time.monotonic() < end:
            self.read(0.05)
            pid, got = os.waitpid(self.pid, os.WNOHANG)
            status = got if pid else None
        self.read(0.1)
        whole = termios.tcgetattr(self.slave) == self.before and LEAVE in self.raw and b'\x1b[?25h' in self.raw
        os.close(self.master)
        os.close(self.slave)
        return status, whole


def has(*words):
    return lambda lines: all(any(word in line for line in lines) for word in words)


def column(lines, header, row):
    """The cell of a row (found by a word) under a header."""
    head = next(line for line in lines if line.lstrip().startswith('ID'))
    at = head.index(header) + len(header)
    line = next(line for line in lines if row in line)
    return line[:at].split()[-1]


def test_sizes(t, busy):
    for columns, lines, want in ((40, 10, ['NAME', 'PRIV', 'SHARE', 'FLT/S', 'DEN/S', 'q quit']),
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
    return [int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdigit()]


def test_keys(t, busy, many):
    screen = Screen(80, 24)
    every = sorted(busy.ids + many.ids)
    t.ok(screen.wait(lambda l: ids(l) == every[:len(ids(l))] and ids(l), 'ids'), 'sorted by id at first',
         *screen.lines())
    screen.keys(b'r')
    t.ok(screen.wait(lambda l: ids(l)[:1] == every[-1:], 'reverse'), 'r reverses', *screen.lines())
    screen.keys(b's')
    t.ok(screen.wait(lambda l: ids(l)[:1] == busy.ids, 'shared'), 's sorts by shared, most first', *screen.lines())
    screen.keys(b'i\x1bOB\x1b[B')
    t.ok(screen.wait(lambda l: ids(l)[:1] == every[2:3], 'down'), 'down scrolls, in either way of sending it', *screen.lines())
    screen.keys(b'\x1b[F')
    t.ok(screen.wait(lambda l: ids(l)[-1:] == every[-1:], 'end'), 'End goes to the end', *screen.lines())
    screen.keys(b'/name=bu')
    t.ok(screen.wait(lambda l: ids(l) == busy.ids and 'filter: name=bu' in l[-1], 'filter'),
         'a filter works while it is typed', *screen.lines())
    screen.keys(b'\rf')
    t.ok(screen.wait(lambda l: ids(l) == busy.ids and 'Esc' in l[-1], 'filter'), 'and stays', *screen.lines())
    screen.keys(b'\x1b')
    t.ok(screen.wait(lambda l: len(ids(l)) == min(20, len(every)), 'all'), 'Esc shows all', *screen.lines())
    screen.keys(b'/size=\r')
    t.ok(screen.wait(has('no such column'), 'error'), 'a filter that is none says so', *screen.lines())
    screen.keys(b'\x1b')
    screen.keys(b'?')
    t.ok(screen.wait(has('sort by a column directly', 'd denied'), 'help'), '? shows the keys', *screen.lines())
    screen.keys(b' ')
    screen.wait(has('every'), 'the table')
    screen.keys(b' ')
    t.ok(screen.wait(has('paused'), 'pause'), 'space pauses', *screen.lines())
    screen.keys(b'\x03')
    t.same(screen.end(), (0, True), '^C ends it')


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

    with Tap(9 + 2 + 2 + 12 + 5 + 1 + 1) as t:
        busy = User(1, 'busy', 'faults', 20000, comm=b'b\x1b[2J', preexec_fn=join)
        many = User(30, 'many')
        busy.act()
        test_sizes(t, busy)
        test_resize(t)
        test_keys(t, busy, many)
        test_signals(t)
        test_hangup(t)
        test_dumb(t)
        many.end()
        busy.end()
        os.rmdir(cgroup)


main()
