#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""gmemtop export on hostile ground: who may ask, what for, how long, and what is not to be had."""
import base64
import os
import socket
import subprocess
import time

from gmt import GMEMTOP, Tap, run
from metrics import OPENMETRICS, Exporter, Page, bcrypt, certificates, free_port, tls_context, wait_for

SECRET = 'correct horse'


def basic(name, password):
    return 'Basic ' + base64.b64encode(f'{name}:{password}'.encode()).decode()


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, 0o644)


def raw(port, data, wait=True, timeout=60):
    """What comes back for these bytes, to the end of the connection."""
    with socket.create_connection(('127.0.0.1', port), timeout=timeout) as link:
        got = b''
        try:
            link.sendall(data)
            while wait:
                more = link.recv(65536)
                if not more:
                    break
                got += more
        except (ConnectionResetError, BrokenPipeError):
            pass
        return got


def test_requests(t):
    exporter = Exporter('--timeout', '2')
    status, headers, body = exporter.get(Accept=OPENMETRICS)
    t.ok(status == 200 and headers['Content-Type'] == 'application/openmetrics-text; version=1.0.0; charset=utf-8'
         and body.endswith(b'# EOF\n'), 'OpenMetrics for Prometheus', status, headers)
    for accept in ('text/plain', '*/*', 'application/json', 'application/openmetrics-text;version=2.0.0'):
        _, headers, body = exporter.get(Accept=accept)
        t.ok(headers['Content-Type'] == 'text/plain; version=0.0.4; charset=utf-8' and b'# EOF' not in body,
             f'the text format for {accept}', headers)
    status, headers, body = exporter.get('/')
    t.ok(status == 200 and b'href="/metrics"' in body and headers['X-Content-Type-Options'] == 'nosniff',
         'a landing page', status, headers)
    for path in ('/x', '/metrics/', '/..', '//metrics', '/-/healthy', '/%2e%2e/etc/passwd'):
        t.same(exporter.get(path)[0], 404, f'nothing at {path}')
    for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'X' * 100):
        t.same(exporter.get(method=method)[0], 405, f'no {method[:8]}')
    status, headers, body = exporter.get(method='HEAD')
    t.ok(status == 200 and body == b'' and int(headers['Content-Length']) > 1000, 'HEAD', status, headers)
    t.same(exporter.get(body=b'x')[0], 400, 'a body is refused')
    t.ok(b' 431 ' in raw(exporter.port, b'GET /metrics HTTP/1.1\r\nHost: x\r\nX: ' + b'a' * 100000 + b'\r\n\r\n'),
         'oversized headers are refused')
    t.ok(b' 4' in raw(exporter.port, b'GET /' + b'a' * 100000 + b' HTTP/1.1\r\nHost: x\r\n\r\n')[:16],
         'so is an oversized path')
    garbage = [raw(exporter.port, data)[:12] for data in
               (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', b'\r\n' * 1000 + b'GET\r\n\r\n',
                b'GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n', b'GET /metrics HTTP/1.1\r\n\r\n',
                os.urandom(4096) + b'\r\n\r\n')]
    t.ok(all(b'200' not in got for got in garbage), 'garbage gets no page', garbage)
    t.ok(exporter.get()[0] == 200, 'and ends nothing')
    answer = raw(exporter.port, b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' * 2 + b'GET / HTTP/1.1\r\nHost: x\r\n'
                 b'Connection: close\r\n\r\n')
    t.same(answer.count(b'HTTP/1.1 200 OK'), 3, 'one connection serves more than one request')
    page = exporter.page()
    t.ok(page.one('gmem_exporter_http_requests_total', code='405') == 7
         and page.one('gmem_exporter_http_requests_total', code='404') == 6, 'answers are counted by code')
    exporter.end()


