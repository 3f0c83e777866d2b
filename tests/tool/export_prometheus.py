#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A real Prometheus scrapes gmemtop export, over TLS with a password; every rule and every panel has data."""
import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request

from bindings import Binder
from gmt import TOP, Tap, User, run, run_json
from metrics import Exporter, bcrypt, certificates, free_port, promtool, wait_for

RULES = os.path.join(TOP, 'packaging/prometheus/gmem.rules.yml')
DASHBOARD = os.path.join(TOP, 'packaging/grafana/gmem.json')
POLICIES = '''policies:
  - {name: nobody-reads, scope: all, mode: enforce, time: yes, hooks: [io], allow: {rules: [{uid: 4711}]}}
  - {name: nobody-converts, scope: all, mode: monitor, hooks: [convert], allow: {rules: [{uid: 4711}]}}
  - {name: passing, scope: all, mode: monitor, hooks: [inspect], allow: {rules: [{uid: 4711}]}}
'''
# What these tell of does not happen here; that they fire when it does, tests/tool/gmem.rules.test.yml shows.
QUIET = {'GmemMemoryFailure': ('> 0', '>= 0'), 'GmemConversionStorm': ('> 10000', '>= 0'),
         'GmemConversionsFail': ('> 0.1 *', '>= 0 *'), 'GmemExporterIncomplete': ('== 0', '>= 0'),
         'GmemExporterLosesEvents': ('> 0', '>= 0'),
         # This one has happened, to an exporter that is gone by then.
         'GmemExporterOverflow': ('gmem_exporter_overflow_objects',
                                  'max_over_time(gmem_exporter_overflow_objects[10m])')}


class Prometheus:
    def __init__(self, exporter, small):
        self.port = free_port()
        with open(RULES, encoding='utf-8') as rules, open('rules.yml', 'w', encoding='utf-8') as ours:
            ours.write(rules.read().replace('interval: 30s', 'interval: 3s'))
        with open('prometheus.yml', 'w', encoding='ascii') as config:
            json.dump({
                # A scrape that takes longer is none, and this machine may be slow.
                'global': {'scrape_interval': '3s', 'scrape_timeout': '3s', 'evaluation_interval': '3s'},
                'rule_files': ['rules.yml'],
                'scrape_configs': [
                    {'job_name': 'gmem', 'scheme': 'https', 'tls_config': {'ca_file': 'ca.crt'},
                     'basic_auth': {'username': 'prom', 'password': 'secret'},
                     'static_configs': [{'targets': [f'localhost:{exporter.port}']}]},
                    {'job_name': 'small', 'static_configs': [{'targets': [f'127.0.0.1:{small.port}']}]}]}, config)
        with open('prometheus.log', 'w', encoding='ascii') as log:
            self.process = subprocess.Popen(
                ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                 f'--web.listen-address=127.0.0.1:{self.port}'], stdout=log, stderr=log)

    def api(self, path, **args):
        url = f'http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(args)}'
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)['data']
        except urllib.error.HTTPError as error:
            return {'error': error.read().decode()}
        except OSError:
            return {}

    def query(self, expr):
        """The vector: a list of (labels, value); an error as text."""
        got = self.api('query', query=expr)
        if 'result' not in got:
            return str(got.get('error', ''))
        return [(item['metric'], float(item['value'][1])) for item in got['result']]

    def has_data(self, expr):
        got = self.query(expr)
        return got if isinstance(got, list) else []

    def wait_for_data(self, expr):
        """Whether it has some, if not at once: a scrape may have failed on a busy machine."""
        try:
            return wait_for(lambda: self.has_data(expr), expr, 30)
        except RuntimeError:
            return []

    def end(self):
        self.process.terminate()
        self.process.wait()


def dashboard_queries():
    with open(DASHBOARD, encoding='utf-8') as file:
        dashboard = json.load(file)
    for panel in dashboard['panels']:
        for target in panel.get('targets', []):
            yield panel['title'], target['expr']
    for variable in dashboard['templating']['list']:
        match = re.fullmatch(r'label_values\((.*), (\w+)\)', variable.get('definition', ''))
        if match:
            yield variable['name'], f'count by ({match[2]}) ({match[1]})'


def plain(expr):
    """Of Grafana's variables, what it would put in their place."""
    for name in ('instance', 'cgroup', 'vm'):
        expr = expr.replace(f'"${name}"', '".*"')
    return expr.replace('$__rate_interval', '1m')


def work(user, binder):
    """One round of all that is counted."""
    user.act()
    binder.do('hide', 0, 0, 16)
    binder.do('punch', 0, 0, 4)


def test_scraped(t, prometheus, exporter):
    t.ok(wait_for(lambda: [v for _, v in prometheus.has_data('up == 1')] == [1, 1], 'both targets', 120),
         'Prometheus scrapes, over TLS with a password, and without')
    targets = prometheus.api('targets')['activeTargets']
    t.same([target['lastError'] for target in targets], ['', ''], 'and has nothing to say against it')
    wait_for(lambda: (prometheus.has_data('count_over_time(gmem_exporter_series{job="gmem"}[1m])') or [(0, 0)])[0][1]
             > 5, 'some scrapes', 120)
    t.same(exporter.process.poll(), None, 'the exporter is well')


