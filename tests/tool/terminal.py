# SPDX-License-Identifier: GPL-2.0-only
"""gmemtop on a terminal of our own, whose picture pyte keeps."""
import fcntl
import os
import pty
import select
import struct
import termios
import time

import pyte

from gmt import GMEMTOP, slow_seconds, wait_for

LEAVE = b'\x1b[?1049l'


class Picture(pyte.Screen):
    """pyte's screen with what ncurses uses on a slow line and pyte lacks: scrolling a region, repeating a character."""

    last = ' '

    @property
    def display(self):
        """As pyte's, which measures each character anew: the cell behind a wide one is empty anyhow."""
        columns = range(self.columns)
        return [''.join([row[x].data for x in columns]) for row in (self.buffer[y] for y in range(self.lines))]

    def draw(self, data):
        super().draw(data)
        self.last = data[-1:] or self.last

    def repeat(self, count=1):
        self.draw(self.last * count)

    def _scroll(self, count, at, step):
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = at
        for _ in range(count):
            step()
        self.cursor.x, self.cursor.y = x, y

    def scroll_up(self, count=1):
        self._scroll(count, self.margins.bottom if self.margins else self.lines - 1, self.index)

    def scroll_down(self, count=1):
        self._scroll(count, self.margins.top if self.margins else 0, self.reverse_index)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S='scroll_up', T='scroll_down', b='repeat')
    events = pyte.ByteStream.events | {'scroll_up', 'scroll_down', 'repeat'}


class Screen:
    """One run: keys go in, lines come out."""

    def __init__(self, columns, lines, *args, term='xterm-256color', locale='C.UTF-8', config='/nonexistent', program=None):
        self.screen = Picture(columns, lines)
        self.stream = Stream(self.screen)
        self.raw = b''
        self.seen = None
        self.master, slave = pty.openpty()
        self.slave = slave
        self.size(columns, lines)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if not self.pid:
            os.close(self.master)
            os.login_tty(slave)
            os.environ.update(TERM=term, LC_ALL=locale, XDG_CONFIG_HOME=config, TZ='UTC')
            argv = [*(program or [GMEMTOP]), *args]
            os.execvp(argv[0], argv)

    def size(self, columns, lines):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
        self.screen.resize(lines, columns)
        self.seen = None

    def read(self, seconds=0.0):
        """Whatever comes until none has for so long."""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.raw += data
            self.stream.feed(data)

    def lines(self):
        """The picture, composed once for whatever has come."""
        if not self.seen or self.seen[0] != len(self.raw):
            self.seen = len(self.raw), [line.rstrip() for line in self.screen.display]
        return self.seen[1]

    def text(self):
        return '\n'.join(self.lines())

    def wait(self, condition, what):
        def seen():
            self.read(0.05)
            return condition(self.lines())
        try:
            wait_for(seen, what)
            return True
        except RuntimeError:
            return False

    def slept(self):
        """How often it has gone to sleep; None while it is awake or has something to read."""
        waiting = fcntl.ioctl(self.slave, termios.FIONREAD, b'    ')
        with open(f'/proc/{self.pid}/status', encoding='latin1') as status:
            fields = dict(line.split(':\t', 1) for line in status if ':\t' in line)
        return None if any(waiting) or fields['State'][0] != 'S' else int(fields['voluntary_ctxt_switches'])

    def settle(self, keys=b'', seconds=0.06):
        """Types keys one by one, each when it has slept since the one before and nothing comes any more; the picture then."""
        for key in [b'', *(keys if isinstance(keys, (list, tuple)) else [keys[i:i + 1] for i in range(len(keys))])]:
            end = time.monotonic() + slow_seconds(20)
            before = self.slept()
            os.write(self.master, key)
            quiet = 0
            while quiet < 3 and time.monotonic() < end:
                sent = len(self.raw)
                self.read(max(seconds / 3, 0.02))
                slept = self.slept()
                woke = not key or slept is not None and (before is None or slept > before)
                quiet = quiet + 1 if slept is not None and woke and len(self.raw) == sent else 0
        return self.lines()

    def keys(self, keys):
        os.write(self.master, keys)

    def click(self, column, line, button=0):
        """A press and its release, as SGR reports; counted from 0."""
        where = f'{column + 1};{line + 1}'
        os.write(self.master, f'\x1b[<{button};{where}M\x1b[<{button};{where}m'.encode())

    def end(self):
        """Waits for its end: (wait status, whether the terminal is as it was)."""
        status = None
        end = time.monotonic() + slow_seconds(20)
        while status is None and time.monotonic() < end:
            self.read(0.05)
            pid, got = os.waitpid(self.pid, os.WNOHANG)
            status = got if pid else None
        self.read(0.1)
        whole = termios.tcgetattr(self.slave) == self.before and LEAVE in self.raw and b'\x1b[?25h' in self.raw
        os.close(self.master)
        os.close(self.slave)
        return status, whole

    def quit(self):
        """By q, after Esc for what may be open: a menu, something typed."""
        self.settle([b'\x1b'])
        self.keys(b'q')
        return self.end()


def has(*words):
    return lambda lines: all(any(word in line for line in lines) for word in words)
