# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the guest_memfd source share: a VM with guest_memfds that does as told, a host without gmem.ko."""
import contextlib
import os
import subprocess

from gmt import TOP, run_json, wait_for

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


@contextlib.contextmanager
def without_gmem():
    """gmem.ko is gone meanwhile: the tool finds KVM by itself."""
    loaded = os.path.exists('/sys/module/gmem')
    if loaded:
        wait_for(lambda: not subprocess.run(['rmmod', 'gmem'], check=False).returncode, 'gmem.ko to be free')
    try:
        yield
    finally:
        if loaded:
            subprocess.run(['insmod', os.environ['GMEM_MODULE']], check=True)


def of_kind(events, *kinds):
    return [event for event in events if event['event'] in {f'gmem_{kind}' for kind in kinds}]


def rows(source, *args):
    return {gmem['id']: gmem for gmem in run_json('list', '-j', '--source', source, *args)[0]['gmems']}