def test_values(t, prometheus, user, binder):
    work(user, binder)
    totals = run_json('list', '--json')[0]['totals']
    time.sleep(3)
    names = {'faults': 'gmem_faults_total', 'denied': 'gmem_denied_total', 'conversions': 'gmem_conversions_total',
             'size_bytes': 'gmem_size_bytes'}
    want = {name: float(totals[name]) for name in names}
    got = {}

    def told():
        got.update({name: (prometheus.has_data(f'sum({metric}{{job="gmem"}})') or [(0, -1)])[0][1]
                    for name, metric in names.items()})
        return got == want
    try:
        wait_for(told, 'the same numbers', 30)
    except RuntimeError:
        pass
    t.same(got, want, 'what it stores is what list tells')
    metadata = prometheus.api('metadata')
    found = [metadata.get(name) or metadata.get(name + '_total') for name in ('gmem_converted_bytes', 'gmem_faults')]
    t.same([(item[0]['type'], item[0]['unit']) for item in found if item], [('counter', 'bytes'), ('counter', '')],
           'with types and units')
    stored = {item[0]['__name__'] for item in prometheus.has_data('{job="gmem",__name__=~"gmem_.*"}')}
    t.ok({'gmem_faults_total', 'gmem_fault_duration_seconds_bucket', 'gmem_policy_refusals_total'} <= stored,
         'it stores counters, histograms and policies', sorted(stored))


def test_dashboard(t, prometheus):
    empty = []
    for title, expr in dashboard_queries():
        if not prometheus.wait_for_data(plain(expr)):
            empty.append((title, expr, str(prometheus.query(plain(expr)))))
    count = len(list(dashboard_queries()))
    t.ok(count >= 40 and not empty, f'each of {count} queries of the dashboard returns data',
         *[' | '.join(map(str, item)) for item in empty])


def test_rules(t, prometheus):
    groups = prometheus.api('rules')['groups']
    rules = [rule for group in groups for rule in group['rules']]
    t.same([(rule['name'], rule.get('lastError')) for rule in rules if rule['health'] != 'ok'], [],
           f'each of {len(rules)} rules can be evaluated')
    recorded = [rule['name'] for rule in rules if rule['type'] == 'recording']
    t.same([name for name in recorded if not prometheus.wait_for_data(name)], [], 'each that records has recorded')
    alerts = {rule['name']: rule['query'] for rule in rules if rule['type'] == 'alerting'}
    for name, (real, always) in QUIET.items():
        t.ok(real in alerts[name], f'{name} compares')
        alerts[name] = alerts[name].replace(real, always)
    empty = [(name, expr, prometheus.query(expr)) for name, expr in alerts.items()
             if not prometheus.wait_for_data(expr)]
    t.same(empty, [], f'each of {len(alerts)} alerts has data, and those of what has happened are due')
    time.sleep(4)
    firing = {alert['labels']['alertname'] for alert in prometheus.api('alerts')['alerts'] if alert['state'] == 'firing'}
    t.ok({'GmemDenied', 'GmemPolicyRefuses', 'GmemPolicyWouldRefuse'} <= firing, 'and fire', firing)


def main():
    os.chdir(os.environ.get('TMPDIR', '/tmp'))
    os.chmod('.', 0o755)
    certificates('.')
    with open('web.yml', 'w', encoding='ascii') as web:
        web.write('tls_server_config: {cert_file: localhost.crt, key_file: localhost.key}\n'
                  f'basic_auth_users: {{prom: {bcrypt("secret", 10)}}}\n')
    with open('policy.yaml', 'w', encoding='ascii') as policy:
        policy.write(POLICIES)
    with Tap(20) as t:
        for name in ('promtool check rules', 'promtool test rules'):
            args = name.split()[1:] + [RULES if 'check' in name else os.path.join(TOP, 'tests/tool/gmem.rules.test.yml')]
            status, said = promtool(*args)
            t.ok(status == 0, f'{name} accepts them', said)
        applied = run('policy', 'apply', 'policy.yaml')
        if applied[0]:
            raise RuntimeError(applied[2])
        user = User(60, 'busy', 'faults', 50, 'denied', 3, 'convert', 4, 'reads', 5)
        binder = Binder(1, 1)
        binder.do('bind', 0, 0, 0, 0, 64, 1 << 20)
        exporter = Exporter('--latency', '--web-config', os.path.abspath('web.yml'))
        small = Exporter('--per-gmem', '--max-series', '1000')
        prometheus = Prometheus(exporter, small)
        wait_for(lambda: prometheus.has_data('up'), 'Prometheus', 200)
        for _ in range(6):
            work(user, binder)
            time.sleep(1)
        test_scraped(t, prometheus, exporter)
        for _ in range(4):
            work(user, binder)
            time.sleep(1.5)
        test_values(t, prometheus, user, binder)
        test_dashboard(t, prometheus)
        run('policy', 'detach', 'passing')
        small.end()
        test_rules(t, prometheus)
        run('policy', 'detach', '--all')
        print(f"# series of this host: {prometheus.query('count({job=\"gmem\"})')}")
        prometheus.end()
        status, said = exporter.end()
        t.ok(status == 0 and said.count('\n') == 1, 'the exporter ends well, and has had nothing to say', said)
        user.end()
        binder.end()


main()
