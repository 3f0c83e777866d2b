#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The dashboard's behaviour on a recording: every key, the mouse, sizes, settings, hostile names, how it ends, what it sends."""
import json
import os
import random
import re
import signal
import subprocess
import tempfile

import made
from gmt import GMEMTOP, Tap, wait_for
from terminal import Screen, has

EVIL = 'a\x1b]0;owned\x07\x1b[31mEVIL\u202e\u200b"\'\\\udcff e\u0301界'
KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '\t', '\x1b[Z', '\r', '\x1b', 'k', 'j', '\x02', '\x06', 'g', 'G', '/', 'x', '\r', 'n',
        'N', '\\', 'q', '\x7f', '\r', '<', '>', 's', 'j', '\r', 'r', 'c', ' ', '\x1b', 'F', 'm', 'M', 'e', 'E', ' ', ' ', '+', '-',
        'a', 'l', '[', ']', '{', '}', '(', ')', ',', '.', 'u', 't', 'U', 'w', '\x0c', '?', 'x', '\x1bOP', 'x', '\x1bOQ', '\x1b', '\x1bOR',
        '\x1b', '\x1bOS', '\x1b', '\x1b[17~', '\x1b', '\x1bOA', '\x1bOB', '\x1b[5~', '\x1b[6~', '\x1b[H', '\x1b[F', '\x1bOD', '\x1bOC',
        '\x1b[2~', 'p', 'p', 'h', 'x', 'I', 'Q']
MOUSE_OFF = re.compile(rb'\x1b\[\?(1006;)?1000l')


def start(path, columns=100, lines=24, *args, at='+30s', speed='0', **kw):
    screen = Screen(columns, lines, 'replay', '--speed', speed, '--at', at, path, 'top', *args, **kw)
    screen.wait(lambda l: l[0].startswith('gmemtop'), 'the first picture')
    return screen


def chosen(lines):
    """The row that the cursor is at."""
    return next((line[1:].split() for line in lines if line.startswith('>')), [])


def test_keys(t, path, directory):
    screen = start(path, config=directory)
    for number, key in enumerate(KEYS[:-1]):
        screen.settle([key.encode()], 0)
    t.ok(screen.wait(has('gmemtop'), 'a picture'), 'every key leaves a picture', screen.text())
    screen.keys(b'\x1b')
    screen.read(0.2)
    screen.keys(b'Q')
    t.same(screen.end(), (0, True), 'and Q still ends it')


def test_rows(t, path):
    screen = start(path)
    t.same(chosen(screen.settle(b'jj'))[0], '3', 'down moves the cursor')
    t.same(chosen(screen.settle(b'G'))[0], '13', 'to the end')
    t.same(chosen(screen.settle(b'/db-r'))[0], '3', 'search jumps while it is typed')
    t.same(chosen(screen.settle([b'\x7f', b'\x7f', b'\x7f', b'\x7f', b's', b'e', b'c', b'\r']))[0], '9', 'what is typed is changed')
    t.same(chosen(screen.settle([b'\x1b', b'g', b'/', *[bytes([c]) for c in b'machine.slice'], b'\r', b'n', b'n']))[0], '3', 'n goes on')
    t.same(chosen(screen.settle(b'N'))[0], '2', 'N back')
    screen.settle(b'\x1b')
    t.same(chosen(screen.settle(b'gjjF<<<>>>>>>>>>>r'))[0], '3', 'follow: the cursor goes with its row as the order changes')
    before = screen.lines()
    t.same(chosen(screen.settle(b'FgF]]'))[0], chosen(before and screen.lines())[0], 'and as time goes on')
    screen.quit()
    screen = start(path)
    lines = screen.settle(b'mm')
    t.same([line[1:3].strip() for line in lines if line.startswith('*')], ['1', '2'], 'm marks and moves on')
    lines = screen.settle(b'M')
    t.ok(not any(line.startswith('*') for line in lines), 'M unmarks')
    lines = screen.settle(b'2\r')
    t.ok('of qemu-system-x86 2202' in lines[0], 'Enter opens a process', screen.text())
    t.ok('1 of 8 gmems' in lines[0], 'which shows its gmems only', lines[0])
    t.ok('8 gmems' in screen.settle(b'\x1b')[0] and has('COMMAND', 'FDS')(screen.lines()), 'and Esc goes back', screen.text())
    screen.quit()


