#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""list, show and the batch table tell what is, to the last count, in text and in JSON."""
import os
import re
import time

from gmt import Tap, User, run, run_json

MIB = 1 << 20
HOSTILE = b'x\x1b[31m\xff"\\'
CGROUP = '/sys/fs/cgroup/gmemtop-test/deep er'


def rows(objects):
    return {gmem['id']: gmem for gmem in objects[-1]['gmems']}


def test_list(t, user, idle):
    gmem = rows(run_json('list', '--json'))
    one = gmem[user.ids[0]]
    t.same(sorted(gmem), sorted(user.ids + idle.ids), 'list has every gmem')
    t.same((one['name'], one['size_bytes'], one['pid'], one['uid']), ('busy', 64 * MIB, user.pid, 0),
           'name, size, owner')
    t.same(one['faults_host'], 107, 'faults, refused ones included')
    t.same((one['denied_private'], one['conversions']), (7, 2), 'denied, conversions')
    t.same((one['resident_shared_bytes'], one['resident_private_bytes']), (100 * 4096, 0),
           'resident bytes')
    t.same(one['comm'], 'x\x1b[31m\ufffd"\\', 'a hostile command, as JSON')
    t.same(gmem[idle.ids[0]]['cgroup'], '/gmemtop-test/deep er', 'the cgroup of its maker')
    status, out, _ = run('list')
    t.ok(status == 0 and '\x1b' not in out and 'x\\x1b[31m\\xff"\\x5c' in out, 'and as text', out)
    t.ok(re.search(r'^total: 4 gmems .* faults 107 .* denied 7 .* lost 0$', out, re.M),
         'totals under it', out)


def test_select(t, user, idle):
    t.same(sorted(rows(run_json('list', '-j', '-f', 'cgroup=deep idle'))), idle.ids, 'filter')
    order = [gmem['id'] for gmem in run_json('list', '-j', '-s', 'faults')[-1]['gmems']]
    t.same(order[0], user.ids[0], 'sort: the largest number first')
    order = [gmem['id'] for gmem in run_json('list', '-j', '-r', '-s', 'id')[-1]['gmems']]
    t.same(order, sorted(order, reverse=True), 'sort: the other way round')


def test_show(t, stripes):
    gmem = run_json('show', '-j', str(stripes.ids[0]))[0]
    ranges = gmem['ranges']
    t.same(len(ranges), 10000, 'show has every range, over several batches of the program')
    t.same(ranges[0], {'offset_bytes': 0, 'size_bytes': 4096, 'state': 'shared', 'resident': False},
           'the first range')
    t.same(ranges[-1]['offset_bytes'] + ranges[-1]['size_bytes'], gmem['size_bytes'],
           'the last one ends where the memory does')
    whole = all(a['offset_bytes'] + a['size_bytes'] == b['offset_bytes'] and a['state'] != b['state']
                for a, b in zip(ranges, ranges[1:]))
    t.ok(whole, 'without a gap, and neighbours that are alike are one')
    t.ok(gmem['creator_alive'], 'its maker is alive')
    status, out, _ = run('show', str(stripes.ids[0]))
    t.ok(status == 0 and out.count('shared') >= 5000 and re.search(r'^lost +0$', out, re.M),
         'show in text', out[:500])


def test_batch(t, user):
    user.start()
    snapshots = run_json('--json', '-n', '3', '-d', '0.3')
    user.wait()
    t.same(len(snapshots), 3, '-n 3 gives three refreshes')
    rates = [gmem[key] for snapshot in snapshots for gmem in snapshot['gmems'] + [snapshot['totals']]
             for key in ('faults_per_second', 'conversions_per_second', 'denied_per_second')]
    t.ok(rates and all(rate is not None and rate >= 0 for rate in rates),
         'every rate is known from the first one on, and none is negative', rates)
    t.ok(all(snapshot['lost'] == 0 for snapshot in snapshots), 'nothing is lost')
    start = time.monotonic()
    status, out, err = run('-b', '-n', '2', '-d', '0.5')
    t.ok(status == 0 and out.count(' CGROUP\n') == 2, 'a table a refresh in text', out, err)
    t.ok(time.monotonic() - start >= 1, '-d is the time between them')
    status, out, _ = run('-n', '1', '-d', '0.1')
    t.ok(status == 0 and out.startswith('gmemtop 20'), 'without a terminal the table is text', out)


def test_gone(t, user, idle):
    user.end()
    t.same(sorted(rows(run_json('list', '-j'))), idle.ids, 'gmems that are gone are told no more')


def main():
    os.makedirs(CGROUP, exist_ok=True)
    with Tap(25) as t:
        user = User(1, 'busy', 'faults', 100, 'denied', 7, comm=HOSTILE)

        def join():
            with open(f'{CGROUP}/cgroup.procs', 'w') as procs:
                procs.write(str(os.getpid()))
        idle = User(3, 'idle', preexec_fn=join)
        user.act()
        test_list(t, user, idle)
        test_select(t, user, idle)
        stripes = User(1, 'stripes', 'stripes', 10000)
        stripes.act()
        test_show(t, stripes)
        test_batch(t, user)
        stripes.end()
        test_gone(t, user, idle)
        idle.end()
        os.rmdir(CGROUP)
        os.rmdir(os.path.dirname(CGROUP))


main()
