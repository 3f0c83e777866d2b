#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every view of a recording that is the same each time, compared to the last character with tests/tool/screens/*.txt.

`screens.py --write` writes these files anew, for a reader to look at what changed, and `--docs` those that docs/dashboard.md shows into it."""
import os
import re
import sys
import tempfile

import made
from gmt import TOP, Tap
from terminal import Screen

DOCS = os.path.join(TOP, 'docs/dashboard.md')
EXPECTED = os.path.join(TOP, 'tests/tool/screens')

# Name, columns, lines, arguments of the dashboard, keys: what is shown then is compared.
SCREENS = [
    ('gmems', 120, 24, ['--at', '+30s'], [']', ']', ']', ']', ']']),
    ('gmems-ascii', 100, 20, ['--at', '+33s', '--ascii', '--theme', 'mono'], []),
    ('gmems-small', 40, 10, ['--at', '+31s'], [']']),
    ('gmems-80', 80, 24, ['--at', '+50s'], []),
    ('gmems-huge', 300, 100, ['--at', '+44s'], [']']),
    ('gmems-bytes', 160, 16, ['--at', '+50s'], ['u', 'u']),
    ('gmems-sorted', 100, 16, ['--at', '+33s', '--sort', 'faults'], []),
    ('gmems-marked', 80, 16, ['--at', '+50s'], ['m', 'm', 'G']),
    ('search', 80, 16, ['--at', '+50s'], ['/', 'r', 'e', 'p']),
    ('filter', 80, 16, ['--at', '+50s'], ['\\', *'name=db', '\r']),
    ('filter-wrong', 80, 16, ['--at', '+50s'], ['\\', *'size=1', '\r']),
    ('columns', 80, 24, ['--at', '+50s'], ['c', 'j', 'j', ' ']),
    ('sort-menu', 80, 24, ['--at', '+50s'], ['s', 'j', 'j']),
    ('help', 80, 24, ['--at', '+50s'], ['?']),
    ('help-wide', 140, 40, ['--at', '+50s'], ['?']),
    ('processes', 120, 20, ['--at', '+30s', ], ['2', ']', ']']),
    ('processes-small', 40, 10, ['--at', '+30s'], ['2']),
    ('vms', 120, 20, ['--at', '+30s'], ['3', ']', ']']),
    ('vm-opened', 100, 20, ['--at', '+30s'], ['3', 'j', '\r']),
    ('cgroups', 100, 20, ['--at', '+30s'], ['4']),
    ('cgroups-collapsed', 100, 20, ['--at', '+30s'], ['4', 'j', 'e']),
    ('cgroups-filtered', 100, 20, ['--at', '+30s'], ['4', '\\', *'db', '\r']),
    ('cgroups-small', 40, 10, ['--at', '+30s'], ['4']),
    ('nodes', 80, 20, ['--at', '+30s'], ['5']),
    ('latency', 100, 30, ['--at', '+10s'], ['6', *']]]]]]]]', 'j', 'j']),
    ('latency-small', 40, 10, ['--at', '+10s'], ['6', ']', ']']),
    ('events', 120, 24, ['--at', '+29s'], ['7', ']', ']', ']']),
    ('events-small', 40, 10, ['--at', '+29s'], ['7', ']', ']']),
    ('policies', 120, 16, ['--at', '+30s'], ['8', ']']),
    ('policies-small', 40, 10, ['--at', '+30s'], ['8', ']']),
    ('detail', 120, 50, ['--at', '+30s'], ['\r', ']', ']', ']']),
    ('detail-denied', 100, 40, ['--at', '+30s'], [*'jjjjj', '\r', ']', ']']),
    ('detail-small', 40, 10, ['--at', '+30s'], ['\r']),
    ('detail-scrolled', 80, 16, ['--at', '+30s'], ['\r', *'jjjjjjjjjj']),
    ('acknowledged', 80, 16, ['--at', '+30s'], [']', ']', 'a']),
    ('lost', 100, 16, ['--at', '+44s'], ['7', ']', ']', '1']),
]


def show(recording, columns, lines, args, keys):
    screen = Screen(columns, lines, 'replay', '--speed', '0', args[0], args[1], recording, 'top', *args[2:])
    screen.wait(lambda l: l[0].startswith('gmemtop'), 'the first picture')
    screen.settle([key.encode() for key in keys])
    text = '\n'.join(screen.lines()) + '\n'
    return text, screen.quit()


def documented():
    """docs/dashboard.md as it is, and with the screens that it names as they are."""
    def filled(match):
        with open(f'{EXPECTED}/{match[1]}.txt', encoding='utf-8') as screen:
            lines = [line for line in screen.read().splitlines()]
        # A screen's empty lines, but for one, tell a reader nothing.
        while any(not a and not b for a, b in zip(lines, lines[1:])):
            del lines[next(i for i, (a, b) in enumerate(zip(lines, lines[1:])) if not a and not b)]
        return '\n'.join([f'<!-- screen {match[1]} -->', '```', *lines, '```'])
    with open(DOCS, encoding='utf-8') as docs:
        text = docs.read()
    return text, re.sub(r'<!-- screen ([a-z0-9-]+) -->(?:\n```\n.*?\n```)?', filled, text, flags=re.S)


def main():
    if '--docs' in sys.argv:
        with open(DOCS, 'r+', encoding='utf-8') as docs:
            docs.write(documented()[1])
            docs.truncate()
        return
    with tempfile.TemporaryDirectory() as directory:
        recording = os.path.join(directory, 'made.gmr')
        made.write(recording, made.recording())
        if '--write' in sys.argv:
            os.makedirs(EXPECTED, exist_ok=True)
            for name, columns, lines, args, keys in SCREENS:
                text, _ = show(recording, columns, lines, args, keys)
                with open(f'{EXPECTED}/{name}.txt', 'w', encoding='utf-8') as out:
                    out.write(text)
            return
        with Tap(2 * len(SCREENS) + 1) as t:
            t.ok(documented()[0] == documented()[1], 'docs/dashboard.md shows these screens')
            for name, columns, lines, args, keys in SCREENS:
                with open(f'{EXPECTED}/{name}.txt', encoding='utf-8') as want:
                    want = want.read()
                text, end = show(recording, columns, lines, args, keys)
                t.ok(text == want, f'{name} is as it was', *difference(text, want))
                t.same(end, (0, True), f'{name}: the terminal is given back')


def difference(got, want):
    for number, (a, b) in enumerate(zip(got.splitlines(), want.splitlines())):
        if a != b:
            yield f'{number:3} got  {a}'
            yield f'{number:3} want {b}'


main()
