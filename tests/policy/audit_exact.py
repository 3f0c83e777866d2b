#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Refused faults from two threads: records and counted losses are as many, exactly, and the counters say so.
An argument gives their number.
"""
import json
import subprocess
import sys
import time

from auditing import LOST, SLOW, TOP, Audit, Tap, User, run_json

FAULTS = int((sys.argv[1:] or [1000000])[0]) // SLOW


def storm(user):
    """What the audit told while the user did its acts: loss lines, the account, the count; exit status, errors."""
    audit = Audit('--refused', '-i', str(user.ids[0]))
    counter = subprocess.Popen([f'{TOP}/build/tests/policy/audit_count', str(FAULTS), str(user.pid)],
                               stdin=audit.process.stdout, stdout=subprocess.PIPE)
    audit.process.stdout.close()
    begun = time.monotonic()
    user.act()
    print(f'# {FAULTS} faults took {time.monotonic() - begun:.1f} s', flush=True)
    audit.process.terminate()
    lines = [json.loads(line) for line in counter.stdout]
    err = audit.process.stderr.read().decode()
    return [line for line in lines if line['type'] == 'loss'], lines[-2], lines[-1], audit.process.wait(), err


def main():
    with Tap(8) as t:
        user = User(1, 'storm', 'refused', FAULTS)
        losses, end, count, status, err = storm(user)
        lost = end['lost']
        print(f'# {count} {end}', flush=True)
        t.same(count['records'] + lost, FAULTS, f'records and losses are {FAULTS}, exactly')
        t.same(sum(loss['lost'] for loss in losses), lost, 'what loss lines tell is what the account tells')
        t.same((end['records'], end['last_seq']), (count['records'], FAULTS), 'so is the number of records')
        t.same((count['other_pids'], count['allowed'], count['twice']), (0, 0, 0),
               'all of the one process, all refused, no number twice')
        t.same(count['gaps'], lost, 'the gaps in the numbers are what was lost')
        t.same((end['lost_refused'], end['causes']['buffer_full']), (lost, lost), 'all of it for want of room')
        t.ok(status == (LOST if lost else 0) and count['records'], 'the exit status tells of loss', status, err)
        now = {gmem['id']: gmem for gmem in run_json('list', '-j')[0]['gmems']}[user.ids[0]]
        t.same((now['denied_private'], now['faults_host']), (FAULTS, FAULTS), 'the counters have each, exactly')
        user.end()


main()
