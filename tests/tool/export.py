#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""gmemtop export tells what is: exact sums over gmems that come and go, as documented, without a privilege."""
import os
import re
import threading

from bindings import Binder
from gmt import TOP, Tap, User, run, run_json, slow_rounds
from metrics import Exporter, Page, promtool

MIB = 1 << 20
CGROUP = '/sys/fs/cgroup/gmemtop-export'
HOSTILE = b'"\\x\n\x1b[31m\xff\xc3\xa9}'
SHOWN = '\\"\\\\x\ufffd\ufffd[31m\ufffd\u00e9}'


def in_cgroup(name):
    path = f'{CGROUP}/{name}'
    os.makedirs(path, exist_ok=True)

    def join():
        with open(f'{path}/cgroup.procs', 'w') as procs:
            procs.write(str(os.getpid()))
    return join


def documented():
    """docs/metrics.md: type, unit and labels by name."""
    metrics = {}
    with open(os.path.join(TOP, 'docs/metrics.md'), encoding='utf-8') as doc:
        for line in doc:
            row = re.match(r'\| `(\w+)` \| (gauge|counter|histogram|summary) \| (\w*) ?\| (.*?) ?\| ', line)
            if row:
                labels = set(re.findall(r'`(\w+)`', row[4]))
                metrics[row[1]] = (row[2], row[3] or None, labels | ({'GROUP'} if 'group' in row[4] else set()))
    return metrics


def test_documented(t):
    gmems = User(2, 'some', 'faults', 10, 'convert', 2, 'denied', 1)
    with open('policy.yaml', 'w', encoding='ascii') as policy:
        policy.write('policies:\n  - {name: watch, scope: all, mode: monitor, time: yes, '
                     'allow: {rules: [{uid: 4711}]}}\n')
    applied = run('policy', 'apply', 'policy.yaml')
    t.same(applied[0], 0, 'a policy is attached')
    exporter = Exporter('--per-gmem', '--latency')
    gmems.act()
    text, openmetrics = exporter.page(openmetrics=False), exporter.page()
    doc = documented()
    t.same(text.bad + openmetrics.bad, [], 'each line is what it should be')
    t.same(sorted(text.types), sorted(doc), 'every metric is in docs/metrics.md, and no other')
    t.same({n: k for n, k in text.types.items() if k != doc[n][0]}, {}, 'with its type')
    units = {name: openmetrics.units.get(re.sub('_(total|info)$', '', name)) for name in doc}
    t.same({n: u for n, u in units.items() if u != doc[n][1]}, {}, 'with its unit')
    wrong = []
    for name, labels, _ in text.samples:
        family = name if name in doc else re.sub('_(bucket|sum|count)$', '', name)
        want = {x for x in doc[family][2] if x != 'GROUP'}
        want |= {'consumer', 'vm', 'cgroup', 'gmem', 'name'} if 'GROUP' in doc[family][2] else set()
        if set(labels) - {'le'} != want:
            wrong.append((name, labels))
    t.same(wrong, [], 'with its labels')
    missing = set(doc) - {re.sub('_(bucket|sum|count)$', '', n) if n not in doc else n for n, _, _ in text.samples}
    t.same(sorted(missing), [], 'each of them has a sample')
    status, said = promtool('check', 'metrics', text=text.text)
    t.ok(status == 0, 'promtool accepts the page', said)
    t.ok(text.one('gmem_fault_duration_seconds_count', kind='host') >= 11, 'times are counted',
         text.find('gmem_fault_duration_seconds_count'))
    t.ok(text.one('gmem_exporter_programs_attached') > 0, '--latency attaches programs')
    gmems.end()
    run('policy', 'detach', 'watch')
    t.same(exporter.end()[0], 0, 'it ends well')