def test_tree(t, path):
    screen = start(path, 100, 24, '--view', 'cgroups')
    t.ok(has('replica', 'web.scope')(screen.lines()), 'the tree is open', screen.text())
    lines = screen.settle(b'je')
    t.ok(not has('web.scope')(lines) and has('▸ machine.slice', 'backup.service')(lines), 'e collapses', screen.text())
    lines = screen.settle(b']')
    t.ok(not has('web.scope')(lines), 'it stays so in the next refresh')
    t.ok(has('web.scope')(screen.settle(b'e')), 'e expands')
    t.ok(not has('web.scope')(screen.settle(b'E')) and has('web.scope')(screen.settle(b'E')), 'E does all')
    screen.quit()


def test_mouse(t, path):
    screen = start(path)
    lines = screen.lines()
    row = next(i for i, line in enumerate(lines) if 'secrets' in line)
    head = next(i for i, line in enumerate(lines) if 'NAME' in line)
    tabs = next(i for i, line in enumerate(lines) if '3 VMs' in line)
    screen.click(10, row)
    t.same(chosen(screen.settle())[0], '9', 'a click chooses a row')
    screen.click(10, row)
    t.ok(has('gmem 9  secrets', 'RATES')(screen.settle()), 'a second opens it', screen.text())
    screen.settle(b'\x1b')
    screen.click(lines[head].index('SHARE') + 2, head)
    t.ok('SHARE▼' in screen.settle()[head], 'a click on a header sorts by it', screen.text())
    screen.click(lines[tabs].index('3 VMs'), tabs)
    t.ok(has('- not bound')(screen.settle()), 'one on a tab opens the view', screen.text())
    screen.settle(b'1g')
    screen.click(5, row, 65)
    first = chosen(screen.settle())
    screen.click(5, row, 64)
    t.ok(first != chosen(screen.settle()), 'the wheel moves')
    screen.settle(b']')
    alarm = next(i for i, line in enumerate(screen.lines()) if 'DENIED' in line)
    screen.click(3, alarm)
    t.ok(not has('DENIED')(screen.settle()), 'one on the alarm acknowledges it', screen.text())
    screen.quit()
    t.ok(MOUSE_OFF.search(screen.raw), 'the mouse is given back')
    screen = start(path, 80, 24, '--no-mouse')
    screen.quit()
    t.ok(b'1000h' not in screen.raw, '--no-mouse leaves it alone')


def test_alarm(t, path):
    screen = start(path, at='+28s')
    t.ok(not has('DENIED')(screen.lines()), 'no denial, no alarm')
    screen.settle(b']]]')
    for view in '12345678':
        t.ok(has('DENIED 9 since')(screen.settle(view.encode())), f'denials stand in view {view}', screen.text())
    t.ok(has('DENIED 9 since')(screen.settle(b'1\r')), 'and in that of one gmem', screen.text())
    lines = screen.settle([b'\x1b', *[b']'] * 6])
    t.ok(has('DENIED 17 since 14:13:50')(lines), 'they stay when nothing is denied any more', screen.text())
    t.ok(not has('DENIED')(screen.settle(b'a')) and not has('DENIED')(screen.settle(b']')), 'until they are acknowledged')
    screen.quit()


def test_lost(t, path):
    """What was lost while events were listened to is told on every screen after that."""
    for columns in (40, 100):
        screen = start(path, columns, 16, '--view', 'events', at='+43s')
        t.ok(not has('LOST')(screen.lines()), f'nothing lost, nothing said, {columns} wide', screen.text())
        screen.settle(b']]]')
        t.ok(all('LOST 17' in screen.settle(view.encode())[0] for view in '12345678') and 'LOST 17' in screen.settle(b'1\r')[0],
             f'LOST 17 on every screen, {columns} wide', screen.text())
        screen.quit()


def test_sizes(t, path):
    for columns, lines in ((40, 10), (80, 24), (132, 43), (300, 100)):
        screen = start(path, columns, lines)
        good = True
        for view in b'12345678':
            got = screen.settle(bytes([view]))
            good = good and got[0].startswith('gmemtop') and len(got) == lines and any(line for line in got[3:])
        t.ok(good, f'every view at {columns}x{lines}', screen.text())
        screen.quit()
    screen = start(path)
    chance = random.Random(3)
    for _ in range(60):
        screen.size(chance.randint(1, 150), chance.randint(1, 60))
        os.kill(screen.pid, signal.SIGWINCH)
        if chance.random() < 0.5:
            screen.keys(chance.choice([b'1', b'4', b'6', b'7', b'8', b'?', b'x', b']', b'\r', b'\x1b']))
        screen.read(0.02)
    screen.settle(b'\x1b\x1b')
    screen.size(90, 30)
    os.kill(screen.pid, signal.SIGWINCH)
    screen.settle(b'\x1b1\x0c')
    t.ok(screen.wait(has('gmemtop', 'web-ram', 'backup-window'), 'the table'), 'a storm of resizes ends in a whole picture', screen.text())
    t.same(screen.quit(), (0, True), 'and it ends well')


