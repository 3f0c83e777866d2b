# SPDX-License-Identifier: GPL-2.0-only
"""A recording made by arithmetic: the same to the last byte each time, so that screens of it can be exact.

Sixty snapshots a second apart of a host with three VMs and some other holders of gmems; docs/recordings.md has the format.
`made.py FILE` writes it; `made.py --many GMEMS BINDINGS FILE` a large one of three snapshots."""
import json
import sys

S = 10 ** 9
MIB = 1 << 20
GIB = 1 << 30
BOOT = 5000 * S            # CLOCK_BOOTTIME of the first snapshot
WALL = 1790000000 * S      # and the wall's
OFFSET = WALL - BOOT
SECONDS = 60

HOSTILE = 'x\x1b[2J\x1b[31m\u202eevil"\'\\\u0301界\u200b'

COUNTERS = ('faults_host', 'faults_guest', 'denied_private', 'denied_flags', 'denied_capability', 'denied_policy',
            'conversions', 'conversions_failed', 'converted_bytes', 'allocated_bytes', 'freed_bytes', 'read_bytes',
            'written_bytes', 'inspected_bytes', 'invalidations', 'memory_failures')
FLAGS = ['mmap', 'io']

CGROUPS = {10: '/machine.slice', 11: '/machine.slice/web.scope', 12: '/machine.slice/db.scope',
           13: '/machine.slice/db.scope/replica', 14: '/system.slice/backup.service', 15: '/user.slice/ünï-界'}


