#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""trace: every event, each filter alone and together, and an account at every kind of end."""
import os
import signal
import subprocess

from gmt import GMEMTOP, Tap, Trace, User, wait_for

CGROUP = '/sys/fs/cgroup/gmemtop-trace'


def kinds(events):
    return sorted({event['event'] for event in events})


def traced(user, *args):
    """What a trace with these filters has of one act of the user."""
    trace = Trace('--json', *args)
    user.act()
    return trace.end_json()


def test_all(t, user):
    trace = Trace('--json')
    other = User(1, 'na\\me', comm=b'e\nvil\xff')
    user.act()
    other.end()
    events, totals = trace.end_json()
    t.same(kinds(events), ['gmem_access', 'gmem_alloc', 'gmem_convert', 'gmem_create', 'gmem_fault',
                           'gmem_free', 'gmem_release'], 'every event but a memory failure')
    t.same((totals['received'], totals['lost']), (len(events), 0), 'the account is right')
    t.same(sum(account['received'] for account in totals['events'].values()), len(events),
           'and so is that of each event')
    made = [e for e in events if e['event'] == 'gmem_create'][0]
    t.same((made['id'], made['name'], made['comm'], made['pid'], made['size_bytes']),
           (other.ids[0], 'na\\me', 'e\nvil\ufffd', other.pid, 64 << 20), 'who made what')
    t.ok(all(e['time'].startswith('20') and e['time'].endswith('Z') for e in events), 'times are UTC')


def test_filters(t, user, other):
    faults = ['gmem_fault']
    events, _ = traced(user, '-e', 'fault')
    t.ok(kinds(events) == faults and len(events) == 15, '-e: only that event', len(events))
    events, _ = traced(user, '-e', 'fault,gmem_convert')
    t.same(kinds(events), ['gmem_convert', 'gmem_fault'], '-e: a list, names in full or short')
    events, _ = traced(user, '-E', 'EACCES')
    t.ok(len(events) == 5 and all(e['errno'] == 'EACCES' and e['err'] == -13 for e in events),
         '-E: only what ended so', events)
    events, totals = traced(user, '-E', 'any', '-e', 'alloc,create')
    t.same((events, totals['received'], totals['lost']), ([], 0, 0), '-E any: events without an error do not pass')
    for flag, mine, why in (('-i', user.ids[0], 'gmem'), ('-p', user.pid, 'process'), ('-u', 'daemon', 'user'),
                            ('-g', 'gmemtop-trace', 'cgroup')):
        trace = Trace('--json', '-e', 'fault', flag, str(mine))
        other.act()
        user.act()
        events, _ = trace.end_json()
        t.ok(len(events) == 15 and {e['pid'] for e in events} == {user.pid},
             f'{flag}: only that {why}', len(events))
    t.same({e['cgroup'] for e in events}, {'/gmemtop-trace/below'}, '-g: what is below it, too')
    events, _ = traced(user, '-E', '13', '-i', str(user.ids[0]), '-p', str(other.pid))
    t.same(events, [], 'all filters must allow')


def test_ends(t, user):
    trace = Trace('-c', '7')
    user.act()
    status, out, err = trace.end(0)
    t.ok(status == 0 and out.count(b'\n') == 7 and 'total: received 7 ' in err, '-c ends it', out, err)
    trace = Trace('-d', '0.5')
    status, out, err = trace.end(0)
    t.ok(status == 0 and 'total: received 0  lost 0' in err, '-d ends it', err)
    trace = Trace()
    user.act()
    status, out, err = trace.end(signal.SIGTERM)
    lines = out.decode().splitlines()
    t.ok(status == 0 and f'total: received {len(lines)}  lost 0' in err, 'SIGTERM ends it with its account', err)
    t.ok(lines and all(line.split()[2].startswith('id=') for line in lines), 'id= comes first', lines[:3])
    t.ok(all(len(word.split('=')) == 2 for line in lines for word in line.split()[2:]), 'key=value words', lines[:3])


def test_closed_pipe(t, user):
    trace = Trace('-e', 'fault')
    trace.process.stdout.close()
    user.act()
    wait_for(lambda: trace.process.poll() is not None, 'trace to see that nobody reads')
    err = trace.process.stderr.read().decode()
    t.ok(trace.process.returncode == 0 and 'total: received' in err, 'a reader that leaves ends it', err)
    with open('/dev/full', 'wb') as full:
        trace = Trace('-e', 'fault', stdout=full)
        user.act()
        status, _, err = trace.end(0)
    t.ok(status == 1 and 'No space left' in err, 'output that cannot be written is a failure', status, err)


def test_usage(t):
    for args, why in ((['-e', 'faul'], 'event'), (['-E', 'ENO'], 'error'), (['-b', '3'], 'buffer'),
                      (['-c', '0'], 'count'), (['-u', 'nobody-at-all'], 'user'), (['-g', '/no/such'], 'cgroup'),
                      (['-i', '-1'], 'id'), (['word'], 'argument')):
        done = subprocess.run([GMEMTOP, 'trace', *args], capture_output=True, check=False)
        t.ok(done.returncode == 2 and done.stderr.count(b'\n') <= 2 and not done.stdout,
             f'a wrong {why} is wrong usage', done.returncode, done.stderr)


def main():
    os.makedirs(CGROUP + '/below', exist_ok=True)

    def join():
        with open(f'{CGROUP}/below/cgroup.procs', 'w') as procs:
            procs.write(str(os.getpid()))
        os.setresuid(1, 0, 0)

    with Tap(30) as t:
        user = User(1, 'one', 'convert', 1, 'faults', 10, 'denied', 5, preexec_fn=join)
        other = User(1, 'other', 'faults', 3)
        test_all(t, user)
        test_filters(t, user, other)
        test_ends(t, user)
        test_closed_pipe(t, user)
        test_usage(t)
        user.end()
        other.end()
        os.rmdir(CGROUP + '/below')
        os.rmdir(CGROUP)


main()
