"""Object code on disk: a second process, damage, other users, several processes, and limits."""

import ctypes
import os
import stat
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import alloc_rewrite as alloc
from alloc_rewrite.compiled import store
from alloc_rewrite.compiled.kernels import Kernel
from alloc_rewrite.compiled.llvm import Compiler
from alloc_rewrite.compiled.store import Store
from alloc_rewrite.native.sites import LOOPS

from .pieces import single

pytestmark = pytest.mark.skipif(not store._CHECKED, reason="nothing is kept on this platform")

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.fixture
def where(tmp_path):
    return tmp_path / "kept" / "code"


@pytest.fixture
def kept(where):
    """Return a store with something in it."""
    made = Store(str(where))
    made.put(KEY, b"code")
    assert made.get(KEY) == b"code"
    return made


def the_file(where):
    (found,) = where.iterdir()
    return found


# ---------------------------------------------------------------------- processes

PROGRAM = """
import math
import numpy as np
import alloc_rewrite as alloc
from alloc_rewrite.compiled import llvm

def compiled(self, text, optimize, real=llvm.Compiler._object_of):
    print("compiled")
    return real(self, text, optimize)

llvm.Compiler._object_of = compiled
alloc.set_compile("now")

def straight(x):
    return ((2.0 * x + 3.0) * x - 1.5) * x + 0.25

def loop(n, x):
    total = 0.0
    for i in range(n):
        total += math.exp(-0.01 * i) + x @ x
    return total

x = np.linspace(-1.0, 1.0, 100)
g, h = (alloc.bump(alloc.Buffer())(f) for f in (straight, loop))
for _ in range(2):
    assert g(x).tobytes() == straight(x).tobytes()
    assert h(5000, x) == loop(5000, x)
print(alloc.explain(g, plans=True))
"""


