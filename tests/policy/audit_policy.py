#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each hook allowed, refused, monitored and not covered, with audit on: one record each, naming the right policy."""
import errno
import json
import subprocess

from auditing import Audit, TOP, Tap

HOOKS = ('create', 'mmap', 'fault', 'io', 'convert', 'bind', 'inspect', 'discard')
ACTS = {**{hook: hook for hook in HOOKS}, 'io': 'write', 'inspect': 'inspect_read'}


def expected(step, pid):
    """The members of the step's record, None for those that must be missing."""
    err = step['err']
    want = {'act': ACTS[step['hook']], 'pid': pid, 'comm': 'audited_acts', 'err': err,
            'outcome': 'refused' if err else 'allowed', 'errno': errno.errorcode[-err] if err else None,
            'refused_by': None, 'policy': step.get('policy'), 'policy_id': step.get('policy_id'), 'would_refuse': None,
            'offset_bytes': step['offset_bytes']}
    if err:
        want['refused_by'] = 'no_policy' if step['required'] else 'policy'
    if 'would' in step:
        want['would_refuse'] = {'policy_id': step['would_id'], 'policy': step['would'], 'err': step['would_err'],
                                'errno': errno.errorcode[-step['would_err']]}
    if step['hook'] != 'fault':
        want['size_bytes'] = step['size_bytes']
    if step['hook'] != 'create':
        want['id'], want['name'] = step['id'], 'closed' if step['required'] else 'open'
    if step['hook'] == 'bind':
        want['consumer'], want['slot'] = 'testhv', 5
    return want


def main():
    with Tap(len(HOOKS) * 6 + len(HOOKS) - 1 + 4) as t:
        audit = Audit('--refused', '--allowed')
        refusals = Audit('--refused')
        process = subprocess.Popen([f'{TOP}/build/tests/policy/audited_acts'], stdout=subprocess.PIPE)
        out = process.communicate(timeout=300)[0].decode()
        account, refused = audit.end_json(), refusals.end_json()
        if process.returncode:
            raise RuntimeError(f'audited_acts: {out}')
        steps = [json.loads(line) for line in out.splitlines() if line.startswith('{')]
        for step in steps:
            mine = [r for r in account.records if step['begin'] <= r['time_ns'] <= step['end']]
            want = expected(step, process.pid)
            wrong = [key for key, value in want.items() for r in mine if r.get(key) != value]
            t.ok(len(mine) == 1 and not wrong, f'{step["hook"]}, {step["step"]}: one record, with the right policy',
                 wrong, f'got {mine}', f'want {want}')
        t.same((account.sums(), account.last['lost']), ('', 0), 'nothing lost')
        t.same((refused.sums(), refused.last['lost']), ('', 0), 'nor of the refusals alone')
        objected = [step for step in steps if step['err'] or 'would' in step]
        t.same(len(refused.records), len(objected), '--refused: what was refused, or would have been')
        t.same([(r['act'], r['err']) for r in refused.records], [(ACTS[s['hook']], s['err']) for s in objected], 'those')


main()
