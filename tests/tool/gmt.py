# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of gmemtop share: TAP, running the tool, and a user of gmems for it to see."""
import json
import os
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GMEMTOP = os.path.join(TOP, 'build/bin/gmemtop')
USER = os.path.join(TOP, 'build/tests/tool/user')


class Tap:
    """Checks with a plan; leaving the with block ends the test, an exception bails out."""

    def __init__(self, plan):
        self.plan, self.run, self.failed = plan, 0, 0

    def __enter__(self):
        print(f'1..{self.plan}', flush=True)
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            import traceback
            traceback.print_exception(kind, value, trace, file=sys.stdout)
            print(f'Bail out! {value}'.replace('\n', ' '), flush=True)
        os._exit(1 if kind or self.failed or self.run != self.plan else 0)

    def ok(self, condition, what, *context):
        self.run += 1
        print(f'{"ok" if condition else "not ok"} {self.run} - {what}', flush=True)
        if not condition:
            self.failed += 1
            for item in context:
                for line in str(item).splitlines()[:60]:
                    print(f'#   {line}', flush=True)
        return condition

    def same(self, got, want, what):
        return self.ok(got == want, what, f'got  {got!r}', f'want {want!r}')


def run(*args, timeout=60, **kw):
    """Runs gmemtop to its end: (status, stdout, stderr) as text."""
    kw.setdefault('stdin', subprocess.DEVNULL)
    done = subprocess.run([GMEMTOP, *args], capture_output=True, timeout=slow_seconds(timeout), **kw)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def slow_rounds(full):
    """Of so many rounds, as many as a slow kernel gets done in the time."""
    return full // int(os.environ.get('GMEM_SLOW', 1))


def some_rounds(usual, full):
    """Of so many rounds, which make soak does, the usual ones, or what a slow kernel gets done."""
    return full if 'GMEM_SECONDS' in os.environ else min(usual, slow_rounds(full))


def slow_seconds(seconds):
    """What takes so long takes a slow kernel longer."""
    return seconds * int(os.environ.get('GMEM_SLOW', 1))


def run_json(*args):
    """Runs a verb that prints JSON: its objects. Anything but success raises."""
    status, out, err = run(*args)
    if status:
        raise RuntimeError(f'gmemtop {args}: {status}: {err}')
    return [json.loads(line) for line in out.splitlines()]


class User:
    """tests/tool/user: makes gmems, and does its acts whenever told to."""

    def __init__(self, count, name, *acts, comm=None, **kw):
        args = [USER] + (['-c', comm] if comm is not None else [])
        args += [str(count), name] + [str(act) for act in acts]
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **kw)
        self.pid = self.process.pid
        self.ids = [int(self.process.stdout.readline()) for _ in range(count)]

    def act(self):
        self.start()
        self.wait()

    def start(self):
        self.process.stdin.write(b'\n')
        self.process.stdin.flush()

    def wait(self):
        line = self.process.stdout.readline()
        if line != b'done\n':
            raise RuntimeError(f'user said {line!r}')

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Trace:
    """gmemtop trace in the background, listening when the constructor returns."""

    def __init__(self, *args, stdout=subprocess.PIPE, **kw):
        self.process = subprocess.Popen([GMEMTOP, 'trace', *args], stdin=subprocess.DEVNULL,
                                        stdout=stdout, stderr=subprocess.PIPE, **kw)
        # Unbuffered: what it says after this line is for end().
        line = self.process.stderr.raw.readline()
        if b'tracing' not in line:
            raise RuntimeError(f'gmemtop trace said {line!r}')

    def end(self, number=signal.SIGINT):
        """Interrupts it (0: it ends by itself): (status, stdout, stderr)."""
        if number:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=slow_seconds(60))
        return self.process.returncode, out, err.decode()

    def end_json(self, number=signal.SIGINT):
        """As end(): (events, totals); raises unless it ended well."""
        status, out, err = self.end(number)
        objects = [json.loads(line) for line in out.splitlines()]
        if status or not objects or objects[-1]['type'] != 'totals':
            raise RuntimeError(f'trace: {status} {err} {objects[-1:]}')
        return objects[:-1], objects[-1]


def wait_for(condition, what, seconds=30):
    """Waits until condition() holds, and returns what it gave; longer on a slow kernel."""
    seconds = slow_seconds(seconds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(0.05)
    raise RuntimeError(f'waited {seconds} s for {what}')