def start(where, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        env={**os.environ, "ALLOC_REWRITE_CACHE": str(where), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def printed(process):
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return out


def test_a_second_process_compiles_nothing(where):
    """Neither the stage of a region nor a loop that calls functions by their addresses."""
    first = [start(where, PYTHONHASHSEED=str(i)) for i in range(2)]  # at once
    assert any("compiled in" in out for out in [printed(process) for process in first])
    assert len(list(where.iterdir())) >= 1 + LOOPS  # and functions as a whole
    assert stat.S_IMODE(where.stat().st_mode) == 0o700
    second = printed(start(where))
    assert "compiled\n" not in second
    assert "loaded in" in second
    assert "compiled\n" in printed(start("off"))


# ---------------------------------------------------------------------- the compiler


def result_of(code):
    function = ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_ssize_t
    )(code.address)
    x, out = np.array([2.0]), np.array([0.0])
    at = (ctypes.c_void_p * 3)(x.ctypes.data, x.ctypes.data, out.ctypes.data)
    function(ctypes.addressof(at), ctypes.addressof((ctypes.c_ssize_t * 6)()), 1, 1)
    return out[0]


def test_kernels_are_told_apart(where, monkeypatch):
    """By what they do, and by the compiler; one that fails its trial is refused wherever it is."""
    monkeypatch.setenv("ALLOC_REWRITE_CACHE", str(where))
    from alloc_rewrite.compiled.lowering import module_of

    one, other = Compiler(), Compiler()
    texts = {
        name: module_of(single(name, ("d", "d"), "d"), one.width) for name in ("add", "multiply")
    }
    assert result_of(one.compile(texts["add"])) == 4.0
    assert result_of(one.compile(texts["multiply"])) == 4.0
    assert [one.compile(texts[name]).is_kept for name in texts] == [True, True]
    assert other.compile(texts["add"]).is_kept
    other._made_by.update(b"another processor")
    assert not other.compile(texts["add"]).is_kept
    assert not one.compile(texts["add"], optimize=True).is_kept
    kernel = Kernel(single("subtract", ("d", "d"), "d"))
    monkeypatch.setattr(one, "_object_of", lambda *_: Compiler._object_of(one, texts["add"], False))
    kernel.make(lambda: one)
    assert kernel.state == "its results are not those of NumPy's loops here"


def test_explain_says_where_code_came_from(where, monkeypatch):
    from alloc_rewrite.compiled.kernels import workshop

    monkeypatch.setenv("ALLOC_REWRITE_CACHE", str(where))
    monkeypatch.setattr(workshop, "_compiler", None)
    for word in ("compiled in", "loaded in"):
        workshop._kernels.clear()
        before = alloc.stats().kernels
        g = alloc.bump(alloc.Buffer())(lambda x: x * 2.0 + x * x)
        g(np.ones(100))
        assert alloc.stats().kernels > before
        assert word in str(alloc.explain(g, plans=True))


# ---------------------------------------------------------------------- the folder


def test_the_folder(monkeypatch):
    monkeypatch.setenv("ALLOC_REWRITE_CACHE", "off")
    assert store.folder() == ""
    monkeypatch.setenv("ALLOC_REWRITE_CACHE", "~/mine")
    assert store.folder() == os.path.expanduser("~/mine")
    monkeypatch.delenv("ALLOC_REWRITE_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # is ignored, as its specification says
    assert store.folder() == os.path.expanduser("~/.cache/alloc_rewrite")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert store.folder() == "/elsewhere/alloc_rewrite"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert store.folder() == os.path.expanduser("~/Library/Caches/alloc_rewrite")


def test_nothing_is_kept_where_it_is_off(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Store("")
    made.put(KEY, b"code")
    assert made.get(KEY) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o702, 0o720])
def test_others_may_write_to_the_folder(where, kept, mode):
    where.chmod(mode)
    assert kept.get(KEY) is None
    kept.put(OTHER, b"more")
    assert len(list(where.iterdir())) == 1
    where.chmod(0o755)
    assert kept.get(KEY) == b"code"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_others_may_write_to_a_file(where, kept, mode):
    the_file(where).chmod(mode)
    assert kept.get(KEY) is None


def test_it_belongs_to_another_user(kept, monkeypatch):
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert kept.get(KEY) is None


def test_links_are_not_followed(tmp_path, where, kept):
    os.symlink(where, tmp_path / "link")
    assert Store(str(tmp_path / "link")).get(KEY) is None
    found = the_file(where)
    found.rename(tmp_path / "real")
    os.symlink(tmp_path / "real", found)
    assert kept.get(KEY) is None


@pytest.mark.parametrize("change", ["folder", "fifo"])
def test_what_has_the_name_is_not_a_file(where, kept, change):
    found = the_file(where)
    found.unlink()
    (os.mkdir if change == "folder" else os.mkfifo)(found, 0o700)
    assert kept.get(KEY) is None
    kept.put(KEY, b"code")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"", lambda data: data[:20], lambda data: data[:-1], lambda data: data + b"x",
        lambda data: data.replace(b"code", b"Code"), lambda data: data.replace(b" 1\n", b" 2\n"),
    ],
)  # fmt: skip
def test_damage_is_noticed_and_removed(where, kept, damage):
    found = the_file(where)
    found.write_bytes(damage(found.read_bytes()))
    assert kept.get(KEY) is None
    assert not found.exists()
    kept.put(KEY, b"code")
    assert kept.get(KEY) == b"code"


def test_a_file_under_another_name(where, kept):
    the_file(where).rename(where / OTHER.hex())
    assert kept.get(OTHER) is None


@pytest.mark.parametrize("call", ["open", "replace", "scandir", "makedirs", "utime"])
def test_errors_are_harmless(where, monkeypatch, call):
    def fail(*args, **kwargs):
        raise PermissionError("no")

    made = Store(str(where))
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        made.put(KEY, b"code")
        assert made.get(KEY) == (b"code" if call in ("scandir", "utime") else None)
    assert [path.suffix for path in where.glob("*.new")] == []


def test_the_folder_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    made = Store(str(tmp_path / "file"))
    made.put(KEY, b"code")
    assert made.get(KEY) is None
    assert Store(str(tmp_path / "file" / "below")).put(KEY, b"code") is None


def test_what_was_used_longest_ago_is_removed(where, monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 40_000)
    monkeypatch.setattr(store, "_BETWEEN", 1)
    made = Store(str(where))
    where.mkdir(parents=True, mode=0o700)
    own = where / "own"  # which is older and larger than all else
    own.write_bytes(bytes(50_000))
    os.utime(own, (0, 0))
    keys = [bytes([i]) * 32 for i in range(8)]
    for i, key in enumerate(keys):
        made.put(key, bytes(4000))
        os.utime(where / key.hex(), (i, i))
    assert made.get(keys[0])  # and now it is the newest
    for i in range(4):
        made.put(bytes([100 + i]) * 32, bytes(4000))
    assert made.get(keys[0])
    assert made.get(keys[1]) is None
    assert own.exists()
    assert sum(path.stat().st_size for path in where.iterdir() if path != own) <= 40_000
