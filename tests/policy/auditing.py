# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of gmemtop audit share: an audit in the background, and reading what it told."""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tool'))

from gmt import GMEMTOP, TOP, Tap, User, run_json, wait_for  # noqa: E402,F401

SLOW = int(os.environ.get('GMEM_SLOW', '1'))
LOST = 9  # exit status


class Audit:
    """gmemtop audit in the background, listening when the constructor returns."""

    def __init__(self, *args, stdout=subprocess.PIPE, command=(), tool=GMEMTOP, **kw):
        self.process = subprocess.Popen([*command, tool, 'audit', *args], stdin=subprocess.DEVNULL,
                                        stdout=stdout, stderr=subprocess.PIPE, **kw)
        line = self.process.stderr.readline()
        if b'auditing' not in line:
            raise RuntimeError(f'gmemtop audit said {line!r}')

    def end(self, number=signal.SIGTERM):
        """Ends it (0: it ends by itself): (status, stdout, stderr)."""
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120 * SLOW)
        return self.process.returncode, out, err.decode()

    def end_json(self, number=signal.SIGTERM):
        """As end(): an Account; raises unless it ended well."""
        status, out, err = self.end(number)
        if status:
            raise RuntimeError(f'audit: {status} {err}')
        return Account(out)


class Account:
    """The lines of one audit, by type, looked at for what must hold of each."""

    def __init__(self, text):
        self.lines = [json.loads(line) for line in text.splitlines()]
        if not self.lines or self.lines[0]['type'] != 'start' or self.lines[-1]['type'] != 'end':
            raise RuntimeError(f'neither start nor end: {self.lines[:1]} {self.lines[-1:]}')
        self.records = [line for line in self.lines if line['type'] == 'access']
        self.losses = [line for line in self.lines if line['type'] == 'loss']
        self.last = self.lines[-1]

    def sums(self):
        """That numbers, records, losses and the account agree; what does not, as text."""
        seqs = [record['seq'] for record in self.records]
        lost = self.last['lost']
        wrong = []
        if self.last['records'] != len(seqs):
            wrong.append(f'the account has {self.last["records"]} records, there are {len(seqs)}')
        if len(set(seqs)) != len(seqs):
            wrong.append('a number occurs twice')
        if len(seqs) + lost != self.last['last_seq']:
            wrong.append(f'{len(seqs)} records and {lost} lost are not {self.last["last_seq"]}')
        if sum(self.last['causes'].values()) != lost:
            wrong.append('the causes do not sum up')
        if sum(loss['lost'] for loss in self.losses) != lost:
            wrong.append('loss lines do not sum up')
        if not self.last['out_of_order'] and seqs != sorted(seqs):
            wrong.append('out of order, and untold')
        return '; '.join(wrong)
