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

from gmt import GMEMTOP, wait_for

LEAVE = b'\x1b[?1049l'


class Screen:
    """One run: keys go in, lines come out."""

    def __init__(self, columns, lines, *args, term='xterm-256color', locale='C.UTF-8', config='/nonexistent', program=None):
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
            os.environ.update(TERM=term, LC_ALL=locale, XDG_CONFIG_HOME=config, TZ='UTC')
            argv = [*(program or [GMEMTOP]), *args]
            os.execvp(argv[0], argv)

    def size(self, columns, lines):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
        self.screen.resize(lines, columns)

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
        return [line.rstrip() for line in self.screen.display]

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

    def settle(self, keys=b'', seconds=0.25):
        """Types keys one by one, and waits until nothing more is drawn."""
        for key in keys if isinstance(keys, (list, tuple)) else [keys[i:i + 1] for i in range(len(keys))]:
            os.write(self.master, key)
            self.read(0.08)
        self.read(seconds)
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

    def quit(self):
        self.keys(b'q')
        return self.end()


def has(*words):
    return lambda lines: all(any(word in line for line in lines) for word in words)