def test_ends(t, path):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT):
        screen = start(path)
        screen.settle(b'7')
        os.kill(screen.pid, number)
        status, whole = screen.end()
        t.ok(whole and os.WIFSIGNALED(status) and os.WTERMSIG(status) == number and MOUSE_OFF.search(screen.raw),
             f'{number.name}: the terminal and the mouse are given back', status, whole)
    screen = Screen(80, 24, 'replay', path, term='dumb')
    screen.wait(has('--batch'), 'the error')
    t.ok(os.waitstatus_to_exitcode(screen.end()[0]) == 1 and has('TERM=dumb')(screen.lines()), 'a dumb terminal is told so')
    done = subprocess.run([GMEMTOP, 'replay', '--speed', 'max', path, 'top', '-n', '2'], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    t.ok(done.returncode == 0 and done.stdout.count(b' CGROUP\n') == 2 and b'\x1b' not in done.stdout, 'without a terminal it is text', done.stderr)


def test_tmux(t, path):
    socket = os.path.join(os.environ['TMPDIR'], 'tmux')
    tmux = ['tmux', '-u', '-S', socket, '-f', '/dev/null']

    def pane():
        done = subprocess.run([*tmux, 'capture-pane', '-p'], capture_output=True)
        return [line.rstrip() for line in done.stdout.decode().splitlines()]

    subprocess.run([*tmux, 'new-session', '-d', '-x', '100', '-y', '24',
                    f'LC_ALL=C.UTF-8 TZ=UTC XDG_CONFIG_HOME=/nonexistent {GMEMTOP} replay --speed 0 --at +30s {path}; cat'], check=True)
    wait_for(lambda: has('web-ram', 'q quit')(pane()), 'the table in tmux')
    reference = start(path)
    for keys in ('', ']', '4', '7', ']', '1'):
        for key in keys:
            subprocess.run([*tmux, 'send-keys', key], check=True)
            reference.settle(key.encode())
        try:
            wait_for(lambda: pane() == reference.lines(), 'the same picture', 5)
        except RuntimeError:
            pass
        t.same(pane(), reference.lines(), f'tmux shows the same as any terminal after {keys!r}')
    reference.quit()
    subprocess.run([*tmux, 'send-keys', 'q'], check=True)
    wait_for(lambda: not any(pane()), 'the screen given back')
    subprocess.run([*tmux, 'kill-server'])


def hostile():
    """The recording with names that no sane process has, wherever a name can be."""
    for line in made.recording():
        for key in ('gmems', 'holders', 'policies', 'bindings'):
            for entry in line.get(key) or []:
                for name in ('name', 'comm', 'cgroup', 'consumer'):
                    if entry.get(name):
                        entry[name] = ('/' if name == 'cgroup' else '') + EVIL[:10 if name == 'consumer' else 30]
                for vm in entry.get('vms') or []:
                    vm['consumer'] = EVIL[:10]
        for name in ('comm', 'cgroup'):
            if line.get(name):
                line[name] = ('/' if name == 'cgroup' else '') + EVIL
        yield line


def test_hostile(t, directory):
    path = os.path.join(directory, 'hostile.gmr')
    with open(path, 'w', encoding='utf-8', errors='surrogatepass') as out:
        for line in hostile():
            out.write(json.dumps(line).replace('\\udcff', '\\ufffd') + '\n')
    for locale in ('C.UTF-8', 'C'):
        screen = start(path, 120, 40, locale=locale)
        for key in '12345678':
            screen.settle(key.encode())
            screen.settle(b']')
            t.ok(b'\x1b]0;' not in screen.raw and b'\x1b[31mEVIL' not in screen.raw and b'\x07' not in screen.raw and
                 '\u202e'.encode() not in screen.raw and '\u200b'.encode() not in screen.raw and
                 screen.lines()[0].startswith('gmemtop') and all(len(line) <= 120 for line in screen.lines()),
                 f'names cannot reach the terminal from view {key} in locale {locale}', screen.text())
        screen.settle(b'1\r]')
        t.ok(b'EVIL' not in screen.raw or b'\x1b[31mEVIL' not in screen.raw, f'nor from one gmem in locale {locale}')
        t.ok(has('\\x1b')(screen.lines()), 'they are shown, as bytes', screen.text())
        if locale == 'C':
            ascii_only = re.sub(rb'\x1b\(.|\x1b\[[0-9;?]*[a-zA-Z]', b'', screen.raw)
            t.ok(all(byte < 128 for byte in ascii_only), 'in a locale without Unicode only ASCII is drawn')
        t.same(screen.quit(), (0, True), 'and it ends well')


def test_settings(t, path, directory):
    config = os.path.join(directory, 'config')
    os.mkdir(config)
    kept = os.path.join(config, 'gmemtop/settings')
    screen = start(path, config=config)
    # Theme, units, ASCII, interval, another order, one column less, another view.
    screen.settle(b'tuU+>>r')
    screen.settle([b'c', b'j', b'j', b' ', b'\x1b', b'3'])
    screen.quit()
    with open(kept, encoding='utf-8') as settings:
        text = settings.read()
    t.ok(all(word in text for word in ('theme=light', 'units=si', 'unicode=no', 'interval=2', 'view=vms', 'gmems.sort=-command')),
         'what was set is kept', text)
    t.ok('command' not in re.search(r'gmems.columns=(.*)', text)[1].split(','), 'and which columns are shown', text)
    t.same(os.listdir(os.path.dirname(kept)), ['settings'], 'nothing else is left there')
    screen = start(path, config=config)
    t.ok(has('- not bound')(screen.lines()), 'the next run begins with its view', screen.text())
    lines = screen.settle(b'1')
    t.ok('COMMAND' not in screen.text() and all(ord(c) < 128 for line in lines[:4] for c in line), 'and looks the same', screen.text())
    screen.quit()
    with open(kept, encoding='utf-8') as settings:
        t.same(settings.read(), text.replace('view=vms', 'view=gmems'), 'and keeps the same')
    with open(kept, 'w', encoding='utf-8') as settings:
        settings.write('view=events\n')
    screen = start(path, config=config)
    t.ok(has('web-ram')(screen.lines()), 'a view that listens is not begun with by itself', screen.text())
    screen.quit()
    for content in (b'\xff\x00\x1b[2J=\n=\n==\ntheme\ngmems.sort=nothing\ngmems.columns=\ngmems.columns=,,,\ninterval=nan\nview=x\n' +
                    b'x' * 5000, b'theme=' + b'y' * 3000, b''):
        with open(kept, 'wb') as settings:
            settings.write(content)
        screen = start(path, config=config)
        t.ok(has('web-ram', 'NAME')(screen.lines()), 'settings that are none are no failure', screen.text())
        screen.quit()
    os.remove(kept)
    os.rmdir(os.path.dirname(kept))
    screen = start(path, 100, 24, '--readonly', config=config)
    t.ok('READONLY' in screen.lines()[0], '--readonly shows', screen.lines()[0])
    screen.settle(b'w')
    screen.quit()
    t.ok(not os.path.exists(kept), 'and writes none')
    screen = start(path, config='/proc/self/nowhere')
    t.ok(has('settings are not kept')(screen.settle(b'w')), 'a place that cannot be written to is told, no more', screen.text())
    t.same(screen.quit(), (0, True), 'and it ends well')


def test_quiet(t, directory):
    """What a refresh sends where nothing happens, and where everything does."""
    path = os.path.join(directory, 'idle.gmr')
    for gmem in made.GMEMS:
        gmem.rates_kept, gmem.rates = gmem.rates, {}
    made.write(path, made.recording())
    for gmem in made.GMEMS:
        gmem.rates = gmem.rates_kept
    for name, view, most in (('idle', '1', 200), ('idle in the tree', '4', 120)):
        screen = start(path, 120, 40, at='+1s', speed='1')
        screen.settle(view.encode(), 0.5)
        screen.wait(lambda l: ' 5/' in l[0] or ' 6/' in l[0], 'some refreshes')
        screen.read(0.1)
        sent = len(screen.raw)
        first = int(re.search(r'REPLAY (\d+)/', screen.lines()[0])[1])
        screen.wait(lambda l: int(re.search(r'REPLAY (\d+)/', l[0])[1]) >= first + 6, 'six more')
        a_refresh = (len(screen.raw) - sent) / 6
        cleared = screen.raw[sent:].count(b'\x1b[2J') + screen.raw[sent:].count(b'\x1b[J')
        t.ok(a_refresh <= most and not cleared, f'{name}: {a_refresh:.0f} bytes a refresh of 120x40, nothing is cleared', a_refresh, cleared)
        screen.quit()


def main():
    with tempfile.TemporaryDirectory() as directory:
        os.environ.setdefault('TMPDIR', directory)
        path = os.path.join(directory, 'made.gmr')
        made.write(path, made.recording())
        with Tap(101) as t:
            test_keys(t, path, os.path.join(directory, 'keys'))
            test_rows(t, path)
            test_tree(t, path)
            test_mouse(t, path)
            test_alarm(t, path)
            test_lost(t, path)
            test_sizes(t, path)
            test_ends(t, path)
            test_tmux(t, path)
            test_hostile(t, directory)
            test_settings(t, path, directory)
            test_quiet(t, directory)


main()