def test_groups(t):
    """Sums by VM and cgroup against what list tells of each gmem."""
    a = User(3, 'a', 'faults', 100, 'denied', 7, preexec_fn=in_cgroup('a'))
    b = User(1, 'b', 'faults', 30, 'convert', 3, preexec_fn=in_cgroup('b'))
    binder = Binder(2, 2)
    vm = binder.do('bind', 0, 0, 0, 0, 16, 1 << 20)
    exporter = Exporter()
    page = exporter.page()
    t.same((page.one('gmem_objects', cgroup='/gmemtop-export/a'), page.one('gmem_objects', vm=str(vm))),
           (3, 1), 'gmems are told by VM and cgroup')
    t.same((page.one('gmem_bindings', consumer='testhv'), page.one('gmem_bound_bytes', consumer='testhv')),
           (1, 16 * 4096), 'and what the VM has bound')
    a.act()
    b.act()
    page = exporter.page()
    t.same((page.one('gmem_faults_total', cgroup='/gmemtop-export/a', kind='host'),
            page.one('gmem_denied_total', cgroup='/gmemtop-export/a', cause='private'),
            page.one('gmem_conversions_total', cgroup='/gmemtop-export/b')), (107, 7, 6), 'to the last count')
    totals = run_json('list', '--json')[0]['totals']
    t.same((page.sum('gmem_faults_total'), page.sum('gmem_denied_total'), page.sum('gmem_conversions_total'),
            page.sum('gmem_resident_bytes', state='shared')),
           (totals['faults'], totals['denied'], totals['conversions'], totals['resident_shared_bytes']),
           'all of them together are what list adds up')
    nodes = page.sum('gmem_node_resident_bytes')
    t.same(nodes, page.sum('gmem_resident_bytes'), 'NUMA nodes have all that is resident')
    a.end()
    page = exporter.page()
    t.same((page.one('gmem_faults_total', cgroup='/gmemtop-export/a', kind='host'),
            page.find('gmem_objects', cgroup='/gmemtop-export/a')), (107, []),
           'those that are gone leave their counts, and nothing else')
    t.same(page.one('gmem_exporter_programs_attached'), 0, 'without --latency nothing is attached')
    links = [os.readlink(f'/proc/{exporter.pid}/fd/{fd}') for fd in os.listdir(f'/proc/{exporter.pid}/fd')]
    t.ok(not any('bpf_link' in link or 'perf' in link for link in links), 'no link is held', links)
    t.ok(any('bpf-prog' in link for link in links), 'only programs to be run')
    b.end()
    binder.end()
    exporter.end()


