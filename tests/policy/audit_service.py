#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""As a service: the capabilities that the unit gives are enough, and none is too many; the units are sound; the journal."""
import json
import os
import re
import shutil
import subprocess

from auditing import GMEMTOP, Audit, TOP, Tap, User, wait_for

UNIT = f'{TOP}/packaging/systemd/gmem-audit.service'
UNITS = f'{TOP}/packaging/systemd'
NOBODY = 65534
JOURNALD = '/usr/lib/systemd/systemd-journald'
JOURNAL = '/run/log/journal'
PINS = '/tmp/pins'
# Without CAP_SYS_ADMIN, all others that have to do with it.
NOT_ENOUGH = ([], ['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_PTRACE', 'CAP_SYS_RESOURCE', 'CAP_DAC_OVERRIDE'])


def unit_value(name, unit=UNIT):
    with open(unit) as unit:
        return re.search(f'^{name}=(.*)$', unit.read(), re.M)[1].split()


def as_nobody(capabilities):
    """The words that run a command as a user with exactly these, as systemd would."""
    names = ','.join(['-all'] + ['+' + name.removeprefix('CAP_').lower() for name in capabilities])
    return ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', f'--inh-caps={names}',
            f'--ambient-caps={names}', f'--bounding-set={names}']


def capabilities_of(pid):
    with open(f'/proc/{pid}/status') as status:
        return {line.split()[0]: int(line.split()[1], 16) for line in status if line.startswith('Cap')}


def kernel_takes(capabilities):
    """Whether the audit's programs, loaded by another tool than ours, are taken from a user with these."""
    done = subprocess.run([*as_nobody(capabilities), 'bpftool', 'prog', 'loadall', f'{TOP}/build/bpf/audit.bpf.o',
                           f'{PINS}/audit'], capture_output=True, check=False)
    shutil.rmtree(f'{PINS}/audit', ignore_errors=True)
    return not done.returncode


def test_capabilities(t, user):
    needed = unit_value('AmbientCapabilities')
    os.makedirs(PINS)
    subprocess.run(['mount', '-t', 'bpf', '-o', 'mode=0777', 'none', PINS], check=True)
    t.same(unit_value('CapabilityBoundingSet'), needed, 'the unit gives what it bounds to')
    os.makedirs('/tmp/log', exist_ok=True)
    os.chown('/tmp/log', NOBODY, NOBODY)
    audit = Audit('--refused', '-f', '/tmp/log/audit.jsonl', '--max-size', '0.03', command=as_nobody(needed))
    wait_for(lambda: not capabilities_of(audit.process.pid)['CapEff:'], 'the capabilities to be given up')
    held = capabilities_of(audit.process.pid)
    t.same((held['CapPrm:'], held['CapEff:'], held['CapInh:'], held['CapAmb:']), (0, 0, 0, 0),
           'once it listens, it has none')
    user.act()
    status, _, err = audit.end()
    names = sorted(os.listdir('/tmp/log'))
    count = sum(b'"access"' in line for name in names for line in open(f'/tmp/log/{name}', 'rb'))
    t.ok(not status and count == 100 and len(names) > 1, f'as nobody, with {" ".join(needed)}: records, rotated files', err, names)
    shutil.rmtree('/tmp/log')
    for fewer in NOT_ENOUGH:
        done = subprocess.run([*as_nobody(fewer), GMEMTOP, 'audit', '-d', '0.1'], capture_output=True, check=False)
        t.ok(done.returncode == 5 and b'lacks' in done.stderr, f'{" ".join(fewer) or "none"}: told to be too few', done)
        t.ok(not kernel_takes(fewer), f'{" ".join(fewer) or "none"}: the kernel refuses the programs')
    t.ok(kernel_takes(needed), 'with those of the unit it does not')


def apply(capabilities):
    done = subprocess.run([*as_nobody(capabilities), GMEMTOP, 'policy', 'apply', '/tmp/policy.yaml'],
                          capture_output=True, check=False)
    return done.returncode, done.stderr.decode()


def attached():
    done = subprocess.run([GMEMTOP, 'policy', 'list', '-j'], capture_output=True, check=True)
    return done.stdout.count(b'"of-the-unit"')


