#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where an audit goes: files of limited size and age, a reader that does not read, wrong usage."""
import json
import os
import shutil
import signal
import stat
import subprocess
import time

from auditing import GMEMTOP, LOST, Account, Audit, Tap, User, wait_for

DIR = '/tmp/audit'
FILE = DIR + '/audit.jsonl'


def fresh():
    shutil.rmtree(DIR, ignore_errors=True)
    os.mkdir(DIR, 0o700)


def lines_of(path):
    with open(path, 'rb') as file:
        return file.read().splitlines(keepends=True)


def kept():
    """All lines of a file and those set aside, oldest first."""
    count = len(os.listdir(DIR)) - 1
    return [lines_of(f'{FILE}.{n}') for n in range(count, 0, -1)] + [lines_of(FILE)]


def test_default(t, user):
    """Without an option: what is refused, and inspections, which the user makes none of."""
    audit = Audit()
    user.act()
    account = audit.end_json()
    t.same((len(account.records), {r['outcome'] for r in account.records}, account.sums()), (500, {'refused'}, ''),
           'by default all that is refused')
    first = account.lines[0]
    t.same((first['filter']['outcomes'], first['version'], len(first['boot_id'])), ('default', '0.1', 36),
           'the first line tells what is audited, and the boot')
    record = account.records[0]
    t.same((record['start_ns'] // 10**7, record['pid'], record['loginuid']),
           (int(open(f'/proc/{user.pid}/stat').read().rsplit(')')[-1].split()[19]), user.pid, None), 'start time as in /proc')


def test_size(t, user):
    fresh()
    audit = Audit('--refused', '-f', FILE, '--max-size', '0.03', '--keep', '50')
    user.act()
    status, _, err = audit.end()
    files = kept()
    account = Account(b''.join(line for file in files for line in file))
    t.ok(not status and len(files) > 8, f'a small limit makes many files ({len(files)})', err)
    t.same(account.sums(), '', 'together they have every record, in order')
    t.ok(all(sum(map(len, file)) <= 0.03 * (1 << 20) for file in files), 'none is larger than the limit')
    t.ok(all(line.endswith(b'\n') and json.loads(line) for file in files for line in file), 'no line is split')
    modes = {stat.S_IMODE(os.stat(f'{DIR}/{name}').st_mode) for name in os.listdir(DIR)}
    t.same(modes, {0o600}, 'all are for their owner alone')


def test_keep(t, user):
    fresh()
    Audit('--refused', '-f', FILE, '-d', '0.1').end(0)
    audit = Audit('--refused', '-f', FILE, '--max-size', '0.03', '--keep', '2')
    user.act()
    audit.end()
    t.same(sorted(os.listdir(DIR)), ['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2'], 'no more files than asked for')
    seqs = [json.loads(line)['seq'] for file in kept() for line in file if b'"access"' in line]
    t.same(seqs, list(range(seqs[0], 501)), 'and those are the youngest')


def test_age(t, user):
    fresh()
    audit = Audit('--refused', '-f', FILE, '--max-age', '1')
    wait_for(lambda: os.path.exists(FILE + '.1'), 'a file to grow old')
    user.act()
    audit.end()
    account = Account(b''.join(line for file in kept() for line in file))
    t.same((account.sums(), len(account.records)), ('', 500), 'a file that is too old is set aside')


def test_reopen(t, user):
    fresh()
    audit = Audit('--refused', '-f', FILE)
    user.act()
    wait_for(lambda: len(lines_of(FILE)) == 501, 'the records to be written')
    os.rename(FILE, DIR + '/moved')
    audit.process.send_signal(signal.SIGHUP)
    wait_for(lambda: os.path.exists(FILE), 'the file to be opened anew')
    user.act()
    audit.end()
    account = Account(b''.join(lines_of(DIR + '/moved') + lines_of(FILE)))
    t.same((account.sums(), len(account.records)), ('', 1000), 'SIGHUP opens the file anew, and nothing is lost')


def test_taken_over(t, user):
    """A crash may leave half a line; whoever comes next ends it."""
    fresh()
    with open(FILE, 'w') as file:
        file.write('{"type":"access","seq":17,"ti')
    os.chmod(FILE, 0o644)
    audit = Audit('--refused', '-f', FILE)
    other = subprocess.run([GMEMTOP, 'audit', '-f', FILE], capture_output=True, check=False, timeout=60)
    user.act()
    audit.end()
    lines = lines_of(FILE)
    t.same((lines[0], len(Account(b''.join(lines[1:])).records)), (b'{"type":"access","seq":17,"ti\n', 500),
           'half a line is ended')
    t.same(stat.S_IMODE(os.stat(FILE).st_mode), 0o600, 'and the file made private')
    t.ok(other.returncode == 1 and b'another audit' in other.stderr, 'two audits do not share a file', other)


def test_refused_files(t):
    fresh()
    os.mkdir(DIR + '/real')
    with open(DIR + '/real/other', 'w') as file:
        file.write('keep me')
    os.symlink('real/other', DIR + '/link')
    os.symlink('real', DIR + '/dir')
    os.mkfifo(DIR + '/fifo')
    os.link(DIR + '/real/other', DIR + '/hard')
    with open(DIR + '/foreign', 'w'):
        os.chown(DIR + '/foreign', 1, 1)
    for name, why in (('link', 'symbolic link'), ('dir/new', 'symbolic link'), ('fifo', 'regular file'),
                      ('hard', 'regular file'), ('foreign', 'regular file'), ('none/new', 'No such file')):
        done = subprocess.run([GMEMTOP, 'audit', '-f', f'{DIR}/{name}'], capture_output=True, check=False, timeout=60)
        t.ok(done.returncode == 1 and why.encode() in done.stderr, f'{name} is not written to: {why}', done)
    t.same((open(DIR + '/real/other').read(), os.listdir(DIR + '/real')), ('keep me', ['other']), 'and left alone')


def test_full_disk(t, user):
    """A file system of 64 KiB: what cannot be written is counted, told when there is room again, and no half lines."""
    fresh()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', DIR], check=True)
    with open(DIR + '/ballast', 'wb') as ballast:
        ballast.write(bytes(20 << 10))
    audit = Audit('--refused', '-f', FILE)
    user.act()
    said = audit.process.stderr.readline()
    time.sleep(1)
    os.unlink(DIR + '/ballast')
    user.act()
    status, _, err = audit.end()
    shutil.copy(FILE, '/tmp/full.jsonl')
    subprocess.run(['umount', DIR], check=True)
    text = [json.loads(line) for line in lines_of('/tmp/full.jsonl')]
    records = [line for line in text if line['type'] == 'access']
    t.ok(status == LOST and b'No space left' in said, 'a full disk is told', said, status, err)
    t.ok(f'{len(records)} records, {1000 - len(records)} lost' in err, 'each record is written or counted', err, len(records))
    t.ok(any(line['type'] == 'loss' and line['causes']['not_written'] for line in text) and len(records) < 1000,
         'and the loss is told where there is room again', text[-3:])


def test_blocked(t, user):
    """Nobody reads, the buffer is small: the kernel counts what finds no room, and the reader is told."""
    busy = User(1, 'busy', 'refused', 10000)
    audit = Audit('--refused', '-b', '1')
    busy.act()
    status, out, err = audit.end()
    account = Account(out)
    print(f'# {account.last}', flush=True)
    t.ok(account.last['causes']['buffer_full'] > 0 and status == LOST, 'a reader that waits too long loses', err)
    t.same((account.sums(), account.last['last_seq']), ('', 10000), 'each record is there, or in a loss line')
    gaps = set(range(1, 10001)) - {record['seq'] for record in account.records}
    t.same(len(gaps), account.last['lost'], 'the gaps in the numbers are what was lost')
    t.ok('records of access attempts were lost' in err, 'and standard error says so', err)

    audit = Audit('--refused', '-b', '1')
    busy.act()
    audit.process.terminate()
    status = audit.process.wait(60)
    err = audit.process.stderr.read().decode()
    out = audit.process.stdout.read()
    whole = out[:out.rfind(b'\n') + 1].count(b'"type":"access"')
    t.ok(status == LOST and f'audit: {whole} records, {10000 - whole} lost' in err,
         'a reader that never reads cannot hold up the end, and is accounted for', status, err, whole)
    busy.end()


def test_closed(t, user):
    audit = Audit('--refused')
    audit.process.stdout.close()
    user.act()
    status = audit.process.wait(60)
    t.same(status, 0, 'a reader that leaves ends it')
    audit = Audit('--refused', '-c', '7')
    user.act()
    account = audit.end_json(0)
    t.same(([r['seq'] for r in account.records], account.last['reason']), (list(range(1, 8)), 'count'), '-c ends it')


def test_filters(t, user):
    other = User(1, 'other', 'refused', 10)
    for args, count in ((('-i', str(user.ids[0])), 500), (('-p', str(other.pid)), 10), (('-u', 'daemon'), 0),
                        (('-a', 'fault'), 510), (('-a', 'convert,mmap'), 0), (('-g', '/'), 510)):
        audit = Audit('--refused', *args)
        user.act()
        other.act()
        account = audit.end_json()
        t.same((len(account.records), account.sums()), (count, ''), f'{" ".join(args)}: {count} records')
    audit = Audit('--allowed', '-a', 'convert')
    user.act()
    account = audit.end_json()
    t.same([(r['to'], r['content'], r['size_bytes'], r['outcome']) for r in account.records],
           [('private', 'zero', 8192, 'allowed'), ('shared', 'zero', 8192, 'allowed')], '--allowed: conversions')
    other.end()


def test_usage(t):
    for args, why in ((['-a', 'fart'], 'act'), (['-b', '3'], 'buffer'), (['-c', '0'], 'count'),
                      (['--file', '/tmp/x', '--journal'], 'pair of outputs'), (['word'], 'argument')):
        done = subprocess.run([GMEMTOP, 'audit', *args], capture_output=True, check=False)
        t.ok(done.returncode == 2 and not done.stdout, f'a wrong {why} is wrong usage', done)


def main():
    with Tap(44) as t:
        user = User(1, 'one', 'refused', 500)
        test_default(t, user)
        test_size(t, user)
        test_keep(t, user)
        test_age(t, user)
        test_reopen(t, user)
        test_taken_over(t, user)
        test_refused_files(t)
        test_full_disk(t, user)
        test_blocked(t, user)
        test_closed(t, user)
        test_filters(t, user)
        test_usage(t)
        user.end()


main()