def stamp(ns):
    wall = ns + OFFSET
    import datetime
    at = datetime.datetime.fromtimestamp(wall // S, datetime.timezone.utc)
    return at.strftime('%Y-%m-%dT%H:%M:%S') + f'.{wall % S // 1000:06d}Z'


class Gmem:
    """What one gmem is at each second: sizes and rates are given, counts follow."""

    def __init__(self, ident, name, comm, pid, cgroup, size, private, shared, rates=None, vms=(), born=-600, dies=None,
                 flags=FLAGS):
        self.id, self.name, self.comm, self.pid, self.cgroup, self.size = ident, name, comm, pid, cgroup, size
        self.private, self.shared, self.rates, self.vms = private, shared, rates or {}, vms
        self.born, self.dies, self.flags = born, dies, flags

    def alive(self, second):
        return self.born <= second and (self.dies is None or second < self.dies)

    def count(self, key, second):
        rate = self.rates.get(key, 0)
        if callable(rate):
            return sum(rate(at) for at in range(0, second + 1))
        return rate * max(0, second - max(self.born, 0))

    def line(self, second):
        line = {'id': self.id, 'name': self.name, 'created': stamp(BOOT + self.born * S),
                'created_ns': BOOT + self.born * S, 'pid': self.pid, 'uid': 64055 if self.pid < 3000 else 0,
                'comm': self.comm, 'cgroup': CGROUPS[self.cgroup], 'cgroup_id': self.cgroup, 'flags': self.flags,
                'size_bytes': self.size, 'resident_private_bytes': self.private + self.count('grow', second),
                'resident_shared_bytes': self.shared, 'bindings': len(self.vms)}
        line.update({key: self.count(key, second) for key in COUNTERS})
        vms = {}
        for vm in self.vms:
            vms.setdefault((vm[0], vm[1]), None)
        line['vms'] = [{'consumer': consumer, 'vm': number} for consumer, number in vms]
        line.update(faults_per_second=None, conversions_per_second=None, denied_per_second=None)
        return line


def wave(low, high, period):
    """Up and down again, in whole numbers."""
    def rate(second):
        at = second % period
        return low + (high - low) * (at if at < period // 2 else period - at) * 2 // period
    return rate


def between(first, last, rate):
    return lambda second: rate if first <= second <= last else 0


GMEMS = [
    Gmem(1, 'web-ram', 'qemu-system-x86', 2101, 11, 4 * GIB, 3 * GIB, 64 * MIB,
         {'faults_guest': wave(200, 2400, 20), 'faults_host': 12, 'conversions': 3, 'converted_bytes': 3 * 65536,
          'allocated_bytes': MIB, 'invalidations': 3, 'grow': MIB},
         [('kvm', 2101, 0, 0, 3 * GIB, 0), ('kvm', 2101, 1, 3 * GIB, GIB, 1 << 32)]),
    Gmem(2, 'web-bios', 'qemu-system-x86', 2101, 11, 4 * MIB, 4 * MIB, 0, {}, [('kvm', 2101, 2, 0, 4 * MIB, 0xffc00000)],
         flags=['mmap']),
    Gmem(3, 'db-ram', 'qemu-system-x86', 2202, 12, 16 * GIB, 15 * GIB, 512 * MIB,
         {'faults_guest': 40, 'conversions': wave(0, 40, 10), 'converted_bytes': 2 * MIB, 'conversions_failed': 1,
          'invalidations': 20}, [('kvm', 2202, 0, 0, 16 * GIB, 0)]),
    Gmem(5, 'replica', 'cloud-hyperviso', 2303, 13, 8 * GIB, 2 * GIB, 128 * MIB,
         {'faults_guest': between(20, 40, 9000), 'allocated_bytes': between(20, 40, 36 * MIB)},
         [('kvm', 2303, 0, 0, 8 * GIB, 0)]),
    Gmem(8, 'backup-window', 'backupd', 3404, 14, 256 * MIB, 0, 200 * MIB,
         {'read_bytes': 24 * MIB, 'faults_host': 150}, flags=['mmap', 'io', 'init_shared']),
    Gmem(9, 'secrets', 'vaultd', 3505, 14, MIB, 512 << 10, 0,
         {'denied_private': between(30, 33, 4), 'denied_capability': between(31, 31, 1), 'faults_host': between(30, 33, 4)},
         flags=['mmap', 'inspect']),
    Gmem(12, '', HOSTILE, 4606, 15, 64 * MIB, 0, 4096, {}),
    Gmem(13, 'short-lived', 'job', 3707, 10, 32 * MIB, MIB, 0, {'faults_host': 1000}, born=25, dies=35),
]

POLICIES = [
    {'policy_id': 3, 'name': 'no-host-access', 'scope': 'cgroup', 'scope_id': 14, 'cgroup': CGROUPS[14], 'flags': 4,
     'hooks': 0x9, 'link_id': 21, 'attached_ns': BOOT - 300 * S},
    {'policy_id': 4, 'name': 'watch-converts', 'scope': 'all', 'scope_id': 0, 'cgroup': None, 'flags': 1,
     'hooks': 0x10, 'link_id': 22, 'attached_ns': BOOT - 200 * S},
]


def bindings(gmems, now):
    return {'type': 'bindings', 'time_ns': now, 'bindings': [
        {'id': gmem.id, 'consumer': consumer, 'vm': vm, 'slot': slot, 'offset_bytes': offset, 'size_bytes': size,
         'guest_address': address, 'bound_ns': BOOT - 500 * S}
        for gmem in gmems for consumer, vm, slot, offset, size, address in gmem.vms]}


def holders(gmems, now):
    held = []
    for gmem in gmems:
        base = {'id': gmem.id, 'uid': 64055 if gmem.pid < 3000 else 0, 'cgroup': CGROUPS[gmem.cgroup],
                'cgroup_id': gmem.cgroup}
        held.append({**base, 'pid': gmem.pid, 'start_ns': 1000 * S, 'comm': gmem.comm, 'fds': 1 + (gmem.id == 1)})
        if gmem.id == 1:
            held.append({**base, 'pid': 2150, 'start_ns': 1001 * S, 'comm': 'vhost-user-net', 'fds': 1})
    return {'type': 'holders', 'time_ns': now, 'holders': held}


def nodes(gmems, second, now):
    told = []
    for gmem in gmems:
        resident = gmem.private + gmem.count('grow', second) + gmem.shared
        other = gmem.size // 8 * (gmem.id % 3) // 4096 * 4096
        other = min(other, resident)
        told += [{'id': gmem.id, 'nid': nid, 'resident_bytes': size}
                 for nid, size in ((0, resident - other), (1, other)) if size]
    return {'type': 'nodes', 'time_ns': now, 'nodes': told}


def policies(second, now):
    counted = ({'calls': 40 * second, 'refusals': 5 * max(0, min(second, 33) - 29), 'run_ns': 40 * second * 310},
               {'calls': 23 * second, 'refusals': 2 * second, 'run_ns': 0})
    return {'type': 'policies', 'time_ns': now,
            'policies': [{**policy, **counts} for policy, counts in zip(POLICIES, counted)]}


def ranges(gmem, second, now):
    """A quarter shared in stripes, the rest private; the last eighth was never touched."""
    told, at, step = [], 0, gmem.size // 32 // 4096 * 4096
    for i in range(32):
        state = 'shared' if gmem.shared and i % 4 == 3 else 'private'
        size = step if i < 31 else gmem.size - at
        told.append({'offset_bytes': at, 'size_bytes': size, 'state': state, 'resident': i < 28})
        at += size
    joined = [told[0]]
    for part in told[1:]:
        last = joined[-1]
        if (last['state'], last['resident']) == (part['state'], part['resident']):
            last['size_bytes'] += part['size_bytes']
        else:
            joined.append(part)
    return {'type': 'ranges', 'time_ns': now, 'id': gmem.id, 'ranges': joined}


def task(gmem, comm=None, pid=None):
    return {'pid': pid or gmem.pid, 'tid': pid or gmem.pid, 'uid': 0, 'comm': comm or gmem.comm,
            'cgroup': CGROUPS[gmem.cgroup], 'cgroup_id': gmem.cgroup}


def events(second):
    now = BOOT + second * S
    by_id = {gmem.id: gmem for gmem in GMEMS}
    for i in range(5):
        at = now + (i + 1) * 150_000_000
        base = 1500 * (1 << (i + second) % 6)
        gmem = by_id[(1, 3, 5, 1, 8)[i]]
        yield {'type': 'event', 'event': 'gmem_fault', 'time': stamp(at), 'time_ns': at, 'id': gmem.id,
               'offset_bytes': 4096 * (second * 5 + i), 'size_bytes': 4096, 'kind': 'host' if gmem.id == 8 else 'guest',
               'state': 'shared' if gmem.id == 8 else 'private', 'err': 0, 'write': 1, 'allocated': 1,
               'total_ns': base + 200 * i, 'lookup_ns': base // 8, 'policy_ns': 90, 'alloc_ns': base // 3,
               'zero_ns': base // 4, 'policy_id': 0, **task(gmem)}
    at = now + 400_000_000
    yield {'type': 'event', 'event': 'gmem_convert', 'time': stamp(at), 'time_ns': at, 'id': 3, 'offset_bytes': MIB,
           'size_bytes': 2 * MIB, 'to': 'shared' if second % 2 else 'private', 'content': 'zero', 'err': 0,
           'error_offset_bytes': 0, 'changed_bytes': 2 * MIB, 'total_ns': 42_000 + 1000 * (second % 7), 'policy_id': 0,
           **task(by_id[3])}
    if 30 <= second <= 33:
        at = now + 500_000_000
        yield {'type': 'event', 'event': 'gmem_fault', 'time': stamp(at), 'time_ns': at, 'id': 9, 'offset_bytes': 8192,
               'size_bytes': 0, 'kind': 'host', 'state': 'private', 'err': -13, 'errno': 'EACCES', 'write': 0,
               'allocated': 0, 'total_ns': 800, 'lookup_ns': 100, 'policy_ns': 0, 'alloc_ns': 0, 'zero_ns': 0,
               'policy_id': 0, **task(by_id[9], HOSTILE, 6666)}


def snapshot(gmems, second, now):
    lines = [gmem.line(second) for gmem in gmems]
    totals = {'gmems': len(lines)}
    for key in ('size_bytes', 'resident_private_bytes', 'resident_shared_bytes'):
        totals[key] = sum(line[key] for line in lines)
    totals['faults'] = sum(line['faults_host'] + line['faults_guest'] for line in lines)
    totals['conversions'] = sum(line['conversions'] for line in lines)
    totals['denied'] = sum(line[key] for line in lines for key in COUNTERS if key.startswith('denied_'))
    totals.update(faults_per_second=None, conversions_per_second=None, denied_per_second=None)
    return {'type': 'snapshot', 'time': stamp(now), 'time_ns': now, 'lost': 0, 'gmems': lines, 'totals': totals}


def losses(second, now):
    lost = 0 if second < 45 else 17
    return {'type': 'losses', 'time_ns': now, 'received': 6 * second, 'lost': lost, 'lost_buffer_full': lost,
            'lost_program_busy': 0, 'events': {'gmem_fault': {'received': 5 * second, 'lost': lost,
                                                              'lost_buffer_full': lost, 'lost_program_busy': 0}}}


def head(now, interval=S):
    return {'type': 'recording', 'version': 1, 'minor': 0, 'tool': 'gmemtop 0.1', 'source': 'bpf', 'host': 'made',
            'boot_id': '0f9ae1a2-0000-4000-8000-000000000001', 'kernel': '7.3.4', 'frame': 0, 'time': stamp(now),
            'time_ns': now, 'offset_ns': OFFSET, 'interval_ns': interval, 'events': ['gmem_fault', 'gmem_convert']}


def recording():
    yield head(BOOT)
    for second in range(SECONDS):
        now = BOOT + second * S
        gmems = [gmem for gmem in GMEMS if gmem.alive(second)]
        yield snapshot(gmems, second, now)
        yield bindings(gmems, now)
        yield holders(gmems, now)
        yield nodes(gmems, second, now)
        yield policies(second, now)
        if second == 0:
            yield {'type': 'creators', 'time_ns': now, 'creators': [12]}
        for gmem in gmems:
            yield ranges(gmem, second, now)
        yield losses(second, now)
        yield from events(second)
    yield {'type': 'end', 'time': stamp(BOOT + SECONDS * S), 'time_ns': BOOT + SECONDS * S, 'reason': 'duration'}


def many(count, bound):
    """So many gmems and bindings, for what one refresh costs."""
    CGROUPS.update({100 + i: f'/machine.slice/vm{i}.scope' for i in range(count // 4 + 1)})
    per = bound // count
    gmems = [Gmem(i + 1, f'ram-{i}', 'qemu-system-x86', 100000 + i // 4, 100 + i // 4, GIB, 512 * MIB, 64 * MIB,
                  {'faults_guest': 50 + i % 100, 'conversions': i % 3},
                  [('kvm', 100000 + i // 4, slot, slot * MIB, MIB, slot * MIB) for slot in range(per)])
             for i in range(count)]
    yield head(BOOT)
    for second in range(4):
        now = BOOT + second * S
        yield snapshot(gmems, second, now)
        yield bindings(gmems, now)
        yield holders(gmems, now)
        yield nodes(gmems, second, now)
    yield {'type': 'end', 'time': stamp(BOOT + 4 * S), 'time_ns': BOOT + 4 * S, 'reason': 'duration'}


def write(path, lines):
    with open(path, 'w', encoding='utf-8') as out:
        for line in lines:
            out.write(json.dumps(line, ensure_ascii=False, separators=(',', ':')) + '\n')


if __name__ == '__main__':
    if sys.argv[1] == '--many':
        write(sys.argv[4], many(int(sys.argv[2]), int(sys.argv[3])))
    else:
        write(sys.argv[1], recording())
