#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What gmemtop costs, in lines as the other benchmarks print: instructions, by /proc/PID/schedstat under -icount.

With the argument stock: on KVM's own guest_memfds, where that KVM is loaded. With --time: a table in milliseconds, where
the clock tells time. The dashboard runs on a terminal of 120 x 40, which this reads; its own work is not counted."""
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import termios
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GMEMTOP = os.path.join(TOP, 'build/bin/gmemtop')
sys.path.insert(0, os.path.join(TOP, 'tests/tool'))

from export_cost import scrapes  # noqa: E402, as the path is needed first


class Many:
    """tests/bench/many, or many_kvm: so many gmems, each with so many bindings."""

    def __init__(self, gmems, bindings, program='many'):
        program = os.path.join(TOP, 'build/tests/bench', program)
        self.process = subprocess.Popen([program, str(gmems), str(bindings)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if line != b'ready\n':
            raise RuntimeError(f'many said {line!r}')

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Dashboard:
    """gmemtop on a terminal; its first screen is there when the constructor returns."""

    def __init__(self, *args):
        began = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            # The size is set before anything of it is read.
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 120, 0, 0))
            os.environ['TERM'] = 'xterm-256color'
            os.execv(GMEMTOP, [GMEMTOP, *args])
        seen = b''
        while b'many' not in seen:
            seen += os.read(self.terminal, 65536)
        self.first_screen = (time.monotonic() - began) * 1e9
        self.watch(0.1)

    def watch(self, seconds):
        """Reads what it draws for that long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                os.read(self.terminal, 65536)

    def instructions(self):
        with open(f'/proc/{self.pid}/schedstat', encoding='ascii') as stat:
            return int(stat.read().split()[0])

    def resident(self):
        """KiB, the most there were."""
        with open(f'/proc/{self.pid}/status', encoding='ascii') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))

    def second(self, seconds):
        """Instructions a second, over so many of them."""
        before = self.instructions()
        self.watch(seconds)
        return (self.instructions() - before) / seconds

    def end(self):
        os.write(self.terminal, b'q')
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:
            pass
        os.waitpid(self.pid, 0)


def measure(many, seconds, *args):
    """What it takes to the first screen, a second of the dashboard, KiB resident at most, and when the first screen was there."""
    dashboard = Dashboard(*args)
    start = dashboard.instructions()
    dashboard.watch(2.1)
    figures = {'start': start, 'second': dashboard.second(seconds), 'resident': dashboard.resident(),
               'first screen': dashboard.first_screen}
    dashboard.end()
    many.end()
    return figures


def on_gmem():
    # The first one finds its files not in memory yet.
    warm = Many(1, 0)
    Dashboard().end()
    warm.end()
    return {'100 gmems': measure(Many(100, 1), 20), '1,000 gmems': measure(Many(1000, 10), 10),
            '10,000 gmems': measure(Many(10000, 10), 10)}


def on_stock():
    """A VM for each guest_memfd."""
    args = ['--source=guest_memfd']
    warm = Many(1, 0, 'many_kvm')
    Dashboard(*args).end()
    warm.end()
    return {'100 stock': measure(Many(100, 1, 'many_kvm'), 20, *args), '1,000 stock': measure(Many(1000, 10, 'many_kvm'), 10, *args)}


def in_milliseconds(columns):
    print(f'{"gmemtop, milliseconds":24}' + ''.join(f'{column:>16}' for column in columns))
    for row, what in (('first screen', 'first screen'), ('start', 'CPU until then'), ('second', 'CPU a second')):
        print(f'{what:24}' + ''.join(f'{figures[row] / 1e6:16.1f}' for figures in columns.values()))


def main():
    stock, timed = 'stock' in sys.argv[1:], '--time' in sys.argv[1:]
    columns = on_stock() if stock else on_gmem()
    cpu, wall = [], []
    if not stock:
        _, cpu, wall = scrapes(4)
    if timed:
        in_milliseconds(columns)
        if not stock:
            print(f'a scrape of 1,000 VMs: {statistics.median(wall) * 1e3:.1f}, CPU {statistics.median(cpu) / 1e6:.1f}')
        return
    for title, rows in (('gmemtop on a terminal, instructions', ('start', 'second')),
                        ('gmemtop on a terminal, KiB', ('resident',))):
        print(f'# {title}')
        for row in rows:
            for column, figures in columns.items():
                print(f'{row}\t{column}\t{figures[row]:.1f}')
    if not stock:
        print(f'# gmemtop export, instructions\nscrape\t1,000 VMs\t{statistics.median(cpu):.1f}')


main()
