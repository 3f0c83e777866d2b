# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of gmemtop export share: the exporter running, requests to it, pages taken apart."""
import http.client
import os
import re
import socket
import ssl
import subprocess

from gmt import GMEMTOP, TOP, slow_seconds, wait_for

OPENMETRICS = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3'
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


class Page:
    """A page of metrics: families as they are declared, samples by name with their labels."""

    def __init__(self, text):
        self.text, self.types, self.units, self.help = text, {}, {}, {}
        self.samples, self.bad = [], []
        for line in text.splitlines():
            word = line.split(' ', 3)
            if line == '# EOF':
                continue
            if word[0] == '#':
                {'TYPE': self.types, 'UNIT': self.units, 'HELP': self.help}[word[1]][word[2]] = word[3]
                continue
            match = SAMPLE.match(line)
            labels = LABEL.findall(match[2] or '') if match else []
            if not match or ','.join(f'{k}="{v}"' for k, v in labels) != (match[2] or ''):
                self.bad.append(line)
                continue
            self.samples.append((match[1], dict(labels), float(match[3])))

    def find(self, name, **labels):
        return [(got, value) for have, got, value in self.samples
                if have == name and all(got.get(k) == v for k, v in labels.items())]

    def sum(self, name, **labels):
        return sum(value for _, value in self.find(name, **labels))

    def one(self, name, **labels):
        found = self.find(name, **labels)
        if len(found) != 1:
            raise RuntimeError(f'{name} {labels}: {found}')
        return found[0][1]


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Exporter:
    """gmemtop export in the background, serving when the constructor returns."""

    def __init__(self, *args, port=None, **kw):
        self.port = port or free_port()
        listen = [] if port == 0 else ['--listen', f'127.0.0.1:{self.port}']
        self.process = subprocess.Popen([GMEMTOP, 'export', *listen, *args], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, **kw)
        self.pid = self.process.pid
        self.said = ''
        while 'serving' not in self.said:
            line = self.process.stderr.readline().decode()
            if not line:
                raise RuntimeError(f'gmemtop export: {self.process.wait()}: {self.said}')
            self.said += line

    def get(self, path='/metrics', method='GET', tls=None, timeout=60, body=None, **headers):
        """(status, headers, body) of a request of its own connection."""
        if tls:
            link = http.client.HTTPSConnection('localhost', self.port, context=tls, timeout=timeout)
        else:
            link = http.client.HTTPConnection('127.0.0.1', self.port, timeout=timeout)
        link.request(method, path, body=body, headers={k.replace('_', '-'): v for k, v in headers.items()})
        answer = link.getresponse()
        try:
            return answer.status, answer.headers, answer.read()
        finally:
            link.close()

    def page(self, openmetrics=True, **kw):
        status, _, body = self.get(Accept=OPENMETRICS if openmetrics else 'text/plain', **kw)
        if status != 200:
            raise RuntimeError(f'status {status}: {body[:200]}')
        return Page(body.decode())

    def end(self):
        """Ends it: (status, what it said)."""
        if self.process.poll() is None:
            self.process.terminate()
        _, err = self.process.communicate(timeout=slow_seconds(60))
        return self.process.returncode, self.said + err.decode()


def certificates(directory):
    """A CA, a server's and a client's certificate by it; and a client's by itself."""
    def openssl(*args):
        subprocess.run(['openssl', *args], check=True, cwd=directory, capture_output=True)
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    for name in ('ca', 'stranger'):
        openssl('req', '-x509', *key, '-keyout', f'{name}.key', '-out', f'{name}.crt', '-subj', f'/CN={name}',
                '-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature')
    for name in ('localhost', 'client'):
        openssl('req', *key[:-2], '-keyout', f'{name}.key', '-out', f'{name}.csr', '-subj', f'/CN={name}')
        with open(os.path.join(directory, 'ext'), 'w', encoding='ascii') as ext:
            ext.write(f'subjectAltName=DNS:{name}')
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', '2',
                '-CAcreateserial', '-out', f'{name}.crt', '-extfile', 'ext')


def tls_context(directory, client=None):
    context = ssl.create_default_context(cafile=os.path.join(directory, 'ca.crt'))
    if client:
        context.load_cert_chain(os.path.join(directory, f'{client}.crt'),
                                os.path.join(directory, f'{client}.key'))
    return context


def bcrypt(password, cost=4):
    """A bcrypt hash, by the libxcrypt that the exporter checks with."""
    import ctypes
    crypt = ctypes.CDLL('libcrypt.so.1')
    crypt.crypt.restype = crypt.crypt_gensalt.restype = ctypes.c_char_p
    salt = crypt.crypt_gensalt(b'$2y$', ctypes.c_ulong(cost), os.urandom(16), 16)
    return crypt.crypt(password.encode(), salt).decode()


def promtool(*args, text=None):
    done = subprocess.run(['promtool', *args], input=text and text.encode(), capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode()


__all__ = ['TOP', 'Exporter', 'Page', 'bcrypt', 'certificates', 'free_port', 'promtool', 'tls_context',
           'wait_for']