def test_slow(t):
    """Silence, a byte now and then, a page that is not read, and many at once."""
    exporter = Exporter('--timeout', '2')
    start = time.monotonic()
    t.same(raw(exporter.port, b'GET /metrics HTTP/1.1\r\nHost:'), b'', 'silence in the midst of a request')
    t.ok(time.monotonic() - start < 20, 'is cut off', time.monotonic() - start)
    drip, start = socket.create_connection(('127.0.0.1', exporter.port)), time.monotonic()
    try:
        drip.sendall(b'GET /metrics HTTP/1.1\r\nX: ')
        while time.monotonic() - start < 60:
            drip.sendall(b'a')
            time.sleep(0.5)
    except OSError:
        pass
    t.ok(3 < time.monotonic() - start < 40, 'a byte now and then buys no more than twice that',
         time.monotonic() - start)
    drip.close()
    many = [socket.create_connection(('127.0.0.1', exporter.port)) for _ in range(200)]
    for link in many:
        link.setblocking(False)
        try:
            link.send(b'GET /metrics HTTP/1.1\r\nX: y')
        except OSError:
            pass
    with open(f'/proc/{exporter.pid}/status', encoding='ascii') as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))
    t.ok(resident < 64 << 10, '200 connections cost no memory to speak of', resident)

    def served():
        try:
            return exporter.get()[0] == 200
        except OSError:
            return False
    t.ok(wait_for(served, 'a page', 60), 'and after their time, others are served')
    for link in many:
        link.close()
    # Pipelined, so that more pages wait for one reader than its socket takes; each is held once.
    slow = socket.create_connection(('127.0.0.1', exporter.port))
    slow.sendall(b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n' * 100)
    t.same(exporter.get()[0], 200, 'a reader that does not read holds up nobody')
    slow.close()
    t.same(exporter.end()[0], 0, 'it ends at once, whoever is connected')


def test_auth(t):
    write('web.yml', f'basic_auth_users:\n  prom: {bcrypt(SECRET, 8)}\n  other: {bcrypt("x", 8)}\n')
    exporter = Exporter('--web-config', 'web.yml')
    status, headers, body = exporter.get()
    t.ok(status == 401 and headers['WWW-Authenticate'].startswith('Basic realm=') and b'gmem' not in body,
         'without a password: 401', status, headers)
    for what, value in (('a wrong password', basic('prom', 'wrong')), ('no user', basic('nobody', SECRET)),
                        ("another's", basic('other', SECRET)), ('an empty one', basic('prom', '')),
                        ('with a NUL behind it', basic('prom', SECRET + '\0x')),
                        ('too long a one', basic('prom', SECRET * 10)), ('no Base64', 'Basic ####'),
                        ('no colon', 'Basic ' + base64.b64encode(b'prom').decode()), ('Bearer', 'Bearer x')):
        t.same(exporter.get(Authorization=value)[0], 401, f'refused: {what}')
    t.same(exporter.get('/x')[0], 401, 'nor is it told which pages there are')
    t.same(exporter.get(Authorization=basic('prom', SECRET))[0], 200, 'the right one')

    def cpu():
        with open(f'/proc/{exporter.pid}/stat', encoding='ascii') as stat:
            return sum(map(int, stat.read().rsplit(')', 1)[1].split()[11:13]))
    before = cpu()
    wrong = [exporter.get(Authorization=basic('prom', f'wrong{i}'))[0] for i in range(5)]
    bcrypts = cpu() - before
    before = cpu()
    right = [exporter.get('/', Authorization=basic('prom', SECRET))[0] for _ in range(5)]
    again = [exporter.get('/', Authorization=basic('prom', 'wrong0'))[0] for _ in range(5)]
    t.ok(set(wrong) == set(again) == {401} and set(right) == {200}, 'each as it should be', wrong, right, again)
    t.ok((cpu() - before) * 2 < bcrypts, 'known passwords, right or wrong, cost no bcrypt', cpu() - before, bcrypts)
    flood = [socket.create_connection(('127.0.0.1', exporter.port)) for _ in range(28)]
    for i, link in enumerate(flood):
        link.sendall(f'GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {basic("prom", f"guess{i}")}\r\n\r\n'.encode())
    start = time.monotonic()
    t.same(exporter.get('/', Authorization=basic('prom', SECRET))[0], 200, 'guessers hold up nobody who is known')
    known = time.monotonic() - start
    codes = [link.recv(65536).split()[1] for link in flood]
    t.ok(set(codes) == {b'401', b'503'} or set(codes) == {b'401'}, 'they are refused, or there are too many', codes)
    t.ok(known <= time.monotonic() - start, 'known ones come first')
    for link in flood:
        link.close()
    write('web.yml', f'basic_auth_users:\n  prom: {bcrypt("new", 4)}\n')
    exporter.process.send_signal(1)
    wait_for(lambda: exporter.get(Authorization=basic('prom', SECRET))[0] == 401, 'the reload')
    t.same(exporter.get(Authorization=basic('prom', 'new'))[0], 200, 'SIGHUP: another password')
    write('web.yml', 'basic_auth_users:\n  prom: plain\n')
    exporter.process.send_signal(1)
    t.ok('web.yml:2: ' in exporter.process.stderr.readline().decode(), 'a bad file is told, by line')
    t.same(exporter.get(Authorization=basic('prom', 'new'))[0], 200, 'and all stays as it was')
    exporter.end()


def test_tls(t):
    certificates('.')
    for name in os.listdir('.'):
        os.chmod(name, 0o644)
    write('tls.yml', 'tls_server_config: {cert_file: localhost.crt, key_file: localhost.key, min_version: TLS13}\n'
          'http_server_config: {headers: {X-Frame-Options: deny}}\n')
    exporter = Exporter('--web-config', 'tls.yml')
    t.ok('https://' in exporter.said, 'it says that it speaks TLS', exporter.said)
    status, headers, body = exporter.get(tls=tls_context('.'))
    t.ok(status == 200 and headers['X-Frame-Options'] == 'deny' and not Page(body.decode()).bad, 'a page over TLS')
    old = tls_context('.')
    old.maximum_version = 0x0303
    try:
        refused = exporter.get(tls=old)[0]
    except OSError as error:
        refused = str(error)
    t.ok('SSL' in str(refused) or 'reset' in str(refused), 'min_version: an older TLS is refused', refused)
    t.ok(b'200 OK' not in raw(exporter.port, b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), 'and so is none')
    exporter.end()
    write('mtls.yml', 'tls_server_config:\n  cert_file: localhost.crt\n  key_file: localhost.key\n'
          '  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n'
          f'basic_auth_users: {{prom: {bcrypt(SECRET)}}}\n')
    exporter = Exporter('--web-config', 'mtls.yml')
    right = {'Authorization': basic('prom', SECRET)}
    t.same(exporter.get(tls=tls_context('.', 'client'), **right)[0], 200, 'a client with a certificate')
    t.same(exporter.get(tls=tls_context('.', 'client'))[0], 401, 'which is no password')
    for who in (None, 'stranger'):
        try:
            got = exporter.get(tls=tls_context('.', who), **right)[0]
        except OSError as error:
            got = str(error)
        t.ok(got == 403 or 'SSL' in str(got), f'refused: {who or "no certificate"}', got)
    exporter.end()


def test_web_config(t):
    good = bcrypt('x')
    cases = (('tls_server_config: {cert_file: a.crt, key_file: b.key}', ':1: cert_file: ./a.crt cannot be read'),
             ('tls_server_config: {cert_file: localhost.crt}', 'key_file is missing'),
             ('tls_server_config: {cert_file: localhost.crt, key_file: client.key}', 'cannot be used'),
             ('tls_server_config:\n  cipher_suites: [X]', ':2: cipher_suites is not supported'),
             ('tls_server_config:\n  min_version: TLS10', "min_version 'TLS10': TLS12 or TLS13"),
             ('tls_server_config:\n  client_auth_type: RequireAnyClientCert', 'check nothing'),
             ('tls_server_config: {cert_file: localhost.crt, key_file: localhost.key, client_ca_file: ca.crt}',
              'belong together'),
             ('http_server_config: {http2: true}', 'HTTP/1.1 only'),
             ('http_server_config: {headers: {Server: x}}', "no key 'Server'"),
             ('rate_limit: {interval: 1s}', 'rate_limit is not supported'),
             ('basic_auth_users: {a: $2y$31$' + good[7:] + '}', 'cost is 31'),
             ('basic_auth_users: {a: $1$abc$def}', 'a bcrypt hash'),
             ('basic_auth_users:\n  a: ' + good + '\n  a: ' + good, 'given twice'),
             ('basic_auth_users: [a]', 'users with their hashes'),
             ('users: {}', "no key 'users'"),
             ('a: [', 'did not find expected'))
    for text, words in cases:
        write('bad.yml', text + '\n')
        status, _, err = run('export', '--listen', f'localhost:{free_port()}', '--web-config', 'bad.yml')
        t.ok(status == 2 and words in err and 'bad.yml' in err, f'refused: {text[:60]!r}', status, err)
    write('empty.yml', '# nothing\n')
    exporter = Exporter('--web-config', 'empty.yml')
    t.same(exporter.get()[0], 200, 'an empty file asks for nothing')
    exporter.end()


def test_activation(t):
    """As systemd does it: sockets from 3 on, and a datagram when it is ready."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen()
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind('notify')
    os.chmod('notify', 0o777)
    notify.settimeout(60)
    code = ('import os, sys\nfd = int(sys.argv[1])\nos.dup2(fd, 3)\n'
            'os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=os.path.abspath("notify"),'
            'WATCHDOG_USEC="400000")\nos.execv(sys.argv[2], [sys.argv[2], "export"])')
    exporter = Exporter.__new__(Exporter)
    exporter.port, exporter.said = listener.getsockname()[1], ''
    exporter.process = subprocess.Popen(['python3', '-c', code, str(listener.fileno()), GMEMTOP],
                                        pass_fds=[listener.fileno()], stderr=subprocess.PIPE)
    t.same(notify.recv(100), b'READY=1', 'it tells systemd when it is ready')
    t.same(exporter.get()[0], 200, 'and serves on the socket handed over')
    t.same({notify.recv(100) for _ in range(3)}, {b'WATCHDOG=1'}, 'the watchdog is fed')
    status, said = exporter.end()
    t.ok(status == 0 and said.count('serving') == 1, 'no other address is listened on', said)
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    done = subprocess.run(['python3', '-c', code, str(datagram.fileno()), GMEMTOP], pass_fds=[datagram.fileno()],
                          stderr=subprocess.PIPE, check=False)
    t.ok(done.returncode == 2 and b'no stream socket' in done.stderr, 'a socket of another kind is refused',
         done.stderr)


def main():
    os.chdir(os.environ.get('TMPDIR', '/tmp'))
    os.chmod('.', 0o755)
    with Tap(84) as t:
        test_requests(t)
        test_slow(t)
        test_auth(t)
        test_tls(t)
        test_web_config(t)
        test_activation(t)


main()
