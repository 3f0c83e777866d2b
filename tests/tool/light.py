# SPDX-License-Identifier: GPL-2.0-only
"""What the tests share that have gmemtop's programs loaded one way and not the other."""
import ctypes
import os
import struct

# bpf(BPF_MAP_CREATE, attr, size): the light skeleton's attr ends with map_extra, libbpf's is longer.
SYS_BPF = 321
LIGHT_BYTES = 72


def without_maps(light):
    """A preexec function: the kernel makes no maps for the light skeleton, or else none but for it."""
    load, equal, answer = 0x20, 0x15, 0x06
    refuse, allow = 0x50000 | 22, 0x7fff0000
    here, there = (refuse, allow) if light else (allow, refuse)
    code = [(load, 0, 0, 0), (equal, 0, 5, SYS_BPF), (load, 0, 0, 16), (equal, 0, 3, 0), (load, 0, 0, 32),
            (equal, 2, 0, LIGHT_BYTES), (answer, 0, 0, there), (answer, 0, 0, allow), (answer, 0, 0, here)]
    filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in code))
    program = struct.pack('HxxxxxxP', len(code), ctypes.addressof(filters))
    libc = ctypes.CDLL(None, use_errno=True)

    def filtered():
        if not filters or libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
            os._exit(99)
    return filtered