def test_policy_capabilities(t):
    needed = unit_value('AmbientCapabilities', f'{UNITS}/gmem-policy.service')
    t.same(unit_value('CapabilityBoundingSet', f'{UNITS}/gmem-policy.service'), needed, 'so does the unit of policies')
    os.chmod('/sys/fs/bpf', 0o1700)  # as systemd mounts it
    with open('/tmp/policy.yaml', 'w') as file:
        file.write('policies:\n  - name: of-the-unit\n    scope: all\n    mode: monitor\n    lockdown: {}\n')
    for name in needed:
        status, err = apply([other for other in needed if other != name])
        t.ok(status and not attached(), f'policies without {name}: none is attached', err)
    status, err = apply(needed)
    t.same((status, attached()), (0, 1), f'as nobody, with {" ".join(needed)}: attached, and it stays')
    if status:
        print(f'# {err}')
    done = subprocess.run([GMEMTOP, 'policy', 'detach', 'of-the-unit'], capture_output=True, check=False)
    t.same((done.returncode, attached()), (0, 0), 'and can be detached by root')


def test_units(t):
    """As systemd reads them, with the programs where they will be."""
    os.makedirs('/tmp/units', exist_ok=True)
    for name in ('gmem-audit.service', 'gmem-policy.service'):
        with open(f'{UNITS}/{name}') as unit:
            text = unit.read().replace('/usr/bin/gmemtop', GMEMTOP)
        with open(f'/tmp/units/{name}', 'w') as copy:
            copy.write(text)
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', f'/tmp/units/{name}'], capture_output=True,
                              check=False, env={**os.environ, 'SYSTEMD_LOG_LEVEL': 'warning'})
        mine = [line for line in done.stderr.decode().splitlines() if name in line]
        t.same((done.returncode, mine), (0, []), f'{name} is sound')


def start_journald():
    with open('/tmp/machine-id', 'w') as machine:
        machine.write('0123456789abcdef0123456789abcdef\n')
    subprocess.run(['mount', '--bind', '/tmp/machine-id', '/etc/machine-id'], check=True)
    for path in ('/run/systemd/journal', JOURNAL):
        os.makedirs(path, exist_ok=True)
    process = subprocess.Popen([JOURNALD], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists('/run/systemd/journal/socket'), 'journald')
    return process


def journal():
    subprocess.run(['journalctl', '--sync'], check=True, capture_output=True)
    done = subprocess.run(['journalctl', '-D', JOURNAL, '-t', 'gmemtop-audit', '-o', 'json'], capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_journal(t, user):
    done = subprocess.run([GMEMTOP, 'audit', '--journal'], capture_output=True, check=False)
    t.ok(done.returncode == 1 and b'journal cannot be reached' in done.stderr, 'without a journal: told so', done)
    journald = start_journald()
    audit = Audit('--refused', '--journal')
    user.act()
    status, _, err = audit.end()
    entries = wait_for(lambda: len(got := journal()) >= 102 and got, 'the journal to have it all')
    told = [json.loads(entry['GMEM_JSON']) for entry in entries]
    t.same((status, len(told), told[0]['type'], told[-1]['type']), (0, 102, 'start', 'end'), 'the journal has every line')
    t.same([(int(e['GMEM_SEQ']), e['GMEM_ACT'], e['GMEM_NAME'], int(e['GMEM_PID'])) for e in entries[1:-1]],
           [(seq, 'fault', 'one', user.pid) for seq in range(1, 101)], 'with fields to look for')
    want = f"refused fault of gmem {user.ids[0]} 'one' by process {user.pid} (user) of user 0: EACCES"
    t.same((entries[1]['MESSAGE'], entries[1]['PRIORITY']), (want, '4'), 'and a sentence for people')

    audit = Audit('--refused', '--journal')
    journald.terminate()
    journald.wait()
    os.unlink('/run/systemd/journal/socket')
    user.act()
    said = audit.process.stderr.readline().decode()
    journald = start_again()
    user.act()
    status, _, err = audit.end()
    entries = wait_for(lambda: len(got := [json.loads(e['GMEM_JSON']) for e in journal()][102:]) > 2 and
                       got[-1]['type'] == 'end' and got, 'the journal to have the end')
    records = [line for line in entries if line['type'] == 'access']
    lost = entries[-1]['causes']['not_written']
    t.ok('cannot be written' in said and status == 9 and lost and len(records) + lost == 200,
         'a journal that is gone: each record is there or counted as lost', said, err, entries[-1], len(records))
    t.ok(any(line['type'] == 'loss' for line in entries), 'and the loss is told in the journal that came back')
    journald.terminate()
    journald.wait()


def start_again():
    process = subprocess.Popen([JOURNALD], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists('/run/systemd/journal/socket'), 'journald')
    return process


def main():
    with Tap(21) as t:
        user = User(1, 'one', 'denied', 100)
        test_capabilities(t, user)
        test_policy_capabilities(t)
        test_units(t)
        test_journal(t, user)
        user.end()


main()
