"""Large chunks have huge pages where the system has any, as NumPy's own large arrays have."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import alloc_rewrite as alloc

from ..cores import NATIVE, in_arena

MIB = 1 << 20
ENABLED = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def setting():
    found = re.search(r"\[(\w+)\]", ENABLED.read_text()) if ENABLED.exists() else None
    return found[1] if found else "none"


pytestmark = pytest.mark.skipif(
    setting() not in ("always", "madvise"),
    reason=f"this system has no transparent huge pages: {setting()}",
)
BUFFERS = {
    "grow": lambda: alloc.Buffer(),
    "fixed": lambda: alloc.Buffer(64 * MIB),
    "grow from a size": lambda: alloc.Buffer(MIB, on_full="grow"),
}


def mapping_of(address):
    """Return what /proc says of the mapping that an address is in: kilobytes, and flags."""
    inside, found = False, {}
    for line in Path("/proc/self/smaps").read_text().splitlines():
        bounds = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if bounds:
            inside = int(bounds[1], 16) <= address < int(bounds[2], 16)
        elif inside:
            name, value = line.split(":", 1)
            found[name] = value.split()
    return found


def huge_bytes(address):
    return int(mapping_of(address)["AnonHugePages"][0]) * 1024


def has_any():
    """Whether the system gives huge pages right now, to NumPy."""
    array = np.ones(32 * MIB // 8)
    return huge_bytes(array.ctypes.data + array.nbytes // 2) > 0


@pytest.mark.parametrize("kind", BUFFERS)
def test_large_chunks_have_huge_pages(kind):
    buf = BUFFERS[kind]()
    x = np.ones(32 * MIB // 8)
    a = alloc.run(lambda: x * 1.5, buf)
    assert in_arena(a)
    assert "hg" in mapping_of(a.ctypes.data + 8 * MIB)["VmFlags"]
    if has_any():
        assert huge_bytes(a.ctypes.data + 8 * MIB) >= 24 * MIB


def test_large_chunks_begin_with_a_huge_page():
    buf = alloc.Buffer()
    a = alloc.run(lambda: np.ones(32 * MIB // 8), buf)
    assert a.ctypes.data % (2 * MIB) == 0


@pytest.mark.skipif(not NATIVE, reason="NumPy's own memory, which may be among its large arrays")
def test_small_chunks_have_none():
    a = alloc.run(lambda: np.ones(1000), alloc.Buffer(2 * MIB))
    assert "hg" not in mapping_of(a.ctypes.data)["VmFlags"]


def test_they_are_given_back_and_come_again():
    buf = alloc.Buffer(64 * MIB)
    f = alloc.bump(buf)(lambda: np.ones(32 * MIB // 8))
    address = f().ctypes.data + 8 * MIB
    before = huge_bytes(address)  # with those of mappings that the system has put together
    buf.trim()
    assert not has_any() or before - huge_bytes(address) >= 24 * MIB
    given_back = huge_bytes(address)
    f()
    assert not has_any() or huge_bytes(address) - given_back >= 24 * MIB


def test_numpy_s_setting_is_respected():
    script = (
        "import re, numpy as np, alloc_rewrite as alloc\n"
        "a = alloc.run(lambda: np.ones(4 << 20), alloc.Buffer())\n"
        "address, inside = a.ctypes.data + (8 << 20), False\n"
        "for line in open('/proc/self/smaps'):\n"
        "    m = re.match(r'([0-9a-f]+)-([0-9a-f]+) ', line)\n"
        "    if m:\n"
        "        inside = int(m[1], 16) <= address < int(m[2], 16)\n"
        "    elif inside and line.startswith('VmFlags'): print('hg' in line.split())\n"
    )
    for value, expected in (("0", "False"), ("1", "True")):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMPY_MADVISE_HUGEPAGE": value},
        )
        assert done.stdout.split() == [expected]
