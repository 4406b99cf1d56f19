"""Digests of files: what stands for their content, whatever their name, place and date. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

SETTLED = 2.0  # seconds without a change, after which the next one is sure to leave another time
PIECE = 1 << 20  # bytes


def file_digest(path: Path | str) -> str:
    """16 hexadecimal digits that stand for a file's content; "" where there is no file that can be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()[:16]


class FileDigests:
    """The digests of files, each of which is read once and again only after it may have changed; stored in the file `cache`.

    A file may have changed if its size, inode, time of modification or time of change of its inode differs. The last is set
    by the system alone, so that content that was put back with an old date is noticed.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, list[object]] = _read(cache)
        self._changed = False

    def of(self, path: Path | str) -> str:
        """See file_digest."""
        key = os.path.abspath(path)
        try:
            before = _state(key)
        except OSError:
            return ""
        known = self._known.get(key)
        if known and known[:-1] == before:
            return str(known[-1])
        digest = file_digest(key)
        if digest and _state(key) == before and time.time() - os.stat(key).st_ctime > SETTLED:
            self._known[key], self._changed = [*before, digest], True
        return digest

    def save(self) -> None:
        """Write the cache, if anything in it is new."""
        if not self._changed:
            return
        part = self._cache.with_name(f"{self._cache.name}.{os.getpid()}")
        with contextlib.suppress(OSError):  # a folder that cannot be written to, a full disk
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({path: known for path, known in self._known.items() if os.path.exists(path)}))
            part.replace(self._cache)
        self._changed = False


def _state(path: str) -> list[object]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]


def _read(cache: Path) -> dict[str, list[object]]:
    """The content of the cache; empty if there is none, or it is damaged."""
    try:
        content = json.loads(cache.read_text())
        return {path: known for path, known in content.items() if len(known) == 6}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
