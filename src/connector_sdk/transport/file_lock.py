"""A file that one process at a time may read and write; who finds it taken does not wait."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    LOCKED_BYTE = 1 << 30
    """Locks there are by region: one byte far behind all content."""

    def _try_lock(file: int) -> bool:
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            # By open file, not by process: two owners in one process exclude each other too.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


class FileTaken(Exception):
    """Another owner holds the file now."""


class HeldFile:
    """A small file, held: read as a whole, written in place."""

    def __init__(self, file: int) -> None:
        self._file = file

    def read(self) -> bytes:
        """All of it; empty when it is new."""
        os.lseek(self._file, 0, os.SEEK_SET)
        parts: list[bytes] = []
        while part := os.read(self._file, 1 << 16):
            parts.append(part)
        return b"".join(parts)

    def write(self, content: bytes) -> None:
        """Replace it. It is cut to length last, so that it never looks new to the next owner."""
        os.lseek(self._file, 0, os.SEEK_SET)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.ftruncate(self._file, len(content))


@contextmanager
def held_file(path: Path) -> Generator[HeldFile]:
    """Open `path` (made if need be, for this user alone) and hold it for the block.

    Raises FileTaken at once while another owner holds it, and OSError where it cannot be used.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | NO_LINKS, 0o600)
    try:
        if not _try_lock(file):
            raise FileTaken(str(path))
        try:
            yield HeldFile(file)
        finally:
            _unlock(file)
    finally:
        os.close(file)
