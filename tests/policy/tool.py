# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of `gmemtop policy` share: gmems to act on, files of policies, what is attached."""
import errno
import fcntl
import mmap
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tool'))
import gmt  # noqa: E402  pylint: disable=wrong-import-position

PINS = '/sys/fs/bpf/gmem/policy'
PAGE = 4096
MMAP, IO, INIT_SHARED, POLICY_REQUIRED = 1, 2, 4, 32
CREATE, CONVERT, STATS = 0xbe81, 0xbe82, 0xbe84
PRIVATE, SHARED = 0, 1


def error_of(act, *args):
    """The errno that an act ends with; 0 for success."""
    try:
        act(*args)
        return 0
    except OSError as e:
        return e.errno


class Gmem:
    """A gmem of some pages, all of them shared at first, and what may be done to it."""

    def __init__(self, name='memory', pages=16, flags=MMAP | IO | INIT_SHARED):
        self.size = pages * PAGE
        with open('/dev/gmem', 'rb+', buffering=0) as dev:
            self.fd = fcntl.ioctl(dev, CREATE, bytearray(struct.pack('IIQ32s', 48, flags, self.size, name.encode())))
        stats = bytearray(struct.pack('II', 176, 0) + bytes(168))
        fcntl.ioctl(self.fd, STATS, stats)
        self.id = struct.unpack_from('Q', stats, 8)[0]

    def _convert(self, to, offset, size):
        fcntl.ioctl(self.fd, CONVERT, bytearray(struct.pack('IIQQIIQ', 40, 0, offset, size, to, 0, 0)))

    def convert(self, to=SHARED, offset=0, size=PAGE):
        return error_of(self._convert, to, offset, size)

    def read(self, offset=0):
        return error_of(os.pread, self.fd, 1, offset)

    def map(self):
        return error_of(lambda: mmap.mmap(self.fd, self.size).close())

    def close(self):
        os.close(self.fd)


def make(*args):
    """The errno of making a gmem."""
    return error_of(lambda: Gmem(*args).close())


def lockdown(name='lock', mode='enforce', error='EXDEV', scope='all', more='', params='grace: 0'):
    """A policy of a file: the host is out from the beginning, by an error to be known by."""
    return (f'  - name: {name}\n    scope: {scope}\n    mode: {mode}\n    error: {error}\n{more}'
            f'    lockdown: {{{params}}}\n')


def write(path, *policies):
    with open(path, 'w') as out:
        out.write('policies:\n' + ''.join(policies))
    return path


def apply(path, *args):
    """(status, stdout, stderr) of `gmemtop policy apply`."""
    return gmt.run('policy', 'apply', path, *args)


def attached():
    """The attached policies by their names."""
    return {p['name']: p for p in gmt.run_json('policy', 'list', '--json')[0]['policies']}


def pins():
    """What is pinned, as paths below the directory of policies."""
    found = []
    for path, _, files in os.walk(PINS):
        found += [os.path.relpath(os.path.join(path, name), PINS) for name in files]
    return sorted(found)


def name_of(number):
    return errno.errorcode.get(number, str(number))
