#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Files of policies that are wrong: line and reason, exit status, nothing attached, nothing changed."""
import errno
import os
import random

import tool
from gmt import Tap, run
from tool import Gmem, apply, attached, lockdown, pins, write

FILE = '/tmp/bad.yaml'
GOOD = lockdown('good')

BAD = (
    ('unknown key', 'policies:\n' + GOOD + lockdown('b', more='    modes: x\n'), 11, "'modes' is no key"),
    ('two modes', 'policies:\n' + GOOD + lockdown('b', more='    mode: monitor\n'), 11, "'mode' is given twice"),
    ('the same name twice', 'policies:\n' + GOOD + lockdown('b') + GOOD, 12, "policy 'good' in line 2"),
    ('two policies in one', 'policies:\n' + GOOD + lockdown('b', more='    budget: {}\n'), 11, 'both lockdown and budget'),
    ('a parameter out of range', 'policies:\n' + GOOD + lockdown('b', params='grace: 99999d'), 11, 'out of range'),
    ('a cgroup that is missing', 'policies:\n' + GOOD + lockdown('b', scope='cgroup:/no/such'), 8, '/no/such'),
    ('a gmem that is missing', 'policies:\n' + GOOD + lockdown('b', scope='gmem:999999'), 8, '999999'),
    ('a name that two gmems have', 'policies:\n' + GOOD + lockdown('b', scope='gmem-name:twin'), 8, '2 gmems'),
    ('a hook that is none', 'policies:\n' + GOOD + lockdown('b', more='    hooks: [mmap, touch]\n'), 11, "'touch'"),
    ('no YAML', 'policies: [\n', 2, ''),
    ('two documents', 'policies:\n' + GOOD + '---\n' + GOOD, 8, 'second document'),
    ('nothing', '', 1, 'empty'),
)


def test_bad(t):
    for what, text, line, reason in BAD:
        with open(FILE, 'w') as out:
            out.write(text)
        status, out, err = apply(FILE)
        t.ok(status == 8 and not out and f'{FILE}:{line}: ' in err and reason in err and err.count('\n') == 1,
             f'apply refuses {what}', status, out, err)
    t.same((attached(), pins()), ({}, []), 'nothing was attached')


def test_commands(t):
    t.same(apply('/no/such.yaml')[0], 8, 'a file that is missing')
    write(FILE, lockdown('b', params='grace: never'))
    t.same([run('policy', verb, FILE)[0] for verb in ('check', 'apply')], [8, 8], 'check refuses what apply does')
    t.same(run('policy', 'try', FILE, '--live', '1s')[0], 8, 'and so does try')
    usage = (['policy'], ['policy', 'aply'], ['policy', 'apply'], ['policy', 'apply', 'a', 'b'], ['policy', 'show'],
             ['policy', 'detach'], ['policy', 'detach', '--all', 'x'], ['policy', 'try', FILE],
             ['policy', 'try', FILE, '--live', 'soon'], ['policy', 'list', 'x'])
    t.same([run(*args)[0] for args in usage], [2] * len(usage), 'wrong usage is told apart')
    t.same(run('policy', 'show', 'nobody')[0], 7, 'and so is a policy that is not there')
    status, out, _ = run('policy', '--help')
    t.ok(status == 0 and 'apply' in out, '--help tells the verbs')
    t.same([run('policy', verb, '--help')[0] for verb in ('list', 'show', 'check', 'try', 'apply', 'detach')], [0] * 6,
           'each has its own')


def test_replaced(t, memory):
    write(FILE, lockdown())
    apply(FILE)
    for _, text, _, _ in BAD[:6]:
        with open(FILE, 'w') as out:
            out.write(text.replace('name: good', 'name: lock').replace('EXDEV', 'EBADSLT'))
        apply(FILE)
    t.same((list(attached()), memory.convert()), (['lock'], errno.EXDEV), 'a bad file changes nothing of what is there')


def test_mutated(t, memory):
    """Bytes of a good file changed: whatever apply makes of it, it says so, and the old policy stands."""
    seed = int(os.environ.get('GMEM_SEED', '5'))
    rng = random.Random(seed)
    good = ('policies:\n' + lockdown('lock', error='EBADSLT') + lockdown('lock2')).encode()
    wrong = []
    for _ in range(60):
        text = bytearray(good)
        for _ in range(1 + rng.randrange(3)):
            text[rng.randrange(len(text))] = rng.choice(b'\0\t\n :-[]{}\'"#&*!|>%@`~x9\xff')
        with open(FILE, 'wb') as out:
            out.write(text)
        status, out, err = run('policy', 'check', FILE)
        if status not in (0, 8) or (status == 8) != err.startswith(f'gmemtop: {FILE}:') or err.count('\n') > 1:
            wrong.append((bytes(text), status, err))
    t.ok(not wrong, f'60 files with bytes changed: each good, or told with its line (seed {seed})', *wrong[:3])
    t.same((list(attached()), memory.convert()), (['lock'], errno.EXDEV), 'and nothing has changed')
    run('policy', 'detach', '--all')


def main():
    with Tap(len(BAD) + 1 + 7 + 1 + 2) as t:
        memory = Gmem()
        twins = [Gmem('twin'), Gmem('twin')]
        test_bad(t)
        test_commands(t)
        test_replaced(t, memory)
        test_mutated(t, memory)
        for twin in twins:
            twin.close()


main()
