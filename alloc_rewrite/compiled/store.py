"""Object code kept on disk between processes.

In: keys and object code. Out: object code, as it was put in. It must not know LLVM, nor what the
code is for.

Whoever can write to the folder decides which code runs, so a folder or file that belongs to
another user, or that others may write to, is not read. A file appears whole or not at all, and its
checksum tells if it was damaged afterwards. No error of the system reaches the caller: there is no
code then.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterator

from ..logs import debug

VARIABLE = "ALLOC_REWRITE_CACHE"
MOST_BYTES = 64 << 20  # of all files; the oldest go first
_LEFT = 3 / 4  # of them, when files have been removed
_BLOCK = 4096  # bytes that the smallest file takes
_BETWEEN = 64  # files that a process adds before it looks at their size again
_OURS = re.compile(r"[0-9a-f]{64}|[0-9a-f]{16}\.new").fullmatch  # names of files
_MAGIC = b"alloc_rewrite object code 1\n"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_CHECKED = os.open in os.supports_dir_fd and hasattr(os, "geteuid")


def folder() -> str:
    """Return where object code is kept; empty if it isn't kept.

    The environment variable ``ALLOC_REWRITE_CACHE`` names the folder, or is ``off``. Without it, it
    is the folder for caches of the platform.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted == "off" or not _CHECKED:
        return ""
    if wanted:
        return os.path.abspath(os.path.expanduser(wanted))
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        return ""
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Caches", "alloc_rewrite")
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(
        base if os.path.isabs(base) else os.path.join(home, ".cache"), "alloc_rewrite"
    )


class RefusedError(OSError):
    """A folder or file that isn't safe to use; the text says why."""


class Store:
    """The object code in a folder."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._added = 0

    def get(self, key: bytes) -> bytes | None:
        """Return what was put in under a key, or None."""
        if not self._where:
            return None
        try:
            with self._opened() as at:
                return _read(at, key)
        except FileNotFoundError:
            return None
        except OSError as error:
            debug("no object code is read from %s: %s", self._where, error)
            return None

    def put(self, key: bytes, data: bytes) -> None:
        """Keep object code under a key."""
        if not self._where:
            return
        try:
            if not os.path.isdir(self._where):
                os.makedirs(self._where, 0o700, exist_ok=True)
            with self._opened() as at:
                _write(at, key, data)
                if self._added % _BETWEEN == 0:
                    _shrink(at)
                self._added += 1
        except OSError as error:
            debug("no object code is kept in %s: %s", self._where, error)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the folder, so that what was checked is what is used."""
        at = os.open(self._where, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _check(os.fstat(at))
            yield at
        finally:
            os.close(at)


def _check(status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise RefusedError("it belongs to another user")
    if status.st_mode & _OTHERS_WRITE:
        raise RefusedError("other users may write to it")


def _sum(key: bytes, data: bytes) -> bytes:
    return hashlib.sha256(key + data).digest()


def _read(at: int, key: bytes) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with open(os.open(key.hex(), flags, dir_fd=at), "rb") as file:
        status = os.fstat(file.fileno())
        _check(status)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("it is not a file")
        found = file.read()
        with contextlib.suppress(OSError):
            os.utime(file.fileno())  # the files that nothing reads are removed first
    start = len(_MAGIC) + hashlib.sha256().digest_size
    data = found[start:]
    if found[:start] == _MAGIC + _sum(key, data):
        return data
    os.unlink(key.hex(), dir_fd=at)
    return None


def _write(at: int, key: bytes, data: bytes) -> None:
    name = f"{os.urandom(8).hex()}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(name, flags, 0o600, dir_fd=at), "wb") as file:
            file.write(_MAGIC + _sum(key, data) + data)
        os.replace(name, key.hex(), src_dir_fd=at, dst_dir_fd=at)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=at)
        raise


def _shrink(at: int) -> None:
    """Remove the files that were used longest ago, if all take too much."""
    files: list[tuple[float, int, str]] = []
    with os.scandir(at) as entries:
        for entry in entries:
            if not _OURS(entry.name):
                continue  # somebody's own, in a folder that isn't only for this
            with contextlib.suppress(OSError):  # another process may have removed it
                status = entry.stat(follow_symlinks=False)
                files.append((status.st_mtime, max(status.st_size, _BLOCK), entry.name))
    total = sum(size for _, size, _ in files)
    if total <= MOST_BYTES:
        return
    for _, size, name in sorted(files):
        if total <= MOST_BYTES * _LEFT:
            return
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=at)
        total -= size
