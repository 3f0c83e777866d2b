# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the guest_memfd source share: a VM with guest_memfds that does as told."""
import os
import subprocess

from gmt import TOP, run_json

VMM = os.path.join(TOP, 'build/tests/tool/vmm')
PAGE = 4096
MIB = 1 << 20
MMAP, INIT_SHARED = 1, 2


class Vmm:
    """tests/tool/vmm: kind is protected (it has private memory) or plain."""

    def __init__(self, kind):
        self.process = subprocess.Popen([VMM, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.pid = self.process.pid
        if self.process.stdout.readline() != '0\n':
            raise RuntimeError(f'there is no VM: {self.process.stdout.read()}')

    def do(self, *words):
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        return int(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        if self.process.wait():
            raise RuntimeError(f'vmm: status {self.process.returncode}')


def rows(source, *args):
    return {gmem['id']: gmem for gmem in run_json('list', '-j', '--source', source, *args)[0]['gmems']}