def test_privileges(t):
    exporter = Exporter()
    exporter.page()
    with open(f'/proc/{exporter.pid}/status', encoding='ascii') as status:
        fields = dict(line.rstrip('\n').split(':\t', 1) for line in status if ':\t' in line)
    t.same({fields[f'Cap{kind}'].strip('0') for kind in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb')}, {''},
           'no capability is left, of any set')
    t.same((fields['Uid'].split(), fields['Groups'].strip(), fields['NoNewPrivs']), (['65534'] * 4, '', '1'),
           'nor root, nor a group, nor a way back')
    tasks = [open(f'/proc/{exporter.pid}/task/{tid}/status', encoding='ascii').read()
             for tid in os.listdir(f'/proc/{exporter.pid}/task')]
    t.ok(all(re.search(r'^CapEff:\t0+$', task, re.M) for task in tasks), 'in any thread')
    user = User(1, 'later', 'faults', 5, preexec_fn=in_cgroup('later'))
    user.act()
    t.same(exporter.page().one('gmem_faults_total', cgroup='/gmemtop-export/later', kind='host'), 5,
           'and what comes later is told all the same, with its cgroup')
    user.end()
    exporter.end()


def test_hostile(t):
    user = User(1, '"\\x{a="b"},# ', comm=HOSTILE, preexec_fn=in_cgroup('x"\\\udcff'))
    exporter = Exporter('--per-gmem')
    for openmetrics in (True, False):
        page = exporter.page(openmetrics=openmetrics)
        info = page.find('gmem_info')
        t.same((page.bad, len(info)), ([], 1), 'hostile names break no line')
        t.same((info[0][0]['name'], info[0][0]['comm'], info[0][0]['cgroup']),
               ('\\"\\\\x{a=\\"b\\"},# ', SHOWN, '/gmemtop-export/x\\"\\\\\ufffd'), 'they are made valid, and escaped')
    t.same(promtool('check', 'metrics', text=page.text)[0], 0, 'promtool takes them')
    user.end()
    exporter.end()


def test_short_lived(t):
    """5,000 gmems, a series each if they could: no more than may be, and not one fault missing."""
    exporter = Exporter('--per-gmem', '--max-series', '2000')
    # The first of a round's gmems faults: by the second round there is no series left for it.
    rounds, each, faults = max(2, slow_rounds(10)), 500, 40
    exact, series, last, falls = [], [], {}, []
    for n in range(1, rounds + 1):
        user = User(each, 'short', 'faults', faults)
        exporter.page()
        user.act()
        page = exporter.page()
        exact.append(page.sum('gmem_faults_total', kind='host') - n * faults)
        series.append(len(page.samples))
        objects = page.sum('gmem_objects')
        user.end()
        page = exporter.page()
        exact.append(page.sum('gmem_faults_total', kind='host') - n * faults)
        for name, labels, value in page.samples:
            key = name, tuple(sorted(labels.items()))
            if name.endswith('_total') and value < last.get(key, 0):
                falls.append(key)
            last[key] = value
    t.same(set(exact), {0.0}, f'{rounds * each} short-lived gmems: the sum is exact at each scrape')
    t.same(falls, [], 'and no counter falls')
    t.ok(max(series) <= 2000, 'no page has more series than --max-series', series)
    t.same(objects, each, 'those beyond are told by the overflow')
    page = exporter.page()
    t.ok(page.sum('gmem_faults_total', cgroup='(overflow)') > 0 and page.one('gmem_exporter_groups') > 10,
         'whose labels say so')
    exporter.end()


def test_once(t):
    user = User(1, 'once', 'faults', 3)
    user.act()
    status, out, err = run('export', '--once', '-')
    page = Page(out)
    t.ok(status == 0 and not page.bad and page.sum('gmem_faults_total', kind='host') == 3, '--once -', err)
    t.ok(not any(n.startswith('process_') or 'http' in n for n in page.types), 'tells nothing of a server')
    t.ok(run('export', '--once', '-', '--format', 'openmetrics')[1].endswith('# EOF\n'), 'OpenMetrics if asked')
    with open('gmem.prom', 'w', encoding='ascii') as old:
        old.write('old\n')
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            with open('gmem.prom', encoding='utf-8') as file:
                text = file.read()
            seen.add('old' if text == 'old\n' else 'new' if text.endswith('programs_attached 0\n') else 'torn')
            seen.update(name for name in os.listdir('.') if name.endswith('.prom') and name != 'gmem.prom')
    reader = threading.Thread(target=read)
    reader.start()
    status, _, err = run('export', '--once', 'gmem.prom')
    for _ in range(3):
        run('export', '--once', 'gmem.prom')
    done.set()
    reader.join()
    t.ok(status == 0 and seen <= {'old', 'new'}, 'a reader finds the old file or the new one', seen, err)
    t.same((oct(os.stat('gmem.prom').st_mode & 0o777), [n for n in os.listdir('.') if n.startswith('gmem.prom.')]),
           ('0o644', []), 'readable for all, and nothing is left beside it')
    status, _, err = run('export', '--once', '/proc/none/gmem.prom')
    t.ok(status == 1 and 'cannot be written' in err, 'a place that cannot be written is told', err)
    user.end()


def test_usage(t):
    for args, words in ((('--once', '-', '--listen', ':1'), 'serves nobody'),
                        (('--max-series', '10'), 'at least'),
                        (('--listen', 'localhost:http'), 'no address'),
                        (('--format', 'openmetrics'), 'the client chooses'),
                        (('--listen', '192.0.2.1:9'), 'cannot be listened on'),
                        (('--user', 'nosuchuser'), 'no user')):
        status, _, err = run('export', *args)
        t.ok(status and words in err, f'refused: {" ".join(args)}', status, err)


def main():
    os.chdir(os.environ.get('TMPDIR', '/tmp'))
    with Tap(46) as t:
        test_documented(t)
        test_groups(t)
        test_privileges(t)
        test_hostile(t)
        test_short_lived(t)
        test_once(t)
        test_usage(t)


if __name__ == '__main__':
    main()
